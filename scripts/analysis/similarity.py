"""The probability of following against similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.dyads import MOST_CREATORS, BoolArray, cosines, dyads_of, fit_null, placed
from analysis.evidence import FEWEST_CREATORS, Study
from analysis.mixing import times_drawn
from analysis.profiles import FloatArray
from analysis.streams import Stream, random_stream
from common.config import HypothesesSection

FEWEST_BINS, MOST_BINS, PAIRS_PER_BIN = 5, 20, 100


def similarity_curve(study: Study, settings: HypothesesSection, seed: int) -> list[dict[str, Any]]:
    """Probability of following against similarity, in bins with equally many pairs.

    Intervals come from resampling creators: a pair of creators drawn a and b times counts a * b times.

    Returns:
        Rows of the table of similarity, by rising similarity; none where no pair is known. `expected` is what activity,
        popularity and reciprocity give without similarity; None where that model cannot be fitted.
    """
    study, _ = placed(study, controls=False)
    if study.profiles is None or not FEWEST_CREATORS <= study.network.n_creators <= MOST_CREATORS:
        return []
    dyads = dyads_of(study, cosines(study.profiles), controls=False)
    pairs = dyads.known if study.network.directed else np.triu(dyads.known)
    rows, columns = np.nonzero(pairs)
    if not len(rows):
        return []
    similarity, follows = dyads.similarity[rows, columns], dyads.follows[rows, columns]
    model, _ = fit_null(dyads)
    expected = None if model is None else np.where(model.informative, model.expected, dyads.follows)[rows, columns]
    number = int(np.clip(len(rows) // PAIRS_PER_BIN, FEWEST_BINS, MOST_BINS))
    inner = np.unique(np.quantile(similarity, np.arange(1, number) / number))
    bins = np.searchsorted(inner, similarity, side="right")
    shares = _resampled_shares(study.network.n_creators, rows, columns, bins, follows, len(inner) + 1, settings, seed)
    tail = (1 - settings.confidence) / 2 * 100
    found = []
    for place in np.unique(bins):
        own = bins == place
        drawn = shares[:, place][np.isfinite(shares[:, place])]
        low, high = np.percentile(drawn, [tail, 100 - tail]).tolist() if len(drawn) else (None, None)
        found.append(
            {
                "similarity_low": float(similarity[own].min()),
                "similarity_high": float(similarity[own].max()),
                "similarity_mean": float(similarity[own].mean()),
                "n_pairs": int(own.sum()),
                "n_follows": int(follows[own].sum()),
                "share": float(follows[own].mean()),
                "ci_low": low,
                "ci_high": high,
                "expected": None if expected is None else float(expected[own].mean()),
            }
        )
    return found


def _resampled_shares(
    creators: int,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    bins: npt.NDArray[np.intp],
    follows: BoolArray,
    number: int,
    settings: HypothesesSection,
    seed: int,
) -> FloatArray:
    """Shares of pairs that follow, (resamples, bins), NaN where a resample has no pair of a bin."""
    generator = random_stream(seed, Stream.SIMILARITY)
    shares = np.empty((settings.resamples, number))
    for resample in shares:
        times = times_drawn(generator, creators)
        weights = times[rows] * times[columns]
        pairs = np.bincount(bins, weights, number)
        with np.errstate(invalid="ignore"):
            resample[:] = np.bincount(bins, weights * follows, number) / pairs
    return shares
