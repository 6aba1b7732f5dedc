"""Figures: something is drawn, the bytes are stable, and no name or cohort breaks them."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pyarrow.parquet as pq
import pytest

from common.parquet import build_table, write_table
from common.tables import CLUSTERS, COORDINATES, CREATORS, EDGES, NULLS
from figures.coverage import LOOK, coverage_figure, reasons
from figures.hypotheses import OBSERVED, hypotheses_figure
from figures.map import spread_ellipse
from figures.network import bundled
from figures.page import COLOURS, SHAPES, cluster_colour, cluster_shape, printable, save_figure, style
from figures.portraits import Portrait, portraits_figure

HOSTILE = r"$\frac{1}{0$ " + "% _x ^y \\undefined {" + "\x00\x1b[31m\n\t\u202e\u200f" + "🎬 日本 \udcff " + "long" * 60


def write_study(folder: Path, creators: int, clusters: int, edges: int, method: str = "umap") -> None:
    """Creators in round clusters on the unit square, every tenth in none."""
    generator = np.random.default_rng(4)
    ids = [f"c{number:03}" for number in range(creators)]
    labels = np.arange(creators) % max(clusters, 1)
    middles = generator.random((max(clusters, 1), 2))
    places = np.clip(middles[labels] + 0.04 * generator.normal(size=(creators, 2)), 0, 1).tolist()
    labels[::10] = -1
    write_table(
        build_table([{"creator_id": name, "handle": name} for name in ids], CREATORS), folder / "creators.parquet"
    )
    axes = ("x", "y", f"{method}_x", f"{method}_y")
    rows = [
        {"creator_id": name, **dict(zip(axes, place * 2, strict=True))} for name, place in zip(ids, places, strict=True)
    ]
    write_table(build_table(rows, COORDINATES), folder / "coordinates.parquet")
    found = [{"creator_id": name, "cluster": label} for name, label in zip(ids, labels.tolist(), strict=True)]
    write_table(build_table(found, CLUSTERS), folder / "clusters.parquet")
    drawn = generator.integers(0, max(creators, 1), (edges, 2)).tolist()
    follows = [{"source_id": ids[source], "target_id": ids[target]} for source, target in drawn]
    write_table(build_table(follows, EDGES), folder / "edges.parquet")


def draw(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> np.ndarray:
    """Run a figure's program; return its pixels, (height, width, 3) in [0, 1]."""
    names = ["creators", "coordinates", "clusters", *(["edges"] if kind == "network" else [])]
    tables = [part for name in names for part in (f"--{name}", str(folder / f"{name}.parquet"))]
    output = folder / f"{kind}.png"
    monkeypatch.setattr("sys.argv", [kind, *tables, "--output", str(output), *options])
    program = importlib.import_module(f"plot_{kind}")
    program.main(program.parse())
    return matplotlib.image.imread(output)[:, :, :3]


def share_of(pixels: np.ndarray, colour: str) -> float:
    """Share of the page within a small distance of a colour."""
    wanted = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return float((np.abs(pixels - wanted).max(axis=2) < 0.06).mean())


@pytest.mark.parametrize("kind", ["map", "network"])
def test_every_cluster_is_drawn_in_its_colour_and_bytes_are_stable(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path, 60, 4, 350)
    pixels = draw(kind, tmp_path, monkeypatch, "--name", "four groups")
    first = (tmp_path / f"{kind}.png").read_bytes()
    assert pixels.shape[1] == 2160
    for cluster in (-1, 0, 1, 2, 3):
        assert share_of(pixels, cluster_colour(cluster)) > 0.0003
    assert share_of(pixels, cluster_colour(4)) < 0.0001
    draw(kind, tmp_path, monkeypatch, "--name", "four groups")
    assert (tmp_path / f"{kind}.png").read_bytes() == first
    marked = draw(kind, tmp_path, monkeypatch, "--name", "four groups", "--synthetic", "true")
    assert (np.abs(marked[: pixels.shape[0]] - pixels[: marked.shape[0]]).max(axis=2) > 0.02).mean() > 0.01


@pytest.mark.parametrize("kind", ["map", "network"])
@pytest.mark.parametrize("creators", [0, 1, 3])
def test_tiny_cohorts_are_drawn(kind: str, creators: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path, creators, 1, 0, method="pca")
    pixels = draw(kind, tmp_path, monkeypatch)
    assert (pixels < 0.5).all(axis=2).mean() > 0.002  # words


