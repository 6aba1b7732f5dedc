"""Videos that are deleted after use: what was made of them stays, and counts as before."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

import collect_creators
import delete_media
import download_reels
import extract_audio
from common.manifest import Row, read_manifest
from common.parquet import build_table, write_table
from common.tables import STATUS
from fake_service import Person

VIDEO = Path("results/video/0/77000.mp4")
AUDIO = Path("results/audio/0.parquet")


@pytest.fixture
def service(service):
    service.add(Person(77, "ada"), reels=1)
    Path("creators.csv").write_text("ada\n")
    collect_creators.main(collect_creators.parse(service.collect_options()))
    return service


def download() -> Row:
    options = ["--creators=results/creators/0.parquet", "--manifest=results/video/0.parquet", "--workers=1"]
    download_reels.main(download_reels.parse([*options, "--temporary-media", "--allow-private=true"]))
    (row,) = read_manifest(Path("results/video/0.parquet"))
    return row


def test_the_former_name_of_the_option_still_works() -> None:
    needed = ["--creators=results/creators/0.parquet", "--manifest=results/video/0.parquet"]
    assert download_reels.parse([*needed, "--passing-media"]).temporary_media
    assert not download_reels.parse(needed).temporary_media


def audio(*further: str) -> Row:
    options = ["--video=results/video/0.parquet", f"--manifest={AUDIO}", "--workers=1", *further]
    extract_audio.main(extract_audio.parse(options))
    (row,) = read_manifest(AUDIO)
    return row


def delete(days: float, *rows: Row) -> None:
    status = Path("results/tables/status.parquet")
    write_table(build_table([asdict(row) for row in rows], STATUS), status)
    options = ["--status", str(status), "--days", str(days), "--output", "results/media.json"]
    delete_media.main(delete_media.parse(options))


def stored() -> list[Path]:
    return [path for path in Path().rglob("*.mp4") if path.is_file()]


def test_a_video_goes_and_all_that_was_made_of_it_stays(service):
    video, sound = download(), audio()
    assert video.path == "results/video/0/77000.json"
    assert VIDEO.exists()
    before = Path("results/video/0.parquet").read_bytes()
    delete(0, video, sound)
    assert stored() == []
    service.calls.clear()
    assert download() == video
    assert Path("results/video/0.parquet").read_bytes() == before
    assert audio() == sound
    assert not service.calls


def test_what_still_needs_the_video_says_that_it_is_gone(service):
    delete(0, download())
    row = audio()
    assert (row.state, row.reason) == ("failed", "media_deleted")


def test_videos_are_kept_for_their_days(service):
    row = download()
    delete(3, row)
    assert len(stored()) == 2
    old = time.time() - 4 * 86_400
    os.utime(VIDEO, (old, old))  # a hard link: the store's file, too
    delete(3, row)
    assert stored() == []


def test_a_video_that_a_stage_will_try_again_is_kept(service):
    row = download()
    delete(0, row, Row("77", "77000", "frames", "failed", "timeout"))
    assert len(stored()) == 2


def test_peoples_own_videos_are_never_touched(service):
    own = Path("videos/bob/a.mp4")
    own.parent.mkdir(parents=True)
    own.write_bytes(service.video)
    collect_creators.main(collect_creators.parse(["--batch=0", "--batches=1", "--manifest=results/creators/0.parquet"]))
    row = download()
    assert row.path.endswith(".mp4")
    delete(0, row)
    assert own.read_bytes() == service.video
    assert Path(row.path).exists()


@pytest.mark.parametrize(
    "other",
    [
        Row("78", "78000", "video", "ok", path="results/video/0/78000.json"),
        Row("78", "77000", "video", "ok", path="results/video/0/77000.json"),  # another creator's reel of that name
        Row("77", "77000", "creators", "skipped", "not_selected"),
    ],
)
def test_videos_that_this_study_does_not_have_are_left_and_counted(service, caplog, other):
    download()
    caplog.set_level("INFO")
    delete(0, other)
    assert len(stored()) == 2
    assert "1 downloads in data/store are of reels of which this study has no video" in caplog.text
