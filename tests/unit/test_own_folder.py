"""Programs remove what they made, and nothing else, however an option is mistyped."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

import collect_creators
import extract_audio
import gather_reels
from common.batch import run_stage
from common.manifest import Row, write_manifest
from common.own_folder import MARKER, remove_old, take_folder
from common.parquet import build_table, write_table
from common.program import UserError
from common.tables import STATUS


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
        take_folder(thesis, "stage audio", "--files")


def test_an_empty_folder_is_taken_and_gone_on_with():
    Path("new").mkdir()
    Path("new/.DS_Store").touch()
    take_folder(Path("new"), "stage audio", "--files")
    Path("new/a.wav").touch()
    take_folder(Path("new"), "stage audio", "--files")
    with pytest.raises(UserError, match=r"another part of the study \(stage audio\)"):
        take_folder(Path("new"), "stage video", "--files")


def test_a_file_is_no_folder():
    Path("file").write_text("content")
    with pytest.raises(UserError, match="--files: file is a file"):
        take_folder(Path("file"), "stage audio", "--files")
    assert Path("file").read_text() == "content"


def test_only_files_of_known_reels_are_removed():
    for name in ("a.wav", "a.json", "b.wav", "ab.wav", "id.0f.txt", "id.1f.txt", "a", ".hidden", "notes.a.txt"):
        Path(name).touch()
    remove_old(Path(), {"a", "id.0f"}, {"a.wav"})
    assert {path.name for path in Path().iterdir()} == {
        "a.wav", "b.wav", "ab.wav", "id.1f.txt", "a", ".hidden", "notes.a.txt",
    }  # fmt: skip


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


def gather(output: str) -> None:
    write_table(build_table([], STATUS), Path("status.parquet"))
    gather_reels.main(argparse.Namespace(status=Path("status.parquet"), output=Path(output)))


def test_links_are_not_gathered_into_a_folder_of_somebody_else(thesis):
    with pytest.raises(UserError, match="--output: mine has 4"):
        gather("mine")


def test_gathering_again_removes_links_and_leaves_notes():
    gather("reels")
    assert (Path("reels") / MARKER).exists()
    for folder in ("old", "noted"):
        Path("reels", folder).mkdir()
        Path("reels", folder, "video.mp4").symlink_to("nowhere")
    Path("reels/noted/why.txt").write_text("look at the hat")
    gather("reels")
    assert {path.as_posix() for path in Path("reels").glob("[!.]*/*")} == {"reels/noted/why.txt"}
    assert not Path("reels/old").exists()


def test_a_row_of_a_reel_that_left_takes_its_files_with_it():
    run_audio()
    write_manifest([Row("ada", "r1", "audio", "ok", path="audio/0/r1.wav")], Path("audio/0.parquet"))
    Path("audio/0/r1.wav").touch()
    run_audio()
    assert {path.name for path in Path("audio/0").iterdir()} == {MARKER}
