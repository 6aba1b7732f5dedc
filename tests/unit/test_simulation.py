"""Synthetic cohorts: parameters do what they say, any size works, and the same seed gives the same bytes."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import simulate_study
import tiny_models
from analysis.aesthetic_words import WORDS
from analysis.dyadic import dyadic_regression
from analysis.homophily_tests import label_homophily
from analysis.simulation import CohortSection, bag_of_words, p1_network, simulate_cohort
from analysis.study_tables import read_study
from bundle.contents import check_files, read_note, read_tables
from common.config import ConfigError, HypothesesSection, parse_section
from common.files import file_sha256
from common.models import write_marker
from common.parquet import read_table
from common.tables import TRUTH
from study import CHECKOUT

PLAIN = {"popularity_skew": 0.0, "activity_skew": 0.0}


def cohort(seed: int = 1, **settings):
    return simulate_cohort(parse_section(CohortSection, settings, "x"), seed, bag_of_words)


def degrees(made, column: str) -> np.ndarray:
    ids = made.creators.column("creator_id").to_pylist()
    places = {creator: place for place, creator in enumerate(ids)}
    return np.bincount([places[one] for one in made.edges.column(column).to_pylist()], minlength=len(ids))


def inside_share(made) -> float:
    truth = dict(zip(*(made.truth.column(name).to_pylist() for name in ("creator_id", "cluster")), strict=True))
    return float(np.mean([truth[edge["source_id"]] == truth[edge["target_id"]] for edge in made.edges.to_pylist()]))


@pytest.mark.parametrize("homophily", [1.0, 3.0])
def test_the_share_of_follows_inside_is_what_the_odds_ratio_gives(homophily):
    # 200 creators in four communities of 50: 49 of 199 others are in the own one.
    settings = {"creators": 200, "clusters": 4, "mean_degree": 20.0, "homophily": homophily, "reels_per_creator": 0}
    shares = [inside_share(cohort(seed, **settings, **PLAIN)) for seed in range(8)]
    between = np.linspace(0, 1, 1_000_001)[1:-1]
    inside = homophily * between / (1 - between + homophily * between)
    place = np.argmin(np.abs(49 * inside + 150 * between - 20))
    expected = 49 * inside[place] / 20
    error = np.sqrt(expected * (1 - expected) / (8 * 200 * 20))
    assert abs(np.mean(shares) - expected) < 4 * error


@pytest.mark.parametrize("law", ["lognormal", "pareto"])
def test_the_mean_degree_is_kept_whatever_the_skew(law):
    settings = {"creators": 150, "mean_degree": 12.0, "degree_law": law, "reels_per_creator": 0, "reciprocity": 4.0}
    made = [cohort(seed, **settings, homophily=2.0) for seed in range(10)]
    assert np.mean([one.edges.num_rows / 150 for one in made]) == pytest.approx(12, abs=0.3)
    even = cohort(1, creators=150, mean_degree=12.0, reels_per_creator=0, **PLAIN)
    assert degrees(made[1], "target_id").std() > 2 * degrees(even, "target_id").std()


def test_popular_creators_are_followed_and_active_ones_follow():
    made = cohort(creators=300, popularity_skew=1.0, activity_skew=1.0, reels_per_creator=0)
    for planted, column in (("popularity", "target_id"), ("activity", "source_id")):
        assert spearmanr(made.truth.column(planted).to_numpy(), degrees(made, column)).statistic > 0.8


@pytest.mark.parametrize("wanted", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("name", ["popularity", "activity"])
def test_the_correlation_with_the_community_is_as_asked_for(wanted, name):
    settings = {f"{name}_by_cluster": wanted, "creators": 2000, "mean_degree": 0.0, "reels_per_creator": 0}
    truth = cohort(clusters=5, size_ratio=3.0, **settings).truth
    clusters = truth.column("cluster").to_numpy()
    found = np.corrcoef(-clusters, truth.column(name).to_numpy())[0, 1]
    assert found == pytest.approx(wanted, abs=4 / np.sqrt(2000))
    assert np.all(np.diff(np.bincount(clusters)) < 0), "the first community is the largest"


def test_returned_follows_have_the_odds_asked_for():
    # Without skews every pair has the same four states: their odds ratio is the reciprocity.
    settings = {"creators": 200, "mean_degree": 30.0, "reciprocity": 6.0, "reels_per_creator": 0, **PLAIN}
    follows = {(edge["source_id"], edge["target_id"]) for edge in cohort(**settings).edges.to_pylist()}
    both = sum((target, source) in follows for source, target in follows) / 2
    one = len(follows) - 2 * both
    none = 200 * 199 / 2 - both - one
    ratio = np.log(both * none / (one / 2) ** 2)
    assert abs(ratio - np.log(6)) < 4 * np.sqrt(1 / both + 1 / none + 4 / one)


def test_a_p1_network_of_three_has_the_probabilities_of_the_model():
    log_odds = np.array([[0, 1.0, -1], [0.5, 0, 0], [0, -0.5, 0]])
    generator = np.random.default_rng(5)
    counts = np.zeros((3, 3))
    for _ in range(1000):
        counts[p1_network(log_odds, 0.7, 2.0, generator)] += 1
    shares = counts / 1000
    assert shares.sum() == pytest.approx(2, abs=0.12)
    assert np.all(np.diag(counts) == 0)
    # In each pair the likelier direction is the one with the larger odds.
    assert shares[0, 1] > shares[1, 0] + 0.05
    assert shares[2, 0] > shares[0, 2] + 0.05


def test_lists_that_are_not_complete_lose_follows():
    whole, made = cohort(creators=200), cohort(creators=200, partial=0.25, unfetched=0.1)
    statuses = np.array(made.creators.column("follows_status").to_pylist())
    assert [(statuses == name).sum() for name in ("complete", "partial", "unfetched")] == [130, 50, 20]
    before, after = degrees(whole, "source_id"), degrees(made, "source_id")
    assert np.array_equal(before[statuses == "complete"], after[statuses == "complete"])
    assert after[statuses == "unfetched"].sum() == 0
    assert 0.35 < after[statuses == "partial"].sum() / before[statuses == "partial"].sum() < 0.65


@pytest.mark.parametrize("settings", [{}, {"clusters": 0}])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_smallest_cohorts_are_studies(number, settings):
    made = cohort(creators=number, **settings)
    assert made.creators.num_rows == made.truth.num_rows == number
    assert made.reels.num_rows == 5 * number
    assert made.edges.num_rows <= number * (number - 1)
    assert made.study().network.n_creators == number


def test_without_communities_nothing_is_planted_and_similar_creators_still_follow():
    settings = {"creators": 150, "clusters": 0, "separation": 1.0, **PLAIN}
    made = {homophily: cohort(3, homophily=homophily, **settings) for homophily in (1.0, 100.0)}
    assert set(made[1.0].truth.column("cluster").to_pylist()) == {-1}
    excess = {}
    for homophily, one in made.items():
        study = one.study()
        unit = study.profiles / np.linalg.norm(study.profiles, axis=1, keepdims=True)
        similarity = unit @ unit.T
        followed = similarity[study.network.sources, study.network.targets].mean()
        excess[homophily] = followed - similarity[~np.eye(150, dtype=bool)].mean()
    assert abs(excess[1.0]) < 0.006
    assert excess[100.0] > 0.012


def test_separation_parts_the_vocabularies():
    between = []
    for separation in (0.0, 0.5, 1.0):
        study = cohort(creators=80, separation=separation).study()
        unit = study.profiles / np.linalg.norm(study.profiles, axis=1, keepdims=True)
        same = study.clusters[:, None] == study.clusters
        similarity = unit @ unit.T
        between.append(similarity[same & ~np.eye(80, dtype=bool)].mean() - similarity[~same].mean())
    assert abs(between[0]) < 0.02
    assert between[0] < between[1] < between[2]
    assert between[2] > 0.15


def test_descriptions_are_made_of_the_words_and_name_nobody():
    made = cohort(creators=30)
    words = {word for part in WORDS.values() for word in part}
    for text in made.reels.column("description").to_pylist():
        assert len(words & {word.strip(".,:").lower() for word in text.split()}) >= 8
        assert text[0].isupper()
        assert text.endswith(".")
    assert all(handle.startswith("synthetic_") for handle in made.creators.column("handle").to_pylist())
    assert np.allclose(np.linalg.norm(made.study().reels.vectors, axis=1), 1, atol=1e-6)


def test_the_network_does_not_depend_on_the_texts_nor_the_texts_on_the_network():
    first = cohort(creators=40)
    assert cohort(creators=40, reels_per_creator=2, separation=0.1).edges.equals(first.edges)
    assert cohort(creators=40, homophily=4.0, mean_degree=3.0).reels.equals(first.reels)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"partial": 0.7, "unfetched": 0.6}, "unfetched"),
        ({"clusters": 1, "popularity_by_cluster": 0.5}, "two clusters"),
    ],
)
def test_contradictions_are_told(settings, named):
    with pytest.raises(ConfigError, match=named):
        cohort(**settings)


def run(program: str, *options: object) -> None:
    command = [sys.executable, str(CHECKOUT / "scripts" / program), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_folder_is_a_study_and_the_same_seed_gives_the_same_bytes(tmp_path: Path):
    for name in ("one", "two"):
        run("simulate_study.py", "--output", tmp_path / name, "--creators", 60, "--homophily", 4, "--seed", 5)
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    folder = tmp_path / "one"
    read_table(folder / "truth.parquet", TRUTH)
    assert "Synthetic data" in (folder / "README.md").read_text()
    assert check_files(folder) == []
    assert read_note(folder).synthetic
    tables = read_tables(folder)
    assert tables["coverage"].to_pylist()[-1] == {
        "stage": "embedding", "state": "ok", "reason": None, "reels": 300, "creators": 60,
    }  # fmt: skip
    assert tables["follows"].num_rows == tables["edges"].num_rows > 0
    paths = [folder / f"{name}.parquet" for name in ("tables/creators", "tables/edges", "truth", "tables/reels")]
    study = read_study(*paths)
    planted = cohort(5, creators=60, homophily=4.0).study()
    assert np.array_equal(study.clusters, planted.clusters)
    assert np.array_equal(study.reels.vectors, planted.reels.vectors)
    assert np.array_equal(study.profiles, planted.profiles)
    settings = HypothesesSection(draws=199, resamples=99)
    assert {test(study, settings, 1).verdict for test in (label_homophily, dyadic_regression)} == {"supported"}


def test_texts_can_be_embedded_by_a_real_model(tmp_path: Path):
    tiny_models.sentence(tmp_path / "tiny")
    facts = {
        str(path.relative_to(tmp_path / "tiny")): {"sha256": file_sha256(path), "size": path.stat().st_size}
        for path in sorted((tmp_path / "tiny").rglob("*"))
        if path.is_file()
    }
    write_marker(tmp_path / "tiny.json", "tiny", "test", "random", facts)
    arguments = argparse.Namespace(
        embedding="tiny", weights=[tmp_path / "tiny.json"], models=tmp_path, device="cpu", workers=2
    )
    made = simulate_cohort(CohortSection(creators=3), 1, simulate_study.embedding(arguments), "x tiny")
    vectors = made.study().reels.vectors
    assert vectors.shape == (15, 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert len(np.unique(vectors.round(6), axis=0)) == 15
    assert set(made.reels.column("embedding_producer").to_pylist()) == {"x tiny"}
