"""download_reels against a content network on this machine that misbehaves: what lands, what is said."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from pathlib import Path

import pytest

import collect_creators
import download_reels
from common.files import file_sha256
from common.manifest import Row, read_manifest
from fake_service import (
    Person,
    Service,
    breaks_off,
    drips,
    html,
    passes,
    redirects,
    says,
)
from study import CHECKOUT

REEL = 77_000
VIDEO, THUMBNAIL = f"/cdn/{REEL}.mp4", f"/cdn/{REEL}.jpg"
CLIPS = "/v2/user/clips"


@pytest.fixture
def service(service):
    service.add(Person(77, "ada"), reels=1)
    Path("creators.csv").write_text("ada\n")
    return service


def collect(service: Service) -> None:
    collect_creators.main(collect_creators.parse(service.collect_options()))


def download(service: Service, *further: str) -> Row:
    """Download; the row of the reel."""
    if not Path("results/creators/0.parquet").exists():
        collect(service)
        service.calls.clear()
    download_reels.main(
        download_reels.parse(
            [
                "--creators=results/creators/0.parquet", "--manifest=results/video/0.parquet", "--workers=1",
                "--source=hikerapi", "--snapshot=2026-11-23", "--hikerapi-creators=creators.csv",
                f"--hikerapi-url={service.url}", "--hikerapi-calls-per-s=1000", "--read-timeout-s=2",
                "--allow-private=true", *further,
            ]
        )
    )  # fmt: skip
    (row,) = read_manifest(Path("results/video/0.parquet"))
    return row


def test_video_and_thumbnail_land_checked(service):
    row = download(service)
    assert (row.state, row.path) == ("ok", f"results/video/0/{REEL}.mp4")
    assert Path(row.path).read_bytes() == service.video
    assert row.sha256 == file_sha256(Path(row.path))
    assert json.loads(Path(f"results/video/0/{REEL}.json").read_text())["duration_s"] > 1
    assert Path(f"results/video/0/{REEL}.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert len(service.calls) == 2
    assert service.tokens_elsewhere == []


def test_nothing_is_downloaded_twice(service):
    download(service)
    first = Path("results/video/0.parquet").read_bytes()
    shutil.rmtree("results/video")
    download(service)
    assert len(service.calls) == 2
    assert Path("results/video/0.parquet").read_bytes() == first
    download(service, "--max-minutes=30")  # other limits: checked again, not fetched again
    assert len(service.calls) == 2


@pytest.mark.parametrize(
    ("faults", "calls"),
    [
        ([says(503)], 2),
        ([says(429, Retry_After="1")], 2),
        ([breaks_off(0.5)], 2),
        ([breaks_off(0.5), breaks_off(0.2), breaks_off(0.9)], 4),
        ([breaks_off(0.5, content_length=False)], 2),
        ([redirects("/cdn/elsewhere.mp4")], 2),
    ],
    ids=["503", "429", "reset", "three resets", "ends early without length", "redirect"],
)
def test_what_passes_is_tried_again(service, faults, calls):
    collect(service)
    service.calls.clear()
    service.fail(VIDEO, *faults)
    row = download(service)
    assert row.state == "ok", row.detail
    assert Path(row.path).read_bytes() == service.video
    assert sum(path.endswith(".mp4") for path, _, _ in service.calls) == calls


def test_a_broken_download_goes_on_where_it_ended(service):
    service.fail(VIDEO, breaks_off(0.5))
    assert download(service).state == "ok"
    assert [status for path, _, status in service.calls if path == VIDEO] == [200, 206]


def test_a_server_without_ranges_sends_all_again(service):
    service.accept_ranges = False
    service.fail(VIDEO, breaks_off(0.5))
    row = download(service)
    assert Path(row.path).read_bytes() == service.video
    assert [status for path, _, status in service.calls if path == VIDEO] == [200, 200]


def test_a_file_that_changed_in_between_is_not_pieced_together(service):
    def changes(handler) -> bool:
        breaks_off(0.5)(handler)
        handler.service.etag = '"two"'
        handler.service.videos[f"{REEL}.mp4"] = other
        return True

    other = sorted((CHECKOUT / "data/demo/videos").glob("*/*.mp4"))[7].read_bytes()
    service.fail(VIDEO, changes)
    assert Path(download(service).path).read_bytes() == other


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ([says(404)], "gone"),
        ([html()] * 2, "unavailable"),
        ([says(403), says(403)], "expired"),
        ([says(410), says(410)], "expired"),
        ([says(200)] * 2, "unavailable"),
        ([drips(30)], "timeout"),
        ([redirects("/cdn/1.mp4"), *[passes] * 9], "ok"),
        ([redirects(f"{VIDEO}")] * 20, "unavailable"),
        ([redirects("file:///etc/passwd")] * 2, "no_link"),
        ([lambda handler: handler.send(200, b"\xff\xd8\xff" * 99, {"Content-Type": "video/mp4"})] * 2, "unavailable"),
        ([lambda handler: handler.send(200, b"", {"Content-Type": "video/mp4"})] * 2, "unavailable"),
    ],
    ids=[
        "404", "HTML with 200", "403", "410", "JSON with 200", "slow drip", "redirect", "redirects for ever",
        "redirect to a file", "a picture called video", "nothing",
    ],
)  # fmt: skip
def test_every_refusal_has_its_reason(service, faults, reason):
    collect(service)
    service.fail(VIDEO, *faults)
    start = time.monotonic()
    row = download(service, f"--download-timeout-s={2 if reason == 'timeout' else 60}", "--attempts=1")
    assert row.reason == (None if reason == "ok" else reason), row.detail
    assert time.monotonic() - start < 20
    assert not list(Path("data/store/tmp").iterdir())


def test_expired_links_are_refreshed_once_a_creator(service):
    service.people["ada"].reels.clear()
    service.add(service.people["ada"], reels=3)
    collect(service)
    service.calls.clear()
    service.edition = service.links_from = 2  # what was given out before no longer works
    rows = download_all(service)
    assert {row.state for row in rows} == {"ok"}
    assert service.count(CLIPS) == 1
    kept = [json.loads(line) for line in Path("data/raw/hikerapi/2026-11-23/ada.jsonl").read_text().splitlines()]
    assert [line["purpose"] for line in kept if line["endpoint"] == CLIPS] == ["collect", "links"]
    before = Path("results/creators/0.parquet").read_bytes()
    collect(service)
    assert Path("results/creators/0.parquet").read_bytes() == before, "fresh links change nothing that was collected"


def download_all(service: Service) -> list[Row]:
    with contextlib.suppress(ValueError):  # more than one row
        download(service)
    return read_manifest(Path("results/video/0.parquet"))


def test_links_that_the_source_no_longer_has_stay_expired(service):
    collect(service)
    service.edition = service.links_from = 2
    service.people["ada"].reels.clear()
    service.people["ada"].reels.append({"pk": 78_000, "plays": 1, "taken_at": 1_700_000_000})
    row = download(service)
    assert (row.state, row.reason) == ("failed", "expired")
    assert "no fresh link" in row.detail


def test_a_refresh_that_the_service_refuses_is_said(service):
    collect(service)
    service.edition = service.links_from = 2
    service.fail(CLIPS, says(402))
    row = download(service)
    assert row.reason == "expired"
    assert "balance" in row.detail
    assert download(service).state == "ok", "taken up again when the batch is made again"


def test_a_broken_thumbnail_loses_nothing(service):
    service.fail(THUMBNAIL, says(404))
    assert download(service).state == "ok"
    assert not Path(f"results/video/0/{REEL}.jpg").exists()


def test_a_video_that_is_broken_twice_is_broken(service):
    service.videos[f"{REEL}.mp4"] = service.video[: len(service.video) // 2]
    row = download(service)
    assert (row.state, row.reason) in {("failed", "truncated"), ("failed", "corrupt")}
    assert service.count(VIDEO) == 2


def test_too_large_a_file_is_not_taken(service):
    service.videos[f"{REEL}.mp4"] = service.video + b"\0" * (2 << 20)
    assert download(service, "--max-download-mb=1").reason == "file_too_large"


def test_a_part_of_another_version_is_not_appended(service):
    """A server that ignores If-Range."""
    other = bytearray(service.video)
    other[-100:] = b"x" * 100

    def part(handler) -> bool:
        start = int(handler.headers["Range"].removeprefix("bytes=").partition("-")[0])
        total = len(other)
        headers = {"Content-Type": "video/mp4", "ETag": '"two"', "Content-Range": f"bytes {start}-{total - 1}/{total}"}
        return handler.send(206, bytes(other[start:]), headers)

    service.fail(VIDEO, breaks_off(0.5), part)
    assert Path(download(service).path).read_bytes() == service.video


def test_a_thumbnail_that_breaks_off_is_none(service):
    service.fail(THUMBNAIL, *[breaks_off(0.5)] * 2)
    assert download(service).state == "ok"
    assert not Path(f"results/video/0/{REEL}.jpg").exists()


def test_a_download_that_the_store_lost_is_fetched_again(service):
    download(service)
    shutil.rmtree("data/store/download")
    row = download(service)
    assert (row.state, row.path) == ("ok", f"results/video/0/{REEL}.mp4")
    assert service.count(VIDEO) == 2


@pytest.mark.parametrize(
    "url", ["http://a..b/x.mp4", f"http://{'x' * 70}.example/x.mp4", "nonsense", "ftp://a.example/x"]
)
def test_links_that_lead_nowhere(service, url):
    service.fail(VIDEO, *[redirects(url)] * 2)
    assert download(service, "--attempts=1").reason in {"no_link", "unavailable"}


def test_a_failing_network_of_videos_costs_no_calls(service):
    collect(service)
    service.calls.clear()
    service.fail(VIDEO, *[says(503)] * 9)
    assert download(service, "--attempts=1").reason == "unavailable"
    assert service.count(CLIPS) == 0


def test_what_depends_on_a_link_is_tried_again(service):
    service.fail(VIDEO, says(404))
    assert download(service).reason == "gone"
    assert download(service).state == "ok"
    shutil.rmtree("data/store")
    service.videos[f"{REEL}.mp4"] = service.video + b"\0" * (2 << 20)
    assert download(service, "--max-download-mb=1").reason == "file_too_large"
    assert download(service, "--max-download-mb=9").reason != "file_too_large"


def test_links_that_were_asked_for_anew_are_kept(service):
    collect(service)
    service.edition = service.links_from = 2
    service.fail(VIDEO, says(403), says(503))
    assert download(service, "--attempts=1").state == "failed"
    assert service.count(CLIPS) == 2  # with the collection's own
    assert download(service).state == "ok"
    assert service.count(CLIPS) == 2


def test_a_reel_that_is_gone_is_not_looked_for_to_the_end_of_the_account(service):
    person = service.people["ada"]
    person.reels.extend({"pk": 90_000 + n, "plays": 0, "taken_at": 1_600_000_000 - n} for n in range(400))
    collect(service)
    service.calls.clear()
    service.edition = service.links_from = 2
    del person.reels[0]
    download_all(service)
    assert service.count(CLIPS) <= 12
