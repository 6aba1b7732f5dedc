"""The streams of random numbers of the analysis: no two steps ever draw the same numbers from one seed.

NumPy fills a list of seeds up with zeros, so `default_rng([7])`, `default_rng([7, 0])` and `default_rng([7, 0, 0])` are
one stream. Spawn keys are not filled up: (1,) and (1, 0) are two streams (numpy.random.SeedSequence).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are drawn for. Numbers are never used again for another purpose."""

    LABELS = 1
    CHAIN = 2
    MIXING = 3
    PAIRS = 4
    SIMILARITY = 5
    HALVES = 6
    ROTATIONS = 7
    RESAMPLES = 8
    SUBSAMPLES = 9
    REWIRED = 10
    CLUSTER_PAIRS = 11
    LEFT_OUT = 12
    DISTINCTIONS_PERMUTED = 13
    DISTINCTIONS_RESAMPLED = 14
    ONE_CLOUD = 15
    PARTS = 16
    RELIABILITY_RESAMPLED = 17
    RELIABILITY_HALVES = 18
    RELIABILITY_GROUPS = 19
    LOSSES = 20


def random_stream(seed: int, stream: Stream, *places: int) -> np.random.Generator:
    """The generator of a step.

    Args:
        seed: of the study, not negative.
        stream: what the numbers are for.
        places: which draw, split or run of the step, not negative.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream, *places))))
