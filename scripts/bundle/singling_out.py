"""How many creators can be told from all others by what a bundle says of them: k-anonymity, measured (Sweeney 2002)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

Marks = dict[str, str]  # of each creator: what is said of her or him; equal where the same is said
STEPS = 3  # of follows around a creator that are looked at


@dataclass(frozen=True)
class SingledOut:
    """Creators of a bundle in groups of whom it says the same.

    Attributes:
        creators: how many there are.
        unique: how many are alone in their group.
        smallest: creators of the smallest group; 0: there are none.
        columns: how many a column alone singles out, by `table.column`, the most telling first; without columns that
            say the same of everybody.
    """

    creators: int
    unique: int
    smallest: int
    columns: dict[str, int]


def singled_out(tables: Mapping[str, pa.Table]) -> SingledOut:
    """Measure the tables of a bundle.

    Pseudonyms tell nothing. Of tables with several rows of a creator all rows together are compared, of follows the
    network around a creator.

    Args:
        tables: to be published, by name: creators, and of reels, status, coordinates, clusters, edges those there are.
    """
    creators = tables["creators"].column("creator_id").to_pylist()
    columns, whole = dict[str, Marks](), dict[str, Marks]()
    for name, table in sorted(tables.items()):
        if "creator_id" not in table.column_names:
            continue
        said = [column for column in table.column_names if column not in ("creator_id", "reel_id")]
        columns |= {f"{name}.{column}": _marks(table, [column]) for column in said}
        whole[name] = _marks(table, said)
    if "edges" in tables:
        columns["edges"] = whole["edges"] = _surroundings(tables["edges"], creators)
    sizes = Counter(tuple(marks.get(creator) for marks in whole.values()) for creator in creators)
    groups = {name: Counter(marks.get(creator) for creator in creators) for name, marks in columns.items()}
    alone = {name: list(group.values()).count(1) for name, group in groups.items() if len(group) > 1}
    return SingledOut(
        creators=len(creators),
        unique=list(sizes.values()).count(1),
        smallest=min(sizes.values(), default=0),
        columns=dict(sorted(alone.items(), key=lambda item: (-item[1], item[0]))),
    )


def _marks(table: pa.Table, columns: list[str]) -> Marks:
    rows = defaultdict[str, list[str]](list)
    for row in table.select(["creator_id", *columns]).to_pylist():
        rows[row.pop("creator_id")].append(repr(list(row.values())))
    return {creator: repr(sorted(said)) for creator, said in rows.items()}


def _surroundings(edges: pa.Table, creators: list[str]) -> Marks:
    """The network around each creator, a few steps far (Weisfeiler & Leman 1968); equal where it has the same shape."""
    follows, followed = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for source, target in zip(edges["source_id"].to_pylist(), edges["target_id"].to_pylist(), strict=True):
        follows[source].append(target)
        followed[target].append(source)
    marks: dict[str, Any] = dict.fromkeys(creators, 0)
    for _ in range(STEPS):
        seen = {
            one: (marks[one], *(tuple(sorted(marks[other] for other in side[one])) for side in (follows, followed)))
            for one in creators
        }
        numbers = {shape: number for number, shape in enumerate(sorted(set(seen.values())))}
        marks = {one: numbers[shape] for one, shape in seen.items()}
    return {one: str(mark) for one, mark in marks.items()}