@pytest.mark.parametrize("kind", ["map", "network"])
def test_hostile_names_and_many_clusters(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path, 300, 70, 100_000)  # more edges than lines are drawn
    pixels = draw(kind, tmp_path, monkeypatch, "--name", HOSTILE)
    assert share_of(pixels, COLOURS[1]) > 0.0003
    border = np.concatenate([pixels[:8].reshape(-1, 3), pixels[-8:].reshape(-1, 3), pixels[:, -8:].reshape(-1, 3)])
    assert (border == 1).all()  # nothing runs off the page


def test_wide_letters_stay_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path, 3, 1, 0)
    pixels = draw("map", tmp_path, monkeypatch, "--name", "W" * 80)
    assert (pixels[:, -8:] == 1).all()


def test_names_become_one_printable_line() -> None:
    assert printable("a\nb\x00c\u202ed $x$") == "a bcd $x$"
    assert printable("\x1b[1m") == "[1m"


def test_colours_come_back_with_another_shape() -> None:
    marks = {(cluster_colour(cluster), cluster_shape(cluster)) for cluster in range(len(COLOURS) * len(SHAPES))}
    assert len(marks) == len(COLOURS) * len(SHAPES)
    assert cluster_colour(-1) not in COLOURS


def test_ellipse_has_two_standard_deviations_and_survives_lines() -> None:
    places = np.random.default_rng(0).normal(size=(20_000, 2)) * [0.10, 0.05] + [0.4, 0.6]
    middle, width, height, angle = spread_ellipse(places) or pytest.fail("no ellipse")
    assert middle == pytest.approx((0.4, 0.6), abs=0.01)
    assert (width, height) == (pytest.approx(0.4, rel=0.05), pytest.approx(0.2, rel=0.05))
    assert abs(np.sin(np.radians(angle))) < 0.1
    on_a_line = spread_ellipse(np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]))
    assert on_a_line is not None
    assert 0 < on_a_line[2] < 0.02
    assert on_a_line[3] % 180 == pytest.approx(45)
    assert spread_ellipse(np.array([[0.1, 0.1], [0.2, 0.2]])) is None
    assert spread_ellipse(np.full((5, 2), 0.3)) is None


def test_edges_of_creators_without_a_place_are_counted_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path, 20, 2, 80)
    full = draw("network", tmp_path, monkeypatch)
    coordinates = pq.read_table(tmp_path / "coordinates.parquet")
    write_table(coordinates.slice(0, 10), tmp_path / "coordinates.parquet")
    half = draw("network", tmp_path, monkeypatch)
    rows = min(len(full), len(half))
    assert (half[-rows:] < 0.95).any(axis=2).mean() < (full[-rows:] < 0.95).any(axis=2).mean()


