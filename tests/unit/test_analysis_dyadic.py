"""The dyadic test: against an independent fit, planted effects, its level, and what it cannot test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from analysis.dyadic import (
    _Score,
    cluster_regression,
    dyadic_regression,
    enough_draws,
    p_value_of_each_cluster,
    profile_test,
)
from analysis.dyads import cosines, dyads_of, fit_null
from analysis.evidence import Study
from analysis.network import Network
from analysis.similarity import similarity_curve
from analysis.streams import Stream, random_stream
from common.config import HypothesesSection

QUICK = HypothesesSection(draws=199, resamples=99)


def network_of_pairs(follows: np.ndarray, directed: bool = True) -> Network:
    sources, targets = np.nonzero(follows)
    names = pa.array([f"c{number:04}" for number in range(len(follows))])
    return Network(names, sources, targets, directed=directed)


def cohort(creators: int, seed: int, slope: float = 0.0, returned: float = 1.5, mean_degree: float = 8.0) -> Study:
    """Profiles in five groups; activity and popularity go with the group; follows from the p1 model with a slope.

    p1 (Holland & Leinhardt 1981): each pair's two follows are drawn together, so that the logit of one given the
    other is the regression's.
    """
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, 5, creators)
    profiles = generator.normal(size=(5, 12))[groups] + 0.7 * generator.normal(size=(creators, 12))

    def tied() -> np.ndarray:
        return 0.8 * generator.normal(size=5)[groups] + 0.6 * generator.normal(size=creators)

    directions = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    logits = tied()[:, None] + tied() + slope * (directions @ directions.T)
    upper = np.triu_indices(creators, 1)
    there, back = logits[upper], logits.T[upper]

    def states(level: float) -> np.ndarray:
        weights = np.stack([0 * there, there + level, back + level, there + back + 2 * level + returned])
        weights = np.exp(weights - weights.max(axis=0))
        return weights / weights.sum(axis=0)

    low, high = -20.0, 10.0
    for _ in range(40):
        level = (low + high) / 2
        chances = states(level)
        expected = chances[1:3].sum() + 2 * chances[3].sum()
        low, high = (low, level) if expected > mean_degree * creators else (level, high)
    state = (generator.random(len(there)) > np.cumsum(chances, axis=0)).sum(axis=0)
    follows = np.zeros((creators, creators), bool)
    follows[upper] = (state == 1) | (state == 3)
    follows.T[upper] = (state == 2) | (state == 3)
    return Study(network_of_pairs(follows), groups, profiles=profiles)


def matrix(study: Study) -> np.ndarray:
    follows = np.zeros((study.network.n_creators,) * 2, bool)
    follows[study.network.sources, study.network.targets] = True
    return follows


def test_the_odds_ratio_is_that_of_a_plain_logistic_regression() -> None:
    """scikit-learn on one column for each sender and each receiver, without penalty."""
    from sklearn.linear_model import LogisticRegression

    studies = (cohort(24, seed, slope=2.0, mean_degree=7) for seed in range(100))
    study = next(made for made in studies if matrix(made).any(axis=0).all() and matrix(made).any(axis=1).all())
    follows = matrix(study)
    rows, columns = np.nonzero(~np.eye(24, dtype=bool))
    directions = study.profiles / np.linalg.norm(study.profiles, axis=1, keepdims=True)
    similarity = (directions @ directions.T)[rows, columns]
    features = np.column_stack([np.eye(24)[rows], np.eye(24)[columns][:, 1:], follows.T[rows, columns], similarity])
    plain = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=5000, solver="newton-cholesky")
    plain.fit(features, follows[rows, columns])
    found = dyadic_regression(study, QUICK, 1)
    assert found.effect == pytest.approx(np.exp(0.1 * plain.coef_[0, -1]), rel=1e-5)


@pytest.mark.parametrize("directed", [True, False])
def test_planted_similarity_is_found_and_its_size_is_right(directed: bool) -> None:
    study = cohort(90, 5, slope=3.0, returned=1.0 if directed else 0.0)
    if not directed:
        follows = np.triu(matrix(study))  # each pair once, whatever the other way says
        study = replace(study, network=network_of_pairs(follows, directed=False))
    found = dyadic_regression(study, QUICK, 1)
    assert found.verdict == "supported"
    assert found.p_value == 1 / 200
    assert found.ci_low < np.exp(0.3) < found.ci_high
    assert found.n_edges == study.network.n_edges


def test_without_directions_there_is_no_reciprocity() -> None:
    study = cohort(20, 3)
    found = [
        dyadic_regression(replace(study, network=network_of_pairs(matrix(study), directed)), replace_draws(99), 1)
        for directed in (True, False)
    ]
    assert [("reciprocity" in one.statistic, "returned" in one.question) for one in found] == [
        (True, True),
        (False,) * 2,
    ]


def test_popular_and_active_groups_without_homophily_keep_the_level() -> None:
    """60 cohorts where a label permutation would reject most: binomial band of 99.9 %."""
    p_values = [dyadic_regression(cohort(40, 100 + seed), replace_draws(99), seed).p_value for seed in range(60)]
    assert sum(p_value <= 0.05 for p_value in p_values) <= 10
    assert 0.35 <= np.mean(p_values) <= 0.65


def replace_draws(draws: int) -> HypothesesSection:
    return HypothesesSection(draws=draws, resamples=99)


def test_order_of_creators_threads_and_scale_play_no_part() -> None:
    study = cohort(30, 2, slope=1.0)
    first = dyadic_regression(study, QUICK, 4)
    assert dyadic_regression(replace(study, processes=2), QUICK, 4) == first
    scaled = replace(study, profiles=study.profiles * np.linspace(0.5, 2, 30)[:, None])
    assert dyadic_regression(scaled, QUICK, 4).observed == pytest.approx(first.observed, rel=1e-9)


def test_unfetched_lists_are_unknown_and_not_empty() -> None:
    study = cohort(60, 8, slope=2.5)
    unfetched = np.arange(60) % 3 == 0
    follows = matrix(study) & ~unfetched[:, None]
    statuses = ["unfetched" if missing else "complete" for missing in unfetched]
    partly = replace(study, network=network_of_pairs(follows), follows_status=statuses)
    found = dyadic_regression(partly, QUICK, 1)
    assert "20 creators with unfetched lists" in found.reason
    assert "20 unfetched" in found.reason
    assert found.verdict == "supported"
    assert sum(row["n_pairs"] for row in similarity_curve(partly, QUICK, 1)) == 40 * 59


def test_controls_take_up_what_they_explain() -> None:
    """Follows go with the language, and similarity only by way of it."""
    study = cohort(80, 11)
    generator = np.random.default_rng(1)
    language = generator.integers(0, 2, 80)
    profiles = study.profiles + 2.0 * language[:, None]
    chance = np.where(language[:, None] == language, 0.2, 0.03)
    np.fill_diagonal(chance, 0)
    follows = generator.random((80, 80)) < chance
    study = Study(network_of_pairs(follows), study.clusters, profiles=profiles, categories={"language": language})
    assert profile_test(study, QUICK, 1, controls=False).verdict == "supported"
    found = dyadic_regression(study, QUICK, 1)
    assert found.p_value > 0.05
    assert "the same language" in found.statistic
    followers = np.where(np.arange(80) == 7, np.nan, 1000.0 + np.arange(80))
    found = dyadic_regression(replace(study, followers=followers), QUICK, 1)
    assert "1 creators with unknown followers are left out" in found.reason
    without = dyadic_regression(replace(study, categories={}), QUICK, 1)
    assert without == profile_test(study, QUICK, 1, controls=False)


def test_a_control_that_is_rarely_known_leaves_nobody_out() -> None:
    study = replace(cohort(40, 11), followers=np.where(np.arange(40) < 30, np.nan, 1000.0 + np.arange(40)))
    found = dyadic_regression(study, replace_draws(99), 1)
    assert found.n_creators == 40
    assert "followers is no control: unknown for 30 of 40 creators" in found.reason


def test_a_number_of_one_s_own_is_a_control_by_its_difference() -> None:
    """Follows go with the age, and similarity only by way of it; a time in seconds says the same as one in years."""
    study = cohort(80, 11)
    generator = np.random.default_rng(1)
    age = generator.uniform(20, 60, 80)
    angle = (age - 20) / 40 * np.pi / 2
    profiles = study.profiles + 4 * np.column_stack([np.cos(angle), np.sin(angle)]) @ np.eye(2, study.profiles.shape[1])
    chance = 0.25 * np.exp(-np.abs(age[:, None] - age) / 8)
    np.fill_diagonal(chance, 0)
    follows = generator.random((80, 80)) < chance
    study = Study(network_of_pairs(follows), study.clusters, profiles=profiles)
    assert profile_test(study, QUICK, 1, controls=False).verdict == "supported"
    found = dyadic_regression(replace(study, numbers={"age": age}), QUICK, 1)
    assert found.p_value > 0.05
    assert "the difference in age" in found.statistic
    seconds = dyadic_regression(replace(study, numbers={"born": 1e9 - age * 3.15e7}), QUICK, 1)
    assert seconds.observed == pytest.approx(found.observed, rel=1e-6)
    unknown = dyadic_regression(replace(study, numbers={"age": np.where(np.arange(80) == 3, np.nan, age)}), QUICK, 1)
    assert "1 creators with unknown age are left out" in unknown.reason


def test_a_control_that_nobody_shares_is_said_to_be_left_out() -> None:
    study = replace(cohort(30, 5), categories={"city": np.arange(30) % 3, "website": np.arange(30)})
    found = dyadic_regression(study, replace_draws(99), 1)
    assert found.reason == "the same website is left out: it is the same for all pairs that can tell"


def test_pairs_of_one_cluster_are_tested_as_similar_pairs_are() -> None:
    """The odds ratio is that of a plain logistic regression; who is in no cluster takes no part."""
    from sklearn.linear_model import LogisticRegression

    studies = (cohort(26, seed, mean_degree=8) for seed in range(100))
    study = next(
        made for made in studies if matrix(made)[:24, :24].any(axis=0).all() and matrix(made)[:24, :24].any(1).all()
    )
    clusters = np.where(np.arange(26) < 24, np.arange(26) % 3, -1)
    found = cluster_regression(replace(study, clusters=clusters, profiles=None), QUICK, 1)
    assert (found.id, found.n_creators) == ("H1-dyadic", 24)
    rows, columns = np.nonzero(~np.eye(24, dtype=bool))
    follows = matrix(study)[:24, :24]
    same = (clusters[rows] == clusters[columns]).astype(float)
    features = np.column_stack([np.eye(24)[rows], np.eye(24)[columns][:, 1:], follows.T[rows, columns], same])
    plain = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=5000, solver="newton-cholesky")
    plain.fit(features, follows[rows, columns])
    assert found.effect == pytest.approx(np.exp(plain.coef_[0, -1]), rel=1e-5)


def test_random_clusters_of_a_network_with_triangles_keep_the_level() -> None:
    """Friends of friends: pairs near each other in a plane follow each other; binomial band of 99.9 %."""
    generator = np.random.default_rng(3)
    places = generator.normal(size=(50, 2))
    near = np.linalg.norm(places[:, None] - places, axis=2)
    follows = (generator.random((50, 50)) < np.exp(-2 * near)) & ~np.eye(50, dtype=bool)
    study = Study(network_of_pairs(follows), np.zeros(50, np.int64))
    p_values = [
        cluster_regression(
            replace(study, clusters=generator.permutation(np.arange(50) % 4)), replace_draws(99), seed
        ).p_value
        for seed in range(60)
    ]
    assert sum(p_value <= 0.05 for p_value in p_values) <= 10
    assert 0.35 <= np.mean(p_values) <= 0.65


def test_each_cluster_has_a_p_value_of_its_own() -> None:
    """Only the members of cluster 2 follow each other more than chance has it."""
    generator = np.random.default_rng(5)
    clusters = np.arange(60) % 3
    own = (clusters[:, None] == 2) & (clusters == 2)
    follows = (generator.random((60, 60)) < np.where(own, 0.4, 0.12)) & ~np.eye(60, dtype=bool)
    study = Study(network_of_pairs(follows), clusters)
    found = p_value_of_each_cluster(study, QUICK, 1)
    assert found[2] == 1 / 200
    assert min(found[0], found[1]) > 0.05
    assert p_value_of_each_cluster(replace(study, clusters=np.where(clusters == 0, -1, 1)), QUICK, 1) == {1: None}


def test_latent_factors_stand_for_a_confounder_that_nobody_measured() -> None:
    """Hidden blocks move profiles and follows; nothing is known of the creators."""
    generator = np.random.default_rng(7)
    blocks = np.arange(90) % 3
    profiles = generator.normal(size=(90, 8)) + 1.5 * np.eye(8)[blocks]
    chance = np.where(blocks[:, None] == blocks, 0.3, 0.05)
    follows = (generator.random((90, 90)) < chance) & ~np.eye(90, dtype=bool)
    study = Study(network_of_pairs(follows), blocks, profiles=profiles)
    assert profile_test(study, QUICK, 1, controls=False).verdict == "supported"
    found = profile_test(study, QUICK, 1, controls=False, latent=3)
    assert found.verdict == "not supported"
    assert "3 latent factors of the follow network" in found.statistic


def test_the_curve_counts_every_pair_once() -> None:
    study = cohort(50, 4, slope=3.0)
    rows = similarity_curve(study, QUICK, 1)
    assert sum(row["n_pairs"] for row in rows) == 50 * 49
    assert sum(row["n_follows"] for row in rows) == study.network.n_edges
    assert sum(row["expected"] * row["n_pairs"] for row in rows) == pytest.approx(study.network.n_edges, rel=1e-6)
    assert rows[-1]["share"] > rows[-1]["expected"] > 0
    for row in rows:
        assert row["similarity_low"] <= row["similarity_mean"] <= row["similarity_high"]
        assert row["ci_low"] <= row["share"] <= row["ci_high"]
    undirected = replace(study, network=network_of_pairs(np.triu(matrix(study) | matrix(study).T), directed=False))
    assert sum(row["n_pairs"] for row in similarity_curve(undirected, QUICK, 1)) == 50 * 49 // 2


def ring(creators: int) -> np.ndarray:
    return np.roll(np.eye(creators, dtype=bool), 1, axis=1)


@pytest.mark.parametrize(
    ("follows", "profiles", "reason"),
    [
        (ring(12), None, "there are no profiles"),
        (ring(12), np.full((12, 3), np.nan), "too few creators (0 with a profile, at least 10 are needed)"),
        (ring(4), np.eye(4), "too few creators (4 with a profile"),
        (np.zeros((12, 12), bool), np.eye(12), "no follow edges"),
        (np.eye(12, dtype=bool)[:, [11] * 12].T & ~np.eye(12, dtype=bool), np.eye(12), "too few creators both follow"),
        (ring(12), np.ones((12, 3)), "similarity is fully explained"),
        (ring(2), np.eye(2), "too few"),
        (ring(12) | ring(12).T, np.eye(12), "every follow is returned"),
    ],
)
def test_what_cannot_be_tested_says_why(follows: np.ndarray, profiles: np.ndarray | None, reason: str) -> None:
    study = Study(network_of_pairs(follows), np.zeros(len(follows), np.int64), profiles=profiles)
    found = dyadic_regression(study, QUICK, 1)
    assert found.verdict == "not testable"
    assert reason in found.reason
    assert found.p_value is None
    similarity_curve(study, QUICK, 1)


def test_similarity_that_separates_is_tested_without_an_odds_ratio() -> None:
    """Everybody follows exactly the most similar: the slope is infinite, the permutation test is not."""
    angles = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    profiles = np.column_stack([np.cos(angles), np.sin(angles)])
    found = dyadic_regression(Study(network_of_pairs(ring(30)), np.zeros(30, np.int64), profiles=profiles), QUICK, 1)
    assert found.verdict == "supported"
    assert found.effect is None
    assert "cannot be estimated" in found.reason


def test_equal_and_empty_profiles() -> None:
    study = cohort(40, 9, slope=2.0)
    profiles = study.profiles.copy()
    profiles[3], profiles[7], profiles[9] = profiles[4], 0.0, np.nan
    found = dyadic_regression(replace(study, profiles=profiles), QUICK, 1)
    assert found.n_creators == 38
    assert "2 creators without a profile are left out" in found.reason
    assert found.p_value is not None


def test_permutations_that_give_the_same_similarities_count_as_ties() -> None:
    """Two groups of equal profiles: sums in another order differ in the last bit, which must not make p smaller."""
    generator = np.random.default_rng(2)
    groups = np.repeat([0, 1], 5)
    follows = np.triu(generator.random((10, 10)) < np.where(groups[:, None] == groups, 0.6, 0.35), 1)
    network = network_of_pairs(follows, directed=False)
    study = Study(network, groups, profiles=generator.normal(size=(2, 7))[groups])
    found = dyadic_regression(study, HypothesesSection(draws=2000, resamples=99), 1)
    dyads = dyads_of(study, cosines(study.profiles), controls=False)
    model, _ = fit_null(dyads)
    assert model is not None
    score = _Score(dyads, model)
    drawn = score.permuted(2000, 1, 1)
    at_least = (drawn > score(score.remainder)) | np.isclose(drawn, score(score.remainder), rtol=1e-9)
    assert found.p_value == (at_least.sum() + 1) / 2001


def test_scores_of_permuted_creators_are_those_of_the_permuted_matrix() -> None:
    study = replace(cohort(45, 6, slope=1.0), categories={"city": np.arange(45) % 3})
    dyads = dyads_of(study, cosines(study.profiles), controls=True)
    model, _ = fit_null(dyads)
    assert model is not None
    score = _Score(dyads, model)
    drawn = score.permuted(20, 3, 2)
    orders = [random_stream(3, Stream.PAIRS, draw).permutation(45) for draw in range(20)]
    assert drawn == pytest.approx([score(score.remainder[np.ix_(order, order)]) for order in orders], rel=1e-11)


def test_large_cohorts_get_fewer_draws_but_never_too_few() -> None:
    assert [enough_draws(10_000, creators) for creators in (401, 500, 700, 1500, 5000)] == [
        10_000, 10_000, 5102, 1999, 1999,
    ]  # fmt: skip
    assert enough_draws(199, 5000) == 199  # whoever wants fewer gets these
