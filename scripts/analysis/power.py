"""How often the tests of the network find a homophily of a given strength, in simulated cohorts like the study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.dyads import MOST_CREATORS
from analysis.evidence import FEWEST_CREATORS
from analysis.network import IntArray, clusters_of, network_of
from analysis.simulation import CohortSection
from analysis.trials import Trial, rejections, run_trial
from common.config import HypothesesSection, PowerSection

TESTS = ("H1-label", "H1-degree", "dyadic")
CONFIDENCE = 0.95


def cohort_like(creators: pa.Table, edges: pa.Table, clusters: pa.Table, separation: float) -> CohortSection | None:
    """What a simulated cohort must be like to resemble a study.

    Size, number and sizes of clusters, mean degree, skews of popularity and activity, reels per creator, and the shares
    of follow lists that are not complete are the study's own.

    Args:
        creators: columns creator_id, follows_status and n_embedded.
        edges: columns source_id, target_id.
        clusters: columns creator_id, cluster; fewer than two clusters count as two of the same size.
        separation: of the vocabularies.

    Returns:
        None where there are no follows between the creators.
    """
    network = network_of(creators, edges)
    if not network.n_edges:
        return None
    labels = clusters_of(network, clusters)
    sizes = np.unique(labels[labels >= 0], return_counts=True)[1]  # numbers of clusters may have gaps
    statuses = np.array(creators.sort_by("creator_id").column("follows_status").to_pylist(), object)
    unfetched, partial = statuses == "unfetched", statuses == "partial"
    whole = ~(unfetched | partial)
    out_degree = np.bincount(network.sources, minlength=network.n_creators)
    listed = out_degree[whole] if whole.any() else out_degree[~unfetched]
    embedded = [number for number in creators.column("n_embedded").to_pylist() if number]
    return CohortSection(
        creators=min(network.n_creators, MOST_CREATORS),
        reels_per_creator=round(float(np.median(embedded))) if embedded else 1,
        clusters=max(len(sizes), 2),
        size_ratio=float(sizes.max() / sizes.min()) if len(sizes) > 1 else 1.0,
        separation=separation,
        mean_degree=float(listed.mean()),
        popularity_skew=log_spread(network.in_degree()),
        activity_skew=log_spread(listed),
        partial=float(partial.mean()),
        unfetched=float(unfetched.mean()),
    )


def log_spread(degrees: IntArray) -> float:
    """Standard deviation of the log rates behind degrees, were they Poisson with lognormal rates (by moments).

    Args:
        degrees: (n,) with a mean above 0.

    Returns:
        0 where the degrees vary no more than Poisson ones.
    """
    mean, variance = float(degrees.mean()), float(degrees.var())
    return float(np.sqrt(np.log1p(max(0.0, variance - mean) / mean**2))) if mean else 0.0


def sizes_of(settings: PowerSection, own: int) -> list[int]:
    """Cohort sizes to simulate, ascending: those asked for, or half, once and twice the study's own."""
    wanted = settings.creators or [own // 2, own, 2 * own]
    return sorted({min(max(size, FEWEST_CREATORS), MOST_CREATORS) for size in wanted})


def power_rows(
    like: CohortSection, settings: PowerSection, alpha: float, seed: int, processes: int
) -> Iterator[dict[str, Any]]:
    """Rows of the table of power, for each size, homophily and test.

    Cohorts of other sizes have the same density of follows: the mean degree grows with the number of creators.

    Args:
        like: what the study is like.
        settings: sizes, homophily, cohorts, draws.
        alpha: largest p value that counts as support, of each test alone.
        seed: not negative; a point depends on it, its size and its homophily, not on the other points.
        processes: no result depends on it.
    """
    from scipy.stats import binomtest

    for size in sizes_of(settings, like.creators):
        degree = like.mean_degree * (size - 1) / (like.creators - 1)
        for homophily in sorted(set(settings.homophily)):
            changed = {"creators": size, "mean_degree": degree, "homophily": homophily}
            cohort = CohortSection(**like.model_dump() | changed)
            trial = Trial(cohort, TESTS, HypothesesSection(alpha=alpha, draws=settings.draws, resamples=99))
            own_seed = (seed, size, round(homophily * 1_000_000))
            found = list(run_trial(trial, own_seed, settings.cohorts, processes))
            for test in TESTS:
                tested, rejected = rejections([values[test] for values in found], alpha)
                interval = binomtest(rejected, tested).proportion_ci(CONFIDENCE, "exact") if tested else None
                yield {
                    "test": test,
                    "creators": size,
                    "homophily": homophily,
                    "cohorts": tested,
                    "supported": rejected,
                    "power": rejected / tested if tested else None,
                    "ci_low": float(interval.low) if interval else None,
                    "ci_high": float(interval.high) if interval else None,
                    "alpha": alpha,
                    "clusters": cohort.clusters,
                    "mean_degree": degree,
                    "popularity_skew": cohort.popularity_skew,
                    "activity_skew": cohort.activity_skew,
                    "reels_per_creator": cohort.reels_per_creator,
                    "separation": cohort.separation,
                    "seed": seed,
                }
