"""H1-label: known networks, closed forms, invariances, and what the program says about networks it cannot test."""

from __future__ import annotations

import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from analysis import homophily
from analysis.evidence import HYPOTHESES
from analysis.homophily import (
    DRAWS_PER_BLOCK,
    draw_inside,
    expected_share,
    labelled_network,
    null_moments,
    permutation_p,
    shuffled_labels,
)
from common.parquet import TableError

KEYS = HYPOTHESES.names


def karate() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Zachary's karate club: sources, targets, club."""
    graph = nx.karate_club_graph()
    edges = np.array(graph.edges())
    return edges[:, 0], edges[:, 1], np.array([int(graph.nodes[node]["club"] == "Officer") for node in graph])


def random_network(creators: int, edges: int, groups: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    keys = np.unique(generator.integers(0, creators * creators, edges))
    sources, targets = np.divmod(keys, creators)
    return sources[sources != targets], targets[sources != targets], generator.integers(-1, groups, creators)


def test_karate_club_has_the_published_numbers() -> None:
    network = labelled_network(*karate())
    mean, variance = null_moments(network)
    assert (network.inside(), network.n_edges) == (67, 78)
    assert mean == pytest.approx(37.818182, abs=1e-6)
    assert np.sqrt(variance) == pytest.approx(3.705717, abs=1e-6)
    assert expected_share(network.sizes) == pytest.approx(mean / 78, rel=1e-12)


@pytest.mark.parametrize("data", [karate(), random_network(60, 500, 5, 1), random_network(400, 3000, 300, 2)])
def test_shuffled_labels_have_the_moments_of_the_closed_form(data: Any) -> None:
    """The last network has more than 256 labels: they take two bytes."""
    network = labelled_network(*data)
    mean, variance = null_moments(network)
    drawn = draw_inside(network, 20_000, seed=3)
    assert drawn.mean() == pytest.approx(mean, abs=4.5 * np.sqrt(variance / len(drawn)))
    assert drawn.std() == pytest.approx(np.sqrt(variance), rel=0.05)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 3))
def test_moments_equal_those_over_all_orders_of_the_labels(seed: int, creators: int, groups: int) -> None:
    """Up to six creators every order can be listed."""
    import itertools

    sources, targets, labels = random_network(creators, 3 * creators, groups, seed)
    network = labelled_network(sources, targets, np.abs(labels))
    counts = [
        sum(order[a] == order[b] for a, b in zip(network.sources, network.targets, strict=True))
        for order in itertools.permutations(network.labels.tolist())
    ]
    mean, variance = null_moments(network)
    assert mean == pytest.approx(np.mean(counts), abs=1e-9)
    assert variance == pytest.approx(np.var(counts), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 300), st.integers(0, 5000), st.integers(1, 600))
def test_counting_many_draws_at_once_equals_counting_one_by_one(
    seed: int, creators: int, edges: int, draws: int
) -> None:
    """Edges are summed in bytes and draws in blocks: no remainder of either may be lost."""
    network = labelled_network(*random_network(creators, edges, 4, seed))
    counts = draw_inside(network, draws, seed)
    assert counts.shape == (draws,)
    orders = shuffled_labels(network.labels.astype(np.uint8), seed, 0)
    for draw in (0, min(DRAWS_PER_BLOCK, draws) - 1):
        order = orders[:, draw]
        assert sorted(order) == sorted(network.labels)
        assert counts[draw] == (order[network.sources] == order[network.targets]).sum()


