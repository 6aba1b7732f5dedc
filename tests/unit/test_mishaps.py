"""What users and machines cause is told in words with a remedy, and is never called a defect of the program."""

from __future__ import annotations

import ast
import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from common.mishaps import explain_mishap
from snakefile.opening import open_study
from study import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
PROGRAMS = sorted(SCRIPTS.glob("*.py"))


def run_program(folder: Path, body: str, log: str | None = None) -> subprocess.CompletedProcess[str]:
    """A program of one's own, started as all programs are."""
    lines = [
        "import argparse",
        "from pathlib import Path",
        "from common.program import run",
        "def main(_):",
        f"    {body}",
    ]
    (folder / "program.py").write_text(
        "\n".join([*lines, f"run(main, argparse.Namespace(log={log and f'Path({log!r})'}))"])
    )
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("open('/dev/full', 'w').write('x' * 10_000_000)", "No space left on device; make room on this disk"),
        ("open('nowhere/x.txt')", "{folder}/nowhere/x.txt: No such file or directory; give the path that is meant"),
        ("open('/proc/new', 'w').write('x')", "/proc/new: No such file or directory; give the path that is meant"),
        ("open('program.py/x')", "{folder}/program.py/x: Not a directory; give the path that is meant"),
        ("open('.')", "{folder}: Is a directory; give the path that is meant"),
        ("open('x' * 300, 'w')", "File name too long; use a shorter name"),
        ("import no_such_package", "No module named 'no_such_package'. "),
        ("raise MemoryError", "the memory is used up; use fewer workers"),
    ],
)
def test_a_mishap_is_told_with_its_remedy(tmp_path, body, told):
    done = run_program(tmp_path, body)
    assert done.returncode == 1
    assert told.format(folder=tmp_path) in done.stderr
    assert "defect" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("/proc/a/b.log", "/proc/a: No such file or directory; give the path that is meant"),
        ("program.py/x.log", "{folder}/program.py: File exists; give another path"),
        (".", "{folder}: Is a directory; give the path that is meant"),
    ],
)
def test_a_log_that_cannot_be_begun_is_told_with_its_remedy(tmp_path, log, told):
    done = run_program(tmp_path, "print('at work')", log)
    assert (done.returncode, done.stdout) == (1, "")
    assert told.format(folder=tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_on_a_full_disk_is_told_once_and_the_program_goes_on(tmp_path):
    body = "from common.program import log; [log.info('line %d', n) for n in range(300)]; print('made')"
    done = run_program(tmp_path, body, "/dev/full")
    assert (done.returncode, done.stdout) == (0, "made\n")
    assert done.stderr.count("/dev/full: [Errno 28] No space left on device; what the program says") == 1
    assert "line 299" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_mishap(tmp_path):
    (tmp_path / "x").mkdir()
    done = run_program(tmp_path / "x", "import os, signal; print('x' * 9); raise BrokenPipeError(32, 'Broken pipe')")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("body", ["{}['x']", "raise ValueError('odd')", "raise OSError('cannot identify image file')"])
def test_what_nobody_foresaw_is_a_defect_to_report(tmp_path, body):
    done = run_program(tmp_path, body)
    assert done.returncode == 1
    assert "this is a defect, please report it" in done.stderr


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.EROFS, "Read-only file system", "results/x"), "this disk can only be read"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", b"x"), "make room in your quota"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/root/x"),
            "/root/x: Permission denied; give yourself the",
        ),
        (RuntimeError("cannot cache function 'f': no locator available for file 'x.py'"), "set NUMBA_CACHE_DIR to"),
        (OSError("database or disk is full"), "make room on this disk"),
    ],
)
def test_mishaps_that_are_hard_to_make(error, remedy):
    assert remedy in str(explain_mishap(error))


@pytest.mark.parametrize("program", ["collect_creators", "plot_map", "export_csv", "why"])
def test_a_python_without_the_packages_is_told_how_to_get_them(tmp_path, program):
    done = subprocess.run(
        [sys.executable, "-S", SCRIPTS / f"{program}.py", "--help"], cwd=tmp_path, env={}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{program}.py: No module named" in done.stderr
    assert f". {CHECKOUT}/.venv/bin/activate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_can_tell_so(program):
    """`environment` comes before anything that is no part of Python itself; `common` imports it first."""
    imports = [node for node in ast.parse(program.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports]
    first = next(name for name in names if str(name).partition(".")[0] not in sys.stdlib_module_names)
    assert str(first).partition(".")[0] in ("environment", "common")


def opened(folder: Path, configuration: dict) -> str:
    path = folder / "mystudy" / "study.yaml"
    path.write_text(yaml.safe_dump(configuration))
    with pytest.raises(WorkflowError) as error:
        open_study(CHECKOUT, configuration, [str(path)], {}, None)
    return str(error.value)


@pytest.mark.parametrize(
    ("typed", "message"),
    [("study={seed: 7, seed: 8}", "--config: study: line 1: `seed` is already in line 1"),
     ("'study={\"seed\": 7, \"seed\": 8}'", "`seed` is already in line 1"),
     ("study={seed: 010}", "010 is read as an octal number")],
)  # fmt: skip
def test_what_is_typed_behind_config_is_read_strictly(typed, message):
    with pytest.raises(WorkflowError, match=re.escape(message)):
        open_study(CHECKOUT, {}, [], {}, None, typed=[typed.strip("'")])


def test_a_forgotten_directory_is_told_with_the_option_that_was_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mystudy" / "videos" / "fern").mkdir(parents=True)
    said = opened(tmp_path, {})
    assert f"videos: no such folder ({tmp_path}/videos)" in said
    assert said.endswith(f"add --directory {tmp_path}/mystudy")
    (tmp_path / "videos" / "moss").mkdir(parents=True)
    (tmp_path / "mystudy" / "list.csv").touch()
    assert "add --directory" in opened(tmp_path, {"source": {"files": {"creators": "list.csv"}}})
    assert "add --directory" not in opened(tmp_path, {"source": {"files": {"creators": "gone.csv"}}})
