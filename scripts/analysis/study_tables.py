"""A study for the tests, read from its tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from analysis.evidence import Reels, Study
from analysis.network import IntArray, Network, clusters_of, network_of, positions
from analysis.profiles import FloatArray, profiles_of
from common.parquet import TableError, read_table
from common.tables import CLUSTER_NAMES, CLUSTERS, CREATORS, EDGES, REELS

LANGUAGE = "language"
FIRST_STUDY = "inst2txt_"
# A text column of the creators' table says in which group a creator is, where it has this many different values.
FEWEST_GROUPS, MOST_GROUPS = 2, 20
REELS_NEEDED = ("reel_id", "creator_id", "embedding")
LANGUAGES = ("speech_language", "caption_language")


def read_study(
    creators_path: Path,
    edges_path: Path | None,
    clusters_path: Path,
    reels_given: Path | pa.Table | None = None,
    *,
    directed: bool = True,
    controls: list[str] | None = None,
) -> Study:
    """Read the tables that the tests look at.

    Args:
        creators_path: creator_id; profile, follows_status, followers, few_reels and categories where there are any.
        edges_path: columns source_id and target_id; None: without follows.
        clusters_path: columns creator_id and cluster; membership where it has it.
        reels_given: columns reel_id, creator_id and embedding: a path, or the table that `read_reels` gave.
        directed: whether edges have a direction.
        controls: own columns, of categories or numbers; None: those that look like categories, and the language.

    Raises:
        TableError: a table that cannot be used, or a column of `controls` that is not there.
    """
    creators = read_creators(creators_path).sort_by("creator_id")
    edges = EDGES.empty_table() if edges_path is None else read_table(edges_path, EDGES)
    network = network_of(creators, edges, directed)
    study = with_clusters(Study(network, np.full(network.n_creators, -1)), read_clusters(clusters_path))
    columns = {name: creators.column(name) for name in creators.column_names}
    reels = read_reels(reels_given) if isinstance(reels_given, Path) else reels_given
    return replace(
        study,
        profiles=profiles_in(creators, network),
        reels=None if reels is None else embedded_reels(reels, network),
        follows_status=columns["follows_status"].to_pylist() if "follows_status" in columns else [],
        few_reels=_flags(columns["few_reels"]) if "few_reels" in columns else None,
        followers=_followers(columns["followers"]) if "followers" in columns else None,
        categories=categories(creators, reels, controls),
        numbers=own_numbers(creators, controls or []),
    )


def read_creators(path: Path) -> pa.Table:
    """Creators, checked; any more than creator_id may be missing."""
    return read_table(path, CREATORS, [name for name in CREATORS.names if name != "creator_id"])


def read_clusters(path: Path) -> pa.Table:
    """Clusters, checked; any more than creator_id and cluster may be missing."""
    return read_table(path, CLUSTERS, ["membership", "outlier_score", "kmeans_cluster"])


def read_names(path: Path) -> dict[int, str]:
    """The clusters' names, by number."""
    return {row["cluster"]: row["name"] for row in read_table(path, CLUSTER_NAMES).to_pylist()}


def read_warning(path: Path) -> str | None:
    """What must be said beside the clusters wherever they are shown: that they change with the seed; None: nothing.

    Args:
        path: robustness.json.
    """
    warning: str | None = json.loads(path.read_text(encoding="utf-8"))["warning"]
    return warning


def read_existence(path: Path) -> str | None:
    """The p value of the test that there are clusters at all, in a sentence; None where it could not be made.

    Args:
        path: robustness.json.
    """
    found = json.loads(path.read_text(encoding="utf-8"))["clusters_exist"]
    if not found or found["p_value"] is None:
        return None
    return f"Clusters rather than one cloud: {found['verdict']} (p = {found['p_value']:.2g})."


def read_decided(path: Path) -> str | None:
    """What a search or the size of the cohort decided about its clusters, in sentences; None where neither did.

    Args:
        path: settings.json.
    """
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings["creators"] < settings["fewest_creators"]:
        return f"Clusters need at least {settings['fewest_creators']} creators."
    said = [f"Settings searched: the best of {settings['tried']}."] if settings["tried"] else []
    chosen = [f"{key} {value}" for key, value in settings["automatic"].items() if key != "kmeans"]
    said += [f"Chosen for this number of creators: {', '.join(chosen)}."] if chosen else []
    return " ".join(said) or None


