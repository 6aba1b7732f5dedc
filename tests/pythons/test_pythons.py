"""Every supported Python, newest first, in an environment of its own: the same bytes of a study on each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from study import CHECKOUT, RESULTS, Study, demo_handles, make_clone, make_study

PRESENT = "{}.{}".format(*sys.version_info)
(_listed,) = re.findall(r"^PYTHONS := (.+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
OTHERS = [version for version in reversed(_listed.split()) if version != PRESENT]
COMPARED = (*RESULTS, "results/hypotheses.md", "results/atlas/index.html", "results/paper/numbers.json")
# What newcomers need not see: warnings of pip and of libraries.
WARNING = re.compile(r"\w*Warning: |DEPRECATION|^WARNING: |resource_tracker", re.MULTILINE)


def interpreters(version: str) -> list[Path]:
    """The interpreters of this version on the machine: those on PATH, of pyenv and of uv; some may not run."""
    named = shutil.which(f"python{version}")
    home = Path.home()
    kept = [
        home.glob(f".pyenv/versions/{version}.*/bin/python"),
        home.glob(f".local/share/uv/python/*-{version}.*/bin/python3"),
    ]
    return [Path(path) for path in ([named] if named else []) + [path for paths in kept for path in sorted(paths)]]


def runs(interpreter: Path, version: str) -> bool:
    """Whether a program is a Python of this version that can make environments."""
    code = f"import sys, ensurepip; sys.exit(sys.version_info[:2] != tuple(map(int, '{version}'.split('.'))))"
    return subprocess.run([interpreter, "-c", code], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Checkout:
    """A clone of the project and the interpreter of its environment."""

    folder: Path
    python: Path

    def call(self, *command: str | Path, cwd: Path | None = None) -> str:
        """Run a command with the environment activated; returns what it printed."""
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=activated(self.python), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def small_study(self, folder: Path) -> Study:
        """Four creators with two reels each, from their videos to the page."""
        study = make_study(folder, demo_handles()[::10])
        study.configure(models={"directory": str(CHECKOUT / "data" / "models")})
        run = [
            "-m",
            "snakemake",
            "--snakefile",
            self.folder / "Snakefile",
            "--configfile",
            "study.yaml",
            "--cores",
            "2",
        ]
        printed = self.call(self.python, *run, cwd=folder)
        assert not WARNING.search(printed), printed
        return study

    def demo(self) -> Study:
        """The demo study, as `make demo` makes it."""
        printed = self.call("make", "demo", "CORES=2")
        assert not WARNING.search(printed), printed
        return Study(self.folder)


def activated(python: Path) -> dict[str, str]:
    """Variables of a user who has activated the environment with this interpreter, and nothing of this one's."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "PYTHON"))}
    return found | {"PATH": f"{python.parent}:{found['PATH']}"}


def clone(folder: Path) -> Path:
    """A fresh clone with the models that the checkout has fetched already."""
    (CHECKOUT / "data" / "models").mkdir(exist_ok=True)
    made = make_clone(folder)
    (made / "data" / "models").symlink_to(CHECKOUT / "data" / "models")
    return made


@pytest.fixture(scope="module")
def reference(request, tmp_path_factory) -> dict[str, bytes]:
    """The study's results on the Python that runs the tests."""
    folder = tmp_path_factory.mktemp("reference")
    here = Checkout(clone(folder / "reel-atlas"), Path(sys.executable))
    (here.folder / ".venv").symlink_to(Path(sys.prefix))
    return contents(here.demo() if request.config.getoption("whole") else here.small_study(folder))


def contents(study: Study) -> dict[str, bytes]:
    return {name: (study.folder / name).read_bytes() for name in COMPARED}


@pytest.fixture(scope="module", params=OTHERS, ids=[f"python{version}" for version in OTHERS])
def other(request, tmp_path_factory) -> Iterator[Checkout]:
    """A fresh clone with a fresh environment of another Python."""
    python = next((found for found in interpreters(request.param) if runs(found, request.param)), None)
    if python is None:
        pytest.skip(f"Python {request.param} is not on this machine")
    folder = clone(tmp_path_factory.mktemp("other") / "reel-atlas")
    made = Checkout(folder, folder / ".venv" / "bin" / "python")
    printed = made.call("make", "install", f"PYTHON={python}")
    assert not WARNING.search(printed), printed
    yield made
    shutil.rmtree(folder / ".venv")  # 8 GB


def test_a_study_has_the_same_bytes_on_another_python(other, reference, request, tmp_path):
    made = contents(other.demo() if request.config.getoption("whole") else other.small_study(tmp_path))
    assert [name for name in made if made[name] != reference[name]] == []


def test_the_unit_tests_pass_on_another_python(other, request):
    if not request.config.getoption("whole"):
        pytest.skip("with --whole only (make test-pythons)")
    printed = other.call(other.python, "-m", "pytest", "-n", "2", "--dist", "loadfile", "tests/unit")
    print(printed.splitlines()[-1])
