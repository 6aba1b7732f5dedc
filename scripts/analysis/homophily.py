"""Homophily: do follow edges lie inside groups more often than when the group labels are shuffled?

The statistic is the number (or share) of edges whose two ends carry the same label. The null shuffles the labels among
the creators and leaves the network as it is (a permutation test as in Krackhardt 1988, "Predicting with networks").
Mean and variance of that null are also known in closed form (`null_moments`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from analysis.streams import Stream, random_stream

IntArray = npt.NDArray[np.int64]
Labels = npt.NDArray[np.unsignedinteger[Any]]

# Draws of one block share a random generator: part of what the results depend on. 256 labels of one byte are four
# cache lines, which is what makes the gather below fast.
DRAWS_PER_BLOCK = 256
DRAWS_PER_SORT = 64  # their keys stay in a fast cache
KEY_BITS = 32
# Sums of at most 255 zeros and ones fit in a byte, where a processor adds 32 or 64 at once.
EDGES_PER_SUM = 255
EDGES_PER_STEP = 16 * EDGES_PER_SUM


@dataclass(frozen=True)
class LabelledNetwork:
    """A network whose n creators all have a label.

    Attributes:
        sources, targets: m creator numbers each, 0 to n - 1; no duplicates, no self edges.
        labels: (n,) label numbers, 0 to k - 1, numbered in the order in which creators first show them: what a label
            is called plays no part.
        directed: whether an edge has a direction; if not, each pair is given once.
    """

    sources: IntArray
    targets: IntArray
    labels: IntArray
    directed: bool = True

    @property
    def n_creators(self) -> int:
        """Number of creators."""
        return len(self.labels)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.sources)

    @property
    def sizes(self) -> IntArray:
        """How many creators each label has, (k,)."""
        return np.bincount(self.labels) if len(self.labels) else np.empty(0, np.int64)

    def inside(self) -> int:
        """Number of edges whose ends have the same label."""
        return int((self.labels[self.sources] == self.labels[self.targets]).sum())


def labelled_network(sources: IntArray, targets: IntArray, labels: IntArray, directed: bool = True) -> LabelledNetwork:
    """The part of a network that has labels: creators with a negative label, and their edges, are left out.

    Args:
        sources: (m,) creator numbers.
        targets: (m,) creator numbers.
        labels: (n,) whole numbers; negative: noise.
        directed: whether an edge has a direction; if not, each pair is given once.
    """
    kept = labels >= 0
    numbers = np.cumsum(kept) - 1
    edges = kept[sources] & kept[targets]
    _, first, inverse = np.unique(labels[kept], return_index=True, return_inverse=True)
    ranks = np.argsort(np.argsort(first))
    return LabelledNetwork(numbers[sources[edges]], numbers[targets[edges]], ranks[inverse].astype(np.int64), directed)


def expected_share(sizes: IntArray) -> float:
    """Share of edges expected inside groups when labels are shuffled: sum_g n_g (n_g - 1) / (n (n - 1)).

    Args:
        sizes: (k,) creators of each group, two or more in all.
    """
    total = int(sizes.sum())
    return sum(int(size) * (int(size) - 1) for size in sizes) / (total * (total - 1))


def null_moments(network: LabelledNetwork) -> tuple[float, float]:
    """Mean and variance of the number of inside edges when labels are shuffled, exactly.

    Two edges are both inside with a probability that depends only on how many creators they share: two (a follow that
    is returned), one, or none. Whole numbers are used until the end, so that nothing cancels.

    Returns:
        Mean and variance, in edges and edges squared.
    """
    sizes = [int(size) for size in network.sizes]
    total, edges = network.n_creators, network.n_edges
    if total < 2 or edges == 0:
        return 0.0, 0.0
    pairs = [size * (size - 1) for size in sizes]
    all_pairs = sum(pairs)
    triples = sum(size * (size - 1) * (size - 2) for size in sizes)
    quadruples = sum(size * (size - 1) * (size - 2) * (size - 3) for size in sizes)
    two_pairs = quadruples + all_pairs**2 - sum(pair**2 for pair in pairs)
    keys = network.sources * total + network.targets
    returned = int(np.isin(keys, network.targets * total + network.sources).sum())
    degrees = np.bincount(np.concatenate([network.sources, network.targets]), minlength=total)
    share_one = int((degrees * (degrees - 1)).sum()) - 2 * returned
    share_none = edges * (edges - 1) - share_one - returned
    p_two = Fraction(all_pairs, total * (total - 1))
    p_three = Fraction(triples, max(total * (total - 1) * (total - 2), 1))
    p_four = Fraction(two_pairs, max(total * (total - 1) * (total - 2) * (total - 3), 1))
    mean = edges * p_two
    variance = mean + returned * p_two + share_one * p_three + share_none * p_four - mean**2
    return float(mean), float(variance)


def draw_inside(network: LabelledNetwork, draws: int, seed: int) -> IntArray:
    """Number of inside edges under shuffled labels, one for each draw.

    Draw number i depends on the seed, on i and on the network alone: more draws begin with the same ones. Labels lie
    in memory creator by creator with the draws side by side, so that one edge is compared for a block of draws at
    once. Memory: about 1.5 kB a creator (up to 256 labels), whatever the number of edges and draws.

    Args:
        network: n creators, m edges.
        draws: how many shuffles.
        seed: not negative.

    Returns:
        (draws,) counts.
    """
    labels = cast("Labels", network.labels.astype(_smallest_type(len(network.sizes))))
    count = _InsideCounter(network, labels.dtype)
    counts = [count(shuffled_labels(labels, seed, block)) for block in range(-(-draws // DRAWS_PER_BLOCK))]
    return np.concatenate([np.empty(0, np.int64), *counts])[:draws]


def shuffled_labels(labels: Labels, seed: int, block: int) -> Labels:
    """A block of shuffles, (n, DRAWS_PER_BLOCK): in each column the labels in an order of its own.

    Args:
        labels: (n,) label numbers.
        seed: not negative.
        block: which shuffles of this seed.
    """
    generator = random_stream(seed, Stream.LABELS, block)
    label_bits = int(labels.max(initial=0)).bit_length()
    # With this many creators, at most one order in eight has two equal keys.
    if len(labels) ** 2 <= 2 ** (KEY_BITS - label_bits - 2):
        parts = DRAWS_PER_BLOCK // DRAWS_PER_SORT
        orders = np.concatenate([_sorted_by_random_keys(labels, label_bits, generator) for _ in range(parts)])
    else:
        orders = np.tile(labels, (DRAWS_PER_BLOCK, 1))
        generator.permuted(orders, axis=1, out=orders)
    return np.ascontiguousarray(orders.T)


def _sorted_by_random_keys(labels: Labels, label_bits: int, generator: np.random.Generator) -> Labels:
    """Orders of the labels, (DRAWS_PER_SORT, n), from sorting random keys: four times faster than swapping.

    A key is a random number with the label in its lowest bits, so that sorting the keys (which numpy does with vector
    instructions) carries the labels along. Orders with two equal random numbers would depend on the labels: they are
    drawn again, which leaves all orders equally likely.
    """
    label_mask = np.uint32(2**label_bits - 1)
    wide = labels.astype(np.uint32)

    def draw(rows: int) -> npt.NDArray[np.uint32]:
        drawn = generator.integers(0, 2**KEY_BITS, (rows, len(labels)), dtype=np.uint32)
        drawn &= ~label_mask
        drawn |= wide
        drawn.sort(axis=1)
        return drawn

    def tied(rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool]:
        same: npt.NDArray[np.bool] = (rows[:, 1:] ^ rows[:, :-1]) <= label_mask
        return np.asarray(same.any(axis=1))

    keys = draw(DRAWS_PER_SORT)
    again = np.flatnonzero(tied(keys))
    while again.size:
        keys[again] = draw(again.size)
        again = again[tied(keys[again])]
    keys &= label_mask
    return keys.astype(labels.dtype)


def permutation_p(observed: float, drawn: npt.NDArray[Any]) -> float:
    """One-sided p value, (k + 1) / (n + 1) with k draws at least as large (Phipson & Smyth 2010)."""
    return (int((drawn >= observed).sum()) + 1) / (len(drawn) + 1)


def _smallest_type(labels: int) -> type[np.uint8 | np.uint16 | np.uint32]:
    return next(kind for kind in (np.uint8, np.uint16, np.uint32) if labels <= np.iinfo(kind).max + 1)


class _InsideCounter:
    """Counts the inside edges for each column of a block of labels: (n, DRAWS_PER_BLOCK) -> (DRAWS_PER_BLOCK,).

    It keeps its buffers from block to block: fresh memory would cost more than the counting.
    """

    def __init__(self, network: LabelledNetwork, kind: np.dtype[Any]) -> None:
        self.network = network
        self.sources = np.empty((EDGES_PER_STEP, DRAWS_PER_BLOCK), kind)
        self.targets = np.empty_like(self.sources)
        self.same = np.empty(self.sources.shape, bool)

    def __call__(self, shuffled: Labels) -> IntArray:
        counts = np.zeros(DRAWS_PER_BLOCK, np.int64)
        for start in range(0, self.network.n_edges, EDGES_PER_STEP):
            edges = min(EDGES_PER_STEP, self.network.n_edges - start)
            step, part = slice(start, start + edges), slice(edges)
            # mode="clip" (the numbers are in range) writes straight into the buffers.
            np.take(shuffled, self.network.sources[step], axis=0, out=self.sources[part], mode="clip")
            np.take(shuffled, self.network.targets[step], axis=0, out=self.targets[part], mode="clip")
            np.equal(self.sources[part], self.targets[part], out=self.same[part])
            ones = self.same.view(np.uint8)
            whole = edges - edges % EDGES_PER_SUM
            sums = ones[:whole].reshape(-1, EDGES_PER_SUM, DRAWS_PER_BLOCK).sum(axis=1, dtype=np.uint8)
            counts += sums.sum(axis=0, dtype=np.int64)
            counts += ones[whole:edges].sum(axis=0, dtype=np.int64)
        return counts