def with_clusters(study: Study, clusters: pa.Table) -> Study:
    """The study with the clusters of a table: columns creator_id, cluster, and membership where it has it."""
    found = replace(study, clusters=clusters_of(study.network, clusters))
    if "membership" not in clusters.column_names:
        return found
    places = positions(study.network.creator_ids, clusters.column("creator_id"))
    membership = np.full(len(places), np.nan)
    membership[places >= 0] = _numbers(clusters.column("membership"))[places[places >= 0]]
    return replace(found, membership=membership)


def profiles_in(creators: pa.Table, network: Network) -> FloatArray | None:
    """Profiles of a network's creators, (n, d), rows of NaN where a creator has none; None where nobody has one."""
    if "profile" not in creators.column_names:
        return None
    found = profiles_of(creators)
    if not len(found):
        return None
    places = positions(network.creator_ids, pa.array(found.creator_ids))
    profiles = np.full((network.n_creators, found.vectors.shape[1]), np.nan)
    profiles[places >= 0] = found.vectors[places[places >= 0]]
    return profiles


def categories(
    creators: pa.Table, reels: pa.Table | None, wanted: list[str] | None
) -> Mapping[str, np.ndarray[Any, np.dtype[np.int64]]]:
    """Which creators share a category: whole numbers by column, -1 where it is unknown.

    Args:
        creators: sorted by creator_id; columns after the usual ones are the researcher's own.
        reels: with the languages spoken and written; a creator's language is that of most of her or his reels.
        wanted: columns, of which those of numbers are left out; None: columns of yes and no and of texts with two to
            twenty values, and the language.
    """
    further = {name: creators.column(name).to_pylist() for name in creators.column_names if name not in CREATORS.names}
    if reels is not None and LANGUAGE not in further:
        further[LANGUAGE] = _languages(creators.column("creator_id").to_pylist(), reels)
    if wanted is None:
        # What the first study found is no control for what is found again.
        own = {name: values for name, values in further.items() if not name.startswith(FIRST_STUDY)}
        chosen = [name for name, values in own.items() if _is_category(values)]
    else:
        missing = [name for name in wanted if name not in further]
        if missing:
            raise TableError(
                f"hypotheses.controls: the creators' table has no column {', '.join(missing)}; "
                f"it has {', '.join(sorted(further)) or 'none beside the usual ones'}"
            )
        chosen = [name for name in wanted if name not in own_numbers(creators, wanted)]
    return {name: _codes(further[name]) for name in sorted(chosen)}


def own_numbers(creators: pa.Table, wanted: list[str]) -> dict[str, FloatArray]:
    """Those of the wanted columns that are numbers, dates (in days) or times (in seconds); NaN where unknown."""
    columns = {name: creators.column(name) for name in sorted(wanted) if name in creators.column_names}
    return {name: as_numbers(column) for name, column in columns.items() if is_number(column.type)}


def is_number(kind: pa.DataType) -> bool:
    """Whether a column has numbers, dates or times, so that a difference means something."""
    return any(test(kind) for test in (kinds.is_integer, kinds.is_floating, kinds.is_date, kinds.is_timestamp))


def as_numbers(column: pa.ChunkedArray) -> FloatArray:
    """A column that `is_number` as float64: dates in days, times in seconds since 1970; NaN where unknown."""
    if kinds.is_date(column.type):
        return _numbers(column.cast(pa.date32()).cast(pa.int32()))
    if kinds.is_timestamp(column.type):
        return _numbers(column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())) / 1e6
    return _numbers(column)