def test_edges_between_two_clusters_run_together() -> None:
    places = np.array([[0.0, 0.0], [0.0, 0.2], [0.0, 0.4], [1.0, 0.0], [1.0, 0.2], [1.0, 0.4], [0.5, 0.9], [0.2, 0.9]])
    clusters = np.array([0, 0, 0, 1, 1, 1, -1, -1])
    lines = bundled(places, clusters, np.array([0, 2, 6]), np.array([3, 5, 7]))
    assert lines[:, 0].tolist() == places[[0, 2, 6]].tolist()
    assert lines[:, -1] == pytest.approx(places[[3, 5, 7]])
    halfway = lines[:, lines.shape[1] // 2]
    assert abs(halfway[0, 1] - halfway[1, 1]) < 0.1  # 0.4 apart at both ends
    assert lines[2, :, 1] == pytest.approx(0.9)  # in no bundle: straight


def test_portraits_without_any_frames_say_so_and_are_shorter(tmp_path: Path) -> None:
    texts = [
        Portrait(n, 9 - n, "neon, street", ["neon", "street", "night"], "A street at night. " * 9) for n in range(3)
    ]
    frame = np.zeros((40, 24, 3), np.uint8)
    pictured = [replace(portrait, reels=[[frame]]) for portrait in texts]
    with style():
        without, with_frames = (portraits_figure(shown, "study", synthetic=False) for shown in (texts, pictured))
    said = " ".join(text.get_text() for text in without.texts)
    assert "There are no frames." in said
    assert "There are no frames." not in " ".join(text.get_text() for text in with_frames.texts)
    assert without.get_figheight() < with_frames.get_figheight()
    assert not any(axes.images for axes in without.axes)


@pytest.mark.parametrize("drawn", [0, 1, 5])
def test_the_hypotheses_are_drawn_beside_their_nulls(drawn, tmp_path, monkeypatch):
    """The observed value has a line of its colour in each chart, also where it lies far outside of the null."""
    names = ["H1-label", "H1-degree", "dyadic", "H2", "own test"][:drawn]
    nulls = [
        {"id": name, "statistic_low": low, "statistic_high": low + 0.1, "n_draws": 20}
        for name in names
        for low in (0, 0.1)
    ]
    write_table(build_table(nulls, NULLS), tmp_path / "nulls.parquet")
    results = [
        {
            "id": name, "observed": 3.0, "p_value": 0.024, "p_adjusted": None, "n_draws": 40, "verdict": "supported",
            "statistic": "s", "reason": "too few",
        }
        for name in [*names, "H3-original"]
    ]  # fmt: skip
    (tmp_path / "hypotheses.json").write_text(json.dumps(results))
    files = ["--hypotheses", str(tmp_path / "hypotheses.json"), "--nulls", str(tmp_path / "nulls.parquet")]
    output = ["--output", str(tmp_path / "x.png"), "--name", HOSTILE, "--synthetic", "true"]
    monkeypatch.setattr("sys.argv", ["x", *files, *output])
    program = importlib.import_module("plot_hypotheses")
    program.main(program.parse())
    pixels = matplotlib.image.imread(tmp_path / "x.png")[:, :, :3]
    assert (share_of(pixels, OBSERVED) > 0) == (drawn > 0)
    before = (tmp_path / "x.png").read_bytes()
    program.main(program.parse())
    assert (tmp_path / "x.png").read_bytes() == before


def test_tests_that_could_not_be_made_are_named_beside_the_others() -> None:
    made = {"id": "H1-label", "observed": 0.3, "p_value": 0.02, "p_adjusted": None, "n_draws": 40, "statistic": "s"}
    results = [made | {"verdict": "supported"}, made | {"id": "H2", "p_value": None, "verdict": "not testable"}]
    nulls = [{"id": "H1-label", "statistic_low": 0.0, "statistic_high": 0.1, "n_draws": 40}]
    with style():
        figure = hypotheses_figure(results, nulls, "study", synthetic=False)
    shown = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "Not testable: H2 (hypotheses.md says why)." in shown
    assert "H1-label" not in shown.split("Not testable:")[1]


@pytest.mark.parametrize("clusters", [0, 1, 14])
def test_portraits_are_drawn_with_any_pictures_and_texts(clusters, tmp_path):
    """Wide, tall and missing pictures; hostile names; more clusters than are shown."""
    red = np.tile(np.array([250, 0, 0], np.uint8), (60, 40, 1))
    reels = [[red, np.rot90(red)], [], [red] * 5]
    portraits = [
        Portrait(number, 3, HOSTILE, [HOSTILE, "word"], HOSTILE * 9, reels if number % 2 == 0 else [])
        for number in range(clusters)
    ]
    paths = [tmp_path / f"x.{kind}" for kind in ("png", "svg", "pdf")]
    contents = []
    for _ in range(2):
        with style():
            save_figure(portraits_figure(portraits, HOSTILE, synthetic=True), *paths)
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    pixels = matplotlib.image.imread(paths[0])[:, :, :3]
    assert (share_of(pixels, "#FA0000") > 0.01) == (clusters > 0)


def test_coverage_names_the_reasons(tmp_path):
    rows = [
        {"stage": "video", "state": "ok", "reason": None, "reels": 7, "creators": 0},
        {"stage": "video", "state": "failed", "reason": "corrupt", "reels": 2, "creators": 0},
        {"stage": "video", "state": "failed", "reason": "gone", "reels": 3, "creators": 0},
        {"stage": "embedding/image", "state": "skipped", "reason": "no_input", "reels": 12, "creators": 0},
    ]
    assert reasons(rows, "video") == "3 gone, 2 corrupt"
    with style():
        save_figure(coverage_figure(rows, HOSTILE, synthetic=False), tmp_path / "x.png")
        save_figure(coverage_figure([], "nobody", synthetic=True), tmp_path / "none.png")
    pixels = matplotlib.image.imread(tmp_path / "x.png")[:, :, :3]
    failed, made = share_of(pixels, LOOK["failed"]), share_of(pixels, LOOK["ok"])
    assert 0.5 < failed / made < 0.9  # 5 to 7


@pytest.mark.parametrize(("lost", "said"), [(0, "Nothing failed."), (12, "12 creators could not be had.")])
def test_creators_that_could_not_be_had_are_no_success(lost: int, said: str) -> None:
    """A study that lost a dozen private accounts once was drawn with "Nothing failed": only reels were counted."""
    rows = [{"stage": "creators", "state": "ok", "reason": None, "reels": 7, "creators": 3}]
    rows += [{"stage": "creators", "state": "failed", "reason": "private", "reels": 0, "creators": lost}] * bool(lost)
    with style():
        figure = coverage_figure(rows, "study", synthetic=False)
    assert said in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
