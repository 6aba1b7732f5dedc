"""Join all manifests into the status table, count states and reasons, and refuse a study with too many failures."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.another_try import another_try
from common.files import read_lines
from common.manifest import Row, check_unique, read_manifest
from common.named import Names
from common.parquet import build_table, write_table
from common.program import UserError, log, parser, run
from common.states import FAILED, NOTED, SKIPPED
from common.tables import COVERAGE, STATUS
from sources.source import UNKNOWN

VERSION = "3"
EXAMPLES = 3  # reels or creators that are named for a reason


def main(arguments: argparse.Namespace) -> None:
    rows = [
        row
        for stage in arguments.stages
        for batch in arguments.batches
        for row in read_manifest(arguments.results / stage / f"{batch}.parquet")
    ]
    check_unique(rows)
    coverage = [*count(rows), *left_out(arguments.notices)]
    names = examples(rows, Names(arguments.results / "creators"))
    notices = [f"source: {notice['text']}" for notice in arguments.notices]
    log.info("coverage\n%s", "\n".join([as_text(coverage), *names, *notices]))
    if arguments.calls:
        spent = sum(line["calls"] for line in read_lines(arguments.calls))
        log.info("spent under this snapshot: %d calls (%s); see snakemake cost", spent, arguments.calls)
    hint = another_try([(row.reason, row.reel_id) for row in rows])
    if hint:
        log.warning("%s", hint)
    excess = too_many(rows, arguments.max_failed)
    if excess:
        shares = "; ".join(f"{failed} of {total} ({failed / total:.0%}) in {stage}" for stage, failed, total in excess)
        raise UserError(
            f"too much failed: {shares}. study.max_failed allows {arguments.max_failed:.0%} in each stage.\n"
            "The reasons stand above; for single reels: python scripts/why.py REEL. Mend the cause and run again "
            "(snakemake retry for failures that may succeed on another try), or raise study.max_failed if you accept "
            "the loss."
        )
    write_table(build_table([asdict(row) for row in rows], STATUS), arguments.status)
    write_table(build_table(coverage, COVERAGE), arguments.coverage)


def count(rows: list[Row]) -> list[dict[str, str | int | None]]:
    """How many reels and creators are in each state for each reason, by stage.

    Creators are counted once each: those who have such a reel, and in the stage `creators` those with the state
    themselves. There the own row of a creator says whether the creator is `ok`, and nobody (`?unknown`) is counted.
    """
    reels: Counter[tuple[str, str, str | None]] = Counter()
    creators: defaultdict[tuple[str, str, str | None], set[str]] = defaultdict(set)
    for row in rows:
        key = row.stage, row.state, row.reason
        reels[key] += row.reel_id is not None
        if row.creator_id != UNKNOWN and (row.reel_id is None or (row.stage, row.state) != ("creators", "ok")):
            creators[key].add(row.creator_id)
    return [
        {"stage": stage, "state": state, "reason": reason, "reels": reels[key], "creators": len(creators[key])}
        for key in sorted(reels, key=lambda key: tuple(part or "" for part in key))
        for stage, state, reason in [key]
    ]


def examples(rows: list[Row], names: Names) -> list[str]:
    """Lines that name some of what failed or was skipped, for each reason in the stage where it first came up."""
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    seen: set[tuple[str, str | None, str]] = set()
    for row in rows:
        # Later stages repeat what an earlier one said of a reel.
        if row.state == "ok" or row.reason == "no_input" or (row.creator_id, row.reel_id, str(row.reason)) in seen:
            continue
        seen.add((row.creator_id, row.reel_id, str(row.reason)))
        found[row.stage, str(row.reason)].append(row)
    lines = []
    for (stage, reason), concerned in found.items():
        lines.append(f"{stage}, {reason}:")
        lines += [f"  {names.of_row(row)}" for row in concerned[:EXAMPLES]]
        if len(concerned) > EXAMPLES:
            lines.append(f"  and {len(concerned) - EXAMPLES} more (results/tables/status.parquet has all)")
    return lines


def left_out(notices: list[dict[str, Any]]) -> list[dict[str, str | int | None]]:
    """The accounts that the source's tables name and the study has not, by reason (`sources.joins.Notice`)."""
    accounts: Counter[str] = Counter()
    for notice in notices:
        accounts[notice["reason"]] += notice["creators"]
    return [
        {"stage": "creators", "state": "skipped", "reason": reason, "reels": 0, "creators": number}
        for reason, number in accounts.items()
        if number
    ]


def as_text(coverage: list[dict[str, str | int | None]]) -> str:
    """The coverage table for people, in the order of the stages' work."""
    width = max([12, *(len(str(row["stage"])) for row in coverage)])
    lines = [f"{'stage':<{width}} {'state':<8} {'reels':>7} {'creators':>9}  reason"]
    for row in coverage:
        meaning = (NOTED | SKIPPED | FAILED).get(str(row["reason"]))
        reason = f"{row['reason']}: {meaning.meaning}" if meaning else ""
        counts = f"{row['reels']:>7} {row['creators']:>9}"
        lines.append(f"{row['stage']:<{width}} {row['state']:<8} {counts}  {reason}".rstrip())
    return "\n".join(lines)


def too_many(rows: list[Row], max_failed: float) -> list[tuple[str, int, int]]:
    """Stages with a larger share of failed reels than allowed: stage, failed, total."""
    total = Counter(_unit(row) for row in rows)
    failed = Counter(_unit(row) for row in rows if row.state == "failed")
    # Divided, not multiplied: 29 of 100 is exactly a share of 0.29, and 0.29 * 100 is a little less than 29.
    return [(stage, failed[stage], total[stage]) for stage in total if failed[stage] / total[stage] > max_failed]


def _unit(row: Row) -> str:
    return row.stage if row.reel_id is not None else f"{row.stage} (creators)"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--results", type=Path, default=Path("results"), help="folder of the stages [%(default)s]")
    options.add_argument("--calls", type=Path, help="where the calls to a paid service are counted")
    options.add_argument("--notices", type=json.loads, default=[], metavar="JSON", help="what the source leaves out")
    options.add_argument("--stages", nargs="+", required=True, help="folders of the stages")
    options.add_argument("--batches", nargs="+", required=True, help="numbers of the batches")
    options.add_argument("--max-failed", type=float, default=0.2, help="largest share of failed reels [%(default)s]")
    options.add_argument("--status", type=Path, required=True, help="status table to write")
    options.add_argument("--coverage", type=Path, required=True, help="coverage table to write")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