def _is_category(values: list[Any]) -> bool:
    present = [value for value in values if value not in (None, "")]
    if not all(isinstance(value, bool) or (isinstance(value, str) and not _is_number(value)) for value in present):
        return False
    known = set(present)
    # Every value at one creator only: a name, or a place of birth written by hand; nobody shares it.
    return FEWEST_GROUPS <= len(known) <= MOST_GROUPS and len(known) < len(values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _codes(values: list[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    known = sorted({str(value) for value in values if value not in (None, "")})
    numbers = {value: number for number, value in enumerate(known)}
    return np.array([-1 if value in (None, "") else numbers[str(value)] for value in values], np.int64)


def languages_of(creators: pa.Table, reels: pa.Table) -> list[str | None]:
    """The language of each creator: of the creators file, or that of most of her or his reels; None: unknown."""
    if LANGUAGE in creators.column_names:
        return [None if value in (None, "") else str(value) for value in creators.column(LANGUAGE).to_pylist()]
    return _languages(creators.column("creator_id").to_pylist(), reels)


def _languages(creator_ids: list[str], reels: pa.Table) -> list[str | None]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    columns = [reels.column(name).to_pylist() for name in LANGUAGES if name in reels.column_names]
    for creator_id, *languages in zip(reels.column("creator_id").to_pylist(), *columns, strict=True):
        spoken = next((language for language in languages if language), None)
        if spoken:
            counts[creator_id][spoken] += 1
    return [_most_common(counts[creator_id]) for creator_id in creator_ids]


def creators_with_speech(reels: pa.Table, network: Network) -> IntArray:
    """Which creators speak in most of their reels: (n,) 1 or 0, -1 where no reel was listened to."""
    if "audio_kind" not in reels.column_names:
        return np.full(network.n_creators, -1)
    kinds_of: dict[str, list[bool]] = defaultdict(list)
    for creator_id, kind in zip(reels["creator_id"].to_pylist(), reels["audio_kind"].to_pylist(), strict=True):
        if kind is not None:
            kinds_of[creator_id].append("speech" in kind)
    heard = [kinds_of[creator_id] for creator_id in network.creator_ids.to_pylist()]
    return np.array([2 * sum(own) > len(own) if own else -1 for own in heard], np.int64)


def _most_common(counts: Counter[str]) -> str | None:
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def read_reels(path: Path) -> pa.Table:
    """Reels, checked; any more than their ids and embeddings may be missing."""
    return read_table(path, REELS, [name for name in REELS.names if name not in REELS_NEEDED])


def embedded_reels(reels: pa.Table, network: Network) -> Reels:
    """The embedded reels of a network's creators.

    Raises:
        TableError: a reel twice, or embeddings that differ in length or are not finite.
    """
    table = reels.filter(pc.is_valid(reels.column("embedding")))
    table = table.append_column("owner", [pa.array(positions(table.column("creator_id"), network.creator_ids))])
    table = table.filter(pc.greater_equal(table.column("owner"), 0))
    table = table.select(["owner", "reel_id", "embedding"]).sort_by([("owner", "ascending"), ("reel_id", "ascending")])
    table = table.combine_chunks()
    _check_reels(table, network)
    lengths = set(pc.list_value_length(table.column("embedding")).to_pylist())
    if len(lengths) > 1:
        shown = " and ".join(map(str, sorted(lengths)))
        raise TableError(f"reels: embeddings of {shown} numbers; were they made with different models?")
    values = pc.list_flatten(table.column("embedding")).to_numpy().astype(np.float32)
    if not np.isfinite(values).all():
        raise TableError("reels: embeddings with numbers that are not finite; make the tables again")
    return Reels(table.column("owner").to_numpy(), values.reshape(len(table), next(iter(lengths), 0)))


def _check_reels(table: pa.Table, network: Network) -> None:
    """Raise TableError where a reel stands twice: it could be in both halves, which then are not independent."""
    owners, names = table.column("owner").to_pylist(), table.column("reel_id").to_pylist()
    for first, second in pairwise(zip(owners, names, strict=True)):
        if first == second:
            raise TableError(
                f"reels: reel {first[1]} of creator {network.creator_ids[first[0]]} has more than one row; "
                "leave one of them, or make the tables again"
            )


def _numbers(column: pa.ChunkedArray) -> FloatArray:
    found: FloatArray = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    return found


def _followers(column: pa.ChunkedArray) -> FloatArray | None:
    """Numbers of followers; None where nobody's is known, as of a folder of files, which is no control to lack."""
    found = _numbers(column)
    return found if (found > 0).any() else None


def _flags(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool]]:
    if not kinds.is_boolean(column.type):
        raise TableError(f"creators: column few_reels is {column.type}, not true or false; make the tables again")
    found: np.ndarray[Any, np.dtype[np.bool]] = pc.fill_null(column, True).to_numpy()
    return found
