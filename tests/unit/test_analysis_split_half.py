"""H2 and H3: measures by hand, the published versions, halves of reels, the rotated reference and its level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, spearmanr
from threadpoolctl import threadpool_limits

from analysis import clusters as clustering
from analysis import split_half
from analysis.clusters import cluster_profiles
from analysis.evidence import Hypothesis, Reels, Study
from analysis.network import Network
from analysis.profiles import Profiles
from analysis.split_half import (
    centroid_ratios,
    density,
    density_original,
    fisher_interval,
    neighbour_distances,
    profiles_of_halves,
    rank_correlation,
    rotated,
    rotation,
    separation,
    separation_original,
    split_half_tests,
)
from analysis.study_tables import read_study
from common.config import ClusterSettings, HypothesesSection
from common.parquet import build_table, write_table
from common.tables import REELS

PCA = ClusterSettings(space="pca", dimensions=10, min_cluster_size=5, min_samples=3)
QUICK = HypothesesSection(splits=1, reference_draws=24, resamples=99)


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Asking for one thread and starting k-means cost more than clustering a few creators: ask once for a test."""
    for module in (clustering, split_half):
        monkeypatch.setattr(module, "threadpool_limits", lambda _: nullcontext())
    monkeypatch.setattr(clustering, "KMEANS_STARTS", 1)
    with threadpool_limits(1):
        yield


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def cohort(number: int) -> Network:
    nothing = np.empty(0, np.int64)
    return Network(pa.array([f"c{place:03}" for place in range(number)]), nothing, nothing)


