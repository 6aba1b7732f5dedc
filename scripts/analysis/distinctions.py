"""What distinguishes the clusters: for each measure and own column, how large the differences are, and if by chance.

Numbers: omega squared (Hays 1963), the share of the variance between creators that goes with the clusters, without what
chance adds to it. Categories: Cramer's V, corrected likewise (Bergsma 2013). Intervals: creators are resampled, and the
percentiles moved by the bias of the resamples (Efron and Tibshirani 1993). p values: creators are permuted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.evidence import NOT_TESTABLE, holm
from analysis.profiles import FloatArray
from analysis.streams import Stream, random_stream
from common.config import HypothesesSection

IntArray = npt.NDArray[np.int64]
FEWEST = 5  # creators of a cluster of whom a column is known
MOST_CATEGORIES = 20
SKEWED = 100.0  # counts that span more than this factor are compared by their logarithm
BLOCK = 250  # draws at a time
DIFFERENT, NOT_SHOWN = "different", "not shown to differ"


@dataclass(frozen=True)
class Column:
    """A column of creators to be looked at.

    Attributes:
        source: `measures` or `creators`; p values are adjusted within a source.
        name: of the column.
        values: (n,) float64, NaN where unknown, or a list of n texts (None: unknown) for categories.
        circular: whether the clusters were made of it.
    """

    source: Literal["measures", "creators"]
    name: str
    values: FloatArray | list[str | None]
    circular: bool = False


@dataclass(frozen=True)
class _Prepared:
    """A column that can be looked at, as numbers beside which those of others can stand.

    Attributes:
        matrix: (n, m) of the creators in `kept`: the number, centred (m = 1), or one column of 0 and 1 per category.
        kept: (N,) which creators of the study.
        weights: (m,) of the squared sums in the statistic.
        categories: names of the m columns; empty for a number.
        note: what was done to the values.
    """

    matrix: FloatArray
    kept: npt.NDArray[np.bool]
    weights: FloatArray
    categories: list[str]
    note: str | None


def distinguish(
    columns: Sequence[Column], clusters: IntArray, settings: HypothesesSection, seed: int
) -> list[dict[str, Any]]:
    """Rows of the table of distinctions: of each column all clusters together, then each cluster.

    Args:
        columns: to be looked at.
        clusters: (n,) of each creator; negative: in none, left out.
        settings: draws, resamples, confidence, alpha.
        seed: not negative.
    """
    prepared = [_prepare(column, clusters) for column in columns]
    p_values = _p_values([one for one in prepared if isinstance(one, _Prepared)], clusters, settings.draws, seed)
    rows = list[dict[str, Any]]()
    tested = defaultdict[str, list[dict[str, Any]]](list)
    found = iter(p_values)
    for column, one in zip(columns, prepared, strict=True):
        kind = "category" if isinstance(column.values, list) else "number"
        about = {"source": column.source, "column": column.name, "kind": kind, "circular": column.circular}
        about["effect"] = "omega squared" if kind == "number" else "Cramer's V"
        if isinstance(one, str):
            rows.append(about | {"verdict": NOT_TESTABLE, "reason": one})
            continue
        whole, single = _effects(one, clusters, settings, seed)
        whole |= about | {"p_value": next(found), "reason": _reason(column, one)}
        tested[column.source].append(whole)
        rows += [whole, *(about | row for row in single)]
    for of_source in tested.values():
        adjusted = holm([row["p_value"] for row in of_source])
        for row, p_value in zip(of_source, adjusted, strict=True):
            row |= {"p_adjusted": p_value, "n_adjusted": len(of_source)}
            row["verdict"] = DIFFERENT if p_value <= settings.alpha else NOT_SHOWN
    return rows


def _reason(column: Column, prepared: _Prepared) -> str | None:
    circular = "circular: the clusters were made of descriptions that are the measures in words" * column.circular
    return "; ".join(filter(None, [circular, prepared.note])) or None


def _prepare(column: Column, clusters: IntArray) -> _Prepared | str:
    """The column as numbers, or why it cannot be looked at."""
    values: Any = column.values
    known = np.array([value is not None for value in values]) if isinstance(values, list) else np.isfinite(values)
    labels, counts = np.unique(clusters[known & (clusters >= 0)], return_counts=True)
    kept = known & np.isin(clusters, labels[counts >= FEWEST]) & (clusters >= 0)
    if (counts >= FEWEST).sum() < 2:
        return f"fewer than two clusters have {FEWEST} creators of whom it is known"
    if isinstance(values, list):
        texts = np.array([value for value, stays in zip(values, kept, strict=True) if stays], object)
        names = sorted(set(texts))
        if len(names) > MOST_CATEGORIES:
            return f"it has {len(names)} categories, more than {MOST_CATEGORIES}"
        matrix = np.array([[text == name for name in names] for text in texts], float)
        shares, note = matrix.mean(axis=0), None
        weights = 1 / shares
    else:
        numbers, note = _scaled(values[kept])
        names, matrix, weights = [], (numbers - numbers.mean())[:, None], np.ones(1)
    if len(names) == 1 or not matrix.any():
        return "it is the same for all creators"
    return _Prepared(matrix, kept, weights, names, note)


def _scaled(numbers: FloatArray) -> tuple[FloatArray, str | None]:
    positive = numbers[numbers > 0]
    if len(positive) and numbers.min() >= 0 and positive.min() >= 1 and positive.max() > SKEWED * positive.min():
        return np.log1p(numbers), "compared by its logarithm"
    spread = numbers.std()
    return (numbers - numbers.mean()) / spread if spread > 0 else np.zeros_like(numbers), None


def _p_values(columns: list[_Prepared], clusters: IntArray, draws: int, seed: int) -> list[float]:
    """The p value of each column; columns that are known of the same creators are permuted together."""
    together = defaultdict[bytes, list[int]](list)
    for place, column in enumerate(columns):
        together[column.kept.tobytes()].append(place)
    found = dict[int, float]()
    for places in together.values():
        own = [columns[place] for place in places]
        labels = np.unique(clusters[own[0].kept], return_inverse=True)[1].astype(np.int16)  # copied for each draw
        matrix, weights = np.hstack([one.matrix for one in own]), np.concatenate([one.weights for one in own])
        ends = np.cumsum([0, *(one.matrix.shape[1] for one in own)])[:-1]

        observed = _statistics(labels[None, :], matrix, weights, ends)[0]
        generator = random_stream(seed, Stream.DISTINCTIONS_PERMUTED)
        reached = np.zeros(len(places), np.int64)
        for start in range(0, draws, BLOCK):
            codes = generator.permuted(np.tile(labels, (min(BLOCK, draws - start), 1)), axis=1)
            reached += (_statistics(codes, matrix, weights, ends) >= observed * (1 - 1e-12)).sum(axis=0)
        found |= dict(zip(places, ((reached + 1) / (draws + 1)).tolist(), strict=True))
    return [found[place] for place in range(len(columns))]


def _statistics(codes: npt.NDArray[np.integer], matrix: FloatArray, weights: FloatArray, ends: IntArray) -> FloatArray:
    """What grows with the differences between groups, (draws, columns); all else is the same in each permutation.

    Args:
        codes: (draws, n) group of each creator.
        matrix: (n, m) of all columns.
        weights: (m,) of the squared sums.
        ends: where in the m each column begins.
    """
    squares = np.zeros((len(codes), matrix.shape[1]))
    for group, size in enumerate(np.bincount(codes[0])):
        squares += ((codes == group).astype(float) @ matrix) ** 2 / size
    found: FloatArray = np.add.reduceat(squares * weights, ends, axis=1)
    return found


def _effects(
    column: _Prepared, clusters: IntArray, settings: HypothesesSection, seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The effect over all clusters, and rows of the single clusters, with intervals."""
    names, labels = np.unique(clusters[column.kept], return_inverse=True)
    number = len(labels)
    generator = random_stream(seed, Stream.DISTINCTIONS_RESAMPLED)
    measure = _of_categories if column.categories else _of_numbers
    (whole,), single = measure(column.matrix, labels, np.ones((1, number)))
    resampled = []
    for start in range(0, settings.resamples, BLOCK):
        shape = min(BLOCK, settings.resamples - start)
        drawn = generator.multinomial(number, np.full(number, 1 / number), shape).astype(float)
        resampled.append(measure(column.matrix, labels, drawn))
    wholes, singles = (np.concatenate(parts) for parts in zip(*resampled, strict=True))
    tails = 100 * np.array([(1 - settings.confidence) / 2, (1 + settings.confidence) / 2])
    low, high = np.nanpercentile(wholes, tails) - (np.nanmean(wholes) - whole)
    ends = np.nanpercentile(singles, tails, axis=0)
    value, low, high = (float(_root(one)) if column.categories else float(one) for one in (whole, low, high))
    sizes = np.bincount(labels).tolist()
    counts = {"n_creators": number, "n_clusters": len(names)}
    rows = [
        {
            "cluster": int(names[group]),
            "category": category,
            "effect": "difference in share" if column.categories else "difference in sd",
            "value": float(single[0, group, place]),
            "ci_low": float(ends[0, group, place]),
            "ci_high": float(ends[1, group, place]),
            "n_creators": sizes[group],
            "n_clusters": len(names),
        }
        for group in range(len(names))
        for place, category in enumerate(column.categories or [None])
    ]
    return {"value": value, "ci_low": low, "ci_high": high} | counts, rows


