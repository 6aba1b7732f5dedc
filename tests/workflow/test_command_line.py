"""What a user types: targets, bad studies, hostile names, studies and checkouts that move."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from study import CHECKOUT, SNAKEMAKE, Study, demo_handles, environment, make_study

TARGETS = ["all", "tables", "map", "figures", "descriptions", "fetch_models", "retry"]


def snakemake(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `snakemake` in a folder, whatever comes of it."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder, env={**environment(), **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_dry_run_on_a_fresh_clone(clone: Path, target: str) -> None:
    done = snakemake(clone, "-n", target)
    assert done.returncode == 0, done.stdout
    assert "fetch_model" in done.stdout or target == "descriptions"
    assert not (clone / "results").exists()


def test_lint_is_empty_and_every_rule_is_described(clone: Path) -> None:
    assert "good condition" in snakemake(clone, "--lint").stdout
    rules = [line for line in snakemake(clone, "--list").stdout.splitlines() if re.match(r"\w+( \(|$)", line)]
    assert len(rules) >= 20
    assert all(re.search(r"\(.{10,}\)$", rule) for rule in rules if not rule.startswith("Using")), rules


def test_values_on_the_command_line(clone: Path) -> None:
    done = snakemake(clone, "-n", "-p", "map", "--config", "study={seed: 7}")
    assert done.returncode == 0, done.stdout
    assert "--seed 7" in done.stdout


BAD = {
    "unknown key `studdy`: did you mean `study`?": "studdy: {}",
    "unknown key `select.reels_per_creater`: did you mean `reels_per_creator`?": "select: {reels_per_creater: 3}",
    "`study.seed`: should be a valid integer, found 'x'": "study: {seed: x}",
    "select.latest (2) is smaller than select.reels_per_creator (5)": "select: {latest: 2}",
    "`description.backend: openai` is not part of this version yet": "description: {backend: openai}",
    "faster-whisper-huge is not in config/models.yaml": "transcript: {model: huge}",
    "source.files.videos: nowhere: no such folder": "source: {files: {videos: nowhere}}",
    "flat: no creators found. Put each creator's videos": "source: {files: {videos: flat}}",
    "none.csv: No such file": "source: {files: {creators: none.csv}}",
    "bad.csv, line 3: followers: '12k' is not a whole number": "source: {files: {creators: bad.csv}}",
    "twice.csv, line 3: 'x' is already in line 2": "source: {files: {reels: twice.csv}}",
    "empty.csv, line 2: target is empty": "source: {files: {follows: empty.csv}}",
    "wrong.csv, line 1: column source, target missing": "source: {files: {follows: wrong.csv}}",
    "not YAML": "study: [",
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_study_ends_with_one_clear_message(tmp_path: Path, message: str) -> None:
    (tmp_path / "videos" / "anna").mkdir(parents=True)
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "x.mp4").write_bytes(b"")
    (tmp_path / "bad.csv").write_text("handle,followers\nanna,5\nberta,12k\n")
    (tmp_path / "twice.csv").write_text("handle,file,reel_id\nanna,a.mp4,x\nanna,b.mp4,x\n")
    (tmp_path / "empty.csv").write_text("source,target\nanna,\n")
    (tmp_path / "wrong.csv").write_text("from,to\nanna,berta\n")
    (tmp_path / "study.yaml").write_text(BAD[message] + "\n")
    done = snakemake(tmp_path, *SNAKEMAKE[3:], "--configfile", "study.yaml", "--cores", "1")
    assert done.returncode != 0
    if message == "not YAML":  # Snakemake itself reads the file
        assert re.search(r"YAML", done.stdout)
    else:
        assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "results").exists()


NAMES = [
    b"two words", b"it's \"quoted\"", b"$(touch PWNED)", b"`touch PWNED`;&|", b"{batch} %s {0}", b"line\nbreak\ttab",
    b"\x01\x1b[31mcontrol", b"n" * 251, "\N{GRINNING FACE}\u202etxet \u05e2\u05d1\u05e8\u05d9\u05ea".encode(), b"-rf",
    b"not\xff\xfeutf8", "e\u0301t\u00e9".encode(), b"..dots", b"~", b"*?[a]",
]  # fmt: skip


def test_hostile_names_neither_escape_nor_break(tmp_path: Path) -> None:
    source = tmp_path / "tiny.mp4"
    parent = tmp_path / "parent"
    study = Study(parent / "study")
    root = os.fsencode(study.folder / "videos")
    study.folder.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        folder = root + b"/" + name
        os.makedirs(folder)
        command = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=64x96:rate=10:duration=1"]
        filters = ["-vf", f"hue=h={number * 20}", "-pix_fmt", "yuv420p", str(source)]
        subprocess.run([*command, *filters], check=True)
        os.rename(source, folder + b"/" + name[:250] + b".mp4")
    handles = ["two words", "-rf"]
    ids = ["../../escape", "-rf\N{GRINNING FACE}" + "x" * 200]
    rows = [f'{handle},{handle}.mp4,"{reel}"' for handle, reel in zip(handles, ids, strict=True)]
    (study.folder / "reels.csv").write_text("\n".join(["handle,file,reel_id", *rows]))
    files = {"videos": "videos", "reels": "reels.csv"}
    study.configure(
        study={"name": "a $tudy {with} 'quotes' \"and\" \\ $(touch PWNED)", "batches": 1}, source={"files": files}
    )
    before = {path: (path.read_bytes(), path.lstat().st_mtime_ns) for path in study.folder.rglob("*") if path.is_file()}
    study.run()
    reels = study.rows("tables/reels")
    selected = [name for name in NAMES if not name.startswith(b".")]
    assert len(reels) == len(selected)
    assert all(reel["embedding"] for reel in reels)
    assert {reel["reel_id"] for reel in reels} >= set(ids)
    known = {creator["handle"] for creator in study.rows("tables/creators")}
    assert {"two words", "$(touch PWNED)", "{batch} %s {0}", "line\nbreak\ttab", "not\\xff\\xfeutf8"} <= known
    assert len(list((study.folder / "results/reels").glob("[!.]*"))) == len(reels)
    assert not [path for path in tmp_path.rglob("*") if path.name == "PWNED"]
    assert {path.name for path in parent.iterdir()} == {"study"}
    made = {path.name for path in study.folder.iterdir()}
    assert made == {"videos", "reels.csv", "study.yaml", "results", "data", ".snakemake", "models.lock.yaml"}
    for path, (content, modified) in before.items():
        assert path.read_bytes() == content
        assert path.lstat().st_mtime_ns == modified


def test_a_study_and_a_checkout_may_move(clone: Path, tmp_path: Path) -> None:
    study = make_study(tmp_path / "here" / "study", demo_handles()[:1], reels=1)
    place = ["-s", str(CHECKOUT / "Snakefile"), "--configfile", "here/study/study.yaml", "--directory", "here/study"]
    done = snakemake(tmp_path, *place, "--cores", "2")  # from another folder, with a relative study file
    assert done.returncode == 0, done.stdout[-3000:]
    shutil.move(study.folder, tmp_path / "moved")
    moved = Study(tmp_path / "moved")
    assert "Nothing to be done" in moved.run()
    assert all(link.resolve().is_file() for link in (moved.folder / "results/reels").rglob("*.*"))
    elsewhere = snakemake(moved.folder, "-s", str(clone / "Snakefile"), "--configfile", "study.yaml", "-n")
    assert "Nothing to be done" in elsewhere.stdout, elsewhere.stdout[-3000:]


def test_models_that_cannot_be_fetched_say_which_files_to_put_where(tmp_path: Path) -> None:
    study = make_study(tmp_path, demo_handles()[:1], reels=1)
    study.configure(models={"directory": "weights"})
    unreachable = {
        "HF_ENDPOINT": "http://127.0.0.1:9", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1",
    }  # fmt: skip
    done = snakemake(tmp_path, *study.command[3:], "fetch_models", **unreachable)
    assert done.returncode != 0
    assert "no source could be used" in done.stdout
    assert "put these files of the repository sentence-transformers/all-mpnet-base-v2" in done.stdout
    assert "model.safetensors (sha256 78c0197b" in done.stdout
    assert "into weights/all-mpnet-base-v2" in done.stdout
