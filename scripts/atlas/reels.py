"""Columns of creators that are made of their reels: the most frequent word, the median, the first and the last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.study_tables import as_numbers

MOST = {
    "caption_language": "language of the captions",
    "speech_language": "language of the speech",
    "audio_kind": "kind of sound",
}
MIDDLE = {
    "duration_s": "length of a reel (s)",
    "plays": "plays of a reel",
    "likes": "likes of a reel",
    "comments": "comments of a reel",
    "speech_share": "share of speech",
    "music_share": "share of music",
}
ENDS: dict[str, Callable[[Any], Any]] = {"first_reel": np.min, "last_reel": np.max}


def reel_columns(reels: pa.Table, of_creators: list[list[int]]) -> list[dict[str, Any]]:
    """Columns as the page reads them; one without any value is left out.

    Args:
        reels: the table.
        of_creators: for each creator rows of her or his reels.

    Returns:
        The most frequent language and kind of sound (of equally frequent ones the first in the alphabet), the median
        of numbers, and the times (seconds since 1970) of the first and the last reel.
    """
    found: list[tuple[str, str, str, list[Any]]] = []
    for name, label in MOST.items():
        words = reels.column(name).to_pylist()
        found.append((name, label, "category", [_most(words[row] for row in rows) for rows in of_creators]))
    for name, label in MIDDLE.items():
        values = as_numbers(reels.column(name))
        found.append((name, f"{label}, median", "number", [_of(np.median, values[rows]) for rows in of_creators]))
    times = as_numbers(reels.column("taken_at"))
    for name, end in ENDS.items():
        found.append((name, name.replace("_", " "), "time", [_of(end, times[rows]) for rows in of_creators]))
    return [
        {"key": f"reels_{name}", "label": label, "kind": kind, "values": values, "group": "reels"}
        for name, label, kind, values in found
        if any(value is not None for value in values)
    ]


def _most(words: Any) -> str | None:
    counts = Counter(word for word in words if word is not None)
    return min(counts, key=lambda word: (-counts[word], word)) if counts else None


def _of(summary: Callable[[Any], Any], values: Any) -> float | None:
    known = values[np.isfinite(values)]
    return float(f"{float(summary(known)):.10g}") if len(known) else None
