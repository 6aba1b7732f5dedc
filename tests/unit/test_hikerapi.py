"""The source `hikerapi` against a service on this machine that misbehaves: what lands, what is said, what it costs."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

import collect_creators
from common.files import read_lines
from common.manifest import Row, read_manifest
from common.parquet import read_table
from common.program import UserError
from common.tables import CREATORS, FOLLOWS
from fake_service import (
    TOKEN,
    Person,
    Service,
    breaks_off,
    cohort,
    drips,
    html,
    passes,
    redirects,
    says,
)
from opting_out.tombstones import GONE, Tombstones
from study import CHECKOUT

PROFILE, CLIPS, FOLLOWING = "/v2/user/by/username", "/v2/user/clips", "/v2/user/following"
MANIFEST = Path("results/creators/0.parquet")
RAW = Path("data/raw/hikerapi/2026-11-23")


def options(service: Service, *further: str, snapshot: str = "2026-11-23") -> list[str]:
    return service.collect_options("--timeout-s=2", "--max-wait-s=3", *further, snapshot=snapshot)


def collect(service: Service, *further: str, snapshot: str = "2026-11-23") -> dict[str, Row]:
    """Collect; the rows about creators, by creator_id."""
    collect_creators.main(collect_creators.parse(options(service, *further, snapshot=snapshot)))
    return {row.creator_id: row for row in read_manifest(MANIFEST) if row.reel_id is None}


def listed(*handles: str) -> None:
    Path("creators.csv").write_text("".join(f"@{handle}\n" for handle in handles))


def creators() -> dict[str, dict]:
    rows = read_table(MANIFEST.with_suffix("") / "creators.parquet", CREATORS).to_pylist()
    return {row["handle"]: row for row in rows}


def follows() -> list[tuple[str, str]]:
    rows = read_table(MANIFEST.with_suffix("") / "follows.parquet", FOLLOWS).to_pylist()
    return [(row["source_id"], row["target_handle"]) for row in rows]


def outputs() -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in sorted(Path("results").rglob("*"))
        if path.is_file() and path.suffix in (".json", ".parquet")
    }


def accounts(number: int, start: int = 50_000) -> list[tuple[int, str]]:
    return [(start + index, f"followed_{index:05d}") for index in range(number)]


def ada(service: Service, follow: int = 60, **facts) -> Person:
    listed("ada")
    return service.add(Person(77, "ada", follows=accounts(follow), **facts))


def test_two_processes_that_collect_the_same_creator_pay_once(service):
    ada(service, follow=60)

    def slow(_) -> bool:
        time.sleep(3)  # longer than the programs' start takes
        return False

    for _ in range(2):
        service.fail(PROFILE, slow)
    command = [sys.executable, str(CHECKOUT / "scripts/collect_creators.py"), *options(service, "--timeout-s=30")]
    environment = {**os.environ, "HIKERAPI_TOKEN": TOKEN}
    places = [f"--manifest=results/{name}/0.parquet" for name in ("one", "other")]
    jobs = [subprocess.Popen([*command, place], env=environment) for place in places]
    assert [job.wait(120) for job in jobs] == [0, 0]
    asked = [(path, tuple(sorted(params.items()))) for path, params, _ in service.calls if path.startswith("/v2")]
    assert len(asked) == len(set(asked)) >= 4
    one, other = (read_manifest(Path(f"results/{name}/0.parquet")) for name in ("one", "other"))
    assert [row.sha256 for row in one if row.reel_id is None] == [row.sha256 for row in other if row.reel_id is None]
    assert not list((RAW / "ledger/claims").iterdir())


def test_profile_reels_follows_and_picture(service):
    listed("Ada", "bob")
    service.add(Person(77, "ada", follows=[(78, "bob"), *accounts(59)]), reels=30)
    service.add(Person(78, "bob", follows=[(77, "ada")]), reels=3)
    rows = collect(service, "--latest=20", "--reels-per-creator=5")
    assert {row.state for row in rows.values()} == {"ok"}
    assert creators()["ada"]["creator_id"] == "77"
    assert creators()["ada"]["followers"] == 20_000
    assert creators()["ada"]["follows_status"] == "complete"
    assert len(follows()) == 61
    assert ("78", "ada") in follows()
    reels = [row for row in read_manifest(MANIFEST) if row.creator_id == "77" and row.reel_id]
    chosen = {row.reel_id for row in reels if row.state == "ok"}
    latest = sorted(service.people["ada"].reels, key=lambda reel: -reel["taken_at"])[:24][:20]
    assert chosen == {str(reel["pk"]) for reel in sorted(latest, key=lambda reel: -reel["plays"])[:5]}
    assert {row.reason for row in reels if row.state != "ok"} == {"not_selected"}
    facts = json.loads(reels[0].file().read_text()) if reels[0].path else None
    assert facts is None or facts["video_url"].startswith(service.url)
    assert Path(rows["77"].path).read_bytes().startswith(b"\xff\xd8\xff")
    # two profiles; 2 pages of reels hold 20; 3 pages of 25 follows, and one of each for bob
    assert [service.count(path) for path in (PROFILE, CLIPS, FOLLOWING)] == [2, 3, 4]


def test_the_second_run_makes_no_call_and_needs_no_token(service, monkeypatch):
    listed(*cohort(service, size=6, follows=40))
    collect(service)
    first, calls = outputs(), len(service.calls)
    monkeypatch.delenv("HIKERAPI_TOKEN")
    collect(service)
    assert len(service.calls) == calls
    assert outputs() == first


def test_a_new_snapshot_collects_afresh_beside_the_old_one(service):
    ada(service)
    collect(service)
    calls = len(service.calls)
    service.people["ada"].followers = 30_000
    collect(service, snapshot="2026-12-24")
    assert len(service.calls) == 2 * calls
    assert creators()["ada"]["followers"] == 30_000
    collect(service)
    assert creators()["ada"]["followers"] == 20_000


@pytest.mark.parametrize(
    ("followers", "follow", "reason"), [(9_999, 5, "below_min_followers"), (10_000, 1_002, "above_max_following")]
)
def test_a_policy_excludes_with_a_reason_before_anything_else_is_paid(service, followers, follow, reason):
    ada(service, follow=follow, followers=followers)
    row = collect(service, "--min-followers=10000", "--max-following=1001")["77"]
    assert (row.state, row.reason) == ("skipped", reason)
    assert len(service.calls) == 1


def later(handler) -> bool:
    """Retry-After as a date, two seconds from the answer on."""
    return says(429, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True))(handler)


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (says(429, Retry_After="1"), 0.9),
        (later, 0.5),
        (says(500), 0),
        (says(503, Retry_After="1"), 0.9),
        (breaks_off(), 0),
    ],
    ids=["429 with seconds", "429 with a date", "500", "503 with seconds", "reset mid-body"],
)  # fmt: skip
def test_what_passes_is_asked_again(service, fault, waits):
    ada(service)
    service.fail(PROFILE, fault)
    start = time.monotonic()
    row = collect(service)["77"]
    assert (row.state, row.reason) == ("ok", None)
    assert time.monotonic() - start >= waits
    assert creators()["ada"]["follows_status"] == "complete"


def test_a_service_that_asks_for_too_long_a_wait_is_not_waited_for(service):
    ada(service)
    service.fail(PROFILE, says(429, Retry_After="4000"))
    start = time.monotonic()
    assert collect(service)["ada"].reason == "throttled"
    assert time.monotonic() - start < 60, "4,000 s were asked for"
    assert service.count(PROFILE) == 1


@pytest.mark.parametrize(
    ("path", "fault", "state", "reason", "calls"),
    [
        (PROFILE, says(401), "failed", "unauthorized", 1),
        (PROFILE, says(402), "failed", "balance", 1),
        (PROFILE, says(403, {"detail": "Private account", "exc_type": "PrivateAccount"}), "failed", "private", 1),
        (PROFILE, says(404, {"detail": "no", "exc_type": "UserNotFound"}), "failed", "not_found", 1),
        (PROFILE, says(404, {"detail": "Not Found"}), "failed", "changed_format", 1),
        (PROFILE, says(422), "failed", "changed_format", 1),
        (PROFILE, html(), "failed", "changed_format", 1),
        (PROFILE, breaks_off(content_length=False), "failed", "changed_format", 1),
        (PROFILE, says(200, {"user": {"pk": 77, "username": "ada"}}), "failed", "changed_format", 1),
        (PROFILE, says(200, {"detail": "soon"}), "failed", "changed_format", 1),
        (PROFILE, redirects("http://elsewhere.invalid/"), "failed", "changed_format", 1),
        (CLIPS, says(200, {"response": {"items": []}}), "failed", "changed_format", 2),
        (CLIPS, says(402), "failed", "balance", 2),
        (FOLLOWING, says(200, {"response": {}, "next_page_id": None}), "failed", "changed_format", 3),
        (FOLLOWING, says(200, {"response": {"users": []}}), "failed", "changed_format", 3),
        (FOLLOWING, says(402), "ok", "follows_partial", 3),
    ],
)  # fmt: skip
def test_every_refusal_has_its_reason_and_its_calls(service, path, fault, state, reason, calls):
    ada(service)
    service.fail(path, fault)
    (row,) = collect(service, "--attempts=1").values()
    assert (row.state, row.reason) == (state, reason), row.detail
    made = len([called for called, _, _ in service.calls if called.startswith("/v2")])
    assert made == calls
    if reason == "changed_format":
        kept = (RAW / "ada.jsonl").read_text()
        assert json.loads(kept.splitlines()[-1])["endpoint"] == path, "the raw answer is kept"


def test_an_unexpected_answer_is_asked_for_anew_when_the_batch_is_made_again(service):
    ada(service)
    service.fail(FOLLOWING, passes, says(200, {"unexpected": True}))
    assert collect(service)["77"].reason == "changed_format"
    assert collect(service)["77"].state == "ok"
    assert creators()["ada"]["follows_status"] == "complete"
    assert service.count(FOLLOWING) == 4  # three pages, one of them twice


def test_an_account_that_is_not_there_is_paid_once(service):
    listed("nobody")
    assert collect(service)["nobody"].reason == "not_found"
    assert collect(service)["nobody"].reason == "not_found"
    assert len(service.calls) == 1


def test_a_private_account_is_reported_and_nothing_more_is_paid(service):
    ada(service, private=True)
    assert collect(service)["77"].reason == "private"
    assert len(service.calls) == 1


def test_a_renamed_account_is_reported(service):
    ada(service)
    collect(service)
    service.rename("ada", "ada.new")
    row = collect(service, snapshot="2026-12-24")["77"]
    assert row.state == "ok"
    assert "renamed" in row.detail
    assert creators()["ada.new"]["creator_id"] == "77"


def test_a_reel_made_together_is_a_reel_of_each(service):
    listed("ada", "bob")
    shared = {"pk": 5_000_001, "plays": 9, "taken_at": 1_700_000_000}
    service.add(Person(77, "ada", reels=[shared]))
    service.add(Person(78, "bob", reels=[{**shared, "owner": 77}]))
    collect(service)
    reels = {row.creator_id: row.reel_id for row in read_manifest(MANIFEST) if row.reel_id}
    assert reels == {"77": "5000001", "78": "5000001_78"}


def test_a_slow_drip_ends(service):
    ada(service)
    service.fail(PROFILE, drips(60))
    start = time.monotonic()
    assert collect(service, "--timeout-s=0.5", "--attempts=1")["ada"].reason == "timeout"
    assert time.monotonic() - start < 40, "the drip takes 60 s"


def test_a_partial_list_is_marked_and_resumes_at_its_cursor(service):
    ada(service, follow=100)
    service.fail(FOLLOWING, passes, passes, *[says(503)] * 2)
    row = collect(service, "--attempts=2", "--max-wait-s=0.1")["77"]
    assert (row.state, row.reason) == ("ok", "follows_partial")
    assert creators()["ada"]["follows_status"] == "partial"
    assert creators()["ada"]["follows_listed"] == 50
    collect(service)
    assert creators()["ada"]["follows_status"] == "complete"
    asked = [(params["page_id"], status) for path, params, status in service.calls if path == FOLLOWING]
    assert asked == [("", 200), ("25", 200), ("50", 503), ("50", 503), ("50", 200), ("75", 200)]


def page(users: list[tuple[int, str]], cursor: str | None):
    return says(
        200, {"response": {"users": [{"pk": pk, "username": name} for pk, name in users]}, "next_page_id": cursor}
    )


def test_an_empty_page_is_not_the_last(service):
    ada(service, follow=30)
    service.fail(FOLLOWING, page(accounts(10), "a"), page([], "b"), page(accounts(30)[10:], None))
    collect(service)
    assert len(follows()) == 30
    assert creators()["ada"]["follows_status"] == "complete"


def test_repeated_and_overlapping_pages_count_once(service):
    ada(service, follow=30)
    service.fail(FOLLOWING, page(accounts(20), "a"), page(accounts(20), "b"), page(accounts(30)[15:], None))
    collect(service)
    assert len(follows()) == 30
    assert creators()["ada"]["follows_status"] == "complete"


@pytest.mark.parametrize(
    ("pages", "calls"),
    [
        ([page(accounts(20), "a"), page(accounts(20), "a"), page(accounts(20), "a")], 2),
        ([page(accounts(20), f"cursor {number}") for number in range(50)], 6),
        ([page(accounts(20), "0"), *[page([], f"cursor {number}") for number in range(50)]], 6),
        ([page(accounts(1, start=number), f"cursor {number}") for number in range(50)], 12),
    ],
    ids=["repeated cursor", "the same page for ever", "empty pages for ever", "new pages for ever"],
)
def test_a_list_without_end_is_bounded_and_partial(service, pages, calls):
    ada(service, follow=30)
    service.fail(FOLLOWING, *pages)
    row = collect(service, "--max-pages=12")["77"]
    assert row.reason == "follows_partial"
    assert creators()["ada"]["follows_status"] == "partial"
    assert service.count(FOLLOWING) == calls


def test_a_list_that_ends_early_is_partial(service):
    ada(service, follow=40, following_count=400)
    row = collect(service)["77"]
    assert row.reason == "follows_partial"
    assert "40 of 400" in row.detail


def test_ten_thousand_followings(service):
    ada(service, follow=10_000)
    collect(service)
    assert len(follows()) == 10_000
    assert service.count(FOLLOWING) == 400


def test_the_budget_stops_cleanly_and_more_of_it_goes_on(service):
    listed(*cohort(service, size=4, follows=100))
    rows = collect(service, "--max-calls=10", "--connections=2")
    assert len(service.calls) - service.count("/cdn/") >= 10
    spent = sum(path.startswith("/v2") for path, _, _ in service.calls)
    assert spent == 10
    assert {row.reason for row in rows.values()} <= {None, "budget", "follows_partial"}
    assert {"budget"} & {row.reason for row in rows.values()} or {"follows_partial"} & {
        row.reason for row in rows.values()
    }
    rows = collect(service)
    assert {(row.state, row.reason) for row in rows.values()} == {("ok", None)}
    whole = sum(path.startswith("/v2") for path, _, _ in service.calls)
    assert whole == 4 * (1 + 1 + 4), "no page was paid twice"


def test_without_a_network_nothing_is_counted(service):
    ada(service)
    service.close()
    assert collect(service, "--attempts=2", "--max-wait-s=0.1")["ada"].reason == "unavailable"
    assert sum(line["calls"] for line in read_lines(RAW / "ledger/calls.jsonl")) == 0


def test_without_token_nothing_is_asked(service, monkeypatch):
    ada(service)
    monkeypatch.delenv("HIKERAPI_TOKEN")
    assert collect(service)["ada"].reason == "no_credentials"
    assert not service.calls
    Path(".env").write_text(f'HIKERAPI_TOKEN="{TOKEN}"\n')
    assert collect(service)["77"].state == "ok"


def test_a_refused_token_is_tried_once(service, monkeypatch):
    listed(*cohort(service, size=8, follows=10))
    monkeypatch.setenv("HIKERAPI_TOKEN", "wrong")
    rows = collect(service, "--connections=1")
    assert {row.reason for row in rows.values()} == {"unauthorized"}
    assert len(service.calls) == 1


def test_the_token_goes_nowhere_else(service):
    ada(service)
    service.fail(CLIPS, redirects(f"{service.url}/cdn/1.mp4"))
    collect(service)
    assert service.tokens_elsewhere == []
    for path in Path().rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path


def test_killed_at_random_moments_nothing_is_paid_twice(service, tmp_path):
    handles = cohort(service, size=12, follows=60)
    listed(*handles)
    collect(service)
    undisturbed, whole = outputs(), sum(path.startswith("/v2") for path, _, _ in service.calls)
    subprocess.run(["rm", "-rf", "results", "data"], check=True)
    service.calls.clear()
    draw = random.Random(7)
    program = [sys.executable, str(CHECKOUT / "scripts/collect_creators.py"), *options(service, "--connections=1")]
    kills = 0
    for _ in range(20):
        before = len(service.calls)
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            while len(service.calls) == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.05))
            kills += process.poll() is None
            os.kill(process.pid, signal.SIGKILL) if process.poll() is None else None
        if process.returncode == 0:
            break
    collect(service)
    assert kills >= 3
    assert outputs() == undisturbed
    paid = [(path, tuple(sorted(params.items()))) for path, params, _ in service.calls if path.startswith("/v2")]
    assert whole <= len(paid) <= whole + kills, "at most the call in flight was paid again"
    assert len(set(paid)) == whole


def profile_of(service: Service, **changes) -> dict:
    """An answer about ada with other values."""
    user = {"pk": 77, "username": "ada", "follower_count": 20_000, "following_count": 0, "is_private": False}
    return {"user": {**user, **changes}, "status": "ok"}


def test_a_403_that_does_not_say_private_is_an_error_to_report(service):
    ada(service)
    service.fail(PROFILE, says(403, {"detail": "Your plan has no access", "exc_type": "PermissionDenied"}))
    assert collect(service)["ada"].reason == "changed_format"
    assert collect(service)["77"].state == "ok"


def test_an_odd_answer_by_id_does_not_make_a_renamed_account_unknown(service):
    ada(service)
    collect(service)
    service.rename("ada", "ada.new")
    service.fail("/v2/user/by/id", html())
    assert collect(service, snapshot="2026-12-24")["ada"].reason == "changed_format"
    assert "renamed" in collect(service, snapshot="2026-12-24")["77"].detail


def test_a_handle_that_another_account_took_over_is_said(service):
    ada(service)
    collect(service)
    service.add(Person(990, "ada"))
    assert "another account" in collect(service, snapshot="2026-12-24")["990"].detail


def test_a_partial_list_is_taken_up_also_without_reels(service):
    listed("ada")
    service.people["ada"] = service.by_pk[77] = Person(77, "ada", follows=accounts(60))
    service.fail(FOLLOWING, passes, says(503))
    assert collect(service, "--attempts=1")["77"].reason == "follows_partial"
    assert collect(service)["77"].reason == "no_reels"
    assert len(follows()) == 60


def test_pinned_reels_do_not_count_as_latest(service):
    old = [{"pk": number, "plays": 10**6, "taken_at": 1_500_000_000} for number in (500, 501, 502)]
    new = [{"pk": 600 + number, "plays": number, "taken_at": 1_700_000_000 - number} for number in range(20)]
    ada(service, reels=[*old, *new])
    collect(service, "--latest=12", "--reels-per-creator=12")
    chosen = {row.reel_id for row in read_manifest(MANIFEST) if row.reel_id and row.state == "ok"}
    assert chosen == {str(600 + number) for number in range(12)}


def test_an_account_called_calls(service):
    listed("calls", "ledger", "avatars")
    for number, handle in enumerate(("calls", "ledger", "avatars")):
        service.add(Person(70 + number, handle))
    for _ in range(2):
        assert {row.state for row in collect(service).values()} == {"ok"}


def test_one_account_under_two_handles_is_refused(service):
    ada(service)
    listed("ada", "ada.old")
    service.people["ada.old"] = service.people["ada"]
    with pytest.raises(UserError, match="listed more than once: creator 77"):
        collect(service)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"biography": "half an emoji \ud83d", "full_name": "\udc00"}, None),
        ({"follower_count": 10**30}, "changed_format"),
        ({"follower_count": "12"}, "changed_format"),
        ({"username": ""}, "changed_format"),
    ],
)
def test_odd_values_neither_crash_nor_pass(service, changes, reason):
    ada(service)
    service.fail(PROFILE, says(200, profile_of(service, **changes)))
    (row,) = collect(service).values()
    assert row.reason == reason


def test_a_torn_ledger_still_counts(service):
    ada(service)
    collect(service)
    with (RAW / "ledger/calls.jsonl").open("a") as file:
        file.write('{"time": "2026-\n')
    assert collect(service)["77"].state == "ok"


@pytest.mark.parametrize("token", ["pasted\u2026", "two\nlines"])
def test_a_token_that_cannot_be_one_is_not_sent(service, monkeypatch, token):
    ada(service)
    monkeypatch.setenv("HIKERAPI_TOKEN", token)
    assert collect(service)["ada"].reason == "unauthorized"
    assert not service.calls


def test_a_service_that_asks_for_hours_is_asked_once(service):
    listed(*cohort(service, size=12, follows=5))
    service.fail(PROFILE, *[says(429, Retry_After="9999")] * 12)
    rows = collect(service, "--connections=1")
    assert {row.reason for row in rows.values()} == {"throttled"}
    assert len(service.calls) == 1


def everything_kept() -> str:
    return "".join(
        f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in Path().rglob("*") if path.is_file()
    )


def test_answers_are_kept_without_people_who_opted_out(service: Service) -> None:
    Tombstones().add(["gone_person", GONE], ["60000123"])  # as a purge does
    listed("ada")
    ada = service.add(Person(77, "ada", follows=[*accounts(30), (60000123, "gone_person"), *accounts(20, 70_000)]))
    ada.reels[0]["caption"] = "with @Gone_Person, https://www.instagram.com/gone_person/ 60000123, not @gone_persons!"
    rows = collect(service)
    assert rows["77"].state == "ok"
    assert rows["77"].reason is None, "the list is complete, with somebody without a name in it"
    kept = everything_kept().lower()
    assert "60000123" not in kept
    assert not re.search(r"gone_person\b", kept)
    assert "@gone_persons" in kept
    assert len(follows()) == 50
    assert creators()["ada"]["follows_listed"] == 51
    calls = len(service.calls)
    assert collect(service) == rows
    assert len(service.calls) == calls


def test_a_new_handle_of_somebody_who_opted_out_is_neither_kept_nor_asked_for_again(service: Service, caplog) -> None:
    Tombstones().add(["old_name"], ["60000123"], id_known=True)
    listed("ada", "brand_new_name")
    service.add(Person(77, "ada"))
    service.add(Person(60000123, "brand_new_name"))
    assert set(collect(service)) == {"77"}
    assert service.count(PROFILE) == 2
    assert "opted out" in caplog.text
    assert "brand_new_name" not in caplog.text
    Path("creators.csv").rename("../creators.csv")  # the researcher's own file names them
    kept = everything_kept()
    assert all(trace not in kept for trace in ("brand_new_name", "60000123", "Brand_New_Name"))
    Path("../creators.csv").rename("creators.csv")
    assert set(collect(service)) == {"77"}
    assert service.count(PROFILE) == 2, "from then on the handle is left out before anything is asked"


def test_a_profile_that_does_not_say_whether_it_is_private_is_no_unexpected_answer(service):
    ada(service)
    service.fail(PROFILE, says(200, profile_of(service, following_count=60, is_private=None)))
    assert collect(service)["77"].state == "ok"
    assert len(follows()) == 60


NOTHING = [None, [], {}, ""]


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("name", ["full_name", "biography", "profile_pic_url", "media_count"])
def test_optional_parts_of_a_profile_cost_nothing(service, name, nothing):
    ada(service)
    service.fail(PROFILE, says(200, profile_of(service, following_count=60, **{name: nothing})))
    assert collect(service)["77"].state == "ok"
    assert len(follows()) == 60
    assert service.count(PROFILE) == 1


def clips(*items):
    return says(200, {"response": {"items": list(items)}, "next_page_id": None})


def clip(number: int, **changes) -> dict:
    media = {
        "pk": number, "code": f"C{number}", "taken_at": 1_700_000_000 + number, "play_count": 9, "like_count": 5,
        "comment_count": 1,
        "video_url": "https://videos.example/v.mp4", "image_versions2": {"candidates": []}, "caption": {"text": "x"},
        "user": {"pk": "77"},
    }  # fmt: skip
    return {"media": media | changes}


def reels() -> dict[str, Row]:
    return {str(row.reel_id): row for row in read_manifest(MANIFEST) if row.reel_id}


def facts(reel: str) -> dict:
    return json.loads(reels()[reel].file().read_text())


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize(
    "name",
    ["code", "taken_at", "play_count", "like_count", "comment_count", "video_versions", "image_versions2", "caption",
     "user", "video_duration"],
)  # fmt: skip
def test_optional_parts_of_a_reel_cost_nothing(service, name, nothing):
    ada(service)
    without = clip(2)
    without["media"].pop(name, None)
    service.fail(CLIPS, clips(clip(1, **{name: nothing}), without))
    assert collect(service)["77"].state == "ok"
    assert {reel: (row.state, row.detail) for reel, row in reels().items()} == {"1": ("ok", None), "2": ("ok", None)}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (None, "entry: expected an object, found nothing"),
        ({}, "pk, id or code: expected one of them, found nothing"),
        ({"media": "x"}, "media: expected an object, found 'x'"),
        (clip(1, pk=None, code=None), "pk, id or code: expected one of them, found nothing"),
        ({"media": {"pk": 1}}, "media_type: expected 1, 2 or 8, found nothing"),
    ],
)
def test_one_bad_entry_of_a_page_loses_that_one_and_is_not_paid_for_again(service, entry, told):
    ada(service)
    service.fail(CLIPS, clips(clip(5), entry, clip(6)))
    for _ in range(2):
        assert collect(service)["77"].state == "ok"
        (failed,) = (row for row in reels().values() if row.state == "failed")
        assert (failed.reason, failed.detail) == ("changed_format", f"{CLIPS}: {told}")
        assert {"5", "6"} < reels().keys()
    assert service.count(CLIPS) == 1
    kept = [json.loads(line) for line in (RAW / "ada.jsonl").read_text().splitlines()]
    assert entry in [item for line in kept if line["endpoint"] == CLIPS for item in line["answer"]["response"]["items"]]


def test_a_value_of_another_type_is_left_out_and_the_row_says_so(service):
    ada(service)
    service.fail(CLIPS, clips(clip(1, like_count="12", taken_at=1_700_000_000_000, video_versions=[{"width": 1.5}])))
    collect(service)
    assert reels()["1"].detail == (
        "left out: taken_at: expected seconds since 1970, found 1700000000000; like_count: expected a count, found '12'"
    )
    assert "likes" not in facts("1")
    assert "taken_at" not in facts("1")


@pytest.mark.parametrize("taken_at", [int(time.time()) + 10 * 86_400, 86_400], ids=["in ten days", "in 1970"])
def test_a_time_that_no_reel_can_have_is_left_out(service, taken_at):
    ada(service)
    service.fail(CLIPS, clips(clip(1, taken_at=taken_at)))
    collect(service)
    assert f"taken_at: expected a time between 2010 and now, found {taken_at}" in str(reels()["1"].detail)
    assert "taken_at" not in facts("1")


def test_a_reel_that_is_liked_has_not_been_played_0_times(service):
    ada(service)
    service.fail(CLIPS, clips(clip(1, play_count=0, view_count=0, like_count=5), clip(2, play_count=0, like_count=0)))
    collect(service)
    assert not {"plays", "views"} & facts("1").keys()
    assert (facts("2")["plays"], facts("2")["likes"]) == (0, 0)


def test_hidden_counts_are_unknown(service):
    ada(service)
    made_up = clip(1, like_and_view_counts_disabled=True, like_count=3, play_count=0)
    service.fail(CLIPS, clips(made_up, clip(2, like_count=-1, play_count=-1, comment_count=-1)))
    collect(service)
    assert not {"likes", "plays", "views"} & facts("1").keys()
    assert not {"likes", "plays", "comments"} & facts("2").keys()


def test_a_reel_that_cannot_be_had_takes_nobodys_place(service):
    ada(service)
    gone = [clip(n, play_count=1000, video_url=None, media_type=2) for n in range(1, 4)]
    service.fail(CLIPS, clips(*gone, clip(4), clip(5, play_count=8)))
    collect(service, "--reels-per-creator=2")
    assert {reel: row.reason for reel, row in reels().items()} == dict.fromkeys("123", "no_link") | {
        "4": None,
        "5": None,
    }


@pytest.mark.parametrize("name", ["follower_count", "following_count"])
def test_hidden_counts_of_a_profile_are_unknown(service, name):
    ada(service)
    service.fail(PROFILE, says(200, profile_of(service, **{"following_count": 60, name: -1})))
    row = collect(service, "--min-followers=10000", "--max-following=1001")["77"]
    assert row.state == "ok"
    column = {"follower_count": "followers", "following_count": "following"}[name]
    assert creators()["ada"][column] is None
    if column == "following":
        assert creators()["ada"]["follows_status"] == "partial"
        assert "the profile does not say how many" in row.detail


def test_one_bad_entry_of_a_follow_list_loses_that_one(service):
    ada(service, following_count=5)
    users = [
        {"pk": 1, "username": "a"},
        None,
        {"username": "b"},
        {"pk": 3, "username": None},
        {"pk": "4", "username": 7},
    ]
    service.fail(FOLLOWING, says(200, {"response": {"users": users}, "next_page_id": None}))
    row = collect(service, "--min-follows-share=0.6")["77"]
    assert row.detail == "follow list: 2 entries could not be read"
    assert [handle for _, handle in follows()] == ["a", None, None]
    collect(service)
    assert service.count(FOLLOWING) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"user": ' + b"[" * 150 + b"]" * 150 + b"}", "nested more than 100 levels deep"),
        (b"[" * 8_000, "nested more than 100 levels deep"),
        (b'{"user": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b'{"user": "' + b"x" * 9000 + b'"}', "more than 8192 bytes"),
    ],
    ids=["deep", "very deep", "a number of thousands of digits", "large"],
)
def test_absurd_answers_are_kept_and_fail_with_a_reason(service, monkeypatch, content, told):
    monkeypatch.setattr("sources.hikerapi_client.MAX_ANSWER_BYTES", 8192)
    ada(service)
    service.fail(PROFILE, lambda handler: handler.send(200, content, {"Content-Type": "application/json"}))
    row = collect(service)["ada"]
    assert (row.state, row.reason) == ("failed", "changed_format")
    assert told in row.detail
    (kept,) = read_lines(RAW / "ada.jsonl")
    assert kept["text"] == content[:8192].decode()
    assert collect(service)["77"].state == "ok"


def test_profile_pictures_are_not_fetched_from_a_private_address(service):
    ada(service)
    collect_creators.main(
        collect_creators.parse([option for option in options(service) if option != "--allow-private"])
    )
    assert creators()["ada"]["followers"] == 20_000
    assert service.count("/cdn/77.jpg") == 0
