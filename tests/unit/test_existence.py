"""clusters-exist: planted groups are told from one cloud, and the map, the page and the files say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.evidence import Study
from analysis.existence import clusters_exist
from analysis.network import network_of
from analysis.study_tables import read_existence, read_warning
from common.config import ClusterSettings, HypothesesSection
from common.parquet import build_table
from common.tables import CREATORS, EDGES
from compare_runs import read_existence as existence_of

QUICK = HypothesesSection(reference_draws=19, dimensions=4)
SETTINGS = ClusterSettings(min_cluster_size=6, min_samples=3)
CREATOR_COUNT = 80


def study_of(apart: float, seed: int = 1, creators: int = CREATOR_COUNT) -> Study:
    """Creators in four groups whose middles are so far apart; 0: one cloud."""
    generator = np.random.default_rng(seed)
    middles = apart * generator.normal(size=(4, 4))
    places = middles[np.arange(creators) % 4] + generator.normal(size=(creators, 4))
    names = build_table([{"creator_id": f"c{number:03}"} for number in range(creators)], CREATORS)
    return Study(
        network_of(names, EDGES.empty_table()),
        np.full(creators, -1),
        profiles=places @ generator.normal(size=(4, 12)) + 3.0,
        clustering=SETTINGS,
    )


def test_planted_groups_are_told_from_one_cloud() -> None:
    found = clusters_exist(study_of(4.0), QUICK, 1)
    assert (found.id, found.verdict, found.p_value, found.n_draws) == ("clusters-exist", "supported", 0.05, 19)
    assert found.observed is not None
    assert found.expected is not None
    assert found.observed > 0.8 > found.expected
    assert found.under_null is not None
    assert found.under_null.shape == (19,)


def test_one_cloud_is_seldom_called_clusters() -> None:
    rejected = [clusters_exist(study_of(0.0, seed), QUICK, seed).verdict == "supported" for seed in range(12)]
    assert sum(rejected) <= 3  # at a level of 5 %, more in 0.2 % of such tests


def test_neither_the_order_of_the_rows_nor_the_number_of_processes_plays_a_part() -> None:
    study = study_of(2.0)
    alone = clusters_exist(study, QUICK, 7)
    from dataclasses import replace

    shared = clusters_exist(replace(study, processes=2), QUICK, 7)
    assert (alone.observed, alone.p_value) == (shared.observed, shared.p_value)


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (study_of(1.0, creators=9), "too few creators (9 with a profile"),
        (study_of(1.0, creators=11), "11 creators are too few for cluster.min_cluster_size = 6"),
    ],
)
def test_small_cohorts_are_not_tested_and_the_reason_says_why(study: Study, said: str) -> None:
    found = clusters_exist(study, QUICK, 1)
    assert found.verdict == "not testable"
    assert said in str(found.reason)


def test_too_few_reference_cohorts_cannot_support_anything() -> None:
    few = QUICK.model_copy(update={"alpha": 0.01})
    assert "raise hypotheses.reference_draws" in str(clusters_exist(study_of(4.0), few, 1).reason)


@pytest.mark.parametrize(("p_value", "verdict"), [(0.01, "supported"), (0.4, "not supported")])
def test_the_map_says_whether_there_are_clusters(tmp_path: Path, p_value: float, verdict: str) -> None:
    result = clusters_exist(study_of(4.0), QUICK, 1)
    row = {
        name: getattr(result, name)
        for name in ("id", "question", "null", "statistic", "n_creators", "n_edges", "reason")
    }
    hypotheses = tmp_path / "h.json"
    hypotheses.write_text(json.dumps([row | {"p_value": p_value, "verdict": verdict}]))
    found = existence_of(hypotheses)
    assert found is not None
    robustness = tmp_path / "r.json"
    robustness.write_text(json.dumps({"clusters_exist": found, "warning": found["warning"]}))
    assert f"one cloud: {verdict} (p = {p_value:g})" in str(read_existence(robustness))
    assert ("was not supported (clusters-exist, p = 0.4)" in str(read_warning(robustness))) == (verdict != "supported")
