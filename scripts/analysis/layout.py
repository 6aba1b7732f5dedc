"""Creators in two dimensions: UMAP, with PCA and t-SNE beside it.

Everything runs on one thread and from a seed, because floating-point sums over several threads depend on which thread
comes first: the same profiles give the same bytes on the same machine.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from analysis.profiles import ROUNDING, FloatArray, Profiles
from common.config import SMALL_COHORT, MapSection

# Below this many different profiles a neighbourhood graph says nothing, and UMAP's solvers fail in various ways.
MIN_DIFFERENT_PROFILES = 5
UMAP_APPROXIMATES_FROM = 4096
MIDDLE = 0.5
TSNE_PERPLEXITY = 30.0

Metric = Literal["euclidean", "cosine"]


@dataclass(frozen=True)
class CreatorMap:
    """Coordinates of n creators, each (n, 2) and scaled to [0, 1] per axis; None where a method cannot be used.

    Attributes:
        notes: what a user should know about how it was made.
    """

    pca: FloatArray
    umap: FloatArray | None
    tsne: FloatArray | None
    notes: list[str] = field(default_factory=list)

    @property
    def method(self) -> str:
        """Which of them is the chosen map, "UMAP" or "PCA"."""
        return "PCA" if self.umap is None or len(self.pca) < SMALL_COHORT else "UMAP"

    @property
    def chosen(self) -> FloatArray:
        """Coordinates by the chosen method."""
        return self.pca if self.umap is None or self.method == "PCA" else self.umap


def map_profiles(profiles: Profiles, settings: MapSection, seed: int) -> CreatorMap:
    """Lay creators out in two dimensions by all methods.

    Args:
        profiles: n creators; any n, 0 included.
        settings: neighbours, min_dist and metric of UMAP; t-SNE uses the same metric.
        seed: of UMAP and t-SNE.
    """
    number = len(profiles)
    # Drawn to different places, equal creators would look different: each profile is laid out once.
    first, place = profiles.groups()
    different = len(first)
    if number == 0:
        empty = np.empty((0, 2))
        return CreatorMap(empty, empty, empty, ["no creator has a profile: the map is empty"])
    vectors = profiles.vectors
    pca = scale(pca_layout(vectors))
    if different < MIN_DIFFERENT_PROFILES:
        note = (
            f"{number} creators have {different} different profiles between them; UMAP and t-SNE need at least "
            f"{MIN_DIFFERENT_PROFILES}: their columns are null and the map (x, y) shows principal components"
        )
        return CreatorMap(pca, None, None, [note])
    notes = []
    if number < SMALL_COHORT:
        notes.append(f"{number} creators are few: the map (x, y) shows principal components, not UMAP")
    if different < number:
        notes.append(
            f"{number} creators have {different} different profiles between them: those with the same profile lie at "
            "the same place"
        )
    vectors = vectors[first]
    neighbours = min(settings.neighbours, different - 1)
    if neighbours < settings.neighbours:
        notes.append(
            f"map.neighbours = {settings.neighbours} is more than {different} creators allow: {neighbours} are used"
        )
    umap = umap_layout(vectors, 2, neighbours, min_dist=settings.min_dist, metric=settings.metric, seed=seed)
    if umap is None:
        notes.append("UMAP gave no finite coordinates: its columns are null and the map (x, y) shows the components")
    tsne = tsne_layout(vectors, settings.metric, seed)
    if tsne is None:
        notes.append("t-SNE gave no finite coordinates: its columns are null")
    return CreatorMap(
        pca, None if umap is None else scale(umap)[place], None if tsne is None else scale(tsne)[place], notes
    )


def umap_layout(
    vectors: npt.NDArray[np.float32],
    dimensions: int,
    neighbours: int,
    *,
    min_dist: float,
    metric: Metric,
    seed: int,
    distances: npt.NDArray[Any] | None = None,
) -> FloatArray | None:
    """UMAP (McInnes, Healy & Melville 2018, arXiv:1802.03426) on one thread.

    Args:
        vectors: (n, d) with at least MIN_DIFFERENT_PROFILES different rows.
        dimensions: at most n - 2, what its spectral start can give.
        neighbours: at most n - 1.
        min_dist: how close points may lie.
        metric: distance between vectors.
        seed: of the layout.
        distances: (n, n) `distances_between` the vectors, where they are known already.

    Returns:
        (n, dimensions), or None where a coordinate is not finite (creators without any neighbour).
    """
    import umap  # compiles for seconds; only the programs that draw a map wait for it

    reducer = umap.UMAP(
        n_components=dimensions,
        n_neighbors=neighbours,
        min_dist=min_dist,
        metric=metric,
        random_state=seed,
        precomputed_knn=_neighbours(vectors, neighbours, metric, distances),
        n_jobs=1,
    )
    with threadpool_limits(1), warnings.catch_warnings():
        # "Spectral initialisation failed" and "graph is not fully connected": UMAP then starts at random or component
        # by component, which is what it should do with separate groups.
        warnings.simplefilter("ignore")
        layout = np.asarray(reducer.fit_transform(vectors), np.float64)
    return layout if np.isfinite(layout).all() else None


def distances_between(vectors: npt.NDArray[np.float32], metric: Metric) -> npt.NDArray[Any] | None:
    """Distances of all pairs, (n, n), by UMAP's own function; None where UMAP approximates them."""
    from sklearn.metrics import pairwise_distances
    from umap.distances import named_distances

    if len(vectors) >= UMAP_APPROXIMATES_FROM:
        return None
    return np.asarray(pairwise_distances(vectors, metric=named_distances[metric]))


