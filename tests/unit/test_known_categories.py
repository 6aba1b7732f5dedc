"""Clusters against what is known of the creators anyway."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from analysis.evidence import Study
from analysis.findings import e_value
from analysis.known_categories import category_warning, cramers_v, known_categories
from analysis.network import Network


def study(clusters: np.ndarray, **categories: np.ndarray) -> Study:
    names = pa.array([f"c{number:03}" for number in range(len(clusters))])
    none = np.empty(0, np.int64)
    return Study(Network(names, none, none, directed=True), clusters, categories=categories)


def test_clusters_that_are_a_language_are_said_to_be_it() -> None:
    generator = np.random.default_rng(1)
    language = np.arange(90) % 3
    clusters = np.where(np.arange(90) < 80, language, -1)
    city = generator.integers(0, 4, 90)
    speech = np.where(language == 0, 1, 0)
    rows = {row["column"]: row for row in known_categories(study(clusters, city=city, language=language), speech)}
    assert list(rows) == ["city", "language", "speech"]
    assert rows["language"]["adjusted_rand"] == 1.0
    assert rows["language"]["cramers_v"] == pytest.approx(1.0)
    assert (rows["language"]["n_creators"], rows["language"]["n_values"]) == (80, 3)
    assert rows["city"]["warning"] is False
    assert category_warning(rows["city"]) is None
    assert rows["speech"]["warning"]  # one of three clusters speaks: V is 1, the Rand index is not
    assert "These clusters largely repeat language (adjusted Rand index 1.00" in category_warning(rows["language"])


def test_one_value_or_one_cluster_is_no_association() -> None:
    same, two = np.zeros(20, np.int64), np.arange(20) % 2
    assert known_categories(study(two, city=same)) == []
    (row,) = known_categories(study(same, city=two))
    assert (row["adjusted_rand"], row["cramers_v"], row["warning"]) == (None, None, False)
    (row,) = known_categories(study(two, city=np.where(np.arange(20) < 2, two, -1)))
    assert row["n_creators"] == 2


def test_cramers_v_is_corrected_for_chance() -> None:
    """Of many values and few creators the plain V is large whatever the truth is."""
    generator = np.random.default_rng(2)
    values = [cramers_v(generator.integers(0, 8, 60), generator.integers(0, 6, 60)) for _ in range(100)]
    assert np.mean(values) < 0.12
    assert cramers_v(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == pytest.approx(1.0)


def test_the_e_value_is_vanderweele_and_dings() -> None:
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)  # their example, lower end 1.8: 3.0
    assert e_value(1.8) == pytest.approx(3.0, abs=0.005)
    assert e_value(1.0) == 1.0
