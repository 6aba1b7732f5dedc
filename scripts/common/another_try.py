"""What to say at the end of a run of failures that may succeed on another try."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from common.states import TRANSIENT


def another_try(outcomes: Iterable[tuple[str | None, ...]]) -> str | None:
    """How many results may succeed on another try, and the command for it; None where there are none.

    Args:
        outcomes: reason and reel_id of each row of the manifests; a row without reel_id is about a creator.
    """
    reels: Counter[str] = Counter()
    creators: Counter[str] = Counter()
    for reason, reel_id in outcomes:
        if reason in TRANSIENT:
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
    """How many results may succeed on another try, and the command for it, from the manifests of a study."""
    return another_try(row for _, rows in read_failures(results, TRANSIENT, "reason", "reel_id") for row in rows)


def manifest_files(results: Path) -> list[Path]:
    """The manifests of all stages and batches in a study's results, sorted."""
    found = (path for where in ("*", "embedding/*") for path in results.glob(f"{where}/*.parquet"))
    return sorted(path for path in found if path.stem.isdigit())


def read_failures(
    results: Path, reasons: Collection[str], *columns: str
) -> Iterator[tuple[Path, list[tuple[str | None, ...]]]]:
    """The manifests of a study's results that have rows with one of these reasons, with columns of these rows.

    It is done each time a study is planned, which has thousands of manifests: folders of batches are not looked into,
    and what the statistics in a file rule out is not read.
    """
    import pyarrow as pa  # jobs on a cluster parse the Snakefile as well, and most of them do not need it
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    wanted = pa.array(sorted(reasons))
    for path in manifest_files(results):
        with pq.ParquetFile(path) as file:
            if not any(_may_have(file.metadata.row_group(group), reasons) for group in range(file.num_row_groups)):
                continue
            table = file.read(columns=sorted({"reason", *columns}))
        table = table.filter(pc.is_in(table["reason"], wanted))
        if table.num_rows:
            yield path, list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def _may_have(group: Any, reasons: Collection[str]) -> bool:
    """Whether a part of a manifest may have one of the reasons, as the statistics in its file say."""
    columns = [group.column(number) for number in range(group.num_columns)]
    found = next(column for column in columns if column.path_in_schema == "reason").statistics
    if found is None or not found.has_min_max:
        return found is None or found.null_count is None or found.null_count < group.num_rows
    return any(found.min <= reason <= found.max for reason in reasons)