def reels_of(means: np.ndarray, counts: Any, generator: np.random.Generator, noise: float = 1.0) -> Reels:
    """Reels of unit length around the creators' means."""
    owners = np.repeat(np.arange(len(means)), counts)
    vectors = means[owners] + generator.normal(size=(len(owners), means.shape[1])) * noise / np.sqrt(means.shape[1])
    return Reels(owners, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


def structureless(generator: np.random.Generator, creators: int = 60, length: int = 50) -> Reels:
    """Creators' means from one normal distribution with a few strong directions, off the origin as embeddings are."""
    scale = 1 / np.arange(1, length + 1)
    means = generator.normal(size=(creators, length)) * scale / np.linalg.norm(scale)
    means[:, -1] += 1
    return reels_of(means, 5, generator)


def groups(generator: np.random.Generator, creators: int = 60, length: int = 50) -> Reels:
    """Four groups in which some creators lie near the centre, and others far from it."""
    centres = generator.normal(size=(4, length)) * 2 / np.sqrt(length)
    radius = generator.uniform(0.1, 1.0, (creators, 1))
    means = centres[np.arange(creators) % 4] + radius * generator.normal(size=(creators, length)) / np.sqrt(length)
    means[:, -1] += 1
    return reels_of(means, 5, generator, noise=0.5)


def study_of(reels: Reels, processes: int = 1) -> Study:
    """Creators with the profiles and clusters that the workflow would give them."""
    number = int(reels.owners.max()) + 1
    profiles = np.stack([reels.vectors[reels.owners == place].astype(float).mean(axis=0) for place in range(number)])
    network = cohort(number)
    found = cluster_profiles(Profiles(network.creator_ids.to_pylist(), profiles.astype(np.float32)), PCA, 42)
    return Study(network, found.clusters, found.membership, profiles, reels=reels, clustering=PCA, processes=processes)


# The measures


def test_distances_by_hand() -> None:
    profiles, clusters = at(0, 60, 90, 10, 180), np.array([0, 0, 0, 1, -1])
    one, two, three = 0.5, 1.0, 1 - np.sqrt(0.75)  # 1 - cos of 60, 90 and 30 degrees
    nearest = neighbour_distances(profiles, clusters, 1)
    assert nearest == pytest.approx([one, three, three, np.nan, np.nan], abs=1e-9, nan_ok=True)
    both = neighbour_distances(profiles, clusters, 5)  # more than there are
    expected = [(one + two) / 2, (one + three) / 2, (two + three) / 2, np.nan, np.nan]
    assert both == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_ratios_by_hand() -> None:
    """Centroids of 0 and 60 degrees, and of 120 and 180, point to 30 and 150 degrees."""
    profiles = at(0, 60, 120, 180, 90, 100)
    ratios = centroid_ratios(profiles, np.array([0, 0, 7, 7, -1, 3]))  # a creator alone at 100 degrees
    near, far = 1 - np.cos(np.radians([30, 100]))
    expected = [far / near, (1 - np.cos(np.radians(40))) / near, (1 - np.cos(np.radians(20))) / near]
    assert ratios[:3] == pytest.approx(expected, rel=1e-6)
    assert ratios[3] == pytest.approx((1 - np.cos(np.radians(80))) / near, rel=1e-6)
    assert np.isnan(ratios[4:]).all()
    assert np.isnan(centroid_ratios(profiles, np.array([0, 0, 0, 0, -1, -1]))).all()
    on_the_centroid = centroid_ratios(at(0, 0, 90, 100), np.array([0, 0, 1, 1]))
    assert np.isinf(on_the_centroid).tolist() == [True, True, False, False]


def test_equal_profiles_are_ties() -> None:
    """However their sums were rounded."""
    generator = np.random.default_rng(1)
    profiles = generator.normal(size=(8, 300)).astype(np.float32)[[0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7]].astype(float)
    profiles[1::2] *= 3  # the same directions
    labels = np.repeat([0, 1], 6)
    distances = neighbour_distances(profiles, labels, 1)
    assert (distances[:8] == 0).all()
    assert len(np.unique(centroid_ratios(profiles, np.repeat([0, 1], [8, 4]))[:8])) == 4 * 2 - 4


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.floats(-2, 2, allow_subnormal=False)), min_size=4, max_size=40))
def test_correlation_is_scipys(pairs: list[tuple[int, float]]) -> None:
    first, second = np.array(pairs, float).T
    found = rank_correlation(np.append(first, np.nan), np.append(second, 1.0))
    if len(np.unique(first)) == 1 or len(np.unique(second)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


def test_interval_has_the_published_numbers() -> None:
    """The example of ci.spear in the package statpsych, by the author of the standard error."""
    assert fisher_interval(0.8699639, 15, 0.95) == pytest.approx((0.5840951, 0.9638297), abs=1e-6)
    assert fisher_interval(-1.0, 15, 0.95) == (-1.0, -1.0)


# As published


def published(seed: int = 0, creators: int = 30) -> Study:
    """Two clusters whose members are the firmer the nearer they are to the centre."""
    generator = np.random.default_rng(seed)
    clusters = np.arange(creators) % 3 - 1
    radius = generator.uniform(0.2, 1, creators)
    profiles = np.eye(6)[clusters] + radius[:, None] * generator.normal(size=(creators, 6)) / 3
    return Study(cohort(creators), clusters, 1.1 - radius + generator.normal(size=creators) / 20, profiles)


@pytest.mark.parametrize(
    ("test", "sign", "measure"),
    [
        (density_original, -1, lambda profiles, clusters: neighbour_distances(profiles, clusters, 5)),
        (separation_original, 1, centroid_ratios),
    ],
)
def test_the_published_versions(test: Any, sign: int, measure: Any) -> None:
    study = published()
    found = test(study, HypothesesSection(), 1)
    inside = study.clusters >= 0
    side = "less" if sign < 0 else "greater"
    scipys = spearmanr(study.membership[inside], measure(study.profiles, study.clusters)[inside], alternative=side)
    assert found.observed == found.effect == pytest.approx(scipys.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(scipys.pvalue, abs=1e-12)
    assert found.ci_low < found.observed < found.ci_high
    assert (found.n_creators, found.n_draws, found.seed, found.expected) == (inside.sum(), None, None, 0.0)
    assert found.verdict == "as published (circular)"
    assert found.reason.startswith(
        f"circular: membership and distance are computed from the same profiles; read {found.id[:2]}"
    )
    against = test(replace(study, membership=-study.membership), HypothesesSection(), 1)
    assert (against.verdict, against.observed) == (found.verdict, pytest.approx(-found.observed, abs=1e-12))


@pytest.mark.parametrize("test", [density_original, separation_original])
def test_order_and_names_change_nothing_in_the_published_versions(test: Any) -> None:
    study = published()
    order = np.random.default_rng(3).permutation(len(study.clusters))
    moved = replace(
        study,
        clusters=np.array([5, 2, -1])[study.clusters[order]],
        membership=study.membership[order],
        profiles=study.profiles[order],
    )
    first, second = test(study, HypothesesSection(), 1), test(moved, HypothesesSection(), 2)
    assert second.observed == pytest.approx(first.observed, abs=1e-12)
    assert (second.n_creators, second.verdict) == (first.n_creators, first.verdict)


def test_a_creator_alone_and_one_without_a_profile_are_left_out() -> None:
    study = published()
    study.clusters[0] = 9
    study.profiles[1] = np.nan
    found = density_original(study, HypothesesSection(), 1)
    assert found.n_creators == (published().clusters[2:] >= 0).sum()
    assert found.reason.startswith("1 creators are left out: alone in a cluster")
    assert separation_original(study, HypothesesSection(), 1).n_creators == found.n_creators


@pytest.mark.parametrize(
    ("changes", "reason", "tests"),
    [
        ({"membership": None}, "the tables have no strength of membership", "H2 H3"),
        ({"profiles": None}, "the tables have no profiles", "H2 H3"),
        ({"clusters": np.full(30, -1)}, "no creator with a profile is in a cluster", "H2 H3"),
        ({"clusters": np.zeros(30, int)}, "there are fewer than two clusters", "H3"),
        ({"membership": np.ones(30)}, "the same membership", "H2 H3"),
        ({"clusters": np.array([0, 0] + [-1] * 28)}, "too few creators (2 in clusters", "H2"),
        ({"clusters": np.arange(30)}, "too few creators (0 in clusters", "H2 H3"),
    ],
)
def test_what_the_published_versions_cannot_test(changes: dict[str, Any], reason: str, tests: str) -> None:
    for test in (density_original, separation_original):
        found = test(replace(published(), **changes), HypothesesSection(), 1)
        if found.id[:2] in tests:
            assert found.verdict == "not testable"
            assert reason in found.reason
            assert found.p_value is None
        assert "circular" in found.reason
    one_cluster = density_original(replace(published(), clusters=np.zeros(30, int)), HypothesesSection(), 1)
    assert one_cluster.p_value is not None


# Halves and rotations


def test_each_reel_is_in_one_half() -> None:
    """Every reel is a dimension of its own: a mean of k of them has length 1 / sqrt(k), and no two share any."""
    counts = np.array([2, 3, 1, 5, 0, 4])
    owners = np.repeat(np.arange(6), counts)
    halves = profiles_of_halves(Reels(owners, np.eye(15, dtype=np.float32)), 1, 0)
    assert halves.shape == (2, 4, 4)  # the creators with 2, 3, 5 and 4 reels, in as many dimensions
    for half, sizes in zip(halves, ([1, 2, 3, 2], [1, 1, 2, 2]), strict=True):
        assert half @ half.T == pytest.approx(np.diag(1 / np.array(sizes)), abs=1e-12)


def test_halves_are_random_and_seeded() -> None:
    """Two reels each, the same for all creators: half of the pairs of creators share their first half."""
    reels = Reels(np.repeat(np.arange(400), 2), np.tile(np.eye(2, dtype=np.float32), (400, 1)))
    first = profiles_of_halves(reels, 1, 0)[0]
    share = (first @ first[0]).mean()
    assert 0.4 < share < 0.6
    assert (profiles_of_halves(reels, 1, 0)[0] == first).all()
    assert (profiles_of_halves(reels, 1, 1)[0] != first).any()
    assert (profiles_of_halves(reels, 2, 0)[0] != first).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 40), st.integers(1, 30))
