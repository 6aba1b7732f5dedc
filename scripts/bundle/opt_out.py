"""Tables without the people who opted out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from common.handles import normal_handle

OWNERS = {
    "creators": ["creator_id"],
    "reels": ["creator_id"],
    "status": ["creator_id"],
    "measures": ["creator_id"],
    "creator_measures": ["creator_id"],
    "follows": ["source_id", "target_id"],
    "edges": ["source_id", "target_id"],
    "coordinates": ["creator_id"],
    "clusters": ["creator_id"],
}


def without_opted_out(tables: Mapping[str, pa.Table], opted_out: Callable[[str, str], bool]) -> dict[str, pa.Table]:
    """The tables without some people: as creators, with their reels, and as followed accounts.

    Args:
        tables: by name; those of OWNERS are filtered, others are left as they are.
        opted_out: whether an account, by handle in its normal form and id, is of somebody who opted out.
    """
    known = [
        tables["creators"].select(["handle", "creator_id"]),
        tables["follows"].select(["target_handle", "target_id"]),
    ]
    gone = {
        identity
        for table in known
        for handle, identity in zip(*(column.to_pylist() for column in table.columns), strict=True)
        if handle and opted_out(normal_handle(handle), identity)
    }
    ids = pa.array(sorted(gone), pa.string())
    kept = dict(tables)
    for name in OWNERS.keys() & tables.keys():
        for column in OWNERS[name]:
            kept[name] = kept[name].filter(pc.invert(pc.is_in(kept[name].column(column), ids)))
    return kept
