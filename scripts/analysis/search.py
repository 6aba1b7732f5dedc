"""Experimental: choose the settings of the clusters by a score, over a grid.

The score is DBCV, as HDBSCAN approximates it from its minimum spanning tree (`relative_validity_`: density-based
clustering validation, Moulavi et al. 2014; the exact index raises distances to the power of the dimensions, which
overflows in 50), plus stability: the mean adjusted Rand index with runs of other seeds and runs without a tenth of the
creators (where nothing is drawn, the latter alone). Both are at most 1. A score that was searched for is larger than it
will be on new creators, and clusters that were chosen for being stable are no evidence of stability: treat the result
as a proposal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.clusters import NOISE, IntArray, hdbscan_of, reduced_profiles, too_small
from analysis.profiles import FloatArray, Profiles
from analysis.stability import another_run, labels_of_all, together
from common.config import ClusterSection, ClusterSettings, ConfigError
from common.parquet import TableError, read_table
from common.tables import SEARCH

KEYS = ("dimensions", "neighbours", "min_cluster_size", "min_samples", "selection_method")
RERUNS = 4  # with UMAP two of each kind


def search_settings(
    profiles: Profiles, settings: ClusterSettings, seed: int
) -> tuple[ClusterSettings, list[dict[str, Any]], list[str]]:
    """Try every combination of the grid; the best that keeps the caps is chosen.

    Args:
        profiles: n creators.
        settings: space, grid, max_noise, max_largest.
        seed: of the runs.

    Returns:
        The chosen settings (those given, where none keeps the caps), the rows of the table of the search, and what a
        user should know.
    """
    layouts: dict[tuple[int, int, int], tuple[IntArray, FloatArray | None]] = {}
    rows = [_tried(profiles, one, seed, layouts) for one in _combinations(settings, len(profiles))]
    possible = [row for row in rows if row["excluded"] is None]
    notes = ["cluster.search is experimental: the settings were chosen by how their clusters look"]
    for row in rows:
        row["chosen"] = False
    if not possible:
        notes.append("cluster.search: no settings of cluster.grid keep the caps; the configured ones are used")
        return settings, rows, notes
    # Equal scores: the first in the order of the grid.
    best = max(possible, key=lambda row: row["score"])
    best["chosen"] = True
    return _with(settings, best), rows, notes


def chosen_settings(settings: ClusterSection, path: Path | None) -> ClusterSection:
    """The settings that a search chose, from its table; those given where there was no search."""
    if not settings.search:
        return settings
    if path is None:
        raise ConfigError("cluster.search is on: give the table of what it chose (--search-table)")
    rows = [row for row in read_table(path, SEARCH).to_pylist() if row["chosen"]]
    if len(rows) > 1:
        raise TableError(f"{path}: {len(rows)} settings are marked as chosen; run cluster_creators again")
    return ClusterSection(**settings.model_dump() | _keys(rows[0])) if rows else settings


def _with(settings: ClusterSettings, row: dict[str, Any]) -> ClusterSettings:
    return ClusterSettings(**settings.model_dump() | _keys(row))


def _keys(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEYS}


def _combinations(settings: ClusterSettings, number: int) -> Iterator[ClusterSettings]:
    """The grid without what comes to the same in this cohort and space."""
    grid = settings.grid.model_dump()
    grid["dimensions"] = [min(value, max(number - 2, 2)) for value in grid["dimensions"]]
    grid["neighbours"] = [min(value, max(number - 1, 2)) for value in grid["neighbours"]]
    if settings.space != "umap":
        grid["neighbours"] = [settings.neighbours]
    if settings.space == "cosine":
        grid["dimensions"] = [settings.dimensions]
    for values in itertools.product(*(dict.fromkeys(grid[name]) for name in KEYS)):
        one = dict(zip(KEYS, values, strict=True))
        if one["min_samples"] <= one["min_cluster_size"]:
            yield _with(settings, one)


def _tried(
    profiles: Profiles,
    settings: ClusterSettings,
    seed: int,
    layouts: dict[tuple[int, int, int], tuple[IntArray, FloatArray | None]],
) -> dict[str, Any]:
    """One row of the table: clusters, scores, and why these settings are out."""
    row: dict[str, Any] = {name: getattr(settings, name) for name in KEYS}
    nothing = dict.fromkeys(("n_clusters", "noise", "largest", "dbcv", "stability", "score"))
    obstacle = too_small(profiles, settings)
    if obstacle:
        return row | nothing | {"excluded": obstacle}
    runs: list[list[int | None]] = []
    dbcv = 0.0
    for run in range(1 + RERUNS):
        place = (settings.dimensions, settings.neighbours, run)
        if place not in layouts:
            kept, some, run_seed = another_run(profiles, settings, seed, run)
            layouts[place] = kept, reduced_profiles(some, settings, run_seed)
        kept, layout = layouts[place]
        if layout is None:
            return row | nothing | {"excluded": "UMAP gave no finite coordinates"}
        model = hdbscan_of(layout, settings, spanning_tree=run == 0)
        if run == 0:
            dbcv = float(model.relative_validity_)
        runs.append(labels_of_all(kept, model.labels_, len(profiles)))
    own = np.array(runs[0], np.int64)
    sizes = np.bincount(own[own != NOISE])
    noise, largest = float((own == NOISE).mean()), float(sizes.max(initial=0) / len(own))
    agreed = [index for other in runs[1:] if (index := together(runs[0], other)) is not None]
    stability = float(np.mean(agreed)) if agreed else None
    excluded = next(
        (
            reason
            for failed, reason in (
                (len(sizes) < 2, "fewer than two clusters"),
                (noise > settings.max_noise, "more noise than cluster.max_noise"),
                (largest > settings.max_largest, "a larger cluster than cluster.max_largest"),
            )
            if failed
        ),
        None,
    )
    return row | {
        "n_clusters": len(sizes),
        "noise": noise,
        "largest": largest,
        "dbcv": dbcv if np.isfinite(dbcv) else None,
        "stability": stability,
        "score": None if stability is None or not np.isfinite(dbcv) else dbcv + stability,
        "excluded": excluded or (None if stability is not None and np.isfinite(dbcv) else "the score is not defined"),
    }
