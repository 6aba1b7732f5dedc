"""Map and clusters: planted groups are found, order plays no part, and cohorts of any size get an answer."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from analysis.clusters import (
    cluster_profiles,
    finite_membership,
    finite_outlier_scores,
    hdbscan_of,
    number_by_size,
)
from analysis.layout import map_profiles, scale
from analysis.profiles import Profiles, profiles_of
from common.config import ClusterSettings, MapSection
from common.parquet import TableError, build_table, read_table, write_table
from common.processor import SAME_INSTRUCTIONS
from common.tables import CLUSTERS, COORDINATES, CREATORS

SCRIPTS = Path(importlib.import_module("common").__file__ or "").parents[1]
SMALL = ("--min-cluster-size", "5", "--min-samples", "3")


def planted(creators: int, groups: int, seed: int = 0, length: int = 48) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows of the creators' table with unit profiles around random centres, and the planted group of each."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(groups, length))
    rows, truth = [], []
    for number in range(creators):
        profile = centres[number % groups] + 0.4 * generator.normal(size=length)
        profile /= np.linalg.norm(profile)
        rows.append({"creator_id": f"creator{number:03}", "n_embedded": 3, "profile": profile.tolist()})
        truth.append(number % groups)
    return rows, truth


def run(
    name: str, rows: list[dict[str, Any]], folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str
) -> pa.Table:
    """Write the creators' table in the order of the rows, run a program on it and read what it wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    creators = pa.Table.from_pylist([{key: row.get(key) for key in CREATORS.names} for row in rows], schema=CREATORS)
    write_table(creators, folder / "creators.parquet")
    output = folder / f"{name}.parquet"
    program = importlib.import_module(name)
    argv = [name, "--creators", str(folder / "creators.parquet"), "--output", str(output), *options]
    monkeypatch.setattr("sys.argv", argv)
    program.main(program.parse())
    return read_table(output, COORDINATES if name == "map_creators" else CLUSTERS)


def test_planted_groups_are_found_whatever_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, truth = planted(40, 4)
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(40)]
    for name, options in (("map_creators", ()), ("cluster_creators", SMALL)):
        table = run(name, rows, tmp_path / "a", monkeypatch, *options)
        assert table.column("creator_id").to_pylist() == [row["creator_id"] for row in rows]
        run(name, shuffled, tmp_path / "b", monkeypatch, *options)
        first, second = ((tmp_path / folder / f"{name}.parquet").read_bytes() for folder in "ab")
        assert first == second
    clusters = table.to_pandas()
    assert adjusted_rand_score(truth, clusters["cluster"]) == 1.0
    assert sorted(clusters["cluster"].unique()) == [0, 1, 2, 3]
    assert clusters["membership"].between(0, 1).all()
    assert clusters["outlier_score"].between(0, 1).all()
    assert clusters["kmeans_cluster"].between(0, 4).all()


def test_a_program_started_by_hand_has_the_arithmetic_of_the_workflow(tmp_path: Path, monkeypatch) -> None:
    """Whatever instructions its environment asks OpenBLAS and NumPy for."""
    rows, _ = planted(40, 4)
    run("map_creators", rows, tmp_path, monkeypatch)
    command = [sys.executable, str(SCRIPTS / "map_creators.py"), "--creators", str(tmp_path / "creators.parquet")]
    own = {name: value for name, value in os.environ.items() if name not in SAME_INSTRUCTIONS}
    own |= {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "X86_V3"}
    subprocess.run([*command, "--output", str(tmp_path / "c.parquet")], check=True, env=own)
    assert (tmp_path / "c.parquet").read_bytes() == (tmp_path / "map_creators.parquet").read_bytes()


