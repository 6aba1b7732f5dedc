"""Programs remove what they made, and nothing else, however an option is mistyped."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

import collect_creators
import extract_audio
import gather_reels
from common.batch import run_stage
from common.manifest import Row, write_manifest
from common.own_folder import MARKER, OUTPUT, OwnFolder
from common.parquet import build_table, write_table
from common.program import UserError
from common.tables import STATUS
from snakefile.again import lost_files
from study import CHECKOUT


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def thesis():
    """A folder of somebody's own files."""
    for name in ("thesis.txt", "photos/a.jpg", "notes.json"):
        path = Path("mine") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dear {name}")
    Path("mine/link").symlink_to("thesis.txt")
    yield Path("mine")
    assert {path.relative_to("mine").as_posix() for path in Path("mine").rglob("*")} == {
        "thesis.txt", "photos", "photos/a.jpg", "notes.json", "link",
    }  # fmt: skip
    assert Path("mine/thesis.txt").read_text() == "dear thesis.txt"


def test_a_folder_with_files_of_somebody_else_is_refused_and_named(thesis):
    with pytest.raises(UserError, match=r"--files: mine has 4 files .*\(link, notes\.json, photos, \.\.\.\)"):
        OwnFolder(thesis, "stage audio", "--files")


def test_an_empty_folder_is_taken_and_gone_on_with():
    Path("new").mkdir()
    Path("new/.DS_Store").touch()
    OwnFolder(Path("new"), "stage audio", "--files")
    Path("new/a.wav").touch()
    OwnFolder(Path("new"), "stage audio", "--files")
    with pytest.raises(UserError, match=r"another part of the study \(stage audio\)"):
        OwnFolder(Path("new"), "stage video", "--files")


def test_a_folder_that_an_earlier_version_left_is_gone_on_with_and_nothing_in_it_goes():
    Path("old").mkdir()
    for name in (OUTPUT, "a.wav", "notes.txt"):
        Path("old", name).touch()
    folder = OwnFolder(Path("old"), "stage audio", "--files")
    folder.file("b.wav").touch()
    folder.tidy()
    assert {path.name for path in Path("old").iterdir()} == {OUTPUT, MARKER, "a.wav", "notes.txt", "b.wav"}


def test_an_empty_mark_of_a_disk_that_was_full_marks_nothing():
    Path("new").mkdir()
    Path("new", MARKER).touch()
    OwnFolder(Path("new"), "stage audio", "--files")
    Path("new", MARKER).write_text("")
    Path("new/letter.txt").touch()
    with pytest.raises(UserError, match="new has 1 files"):
        OwnFolder(Path("new"), "stage audio", "--files")


def test_a_file_is_no_folder():
    Path("file").write_text("content")
    with pytest.raises(UserError, match="--files: file is a file"):
        OwnFolder(Path("file"), "stage audio", "--files")
    assert Path("file").read_text() == "content"


