"""The study's three CSV files, and the planted truth in two more."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .cohort import Creator, Reel
from .network import follows_of


def write_study(folder: Path, creators: Sequence[Creator], cohort: tuple[Creator, ...]) -> None:
    """Write creators.csv, reels.csv and follows.csv for `creators`, who are all of `cohort` or some."""
    _write(
        folder / "creators.csv",
        ("handle", "full_name", "followers", "following", "region"),
        ((c.handle, c.full_name, c.followers, c.following, c.region) for c in creators),
    )
    _write(
        folder / "reels.csv",
        ("handle", "file", "reel_id", "caption", "taken_at", "plays", "likes", "comments", "url"),
        (
            (
                r.handle,
                r.file,
                r.reel_id,
                r.caption,
                f"{r.taken_at:%Y-%m-%dT%H:%M:%SZ}",
                r.plays,
                r.likes,
                r.comments,
                r.url,
            )
            for c in creators
            for r in c.reels
        ),
    )
    _write(folder / "follows.csv", ("source", "target"), (edge for c in creators for edge in follows_of(c, cohort)))


def write_truth(folder: Path, creators: Sequence[Creator], cuts: Mapping[tuple[str, str], list[float]]) -> None:
    """Write demo.csv and demo_reels.csv; `cuts` has the times in seconds by (handle, file)."""
    _write(folder / "demo.csv", ("handle", "aesthetic"), ((c.handle, c.aesthetic) for c in creators))
    _write(
        folder / "demo_reels.csv",
        ("handle", "file", "sound", "language", "text", "cuts"),
        (
            (r.handle, r.file, r.sound, r.language, r.text, ";".join(f"{cut:.3f}" for cut in cuts[r.handle, r.file]))
            for c in creators
            for r in c.reels
        ),
    )


def _reel_row(reel: Reel) -> tuple[object, ...]:
    taken_at = f"{reel.taken_at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        reel.handle,
        reel.file,
        reel.reel_id,
        reel.caption,
        taken_at,
        reel.plays,
        reel.likes,
        reel.comments,
        reel.url,
    )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