def _neighbours(
    vectors: npt.NDArray[np.float32], neighbours: int, metric: Metric, distances: npt.NDArray[Any] | None
) -> tuple[npt.NDArray[np.int32] | None, npt.NDArray[np.float32] | None, None]:
    """Each creator's nearest creators, itself first, as UMAP would find them; nothing where it would approximate them.

    numpy sorts in milliseconds what UMAP compiles a sorting function of five seconds for. The distance function is
    UMAP's own, so that the coordinates are those of a plain ``umap.UMAP(...)``, byte for byte.
    """
    distances = distances_between(vectors, metric) if distances is None else distances
    if distances is None:
        return None, None, None
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours].astype(np.int32)
    return nearest, np.take_along_axis(distances, nearest, axis=1).astype(np.float32), None


def pca_layout(vectors: npt.NDArray[np.float32]) -> FloatArray:
    """First two principal components, (n, 2); 0 on a component that the profiles do not have."""
    from sklearn.decomposition import PCA

    number, length = vectors.shape
    size = np.abs(vectors).max(initial=0.0)
    kept = min(2, number, length)
    with threadpool_limits(1), np.errstate(invalid="ignore"):  # its shares of variance are 0/0 for equal profiles
        scores = PCA(n_components=kept, svd_solver="full").fit_transform(vectors.astype(np.float64))
    layout = np.zeros((number, 2))
    layout[:, :kept] = scores
    layout[:, np.ptp(layout, axis=0) <= ROUNDING * size] = 0.0
    return layout


def tsne_layout(vectors: npt.NDArray[np.float32], metric: Metric, seed: int) -> FloatArray | None:
    """t-SNE (van der Maaten & Hinton 2008), (n, 2), or None where a coordinate is not finite.

    The perplexity is 30, or a third of the other creators where there are fewer than 91: it must stay well below
    their number.
    """
    from sklearn.manifold import TSNE

    perplexity = min(TSNE_PERPLEXITY, (len(vectors) - 1) / 3)
    method = TSNE(n_components=2, perplexity=perplexity, metric=metric, init="pca", random_state=seed, n_jobs=1)
    with threadpool_limits(1), np.errstate(all="ignore"):
        layout = np.asarray(method.fit_transform(vectors), np.float64)
    return layout if np.isfinite(layout).all() else None


def scale(layout: FloatArray) -> FloatArray:
    """Each axis scaled to [0, 1]; an axis on which all creators lie at one place becomes 0.5."""
    low, span = layout.min(axis=0), np.ptp(layout, axis=0)
    return np.where(span > 0, (layout - low) / np.where(span > 0, span, 1.0), MIDDLE)
