"""The table of effects: how strong homophily is, by several measures, each with an interval (`analysis.mixing`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.evidence import Hypothesis, Study
from analysis.homophily_tests import clustered, degree_homophily
from common.config import HypothesesSection


def homophily_effects(
    study: Study, settings: HypothesesSection, seed: int, degree: Hypothesis | None = None
) -> list[dict[str, Any]]:
    """Rows of the table of effects.

    `label_ratio` and `degree_ratio` are the share of edges inside clusters over the share expected, from shuffled
    labels and from rewired networks; `assortativity` is Newman's coefficient; `coleman` is Coleman's index of each
    cluster of two creators or more. What is not defined is None, as is the interval of what too many resamples lack.

    Args:
        study: creators in no cluster are left out (`with_singletons` keeps them).
        settings: resamples, confidence; draws and swaps for `degree_ratio`.
        seed: not negative.
        degree: H1-degree of the same study, settings and seed, if it was tested already: its chain is not run again.
    """
    from analysis.mixing import mixing, percentile_interval, resampled_mixing

    network = clustered(study)
    observed, resamples = mixing(network), resampled_mixing(network, settings.resamples, seed)

    def row(measure: str, value: float, values: Any, **parts: Any) -> dict[str, Any]:
        defined = bool(np.isfinite(value))
        low, high = percentile_interval(values, settings.confidence) if defined else (None, None)
        counts = {"n_creators": network.n_creators, "n_edges": network.n_edges}
        return {
            "measure": measure,
            "cluster": None,
            "value": float(value) if defined else None,
            "ci_low": low,
            "ci_high": high,
        } | (counts | parts)

    # With one cluster every edge is inside, expected and observed: nothing is measured.
    ratio = observed.label_ratio[0] if len(network.sizes) > 1 else np.nan
    degree = degree or degree_homophily(study, settings, seed)
    rows = [
        row("label_ratio", ratio, resamples.label_ratio),
        row("degree_ratio", np.nan, None)
        | {"value": degree.effect, "ci_low": degree.ci_low, "ci_high": degree.ci_high},
        row("assortativity", observed.assortativity[0], resamples.assortativity),
    ]
    names = np.empty(len(network.sizes), np.int64)
    names[network.labels] = study.clusters[study.clusters >= 0]
    touching = network.labels[network.sources]
    other = network.labels[network.targets]
    for group in np.argsort(names):
        if network.sizes[group] < 2:
            continue
        edges = touching == group if network.directed else (touching == group) | (other == group)
        rows.append(
            row(
                "coleman",
                observed.coleman[group, 0],
                resamples.coleman[group],
                cluster=int(names[group]),
                n_creators=int(network.sizes[group]),
                n_edges=int(edges.sum()),
            )
        )
    return rows
