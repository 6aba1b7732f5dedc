"""Profiles of creators: which creators have one, checked, in an order that does not depend on the input's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from common.parquet import TableError
from common.tables import CREATORS

FloatArray = npt.NDArray[np.float64]

# Profiles are float32: differences below this share of their size are rounding, not structure.
ROUNDING = 1e-6
# What the programs read of the creators' table; everything else in it may be missing.
COLUMNS_NEEDED = ("creator_id", "profile")
OPTIONAL = tuple(name for name in CREATORS.names if name not in COLUMNS_NEEDED)


@dataclass(frozen=True)
class Profiles:
    """Creators that have a profile.

    Attributes:
        creator_ids: n ids, ascending.
        vectors: (n, d) float32, row i belongs to id i, all finite.
    """

    creator_ids: list[str]
    vectors: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.creator_ids)

    def distinct(self) -> int:
        """How many different profiles there are, rounding apart."""
        return len(self.groups()[0])

    def groups(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The creators whose profile nobody before them has, ascending, and for each creator the place of hers there.

        Returns:
            (d,) rows of different profiles, and (n,) numbers from 0 to d - 1. Rounding apart.
        """
        if not len(self):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        size = float(np.abs(self.vectors).max()) or 1.0
        rounded = np.round(self.vectors / (size * ROUNDING))
        _, first, group = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        return first[order], np.argsort(order)[group.reshape(-1)]


def profiles_of(creators: pa.Table) -> Profiles:
    """The profiles in a creators' table, sorted by creator_id.

    Args:
        creators: columns creator_id and profile; where there is a column n_embedded, creators with 0 are left out.

    Raises:
        TableError: an id twice, profiles of different lengths, or numbers that are not finite; names the creator.
    """
    kept = pc.is_valid(creators.column("profile"))
    if "n_embedded" in creators.column_names:
        kept = pc.and_(kept, pc.greater(pc.fill_null(creators.column("n_embedded"), 0), 0))
    table = creators.select(list(COLUMNS_NEEDED)).filter(kept).sort_by("creator_id").combine_chunks()
    creator_ids = table.column("creator_id").to_pylist()
    check_unique(creator_ids, "creators")
    if not creator_ids:
        return Profiles([], np.empty((0, 0), np.float32))
    lengths = pc.list_value_length(table.column("profile")).to_numpy()
    _check_lengths(creator_ids, lengths)
    values = pc.list_flatten(table.column("profile")).to_numpy()  # a null inside becomes NaN
    vectors = np.ascontiguousarray(values, np.float32).reshape(len(creator_ids), int(lengths[0]))
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if broken.size:
        raise TableError(
            f"profile of creator {creator_ids[broken[0]]}: has numbers that are not finite (NaN, infinite or missing)"
            f"{_and_others(broken.size - 1)}; make the creators' table again"
        )
    return Profiles(creator_ids, vectors)


def check_unique(creator_ids: list[str], name: str) -> None:
    """Raise TableError where an id is missing or stands twice in a sorted list of ids."""
    if None in creator_ids:
        raise TableError(f"{name}: a row without creator_id")
    for first, second in pairwise(creator_ids):
        if first == second:
            raise TableError(f"{name}: creator {first} has more than one row")


def _check_lengths(creator_ids: list[str], lengths: npt.NDArray[np.integer]) -> None:
    values, counts = np.unique(lengths, return_counts=True)
    usual = int(values[np.argmax(counts)])
    other = np.flatnonzero(lengths != usual)
    if other.size:
        raise TableError(
            f"profile of creator {creator_ids[other[0]]}: has {lengths[other[0]]} numbers, the others have {usual}"
            f"{_and_others(other.size - 1)}; were the embeddings made with different models?"
        )
    if usual == 0:
        raise TableError(f"profile of creator {creator_ids[0]}: is empty")


def _and_others(number: int) -> str:
    return f" (and {number} more)" if number else ""


def add_profiles(creators: list[dict[str, Any]], reels: list[dict[str, Any]], min_reels: int) -> None:
    """Give each creator the mean of the reels' unit embeddings, their mean cosine distance to it, and a mark.

    Args:
        creators: rows of the creators' table; changed in place.
        reels: rows of the reels' table.
        min_reels: creators with fewer embedded reels are marked.
    """
    vectors: dict[str, list[np.ndarray]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for reel in reels:
        counts[reel["creator_id"]] += 1
        if reel["embedding"] is not None:
            vectors[reel["creator_id"]].append(reel["embedding"])
    for creator in creators:
        own = vectors.get(creator["creator_id"], [])
        creator["n_reels"], creator["n_embedded"] = counts[creator["creator_id"]], len(own)
        creator["few_reels"] = len(own) < min_reels
        if own:
            stacked = np.stack(own).astype(np.float64)
            profile = stacked.mean(axis=0)
            creator["profile"] = profile.astype(np.float32)
            length = np.linalg.norm(profile)
            if len(own) > 1 and length > 0:  # one reel has no spread
                creator["profile_spread"] = float((1 - stacked @ profile / length).mean())
