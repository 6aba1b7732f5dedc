"""How strongly a network's edges keep to its groups: effect sizes, and their intervals.

Intervals of ratios come from leaving creators out, those of indices from resampling creators. All measures are
functions of a network whose n creators occur a whole number of times each, once in the network as observed. In a
resample (creators drawn with replacement) an edge i -> j counts once for each copy of i and each copy of j. Copies of
the same creator cannot follow each other, so such pairs are not counted as places where an edge could be.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.homophily import LabelledNetwork
from analysis.streams import Stream, random_stream

FloatArray = npt.NDArray[np.float64]
Interval = tuple[float | None, float | None]

# Resamples of one block are computed side by side; results do not depend on it.
PER_BLOCK = 32
# A measure that more resamples than this lack (no edges left, a cluster not drawn) gets no interval.
MAX_UNDEFINED = 0.05


@dataclass(frozen=True)
class Mixing:
    """Measures of r networks; NaN where one is not defined.

    Attributes:
        inside: (r,) share of the edges inside groups.
        by_labels: (r,) that share as expected when labels are shuffled.
        by_degrees: (r,) as expected when each end of an edge is tied to any creator in proportion to degree (the
            configuration model).
        assortativity: (r,) coefficient of Newman (2003), "Mixing patterns in networks"; edges without direction count
            in both.
        coleman: (k, r) homophily index of each group (Coleman 1958, "Relational analysis"): the excess of its edges to
            itself over those expected if they went to the other creators at random, as a share of the largest excess
            possible; where there are fewer than expected, as a share of the largest shortfall. Groups of one have none.
    """

    inside: FloatArray
    by_labels: FloatArray
    by_degrees: FloatArray
    assortativity: FloatArray
    coleman: FloatArray

    @property
    def label_ratio(self) -> FloatArray:
        """Observed over expected under shuffled labels, (r,)."""
        return _divided(self.inside, self.by_labels)


def mixing(network: LabelledNetwork) -> Mixing:
    """The measures of the network as observed (r = 1)."""
    return _Measuring(network)(np.ones((network.n_creators, 1)))


def resampled_mixing(network: LabelledNetwork, resamples: int, seed: int) -> Mixing:
    """The measures of networks of creators drawn with replacement.

    Args:
        network: n creators, m edges.
        resamples: r.
        seed: not negative; more resamples begin with the same ones.
    """
    generator = random_stream(seed, Stream.MIXING)
    number = network.n_creators
    return _mixing_of(
        network,
        (times_drawn(generator, number) for _ in range(resamples)),
    )


def mixing_without(network: LabelledNetwork, groups: int, seed: int) -> Mixing:
    """The measures of the network without each of some groups of creators in turn, for `ratio_interval`.

    Args:
        network: n creators, m edges.
        groups: how many; with n or more each creator is left out alone.
        seed: not negative; decides who is left out together.
    """
    number = network.n_creators
    order = random_stream(seed, Stream.LEFT_OUT).permutation(number)
    group_of = np.empty(number, np.int64)
    group_of[order] = np.arange(number) % max(min(groups, number), 1)
    return _mixing_of(network, ((group_of != group).astype(float) for group in range(min(groups, number))))


def _mixing_of(network: LabelledNetwork, networks: Iterator[FloatArray]) -> Mixing:
    """The measures of networks that say how often each creator is in them, (n,) each."""
    measure = _Measuring(network)
    blocks = [
        measure(np.stack(block, axis=1)) for block in iter(lambda: list(itertools.islice(networks, PER_BLOCK)), [])
    ] or [measure(np.empty((network.n_creators, 0)))]
    return Mixing(
        *(
            np.concatenate([getattr(block, name) for block in blocks], axis=-1)
            for name in ("inside", "by_labels", "by_degrees", "assortativity", "coleman")
        )
    )


def times_drawn(generator: np.random.Generator, number: int) -> FloatArray:
    """How often each of n creators is in one resample of them, drawn with replacement: (n,)."""
    return np.bincount(generator.integers(0, max(number, 1), number), minlength=number).astype(float)


def errors_on_each_side(confidence: float) -> float:
    """How many standard errors an interval of a normal estimate reaches to each side: 1.96 for 0.95."""
    from scipy.stats import norm

    return float(norm.ppf((1 + confidence) / 2))


def percentile_interval(values: FloatArray, confidence: float) -> Interval:
    """Percentile interval (Efron & Tibshirani 1993); None where too many resamples lack the measure.

    Args:
        values: (r,) a measure of the resamples.
        confidence: level, between 0 and 1.
    """
    defined = values[np.isfinite(values)]
    if len(defined) == 0 or len(defined) < (1 - MAX_UNDEFINED) * len(values):
        return None, None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def ratio_interval(value: float, without: FloatArray, confidence: float) -> Interval:
    """Interval of a ratio, centred on its logarithm, with the jackknife's standard error (Efron & Tibshirani 1993).

    Leaving creators out one after the other takes all their edges out with them, so that the dependence of edges which
    have a creator in common is in the error. None where too many of the networks lack the measure.

    Args:
        value: of the whole network, above 0.
        without: (g,) the ratio without each of g groups.
        confidence: level, between 0 and 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(without)
    defined = logs[np.isfinite(logs)]
    if value <= 0 or len(defined) < 2 or len(defined) < (1 - MAX_UNDEFINED) * len(logs):
        return None, None
    error = np.sqrt((len(defined) - 1) / len(defined) * ((defined - defined.mean()) ** 2).sum())
    reach = errors_on_each_side(confidence) * error
    low, high = np.exp(np.log(value) + np.array([-reach, reach])).tolist()
    return low, high


