"""Tests on simulated cohorts: how often they reject where there is nothing to find (level), or something (power)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa

from analysis.clusters import density_clusters
from analysis.evidence import Study
from analysis.hypotheses import TESTS, Test
from analysis.network import network_of
from analysis.profiles import profiles_of
from analysis.simulation import CohortSection, bag_of_words, simulate_cohort
from common.config import ClusterSettings, HypothesesSection
from common.processes import in_processes
from common.tables import CREATORS, EDGES

INSIDE, ABOVE, BELOW = "inside", "above", "below"


@dataclass(frozen=True)
class Trial:
    """Simulated cohorts of one kind, and what is tested on them.

    Attributes:
        cohort: what they are like.
        tests: ids of tests.
        settings: of the tests.
        found: how clusters are found; None: the planted communities are the clusters.
    """

    cohort: CohortSection
    tests: tuple[str, ...]
    settings: HypothesesSection
    found: ClusterSettings | None = None


@cache
def tests_by_id() -> dict[str, Test]:
    """The tests of a study in the order of the report; each says its id when it is given a study of nobody."""
    nobody = Study(network_of(CREATORS.empty_table(), EDGES.empty_table()), np.empty(0, np.int64))
    return {test(nobody, HypothesesSection(), 0).id: test for test in TESTS}


def p_values(trial: Trial, seed: Sequence[int]) -> dict[str, float | None]:
    """The tests' p values in one cohort; None: not testable.

    Args:
        trial: what is tested on what.
        seed: two or more numbers that no other cohort has.
    """
    from threadpoolctl import threadpool_limits

    own_seed = int(np.random.SeedSequence(seed[0], spawn_key=seed[1:]).generate_state(1)[0])
    tests = tests_by_id()
    with threadpool_limits(1):
        cohort = simulate_cohort(trial.cohort, own_seed, bag_of_words)
        study = cohort.study(trial.found)
        if trial.found is not None:
            study = _with_found_clusters(study, cohort.creators, trial.found, own_seed)
        return {name: tests[name](study, trial.settings, own_seed).p_value for name in trial.tests}


def _with_found_clusters(study: Study, creators: pa.Table, settings: ClusterSettings, seed: int) -> Study:
    found = density_clusters(profiles_of(creators), settings, seed)
    return replace(study, clusters=found.clusters, membership=found.membership)


def run_trial(trial: Trial, seed: Sequence[int], number: int, processes: int) -> Iterator[dict[str, float | None]]:
    """The p values of so many cohorts, in their order; no result depends on the number of processes."""
    return in_processes(p_values, [(trial, (*seed, place)) for place in range(number)], processes)


def rejections(values: Sequence[float | None], alpha: float) -> tuple[int, int]:
    """In how many cohorts a test could be made, and in how many of these it rejected."""
    tested = [value for value in values if value is not None]
    return len(tested), sum(value <= alpha for value in tested)


def band(number: int, rate: float, coverage: float) -> tuple[int, int]:
    """Numbers of rejections that a test with this rate has in so many cohorts, with at least this probability.

    The smallest and the largest number of the exact binomial distribution, with at most half of the rest on each side.
    """
    from scipy.stats import binom

    low, high = binom.interval(coverage, number, rate)
    return int(low), int(high)


def conclusion(rejected: int, limits: tuple[int, int]) -> str:
    """Whether a number of rejections lies in a band."""
    return BELOW if rejected < limits[0] else ABOVE if rejected > limits[1] else INSIDE
