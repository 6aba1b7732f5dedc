"""How far clusters repeat what is known of the creators anyway: a language, a city, having few reels, speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis.evidence import Study
from analysis.network import IntArray

# From here on what is said of clusters may be true of the category alone.
LARGELY = 0.5


def known_categories(study: Study, speech: IntArray | None = None) -> list[dict[str, Any]]:
    """Rows of the table of known categories.

    Creators in no cluster, and those whose category is unknown, are left out.

    Args:
        study: with clusters and categories.
        speech: (n,) 1 for creators most of whose reels have speech, 0 for others, -1 where unknown.
    """
    known: dict[str, IntArray] = dict(study.categories)
    if study.few_reels is not None:
        known["few reels"] = study.few_reels.astype(np.int64)
    if speech is not None:
        known["speech"] = speech
    return [_row(name, codes, study.clusters) for name, codes in _with_two_values(known).items()]


def category_warning(row: dict[str, Any]) -> str | None:
    """What to say wherever clusters are shown that largely repeat a known category; None where they do not.

    Args:
        row: of the table of known categories.
    """
    if not row["warning"]:
        return None
    return (
        f"These clusters largely repeat {row['column']} (adjusted Rand index {row['adjusted_rand']:.2f}, Cramér's V "
        f"{row['cramers_v']:.2f}): what is said of them may be true of it alone."
    )


def _with_two_values(known: Mapping[str, IntArray]) -> dict[str, IntArray]:
    return {name: codes for name, codes in known.items() if len(np.unique(codes[codes >= 0])) > 1}


def _row(name: str, codes: IntArray, clusters: IntArray) -> dict[str, Any]:
    from sklearn.metrics import adjusted_rand_score

    both = (codes >= 0) & (clusters >= 0)
    values, labels = codes[both], clusters[both]
    shared = len(np.unique(values)) > 1 and len(np.unique(labels)) > 1
    rand = float(adjusted_rand_score(values, labels)) if shared else None
    association = cramers_v(values, labels) if shared else None
    return {
        "column": name,
        "n_creators": int(both.sum()),
        "n_values": len(np.unique(values)),
        "adjusted_rand": rand,
        "cramers_v": association,
        "warning": max(rand or 0.0, association or 0.0) > LARGELY,
    }


def cramers_v(one: IntArray, other: IntArray) -> float:
    """Association of two categories, 0 to 1, corrected for chance (Bergsma 2013, J. Korean Stat. Soc. 42).

    Args:
        one: (n,) whole numbers, at least two different ones.
        other: (n,) likewise.
    """
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    number, (rows, columns) = len(one), table.shape
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / number
    squared = float(((table - expected) ** 2 / expected).sum()) / number
    corrected = max(0.0, squared - (rows - 1) * (columns - 1) / (number - 1))
    rows_left = rows - (rows - 1) ** 2 / (number - 1)
    columns_left = columns - (columns - 1) ** 2 / (number - 1)
    return float(np.sqrt(corrected / min(rows_left - 1, columns_left - 1))) if min(rows_left, columns_left) > 1 else 0.0
