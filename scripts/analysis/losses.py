"""Whom a study lost: is the share of reels without an embedding the same in all clusters, languages, sizes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.homophily import permutation_p
from analysis.network import IntArray
from analysis.profiles import FloatArray
from analysis.streams import Stream, random_stream

TIED = 1e-9  # closer than this, two sums are the same
FOUR = ("first quarter", "second quarter", "third quarter", "fourth quarter")


def losses(
    reels: IntArray, lost: IntArray, groups: Mapping[str, Sequence[str | None]], draws: int, seed: int
) -> list[dict[str, Any]]:
    """Rows of the table of losses: one for each value of each column.

    Whether shares differ is tested by permuting the values among the creators (reels of one creator are lost together):
    the statistic is the sum over values of lost^2 / reels, which is larger the more the shares differ.

    Args:
        reels: (n,) reels of each creator.
        lost: (n,) those of them without an embedding.
        groups: n values by column; None: unknown.
        draws: permutations.
        seed: not negative.
    """
    rows = []
    for place, (column, values) in enumerate(groups.items()):
        known = np.array([value is not None for value in values], bool) & (reels > 0)
        names, codes = np.unique(
            [value for value, kept in zip(values, known, strict=True) if kept], return_inverse=True
        )
        all_reels, all_lost = reels[known], lost[known]
        p_value = None
        if len(names) > 1 and 0 < all_lost.sum() < all_reels.sum():
            generator = random_stream(seed, Stream.LOSSES, place)
            observed = _difference(codes, all_reels, all_lost)
            drawn = np.array([_difference(generator.permutation(codes), all_reels, all_lost) for _ in range(draws)])
            p_value = permutation_p(observed - TIED, drawn)
        for code, name in enumerate(names.tolist()):
            own = codes == code
            rows.append(
                {
                    "column": column,
                    "value": name,
                    "n_creators": int(own.sum()),
                    "n_reels": int(all_reels[own].sum()),
                    "n_lost": int(all_lost[own].sum()),
                    "share": float(all_lost[own].sum() / all_reels[own].sum()),
                    "p_value": p_value,
                }
            )
    return rows


def quarters(numbers: FloatArray) -> list[str | None]:
    """The quarter of the cohort that each creator is in by a number, the smallest first; None where it is unknown."""
    known = ~np.isnan(numbers)
    if not known.any():
        return [None] * len(numbers)
    ends = np.quantile(numbers[known], (0.25, 0.5, 0.75))
    places: npt.NDArray[np.int64] = np.searchsorted(ends, numbers)
    return [FOUR[place] if there else None for place, there in zip(places.tolist(), known.tolist(), strict=True)]


def _difference(codes: IntArray, reels: IntArray, lost: IntArray) -> float:
    return float((np.bincount(codes, lost) ** 2 / np.bincount(codes, reels)).sum())
