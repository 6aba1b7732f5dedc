"""Hypotheses about the follow network: one function per test, one record per result.

A test takes a `Study` and the settings and returns a `Hypothesis`; `TESTS` lists them in the order of the report.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace

import pyarrow as pa

from analysis.evidence import (
    HYPOTHESES,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Study,
    incomplete_lists,
    sentence,
)
from analysis.homophily import (
    LabelledNetwork,
    draw_inside,
    expected_share,
    labelled_network,
    null_moments,
    permutation_p,
)
from common.config import HypothesesSection


def label_homophily(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H1-label: share of follow edges inside clusters, noise left out, against shuffled cluster labels (one-sided)."""
    network = labelled_network(study.network.sources, study.network.targets, study.clusters)
    limits = incomplete_lists(study.follows_status)
    obstacle = _obstacle(study, network)
    asked = Hypothesis(
        id="H1-label",
        question="Do creators follow creators of their own cluster more often than cluster sizes alone would give?",
        null="cluster labels are shuffled among the creators in clusters; the follow network stays as it is",
        statistic="share of follow edges inside clusters, creators in no cluster left out",
        n_creators=network.n_creators,
        n_edges=network.n_edges,
        verdict=NOT_TESTABLE,
        reason=sentence(obstacle, limits),
    )
    if obstacle:
        return asked
    inside = network.inside()
    p_value = permutation_p(inside, draw_inside(network, settings.draws, seed))
    observed, expected = inside / network.n_edges, expected_share(network.sizes)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        observed=observed,
        expected=expected,
        effect=observed / expected,
        p_value=p_value,
        n_draws=settings.draws,
        seed=seed,
    )


TESTS: tuple[Callable[[Study, HypothesesSection, int], Hypothesis], ...] = (label_homophily,)


def _obstacle(study: Study, network: LabelledNetwork) -> str | None:
    """Why shuffling labels could not tell anything, or None."""
    checks = (
        (study.network.n_creators == 0, "the cohort is empty"),
        (study.network.n_edges == 0, "there are no follow edges between creators of the cohort"),
        (network.n_creators == 0, "no creator is in a cluster: all are noise or were not clustered"),
        (len(network.sizes) < 2, "there are fewer than two clusters"),
        (network.sizes.max(initial=0) < 2, "no cluster has two creators"),
        (network.n_edges == 0, "there are no follow edges between creators in clusters"),
        (null_moments(network)[1] == 0, "every shuffle of the labels gives the same share"),
    )
    return next((reason for failed, reason in checks if failed), None)


def as_json(results: list[Hypothesis]) -> bytes:
    """Results as a JSON list, keys in the order of the table; a number that is missing is null, never NaN."""
    rows = [{name: asdict(result)[name] for name in HYPOTHESES.names} for result in results]
    return (json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_table(results: list[Hypothesis]) -> pa.Table:
    """Results as a table, in the order given."""
    return pa.Table.from_pylist([asdict(result) for result in results], schema=HYPOTHESES)
