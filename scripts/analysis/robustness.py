"""Do clusters, and the verdicts that rest on them, stay the same with other seeds and other settings?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analysis.clusters import NOISE, density_clusters
from analysis.evidence import NOT_TESTABLE, SUPPORTED, Study, too_few
from analysis.homophily_tests import degree_homophily, label_homophily
from analysis.hypotheses import Test
from analysis.layout import distances_between
from analysis.network import positions
from analysis.profiles import FloatArray, Profiles
from analysis.stability import CREATORS, SEED, another_run, clusters_in, kind_of_run, labels_of_all, together, varied
from common.config import ClusterSettings, HypothesesSection

# Tests that depend on the clusters. H1-dyadic fits a model of all pairs, H2 and H3 cluster hundreds of times: repeating
# these is left out.
REPEATED: tuple[Test, ...] = (degree_homophily, label_homophily)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# H1-degree in each run: edge swaps between two draws, per edge. The p value is exact with any number.
SWAPS = 1.0
# What the columns of agreement between runs of each kind begin with.
AGREEMENT = {SEED: "ari", CREATORS: "without_tenth"}


def repeat(
    study: Study, profiles: Profiles, clustering: ClusterSettings, settings: HypothesesSection, seed: int, runs: int
) -> list[dict[str, Any]]:
    """Cluster and test again and again.

    Args:
        study: the creators and their follows; its clusters are not looked at.
        profiles: n creators.
        clustering: settings of one variant.
        settings: of the tests.
        seed: the study's own; run 1 has the next.
        runs: how many of each kind (`stability.varied`).

    Returns:
        Rows of the table of runs; none where there are too few creators to tell anything.
    """
    if too_few(len(profiles)):
        return []
    places = positions(pa.array(profiles.creator_ids, pa.string()), study.network.creator_ids)
    settings = settings.model_copy(update={"swaps_per_edge": min(settings.swaps_per_edge, SWAPS)})
    distances = distances_between(profiles.vectors, "euclidean") if clustering.space == "umap" else None
    rows = []
    for run in range(runs * len(varied(clustering))):
        kept, some, run_seed = another_run(profiles, clustering, seed, run + 1)
        among = None if distances is None else distances[np.ix_(kept, kept)]
        found = density_clusters(some, clustering, run_seed, among)
        clusters = np.full(study.network.n_creators, NOISE)
        membership = np.full(study.network.n_creators, np.nan)
        clusters[places[kept]], membership[places[kept]] = found.clusters, found.membership
        seen = replace(study, clusters=clusters, membership=membership)
        results = [test(seen, settings, seed + run) for test in REPEATED]
        rows.append(
            {
                "varied": kind_of_run(clustering, run + 1),
                "seed": run_seed,
                "labels": labels_of_all(kept, found.clusters, len(profiles)),
                "test": [result.id for result in results],
                "verdict": [result.verdict for result in results],
            }
        )
    return rows


def summarise(runs: Sequence[dict[str, Any]], own: Sequence[int | None]) -> dict[str, Any]:
    """One variant's runs in numbers: columns of the table of robustness.

    Args:
        runs: of the variant.
        own: the study's own clusters, of the same creators.
    """
    labels = [tuple(run["labels"]) for run in runs]
    compare = cache(together)  # stable clusters are the same in most runs
    agreement: dict[str, float | None] = {}
    for kind, prefix in AGREEMENT.items():
        alike = [one for one, run in zip(labels, runs, strict=True) if run["varied"] == kind]
        between = [index for a, b in itertools.combinations(alike, 2) if (index := compare(a, b)) is not None]
        agreement |= _named(prefix, ("low", "lower", "median", "upper", "high"), QUANTILES, np.array(between))
    with_own = [index for one in labels if (index := compare(one, tuple(own))) is not None]
    known = [np.array([label for label in one if label is not None], np.int64) for one in labels]
    clusters = np.array([clusters_in(one) for one in known], float)
    noise = np.array([float((one < 0).mean()) if len(one) else np.nan for one in known])
    tests = runs[0]["test"] if runs else []
    verdicts = np.array([run["verdict"] for run in runs]).reshape(len(runs), len(tests))
    return {
        "n_runs": len(runs),
        **agreement,
        "agreement": float(np.median(with_own)) if with_own else None,
        **_named("clusters", ("low", "median", "high"), (0.0, 0.5, 1.0), clusters),
        **_named("noise", ("low", "median", "high"), (0.0, 0.5, 1.0), noise[~np.isnan(noise)]),
        "test": list(tests),
        "supported": [supported_share(column) for column in verdicts.T],
        "not_testable": [float((column == NOT_TESTABLE).mean()) for column in verdicts.T],
    }


def supported_share(verdicts: npt.NDArray[np.str_]) -> float | None:
    """Share of the runs in which a test was supported, of those in which it could be made; None where none could."""
    made = verdicts[verdicts != NOT_TESTABLE]
    return float((made == SUPPORTED).mean()) if len(made) else None


def _named(
    prefix: str, names: Sequence[str], quantiles: Sequence[float], values: FloatArray
) -> dict[str, float | None]:
    if not len(values):
        return {f"{prefix}_{name}": None for name in names}
    return {f"{prefix}_{name}": float(np.quantile(values, at)) for name, at in zip(names, quantiles, strict=True)}


def median_agreement(row: dict[str, Any]) -> float | None:
    """The smaller of the medians of agreement: stable clusters are the same with another seed and without a tenth.

    Args:
        row: of the table of robustness.

    Returns:
        The median adjusted Rand index; None where no two runs of a kind have clusters.
    """
    medians = [row[f"{prefix}_median"] for prefix in AGREEMENT.values()]
    return min((median for median in medians if median is not None), default=None)


def warning(own: dict[str, Any], min_stability: float, untested: str | None = None, clusters: int = 0) -> str | None:
    """What to say on the map and in the report where the study's clusters are not stable; None where they are.

    Args:
        own: the row of the study's own settings.
        min_stability: smallest median adjusted Rand index.
        untested: why stability was not tested; None where it was.
        clusters: how many clusters the study has.
    """
    if untested and clusters:
        return f"Whether these clusters are stable is {NOT_TESTABLE}: {untested}. Do not name or count them."
    median = median_agreement(own)
    if median is None or median >= min_stability:  # without clusters there is nothing to be unstable
        return None
    words = {SEED: "runs with another seed", CREATORS: "runs without a tenth of the creators"}
    found = [
        f"{words[kind]} agree with a median adjusted Rand index of {own[f'{prefix}_median']:.2f}"
        for kind, prefix in AGREEMENT.items()
        if own[f"{prefix}_median"] is not None
    ]
    return (
        f"These clusters are not stable: {', '.join(found)} (stable: at least {min_stability:g}"
        f"{' in both' if len(found) > 1 else ''}). Do not name or count them."
    )


SEARCHED = (
    "The settings of these clusters were searched (cluster.search): they were chosen for clusters that look good and "
    "are stable, so that neither is evidence."
)
