"""What to say at the end of a run of failures that may succeed on another try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from common.states import PASSING


def another_try(outcomes: Iterable[tuple[str | None, ...]]) -> str | None:
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
    return another_try(row for _, rows in read_columns(results, "reason", "reel_id") for row in rows)


def read_columns(results: Path, *columns: str) -> Iterator[tuple[Path, list[tuple[str | None, ...]]]]:
    """Each manifest of a study's results, by path, with these columns of its rows."""
    import pyarrow.parquet as pq  # jobs on a cluster parse the Snakefile as well, and most of them do not need it

    for path in sorted(path for path in results.glob("*/**/*.parquet") if path.stem.isdigit()):
        table = pq.read_table(path, columns=list(columns))
        yield path, list(zip(*(table[name].to_pylist() for name in columns), strict=True))
