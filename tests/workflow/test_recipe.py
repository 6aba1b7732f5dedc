"""The recipes in docs/development.md, followed to the letter in copies of the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from study import CHECKOUT, demo_handles, environment, make_clone, make_study

STEP = re.compile(
    r"`(?P<file>[\w./]+)`, (?:below `(?P<below>.+?)`|(?P<end>at the end)|a new file)[^\n]*:\n\n"
    r"(?P<lines>(?: {4}[^\n]*\n|\n)+)"
)


def follow(recipe: str, folder: Path, n_steps: int) -> Path:
    """A copy of the checkout in which the steps of a recipe were taken."""
    make_clone(folder)
    text = (CHECKOUT / "docs/development.md").read_text(encoding="utf-8").split(f"\n## {recipe}\n")[1]
    steps = list(STEP.finditer(text.split("\n## ")[0]))
    assert len(steps) == n_steps, "a step whose place is not said as in the others is not followed"
    for step in steps:
        path = folder / step["file"]
        lines = "\n".join(line.removeprefix("    ") for line in step["lines"].rstrip("\n").split("\n"))
        if step["below"] is None:
            assert path.exists() == bool(step["end"]), path
            before = path.read_text(encoding="utf-8") + "\n\n" if step["end"] else ""
            path.write_text(f"{before}{lines}\n", encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        (found,) = [line for line in text.splitlines() if line.strip().startswith(step["below"])]
        path.write_text(text.replace(f"{found}\n", f"{found}\n{lines}\n", 1), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return follow("A new stage", tmp_path_factory.mktemp("recipe") / "reel-atlas", 11)


def run(*command: str, folder: Path, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env={**environment(), **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_recipe_for_a_stage_gives_a_stage(copy: Path, tmp_path: Path) -> None:
    study = make_study(tmp_path, demo_handles()[:2])
    study.configure(study={"batches": 1}, loudness={"window_s": 0.25})
    run(
        "snakemake", "--snakefile", str(copy / "Snakefile"), "--configfile", "study.yaml", "--cores", "2",
        "results/loudness/0.parquet", folder=tmp_path,
    )  # fmt: skip
    made = sorted((tmp_path / "results/loudness/0").glob("*.json"))
    assert len(made) == 4
    assert -60 < max(json.loads(path.read_text())["loudest_db"] for path in made) < 0
    why = subprocess.run(
        [sys.executable, str(copy / "scripts/why.py"), made[0].stem, "--study", str(tmp_path)],
        env=environment(), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "loudness: ok by measure_loudness 1" in why


def test_the_recipe_leaves_nothing_out_that_lint_and_the_tests_of_stages_ask_for(copy: Path) -> None:
    path = {"PYTHONPATH": os.pathsep.join(str(copy / name) for name in ("scripts", "tests"))}
    run("ruff", "check", "--fix", ".", folder=copy)  # sorts the imports, as `make lint` says
    run("ruff", "format", "--check", ".", folder=copy)
    run("snakefmt", "--check", "rules", folder=copy)
    run("document_config", folder=copy, **path)
    asked = ["stages", "docs", "columns", "plan_study", "environments"]
    run("pytest", "-q", *(f"tests/unit/test_{name}.py" for name in asked), folder=copy)


def test_the_recipe_for_files_of_another_tool_gives_their_reels(tmp_path: Path) -> None:
    copy = follow("Files of another tool", tmp_path / "reel-atlas", 4)
    run("ruff", "check", "--fix", ".", folder=copy)
    run("ruff", "format", "--check", ".", folder=copy)
    study, exports = tmp_path / "study", tmp_path / "study/exports"
    exports.mkdir(parents=True)
    video = {
        "id": 7234567890123456789, "username": "ada.film", "video_description": "a dance", "create_time": 1717243200,
        "view_count": 99, "like_count": 5, "comment_count": None, "region_code": "DE",
    }  # fmt: skip
    lines = [video, video | {"id": 2, "like_count": "many"}, video | {"id": None}]
    (exports / "answer.research.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    # yt-dlp brings the video that the answer is about.
    info = {"id": str(video["id"]), "extractor_key": "TikTok", "uploader": "Ada.Film", "uploader_id": "681234567"}
    (exports / "v.info.json").write_text(json.dumps(info))
    (exports / "v.mp4").write_bytes(b"film")
    settings = {"study": {"name": "recipe", "batches": 1}, "source": {"kind": "exports"}}
    (study / "study.yaml").write_text(yaml.safe_dump(settings))
    run(
        "snakemake", "--snakefile", str(copy / "Snakefile"), "--configfile", "study.yaml", "--cores", "1",
        "results/creators/0.parquet", folder=study,
    )  # fmt: skip
    rows = pq.read_table(study / "results/creators/0.parquet").to_pylist()
    reels = [row for row in rows if row["reel_id"]]
    known = [(row["reel_id"], row["state"], row["reason"]) for row in reels if row["reason"] != "changed_format"]
    assert sorted(known, key=str) == [
        ("2", "skipped", "no_link"), (str(video["id"]), "ok", None), (str(video["id"]), "skipped", "duplicate"),
    ]  # fmt: skip
    (torn,) = [row for row in reels if row["reason"] == "changed_format"]
    assert torn["detail"] == "answer.research.jsonl, line 3: id: expected an id, found nothing"
    assert {row["creator_id"] for row in reels} == {"ada.film"}