def test_only_what_an_earlier_run_announced_is_removed():
    first = OwnFolder(Path("new"), "stage audio", "--files")
    for name in ("a.wav", "a.json", "id.0f.txt", "deep/b.wav", "shared/c.wav"):
        path = first.file(name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for name in ("a.txt", "a", "id.0f.notes", ".hidden", "shared/mine.txt"):  # people's, named as ours are
        Path("new", name).touch()
    first.tidy()
    second = OwnFolder(Path("new"), "stage audio", "--files")
    second.file("a.wav")
    second.tidy()
    assert {path.relative_to("new").as_posix() for path in Path("new").rglob("*")} == {
        MARKER, "a.wav", "a.txt", "a", "id.0f.notes", ".hidden", "shared", "shared/mine.txt",
    }  # fmt: skip


def test_what_a_killed_run_wrote_is_known_by_the_next_one():
    OwnFolder(Path("new"), "stage audio", "--files").file("half.wav").touch()
    OwnFolder(Path("new"), "stage audio", "--files").tidy()
    assert {path.name for path in Path("new").iterdir()} == {MARKER}


def run_audio(*options: str) -> None:
    write_manifest([], Path("video.parquet"))
    arguments = extract_audio.parse(["--video=video.parquet", "--manifest=audio/0.parquet", *options])
    run_stage(extract_audio.STAGE, arguments, extract_audio.AudioSection(), lambda _: iter(()))


def test_a_stage_refuses_a_folder_of_somebody_else(thesis):
    with pytest.raises(UserError, match="--files: mine has 4"):
        run_audio("--files=mine")


def test_a_stage_leaves_what_people_put_into_its_folder():
    run_audio()
    Path("audio/0/my notes.txt").write_text("about reel 7")
    run_audio()
    assert Path("audio/0/my notes.txt").read_text() == "about reel 7"


def test_a_stage_does_not_take_another_table_for_its_manifest():
    Path("audio").mkdir()
    write_table(build_table([], STATUS), Path("audio/0.parquet"))
    before = Path("audio/0.parquet").read_bytes()
    Path("audio/0.parquet").write_bytes(before[:-9])
    with pytest.raises(Exception, match=r"audio/0\.parquet"):
        run_audio()
    assert Path("audio/0.parquet").read_bytes() == before[:-9]


def test_creators_are_not_collected_into_a_folder_of_somebody_else(thesis):
    Path("videos/ada").mkdir(parents=True)
    Path("videos/ada/one.mp4").write_bytes(b"video")
    with pytest.raises(UserError, match="--manifest: mine has 4"):
        collect_creators.main(
            collect_creators.parse(["--batch=0", "--batches=1", "--manifest=mine.parquet", "--videos=videos"])
        )


def gather(output: str, *reels: str) -> None:
    rows = [Row("ada", reel, "audio", "ok", path=f"audio/0/{reel}.wav") for reel in reels]
    for row in rows:
        Path(str(row.path)).parent.mkdir(parents=True, exist_ok=True)
        Path(str(row.path)).touch()
    gather_reels.list_by_stem.cache_clear()
    write_table(build_table([asdict(row) for row in rows], STATUS), Path("status.parquet"))
    gather_reels.main(argparse.Namespace(status=Path("status.parquet"), output=Path(output)))


def test_links_are_not_gathered_into_a_folder_of_somebody_else(thesis):
    with pytest.raises(UserError, match="--output: mine has 4"):
        gather("mine")


def test_gathering_again_removes_links_and_leaves_notes():
    gather("reels", "old", "noted")
    assert {path.as_posix() for path in Path("reels").glob("[!.]*/*")} == {
        "reels/old/audio.wav",
        "reels/noted/audio.wav",
    }
    Path("reels/noted/why.txt").write_text("look at the hat")
    Path("reels/noted/of another study").symlink_to("nowhere")
    gather("reels")
    assert {path.as_posix() for path in Path("reels").glob("[!.]*/*")} == {
        "reels/noted/why.txt", "reels/noted/of another study",
    }  # fmt: skip
    assert not Path("reels/old").exists()


def test_a_file_of_somebody_else_in_the_place_of_a_link_is_named_and_stays():
    Path("reels/r1").mkdir(parents=True)
    Path("reels", MARKER).write_text("gather_reels\n")
    Path("reels/r1/audio.wav").write_text("cut by hand")
    with pytest.raises(UserError, match=r"reels/r1/audio\.wav: this program did not make"):
        gather("reels", "r1")
    assert Path("reels/r1/audio.wav").read_text() == "cut by hand"


def test_no_rule_has_a_folder_for_its_output():
    """Snakemake would remove it with all that people put there."""
    rules = "".join(path.read_text() for path in [CHECKOUT / "Snakefile", *(CHECKOUT / "rules").glob("*.smk")])
    assert rules.count("output:") > 20
    assert "directory(" not in rules


def listed(*reels: str) -> str:
    """A manifest with a file for each reel."""
    Path("results/audio/0").mkdir(parents=True, exist_ok=True)
    rows = [Row("ada", reel, "audio", "ok", path=f"results/audio/0/{reel}.wav") for reel in reels]
    for row in rows:
        Path(str(row.path)).touch()
    manifest = Path("results/audio/0.parquet")
    write_manifest([*rows, Row("ada", "r0", "audio", "failed", "corrupt")], manifest)
    for path in (manifest.with_suffix(""), manifest):  # written a minute ago
        os.utime(path, (time.time() - 60, time.time() - 60))
    return manifest.as_posix()


def test_a_manifest_of_which_files_or_the_folder_were_removed_is_made_again():
    manifest = listed("r1", "r2")
    Path("results/audio/0/notes.txt").write_text("people's own")
    assert lost_files([manifest, "results/audio/1.parquet"]) == []
    Path("results/audio/0/notes.txt").unlink()
    assert lost_files([manifest]) == []
    Path("results/audio/0/r2.wav").unlink()
    assert lost_files([manifest]) == [manifest]
    Path("results/audio/0/r1.wav").unlink()
    Path("results/audio/0").rmdir()
    assert lost_files([manifest]) == [manifest]
