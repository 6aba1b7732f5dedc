"""Communities of creators: HDBSCAN on UMAP-reduced profiles, and k-means for comparison."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from analysis.layout import MIN_DIFFERENT_PROFILES, umap_layout
from analysis.profiles import ROUNDING, FloatArray, Profiles
from common.config import ClusterSettings

NOISE = -1
KMEANS_STARTS = 10
# Share of the creators from which on one cluster, or noise, is nearly everybody.
NEARLY_ALL = 0.8

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DensityClusters:
    """Clusters of n creators by HDBSCAN, each attribute an array of n in the order of the profiles.

    Attributes:
        clusters: 0 is the largest; -1 is noise.
        membership: HDBSCAN's strength of membership, 0 to 1; 0 for noise.
        outlier_scores: GLOSH, 0 to 1; 0 where it is undefined.
        notes: what a user should know about how they were made.
    """

    clusters: IntArray
    membership: FloatArray
    outlier_scores: FloatArray
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Clustering(DensityClusters):
    """The same with k-means beside it.

    Attributes:
        kmeans: numbered by size as well; it knows no noise.
    """

    kmeans: IntArray


def cluster_profiles(profiles: Profiles, settings: ClusterSettings, seed: int) -> Clustering:
    """Cluster creators by their profiles, with HDBSCAN (`density_clusters`) and with k-means.

    Args:
        profiles: n creators; any n, 0 included.
        settings: of UMAP, HDBSCAN and k-means.
        seed: of UMAP and k-means.
    """
    kmeans, notes = _kmeans(profiles, settings, seed)
    found = density_clusters(profiles, settings, seed)
    return Clustering(
        clusters=found.clusters,
        membership=found.membership,
        outlier_scores=found.outlier_scores,
        notes=notes + found.notes,
        kmeans=kmeans,
    )


def density_clusters(
    profiles: Profiles, settings: ClusterSettings, seed: int, distances: npt.NDArray[Any] | None = None
) -> DensityClusters:
    """HDBSCAN's clusters; a cohort too small for its settings is all noise, and a note says why.

    Args:
        profiles: n creators; any n, 0 included.
        settings: of UMAP and HDBSCAN.
        seed: of UMAP.
        distances: as for `layout.umap_layout`.
    """
    number = len(profiles)
    notes: list[str] = []
    nothing = DensityClusters(np.full(number, NOISE), np.zeros(number), np.zeros(number), notes)
    obstacle = too_small(profiles, settings)
    if obstacle:
        notes.append(obstacle)
        return nothing
    reduced = reduced_profiles(profiles, settings, seed, notes, distances)
    if reduced is None:
        notes.append("UMAP gave no finite coordinates: all creators count as noise")
        return nothing
    labels, membership, outlier_scores = _hdbscan(reduced, settings, notes)
    if (labels == NOISE).all():
        notes.append(
            f"HDBSCAN found no clusters among {number} creators (cluster.min_cluster_size = "
            f"{settings.min_cluster_size}, cluster.min_samples = {settings.min_samples}): all count as noise; "
            "lower these keys if there should be some"
        )
    elif note := lopsided(labels):
        notes.append(note)
    return DensityClusters(number_by_size(labels, profiles.creator_ids), membership, outlier_scores, notes)


def lopsided(labels: IntArray) -> str | None:
    """What to say of clusters of which one has nearly all creators, or none has; None of others.

    Args:
        labels: (n,) -1 is noise.
    """
    number, inside = len(labels), labels[labels != NOISE]
    if not len(inside):
        return None
    largest, noise = int(np.bincount(inside).max()), number - len(inside)
    if largest >= NEARLY_ALL * number:
        return (
            f"One cluster has {largest} of the {number} creators: the others stand apart from one cloud, which was "
            "not divided"
        )
    if noise >= NEARLY_ALL * number:
        return f"{noise} of the {number} creators are in no cluster: the clusters say nothing of most of the cohort"
    return None


def number_by_size(labels: Sequence[int] | IntArray, creator_ids: Sequence[str]) -> IntArray:
    """Labels renumbered so that 0 is the largest cluster; of equal ones the one with the smallest creator_id is first.

    Negative labels are noise and become -1.
    """
    members: dict[int, list[str]] = {}
    for label, creator_id in zip(labels, creator_ids, strict=True):
        if label >= 0:
            members.setdefault(int(label), []).append(creator_id)
    ordered = sorted(members, key=lambda label: (-len(members[label]), min(members[label])))
    numbers = {label: number for number, label in enumerate(ordered)}
    return np.array([numbers.get(int(label), NOISE) for label in labels], np.int64)


def reduced_profiles(
    profiles: Profiles,
    settings: ClusterSettings,
    seed: int,
    notes: list[str] | None = None,
    distances: npt.NDArray[Any] | None = None,
) -> FloatArray | None:
    """What HDBSCAN sees, (n, k): settings.space. Squared distances of unit vectors are twice their cosine distance."""
    notes = [] if notes is None else notes
    number = len(profiles)
    if settings.space == "cosine":
        vectors = profiles.vectors.astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float64).tiny))
    if settings.space == "pca":
        limit = min(number - 1, profiles.vectors.shape[1])
        dimensions = _bounded(settings.dimensions, limit, "cluster.dimensions", number, notes)
        return principal_components(profiles.vectors, dimensions)
    dimensions = _bounded(settings.dimensions, number - 2, "cluster.dimensions", number, notes)
    neighbours = _bounded(settings.neighbours, number - 1, "cluster.neighbours", number, notes)
    return umap_layout(
        profiles.vectors,
        dimensions,
        neighbours,
        min_dist=settings.min_dist,
        metric="euclidean",
        seed=seed,
        distances=distances,
    )


def principal_components(vectors: npt.NDArray[np.float32], dimensions: int) -> FloatArray:
    """Scores of n vectors on their first principal components, (n, dimensions); a sign is arbitrary.

    From the smaller one of the matrices of products, of which only the eigenvectors that are wanted are computed.
    """
    from scipy.linalg import eigh

    centred = vectors.astype(np.float64)
    centred -= centred.mean(axis=0)
    number, length = centred.shape
    tall = number > length
    with threadpool_limits(1):
        products = centred.T @ centred if tall else centred @ centred.T
        size = len(products)
        strengths, directions = eigh(products, subset_by_index=(size - dimensions, size - 1))
        scores = centred @ directions if tall else directions * np.sqrt(np.maximum(strengths, 0.0))
    return np.asarray(scores[:, ::-1])


def too_small(profiles: Profiles, settings: ClusterSettings) -> str | None:
    """Why HDBSCAN cannot find clusters in such a cohort whatever the profiles say, or None.

    It reports a cluster only where the cohort splits in two, so two clusters of the smallest size must fit in, and the
    min_samples-th neighbour of a creator must exist.
    """
    number, different = len(profiles), profiles.distinct()
    if number == 0:
        return "no creator has a profile: there is nothing to cluster"
    needed = fewest_creators(settings)
    if number < needed:
        return (
            f"{number} creators are too few for cluster.min_cluster_size = {settings.min_cluster_size} and "
            f"cluster.min_samples = {settings.min_samples}, which need at least {needed}: all count as noise; "
            "lower these keys or study more creators"
        )
    if different < MIN_DIFFERENT_PROFILES:
        return (
            f"{number} creators have {different} different profiles between them, and clusters need at least "
            f"{MIN_DIFFERENT_PROFILES}: all count as noise; are the descriptions all alike?"
        )
    return None


def fewest_creators(settings: ClusterSettings) -> int:
    """The smallest cohort in which these settings can find clusters; see `too_small`."""
    return max(2 * settings.min_cluster_size, settings.min_samples + 1, MIN_DIFFERENT_PROFILES)


def _bounded(value: int, limit: int, key: str, number: int, notes: list[str]) -> int:
    if value > limit:
        notes.append(f"{key} = {value} is more than {number} creators allow: {limit} are used")
    return min(value, limit)


def hdbscan_of(reduced: FloatArray, settings: ClusterSettings, spanning_tree: bool = False) -> Any:
    """HDBSCAN (Campello, Moulavi & Sander 2013), fitted.

    Args:
        reduced: (n, k).
        settings: min_cluster_size, min_samples, selection_method.
        spanning_tree: keep it: `relative_validity_` needs it.
    """
    import hdbscan

    model = hdbscan.HDBSCAN(
        min_cluster_size=settings.min_cluster_size,
        min_samples=settings.min_samples,
        cluster_selection_method=settings.selection_method,
        core_dist_n_jobs=1,
        gen_min_span_tree=spanning_tree,
    )
    with threadpool_limits(1):
        return model.fit(reduced)


def _hdbscan(
    reduced: FloatArray, settings: ClusterSettings, notes: list[str]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Labels, membership and GLOSH outlier scores (Campello et al. 2015)."""
    model = hdbscan_of(reduced, settings)
    labels = np.asarray(model.labels_, np.int64)
    tree = model.condensed_tree_.to_numpy()
    # Of a distance that is rounding, the inverse is a number, and as little a density as infinity is.
    tree["lambda_val"][tree["lambda_val"] * ROUNDING * np.abs(reduced).max() > 1] = np.inf
    points = tree[tree["child"] < len(labels)]
    density = np.zeros(len(labels))
    density[points["child"]] = points["lambda_val"]
    endless = int(np.isinf(density).sum())
    if endless:
        notes.append(
            f"{endless} creators lie where others do, as equal profiles do: their density is infinite. Membership and "
            "outlier scores compare with the largest finite density instead"
        )
        return labels, finite_membership(labels, density), finite_outlier_scores(tree, len(labels))
    with threadpool_limits(1):
        outlier_scores = np.nan_to_num(np.asarray(model.outlier_scores_, np.float64), posinf=0.0, neginf=0.0)
    return labels, np.nan_to_num(np.asarray(model.probabilities_, np.float64)), outlier_scores


