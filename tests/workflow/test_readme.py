"""The README's commands, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq

from study import CHECKOUT, demo_handles, environment

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def commands(heading: str) -> list[str]:
    """The indented lines below a heading that are commands."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line.strip() for line in section.splitlines() if re.match(r"    (cp|snakemake|make|python)\b", line)]


def shell(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def test_use_your_own_videos(clone: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "reel-atlas"
    shutil.copytree(clone, checkout, symlinks=True)
    (checkout / "data" / "models").symlink_to(CHECKOUT / "data" / "models")
    for handle in demo_handles()[:2]:
        (checkout / "mystudy" / "videos" / handle).mkdir(parents=True)
        video = sorted((CHECKOUT / "data/demo/videos" / handle).iterdir())[0]
        shutil.copy(video, checkout / "mystudy" / "videos" / handle)
    written = commands("Use your own videos")
    assert len(written) == 2
    for command in written:
        shell(command, checkout)
    reels = pq.read_table(checkout / "mystudy/results/tables/reels.parquet").to_pylist()
    assert len(reels) == 2
    assert all(reel["description"] and reel["embedding"] for reel in reels)
    table = [
        line.split("`")[1] for line in README.split("## Targets and commands")[1].splitlines() if line.startswith("| `")
    ]
    study = "--configfile mystudy/study.yaml --directory mystudy"
    for command in table:
        if command.startswith("snakemake"):
            text = shell(f"{command.replace('snakemake', f'snakemake {study}')}", checkout)
            assert "Nothing to be done" in text
    reel = reels[0]["reel_id"]
    assert "embedding: ok" in shell(f"python ../scripts/why.py {reel}", checkout / "mystudy")
    redo = next(command for command in table if "redo.py" in command)
    redo = redo.replace("REEL", reel).replace("STAGE", "frames").replace("scripts/", "../scripts/")
    assert "forgotten" in shell(redo, checkout / "mystudy")


def test_the_first_commands_are_those_of_the_makefile() -> None:
    assert re.search(r"^    make demo\n    make test$", README, re.MULTILINE)
    assert "make test" in (CHECKOUT / ".ci/run").read_text()