def test_map_is_plain_umap_scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the docs promise: ``umap.UMAP`` with these settings and this seed, each axis from 0 to 1."""
    import umap

    rows, truth = planted(30, 3)
    table = run("map_creators", rows, tmp_path, monkeypatch, "--neighbours", "7", "--seed", "5").to_pandas()
    vectors = np.array([row["profile"] for row in rows], np.float32)
    plain = umap.UMAP(n_neighbors=7, min_dist=0.1, random_state=5, n_jobs=1).fit_transform(vectors)
    np.testing.assert_array_equal(table[["umap_x", "umap_y"]], scale(plain.astype(np.float64)))
    np.testing.assert_array_equal(table[["x", "y"]], table[["umap_x", "umap_y"]])
    for method in ("umap", "pca", "tsne"):
        places = table[[f"{method}_x", f"{method}_y"]].to_numpy()
        assert (places.min(axis=0) == 0).all()
        assert (places.max(axis=0) == 1).all()
        middles = np.array([places[np.array(truth) == group].mean(axis=0) for group in range(3)])
        nearest = np.linalg.norm(places[:, None] - middles, axis=2).argmin(axis=1)
        assert (nearest == truth).mean() >= 0.9


@pytest.mark.parametrize("creators", range(11))
def test_small_cohorts_get_a_map_and_clusters(
    creators: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows, _ = planted(creators, max(1, creators))
    places = run("map_creators", rows, tmp_path, monkeypatch)
    clusters = run("cluster_creators", rows, tmp_path, monkeypatch)
    assert places.num_rows == clusters.num_rows == creators
    for axis in "xy":
        values = places.column(axis).to_pylist()
        assert all(value is not None and 0 <= value <= 1 for value in values)
        assert values == places.column(f"pca_{axis}").to_pylist()
        assert places.column(f"umap_{axis}").null_count == (creators if creators < 5 else 0)
    if creators < 6:
        assert clusters.column("cluster").to_pylist() == [-1] * creators
        assert clusters.column("membership").to_pylist() == [0.0] * creators
    if creators == 0:
        assert "the map is empty" in caplog.text
        assert "nothing to cluster" in caplog.text
        return
    too_few = f"{creators} creators are too few for cluster.min_cluster_size = 3 and cluster.min_samples = 2"
    assert (too_few in caplog.text) == (creators < 6)
    expected = "need at least 5" if creators < 5 else f"map.neighbours = 15 is more than {creators} creators allow"
    assert expected in caplog.text
    assert max(clusters.column("kmeans_cluster").to_pylist()) == min(creators, 2) - 1


def test_tiny_settings_cluster_a_tiny_cohort() -> None:
    """Seven creators in two groups, with settings lowered as the message says, and dimensions bounded."""
    rows, truth = planted(8, 2)
    profiles = profiles_of(build_table(rows, CREATORS))
    found = cluster_profiles(profiles, ClusterSettings(min_cluster_size=3, min_samples=1, neighbours=3), 42)
    assert "cluster.dimensions = 50 is more than 8 creators allow: 6 are used" in found.notes
    assert adjusted_rand_score(truth, found.clusters) == 1.0


@pytest.mark.parametrize("creators", [1, 2, 6, 30])
def test_identical_profiles_lie_in_the_middle(creators: int) -> None:
    profiles = Profiles([f"c{number:02}" for number in range(creators)], np.full((creators, 8), 0.3, np.float32))
    made = map_profiles(profiles, MapSection(), 42)
    assert made.method == "PCA"
    assert made.tsne is None
    assert (made.chosen == 0.5).all()
    found = cluster_profiles(profiles, ClusterSettings(min_cluster_size=2, min_samples=1), 42)
    assert (found.clusters == -1).all()
    assert (found.kmeans == 0).all()
    assert found.notes


def test_few_profiles_on_a_line_have_a_flat_second_axis() -> None:
    vectors = np.outer([1, 2, 4], np.ones(6)).astype(np.float32)
    made = map_profiles(Profiles(["a", "b", "c"], vectors), MapSection(), 42)
    assert sorted(np.round(made.chosen[:, 0], 6).tolist()) == [0.0, pytest.approx(1 / 3), 1.0] or sorted(
        np.round(made.chosen[:, 0], 6).tolist()
    ) == [0.0, pytest.approx(2 / 3), 1.0]
    assert (made.chosen[:, 1] == 0.5).all()


def test_creators_without_embedded_reels_are_left_out() -> None:
    rows, _ = planted(4, 2)
    rows[1]["profile"] = None
    rows[2]["n_embedded"] = 0
    assert profiles_of(build_table(rows, CREATORS)).creator_ids == ["creator000", "creator003"]


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ([0.1] * 7, "creator creator002: has 7 numbers, the others have 48"),
        ([], "creator creator002: has 0 numbers"),
        ([0.1] * 47 + [float("nan")], "creator creator002: has numbers that are not finite"),
        ([0.1] * 47 + [float("inf")], "creator creator002: has numbers that are not finite"),
        ([0.1] * 47 + [None], "creator creator002: has numbers that are not finite"),
    ],
)
def test_broken_profiles_are_named(profile: list[float], message: str) -> None:
    rows, _ = planted(5, 2)
    rows[2]["profile"] = profile
    with pytest.raises(TableError, match=message):
        profiles_of(build_table(rows, CREATORS))


def test_a_creator_twice_is_refused() -> None:
    rows, _ = planted(3, 1)
    with pytest.raises(TableError, match="creator001 has more than one row"):
        profiles_of(build_table([*rows, rows[1]], CREATORS))


def test_clusters_are_numbered_by_size_then_by_smallest_id() -> None:
    labels = [7, 7, 2, 2, 2, -1, 5, 5]
    assert number_by_size(labels, list("hgfedcba")).tolist() == [2, 2, 0, 0, 0, -1, 1, 1]
    assert number_by_size([], []).tolist() == []


@pytest.mark.parametrize("space", ["cosine", "pca", "umap"])
def test_equal_profiles_leave_the_others_their_membership(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Several accounts of one brand post the same videos: their density is infinite, and the others had 0 of it."""
    rows, _ = planted(40, 4)
    same = [row for row in rows if row["creator_id"] in ("creator000", "creator004", "creator008", "creator012",
                                                         "creator016", "creator020")]  # fmt: skip
    for row in same:
        row["profile"] = rows[0]["profile"]
    options = ["--space", space, "--min-cluster-size=5", "--min-samples=4", "--min-dist=0", "--neighbours=8"]
    found = run("cluster_creators", rows, tmp_path, monkeypatch, *options).to_pylist()
    assert len({row["cluster"] for row in found}) >= 4
    inside = [row for row in found if row["cluster"] >= 0]
    assert min(row["membership"] for row in inside) > 0.05
    own = next(row["cluster"] for row in found if row["creator_id"] == "creator000")
    assert max(row["membership"] for row in inside if row["cluster"] == own) == 1.0
    assert all(np.isfinite(row["outlier_score"]) and 0 <= row["outlier_score"] <= 1 for row in found)
    assert ("6 creators lie where others do" in caplog.text) == (space != "umap")


