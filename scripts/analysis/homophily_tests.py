"""H1: do follow edges lie inside clusters more often than chance has it? Two tests, which differ in what chance is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from analysis.evidence import (
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Study,
    incomplete_lists,
    sentence,
    too_few,
    too_incomplete,
)
from analysis.homophily import (
    LabelledNetwork,
    draw_inside,
    expected_share,
    labelled_network,
    null_moments,
    permutation_p,
)
from analysis.network import each_alone
from common.config import HypothesesSection

# Fewer independent draws than this say little of the expected share; where few are made, a tenth of them.
ENOUGH_DRAWS = 100


def label_homophily(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H1-label: share of follow edges inside clusters, noise left out, against shuffled cluster labels (one-sided)."""
    from analysis.mixing import mixing_without, ratio_interval

    network = clustered(study)
    obstacle = _obstacle(study, network, settings)
    if not obstacle and null_moments(network)[1] == 0:
        obstacle = "every shuffle of the labels gives the same share"
    asked = _asked(
        study,
        network,
        obstacle,
        name="H1-label",
        question="Do creators follow creators of their own cluster more often than cluster sizes alone would give?",
        null="cluster labels are shuffled among the creators in clusters; the follow network stays as it is",
    )
    if obstacle:
        return asked
    inside = network.inside()
    drawn = draw_inside(network, settings.draws, seed)
    p_value = permutation_p(inside, drawn)
    observed, expected = inside / network.n_edges, expected_share(network.sizes)
    without = mixing_without(network, settings.resamples, seed)
    ci_low, ci_high = ratio_interval(observed / expected, without.label_ratio, settings.confidence)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        observed=observed,
        expected=expected,
        effect=observed / expected,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=p_value,
        n_draws=settings.draws,
        seed=seed,
        under_null=drawn / network.n_edges,
    )


def degree_homophily(study: Study, settings: HypothesesSection, seed: int, strata: str | None = None) -> Hypothesis:
    """H1-degree: the same share against rewired networks in which everybody's degrees stay (one-sided).

    Args:
        study: creators, clusters, follows.
        settings: of the tests.
        seed: not negative.
        strata: name of a category; as many follows lead from each of its values to each other in every rewired network.
    """
    network = clustered(study)
    obstacle = _obstacle(study, network, settings)
    asked = _asked(
        study,
        network,
        obstacle,
        name="H1-degree",
        question="Do creators follow creators of their own cluster more often than the numbers of follows and of "
        "followers alone would give?",
        null="follow edges are swapped at random among the creators in clusters, each of whom keeps the number of "
        "follows and the number of followers"
        + (f", and of follows from each {strata} to each {strata}" if strata else ""),
    )
    if obstacle:
        return asked
    # Here, because numba loads slowly.
    from analysis.mixing import mixing_without, ratio_interval
    from analysis.rewiring import rewired_inside

    steps = min(math.ceil(settings.swaps_per_edge * network.n_edges), settings.max_swaps // settings.draws)
    codes = None if strata is None else study.categories[strata][study.clusters >= 0]
    chain = rewired_inside(network, settings.draws, max(steps, 1), seed, codes)
    if chain.acceptance == 0:
        return replace(
            asked, reason=sentence("no two edges could be swapped: the degrees leave no choice", asked.reason)
        )
    if (chain.inside == chain.observed).all():
        return replace(asked, reason=sentence("every rewired network gives the same share", asked.reason))
    observed, expected = chain.observed / network.n_edges, float(chain.inside.mean()) / network.n_edges
    effect = ci_low = ci_high = None
    if expected > 0:
        effect = observed / expected
        # The chain is not run without each creator: what it expects moves as the configuration model's share does.
        without = mixing_without(network, settings.resamples, seed)
        with np.errstate(divide="ignore", invalid="ignore"):
            ci_low, ci_high = ratio_interval(effect, without.inside / without.by_degrees, settings.confidence)
    slow = None
    if chain.effective_size < min(ENOUGH_DRAWS, settings.draws / 10):
        slow = (
            f"the rewired networks depend on each other (effective number of draws {chain.effective_size:.0f} of "
            f"{settings.draws}, {chain.acceptance:.0%} of the swaps possible, {chain.in_place:.0%} of the edges still "
            "in place at the end): the p value is exact but the test is weak, and the effect is drawn towards 1; "
            "raise hypotheses.swaps_per_edge and hypotheses.max_swaps"
        )
    return replace(
        asked,
        verdict=SUPPORTED if chain.p_value <= settings.alpha else NOT_SUPPORTED,
        reason=sentence(slow, asked.reason),
        observed=observed,
        expected=expected,
        effect=effect,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=chain.p_value,
        n_draws=settings.draws,
        seed=seed,
        under_null=chain.inside / network.n_edges,
    )


def clustered(study: Study) -> LabelledNetwork:
    """The creators of a study that are in clusters, and the edges among them."""
    return labelled_network(study.network.sources, study.network.targets, study.clusters, study.network.directed)


def with_singletons(study: Study) -> Study:
    """The study with noise kept: each creator in no cluster gets a cluster of its own."""
    return replace(study, clusters=each_alone(study.clusters))


def _asked(
    study: Study, network: LabelledNetwork, obstacle: str | None, *, name: str, question: str, null: str
) -> Hypothesis:
    """What either test says before it is made."""
    return Hypothesis(
        id=name,
        question=question,
        null=null,
        statistic="share of follow edges inside clusters, creators in no cluster left out,",
        n_creators=network.n_creators,
        n_edges=network.n_edges,
        verdict=NOT_TESTABLE,
        reason=sentence(obstacle, incomplete_lists(study.follows_status)),
    )


def nothing_to_compare(study: Study, network: LabelledNetwork) -> str | None:
    """Why follows inside and between clusters cannot be compared; None where they can.

    Args:
        study: the cohort.
        network: its creators in clusters (`clustered`).
    """
    checks = (
        (study.network.n_creators == 0, "the cohort is empty"),
        (study.network.n_edges == 0, "there are no follow edges between creators of the cohort"),
        (network.n_creators == 0, "no creator is in a cluster: all are noise or were not clustered"),
        (len(network.sizes) < 2, "there are fewer than two clusters"),
        (network.sizes.max(initial=0) < 2, "no cluster has two creators"),
        (network.n_edges == 0, "there are no follow edges between creators in clusters"),
    )
    return next((reason for failed, reason in checks if failed), None)


def _obstacle(study: Study, network: LabelledNetwork, settings: HypothesesSection) -> str | None:
    """Why chance could not tell anything, or None."""
    found = nothing_to_compare(study, network)
    found = sentence(too_few(study.network.n_creators), found) or too_few(network.n_creators, "in clusters")
    return found or too_incomplete(study.follows_status, settings.max_incomplete)
