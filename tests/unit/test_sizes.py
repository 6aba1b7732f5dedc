"""Cohorts of any size: settings that fit them, figures that are never empty, and tests that say why there are none."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from analysis.clusters import density_clusters, too_small
from analysis.likeness import likeness
from analysis.placed_creators import placed_creators
from analysis.profiles import Profiles
from common.config import ClusterSection, ClusterSettings, StudySection
from common.parquet import build_table, write_table
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, CREATORS, EDGES, REELS, STATUS
from figures.map import map_figure
from figures.page import style
from figures.people import free_boxes
from figures.person import Person
from figures.robustness import robustness_figure

SIZES = (0, 1, 2, 3, 6, 12)


def planted(creators: int, groups: int, seed: int = 1, length: int = 32) -> tuple[Profiles, np.ndarray]:
    """Profiles in groups that are far apart; without groups one cloud."""
    generator = np.random.default_rng(seed)
    truth = np.arange(creators) % max(groups, 1)
    middles = generator.normal(size=(max(groups, 1), length)) * (2.0 if groups else 0.0)
    vectors = (middles[truth] + 0.5 * generator.normal(size=(creators, length))).astype(np.float32)
    return Profiles([f"c{number:02}" for number in range(creators)], vectors), truth


def written(figure: Figure) -> str:
    """All words on a figure, whatever lines they stand in."""
    return " ".join(" ".join(text.get_text() for text in figure.findobj(Text)).split())


# --- Settings


def test_auto_gives_the_settings_of_the_first_study_from_a_hundred_creators_on() -> None:
    for creators in (100, 401, 20_000):
        assert ClusterSection().for_cohort(creators) == ClusterSettings()
    chosen = ClusterSettings()
    assert (chosen.space, chosen.neighbours, chosen.min_cluster_size) == ("umap", 15, 8)
    assert (chosen.min_samples, chosen.kmeans) == (4, 5)


def test_auto_fits_a_cohort_of_any_size() -> None:
    previous = ClusterSection().for_cohort(1)
    for creators in range(2, 130):
        chosen = ClusterSection().for_cohort(creators)
        assert chosen.automatic == []
        assert chosen.min_samples <= chosen.min_cluster_size
        assert chosen.neighbours <= creators
        assert (too_small(planted(creators, 1)[0], chosen) is None) == (creators >= 6)
        for key in ("neighbours", "min_cluster_size", "min_samples", "kmeans"):
            assert getattr(chosen, key) >= getattr(previous, key)
        previous = chosen


def test_what_a_study_says_is_kept_and_bounds_what_it_leaves_open() -> None:
    given = ClusterSection(min_cluster_size=6, neighbours=7, space="cosine").for_cohort(12)
    assert (given.min_cluster_size, given.min_samples, given.neighbours, given.space) == (6, 3, 7, "cosine")
    assert ClusterSection(min_samples=5).for_cohort(12).min_cluster_size == 5


@pytest.mark.parametrize(
    ("creators", "batches"), [(0, 1), (1, 1), (99, 1), (100, 2), (199, 2), (401, 8), (1599, 8), (4000, 16)]
)
def test_a_batch_has_fifty_creators_or_more_and_in_large_cohorts_two_hundred(creators: int, batches: int) -> None:
    assert StudySection().n_batches(creators) == batches
    assert StudySection(batches=3).n_batches(creators) == 3


@pytest.mark.parametrize(("creators", "groups"), [(9, 2), (12, 3), (20, 3), (29, 4)])
def test_planted_groups_of_small_cohorts_are_found(creators: int, groups: int) -> None:
    profiles, truth = planted(creators, groups)
    found = density_clusters(profiles, ClusterSection().for_cohort(creators), 1)
    assert adjusted_rand_score(truth, found.clusters) == 1.0


def test_small_cohorts_without_groups_seldom_get_clusters() -> None:
    """With UMAP, nearly all of them did."""
    settings = ClusterSection().for_cohort(12)
    cohorts = [planted(12, 0, seed)[0] for seed in range(20)]
    assert sum((density_clusters(profiles, settings, 1).clusters >= 0).any() for profiles in cohorts) <= 4


def test_the_resolved_configuration_has_the_numbers_that_were_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write_cohort(tmp_path, 12, 3)
    assert len(rows) == 12
    run("cluster_creators", monkeypatch, tmp_path, "creators", output="clusters.parquet", settings="settings.json")
    config = yaml.safe_dump({"study": {"batches": 1}, "cluster": ClusterSection().model_dump(mode="json")})
    run("write_config", monkeypatch, tmp_path, output="config.yaml", settings="settings.json", config_=config)
    resolved = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert ClusterSettings(**resolved["cluster"]) == ClusterSection().for_cohort(12)
    assert resolved["study"] == {"batches": 1}


# --- Tables and programs


def write_cohort(folder: Path, creators: int, groups: int) -> list[str]:
    """A cohort's tables, with a reel for each creator and no follows."""
    profiles, _ = planted(creators, groups)
    named = zip(profiles.creator_ids, profiles.vectors.tolist(), strict=True)
    rows = [
        {"creator_id": name, "handle": f"handle_{name}", "profile": vector, "n_embedded": 1, "n_reels": 1}
        for name, vector in named
    ]
    write_table(build_table(rows, CREATORS), folder / "creators.parquet")
    reels = [
        {"reel_id": f"r-{row['creator_id']}", "creator_id": row["creator_id"], "embedding": row["profile"],
         "description": "Warm light on wood."}
        for row in rows
    ]  # fmt: skip
    write_table(build_table(reels, REELS), folder / "reels.parquet")
    for name, schema in (("edges", EDGES), ("status", STATUS), ("names", CLUSTER_NAMES)):
        write_table(build_table([], schema), folder / f"{name}.parquet")
    return profiles.creator_ids


