"""The commands of README and tutorial, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from common.config import Config
from common.stages import programs
from study import CHECKOUT, SMALL, demo_handles, environment

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (CHECKOUT / "docs/tutorial.md").read_text(encoding="utf-8")
COMMAND = r"^    ((?:make|cp|\.|cd|sed|snakemake|why|redo) .+)$"
CREATORS, REEL = 3, "20230915_183314.mp4"


def shell(script: str, checkout: Path, folder: Path) -> str:
    """Run commands one after another in one terminal; the first that fails ends it."""
    path = f"{checkout / '.venv/bin'}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", script], cwd=folder, env={**environment(), "PATH": path}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def small(checkout: Path) -> Path:
    """A checkout whose demo has a few creators with a reel each, so that the tutorial takes a minute."""
    demo, handles = checkout / "data/demo", demo_handles()[:CREATORS]
    assert any((demo / "videos" / handle / REEL).is_file() for handle in handles)
    for folder in sorted((demo / "videos").iterdir()):
        if folder.name not in handles:
            shutil.rmtree(folder)
            continue
        for video in sorted(folder.iterdir())[1:]:
            video.unlink()
    left = {video.name for video in demo.glob("videos/*/*")}
    for name in ("creators.csv", "reels.csv", "follows.csv"):
        head, *lines = (demo / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [
            line for line in lines
            if line.split(",")[0] in handles and (name != "reels.csv" or line.split(",")[1] in left)
        ]  # fmt: skip
        (demo / name).write_text(head + "".join(kept), encoding="utf-8")
    return checkout


def test_the_tutorial_goes_from_videos_to_a_paper_and_the_commands_of_the_readme_work_there(small: Path) -> None:
    commands = re.findall(COMMAND, TUTORIAL, re.MULTILINE)
    first = commands.index("snakemake plan")
    study = small.parent / "mystudy"
    said = shell("\n".join(commands[:first]), small, small)
    assert "snakemake\n" in said
    settings = yaml.safe_load((study / "study.yaml").read_text(encoding="utf-8"))
    assert settings["source"]["files"] == {
        "videos": "videos", "creators": "creators.csv", "reels": "reels.csv", "follows": "follows.csv",
    }  # fmt: skip
    assert settings["study"]["synthetic"] is True
    quick = {name: SMALL[name] for name in ("hypotheses", "robustness")} | {"publish": {"kind": "full"}}
    with (study / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(yaml.safe_dump(quick))

    said = shell("\n".join(commands[first:]), small, study)
    assert f"mystudy: {CREATORS} creators, {CREATORS} reels, 0." in said
    assert re.search(rf"^  frames +{CREATORS}  about 1 minute  measured on two cores$", said, re.MULTILINE)
    assert re.search(r"\d results of 1 reels forgotten", said)
    assert "description: ok" in said
    for made in (
        "figures/portraits.png", "figures/map.png", "figures/hypotheses.png", "figures/coverage.png",
        "atlas/index.html", "hypotheses.md", "paper/map.pdf", "paper/numbers.tex", "paper/cohort.csv",
        "bundle/SHA256SUMS", "tables/creators_flat.csv",
    ):  # fmt: skip
        assert (study / "results" / made).is_file(), made
    reels = pq.read_table(study / "results/tables/reels.parquet").to_pylist()
    assert len(reels) == CREATORS
    assert all(reel["description"] and reel["embedding"] for reel in reels)
    folder = study / "results/reels" / reels[0]["reel_id"]
    assert {"frames.jpg", "description.txt"} <= {path.name for path in folder.iterdir()}

    table = re.findall(r"^\| `([a-z_ \-]+[\dA-Z]*(?: \w+)?)` \|", README.split("## Commands")[1], re.MULTILINE)
    assert {"snakemake plan", "snakemake --cores 8 retry", "snakemake --cores 8 power", "why REEL"} <= set(table)
    other = ("export", "power")  # what nobody has made yet
    for command in table:
        if command.startswith("snakemake") and "plan" not in command:
            said = shell(f"{command} -n", small, study)
            assert ("Nothing to be done" in said) != command.endswith(other), command
    said = shell("snakemake plan", small, study)
    assert "Nothing is left to do for the reels." in said


def test_the_readme_begins_a_study_as_the_tutorial_does() -> None:
    own = README.split("## Use your own videos")[1].split("\n## ")[0]
    begin, go, run = re.findall(COMMAND, own, re.MULTILINE)
    assert go.split(" && ") == [". .venv/bin/activate", "cd ../mystudy"]
    commands = re.findall(COMMAND, TUTORIAL, re.MULTILINE)
    assert {begin, *go.split(" && "), run} <= set(commands)


def test_the_readme_is_short_and_its_first_commands_are_those_of_the_makefile() -> None:
    assert re.search(r"^    make demo\n    make test$", README, re.MULTILINE)
    assert "make test" in (CHECKOUT / ".ci/run").read_text()
    assert README.count("\n") <= 120


def test_the_drawing_of_the_pipeline_has_every_stage() -> None:
    drawn = re.findall(r'class="t"[^>]*>([^<]+)<', (CHECKOUT / "docs/images/pipeline.svg").read_text(encoding="utf-8"))
    assert set(programs(Config())) <= set(drawn), "a new stage? Draw it, too"
