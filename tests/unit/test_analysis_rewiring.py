"""H1-degree: what the chain keeps, that it visits every network equally often, and that its test keeps its level."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from analysis.evidence import Hypothesis, Study
from analysis.homophily import LabelledNetwork, labelled_network
from analysis.homophily_tests import degree_homophily, label_homophily, with_singletons
from analysis.network import Network
from analysis.rewiring import effective_size, rewire, rewired_inside
from common.config import HypothesesSection

Edges = tuple[tuple[int, int], ...]


def arrays(edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(edges, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def study(edges: Edges, clusters: list[int], directed: bool = True) -> Study:
    ids = pa.array([f"creator{number:03}" for number in range(len(clusters))], pa.string())
    return Study(Network(ids, *arrays(edges), directed=directed), np.array(clusters, np.int64))


def random_edges(creators: int, edges: int, directed: bool, seed: int) -> Edges:
    pairs = list((permutations if directed else combinations)(range(creators), 2))
    chosen = np.random.default_rng(seed).permutation(len(pairs))[:edges]
    return tuple(sorted(pairs[place] for place in chosen))


def degrees(edges: Edges, creators: int, directed: bool) -> list[list[int]]:
    sources, targets = arrays(edges)
    out, into = (np.bincount(ends, minlength=creators) for ends in (sources, targets))
    return [out.tolist(), into.tolist()] if directed else [(out + into).tolist()]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(0, 200), st.integers(1, 2000), st.booleans())
def test_degrees_stay_and_no_loop_or_multiple_edge_appears(
    seed: int, creators: int, edges: int, attempts: int, directed: bool
) -> None:
    before = random_edges(creators, edges, directed, seed)
    sources, targets = rewire(*arrays(before), creators, attempts, seed, directed)
    after = tuple(zip(sources.tolist(), targets.tolist(), strict=True))
    assert degrees(after, creators, directed) == degrees(before, creators, directed)
    assert len(set(after)) == len(before)
    assert all(a != b if directed else a < b for a, b in after)


def same_degrees(edges: Edges, creators: int, directed: bool) -> set[Edges]:
    """All networks with the degrees of this one, found by trying every set of edges."""
    pairs = (permutations if directed else combinations)(range(creators), 2)
    wanted = degrees(edges, creators, directed)
    return {found for found in combinations(sorted(pairs), len(edges)) if degrees(found, creators, directed) == wanted}


@pytest.mark.parametrize(
    ("edges", "creators", "directed", "networks"),
    [
        (((0, 1), (1, 2), (2, 0)), 3, True, 2),  # swaps alone change nothing here
        (((0, 1), (1, 2), (2, 0), (2, 3), (3, 0)), 4, True, None),
        (((0, 1), (0, 2), (1, 0), (2, 3), (3, 1)), 4, True, None),
        (((0, 1), (2, 3), (1, 4)), 5, False, None),
        (((0, 1), (0, 2), (1, 3), (2, 3), (3, 4)), 5, False, None),
    ],
)
def test_all_networks_with_the_same_degrees_are_equally_frequent(
    edges: Edges, creators: int, directed: bool, networks: int | None
) -> None:
    possible = same_degrees(edges, creators, directed)
    assert len(possible) == networks or (networks is None and len(possible) > 2)
    seen: Counter[Edges] = Counter()
    for seed in range(3000):
        sources, targets = rewire(*arrays(edges), creators, 300, seed, directed)
        seen[tuple(zip(sources.tolist(), targets.tolist(), strict=True))] += 1
    assert set(seen) == possible
    assert chisquare(list(seen.values())).pvalue > 0.001


@pytest.mark.parametrize("directed", [True, False])
def test_within_strata_the_edges_between_categories_stay_and_networks_are_equally_frequent(directed: bool) -> None:
    edges = ((0, 1), (0, 3), (1, 2), (2, 4), (3, 4), (3, 5)) if directed else ((0, 1), (0, 3), (1, 2), (2, 4), (3, 5))
    strata = np.array([0, 0, 1, 1, 0, 1])

    def between(found: Edges) -> Counter[tuple[int, ...]]:
        ends = (tuple(strata[[a, b]].tolist()) for a, b in found)
        return Counter(ends if directed else (tuple(sorted(pair)) for pair in ends))

    possible = {found for found in same_degrees(edges, 6, directed) if between(found) == between(edges)}
    seen: Counter[Edges] = Counter()
    for seed in range(3000):
        sources, targets = rewire(*arrays(edges), 6, 300, seed, directed, strata)
        seen[tuple(zip(sources.tolist(), targets.tolist(), strict=True))] += 1
    assert 1 < len(seen) < len(same_degrees(edges, 6, directed))
    assert set(seen) == possible
    assert chisquare(list(seen.values())).pvalue > 0.001


@pytest.mark.parametrize("directed", [True, False])
def test_inside_edges_along_the_chain_are_those_of_its_networks(directed: bool) -> None:
    """The chain keeps count by what each swap changes; in rewired networks the edges are counted."""
    sources, targets = arrays(random_edges(25, 120, directed, 1))
    labels = np.arange(25) % 4
    network = LabelledNetwork(sources, targets, labels, directed)
    chain = rewired_inside(network, 400, 300, seed=3)
    assert chain.observed == network.inside()
    assert chain.inside.shape == (400,)
    independent = []
    for seed in range(400):
        a, b = rewire(sources, targets, 25, 2000, seed, directed)
        independent.append(int((labels[a] == labels[b]).sum()))
    error = np.hypot(np.std(independent), chain.inside.std()) / 20
    assert chain.inside.mean() == pytest.approx(np.mean(independent), abs=4.5 * error)
    assert chain.inside.std() == pytest.approx(np.std(independent), rel=0.2)


def test_the_chain_depends_on_the_seed_alone() -> None:
    network = LabelledNetwork(*arrays(random_edges(25, 120, True, 1)), np.arange(25) % 4)
    first, again, other = (rewired_inside(network, 99, 300, seed) for seed in (1, 1, 2))
    assert (first.inside == again.inside).all()
    assert first.position == again.position
    assert (first.inside != other.inside).any()


def test_the_diagnostic_tells_a_slow_chain() -> None:
    network = LabelledNetwork(*arrays(random_edges(60, 600, True, 1)), np.arange(60) % 4)
    slow, fast = rewired_inside(network, 999, 3, seed=1), rewired_inside(network, 999, 3000, seed=1)
    assert slow.effective_size < 100 < 500 < fast.effective_size <= 999
    assert rewired_inside(network, 99, 1, seed=1).in_place > 0.5 > fast.in_place
    assert 0 < fast.acceptance < 1


def test_effective_size_is_that_of_an_autoregressive_series() -> None:
    """(1 - a) / (1 + a) of the draws, for a series with autocorrelation a."""
    noise = np.random.default_rng(1).standard_normal(20_000)
    series = np.empty_like(noise)
    series[0] = noise[0]
    for place in range(1, len(noise)):
        series[place] = 0.8 * series[place - 1] + noise[place]
    assert effective_size(series) == pytest.approx(20_000 / 9, rel=0.15)
    assert effective_size(noise) > 18_000
    assert effective_size(np.ones(50)) == 50


# The test

SETTINGS = HypothesesSection(draws=99, resamples=99)


def cohort(seed: int, homophily: float = 0.0, directed: bool = True) -> Study:
    """60 creators in three groups of unlike popularity. The log odds of a follow are the sum of what the two creators
    bring (and of `homophily` inside groups): without homophily all networks with the same degrees are equally likely.
    """
    generator = np.random.default_rng([seed, 60])
    clusters = np.repeat([0, 1, 2], [30, 20, 10])
    popularity = np.array([1.5, 0.0, -1.5])[clusters] + generator.normal(0, 0.5, 60)
    activity = np.array([1.0, 0.0, -1.0])[clusters] + generator.normal(0, 0.5, 60) if directed else popularity
    odds = activity[:, None] + popularity[None, :] - 3.5 + homophily * (clusters[:, None] == clusters[None, :])
    follows = generator.random((60, 60)) < 1 / (1 + np.exp(-odds))
    np.fill_diagonal(follows, False)
    if not directed:
        follows = np.triu(follows)
    edges = tuple(zip(*(ends.tolist() for ends in np.nonzero(follows)), strict=True))
    return study(edges, clusters.tolist(), directed)


@pytest.mark.parametrize("directed", [True, False])
def test_keeps_its_level_where_popularity_goes_with_cluster_and_shuffled_labels_do_not(directed: bool) -> None:
    """200 cohorts without homophily: 5 % rejections within the 99.9 % binomial band; the label test has far more."""
    by_degree, by_label = (
        [test(cohort(seed, directed=directed), SETTINGS, seed).p_value for seed in range(cohorts)]
        for test, cohorts in ((degree_homophily, 200), (label_homophily, 30))
    )
    low, high = binom.interval(0.999, 200, 0.05)
    assert low <= sum(p_value <= 0.05 for p_value in by_degree) <= high
    assert np.mean(by_degree) == pytest.approx(0.5, abs=0.09)  # ties count against the hypothesis
    assert sum(p_value <= 0.05 for p_value in by_label) > 20


@pytest.mark.parametrize("directed", [True, False])
def test_finds_homophily(directed: bool) -> None:
    found = degree_homophily(cohort(1, homophily=1.5, directed=directed), SETTINGS, 1)
    assert found.verdict == "supported"
    assert found.p_value == 0.01
    assert (found.id, found.n_draws, found.seed, found.n_creators) == ("H1-degree", 99, 1, 60)
    assert found.effect == found.observed / found.expected
    assert 1 < found.ci_low < found.effect < found.ci_high
    assert found.reason is None


def test_slow_mixing_is_said() -> None:
    """The limit on swaps leaves one step between draws: the p value stays, the reason tells."""
    found = degree_homophily(cohort(1), SETTINGS.model_copy(update={"draws": 999, "max_swaps": 999}), 1)
    assert found.p_value is not None
    assert found.reason is not None
    assert "effective number of draws" in found.reason
    assert "hypotheses.max_swaps" in found.reason


@pytest.mark.parametrize("test", [label_homophily, degree_homophily])
def test_noise_is_dropped_or_kept_as_singletons(test: object) -> None:
    base = cohort(2, homophily=1.5)
    noisy = np.where(np.arange(60) % 5 == 0, -1, base.clusters)
    dropped = Study(base.network, noisy)
    kept = with_singletons(dropped)
    assert len(np.unique(kept.clusters)) == 3 + 12
    assert (kept.clusters[noisy >= 0] == noisy[noisy >= 0]).all()
    assert (with_singletons(kept).clusters == kept.clusters).all()
    first, second = (test(each, SETTINGS, 1) for each in (dropped, kept))
    assert (first.n_creators, second.n_creators) == (48, 60)
    assert first.n_edges < second.n_edges == base.network.n_edges
    assert first.observed * first.n_edges == pytest.approx(second.observed * second.n_edges)


@pytest.mark.parametrize("test", [label_homophily, degree_homophily])
@pytest.mark.parametrize(
    ("edges", "clusters", "reason"),
    [
        ((), [], "the cohort is empty"),
        ((), [0, 0, 1, 1], "no follow edges between creators of the cohort"),
        (((0, 1),), [0, 0, 0, 0], "fewer than two clusters"),
        (((0, 1),), [-1, -1, -1, -1], "no creator is in a cluster"),
        (((0, 1),), [0, 1], "no cluster has two creators"),
        (((0, 3),), [0, 0, 1, -1], "no follow edges between creators in clusters"),
    ],
)
def test_what_cannot_be_tested_says_why(test: object, edges: Edges, clusters: list[int], reason: str) -> None:
    for directed in (True, False):
        found: Hypothesis = test(study(edges, clusters, directed), SETTINGS, 1)
        assert found.verdict == "not testable"
        assert found.reason is not None
        assert reason in found.reason
        assert found.p_value is None


@pytest.mark.parametrize(
    ("edges", "clusters", "reason"),
    [
        (((0, 1), (0, 2), (0, 3)), [0, 0, 1, 1, *[1] * 6], "the degrees leave no choice"),
        (((0, 1), (1, 2), (2, 0)), [0, 0, 1, *[1] * 7], "every rewired network gives the same share"),
    ],
)
def test_degrees_that_decide_everything_are_not_testable(edges: Edges, clusters: list[int], reason: str) -> None:
    found = degree_homophily(study(edges, clusters), SETTINGS, 1)
    assert found.verdict == "not testable"
    assert found.reason is not None
    assert reason in found.reason


def test_label_names_and_isolated_creators_play_no_part_in_the_chain() -> None:
    base = cohort(3, homophily=0.5)
    renamed = Study(base.network, np.array([7, 3, 11])[base.clusters])
    assert degree_homophily(renamed, SETTINGS, 1) == degree_homophily(base, SETTINGS, 1)
    ids = pa.array([*base.network.creator_ids.to_pylist(), "zz"])
    alone = Study(Network(ids, base.network.sources, base.network.targets), np.append(base.clusters, 0))
    more, fewer = degree_homophily(alone, SETTINGS, 1), degree_homophily(base, SETTINGS, 1)
    assert (more.p_value, more.expected, more.n_creators) == (fewer.p_value, fewer.expected, 61)


def test_closed_form_of_undirected_networks_is_that_of_their_shuffles() -> None:
    from analysis.homophily import draw_inside, null_moments

    sources, targets = arrays(random_edges(40, 200, False, 5))
    network = labelled_network(sources, targets, np.arange(40) % 3, directed=False)
    mean, variance = null_moments(network)
    drawn = draw_inside(network, 20_000, seed=3)
    assert drawn.mean() == pytest.approx(mean, abs=4.5 * np.sqrt(variance / len(drawn)))
    assert drawn.std() == pytest.approx(np.sqrt(variance), rel=0.05)
