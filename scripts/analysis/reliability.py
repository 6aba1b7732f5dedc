"""How well reels measure a creator: the error in profiles, and what it does to the primary test.

A profile is the mean of few reels. The share of the variance of reels that is between creators is the intraclass
correlation, ICC(1) (Shrout & Fleiss 1979, Psychological Bulletin 86), here with variances summed over all dimensions of
the embedding; the mean of k reels has the reliability k ICC / (1 + (k - 1) ICC) (Spearman 1910, Brown 1910).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.dyadic import STEP
from analysis.dyads import cosines
from analysis.evidence import PRIMARY, Hypothesis, Reels, Study, too_few
from analysis.mixing import errors_on_each_side, percentile_interval, times_drawn
from analysis.profiles import FloatArray
from analysis.split_half import profiles_of_halves
from analysis.streams import Stream, random_stream
from common.config import HypothesesSection

MOST_REELS = 20
# What a reliability is usually asked to reach.
ENOUGH = 0.8
HALVINGS = 5
GROUPS = 20


def reliability_rows(
    study: Study, settings: HypothesesSection, seed: int, primary: Hypothesis | None = None
) -> list[dict[str, Any]]:
    """Rows of the table of reliability; what cannot be computed has no value.

    Args:
        study: with reels.
        settings: resamples, confidence.
        seed: not negative.
        primary: the result of the primary test, whose odds ratio is corrected.
    """
    if study.reels is None:
        return []
    counts = np.bincount(study.reels.owners, minlength=study.network.n_creators)
    several, single = int((counts >= 2).sum()), int((counts > 0).sum())

    def row(measure: str, value: float | None, **further: Any) -> dict[str, Any]:
        low, high = further.pop("interval", (None, None))
        known = value is not None and math.isfinite(value)
        return {
            "measure": measure,
            "reels": None,
            "value": value if known else None,
            "ci_low": low if known else None,
            "ci_high": high if known else None,
            "n_creators": single,
            "n_reels": len(study.reels.owners) if study.reels else 0,
        } | further

    if too_few(several):
        return [row("icc", None)]
    icc, resampled = intraclass(study.reels, settings.resamples, seed)
    rows = [row("icc", icc, interval=percentile_interval(resampled, settings.confidence))]
    for reels in range(1, MOST_REELS + 1):
        interval = percentile_interval(of_mean(resampled, reels), settings.confidence)
        rows.append(row("reliability", float(of_mean(icc, reels)), reels=reels, interval=interval))
    own = counts[counts > 0]
    middle = percentile_interval(of_mean(resampled[:, None], own).mean(axis=1), settings.confidence)
    rows.append(row("own_reliability", float(of_mean(icc, own).mean()), interval=middle))
    needed = ENOUGH * (1 - icc) / (icc * (1 - ENOUGH)) if icc > 0 else math.inf
    rows.append(row("reels_needed", float(math.ceil(round(needed, 9))) if math.isfinite(needed) else None))
    measured, error = similarity_reliability(study.reels, seed)
    reach = errors_on_each_side(settings.confidence) * error
    limits = (max(measured - reach, 0.0), min(measured + reach, 1.0))
    rows.append(row("similarity_reliability", measured, interval=limits, n_creators=several))
    if primary is not None and primary.id == PRIMARY and primary.effect:
        ratios = ratios_of_deviation(primary, measured, error, similarity_spread(study.reels), settings.confidence)
        for measure, (value, *limit) in ratios.items():
            rows.append(row(measure, value, interval=tuple(limit), n_creators=primary.n_creators))
    return rows


def intraclass(reels: Reels, resamples: int, seed: int) -> tuple[float, FloatArray]:
    """The intraclass correlation of reels in creators, and that of resamples of the creators.

    Args:
        reels: of creators; those with one reel say what differs between creators, too.
        resamples: r.
        seed: not negative.

    Returns:
        ICC, below 0 where reels of one creator differ more than those of two; (r,) resamples.
    """
    means, starts, counts = _means(reels)
    lengths = (means**2).sum(axis=1)
    squares = (reels.vectors.astype(np.float64) ** 2).sum(axis=1)
    inside = np.add.reduceat(squares, starts) - counts * lengths
    generator = random_stream(seed, Stream.RELIABILITY_RESAMPLED)
    number = len(counts)
    drawn = np.stack([np.ones(number)] + [times_drawn(generator, number) for _ in range(resamples)])
    weighted = drawn * counts
    total = weighted.sum(axis=1)
    between = weighted @ lengths - ((weighted @ means) ** 2).sum(axis=1) / total
    creators = drawn.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_between, mean_inside = between / (creators - 1), (drawn @ inside) / (total - creators)
        size = (total - (weighted @ counts) / total) / (creators - 1)
        component = (mean_between - mean_inside) / size
        found = component / (component + mean_inside)
    return float(found[0]), found[1:]


def of_mean(icc: Any, reels: Any) -> Any:
    """Reliability of the mean of so many reels (Spearman-Brown); arrays are combined as numpy combines them."""
    return reels * icc / (1 + (reels - 1) * icc)


def similarity_reliability(reels: Reels, seed: int) -> tuple[float, float]:
    """Share of the variance of the pairs' similarities that is no error, and its standard error.

    The similarities of profiles of two random halves of the reels are correlated over the pairs, without what goes with
    each creator (effects of senders and receivers take that up), and raised to the length of the whole profile. The
    standard error is the jackknife's, over groups of creators.
    """
    parts = []
    for split in range(HALVINGS):
        halves = profiles_of_halves(reels, seed, split, Stream.RELIABILITY_HALVES)
        if not np.linalg.norm(halves, axis=2).all():
            continue
        first, second = (cosines(half) for half in halves)
        parts.append((first, second))
    if not parts:
        return math.nan, math.nan
    number = len(parts[0][0])
    group = random_stream(seed, Stream.RELIABILITY_GROUPS).permutation(number) % min(GROUPS, number)

    def reliability(kept: np.ndarray[Any, np.dtype[np.bool]]) -> float:
        place = np.ix_(kept, kept)
        return float(np.mean([_stepped_up(first[place], second[place]) for first, second in parts]))

    whole = reliability(np.ones(number, bool))
    without = np.array([reliability(group != one) for one in range(group.max() + 1)])
    spread = ((without - without.mean()) ** 2).sum() * (len(without) - 1) / len(without)
    return whole, float(np.sqrt(spread))


def similarity_spread(reels: Reels) -> float:
    """Standard deviation of the similarities of profiles, without what goes with each creator."""
    means, _, _ = _means(reels)
    means = means[(means**2).sum(axis=1) > 0]
    pairs = ~np.eye(len(means), dtype=bool)
    return float(_centred(cosines(means), pairs)[pairs].std())


def ratios_of_deviation(
    primary: Hypothesis, reliability: float, error: float, spread: float, confidence: float
) -> dict[str, tuple[float, float, float]]:
    """The primary test's odds ratio for one standard deviation of similarity, and as it would be without error.

    Without error, the logarithm of an odds ratio is that of the measured similarity over its reliability, and the
    standard deviation is smaller by the square root of the reliability (regression calibration: Carroll, Ruppert,
    Stefanski & Crainiceanu 2006, Measurement Error in Nonlinear Models, ch. 4). The interval allows for the error of
    the reliability (delta method).

    Args:
        primary: with an effect.
        reliability: of the similarities.
        error: its standard error.
        spread: standard deviation of the similarities.
        confidence: level.

    Returns:
        `odds_ratio` and `corrected_odds_ratio`, each with its interval's ends; empty where the test has no interval,
        without the corrected one where similarities are hardly anything but error.
    """
    if primary.effect is None or primary.ci_low is None or primary.ci_high is None:
        return {}
    normal = errors_on_each_side(confidence)
    slope = math.log(primary.effect) / STEP * spread
    own = math.log(primary.ci_high / primary.ci_low) / 2 / normal / STEP * spread
    found = {"odds_ratio": (slope, own)}
    if reliability > 2 * error:
        corrected = slope / math.sqrt(reliability)
        found["corrected_odds_ratio"] = (
            corrected,
            math.hypot(own / math.sqrt(reliability), corrected * error / (2 * reliability)),
        )
    return {
        name: (math.exp(value), math.exp(value - normal * off), math.exp(value + normal * off))
        for name, (value, off) in found.items()
    }


def _stepped_up(first: FloatArray, second: FloatArray) -> float:
    """Correlation of two matrices of pairs without creators' own effects, raised to twice the length."""
    pairs = ~np.eye(len(first), dtype=bool)
    a, b = (_centred(matrix, pairs)[pairs] for matrix in (first, second))
    correlation = float((a @ b) / np.sqrt((a @ a) * (b @ b)))
    return 2 * correlation / (1 + correlation)


def _centred(matrix: FloatArray, pairs: Any) -> FloatArray:
    """A symmetric matrix less the effect of each creator, the diagonal left out (least squares, exact)."""
    number = len(matrix)
    sums = np.where(pairs, matrix, 0.0).sum(axis=1)
    whole = sums.sum()
    effects = (sums - whole / (2 * (number - 1))) / (number - 2)
    left: FloatArray = matrix - effects[:, None] - effects
    return left


def _means(reels: Reels) -> tuple[FloatArray, Any, Any]:
    """The mean of each creator's reels, (n, d); where the reels of each begin, and how many they are, (n,) each."""
    _, starts, counts = np.unique(reels.owners, return_index=True, return_counts=True)
    return np.add.reduceat(reels.vectors.astype(np.float64), starts, axis=0) / counts[:, None], starts, counts


def value_of(rows: Sequence[dict[str, Any]], measure: str) -> dict[str, Any] | None:
    """The row of a measure that has a value, of the table of reliability; None where there is none."""
    return next((row for row in rows if row["measure"] == measure and row["value"] is not None), None)