def test_membership_and_outliers_are_hdbscans_where_all_is_finite() -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 3)) + np.repeat(np.eye(3) * 6, 20, axis=0)
    model = hdbscan_of(vectors, ClusterSettings(min_cluster_size=5, min_samples=3))
    tree = model.condensed_tree_.to_numpy()
    points = tree[tree["child"] < 60]
    density = points["lambda_val"][np.argsort(points["child"])]
    assert len({*model.labels_} - {-1}) == 3
    leaves = {label for label in set(model.labels_) - {-1} if model.probabilities_[model.labels_ == label].max() == 1}
    kept = np.isin(model.labels_, list(leaves))
    np.testing.assert_allclose(finite_membership(model.labels_, density)[kept], model.probabilities_[kept])
    np.testing.assert_allclose(finite_outlier_scores(tree, 60), model.outlier_scores_, atol=1e-12)


@pytest.mark.parametrize("copies", [2, 25])
def test_equal_creators_lie_at_one_place(copies: int) -> None:
    rows, _ = planted(40, 4)
    for row in rows[:copies]:
        row["profile"] = rows[0]["profile"]
    profiles = profiles_of(pa.Table.from_pylist(rows))
    made = map_profiles(profiles, MapSection(neighbours=8), seed=1)
    for layout in (made.umap, made.tsne, made.pca):
        assert layout is not None
        assert np.ptp(layout[:copies], axis=0).max() < 1e-9
        assert len(np.unique(layout.round(6), axis=0)) == 40 - copies + 1
    assert any("lie at the same place" in note for note in made.notes)


def test_groups_of_equal_profiles_keep_the_order_of_the_creators() -> None:
    vectors = np.array([[3, 1], [1, 2], [3, 1], [0, 5], [1, 2]], np.float32)
    first, place = Profiles(list("abcde"), vectors).groups()
    assert first.tolist() == [0, 1, 3]
    assert place.tolist() == [0, 1, 0, 2, 1]
