"""Tables of a study without what says who is in it.

Unless a study allows more, item by item (`publish.allow`), a bundle says of a creator a cluster and a band of followers
that at least `publish.k` creators share, under a pseudonym; it has no rows of reels and no follows. What is allowed
comes with numbers rounded to two digits and times as months. Follows of accounts outside of the cohort are never
published: those people have no part in the study.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.cluster_names import lemma, name_of, words_in
from bundle.bands import Band
from bundle.pseudonyms import Pseudonyms
from common.config import PublishSection
from common.parquet import build_table
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, COVERAGE, CREATORS, EDGES, FOLLOWS, REELS, STATUS

# Columns of the reels that are kept as they are: what made them, and facts of a kind, texts of nobody.
PRODUCERS = tuple(name for name in REELS.names if name.endswith("_producer"))
ABOUT_REELS = ("caption_language", "audio_kind", "speech_language", "speech_share", "music_share")
COUNTS = ("plays", "views", "likes", "comments")
# What an allowed item adds to the reels, as it is there.
ALLOWED_OF_REELS = {
    "captions": ("caption", "caption_en"),
    "transcripts": ("speech_text", "speech_en"),
    "links": ("url", "code"),
    "music": ("music_title", "music_artist", "music_genres", "music_score"),
    "descriptions": ("description_raw", "description"),
}
# Each of these brings the rows of the reels along, with pseudonyms and what made them.
WITH_REELS = {"profiles", "counts", "reels", "embeddings", *ALLOWED_OF_REELS}
# What says nothing of a single creator.
OF_NOBODY = {"words"}
DIGITS = 2


def is_open(allow: Collection[str]) -> bool:
    """Whether more may be published of single creators than the groups that they are in."""
    return bool(set(allow) - OF_NOBODY)


def smallest_group(settings: PublishSection) -> int:
    """Creators of the smallest cluster that is told of."""
    if settings.kind == "full":
        return 1
    return settings.smallest_cluster if is_open(settings.allow) else max(settings.smallest_cluster, settings.k)


def public_tables(
    tables: Mapping[str, pa.Table],
    settings: PublishSection,
    bands: Mapping[str, Band],
    pseudonyms: Pseudonyms,
) -> dict[str, pa.Table]:
    """The tables of a bundle: creators and coverage, and those that are allowed.

    Args:
        tables: of the study, by name: reels, creators, follows, edges, status, coverage.
        settings: what may be published.
        bands: of followers, of each creator who is published.
        pseudonyms: of creators and reels.
    """
    allow = settings.allow
    creators = [
        _creator(row, bands[row["creator_id"]], settings, pseudonyms)
        for row in tables["creators"].to_pylist()
        if row["creator_id"] in bands
    ]
    found = {"creators": build_table(creators, CREATORS, further=True), "coverage": tables["coverage"]}
    if "edges" in allow:
        handles = {row["creator_id"]: row["handle"] for row in creators}
        edges = [
            {name: pseudonyms.creator(row[name]) for name in EDGES.names}
            for row in tables["edges"].select(EDGES.names).to_pylist()
        ]
        follows = [edge | {"target_handle": handles[edge["target_id"]], "in_cohort": True} for edge in edges]
        found |= {"edges": build_table(edges, EDGES), "follows": build_table(follows, FOLLOWS)}
    if WITH_REELS & set(allow):
        reels = [_reel(row, allow, pseudonyms) for row in tables["reels"].to_pylist()]
        found |= {"reels": build_table(reels, REELS), "status": _status(tables["status"], pseudonyms)}
    else:
        found["coverage"] = coarse_coverage(tables["coverage"], settings.k)
    return found


def _status(status: pa.Table, pseudonyms: Pseudonyms) -> pa.Table:
    rows = [
        {
            "creator_id": pseudonyms.creator(row["creator_id"]),
            "reel_id": row["reel_id"] and pseudonyms.reel(row["reel_id"]),
            **{name: row[name] for name in ("stage", "state", "reason", "producer")},
        }  # no path, hash or detail: they name files, and may name people
        for row in status.to_pylist()
    ]
    return build_table(rows, STATUS)


def coarse_coverage(coverage: pa.Table, k: int) -> pa.Table:
    """Numbers of reels and of creators from 1 to k - 1 are not told (null)."""
    rows = coverage.select(COVERAGE.names).to_pylist()
    few = [{name: None for name in ("reels", "creators") if 0 < row[name] < k} for row in rows]
    return build_table([row | hidden for row, hidden in zip(rows, few, strict=True)], COVERAGE)


def _creator(row: Mapping[str, Any], band: Band, settings: PublishSection, pseudonyms: Pseudonyms) -> dict[str, Any]:
    allow = settings.allow
    kept: dict[str, Any] = dict(zip(("followers_from", "followers_to"), band, strict=True))
    if "counts" in allow:
        kept = {name: rounded(row[name]) for name in ("followers", "following")}
        kept |= {name: row[name] for name in ("n_reels", "n_embedded")}
    if "edges" in allow:
        kept["follows_status"] = row["follows_status"]
    if "profiles" in allow:
        kept |= {name: row[name] for name in ("n_reels", "n_embedded", "few_reels")}
        if row["profile"] is not None:
            kept |= {"profile": coarse(row["profile"]), "profile_spread": rounded(row["profile_spread"])}
    return {
        "creator_id": pseudonyms.creator(row["creator_id"]),
        "handle": row["handle"] if "handles" in allow else None,
        "full_name": row["full_name"] if "names" in allow else None,
        **kept,
        **{name: row[name] for name in settings.columns},
    }


def _reel(row: Mapping[str, Any], allow: Collection[str], pseudonyms: Pseudonyms) -> dict[str, Any]:
    kept = {name: row[name] for name in PRODUCERS}
    if "reels" in allow:
        kept |= {name: row[name] for name in ABOUT_REELS} | {"taken_at": month(row["taken_at"])}
        kept["duration_s"] = None if row["duration_s"] is None else float(round(row["duration_s"]))
    if "counts" in allow:
        kept |= {name: rounded(row[name]) for name in COUNTS}
    for item, names in ALLOWED_OF_REELS.items():
        if item in allow:
            kept |= {name: row[name] for name in names}
    if "embeddings" in allow and row["embedding"] is not None:
        kept["embedding"] = coarse(row["embedding"])
    return kept | {
        "reel_id": pseudonyms.reel(row["reel_id"]),
        "creator_id": pseudonyms.creator(row["creator_id"]),
    }


def without_small_clusters(clusters: pa.Table, names: pa.Table, smallest: int) -> tuple[pa.Table, pa.Table, int]:
    """Clusters and their names, and how many clusters were suppressed.

    Creators of clusters with fewer members than `smallest` are in no cluster; the names of those clusters go, too.

    Args:
        clusters: a row for each creator.
        names: a row for each cluster.
        smallest: members.
    """
    rows = clusters.to_pylist()
    sizes = Counter(row["cluster"] for row in rows)
    small = {cluster for cluster, size in sizes.items() if cluster >= 0 and size < smallest}
    kept = [row | ({"cluster": -1, "membership": 0.0} if row["cluster"] in small else {}) for row in rows]
    named = [row for row in names.to_pylist() if row["cluster"] not in small]
    return build_table(kept, CLUSTERS), build_table(named, CLUSTER_NAMES), len(small)


def shared_words(tables: Mapping[str, pa.Table], k: int) -> pa.Table:
    """The names of clusters, made of words that descriptions of at least k of their creators have.

    A word that fewer have, or a name that a language model read in some descriptions, may be a person's or a shop's.

    Args:
        tables: cluster_names, clusters, and reels with descriptions.
        k: creators.
    """
    cluster_of = dict(zip(*(tables["clusters"][name].to_pylist() for name in ("creator_id", "cluster")), strict=True))
    said = defaultdict[str, set[str]](set)
    for reel in tables["reels"].select(["creator_id", "description"]).to_pylist():
        said[reel["creator_id"]] |= words_in(reel["description"] or "").keys()
    users: Counter[Any] = Counter((cluster_of.get(creator), word) for creator, words in said.items() for word in words)
    rows = tables["cluster_names"].to_pylist()
    for row in rows:
        kept = [
            (word, weight)
            for word, weight in zip(row["words"], row["weights"], strict=True)
            if users[row["cluster"], lemma(word)] >= k
        ]
        row |= {"words": [word for word, _ in kept], "weights": [weight for _, weight in kept], "named_by": "words"}
        row["name"] = name_of(row["cluster"], row["words"])
    return build_table(rows, CLUSTER_NAMES)


def public_map(
    tables: Mapping[str, pa.Table], allow: Collection[str], published: Collection[str], pseudonyms: Pseudonyms
) -> dict[str, pa.Table]:
    """The clusters of a bundle and their names; with profiles, how sure each membership is, and the coordinates.

    Args:
        tables: coordinates, clusters, cluster_names; small clusters are suppressed.
        allow: what may be published (`publish.allow`).
        published: creators of the bundle.
        pseudonyms: of creators and reels.
    """
    profiles, words = "profiles" in allow, "words" in allow
    clusters = [
        ({} if not profiles else row) | {"creator_id": pseudonyms.creator(row["creator_id"]), "cluster": row["cluster"]}
        for row in tables["clusters"].to_pylist()
        if row["creator_id"] in published
    ]
    names = [
        row
        | {
            "medoid": pseudonyms.creator(row["medoid"]) if profiles and row["medoid"] else None,
            "central_reels": [pseudonyms.reel(reel) for reel in row["central_reels"]] if profiles else [],
        }
        | ({} if words else {"name": f"cluster {row['cluster']}", "words": [], "weights": [], "named_by": None})
        for row in tables["cluster_names"].to_pylist()
    ]
    found = {"clusters": build_table(clusters, CLUSTERS), "cluster_names": build_table(names, CLUSTER_NAMES)}
    if profiles:
        found["coordinates"] = build_table(
            [row | {"creator_id": pseudonyms.creator(row["creator_id"])} for row in tables["coordinates"].to_pylist()],
            COORDINATES,
        )
    return found


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
