"""check_coverage: every row of every manifest is counted; a study that lost too much is refused with the reasons."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from pathlib import Path

import pytest

from check_coverage import check_unique, count, main, parse, too_many
from common.another_try import left_to_retry
from common.manifest import Row, read_manifest, write_manifest
from common.named import Names
from common.parquet import TableError, build_table, read_table, write_table
from common.program import UserError
from common.tables import COVERAGE, CREATORS
from snakefile.again import outdated_errors, transient_failures

STAGES = ["creators", "audio", "embedding/text"]


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def reels(stage: str, *states: tuple[str, str | None]) -> list[Row]:
    return [Row(f"c{n % 3}", f"r{n:03}", stage, state, reason) for n, (state, reason) in enumerate(states)]


OK, GONE, SLOW, SILENT = ("ok", None), ("failed", "corrupt"), ("failed", "timeout"), ("skipped", "no_audio")


def write(rows: dict[str, list[Row]], batches: int = 2) -> None:
    for stage in STAGES:
        for batch in range(batches):
            write_manifest(rows.get(stage, [])[batch::batches], Path(f"results/{stage}/{batch}.parquet"))


def check(max_failed: float = 0.2, *options: str) -> None:
    main(parse([
        *options, "--stages", *STAGES, "--batches", "0", "1", f"--max-failed={max_failed}",
        "--status=results/tables/status.parquet", "--coverage=results/tables/coverage.parquet",
    ]))  # fmt: skip


def study() -> dict[str, list[Row]]:
    rows = {
        "creators": [
            *reels("creators", OK, OK, OK, OK, ("skipped", "not_selected")),
            Row("c9", None, "creators", "skipped", "no_reels"),
        ],
        "audio": reels("audio", OK, OK, SILENT, GONE),
        "embedding/text": reels("embedding", OK, OK, OK, ("failed", "no_input")),
    }
    rows["creators"].append(Row("c0", None, "creators", "ok"))
    return rows


def test_the_status_table_has_every_row_of_every_manifest():
    rows = study()
    write(rows)
    check(max_failed=0.5)
    found = read_manifest(Path("results/tables/status.parquet"))
    assert Counter(found) == Counter(row for stage in rows.values() for row in stage)


def test_the_coverage_table_counts_reels_and_creators():
    write(study())
    check(max_failed=0.5)
    found = read_table(Path("results/tables/coverage.parquet"), COVERAGE).to_pylist()
    counts = {(row["stage"], row["state"], row["reason"]): (row["reels"], row["creators"]) for row in found}
    assert counts == {
        ("creators", "ok", None): (4, 1),
        ("creators", "skipped", "not_selected"): (1, 1),
        ("creators", "skipped", "no_reels"): (0, 1),
        ("audio", "ok", None): (2, 2),
        ("audio", "skipped", "no_audio"): (1, 1),
        ("audio", "failed", "corrupt"): (1, 1),
        ("embedding", "ok", None): (3, 3),
        ("embedding", "failed", "no_input"): (1, 1),
    }


def test_creators_are_counted_once_however_many_reels_they_have():
    rows = [Row("ada", f"r{number}", "audio", "ok") for number in range(4)]
    (row,) = count([*rows, Row("bo", "r9", "audio", "ok")])
    assert (row["reels"], row["creators"]) == (5, 2)


def test_creators_of_reels_that_a_source_could_not_give_are_counted_and_nobody_is_not():
    rows = [
        Row("ada", None, "creators", "ok", "follows_partial"),
        Row("ada", "r1", "creators", "ok"),
        *(Row("ada", f"g{number}", "creators", "skipped", "missing_file", "x.mp4") for number in range(2)),
        Row("bo", "g3", "creators", "skipped", "missing_file", "x.mp4"),
        *(Row("?unknown", f"u{number}", "creators", "skipped", "passed_over", "y.mp4: loose") for number in range(4)),
    ]
    assert {(row["state"], row["reason"]): (row["reels"], row["creators"]) for row in count(rows)} == {
        ("ok", "follows_partial"): (0, 1),
        ("ok", None): (1, 0),
        ("skipped", "missing_file"): (3, 2),
        ("skipped", "passed_over"): (4, 0),
    }


def describe(creator: str, handle: str, reels: dict[str, str]) -> None:
    """What the stage `creators` leaves of a creator, with the file of each reel."""
    folder = Path("results/creators/0")
    write_table(build_table([{"creator_id": creator, "handle": handle}], CREATORS), folder / "creators.parquet")
    for reel, file in reels.items():
        facts = {"reel_id": reel, "creator_id": creator, "file": file}
        (folder / f"{reel}.json").write_text(json.dumps(facts), encoding="ascii")


def test_what_failed_or_was_skipped_is_named_by_handle_and_file(caplog):
    caplog.set_level(logging.INFO, "atlas")
    describe("77", "Ada.Loom", {"r1": "weaving day.mp4", "r2": "yarn.mov"})
    failed = [Row("77", reel, "audio", "failed", "corrupt", "no frames") for reel in ("r1", "r2")]
    unseen = Row("77", "r3", "creators", "skipped", "missing_file", "lost.mp4")
    after = [Row("77", reel, "embedding", "failed", "no_input", "audio: corrupt") for reel in ("r1", "r2")]
    write({"creators": [*(Row("77", reel, "creators", "ok") for reel in ("r1", "r2")), unseen], "audio": failed,
           "embedding/text": after})  # fmt: skip
    check(max_failed=1.0)
    assert "  Ada.Loom: weaving day.mp4 (reel r1): no frames\n" in caplog.text
    assert "  Ada.Loom: yarn.mov (reel r2): no frames\n" in caplog.text
    assert "creators, missing_file:\n  Ada.Loom: reel r3: lost.mp4\n" in caplog.text
    assert "no_input:\n" not in caplog.text, "the cause is named, not what follows from it"


def test_of_many_some_are_named_and_the_others_counted(caplog):
    caplog.set_level(logging.INFO, "atlas")
    write({"audio": reels("audio", *[GONE] * 8)})
    check(max_failed=1.0)
    assert "  and 5 more (results/tables/status.parquet has all)" in caplog.text


def test_a_reel_is_found_by_the_name_of_its_file():
    describe("ada", "ada", {"r1": "day.mp4", "r2": "night.mp4"})
    names = Names(Path("results/creators"))
    assert (names.reel_id("night.mp4"), names.reel_id("r1"), names.reel_id("nobody")) == ("r2", "r1", "nobody")
    Path("results/creators/1").mkdir()
    Path("results/creators/1/r9.json").write_text('{"reel_id": "r9", "creator_id": "bo", "file": "day.mp4"}')
    with pytest.raises(UserError, match=r"day\.mp4: 2 reels have a file of this name: r1 of ada, r9 of bo"):
        names.reel_id("day.mp4")


def test_a_file_that_was_not_taken_in_is_found_by_its_name_with_and_without_folders():
    describe("77", "Ada.Loom", {"r1": "day.mp4"})
    rows = [
        Row("77", "r1", "creators", "ok", path="results/creators/0/r1.json"),
        Row("77", "m1", "creators", "skipped", "missing_file", "gone: away.mp4"),
        Row("77", "p1", "creators", "skipped", "passed_over", "y.f137.mp4: an unmerged download; merge it"),
        Row("bo", "p2", "creators", "skipped", "passed_over", "sub/é.f137.mp4: a folder too deep"),
        Row("?unknown", "u1", "creators", "skipped", "passed_over", "loose.mp4: in no creator's folder"),
    ]
    write_manifest(rows, Path("results/creators/0.parquet"))
    Path("results/creators/0/notes of mine.json").write_text('["no reel"]')
    Path("results/creators/0/p2.json").write_text("{")
    names = Names(Path("results/creators"))
    for given, reel in {
        "gone: away.mp4": "m1", "Ada.Loom/gone: away.mp4": "m1", "y.f137.mp4": "p1", "videos/ada.loom/y.f137.mp4": "p1",
        "sub/e\u0301.f137.mp4": "p2", "bo/sub/é.f137.mp4": "p2", "loose.mp4": "u1", "videos/loose.mp4": "u1",
        "Ada.Loom/day.mp4": "r1", "bo/y.f137.mp4": "bo/y.f137.mp4", "away.mp4": "away.mp4", "f137.mp4": "f137.mp4",
    }.items():  # fmt: skip
        assert names.reel_id(given) == reel
    write_manifest(
        [Row("bo", "p3", "creators", "skipped", "missing_file", "y.f137.mp4")], Path("results/creators/1.parquet")
    )
    with pytest.raises(UserError, match=r"2 reels have a file of this name: p1 of 77, p3 of bo\. Give the id"):
        names.reel_id("y.f137.mp4")
    assert names.reel_id("bo/y.f137.mp4") == "p3"


def test_failures_that_may_succeed_on_another_try_are_counted_with_the_command(caplog):
    private = Row("c8", None, "creators", "failed", "private")
    partial = Row("c9", None, "creators", "ok", "follows_partial")
    write({"creators": [private, partial], "audio": reels("audio", SLOW, SLOW, GONE, OK)})
    check(max_failed=1.0)
    expected = (
        "These may succeed on another try: results of reels 2 (timeout: 2), creators 1 (follows_partial: 1). To take "
        "them up, give the same command again with the target `retry` (snakemake retry ...)"
    )
    assert expected in caplog.text
    assert left_to_retry(Path("results")) == expected
    write({"audio": reels("audio", GONE, OK)})
    assert left_to_retry(Path("results")) is None


def test_the_tables_do_not_depend_on_how_reels_are_spread():
    made = set()
    for number in range(3):
        rows = study()
        for stage in rows.values():
            random.Random(number).shuffle(stage)
        write(rows)
        check(max_failed=0.5)
        made.add(tuple(path.read_bytes() for path in sorted(Path("results/tables").iterdir())))
    assert len(made) == 1


def test_a_study_that_lost_too_much_is_refused_with_stage_share_and_remedy(caplog):
    caplog.set_level(logging.INFO, "atlas")
    write(study())
    with pytest.raises(UserError) as error:
        check(max_failed=0.2)
    message = str(error.value)
    assert message.startswith("too much failed: 1 of 4 (25%) in audio; 1 of 4 (25%) in embedding. ")
    assert "study.max_failed allows 20%" in message
    assert "snakemake retry" in message
    assert "the content cannot be decoded" in caplog.text
    assert not Path("results/tables").exists()


@pytest.mark.parametrize(
    ("failed", "total", "max_failed", "refused"),
    [
        (1, 4, 0.25, False),
        (2, 4, 0.25, True),
        (29, 100, 0.29, False),  # 0.29 * 100 is less than 29
        (57, 100, 0.57, False),
        (58, 100, 0.57, True),
        (1, 3, 1 / 3, False),
        (1, 1000, 0.0, True),
        (0, 5, 0.0, False),
        (5, 5, 1.0, False),
    ],
)
def test_the_share_is_exact(failed, total, max_failed, refused):
    rows = reels("audio", *[SLOW] * failed, *[OK] * (total - failed))
    assert too_many(rows, max_failed) == ([("audio", failed, total)] if refused else [])


def test_one_account_under_two_handles_is_refused():
    rows = [Row("c1", None, "creators", "ok"), Row("c2", None, "creators", "ok"), *reels("creators", OK, OK)]
    check_unique(rows)
    with pytest.raises(UserError, match="listed more than once: creator c1"):
        check_unique([*rows, Row("c1", None, "creators", "ok")])
    with pytest.raises(UserError, match="listed more than once: creator c3"):  # in the creators table all the same
        check_unique([*rows, *[Row("c3", None, "creators", "skipped", "no_reels")] * 2])


def test_skipped_reels_do_not_count():
    assert too_many(reels("audio", SILENT, SILENT, OK), 0.0) == []


def test_failed_creators_count_by_themselves():
    rows = [Row("c8", None, "creators", "ok"), Row("c9", None, "creators", "failed", "private"), *reels("creators", OK)]
    assert too_many(rows, 0.4) == [("creators (creators)", 1, 2)]
    assert too_many(rows, 0.5) == []


def test_one_bad_stage_is_enough_and_shares_are_over_all_batches():
    write({"audio": reels("audio", OK, GONE, OK, OK), "embedding/text": reels("embedding", *[OK] * 4)})
    check(max_failed=0.25)  # batch 1 alone has lost half
    with pytest.raises(UserError, match=r"1 of 4 \(25%\) in audio\. "):
        check(max_failed=0.24)


def test_a_study_without_reels_is_not_refused():
    write({"creators": [Row("ada", None, "creators", "skipped", "no_reels")]})
    check(max_failed=0.0)
    assert read_table(Path("results/tables/coverage.parquet"), COVERAGE).num_rows == 1


def test_a_missing_manifest_is_named():
    write(study())
    Path("results/audio/1.parquet").unlink()
    with pytest.raises(TableError, match=r"results/audio/1\.parquet: no such file"):
        check()


def test_what_the_source_leaves_out_is_repeated(caplog):
    caplog.set_level(logging.INFO, "atlas")
    write(study())
    notices = [
        {"text": "7 of 9 accounts are not in the study", "reason": "not_in_study", "creators": 7},
        {"text": "2 of 5 rows name no video", "reason": None, "creators": 0},
    ]
    check(0.5, f"--notices={json.dumps(notices)}")
    found = read_table(Path("results/tables/coverage.parquet"), COVERAGE).to_pylist()
    (row,) = (row for row in found if row["reason"] == "not_in_study")
    assert row == {"stage": "creators", "state": "skipped", "reason": "not_in_study", "reels": 0, "creators": 7}
    assert "source: 7 of 9 accounts are not in the study" in caplog.text
    assert "source: 2 of 5 rows name no video" in caplog.text


def test_only_manifests_with_such_failures_are_found_whatever_else_is_in_them(tmp_path):
    def manifest(name: str, *reasons: str | None) -> None:
        rows = [
            Row("ada", f"r{number}", "video", "failed" if reason else "ok", reason, producer="x 1 old")
            for number, reason in enumerate(reasons)
        ]
        write_manifest(rows, tmp_path / name)

    manifest("video/0.parquet", None, None)
    manifest("video/1.parquet", "corrupt", "expired", None)  # in the order of words, `error` lies between them
    manifest("video/2.parquet", "corrupt", "error", "truncated")
    manifest("video/3.parquet")
    manifest("embedding/image/4.parquet", "error", "timeout")
    manifest("video/5/6.parquet", "error", "timeout")  # no manifest: a file of a batch
    manifest("tables/status.parquet", "error")
    assert outdated_errors(tmp_path, "new") == [f"{tmp_path}/embedding/image/4.parquet", f"{tmp_path}/video/2.parquet"]
    assert outdated_errors(tmp_path, "old") == []
    assert transient_failures(tmp_path) == [
        f"{tmp_path}/{name}.parquet" for name in ("embedding/image/4", "video/1", "video/2")
    ]
