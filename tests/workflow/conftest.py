"""The demo study, run once for all tests that look at it."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from study import CHECKOUT, SNAKEMAKE, Study


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The demo study run by the plain command, in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "data").mkdir()
    (folder / "data" / "demo").symlink_to(CHECKOUT / "data" / "demo")
    study = DemoStudy(folder)
    start = time.monotonic()
    study.run()
    print(f"demo study: {time.monotonic() - start:.0f} s")
    return study


class DemoStudy(Study):
    """The demo: no configuration file is given."""

    @property
    def command(self) -> list[str]:
        return [*SNAKEMAKE, "--cores", "2"]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of what is committed, with the work in progress on top."""
    folder = tmp_path_factory.mktemp("clone") / "reel-atlas"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        if (name and (CHECKOUT / name).is_file()) or (CHECKOUT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name, follow_symlinks=False)
    return folder
