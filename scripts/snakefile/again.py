"""What a run makes again although it is there: failures that another try may mend, errors of other code, lost files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from common.another_try import read_failures
from common.manifest import read_manifest
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


def lost_files(manifests: Iterable[str]) -> list[str]:
    """Manifests of which the folder, or a file in it that they list, has been removed; every run makes them again.

    Removing a file changes the time of its folder, so manifests of all other folders need not be read.

    Args:
        manifests: of stages, each with its folder beside it.
    """
    return [path for path in manifests if _has_lost_files(Path(path))]


def _has_lost_files(manifest: Path) -> bool:
    try:
        written = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        return False
    try:
        changed = manifest.with_suffix("").stat().st_mtime_ns
    except FileNotFoundError:
        return True
    return changed > written and any(row.path and not Path(row.path).exists() for row in read_manifest(manifest))


def unfinished_page(results: Path) -> list[str]:
    """The page, where a run that did not finish left it; the next run makes it again."""
    page = results / "index.html"
    try:
        with page.open("rb") as file:
            return [page.as_posix()] if UNFINISHED in file.read(2000) else []
    except OSError:
        return []
