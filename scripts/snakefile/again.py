"""What a run makes again although it is there: failures that another try may mend, errors of other code."""

from __future__ import annotations

from pathlib import Path

from common.another_try import read_failures
from common.states import TRANSIENT

UNFINISHED = b'content="unfinished"'  # in the head of the page (reporting/page.html)


def transient_failures(results: Path) -> list[str]:
    """Manifests with failures that may succeed on another try; `snakemake retry` makes them again."""
    return [path.as_posix() for path, _ in read_failures(results, TRANSIENT, "reason")]


def outdated_errors(results: Path, present: str) -> list[str]:
    """Manifests with an `error` that other code, another Python or other packages left; every run makes them again.

    Args:
        results: folder of the study's results.
        present: today's `installation`; the rows of errors end with theirs.
    """
    return [
        path.as_posix()
        for path, rows in read_failures(results, ["error"], "producer")
        if not all(str(producer).endswith(present) for (producer,) in rows)
    ]


def unfinished_page(results: Path) -> list[str]:
    """The page, where a run that did not finish left it; the next run makes it again."""
    page = results / "index.html"
    try:
        with page.open("rb") as file:
            return [page.as_posix()] if UNFINISHED in file.read(2000) else []
    except OSError:
        return []