def _root(square: float) -> float:
    return float(np.sqrt(min(max(square, 0.0), 1.0)))


def _sums(matrix: FloatArray, labels: IntArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sizes (draws, groups) and sums (draws, groups, m) of the groups in weighted creators (draws, n)."""
    groups = range(int(labels.max()) + 1)
    sizes = np.stack([weights[:, labels == group].sum(axis=1) for group in groups], axis=1)
    sums = np.stack([weights[:, labels == group] @ matrix[labels == group] for group in groups], axis=1)
    return sizes, sums


def _of_numbers(matrix: FloatArray, labels: IntArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Omega squared (draws,), and each group's distance to the others in sd within groups (draws, groups, 1)."""
    sizes, sums = _sums(matrix, labels, weights)
    number, total = sizes.sum(axis=1), sums.sum(axis=1)[:, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = weights @ matrix[:, 0] ** 2 - total**2 / number
        between = np.nansum(sums[:, :, 0] ** 2 / sizes, axis=1) - total**2 / number
        groups = (sizes > 0).sum(axis=1)
        within = np.maximum(squares - between, 0) / (number - groups)
        omega = (between - (groups - 1) * within) / (squares + within)
        others = (total[:, None] - sums[:, :, 0]) / (number[:, None] - sizes)
        distance = (sums[:, :, 0] / sizes - others) / np.sqrt(within)[:, None]
    return omega, distance[:, :, None]


def _of_categories(matrix: FloatArray, labels: IntArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """V squared (draws,), also below 0, and each group's shares minus those of the others (draws, groups, m)."""
    sizes, sums = _sums(matrix, labels, weights)
    number, totals = sizes.sum(axis=1), sums.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        phi = np.nansum(sums**2 / (sizes[:, :, None] * totals[:, None, :]), axis=(1, 2)) - 1
        rows, columns = (sizes > 0).sum(axis=1), (totals > 0).sum(axis=1)
        phi -= (rows - 1) * (columns - 1) / (number - 1)
        corrected = [counts - (counts - 1) ** 2 / (number - 1) for counts in (rows, columns)]
        square = phi / (np.minimum(*corrected) - 1)
        others = (totals[:, None, :] - sums) / (number[:, None] - sizes)[:, :, None]
        shares = sums / sizes[:, :, None] - others
    return square, shares
