"""What every program does at its edges: options, log, clear errors, and not outliving Snakemake."""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from common.config import ConfigError, FiguresSection
from common.mishaps import explain_mishap, tell_place
from common.options import add_section
from common.parquet import TableError
from common.processor import same_instructions

log = logging.getLogger("atlas")


class UserError(Exception):
    """Something a user can mend; the message names the place and the remedy and is shown without a traceback."""


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with what all programs have in common.

    Args:
        description: the program's docstring.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--log", type=Path, metavar="FILE", help="also write the log to this file")
    return made


def add_labels(parser: argparse.ArgumentParser) -> None:
    """The options of what is shown to people: the study's name, and whether its data are synthetic."""
    parser.add_argument("--name", default="study", metavar="TEXT", help="name of the study, for the title [study]")
    parser.add_argument("--synthetic", choices=["true", "false"], default="false", help="label it as synthetic data")


def add_tables(parser: argparse.ArgumentParser, *tables: str, **named: str) -> None:
    """An option for each of a study's tables that a program needs.

    Args:
        parser: of the program.
        tables: with options of the same names.
        named: with options of other names, by these.
    """
    for option, table in [*zip(tables, tables, strict=True), *named.items()]:
        parser.add_argument(f"--{option}", type=Path, required=True, metavar="FILE", help=f"{table}.parquet")


def figure_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with what all figures have in common; see `parser`."""
    made = parser(description)
    made.add_argument(
        "--output",
        type=Path,
        required=True,
        nargs="+",
        metavar="FILE",
        help="to write: .png, .svg, .pdf, .txt (caption)",
    )
    add_labels(made)
    add_section(made, FiguresSection)
    return made


def map_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that the figures of the map have in common."""
    made = figure_parser(description)
    add_tables(made, "creators", "coordinates", "clusters")
    made.add_argument("--reels", type=Path, metavar="FILE", help="reels.parquet: names the creators of small cohorts")
    return made


def run(main: Callable[[argparse.Namespace], None], arguments: argparse.Namespace) -> None:
    """Run a program's main function: log, exit codes, errors in words, the workflow's arithmetic."""
    other = {name: value for name, value in same_instructions().items() if os.environ.get(name) != value}
    if other:  # numeric libraries read these variables at import: restart with them set
        os.execve(sys.executable, sys.orig_argv, os.environ | other)  # noqa: S606 (itself)
    if "ATLAS_PARENT" in os.environ:  # set by the Snakefile; a program started by hand may outlive its shell
        die_with_parent(int(os.environ["ATLAS_PARENT"]))
    try:
        _start_log(arguments.log)
        main(arguments)
    except (ConfigError, TableError, UserError) as error:
        log.error("%s%s", error, tell_place(str(error)))
        sys.exit(1)
    except BrokenPipeError:  # whoever reads the output has seen enough, as in `why.py REEL | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if mishap := explain_mishap(error):
            log.error("%s", mishap)
            sys.exit(1)
        log.exception("%s failed; this is a defect, please report it with this log", Path(sys.argv[0]).name)
        sys.exit(1)


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel end this process when its parent dies (Linux): no orphan goes on writing after a SIGKILL.

    Args:
        parent: its process id, where it is known; it may be dead already. Otherwise whoever is the parent now.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid() if parent is None else parent
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of sys/prctl.h
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call
        os.kill(os.getpid(), signal.SIGKILL)


class _LogFile(logging.FileHandler):
    """A log whose disk may be full: that is said once, without a traceback for each line, and the program goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002 (logging's names)
        if self.level == logging.NOTSET:
            self.setLevel(logging.CRITICAL + 1)
            log.warning("%s: %s; what the program says from here on is not in it", self.baseFilename, sys.exc_info()[1])


def _start_log(path: Path | None) -> None:
    logging.raiseExceptions = False  # likewise where nobody reads the standard error output any more
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_LogFile(path, mode="w", encoding="utf-8", errors="backslashreplace"))
        # A crash inside a library leaves its stack in the log, too. The file stays open as long as the process.
        faulthandler.enable(handlers[1].stream)  # type: ignore[attr-defined]
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", handlers=handlers)
    log.setLevel(logging.INFO)