def finite_membership(labels: IntArray, density: FloatArray) -> FloatArray:
    """HDBSCAN's membership, a creator's density over the cluster's largest, where that is infinite for some.

    HDBSCAN itself gives everybody else in such a cluster a membership of 0.

    Args:
        labels: (n,) -1 is noise.
        density: (n,) at which each leaves its cluster (lambda); infinite for creators who lie at one place.
    """
    membership = np.zeros(len(labels))
    for label in np.unique(labels[labels != NOISE]):
        own = labels == label
        largest = density[own & np.isfinite(density)].max(initial=0.0)
        membership[own] = np.minimum(density[own], largest) / largest if largest else 1.0
    return membership


def finite_outlier_scores(tree: npt.NDArray[Any], number: int) -> FloatArray:
    """GLOSH with the largest finite density below each node of the tree; HDBSCAN has no number with an infinite one.

    Args:
        tree: HDBSCAN's condensed tree, with the fields parent, child and lambda_val; children have larger numbers.
        number: of creators, which are the children below it.
    """
    largest: dict[int, float] = {}
    for parent, child, density in sorted(zip(tree["parent"], tree["child"], tree["lambda_val"], strict=True))[::-1]:
        below = density if np.isfinite(density) else 0.0
        largest[parent] = max(largest.get(parent, 0.0), below, largest.get(child, 0.0))
    scores = np.zeros(number)
    for parent, child, density in zip(tree["parent"], tree["child"], tree["lambda_val"], strict=True):
        if child < number and largest[parent]:
            scores[child] = max(0.0, 1 - density / largest[parent])
    return scores


def _kmeans(profiles: Profiles, settings: ClusterSettings, seed: int) -> tuple[IntArray, list[str]]:
    """k-means on the profiles themselves: it then does not share what UMAP may have invented."""
    from sklearn.cluster import KMeans

    different = profiles.distinct()
    if different == 0:
        return np.empty(0, np.int64), []
    number = min(settings.kmeans, different)
    notes = []
    if number < settings.kmeans:
        notes.append(
            f"cluster.kmeans = {settings.kmeans} is more than {different} different profiles: {number} is used"
        )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # "number of distinct clusters": profiles that differ by little more than rounding
        model = KMeans(n_clusters=number, n_init=KMEANS_STARTS, random_state=seed).fit(profiles.vectors)
    return number_by_size(model.labels_, profiles.creator_ids), notes
