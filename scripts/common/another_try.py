"""What to say at the end of a run of failures that may succeed on another try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from common.states import PASSING


def another_try(outcomes: Iterable[tuple[str | None, str | None]]) -> str | None:
    """How many results may succeed on another try, and the command for it; None where there are none.

    Args:
        outcomes: reason and reel_id of each row of the manifests; a row without reel_id is about a creator.
    """
    reels: Counter[str] = Counter()
    creators: Counter[str] = Counter()
    for reason, reel_id in outcomes:
        if reason in PASSING:
            (creators if reel_id is None else reels)[reason] += 1
    counted = [
        f"{what} {counts.total()} ({', '.join(f'{reason}: {number}' for reason, number in sorted(counts.items()))})"
        for what, counts in (("results of reels", reels), ("creators", creators))
        if counts
    ]
    if not counted:
        return None
    return (
        f"These may succeed on another try: {', '.join(counted)}. To take them up, give the same command again with "
        "the target `retry` (snakemake retry ...)"
    )


def left_to_retry(results: Path) -> str | None:
    """The same, from the manifests of a study's results."""
    import pyarrow.parquet as pq  # the Snakefile, which is parsed by every job, needs it at the end of a run only

    rows: list[tuple[str | None, str | None]] = []
    for path in results.glob("*/**/*.parquet"):
        if path.stem.isdigit():
            table = pq.read_table(path, columns=["reason", "reel_id"])
            rows += zip(table["reason"].to_pylist(), table["reel_id"].to_pylist(), strict=True)
    return another_try(rows)
