"""Whether two runs of a clustering agree, and what makes one run differ from the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.clusters import IntArray
from analysis.network import each_alone
from analysis.profiles import Profiles
from analysis.streams import Stream, random_stream
from common.config import ClusterSettings

# What differs between two runs: the seed alone; or who takes part, as each run leaves out another tenth.
SEED, CREATORS = "seed", "creators"
LEFT_OUT = 0.1


def varied(settings: ClusterSettings) -> tuple[str, ...]:
    """What differs between runs with these settings.

    UMAP draws, so that runs may differ in the seed alone; but clusters which one cloud is cut into may be the same for
    each seed, and others without a tenth of the creators. PCA and cosine draw nothing.
    """
    return (SEED, CREATORS) if settings.space == "umap" else (CREATORS,)


def kind_of_run(settings: ClusterSettings, run: int) -> str:
    """What differs between this run and the others of its kind; the kinds take turns, from run 1 on."""
    kinds = varied(settings)
    return kinds[(run - 1) % len(kinds)]


def another_run(profiles: Profiles, settings: ClusterSettings, seed: int, run: int) -> tuple[IntArray, Profiles, int]:
    """What a run looks at: places of its creators, their profiles, and its seed. Run 0 has all creators.

    Args:
        profiles: n creators.
        settings: of the clusters.
        seed: of the first run.
        run: number of the run.
    """
    run_seed = seed + run if settings.space == "umap" else seed
    if run == 0 or kind_of_run(settings, run) == SEED:
        return np.arange(len(profiles)), profiles, run_seed
    number = len(profiles) - round(LEFT_OUT * len(profiles))
    kept = np.sort(random_stream(seed, Stream.SUBSAMPLES, run).choice(len(profiles), number, replace=False))
    return kept, Profiles([profiles.creator_ids[place] for place in kept], profiles.vectors[kept]), run_seed


def labels_of_all(kept: IntArray, labels: IntArray, number: int) -> list[int | None]:
    """A run's labels for all creators; None for those it left out.

    Args:
        kept: (k,) places of the run's creators.
        labels: (k,) their clusters.
        number: of all creators.
    """
    found: list[int | None] = [None] * number
    for place, label in zip(kept.tolist(), labels.tolist(), strict=True):
        found[place] = label
    return found


def together(first: Sequence[int | None], second: Sequence[int | None]) -> float | None:
    """Adjusted Rand index (Hubert & Arabie 1985) of two runs over the creators that both have.

    The question is which creators are in a cluster together: one in no cluster is together with nobody, as if in a
    cluster of one. (As one large cluster, shared noise would look like agreement.)

    Returns:
        1 for the same clusters, about 0 for unrelated ones; None where neither run has two clusters.
    """
    from sklearn.metrics import adjusted_rand_score

    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    a, b = np.array(both, np.int64).reshape(-1, 2).T
    if max(clusters_in(a), clusters_in(b)) < 2:
        return None
    return float(adjusted_rand_score(each_alone(a), each_alone(b)))


def clusters_in(labels: IntArray) -> int:
    """How many clusters there are, noise apart."""
    return len(np.unique(labels[labels >= 0]))
