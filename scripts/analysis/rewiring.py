"""The degree-preserving null: networks in which every creator has as many follows and followers as observed.

A Markov chain walks from network to network. One step attempts either of two changes, each as likely as its reverse,
so that all networks with the same degrees (no loops, no multiple edges) become equally frequent:

- an edge swap: a -> b and c -> d become a -> d and c -> b (Rao, Jana & Bandyopadhyay 1996);
- in directed networks, the reversal of a directed triangle a -> b -> c -> a, without which swaps do not reach every
  network (Rao, Jana & Bandyopadhyay 1996; Roberts & Coolen 2012, "Unbiased degree-preserving randomization of directed
  binary networks").

P values are exact however slowly the chain mixes: the observed network stands at a random place of a chain of draws,
and the rest of the chain is walked from it in both directions (Besag & Clifford 1989, "Generalized Monte Carlo
significance tests", the serial method). Slow mixing costs power, which `Chain` lets one see.

Importing this module imports numba.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from analysis.homophily import IntArray, LabelledNetwork, permutation_p
from analysis.streams import Stream, random_stream

Ends = npt.NDArray[np.int32]

# Share of the steps in directed networks that attempt a reversal. They are needed for few networks and mostly refused.
REVERSALS = 0.1


@dataclass(frozen=True)
class Chain:
    """Numbers of inside edges along a chain of networks with the same degrees, and how well it mixed.

    Attributes:
        observed: inside edges of the observed network.
        inside: (draws,) inside edges of the others, in the order of the chain.
        position: how many of them stand before the observed network.
        acceptance: share of the attempted steps that changed the network.
        in_place: share of the observed edges that are there at the end of the chain's longer arm. Small degrees and
            popular creators leave little choice: this does not go to zero.
        effective_size: how many independent draws would tell as much about the mean (`effective_size`).
    """

    observed: int
    inside: IntArray
    position: int
    acceptance: float
    in_place: float
    effective_size: float

    @property
    def p_value(self) -> float:
        """One-sided, exact: the observed network's rank is uniform if it is as likely as the others."""
        return permutation_p(self.observed, self.inside)


def rewired_inside(
    network: LabelledNetwork, draws: int, steps: int, seed: int, strata: IntArray | None = None
) -> Chain:
    """Inside edges of networks with the degrees of the observed one.

    Memory: about 50 bytes an edge (100 where edges have no direction), whatever the number of creators and draws.

    Args:
        network: n creators, m > 0 edges, no loops, no multiple edges.
        draws: how many networks beside the observed one.
        steps: attempted changes between two of them.
        seed: not negative.
        strata: (n,) categories; networks then also have as many edges as observed from each category to each other.
            Some swaps are refused for it, each as often as the way back, so that p values stay exact.
    """
    position = int(random_stream(seed, Stream.CHAIN, 0).integers(draws + 1))
    observed, labels = network.inside(), network.labels.astype(np.int32)
    counts, in_place, changed = [], 0.0, 0
    for arm, length in ((1, position), (2, draws - position)):
        if length == 0:
            counts.append(np.empty(0, np.int64))
            continue
        rows = _Rows(network.sources, network.targets, network.n_creators, network.directed)
        walked, accepted = rows.walk(labels, length, steps, random_stream(seed, Stream.CHAIN, arm), strata)
        counts.append(observed + walked)
        changed += accepted
        if 2 * length >= draws:
            in_place = rows.share_in_place()
    inside = np.concatenate([counts[0][::-1], counts[1]])
    return Chain(observed, inside, position, changed / (draws * steps), in_place, effective_size(inside))


def rewire(
    sources: IntArray,
    targets: IntArray,
    creators: int,
    attempts: int,
    seed: int,
    directed: bool = True,
    strata: IntArray | None = None,
) -> tuple[IntArray, IntArray]:
    """One network with the degrees of the given one.

    Args:
        sources: (m,) creator numbers.
        targets: (m,) creator numbers; no loops, no multiple edges (where edges have no direction: each pair once).
        creators: n.
        attempts: steps of the chain.
        seed: not negative.
        directed: whether edges have a direction.
        strata: as for `rewired_inside`.

    Returns:
        Sources and targets, (m,) each, sorted; sources are the smaller numbers where edges have no direction.
    """
    rows = _Rows(sources, targets, creators, directed)
    rows.walk(np.zeros(creators, np.int32), 1, attempts, random_stream(seed, Stream.REWIRED), strata)
    first, second = np.divmod(np.sort(rows.keys()), max(creators, 1))
    return first, second


