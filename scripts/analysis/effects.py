"""The table of effects: how strong homophily is, by several measures, each with an interval (`analysis.mixing`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.dyadic import p_value_of_each_cluster
from analysis.evidence import Hypothesis, Study, holm
from analysis.homophily_tests import clustered, degree_homophily
from common.config import HypothesesSection

# Draws of each cluster's own test.
MOST_DRAWS = 1999


def homophily_effects(
    study: Study, settings: HypothesesSection, seed: int, degree: Hypothesis | None = None
) -> list[dict[str, Any]]:
    """Rows of the table of effects.

    `label_ratio` and `degree_ratio` are the share of edges inside clusters over the share expected, from shuffled
    labels and from rewired networks; `assortativity` is Newman's coefficient; `coleman` is Coleman's index of each
    cluster of two creators or more, with the p value of the pairs inside it (`p_value_of_each_cluster`), alone and
    adjusted for the number of clusters (Holm 1979). What is not defined is None, as is the interval of what too many
    resamples lack.

    Args:
        study: creators in no cluster are left out (`with_singletons` keeps them).
        settings: resamples, confidence; draws and swaps for `degree_ratio`.
        seed: not negative.
        degree: H1-degree of the same study, settings and seed, if it was tested already: its chain is not run again.
    """
    from analysis.mixing import mixing, mixing_without, percentile_interval, ratio_interval, resampled_mixing

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
            "p_value": None,
            "p_adjusted": None,
        } | (counts | parts)

    # With one cluster every edge is inside, expected and observed: nothing is measured.
    ratio = observed.label_ratio[0] if len(network.sizes) > 1 else np.nan
    without = mixing_without(network, settings.resamples, seed).label_ratio
    degree = degree or degree_homophily(study, settings, seed)
    rows = [
        row("label_ratio", ratio, resamples.label_ratio)
        | dict(zip(("ci_low", "ci_high"), ratio_interval(ratio, without, settings.confidence), strict=True)),
        row("degree_ratio", np.nan, None)
        | {"value": degree.effect, "ci_low": degree.ci_low, "ci_high": degree.ci_high},
        row("assortativity", observed.assortativity[0], resamples.assortativity),
    ]
    names = np.empty(len(network.sizes), np.int64)
    names[network.labels] = study.clusters[study.clusters >= 0]
    touching = network.labels[network.sources]
    other = network.labels[network.targets]
    some = settings.model_copy(update={"draws": min(settings.draws, MOST_DRAWS)})
    alone = p_value_of_each_cluster(study, some, seed)
    made = {cluster: p_value for cluster, p_value in alone.items() if p_value is not None}
    adjusted = dict(zip(made, holm([*made.values()]), strict=True))
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
                p_value=alone[int(names[group])],
                p_adjusted=adjusted.get(int(names[group])),
            )
        )
    return rows
