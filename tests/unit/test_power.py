"""Level and power: what is counted, that no result depends on processes, and what the power program measures."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import binom

import calibrate
import simulate_power
from analysis import trials
from analysis.power import TESTS, cohort_like, log_spread, power_rows, sizes_of
from analysis.simulation import CohortSection, bag_of_words, simulate_cohort
from analysis.trials import Trial, band, conclusion, rejections, run_trial
from common.config import HypothesesSection, PowerSection
from common.parquet import read_table, write_table
from common.tables import POWER
from figures.page import save_figure, style
from figures.power import power_figure

SETTINGS = HypothesesSection(draws=99, resamples=99)


def test_every_test_is_known_by_its_id():
    assert set(TESTS) <= set(trials.tests_by_id())
    assert {"H2", "H2-original", "H3", "H3-original"} <= set(trials.tests_by_id())


def test_only_cohorts_that_could_be_tested_count():
    assert rejections([0.01, None, 0.05, 0.0500001, None], 0.05) == (3, 2)
    assert rejections([None], 0.05) == (0, 0)


@pytest.mark.parametrize("number", [20, 200, 1000])
def test_the_band_is_the_exact_binomial_one(number):
    low, high = band(number, 0.05, 0.99)
    outside = binom.cdf(low - 1, number, 0.05), binom.sf(high, number, 0.05)
    assert max(outside) <= 0.005
    # One number less on either side would leave too much outside.
    assert binom.cdf(low, number, 0.05) > 0.005
    assert binom.sf(high - 1, number, 0.05) > 0.005
    assert [conclusion(rejected, (low, high)) for rejected in (low - 1, low, high, high + 1)] == [
        "below", "inside", "inside", "above",
    ]  # fmt: skip


def test_no_result_depends_on_the_number_of_processes():
    trial = Trial(CohortSection(creators=30, mean_degree=5.0), ("H1-label", "dyadic"), SETTINGS)
    alone, together = (list(run_trial(trial, (7, 1), 4, processes)) for processes in (1, 2))
    assert alone == together
    assert len({tuple(values.values()) for values in alone}) > 1
    assert alone != list(run_trial(trial, (8, 1), 4, 1))


def test_the_label_test_is_shown_to_be_inflated_where_popularity_is_tied():
    tied = calibrate.NULLS[1]
    assert tied.cohort.homophily == 1
    tests = ("H1-label", "dyadic")
    found = list(run_trial(Trial(tied.cohort, tests, calibrate.SETTINGS), (3,), 15, 1))
    counts = [rejections([values[test] for values in found], 0.05)[1] for test in tests]
    limits = band(15, 0.05, 0.99)
    assert [conclusion(count, limits) for count in counts] == ["above", "inside"]


def test_the_calibration_page_has_a_row_for_every_test(tmp_path: Path, monkeypatch):
    small = calibrate.STRUCTURELESS.model_copy(update={"creators": 24})
    monkeypatch.setattr(calibrate, "UNCLUSTERED", calibrate.Null("structureless", "none", small))
    settings = calibrate.SETTINGS.model_copy(update={"draws": 99, "reference_draws": 19, "splits": 1})
    monkeypatch.setattr(calibrate, "SETTINGS", settings)
    pages = []
    for name in ("one.md", "two.md"):
        options = argparse.Namespace(cohorts=2, split_cohorts=2, processes=1, seed=4, output=tmp_path / name)
        calibrate.main(options)
        pages.append((tmp_path / name).read_text())
    assert pages[0] == pages[1]
    rows = [line.split(" | ") for line in pages[0].splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 4 * 3 + 5
    assert {row[1] for row in rows} == set(trials.tests_by_id())
    assert "--cohorts 2 --split-cohorts 2 --seed 4" in pages[0]


def test_the_skew_of_degrees_is_found_again():
    generator = np.random.default_rng(1)
    rates = 12 * np.exp(0.7 * generator.standard_normal(40_000))
    assert log_spread(generator.poisson(rates)) == pytest.approx(0.7, abs=0.03)
    assert log_spread(np.full(50, 3)) == 0


def test_cohorts_are_like_the_study():
    planted = CohortSection(
        creators=300, clusters=3, size_ratio=2.0, mean_degree=15.0, popularity_skew=0.8, activity_skew=0.4, partial=0.2,
        reels_per_creator=4,
    )  # fmt: skip
    made = simulate_cohort(planted, 3, bag_of_words)
    like = cohort_like(made.creators, made.edges, made.truth, separation=0.6)
    assert (like.creators, like.clusters, like.reels_per_creator, like.separation) == (300, 3, 4, 0.6)
    assert like.partial == pytest.approx(0.2)
    assert like.size_ratio == pytest.approx(2, abs=0.1)
    assert like.mean_degree == pytest.approx(15, rel=0.1)
    assert like.popularity_skew == pytest.approx(0.8, abs=0.2)
    assert like.activity_skew == pytest.approx(0.4, abs=0.15)
    assert cohort_like(made.creators, made.edges.slice(0, 0), made.truth, separation=0.6) is None


def test_clusters_are_counted_whatever_their_numbers():
    made = simulate_cohort(CohortSection(creators=30, clusters=3), 3, bag_of_words)
    place = made.truth.column_names.index("cluster")
    numbers = pc.multiply(made.truth.column("cluster"), 10**12)
    other = made.truth.set_column(place, "cluster", numbers)
    like = cohort_like(made.creators, made.edges, made.truth, separation=0.6)
    assert cohort_like(made.creators, made.edges, other, separation=0.6) == like


def test_sizes():
    assert sizes_of(PowerSection(), 401) == [200, 401, 802]
    assert sizes_of(PowerSection(), 3) == [10]
    assert sizes_of(PowerSection(creators=[50, 20]), 401) == [20, 50]


def test_power_grows_with_homophily_and_points_do_not_depend_on_each_other():
    like = CohortSection(creators=40, clusters=3, mean_degree=8.0)
    settings = PowerSection(creators=[40], homophily=[1.0, 4.0], cohorts=10)
    rows = list(power_rows(like, settings, 0.05, 1, 1))
    assert [row["test"] for row in rows] == [*TESTS, *TESTS]
    for weak, strong in zip(rows[:3], rows[3:], strict=True):
        assert weak["supported"] <= 3
        assert strong["supported"] >= 7
        assert strong["ci_low"] <= strong["power"] <= strong["ci_high"]
    alone = list(power_rows(like, settings.model_copy(update={"homophily": [4.0]}), 0.05, 1, 1))
    assert alone == rows[3:]


@pytest.mark.parametrize("empty", [False, True])
def test_the_program_and_its_figure(tmp_path: Path, empty: bool):
    made = simulate_cohort(CohortSection(creators=20, mean_degree=0.0 if empty else 5.0), 1, bag_of_words)
    for name in ("creators", "edges", "truth"):
        write_table(getattr(made, name), tmp_path / f"{name}.parquet")
    options = dict.fromkeys(PowerSection.model_fields) | {"cohorts": "10", "homophily": "[2.0]"}
    options |= {f"{name}_table": tmp_path / f"{name}.parquet" for name in ("creators", "edges")}
    output = tmp_path / "power.parquet"
    simulate_power.main(
        argparse.Namespace(
            **options, clusters_table=tmp_path / "truth.parquet", output=output, alpha=0.05, seed=1, processes=1
        )
    )
    rows = read_table(output, POWER).to_pylist()
    assert len(rows) == (0 if empty else 3 * 3)
    assert {row["creators"] for row in rows} == (set() if empty else {10, 20, 40})
    for path in (tmp_path / "one.png", tmp_path / "two.png"):
        with style():
            figure = power_figure(rows, "A study", synthetic=True)
            shown = [text.get_text() for chart in figure.axes for text in chart.texts]
            save_figure(figure, path)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    expected = "There are no follows" if empty else "40 creators"
    assert any(expected in text.replace("\n", " ") for text in shown)


def test_a_point_that_could_not_be_tested_is_a_gap_in_the_figure():
    row = dict.fromkeys(POWER.names) | {"test": "dyadic", "creators": 10, "homophily": 1.0, "cohorts": 0, "alpha": 0.05}
    row |= {"clusters": 2, "popularity_skew": 1.0, "activity_skew": 1.0, "separation": 0.5, "supported": 0}
    assert pa.Table.from_pylist([row], schema=POWER).num_rows == 1
    with style():
        figure = power_figure([row], "A study", synthetic=False)
    assert "10 creators: not testable" in {text.get_text() for text in figure.axes[0].texts}


def test_a_test_that_could_not_be_made_is_named_in_its_chart():
    row = dict.fromkeys(POWER.names) | {"creators": 10, "homophily": 2.0, "alpha": 0.05, "clusters": 2, "seed": 1}
    row |= {"popularity_skew": 1.0, "activity_skew": 1.0, "separation": 0.5, "mean_degree": 4.0}
    rows = [
        row | {"test": "H1-label", "cohorts": 0, "supported": 0},
        row | {"test": "dyadic", "cohorts": 7, "supported": 7, "power": 1.0, "ci_low": 0.6, "ci_high": 1.0},
    ]
    with style():
        figure = power_figure(rows, "A study", synthetic=False)
    (title,) = [text.get_text() for text in figure.axes[0].texts]
    assert title == "10 creators, 4 follows each\nH1-label: not testable"
    assert any("7 cohorts per point" in text.get_text().replace("\n", " ") for text in figure.texts)
    assert [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_label() == "dyadic"] == [100.0]
