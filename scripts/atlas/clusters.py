"""Clusters as the page reads them: names, outlines, portraits, what distinguishes them, and who follows whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.distinctions import DIFFERENT
from analysis.mixing_matrix import mixing_matrix
from analysis.network import IntArray
from analysis.profiles import FloatArray
from figures.map import spread_ellipse
from figures.page import SHAPES, cluster_colour, cluster_shape

MOST_DISTINCT = 8  # columns that a cluster's panel names, those with the largest differences


def cluster_facts(
    places: FloatArray, labels: IntArray, names: list[dict[str, Any]], reels: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Each cluster with its name, look, ellipse, the place of its name and its portraits; at last those in none.

    Args:
        places: (n, 2) of creators on the map.
        labels: (n,) their clusters; -1: none.
        names: rows of cluster_names.
        reels: place of each reel in the page, by its id.
    """
    called = {row["cluster"]: row for row in names}
    found = []
    for cluster in [*np.unique(labels[labels >= 0]).tolist(), -1]:
        members = places[labels == cluster]
        if cluster < 0 and not len(members):
            continue
        row = called.get(cluster, {})
        ellipse = spread_ellipse(members) if cluster >= 0 else None
        found.append(
            {
                "id": cluster,
                "name": row.get("name", "no cluster" if cluster < 0 else f"cluster {cluster}"),
                "words": row.get("words", []),
                "medoid": row.get("medoid"),
                "portraits": [reels[reel] for reel in row.get("central_reels", []) if reel in reels],
                "colour": cluster_colour(cluster),
                "shape": SHAPES.index(cluster_shape(cluster)),
                "ellipse": None if ellipse is None else [*ellipse[0], *ellipse[1:]],
                "label": top_of(members, ellipse) if cluster >= 0 else None,
            }
        )
    return found


def top_of(members: FloatArray, ellipse: tuple[tuple[float, float], float, float, float] | None) -> list[float]:
    """Where a cluster's name stands: above its ellipse, or above its creators where there is none."""
    if ellipse is None:
        return [float(np.median(members[:, 0])), float(members[:, 1].max())]
    (x, y), width, height, degrees = ellipse
    turn = np.radians(degrees)
    return [x, y + float(np.hypot(width / 2 * np.sin(turn), height / 2 * np.cos(turn)))]


def distinct(distinctions: pa.Table) -> dict[int, list[dict[str, Any]]]:
    """What distinguishes each cluster from the others, the largest differences first.

    Args:
        distinctions: the table; only columns in which clusters differ are taken, and of categories only the one that a
            cluster has most beyond the others.

    Returns:
        For each cluster rows of column, category, effect, value, low, high and circular.
    """
    rows = distinctions.to_pylist()
    differ = {(row["source"], row["column"]) for row in rows if row["cluster"] is None and row["verdict"] == DIFFERENT}
    best: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["cluster"], row["source"], row["column"])
        if row["cluster"] is None or row["value"] is None or key[1:] not in differ:
            continue
        if key not in best or row["value"] > best[key]["value"]:
            best[key] = row
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    # Differences in sd and in share are no one scale: a share of 1 is the largest, as 5 sd are in the figure.
    for row in sorted(best.values(), key=lambda row: -abs(row["value"] * (1 if row["category"] is None else 5))):
        if len(found[row["cluster"]]) < MOST_DISTINCT:
            ends = {"value": row["value"], "low": row["ci_low"], "high": row["ci_high"]}
            said = {key: row[key] for key in ("column", "category", "effect", "circular")}
            found[row["cluster"]].append(said | {key: rounded(value) for key, value in ends.items()})
    return found


def homophily(effects: pa.Table) -> dict[int, dict[str, Any]]:
    """Coleman's index of each cluster that has one, with its interval and adjusted p value."""
    return {
        row["cluster"]: {
            "value": rounded(row["value"]),
            "low": rounded(row["ci_low"]),
            "high": rounded(row["ci_high"]),
            "p": rounded(row["p_adjusted"]),
        }
        for row in effects.to_pylist()
        if row["measure"] == "coleman" and row["value"] is not None
    }


def mixing_facts(clusters: list[int | None], edges: list[list[int]]) -> dict[str, Any]:
    """Follows between clusters, as observed and as expected; those of creators in no cluster are left out.

    Args:
        clusters: of each creator; None or -1: in none.
        edges: pairs of creators, who follows and who is followed.
    """
    groups = sorted({cluster for cluster in clusters if cluster is not None and cluster >= 0})
    place = {cluster: index for index, cluster in enumerate(groups)}
    labels = np.array([place.get(-1 if cluster is None else cluster, -1) for cluster in clusters], np.int64)
    ends = np.array(edges, np.int64).reshape(-1, 2)
    found = mixing_matrix(labels, ends[:, 0], ends[:, 1], len(groups))
    return {
        "clusters": groups,
        "observed": found.observed.astype(int).tolist(),
        "expected": [[rounded(value) for value in row] for row in found.expected.tolist()],
    }


def rounded(value: float | None) -> float | None:
    """A number with the four digits that people read."""
    return None if value is None else float(f"{value:.4g}")
