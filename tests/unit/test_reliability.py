"""Reliability: a known share of error is found again, and more reels have less of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from analysis.evidence import Hypothesis, Reels, Study
from analysis.network import network_of
from analysis.reliability import intraclass, of_mean, ratios_of_deviation, reliability_rows, value_of
from common.config import HypothesesSection
from common.parquet import build_table
from common.tables import CREATORS, EDGES, RELIABILITY
from figures.page import style
from figures.reliability import reliability_figure, subtitle

QUICK = HypothesesSection(draws=99, resamples=99)
DIMENSIONS = 12


def reels_of(creators: int, counts: list[int], error: float, seed: int = 1) -> Reels:
    """Reels around their creators' own places; the error's variance is so many times the creators'."""
    generator = np.random.default_rng(seed)
    owners = np.repeat(np.arange(creators), np.resize(counts, creators))
    places = generator.normal(size=(creators, DIMENSIONS))
    vectors = places[owners] + math.sqrt(error) * generator.normal(size=(len(owners), DIMENSIONS)) + 2.0
    return Reels(owners, vectors.astype(np.float32))


def study_of(reels: Reels, creators: int) -> Study:
    rows = build_table([{"creator_id": f"c{number:03}"} for number in range(creators)], CREATORS)
    return Study(network_of(rows, EDGES.empty_table()), np.full(creators, -1), reels=reels)


@pytest.mark.parametrize(("error", "counts"), [(1.0, [3]), (4.0, [2, 6, 1])])
def test_the_share_of_variance_between_creators_is_found_again(error: float, counts: list[int]) -> None:
    icc, resampled = intraclass(reels_of(300, counts, error), 99, 1)
    assert icc == pytest.approx(1 / (1 + error), abs=0.03)
    assert np.quantile(resampled, 0.02) < 1 / (1 + error) < np.quantile(resampled, 0.98)


def test_the_classical_formula_holds_for_equally_many_reels() -> None:
    """Mean squares of a one-way analysis of variance, one dimension, worked out by hand."""
    vectors = np.array([[1.0], [2.0], [4.0], [6.0], [6.0], [8.0]], np.float32)
    icc, _ = intraclass(Reels(np.array([0, 0, 1, 1, 2, 2]), vectors), 1, 1)
    between, inside = (2 * ((1.5 - 4.5) ** 2 + 0.5**2 + 2.5**2)) / 2, (0.5 + 2.0 + 2.0) / 3
    assert icc == pytest.approx((between - inside) / (between + inside), abs=1e-12)
    assert of_mean(0.25, 3) == pytest.approx(0.5)


def test_profiles_of_more_reels_are_more_reliable_and_the_number_that_is_needed_is_said() -> None:
    rows = reliability_rows(study_of(reels_of(60, [4], 2.0), 60), QUICK, 1)
    curve = [row["value"] for row in rows if row["measure"] == "reliability"]
    assert curve == sorted(curve)
    needed, own = value_of(rows, "reels_needed"), value_of(rows, "own_reliability")
    assert needed is not None
    assert own is not None
    reels = int(needed["value"])
    assert curve[reels - 1] >= 0.8 > curve[reels - 2]
    assert own["value"] == pytest.approx(curve[3])
    assert {tuple(row) for row in rows} == {tuple(RELIABILITY.names)}


def test_reels_that_say_nothing_of_their_creators_are_called_so() -> None:
    generator = np.random.default_rng(5)
    alike = Reels(np.repeat(np.arange(40), 3), generator.normal(size=(120, DIMENSIONS)).astype(np.float32))
    rows = reliability_rows(study_of(alike, 40), QUICK, 1)
    icc = value_of(rows, "icc")
    assert icc is not None
    assert abs(icc["value"]) < 0.05
    if icc["value"] < 0:
        assert value_of(rows, "reels_needed") is None


def test_error_draws_the_odds_ratio_towards_one_and_the_corrected_one_undoes_it() -> None:
    """Follows go with similarities without error; the slope that noisy ones have is that times their reliability."""
    generator = np.random.default_rng(3)
    truth = generator.normal(size=40_000)
    noisy = truth + generator.normal(size=len(truth))  # reliability 0.5
    follows = generator.random(len(truth)) < 1 / (1 + np.exp(3.0 - 0.8 * truth))
    slope = np.cov(noisy, np.where(follows, 1.0, 0.0))[0, 1] / noisy.var() / (follows.mean() * (1 - follows.mean()))
    ratio = math.exp(0.1 * slope)
    primary = Hypothesis(
        "dyadic", "", "", "", 100, 900, "supported", None, effect=ratio, ci_low=ratio * 0.99, ci_high=ratio * 1.01
    )
    found = ratios_of_deviation(primary, 0.5, 0.02, float(noisy.std()), 0.95)
    corrected, low, high = found["corrected_odds_ratio"]
    assert found["odds_ratio"][0] < corrected
    assert low < math.exp(0.8) < high
    assert "corrected_odds_ratio" not in ratios_of_deviation(primary, 0.03, 0.02, 1.0, 0.95)


@pytest.mark.parametrize("creators", [0, 9])
def test_few_creators_have_no_reliability_and_the_figure_says_so(creators: int, tmp_path: Path) -> None:
    rows = reliability_rows(study_of(reels_of(creators, [3], 1.0), creators), QUICK, 1)
    assert [row["value"] for row in rows] == [None]
    with style():
        figure = reliability_figure(rows, "study", synthetic=False)
    assert "too few creators" in " ".join(text.get_text() for text in figure.axes[0].texts)


def test_the_figure_says_how_many_reels_are_enough() -> None:
    rows = reliability_rows(study_of(reels_of(60, [4], 2.0), 60), QUICK, 1)
    needed = value_of(rows, "reels_needed")
    assert needed is not None
    assert f"{int(needed['value'])} reels of each creator give a reliability of 0.8" in subtitle(rows)