def test_rotation_keeps_mean_and_covariance(seed: int, creators: int, length: int) -> None:
    generator = np.random.default_rng(seed)
    both = generator.normal(size=(creators, 2 * length)) * generator.uniform(0.1, 3, 2 * length) + 1  # two halves
    turned = rotation(creators, generator) @ both
    assert turned.mean(axis=0) == pytest.approx(both.mean(axis=0), abs=1e-10)
    assert np.cov(turned.T) == pytest.approx(np.cov(both.T), abs=1e-10)
    assert np.abs(turned - both).max() > 1e-3


def test_rotations_are_uniform() -> None:
    """The first creator's place among the others has mean 0 and variance (n - 2) / n^2 off the fixed mean."""
    number = 6
    drawn = np.array([rotation(number, np.random.default_rng([5, draw])) for draw in range(4000)])
    expected = (1 - 1 / number) ** 2 / (number - 1)
    assert drawn.mean(axis=0) == pytest.approx(np.full((number, number), 1 / number), abs=0.03)
    assert drawn.var(axis=0) == pytest.approx(np.full((number, number), expected), rel=0.12)


def test_a_reference_cohort_keeps_lengths_and_nearly_the_covariance() -> None:
    reels = structureless(np.random.default_rng(4), creators=200)
    halves = np.stack([profiles_of_halves(reels, 1, split) for split in range(2)])
    reference = rotated(halves, np.random.default_rng(5))
    assert np.linalg.norm(reference, axis=3) == pytest.approx(np.linalg.norm(halves, axis=3), rel=1e-12)
    for split in range(2):
        both, turned = (np.hstack(list(cloud[split])) for cloud in (halves, reference))
        difference = np.linalg.norm(np.cov(turned.T) - np.cov(both.T)) / np.linalg.norm(np.cov(both.T))
        assert difference < 0.25


