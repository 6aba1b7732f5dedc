"""The study that a program is about: the folder where it is started, or one that --study names."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from common.belonging import GIVEN
from common.config import Config, read_config
from common.program import UserError

STUDY_FILE = Path("study.yaml")
# The second is what the last run wrote, for studies whose file has another name or place.
USUAL = STUDY_FILE, Path("results", GIVEN)


def add_study(parser: argparse.ArgumentParser, usual: tuple[Path, ...] = USUAL) -> None:
    """Add the options that say which study is meant.

    Args:
        parser: of the program.
        usual: where in the study's folder its configuration is looked for, in this order.
    """
    parser.add_argument(
        "--study", "--directory", type=Path, default=Path(), metavar="FOLDER", dest="study",
        help="the study's folder [the one where the command is given]",
    )  # fmt: skip
    parser.add_argument(
        "--configfile", type=Path, metavar="FILE",
        help=f"the study's configuration [in its folder: {', else '.join(map(str, usual))}]",
    )  # fmt: skip


def enter_study(arguments: argparse.Namespace, usual: tuple[Path, ...] = USUAL) -> tuple[Path, Config]:
    """Make the study's folder the working directory, as it is for Snakemake, and read its configuration.

    Args:
        arguments: with the options of `add_study`; a `configfile` is relative to where the command was given.
        usual: as in `add_study`.

    Returns:
        Absolute path of the configuration file, and what it says.

    Raises:
        UserError: there is no such folder, or no study in it.
        ConfigError: the configuration cannot be used.
    """
    given = arguments.configfile and arguments.configfile.resolve()
    try:
        os.chdir(arguments.study)
    except OSError as error:
        raise UserError(f"--study {arguments.study}: {error.strerror}") from None
    found = given or next((path.resolve() for path in usual if path.is_file()), None)
    if found is None:
        raise UserError(
            f"{Path.cwd()}: no study here (no file {' or '.join(map(str, usual))}). Give the command in the study's "
            "folder, or name this with --study FOLDER; a study file with another name: --configfile FILE"
        )
    return found, read_config(found)
