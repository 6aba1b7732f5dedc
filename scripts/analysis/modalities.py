"""How far embeddings of texts and of pictures see the same creators as alike."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.clusters import NOISE, IntArray
from analysis.profiles import Profiles

NEIGHBOURS = 10


def mean_profiles(vectors: Mapping[str, list[np.ndarray]]) -> Profiles:
    """Profiles as `build_tables` makes them: the mean of a creator's embeddings.

    Args:
        vectors: unit embeddings of the same length, at least one for each creator, by creator_id.
    """
    creator_ids = sorted(vectors)
    if not creator_ids:
        return Profiles([], np.empty((0, 0), np.float32))
    means = [np.stack(vectors[creator_id]).astype(np.float64).mean(axis=0) for creator_id in creator_ids]
    return Profiles(creator_ids, np.stack(means).astype(np.float32))


def compare_modalities(profiles: Mapping[str, Profiles], clusters: Mapping[str, IntArray]) -> list[dict[str, Any]]:
    """Agreement of each pair of modalities, over the creators that have a profile in both.

    Args:
        profiles: by modality.
        clusters: of these profiles' creators, -1 for noise, by modality.

    Returns:
        Rows of the table of modalities: in each pair the modality that was given first is `modality_a`.
    """
    return [
        {"modality_a": a, "modality_b": b} | _compare(profiles[a], profiles[b], clusters[a], clusters[b])
        for a, b in itertools.combinations(profiles, 2)
    ]


def _compare(a: Profiles, b: Profiles, clusters_a: IntArray, clusters_b: IntArray) -> dict[str, Any]:
    common = sorted({*a.creator_ids} & {*b.creator_ids})
    rows_a, rows_b = (_rows(given.creator_ids, common) for given in (a, b))
    found: dict[str, Any] = {"n_creators": len(common), "neighbours": NEIGHBOURS}
    if len(common) > NEIGHBOURS + 1:  # with fewer, everybody is everybody's neighbour
        found["shared_neighbours"] = shared_neighbours(a.vectors[rows_a], b.vectors[rows_b])
        found["shared_by_chance"] = NEIGHBOURS / (len(common) - 1)
    labels_a, labels_b = clusters_a[rows_a], clusters_b[rows_b]
    both = (labels_a != NOISE) & (labels_b != NOISE)
    return found | {
        "n_clustered": int(both.sum()),
        "clusters_a": len({*clusters_a} - {NOISE}),
        "clusters_b": len({*clusters_b} - {NOISE}),
        "adjusted_rand_index": adjusted_rand_index(labels_a[both], labels_b[both]),
    }


def _rows(creator_ids: list[str], wanted: list[str]) -> IntArray:
    places = {creator_id: row for row, creator_id in enumerate(creator_ids)}
    return np.array([places[creator_id] for creator_id in wanted], np.int64)


def shared_neighbours(a: np.ndarray, b: np.ndarray) -> float:
    """The mean share of a creator's nearest neighbours by cosine that are the same in both.

    Args:
        a: profiles (n, any length), n above NEIGHBOURS.
        b: profiles of the same creators (n, any length).
    """
    from sklearn.neighbors import NearestNeighbors

    with threadpool_limits(1):
        nearest = [
            NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine").fit(vectors).kneighbors(return_distance=False)
            for vectors in (a, b)
        ]
    return float(np.mean([len({*one} & {*other}) / NEIGHBOURS for one, other in zip(*nearest, strict=True)]))


def adjusted_rand_index(a: IntArray, b: IntArray) -> float | None:
    """Adjusted Rand index (Hubert & Arabie 1985); None where either has fewer than two clusters: nothing to compare."""
    from sklearn.metrics import adjusted_rand_score

    if min(len({*a}), len({*b})) < 2:
        return None
    return float(adjusted_rand_score(a, b))