# The valid versions


def test_h2_and_h3_share_their_clusterings(one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(groups(np.random.default_rng(1)))
    both = split_half_tests(study, QUICK, 7)
    calls: list[int] = []
    monkeypatch.setattr(split_half, "split_half_tests", lambda *_: calls.append(1) or both)
    assert (density(study, QUICK, 7), separation(study, QUICK, 7)) == both
    assert separation(replace(study, clusters=study.clusters + 1), QUICK, 7) == both[1]  # they make their own clusters
    assert len(calls) == 1
    density(study, QUICK, 8)
    density(replace(study, clustering=ClusterSettings()), QUICK, 8)
    assert len(calls) == 3


def test_the_valid_versions_say_what_they_did(one_thread: None) -> None:
    study = study_of(structureless(np.random.default_rng(1)))
    asked = QUICK.model_copy(update={"splits": 2})
    for found, name, sign in zip(split_half_tests(study, asked, 7), ("H2", "H3"), (-1, 1), strict=True):
        assert (found.id, found.n_creators, found.seed) == (name, 60, 7)
        assert 19 <= found.n_draws <= 24
        assert found.observed == found.effect
        assert found.ci_low < found.observed < found.ci_high
        assert sign * found.expected > 0.1  # what the published null takes for 0
        assert round(found.p_value * (found.n_draws + 1)) >= 1
        assert (found.verdict == "supported") == (found.p_value <= 0.05 and sign * found.observed >= 0.2)


def test_number_of_processes_changes_nothing() -> None:
    reels = structureless(np.random.default_rng(2))
    one, two = (split_half_tests(study_of(reels, processes), QUICK, 4) for processes in (1, 2))
    assert one == two
    assert one[0].p_value is not None


def test_order_of_rows_changes_nothing(one_thread: None, tmp_path: Path) -> None:
    reels = structureless(np.random.default_rng(2))
    ids = [f"c{place:02}" for place in range(60)]
    rows = [
        {"reel_id": f"r{place:03}", "creator_id": ids[owner], "embedding": vector.tolist()}
        for place, (owner, vector) in enumerate(zip(reels.owners, reels.vectors, strict=True))
    ]
    none = pa.table({"source_id": pa.array([], pa.string()), "target_id": pa.array([], pa.string())})
    write_table(none, tmp_path / "edges.parquet")
    results = []
    for seed in (None, 1):
        generator = np.random.default_rng(seed or 0)
        order = np.arange(len(rows)) if seed is None else generator.permutation(len(rows))
        names = ids if seed is None else [ids[place] for place in generator.permutation(60)]
        write_table(pa.table({"creator_id": names}), tmp_path / "creators.parquet")
        write_table(pa.table({"creator_id": names, "cluster": [0] * 60}), tmp_path / "clusters.parquet")
        write_table(build_table([rows[place] for place in order], REELS), tmp_path / "reels.parquet")
        tables = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters", "reels")]
        results.append(split_half_tests(replace(read_study(*tables), clustering=PCA), QUICK, 4))
    assert results[0] == results[1]
    assert results[0][0].p_value is not None


def untestable(study: Study) -> tuple[Hypothesis, str]:
    both = split_half_tests(study, QUICK, 1)
    assert {found.verdict for found in both} == {"not testable"}
    assert {found.p_value for found in both} == {None}
    assert both[0].reason is not None
    assert both[0].reason == both[1].reason
    return both[0], both[0].reason


def test_what_the_valid_versions_cannot_test() -> None:
    generator = np.random.default_rng(1)
    assert "the table of reels was not given" in untestable(Study(cohort(5), np.zeros(5, int)))[1]
    none = Reels(np.empty(0, np.int64), np.empty((0, 0), np.float32))
    assert (
        "too few creators (0 with two embedded reels" in untestable(Study(cohort(5), np.zeros(5, int), reels=none))[1]
    )
    one_each = reels_of(generator.normal(size=(30, 8)), 1, generator)
    found, reason = untestable(study_of(one_each))
    assert (found.n_creators, reason.endswith("30 creators with fewer than two embedded reels are left out")) == (
        0,
        True,
    )
    two = reels_of(generator.normal(size=(2, 8)), 5, generator)
    assert "too few creators (2 with two embedded reels" in untestable(study_of(two))[1]
    few = reels_of(generator.normal(size=(8, 8)), [5] * 7 + [1], generator)
    found, reason = untestable(study_of(few))
    assert found.n_creators == 7
    assert "too few creators (7 with two embedded reels, at least 10 are needed); 1 creators" in reason
    alike = Reels(np.repeat(np.arange(30), 4), np.ones((120, 8), np.float32) / np.sqrt(np.float32(8)))
    assert "never give two clusters" in untestable(study_of(alike))[1]


def test_dense_cores_are_found(one_thread: None) -> None:
    """Four groups whose members lie near their centre or far from it, and reels that show it."""
    study = study_of(groups(np.random.default_rng(1), creators=100))
    asked = QUICK.model_copy(update={"reference_draws": 60})
    for found in split_half_tests(study, asked, 1):
        assert found.verdict == "supported"
        assert abs(found.observed) > abs(found.expected) + 0.1


def test_a_reference_that_never_has_clusters_is_said(one_thread: None, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(groups(np.random.default_rng(1)))
    monkeypatch.setattr(split_half, "rotated", lambda halves, _: np.ones_like(halves))
    found, reason = untestable(study)
    assert found.observed is not None
    assert "0 reference cohorts are too few for hypotheses.alpha = 0.05: raise hypotheses.reference_draws" in reason
    assert "24 of 24 reference cohorts do not give two clusters" in reason


def test_the_level_holds_where_the_published_versions_lose_it(one_thread: None) -> None:
    """Cohorts without clusters: rejections at 5 % stay inside the exact binomial band (99.5 %, one-sided)."""
    cohorts, tests = 30, (density_original, separation_original, density, separation)
    rejected = {test.__name__: 0 for test in tests}
    tested = dict(rejected)
    for seed in range(cohorts):
        study = study_of(structureless(np.random.default_rng([11, seed])))
        for test in tests:
            p_value = test(study, QUICK, seed).p_value
            tested[test.__name__] += p_value is not None
            rejected[test.__name__] += p_value is not None and p_value <= 0.05
    for name in ("density", "separation"):
        assert tested[name] >= 10
        assert rejected[name] <= binom.ppf(0.995, tested[name], 0.05)
        assert rejected[f"{name}_original"] > binom.ppf(0.999999, tested[f"{name}_original"], 0.05)