@pytest.mark.parametrize("key_bits", [5, 9, 32])
def test_all_orders_of_the_labels_are_equally_likely(key_bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With keys of 5 bits orders come from swapping; with 9 keys are often equal and drawn again."""
    monkeypatch.setattr(homophily, "KEY_BITS", key_bits)
    labels = np.array([0, 0, 1, 1, 2], np.uint8)
    orders = np.concatenate([shuffled_labels(labels, 1, block) for block in range(200)], axis=1)
    _, counts = np.unique(orders, axis=1, return_counts=True)
    assert len(counts) == 30  # 5! / (2! 2!)
    assert chisquare(counts).pvalue > 0.001


def test_more_draws_begin_with_the_same_ones() -> None:
    network = labelled_network(*karate())
    assert (draw_inside(network, 700, 5)[:300] == draw_inside(network, 300, 5)).all()
    assert (draw_inside(network, 300, 5) != draw_inside(network, 300, 6)).any()


def test_names_of_labels_and_noise_play_no_part() -> None:
    sources, targets, labels = random_network(50, 400, 4, 7)
    renamed = np.array([5, 40, 9, 7, -3])[labels]  # -1, the last, is noise under another number
    first, second = labelled_network(sources, targets, labels), labelled_network(sources, targets, renamed)
    assert (first.labels == second.labels).all()
    assert (draw_inside(first, 300, 1) == draw_inside(second, 300, 1)).all()
    kept = labels >= 0
    assert first.n_creators == kept.sum()
    assert first.n_edges == (kept[sources] & kept[targets]).sum()


def test_p_value_counts_the_observed_order_and_ties() -> None:
    assert permutation_p(5, np.array([1, 2, 5, 6])) == 3 / 5
    assert permutation_p(9, np.arange(9)) == 1 / 10


def test_p_values_keep_their_level_when_labels_mean_nothing() -> None:
    """400 networks whose labels are given at random: 5 % rejections, within the 99.9 % binomial band."""
    generator = np.random.default_rng(8)
    p_values = []
    for seed in range(400):
        sources, targets, _ = random_network(40, 300, 1, seed)
        network = labelled_network(sources, targets, generator.integers(0, 3, 40))
        p_values.append(permutation_p(network.inside(), draw_inside(network, 199, seed)))
    assert 0.015 <= np.mean(np.array(p_values) <= 0.05) <= 0.09
    assert 0.45 <= np.mean(p_values) <= 0.57  # ties count against the hypothesis


# The program


def write_study(folder: Path, edges: list[tuple[str, str]], clusters: dict[str, int], **columns: list[Any]) -> None:
    """Tables with ids a, b, c... in the order given; columns: further ones of the creators' table."""
    ids = list(clusters)
    pq.write_table(pa.table({"creator_id": ids, "handle": ids, **columns}), folder / "creators.parquet")
    sources, targets = ([edge[end] for edge in edges] for end in (0, 1))
    strings = {"source_id": pa.array(sources, pa.string()), "target_id": pa.array(targets, pa.string())}
    pq.write_table(pa.table(strings), folder / "edges.parquet")
    pq.write_table(
        pa.table({"creator_id": ids, "cluster": pa.array(clusters.values(), pa.int64())}), folder / "clusters.parquet"
    )


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> dict[str, Any]:
    """Run the program; return H1-label."""
    program = importlib.import_module("test_hypotheses")
    tables = [
        part for name in ("creators", "edges", "clusters") for part in (f"--{name}", str(folder / f"{name}.parquet"))
    ]
    files = ["--output", str(folder / "h.json"), "--parquet", str(folder / "h.parquet")]
    monkeypatch.setattr("sys.argv", ["test_hypotheses.py", *tables, *files, *options])
    program.main(program.parse())
    results = json.loads((folder / "h.json").read_text())
    assert all(list(result) == KEYS for result in results)
    assert pq.read_table(folder / "h.parquet").to_pylist() == results
    return dict(next(result for result in results if result["id"] == "H1-label"))


def write_karate(folder: Path, generator: np.random.Generator | None = None) -> None:
    sources, targets, clubs = karate()
    names = [f"member{number:02}" for number in range(len(clubs))]
    edges = [(names[a], names[b]) for a, b in zip(sources, targets, strict=True)]
    clusters = dict(zip(names, clubs.tolist(), strict=True))
    if generator is not None:
        edges = [edges[place] for place in generator.permutation(len(edges))]
        clusters = {names[place]: clusters[names[place]] for place in generator.permutation(len(names))}
    write_study(folder, edges, clusters)


def test_karate_club_through_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_karate(tmp_path)
    result = run(tmp_path, monkeypatch, "--draws", "999", "--seed", "1")
    assert result["id"] == "H1-label"
    assert result["verdict"] == "supported"
    assert result["observed"] == 67 / 78
    assert result["expected"] == pytest.approx(37.818182 / 78, abs=1e-8)
    assert result["effect"] == pytest.approx(67 / 37.818182, abs=1e-6)
    assert result["p_value"] == 1 / 1000
    assert (result["n_creators"], result["n_edges"], result["n_draws"], result["seed"]) == (34, 78, 999, 1)
    assert result["reason"] is None
    assert (tmp_path / "h.json").read_bytes().endswith(b"]\n")


def test_order_of_rows_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for seed in (None, 1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        write_karate(folder, None if seed is None else np.random.default_rng(seed))
        run(folder, monkeypatch, "--draws", "200")
        written.append(((folder / "h.json").read_bytes(), (folder / "h.parquet").read_bytes()))
    assert written[0] == written[1] == written[2]


def test_duplicates_self_edges_noise_and_strangers_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    silent = {f"silent {number}": number % 2 for number in range(6)}
    clusters = {"a": 0, "b": 0, "c": 1, "d": 1, "noise": -1, "alone": 0, **silent}
    edges = [("a", "b"), ("a", "b"), ("b", "a"), ("c", "c"), ("c", "a"), ("noise", "a"), ("stranger", "a")]
    write_study(tmp_path, edges, clusters)
    result = run(tmp_path, monkeypatch)
    assert (result["n_creators"], result["n_edges"]) == (11, 3)  # a creator without edges still takes part in shuffles
    assert result["observed"] == 2 / 3
    assert "1 duplicate, 1 self, 1 out-of-cohort" in caplog.text


PAIRS = {"a": 0, "b": 0, "c": 1, "d": 1}


@pytest.mark.parametrize(
    ("edges", "clusters", "reason"),
    [
        ([], PAIRS, "no follow edges between creators of the cohort"),
        ([("a", "a")], PAIRS, "no follow edges between creators of the cohort"),
        ([("a", "b")], dict.fromkeys(PAIRS, 0), "fewer than two clusters"),
        ([("a", "b")], dict.fromkeys(PAIRS, -1), "no creator is in a cluster"),
        ([("a", "b")], {"a": 0, "b": 1}, "no cluster has two creators"),
        ([("a", "e")], {**PAIRS, "e": -1}, "no follow edges between creators in clusters"),
        (list(itertools.combinations("abcdefghij", 2)), dict(zip("abcdefghij", [0, 1] * 5, strict=True)), "same share"),
        ([("a", "b"), ("c", "d")], PAIRS, "too few creators (4, at least 10 are needed)"),
        ([], {}, "the cohort is empty"),
    ],
)
def test_what_cannot_be_tested_says_why(
    edges: list[tuple[str, str]],
    clusters: dict[str, int],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_study(tmp_path, edges, clusters)
    if not clusters:
        empty = pa.table({"creator_id": pa.array([], pa.string())})
        pq.write_table(empty, tmp_path / "creators.parquet")
        pq.write_table(empty.append_column("cluster", pa.array([], pa.int64())), tmp_path / "clusters.parquet")
    result = run(tmp_path, monkeypatch)
    assert result["verdict"] == "not testable"
    assert reason in result["reason"]
    assert result["p_value"] is None
    assert result["n_draws"] is None


def test_incomplete_follow_lists_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = {f"{name}{number}": cluster for name, cluster in PAIRS.items() for number in range(3)}
    status = [status for status in ["complete", "partial", "unfetched", "unfetched"] for _ in range(3)]
    write_study(tmp_path, [("a0", "b0"), ("a0", "c0")], clusters, follows_status=status)
    told = "9 of 12 creators' follow lists are not complete (3 partial, 6 unfetched)"
    assert run(tmp_path, monkeypatch, "--max-incomplete", "0.75")["reason"] == told
    result = run(tmp_path, monkeypatch)
    assert result["verdict"] == "not testable"
    assert result["reason"] == f"too many follow lists are not complete (hypotheses.max_incomplete = 0.5); {told}"
    write_study(tmp_path, [], PAIRS, follows_status=["unfetched"] * 4)
    assert "4 unfetched" in run(tmp_path, monkeypatch)["reason"]


def test_lists_of_unknown_length_are_tested_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = {f"c{number}": number % 2 for number in range(12)}
    edges = [("c0", "c2"), ("c0", "c1"), ("c3", "c5")]
    write_study(tmp_path, edges, clusters, follows_status=["unknown"] * 11 + ["partial"])
    result = run(tmp_path, monkeypatch)
    assert result["verdict"] != "not testable"
    assert result["reason"] == (
        "1 of 12 creators' follow lists are not complete (1 partial); "
        "how long 11 of 12 follow lists should be is not known: they are taken as they are"
    )


def test_a_creator_without_a_cluster_row_counts_as_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path, [("a", "b"), ("a", "c"), ("e", "a")], {**PAIRS, "e": 0})
    pq.write_table(pq.read_table(tmp_path / "clusters.parquet").slice(0, 4), tmp_path / "clusters.parquet")
    assert run(tmp_path, monkeypatch)["n_edges"] == 2


def test_a_creator_with_two_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path, [("a", "b")], PAIRS)
    clusters = pq.read_table(tmp_path / "clusters.parquet")
    pq.write_table(pa.concat_tables([clusters, clusters.slice(2, 1)]), tmp_path / "clusters.parquet")
    with pytest.raises(TableError, match="clusters: creator c has more than one row"):
        run(tmp_path, monkeypatch)
