"""The studentised score of similarities whose creators are permuted, in two passes over the pairs.

The same as `analysis.dyadic._Score` gives for a permuted matrix, several times sooner. Importing this module imports
numba.
"""

from __future__ import annotations

import numba
import numpy as np

from analysis.dyads import PairEffects
from analysis.network import IntArray
from analysis.profiles import FloatArray

TILE = 32  # creators; two tiles of pairs fit into the cache
# Sums may be taken in another order: the same one on every processor that has been told which instructions to take.
FAST = {"reassoc", "nsz", "contract"}


class PermutedScores:
    """Scores of one matrix under many orders of its creators; it keeps its buffers, so each thread needs its own.

    Args:
        left: (n, n) follows less what the null model expects.
        effects: of senders, receivers and covariates.
        remainder: (n, n) what is left of the similarities after the covariates.
    """

    def __init__(self, left: FloatArray, effects: PairEffects, remainder: FloatArray) -> None:
        self.left, self.effects, self.remainder = left, effects, remainder
        number = len(left)
        self.permuted = np.empty((number, number))
        self.by_row, self.by_column, self.totals = np.empty(number), np.empty(number), np.empty(number)
        self.by_covariate = np.empty(len(effects.covariates))

    def __call__(self, order: IntArray) -> float:
        """The score over its standard error; NaN where it has no variance."""
        _permute(
            self.effects.weights, self.effects.covariates, self.remainder, order, self.permuted,
            self.by_row, self.by_column, self.by_covariate,
        )  # fmt: skip
        senders, receivers, slopes = self.effects.solve(self.by_row, self.by_column, self.by_covariate)
        return float(
            _studentise(self.left, self.effects.covariates, self.permuted, senders, receivers, slopes, self.totals)
        )


@numba.njit(cache=True, nogil=True, fastmath=FAST)
def _permute(
    weights: FloatArray,
    covariates: FloatArray,
    remainder: FloatArray,
    order: IntArray,
    permuted: FloatArray,
    by_row: FloatArray,
    by_column: FloatArray,
    by_covariate: FloatArray,
) -> None:
    """Permute the matrix, and take its weighted sums."""
    number = len(order)
    by_column[:] = 0.0
    by_covariate[:] = 0.0
    for row in range(number):
        source, values, weight = remainder[order[row]], permuted[row], weights[row]
        for column in range(number):
            values[column] = source[order[column]]
        total = 0.0
        for column in range(number):
            weighted = weight[column] * values[column]
            total += weighted
            by_column[column] += weighted
        by_row[row] = total
        for place in range(len(covariates)):
            covariate, total = covariates[place, row], 0.0
            for column in range(number):
                total += covariate[column] * weight[column] * values[column]
            by_covariate[place] += total


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _studentise(
    left: FloatArray,
    covariates: FloatArray,
    permuted: FloatArray,
    senders: FloatArray,
    receivers: FloatArray,
    slopes: FloatArray,
    totals: FloatArray,
) -> float:
    """The score over its standard error (`analysis.dyadic._pairwise_variance`); scores take the matrix's place."""
    number = len(senders)
    totals[:] = 0.0
    score = 0.0
    for row in range(number):
        values, outcome = permuted[row], left[row]
        for place in range(len(slopes)):
            covariate, slope = covariates[place, row], slopes[place]
            for column in range(number):
                values[column] -= slope * covariate[column]
        total = 0.0
        for column in range(number):
            value = outcome[column] * (values[column] - senders[row] - receivers[column])
            values[column] = value
            total += value
            totals[column] += value
        totals[row] += total
        score += total
    alone = 0.0
    for rows in range(0, number, TILE):
        for columns in range(rows, number, TILE):
            for row in range(rows, min(rows + TILE, number)):
                for column in range(max(columns, row + 1), min(columns + TILE, number)):
                    pair = permuted[row, column] + permuted[column, row]
                    alone += pair * pair
    together = 0.0
    for row in range(number):
        together += totals[row] * totals[row]
    return float(score / np.sqrt(max(together - alone, alone)))