def effective_size(values: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> float:
    """Number of independent draws whose mean has the same variance as that of these, at most as many as there are.

    Autocovariances are summed in neighbouring pairs until a pair is not positive (the initial positive sequence
    estimator of Geyer 1992, "Practical Markov chain Monte Carlo").

    Args:
        values: (n,) along a reversible chain. Where they are all the same the size is n.
    """
    number = len(values)
    centred = values - np.mean(values) if number else np.empty(0)
    if number < 4 or not centred.any():
        return float(number)
    spectrum = np.fft.rfft(centred, 2 * number)
    covariance = np.fft.irfft(spectrum * spectrum.conj())[:number] / number
    pairs = covariance[: number - number % 2].reshape(-1, 2).sum(axis=1)
    positive = np.flatnonzero(pairs <= 0)
    kept = pairs[: positive[0]] if len(positive) else pairs
    variance = max(2 * kept.sum() - covariance[0], covariance[0])
    return float(number * covariance[0] / variance)


class _Rows:
    """A network as rows of edge ends, which a walk changes in place.

    Row a holds the heads of the edges out of a. No step changes the length of a row, so an edge is looked for by
    reading one short row. An edge without direction is in the rows of both its ends; `mates` says where the other is.
    """

    def __init__(self, sources: IntArray, targets: IntArray, creators: int, directed: bool) -> None:
        self.creators, self.directed = creators, directed
        tails, heads = sources, targets
        if not directed:
            tails, heads = np.concatenate([sources, targets]), np.concatenate([targets, sources])
        order = np.lexsort((heads, tails))
        self.tails, self.heads = tails[order].astype(np.int32), heads[order].astype(np.int32)
        self.first_heads = self.heads.copy()
        self.starts = np.searchsorted(self.tails, np.arange(creators + 1)).astype(np.int64)
        self.mates = np.empty(0, np.int32)
        if not directed:
            place = np.empty(len(order), np.int32)
            place[order] = np.arange(len(order), dtype=np.int32)
            self.mates = np.roll(place, len(sources))[order]

    def walk(
        self, labels: Ends, draws: int, steps: int, generator: np.random.Generator, strata: IntArray | None = None
    ) -> tuple[IntArray, int]:
        """Walk on; the change in inside edges after each of the draws, and how many steps were accepted."""
        categories = np.empty(0, np.int32) if strata is None else strata.astype(np.int32)
        counts: IntArray = np.zeros(draws, np.int64)
        if draws == 0 or len(self.heads) == 0:
            return counts, 0
        accepted = _walk(
            self.heads, self.tails, self.starts, self.mates, labels, categories, self.directed, steps, generator, counts
        )
        return counts, int(accepted)

    def keys(self) -> IntArray:
        """Each edge once, as one number."""
        tails, heads = self.tails.astype(np.int64), self.heads.astype(np.int64)
        once = slice(None) if self.directed else tails < heads
        return np.asarray(tails[once] * self.creators + heads[once])

    def share_in_place(self) -> float:
        """Share of the edges that there were at first and are now."""
        return float(_common(self.heads, self.first_heads, self.starts) / len(self.heads))


@numba.njit(cache=True, inline="always")
def _has(heads: Ends, start: int, end: int, head: int) -> bool:
    for place in range(start, end):  # noqa: SIM110 (numba does not know any())
        if heads[place] == head:
            return True
    return False


@numba.njit(cache=True, inline="always")
def _differ(strata: Ends, one: int, other: int) -> bool:
    """Whether two creators are of different categories: changes that move edges between categories are refused."""
    return len(strata) > 0 and strata[one] != strata[other]


@numba.njit(cache=True)
def _common(heads: Ends, others: Ends, starts: IntArray) -> int:
    found = 0
    for row in range(len(starts) - 1):
        for place in range(starts[row], starts[row + 1]):
            found += _has(others, starts[row], starts[row + 1], heads[place])
    return found


@numba.njit(cache=True)
def _walk(
    heads: Ends,
    tails: Ends,
    starts: IntArray,
    mates: Ends,
    labels: Ends,
    strata: Ends,
    directed: bool,
    steps: int,
    generator: np.random.Generator,
    counts: IntArray,
) -> int:
    ends = len(heads)
    accepted = 0
    change = 0
    for draw in range(len(counts)):
        for _ in range(steps):
            first = int(generator.random() * ends)
            a, b = tails[first], heads[first]
            if directed and generator.random() < REVERSALS:
                # A triangle is proposed from any of its edges, with probability (1/d_a + 1/d_b + 1/d_c) / m for
                # out-degrees d. The reversed one has the same creators, hence the same probability.
                degree = starts[b + 1] - starts[b]
                if degree == 0:
                    continue
                second = starts[b] + int(generator.random() * degree)
                c = heads[second]
                if c == a or _has(heads, starts[b], starts[b + 1], a):
                    continue
                third = starts[c]
                while third < starts[c + 1] and heads[third] != a:
                    third += 1
                if third == starts[c + 1] or (
                    _differ(strata, a, b) and _differ(strata, b, c) and _differ(strata, c, a)
                ):
                    continue
                if _has(heads, starts[a], starts[a + 1], c) or _has(heads, starts[c], starts[c + 1], b):
                    continue
                heads[first], heads[second], heads[third] = c, a, b
            else:
                # Any two ends of edges, in this order: the same two are what the way back needs.
                second = int(generator.random() * ends)
                c, d = tails[second], heads[second]
                if a == d or b == c or (_differ(strata, a, c) and _differ(strata, b, d)):
                    continue
                if _has(heads, starts[a], starts[a + 1], d) or _has(heads, starts[c], starts[c + 1], b):
                    continue
                heads[first], heads[second] = d, b
                if not directed:
                    # The halves at b and d: b's now leads to c, d's to a.
                    other, another = mates[first], mates[second]
                    heads[other], heads[another] = c, a
                    mates[first], mates[another] = another, first
                    mates[second], mates[other] = other, second
                change += (labels[a] == labels[d]) + (labels[c] == labels[b])
                change -= (labels[a] == labels[b]) + (labels[c] == labels[d])
            accepted += 1
        counts[draw] = change
    return accepted