def _divided(over: FloatArray, under: FloatArray) -> FloatArray:
    """A quotient, NaN where it is not defined."""
    quotient: FloatArray = np.full(np.broadcast(over, under).shape, np.nan)
    return np.divide(over, under, out=quotient, where=under != 0)


class _Matrix(Protocol):
    """A sparse matrix, as far as it is used here: scipy's own types do not tell what a product with an array is."""

    @property
    def T(self) -> _Matrix: ...  # noqa: N802

    def __matmul__(self, other: npt.NDArray[np.floating[Any]], /) -> FloatArray: ...


class _Measuring:
    """Measures a network for blocks of copies, (n, r) -> Mixing; its matrices are made once."""

    def __init__(self, network: LabelledNetwork) -> None:
        sources, targets, number = network.sources, network.targets, network.n_creators
        if not network.directed:
            sources, targets = np.concatenate([sources, targets]), np.concatenate([targets, sources])
        self.labels, self.sizes = network.labels, network.sizes
        self.symmetric = not network.directed
        same = self.labels[sources] == self.labels[targets]
        self.edges = _matrix(sources, targets, (number, number), np.float32)
        self.edges_inside = _matrix(sources[same], targets[same], (number, number), np.float32)
        self.members = _matrix(self.labels, np.arange(number), (len(self.sizes), number), np.float64)

    def __call__(self, copies: FloatArray) -> Mixing:
        # These sums are whole numbers of at most n, so that 32 bits are exact (up to 2**24 creators) and twice as fast.
        narrow = copies.astype(np.float32)
        sent = copies * (self.edges @ narrow)
        received = sent if self.symmetric else copies * (self.edges.T @ narrow)
        kept = self.members @ (copies * (self.edges_inside @ narrow))
        sent_by, received_by = self.members @ sent, self.members @ received
        sizes, squares = self.members @ copies, (copies**2).sum(axis=0)
        number, total = copies.sum(axis=0), sent.sum(axis=0)
        inside = _divided(kept.sum(axis=0), total)
        own = (sent * received).sum(axis=0)
        ends = (sent_by * received_by).sum(axis=0)
        newman = _divided(ends, total**2)
        # A creator's choices are among the creators that are not copies of her or him.
        chances = _divided(sizes[self.labels] - copies, number - copies)
        expected = self.members @ (sent * np.nan_to_num(chances))
        excess = kept - expected
        return Mixing(
            inside=inside,
            by_labels=_divided((sizes**2).sum(axis=0) - squares, number**2 - squares),
            by_degrees=_divided(ends - own, total**2 - own),
            assortativity=_divided(inside - newman, 1 - newman),
            coleman=np.where(
                self.sizes[:, np.newaxis] > 1,
                _divided(excess, np.where(excess >= 0, sent_by - expected, expected)),
                np.nan,
            ),
        )


def _matrix(
    rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], shape: tuple[int, int], kind: type[np.floating[Any]]
) -> _Matrix:
    return cast("_Matrix", sparse.csr_array((np.ones(len(rows), kind), (rows, columns)), shape=shape))
