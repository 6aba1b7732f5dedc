"""Effect sizes: published values, networkx, definitions written out, and what their intervals say of odd networks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.effects import homophily_effects
from analysis.evidence import Study
from analysis.homophily import LabelledNetwork, expected_share
from analysis.homophily_tests import degree_homophily, label_homophily, with_singletons
from analysis.mixing import PER_BLOCK, _Measuring, mixing, percentile_interval, resampled_mixing
from analysis.network import Network
from common.config import HypothesesSection
from common.parquet import build_table
from common.tables import EFFECTS

SETTINGS = HypothesesSection(draws=99, resamples=199)

# Sampson's monks: whom each of 18 novices liked best at any of three times (Sampson 1969, tables D5, D9, D13, in his
# order), and their groups as in White, Boorman & Breiger (1976): Turks, outcasts, loyal. It is `samplike` of the R
# package ergm: 88 ties, of which the published model (edges -2.001, nodematch 2.648) implies 63 inside groups.
MONKS = {
    0: (1, 2, 4, 7, 11, 13),
    1: (0, 6, 11, 13, 14),
    2: (0, 1, 12, 16, 17),
    3: (4, 5, 9, 10),
    4: (0, 3, 8, 10, 12),
    5: (0, 3, 4, 8),
    6: (0, 1, 7, 11, 15),
    7: (0, 1, 3, 5, 8, 9),
    8: (4, 7, 11, 15),
    9: (3, 4, 7, 8, 12, 13),
    10: (3, 4, 7, 13, 15),
    11: (0, 1, 6, 13),
    12: (4, 6, 17),
    13: (0, 1, 10, 11, 14),
    14: (0, 1, 4, 6, 11, 13),
    15: (0, 1, 6, 11, 14),
    16: (1, 2, 12, 17),
    17: (0, 1, 2, 6, 12, 16),
}
MONKS_GROUPS = np.array(["TTOLLLTLLLLTOTTTOO".index(letter) for letter in "TTOLLLTLLLLTOTTTOO"])


def monks() -> LabelledNetwork:
    edges = np.array([(source, target) for source, targets in MONKS.items() for target in targets])
    return LabelledNetwork(edges[:, 0], edges[:, 1], np.unique(MONKS_GROUPS, return_inverse=True)[1])


def karate() -> LabelledNetwork:
    graph = nx.karate_club_graph()
    edges = np.array(graph.edges())
    clubs = np.array([int(graph.nodes[node]["club"] == "Officer") for node in graph])
    return LabelledNetwork(edges[:, 0], edges[:, 1], clubs, directed=False)


def random_network(seed: int, directed: bool, creators: int = 30, edges: int = 150, groups: int = 4) -> LabelledNetwork:
    generator = np.random.default_rng(seed)
    first, second = np.divmod(generator.permutation(creators**2)[:edges], creators)
    kept = first != second if directed else first < second
    return LabelledNetwork(first[kept], second[kept], generator.integers(0, groups, creators), directed)


def study(network: LabelledNetwork, clusters: Any = None) -> Study:
    ids = pa.array([f"creator{number:03}" for number in range(network.n_creators)], pa.string())
    edges = Network(ids, network.sources, network.targets, directed=network.directed)
    return Study(edges, np.array(network.labels if clusters is None else clusters, np.int64))


def test_karate_club_and_sampsons_monks_have_the_published_numbers() -> None:
    assert mixing(karate()).assortativity[0] == pytest.approx(0.717531, abs=5e-7)
    assert (monks().n_edges, monks().inside()) == (88, 63)
    found = mixing(monks())
    assert found.inside[0] == 63 / 88
    assert found.label_ratio[0] == pytest.approx((63 / 88) / (96 / 306), rel=1e-12)
    assert monks().sizes.tolist() == [7, 4, 7]


def test_newmans_mixing_matrix() -> None:
    """The shares of Newman (2003), table I, per thousand, as edges among 40 creators of each group."""
    shares = ((258, 16, 35, 13), (12, 157, 58, 19), (13, 23, 306, 35), (5, 7, 24, 16))
    edges = [
        pair
        for row in range(4)
        for column in range(4)
        for pair in list(pairs_between(40 * row, 40 * column))[: shares[row][column]]
    ]
    sources, targets = np.array(edges).T
    found = mixing(LabelledNetwork(sources, targets, np.repeat(np.arange(4), 40)))
    assert found.assortativity[0] == pytest.approx(0.623, abs=5e-4)


def pairs_between(first: int, second: int) -> Iterator[tuple[int, int]]:
    """All pairs of two blocks of 40 creators, nobody with herself."""
    numbers = itertools.product(range(first, first + 40), range(second, second + 40))
    return (pair for pair in numbers if pair[0] != pair[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_assortativity_agrees_with_networkx(seed: int, directed: bool) -> None:
    network = random_network(seed, directed)
    graph = (nx.DiGraph if directed else nx.Graph)()
    graph.add_nodes_from((node, {"group": int(label)}) for node, label in enumerate(network.labels))
    graph.add_edges_from(zip(network.sources.tolist(), network.targets.tolist(), strict=True))
    expected = nx.attribute_assortativity_coefficient(graph, "group")
    assert mixing(network).assortativity[0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_colemans_index_and_expected_shares_are_those_of_their_definitions(seed: int, directed: bool) -> None:
    network = random_network(seed, directed)
    found = mixing(network)
    assert found.by_labels[0] == pytest.approx(expected_share(network.sizes), rel=1e-12)
    choices = list(zip(network.sources, network.targets, strict=True))
    choices += [] if directed else [(b, a) for a, b in choices]
    sent = np.bincount([a for a, _ in choices], minlength=30)
    received = np.bincount([b for _, b in choices], minlength=30)
    pairs = [(a, b) for a, b in itertools.permutations(range(30), 2)]
    weights = [sent[a] * received[b] for a, b in pairs]
    inside = [network.labels[a] == network.labels[b] for a, b in pairs]
    assert found.by_degrees[0] == pytest.approx(np.average(inside, weights=weights), rel=1e-12)
    for group, size in enumerate(network.sizes):
        own = [network.labels[b] == group for a, b in choices if network.labels[a] == group]
        expected = len(own) * (size - 1) / 29
        if size > 1 and own:
            excess = sum(own) - expected
            index = excess / (len(own) - expected) if excess >= 0 else excess / expected
            assert found.coleman[group, 0] == pytest.approx(index, rel=1e-12)
        else:
            assert np.isnan(found.coleman[group, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_resample_is_measured_like_the_network_of_its_copies(seed: int, directed: bool) -> None:
    """Copies written out as creators of their own; only expected shares know that copies of one are no pair."""
    network = random_network(seed, directed)
    copies = np.random.default_rng(seed).integers(0, 3, 30)
    who = np.repeat(np.arange(30), copies)
    follows = np.zeros((30, 30), bool)
    follows[network.sources, network.targets] = True
    sources, targets = np.nonzero(follows[np.ix_(who, who)])
    written_out = mixing(LabelledNetwork(sources, targets, network.labels[who], directed))
    if not directed:
        symmetric = np.nonzero((follows | follows.T)[np.ix_(who, who)])
        once = symmetric[0] < symmetric[1]
        written_out = mixing(LabelledNetwork(symmetric[0][once], symmetric[1][once], network.labels[who], False))
    found = _Measuring(network)(copies[:, np.newaxis].astype(float))
    assert found.inside[0] == pytest.approx(written_out.inside[0], rel=1e-12, nan_ok=True)
    assert found.assortativity[0] == pytest.approx(written_out.assortativity[0], abs=1e-12, nan_ok=True)
    allowed = who[:, np.newaxis] != who[np.newaxis, :]
    same = network.labels[who][:, np.newaxis] == network.labels[who][np.newaxis, :]
    assert found.by_labels[0] == pytest.approx((same & allowed).sum() / allowed.sum(), rel=1e-12)


def test_resamples_are_of_all_creators_and_begin_alike() -> None:
    network = random_network(1, True)
    many, few = resampled_mixing(network, 3 * PER_BLOCK + 5, 1), resampled_mixing(network, PER_BLOCK + 3, 1)
    assert many.label_ratio.shape == (3 * PER_BLOCK + 5,)
    assert many.coleman.shape == (4, 3 * PER_BLOCK + 5)
    assert (many.inside[: PER_BLOCK + 3] == few.inside).all()
    assert (many.inside != resampled_mixing(network, 3 * PER_BLOCK + 5, 2).inside).any()


def test_percentile_interval() -> None:
    values = np.arange(101.0)
    assert percentile_interval(values, 0.9) == pytest.approx((5, 95))
    assert percentile_interval(np.append(values, np.nan), 0.9) == pytest.approx((5, 95))
    assert percentile_interval(np.append(values, np.full(10, np.nan)), 0.9) == (None, None)
    assert percentile_interval(np.empty(0), 0.9) == (None, None)


def test_intervals_hold_the_ratio_of_the_population_they_are_drawn_from() -> None:
    """60 networks of a block model: 95 % intervals of the label ratio, within the 99.9 % binomial band (51 of 60)."""
    held = 0
    labels = np.repeat(np.arange(4), 20)
    chance = np.where(labels[:, None] == labels[None, :], 0.18, 0.06)
    truth = 0.18 / (0.18 * 19 + 0.06 * 60) * 79
    for seed in range(60):
        follows = np.random.default_rng(seed).random((80, 80)) < chance
        np.fill_diagonal(follows, False)
        ratios = resampled_mixing(LabelledNetwork(*np.nonzero(follows), labels), 199, seed).label_ratio
        low, high = percentile_interval(ratios, 0.95)
        assert low is not None
        assert high is not None
        held += low <= truth <= high
    assert held >= 51


# The table


def test_the_table_of_the_karate_club() -> None:
    club = study(karate())
    degree = degree_homophily(club, SETTINGS, 1)
    rows = homophily_effects(club, SETTINGS, 1, degree)
    assert [(row["measure"], row["cluster"]) for row in rows] == [
        ("label_ratio", None),
        ("degree_ratio", None),
        ("assortativity", None),
        ("coleman", 0),
        ("coleman", 1),
    ]
    label = label_homophily(club, SETTINGS, 1)
    assert [rows[0][name] for name in ("value", "ci_low", "ci_high")] == [label.effect, label.ci_low, label.ci_high]
    assert [rows[1][name] for name in ("value", "ci_low", "ci_high")] == [degree.effect, degree.ci_low, degree.ci_high]
    assert all(row["ci_low"] < row["value"] < row["ci_high"] for row in rows)
    assert [row["n_creators"] for row in rows] == [34, 34, 34, 17, 17]
    assert rows[3]["n_edges"] + rows[4]["n_edges"] == 78 + 11  # edges between the clubs are touched by both
    assert build_table(rows, EFFECTS).num_rows == 5
    assert homophily_effects(club, SETTINGS, 1) == rows


def test_clusters_keep_their_numbers_and_noise_is_left_out() -> None:
    network = random_network(3, True)
    clusters = np.array([7, 2, -1, 5])[network.labels]
    rows = homophily_effects(study(network, clusters), SETTINGS, 1)
    assert [row["cluster"] for row in rows[3:]] == [2, 5, 7]
    assert [row["n_creators"] for row in rows[3:]] == [int((clusters == number).sum()) for number in (2, 5, 7)]
    inside = LabelledNetwork(network.sources, network.targets, clusters)
    assert rows[0]["n_edges"] == int(((clusters[inside.sources] >= 0) & (clusters[inside.targets] >= 0)).sum())
    renamed = homophily_effects(study(network, np.array([0, 1, -1, 2])[network.labels]), SETTINGS, 1)
    assert sorted(row["value"] for row in renamed) == sorted(row["value"] for row in rows)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("singletons", [True, False])
@pytest.mark.parametrize(
    ("edges", "clusters", "defined"),
    [
        ([], [], set()),
        ([], [0, 0], set()),
        ([], [0, 0, 1, 1], set()),
        ([(0, 1)], [0, 0], set()),  # one cluster: all is inside, and could not be otherwise
        ([(0, 1)], [-1, -1, -1], set()),
        ([(0, 1)], [0, 1], {"assortativity"}),
        ([(0, 1), (1, 2)], [0, 0, 0, 1, 1], {"label_ratio", "coleman"}),  # two creators are isolated
    ],
)
def test_what_is_not_defined_is_none(
    edges: list[tuple[int, int]], clusters: list[int], defined: set[str], singletons: bool, directed: bool
) -> None:
    ends = np.array(edges, np.int64).reshape(-1, 2)
    given = study(LabelledNetwork(ends[:, 0], ends[:, 1], np.array(clusters, np.int64), directed))
    rows = homophily_effects(with_singletons(given) if singletons else given, SETTINGS, 1)
    numbers = [row[name] for row in rows for name in ("value", "ci_low", "ci_high") if row[name] is not None]
    assert np.isfinite(numbers).all()
    if not (singletons and -1 in clusters):
        assert {row["measure"] for row in rows if row["value"] is not None} == defined
    assert build_table(rows, EFFECTS).num_rows == len(rows)