def run(program: str, monkeypatch: pytest.MonkeyPatch, folder: Path, *tables: str, **files: str) -> None:
    """Run a program: options with tables of the same names, and with files; `option_` takes a text."""
    options = [f"--{name}={folder / name}.parquet" for name in tables]
    options += [
        f"--{name.strip('_').replace('_', '-')}={value if name.endswith('_') else folder / value}"
        for name, value in files.items()
    ]
    module = importlib.import_module(program)
    monkeypatch.setattr("sys.argv", [program, *options])
    module.main(module.parse())


@pytest.mark.parametrize("creators", SIZES)
def test_every_figure_of_a_small_cohort_says_something(
    creators: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cohort(tmp_path, creators, 0)
    run("map_creators", monkeypatch, tmp_path, "creators", output="coordinates.parquet")
    run("cluster_creators", monkeypatch, tmp_path, "creators", output="clusters.parquet", settings="settings.json")
    run(
        "test_hypotheses", monkeypatch, tmp_path, "creators", "edges", "clusters", "reels", "nulls", "similarity",
        output="h.json", draws_="99", reference_draws_="19", splits_="1",
    )  # fmt: skip
    (tmp_path / "runs").mkdir()
    for variant in ("as_configured",):
        tables = ("creators", "edges")
        run("repeat_clusters", monkeypatch, tmp_path, *tables, output=f"runs/{variant}.parquet", seeds_="2")
    run(
        "compare_runs", monkeypatch, tmp_path, "creators", "clusters", runs="runs", output="r.parquet", json="r.json",
        variants_="{}",
    )  # fmt: skip
    placed = ("creators", "coordinates", "clusters", "reels")
    run(
        "plot_map",
        monkeypatch,
        tmp_path,
        *placed,
        "status",
        settings="settings.json",
        robustness="r.json",
        output="map.png",
    )
    run("plot_network", monkeypatch, tmp_path, *placed, "edges", output="network.png")
    run(
        "plot_portraits",
        monkeypatch,
        tmp_path,
        "creators",
        "clusters",
        "reels",
        "status",
        "names",
        output="portraits.png",
    )
    run("plot_hypotheses", monkeypatch, tmp_path, "nulls", hypotheses="h.json", output="hypotheses.png")
    run("plot_similarity", monkeypatch, tmp_path, "similarity", output="similarity.png")
    run("plot_robustness", monkeypatch, tmp_path, robustness="r.json", output="robustness.png")
    reliability = {"hypotheses": "h.json", "output": "reliability.parquet"}
    run("measure_reliability", monkeypatch, tmp_path, "creators", "reels", **reliability)
    run("plot_reliability", monkeypatch, tmp_path, "reliability", output="reliability.png")
    for name in ("map", "network", "portraits", "hypotheses", "similarity", "robustness", "reliability"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert (np.asarray(picture.convert("L")) < 128).sum() > 5000, name
    tests = json.loads((tmp_path / "h.json").read_text())
    assert {test["verdict"] for test in tests if test["id"] != "clusters-exist"} == {"not testable"}
    assert next(test for test in tests if test["id"] == "clusters-exist")["verdict"] != "supported"
    stability = json.loads((tmp_path / "r.json").read_text())
    assert (stability["not_testable"] is None) == (creators >= 10)
    if creators < 10:
        dyadic = next(test for test in tests if test["id"] == "dyadic")
        assert "too few creators" in dyadic["reason"] or not creators
        assert stability["not_testable"] == f"too few creators ({creators}, at least 10 are needed)"


def test_clusters_of_too_few_creators_come_with_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cohort(tmp_path, 9, 2)
    run("cluster_creators", monkeypatch, tmp_path, "creators", output="clusters.parquet")
    (tmp_path / "runs").mkdir()
    run("repeat_clusters", monkeypatch, tmp_path, "creators", "edges", output="runs/as_configured.parquet")
    outputs: dict[str, Any] = {"runs": "runs", "output": "r.parquet", "json": "r.json", "variants_": "{}"}
    run("compare_runs", monkeypatch, tmp_path, "creators", "clusters", **outputs)
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["stable"] is None
    assert "not testable: too few creators (9, at least 10 are needed)" in found["warning"]
    with style():
        figure = robustness_figure(found["variants"], 0.6, None, "s", synthetic=False, untested=found["not_testable"])
    assert "too few creators" in written(figure)


# --- Figures


def test_dots_of_a_small_cohort_carry_handles_and_pictures_and_others_do_not() -> None:
    ids = ["a", "b", "c"]
    places = [
        {"creator_id": name, "x": x, "y": x, "pca_x": x, "pca_y": x} for name, x in zip(ids, (0, 0.1, 1), strict=True)
    ]
    tables = (
        build_table([{"creator_id": name} for name in ids], CREATORS),
        build_table(places, COORDINATES),
        build_table([{"creator_id": name, "cluster": -1} for name in ids], CLUSTERS),
    )
    placed = placed_creators(*tables)
    people = {name: Person(f"handle_{name}", [], np.zeros((32, 18, 3), np.uint8)) for name in ids}
    with style():
        named, nameless = map_figure(placed, "s", False, people=people), map_figure(placed, "s", False)
    assert all(f"handle_{name}" in written(named) for name in ids)
    assert len(named.axes[0].images) == 3
    assert "handle" not in written(nameless)
    assert not nameless.axes[0].images


@pytest.mark.parametrize("creators", [1, 2, 6, 29])
def test_pictures_cover_neither_each_other_nor_leave_the_map(creators: int) -> None:
    dots = 0.6 + 3.8 * np.random.default_rng(creators).random((creators, 2))
    sizes = np.tile([0.5, 0.5], (creators, 1))
    middles = free_boxes(dots, sizes, 5.0)
    assert (middles - sizes / 2 > -0.01).all()
    assert (middles + sizes / 2 < 5.01).all()
    gaps = np.abs(middles[:, None] - middles[None]).max(axis=2) + np.eye(creators)
    assert gaps.min() > 0.45
    np.testing.assert_array_equal(middles, free_boxes(dots, sizes, 5.0))


def test_pictures_of_creators_at_one_place_lie_side_by_side() -> None:
    middles = free_boxes(np.full((4, 2), 2.5), np.full((4, 2), 0.5), 5.0)
    gaps = np.abs(middles[:, None] - middles[None]).max(axis=2) + np.eye(4)
    assert gaps.min() > 0.45


def test_creators_alike_are_neighbours_in_the_matrix() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    found = likeness(Profiles(list("abcd"), vectors))
    assert {frozenset(found.order[:2].tolist()), frozenset(found.order[2:].tolist())} == {
        frozenset({0, 2}),
        frozenset({1, 3}),
    }
    assert found.similarity.diagonal().tolist() == [1.0] * 4
    assert found.similarity[0, 1] == pytest.approx(1 / np.sqrt(1.01))
    assert len(found.branches) == 3
    alone = likeness(Profiles(["a"], vectors[:1]))
    assert (alone.similarity.tolist(), alone.branches) == ([[1.0]], [])


def test_equal_profiles_are_wholly_alike() -> None:
    found = likeness(Profiles(list("abc"), np.zeros((3, 4), np.float32)))
    assert np.isfinite(found.similarity).all()
    assert sorted(found.order.tolist()) == [0, 1, 2]


def test_a_table_of_reels_without_a_profile_gives_no_picture() -> None:
    from figures.person import people_of

    creators = pa.Table.from_pylist([{"creator_id": "a", "handle": None}])
    reels = pa.Table.from_pylist([{"creator_id": "a", "reel_id": "r", "embedding": [1.0]}])
    assert people_of(creators, reels) == {"a": Person("a", ["r"])}
