"""Random streams: no two steps of a run draw the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import trials
from analysis.effects import homophily_effects
from analysis.profiles import Profiles
from analysis.reliability import reliability_rows
from analysis.similarity import similarity_curve
from analysis.simulation import CohortSection, bag_of_words, simulate_cohort
from analysis.stability import another_run
from analysis.streams import Stream, random_stream
from common.config import ClusterSection, HypothesesSection

SEED = 42
SETTINGS = HypothesesSection(draws=600, resamples=99, splits=2, reference_draws=19, dimensions=3)
COHORT = CohortSection(creators=60, reels_per_creator=4, mean_degree=6.0, clusters=3, separation=0.9)
FOUND = ClusterSection(space="pca", dimensions=3, min_cluster_size=5, min_samples=3)


def numbers(generator: np.random.Generator) -> tuple[int, ...]:
    return tuple(np.random.Generator(generator.bit_generator).integers(0, 2**63, 4).tolist())


def test_a_further_zero_is_another_stream() -> None:
    padded = {numbers(np.random.default_rng(seed)) for seed in ([7], [7, 0], [7, 0, 0])}
    assert len(padded) == 1  # what NumPy does with lists of seeds, and why the streams have spawn keys
    places = [(), (0,), (0, 0), (1,), (0, 1)]
    drawn = {numbers(random_stream(7, stream, *place)) for stream in Stream for place in places}
    assert len(drawn) == len(Stream) * len(places)


def test_no_two_steps_of_a_run_share_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[tuple[int, ...], set[str]] = {}
    used: set[int] = set()
    sequence, seeded = np.random.SeedSequence, np.random.default_rng

    def keep(name: str, state: np.random.SeedSequence) -> None:
        made.setdefault(tuple(state.generate_state(4).tolist()), set()).add(name)

    def of_step(seed: int, spawn_key: tuple[int, ...] = ()) -> np.random.SeedSequence:
        used.update(spawn_key[:1])
        found = sequence(seed, spawn_key=spawn_key)
        keep(f"{seed} {spawn_key}", found)
        return found

    def of_list(seed: list[int] | np.random.Generator | None = None) -> np.random.Generator:
        if isinstance(seed, (int, list)):
            keep(f"list {seed}", sequence(seed))
        return seeded(seed)

    monkeypatch.setattr(np.random, "SeedSequence", of_step)
    monkeypatch.setattr(np.random, "default_rng", of_list)
    study = simulate_cohort(COHORT, SEED, bag_of_words).study(FOUND)
    degree = trials.tests_by_id()["H1-degree"](study, SETTINGS, SEED)
    homophily_effects(study, SETTINGS, SEED, degree)
    similarity_curve(study, SETTINGS, SEED)
    profiles = Profiles([f"c{number}" for number in range(len(study.clusters))], np.asarray(study.profiles))
    reliability_rows(study, SETTINGS, SEED)
    another_run(profiles, FOUND, SEED, 1)
    trials.p_values(trials.Trial(COHORT, tuple(trials.tests_by_id()), SETTINGS, FOUND), (SEED, 1))
    assert [names for names in made.values() if len(names) > 1] == []
    elsewhere = {Stream.REWIRED, Stream.DISTINCTIONS_PERMUTED, Stream.DISTINCTIONS_RESAMPLED, Stream.LOSSES}
    assert used == set(Stream) - elsewhere
