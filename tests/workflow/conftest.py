"""The demo study, run once for all tests that look at it; fresh clones."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from study import CHECKOUT, Study, make_clone


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The demo study, made as a newcomer makes it: `make demo` in a fresh clone. The environment is the one in use."""
    folder = make_clone(tmp_path_factory.mktemp("demo") / "reel-atlas")
    if (CHECKOUT / ".venv").exists():
        (folder / ".venv").symlink_to(CHECKOUT / ".venv")
    done = subprocess.run(
        ["make", "demo", "CORES=2"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    said = "\n".join(done.stdout.splitlines()[-8:])
    told = ("figures/map.png", "results/tables/", "coverage.parquet", "results/report.zip", "results/atlas/index.html")
    assert all(path in said for path in told)
    return DemoStudy(folder)


class DemoStudy(Study):
    """The demo: its own Snakefile, and no configuration file is given."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--cores", "2"]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone to look at; tests leave it as it is."""
    return make_clone(tmp_path_factory.mktemp("clone") / "reel-atlas")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with spaces in its path, whose environment has the packages of ours and commands of its own."""
    home = tmp_path_factory.mktemp("my home")
    folder = make_clone(home / "reel atlas")
    for name in (".venv", "data/models"):  # links of somebody who works on this
        (folder / name).unlink(missing_ok=True)
    ours = Path(sys.prefix)
    (folder / ".venv/bin").mkdir(parents=True)
    for path in [*ours.iterdir(), *(ours / "bin").iterdir()]:
        if path.name not in ("bin", "why", "redo", "purge_creators"):
            (folder / ".venv" / path.relative_to(ours)).symlink_to(path)
    version = "{}.{}".format(*sys.version_info) + sys.abiflags
    lock = hashlib.sha256((folder / "requirements.lock").read_bytes()).hexdigest()[:16]
    stamp = folder / f".venv/.installed-{version}-{lock}"
    stamp.unlink(missing_ok=True)
    stamp.touch()
    (folder / "data/models").symlink_to(CHECKOUT / "data/models")
    return folder
