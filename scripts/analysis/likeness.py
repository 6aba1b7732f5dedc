"""How alike the creators of a small cohort are: each pair, and the tree that joins the most alike first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.clusters import IntArray
from analysis.profiles import FloatArray, Profiles


@dataclass(frozen=True)
class Likeness:
    """Pairs of n creators, who stand in an order in which those alike are neighbours.

    Attributes:
        order: (n,) places in the profiles.
        similarity: (n, n) cosine of the profiles, rows and columns in this order.
        branches: of the tree, each four corners: (place in the order, similarity at which two groups join).
    """

    order: IntArray
    similarity: FloatArray
    branches: list[list[tuple[float, float]]]


def likeness(profiles: Profiles) -> Likeness:
    """Compare all pairs; average linkage (UPGMA) of the cosine distances, its leaves ordered by likeness.

    Args:
        profiles: n creators, n at least 1.
    """
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    vectors = profiles.vectors.astype(np.float64)
    directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    similarity = np.clip(directions @ directions.T, -1.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    if len(profiles) < 2:
        return Likeness(np.arange(len(profiles)), similarity, [])
    distances = squareform(1 - similarity, checks=False)
    tree = dendrogram(linkage(distances, "average", optimal_ordering=True), no_plot=True)
    order = np.array(tree["leaves"], np.int64)
    # scipy places leaves at 5, 15, 25 and so on.
    branches = [
        [((x - 5) / 10, 1.0 - float(y)) for x, y in zip(across, up, strict=True)]
        for across, up in zip(tree["icoord"], tree["dcoord"], strict=True)
    ]
    return Likeness(order, similarity[np.ix_(order, order)], branches)
