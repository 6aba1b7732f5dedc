"""Tables of a study without what says who is in it.

What is kept back unless a study allows it, one by one: handles, names, captions, transcripts, links, descriptions,
embeddings of reels, and further columns of the creators' file. Ids become pseudonyms, numbers are rounded to two
digits, times to the month. Follows of accounts outside of the cohort are left out: those people
have no part in the study.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from bundle.pseudonyms import Pseudonyms
from common.tables import (
    CLUSTER_NAMES,
    CLUSTERS,
    COORDINATES,
    COVERAGE,
    CREATORS,
    EDGES,
    FOLLOWS,
    REELS,
    STATUS,
    build_table,
)

# Columns of the reels that are kept as they are: facts of a kind, texts of nobody.
ABOUT_REELS = (
    "caption_language", "audio_kind", "speech_language", "speech_share", "music_share",
    *(name for name in REELS.names if name.endswith("_producer")),
)  # fmt: skip
COUNTS = ("plays", "views", "likes", "comments")
# What an allowed item adds to the reels, as it is there.
ALLOWED_OF_REELS = {
    "captions": ("caption", "caption_en"),
    "transcripts": ("speech_text", "speech_en"),
    "links": ("url", "code"),
    "music": ("music_title", "music_artist", "music_genres", "music_score"),
    "descriptions": ("description_raw", "description"),
}
DIGITS = 2


def public_tables(
    tables: Mapping[str, pa.Table], allow: Collection[str], columns: Collection[str], pseudonyms: Pseudonyms
) -> dict[str, pa.Table]:
    """The tables of a bundle.

    Args:
        tables: of the study, by name: reels, creators, follows, edges, status, coverage.
        allow: what may be published besides (`publish.allow`).
        columns: further columns of the creators that may be published.
        pseudonyms: of creators and reels.
    """
    creators = [_creator(row, allow, columns, pseudonyms) for row in tables["creators"].to_pylist()]
    edges = [
        {name: pseudonyms.creator(row[name]) for name in EDGES.names}
        for row in tables["edges"].select(EDGES.names).to_pylist()
    ]
    follows = [edge | {"target_handle": None, "in_cohort": True} for edge in edges]
    if "handles" in allow:
        handles = {row["creator_id"]: row["handle"] for row in creators}
        follows = [follow | {"target_handle": handles[follow["target_id"]]} for follow in follows]
    status = [
        {
            "creator_id": pseudonyms.creator(row["creator_id"]),
            "reel_id": row["reel_id"] and pseudonyms.reel(row["reel_id"]),
            **{name: row[name] for name in ("stage", "state", "reason", "producer")},
        }  # no path, hash or detail: they name files, and may name people
        for row in tables["status"].to_pylist()
    ]
    return {
        "creators": build_table(creators, CREATORS, further=True),
        "reels": build_table([_reel(row, allow, pseudonyms) for row in tables["reels"].to_pylist()], REELS),
        "edges": build_table(edges, EDGES),
        "follows": build_table(follows, FOLLOWS),
        "status": build_table(status, STATUS),
        "coverage": tables["coverage"].select(COVERAGE.names),
    }


def _creator(
    row: Mapping[str, Any], allow: Collection[str], columns: Collection[str], pseudonyms: Pseudonyms
) -> dict[str, Any]:
    kept = {name: row[name] for name in ("follows_status", "n_reels", "n_embedded", "few_reels")}
    if row["profile"] is not None:
        kept["profile"] = coarse(row["profile"])
        kept["profile_spread"] = rounded(row["profile_spread"])
    return {
        "creator_id": pseudonyms.creator(row["creator_id"]),
        "handle": row["handle"] if "handles" in allow else None,
        "full_name": row["full_name"] if "names" in allow else None,
        "followers": rounded(row["followers"]),
        "following": rounded(row["following"]),
        **kept,
        **{name: row[name] for name in columns},
    }


def _reel(row: Mapping[str, Any], allow: Collection[str], pseudonyms: Pseudonyms) -> dict[str, Any]:
    kept = {name: row[name] for name in ABOUT_REELS}
    for item, names in ALLOWED_OF_REELS.items():
        if item in allow:
            kept |= {name: row[name] for name in names}
    if "embeddings" in allow and row["embedding"] is not None:
        kept["embedding"] = coarse(row["embedding"])
    return kept | {
        "reel_id": pseudonyms.reel(row["reel_id"]),
        "creator_id": pseudonyms.creator(row["creator_id"]),
        "taken_at": month(row["taken_at"]),
        "duration_s": None if row["duration_s"] is None else float(round(row["duration_s"])),
        **{name: rounded(row[name]) for name in COUNTS},
    }


def public_map(
    tables: Mapping[str, pa.Table], smallest: int, words: bool, pseudonyms: Pseudonyms
) -> tuple[dict[str, pa.Table], int]:
    """The map of a bundle, and how many clusters were suppressed.

    Creators of clusters with fewer members than `smallest` are in no cluster; the names of those clusters go, too.

    Args:
        tables: coordinates, clusters, cluster_names.
        smallest: members.
        words: clusters may be called by their words; else by their numbers.
        pseudonyms: of creators and reels.
    """
    clusters = tables["clusters"].to_pylist()
    sizes = Counter(row["cluster"] for row in clusters)
    small = {cluster for cluster, size in sizes.items() if cluster >= 0 and size < smallest}
    for row in clusters:
        row["creator_id"] = pseudonyms.creator(row["creator_id"])
        if row["cluster"] in small:
            row |= {"cluster": -1, "membership": 0.0}
    coordinates = [
        row | {"creator_id": pseudonyms.creator(row["creator_id"])} for row in tables["coordinates"].to_pylist()
    ]
    names = [
        row
        | {
            "medoid": row["medoid"] and pseudonyms.creator(row["medoid"]),
            "central_reels": [pseudonyms.reel(reel) for reel in row["central_reels"]],
        }
        | ({} if words else {"name": f"cluster {row['cluster']}", "words": [], "weights": [], "named_by": None})
        for row in tables["cluster_names"].to_pylist()
        if row["cluster"] not in small
    ]
    return {
        "coordinates": build_table(coordinates, COORDINATES),
        "clusters": build_table(clusters, CLUSTERS),
        "cluster_names": build_table(names, CLUSTER_NAMES),
    }, len(small)


def rounded(number: float | None) -> Any:
    """A number with two digits that count: 18,437 is 18,000; whole numbers stay whole."""
    if number is None or number == 0 or not math.isfinite(number):
        return number
    return type(number)(round(number, DIGITS - 1 - math.floor(math.log10(abs(number)))))


def month(time: datetime | None) -> datetime | None:
    """The beginning of the month."""
    return None if time is None else time.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def coarse(vector: list[float]) -> np.ndarray:
    """A vector with the precision of float16."""
    return np.asarray(vector, np.float16).astype(np.float32)
