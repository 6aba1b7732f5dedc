"""Somebody who knows the numbers of public profiles, and looks for these people in a bundle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import binom

DRIFT = 0.03  # numbers have changed by about so much since the data were collected
NUMBERS = ("followers", "following", "n_reels", "plays", "likes", "comments")


def known_numbers(creators: pa.Table, reels: pa.Table, seed: int = 0) -> pd.DataFrame:
    """What anybody can look up: a row for each creator_id, with NUMBERS; those of reels are means."""
    of_reels = reels.to_pandas().groupby("creator_id")[["plays", "likes", "comments"]].mean()
    known = creators.select(["creator_id", "followers", "following", "n_reels"]).to_pandas().set_index("creator_id")
    known = known.join(of_reels)[list(NUMBERS)].astype(float)
    return known * np.random.default_rng(seed).normal(1, DRIFT, known.shape)


def linked(known: pd.DataFrame, tables: Mapping[str, pa.Table], seed: int = 0) -> dict[str, str]:
    """The row of a bundle that is nearest to what is known of each creator; among equally near ones any.

    Args:
        known: of `known_numbers`.
        tables: of the bundle.
        seed: of the choice.

    Returns:
        The creator_id of that row, by the creator_id of the known.
    """
    rows = tables["creators"].to_pandas().set_index("creator_id")
    if "reels" in tables:
        told = tables["reels"].to_pandas().groupby("creator_id")[["plays", "likes", "comments"]].mean()
        rows = rows.join(told)
    low = pd.DataFrame({name: rows.get(f"{name}_from", rows.get(name)) for name in NUMBERS}, rows.index, dtype=float)
    high = pd.DataFrame({name: rows.get(f"{name}_to", rows.get(name)) for name in NUMBERS}, rows.index, dtype=float)
    low, high = np.log1p(low), np.log1p(high)
    generator, found = np.random.default_rng(seed), {}
    for creator, numbers in known.iterrows():
        at = np.log1p(numbers)
        outside = np.maximum(np.maximum(low - at, at - high), 0).fillna(0).sum(axis=1)
        found[creator] = generator.choice(rows.index[outside == outside.min()])
    return found


def most_by_chance(creators: int, k: int) -> int:
    """Hits that somebody who guesses among k has in 999 of 1,000 cases at most."""
    return int(binom.isf(0.001, creators, 1 / k))
