"""A card for each cluster on the map: its number and name, and pictures of its most typical reels, in a free place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.network import IntArray
from analysis.profiles import FloatArray
from figures.page import INK, cluster_colour, cluster_shape, is_narrow, printable

Pictures = Sequence[npt.NDArray[np.uint8]]

MOST = 12  # clusters; with more, numbers on the map and a legend say more
# Inches.
LINE, PAD, GAP, STEP = 0.118, 0.05, 0.04, 0.06
LARGEST_PICTURE, SMALLEST_PICTURE, NARROWEST = 0.95, 0.36, 1.1
SHARE = 0.26  # of the map that all cards together may take
LETTER = 0.6 * 7 / 72  # mean width of a letter
COMPARED = 400  # dots of a cluster, and of all others, that a card's distance is measured to
MISLEADING = 3.0  # an inch by which another cluster is nearer
# What a place costs beside an inch of distance: a hidden dot, a 24th of a hidden ellipse, a square inch of a card.
HIDDEN_DOT, HIDDEN_LINE, SHARED_INCH = 3.0, 0.25, 300.0
SWEEPS = 3  # times that each card is placed


@dataclass(frozen=True)
class Card:
    """What is drawn of a cluster.

    Attributes:
        cluster: its number.
        lines: number and size, then the name.
        pictures: each (height, width, 3) uint8.
        sizes: width and height of each picture in inches.
    """

    cluster: int
    lines: list[str]
    pictures: Pictures
    sizes: list[tuple[float, float]]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the card in inches."""
        across = sum(wide for wide, _ in self.sizes) + GAP * max(len(self.sizes) - 1, 0)
        words = 0.16 + LETTER * max(map(len, self.lines))
        tall = max((tall for _, tall in self.sizes), default=0.0)
        return max(across, words) + 2 * PAD, LINE * len(self.lines) + tall + (GAP if self.sizes else 0) + 2 * PAD


def card(cluster: int, size: int, name: str, pictures: Pictures, clusters: int, area: float) -> Card:
    """The card of one cluster.

    Args:
        cluster: its number.
        size: its creators.
        name: its name.
        pictures: of its most typical reels.
        clusters: how many cards there are.
        area: of the map, in square inches.
    """
    number = (3 if clusters <= 6 else 2 if clusters <= 9 else 1) - (1 if is_narrow() and clusters <= 9 else 0)
    # The picture's height when a portrait picture (9:16) and three lines of words fill this card's share of the map.
    share, words = SHARE * area / clusters, 3 * LINE
    tall = (np.sqrt(words**2 + 4 * share / (number * 9 / 16)) - words) / 2
    side = float(np.clip(tall, SMALLEST_PICTURE, LARGEST_PICTURE))
    sizes = [
        (side * shape[1] / max(shape[:2]), side * shape[0] / max(shape[:2]))
        for shape in (picture.shape for picture in pictures[:number])
    ]
    across = max(sum(wide for wide, _ in sizes), 0.8 * NARROWEST if is_narrow() else NARROWEST)
    called = textwrap.wrap(printable(name), int(across / LETTER), max_lines=3, placeholder=" …")
    return Card(cluster, [f"{cluster}  (n = {size:,})", *called], pictures[:number], sizes)


def draw_cards(axes: Axes, cards: Sequence[Card], places: FloatArray, clusters: IntArray, side: float) -> None:
    """Draw the cards in free places, a line from each to its cluster (inside `figures.style`).

    Args:
        axes: the map, whose limits are final.
        cards: by cluster.
        places: (n, 2) dots.
        clusters: (n,) cluster of each.
        side: inches on the page from 0 to 1 of the map.
    """
    low = np.array([axes.get_xlim()[0], axes.get_ylim()[0]])
    high = np.array([axes.get_xlim()[1], axes.get_ylim()[1]])
    dots = (places - low) * side
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    rims = [patch.get_patch_transform().transform(circle) for patch in axes.patches]
    lines = (np.concatenate(rims) - low) * side if rims else np.empty((0, 2))
    corners = free_places(dots, clusters, cards, (high - low) * side, lines)
    for one, (left, bottom) in zip(cards, corners, strict=True):
        own = dots[clusters == one.cluster]
        nearest = np.clip(own, [left, bottom], [left + one.size[0], bottom + one.size[1]])
        dot = np.linalg.norm(own - nearest, axis=1).argmin()
        line = np.stack([own[dot], nearest[dot]]) / side + low
        axes.plot(*line.T, color=cluster_colour(one.cluster), linewidth=0.9, zorder=6)
        _draw(axes, one, np.array([left, bottom]) / side + low, side)


def _draw(axes: Axes, one: Card, corner: FloatArray, side: float) -> None:
    colour = cluster_colour(one.cluster)
    wide, tall = (inches / side for inches in one.size)
    axes.add_artist(
        Rectangle(
            (corner[0], corner[1]), wide, tall, facecolor="white", edgecolor=colour, linewidth=1.1, alpha=0.95, zorder=7
        )
    )
    left, top = corner[0] + PAD / side, corner[1] + tall - PAD / side
    axes.plot(
        left + 0.05 / side, top - 0.5 * LINE / side, cluster_shape(one.cluster), color=colour, markersize=5,
        markeredgecolor="white", markeredgewidth=0.3, zorder=8,
    )  # fmt: skip
    for line, words in enumerate(one.lines):
        axes.text(
            left + (0.14 / side if line == 0 else 0), top - (line + 0.5) * LINE / side, words, color=INK, va="center",
            fontsize=6.5 if is_narrow() else 7.0, fontweight="bold" if line == 0 else "normal", zorder=8,
        )  # fmt: skip
    below = top - (LINE * len(one.lines) + GAP) / side
    for picture, (across, up) in zip(one.pictures, one.sizes, strict=True):
        edges = (left, left + across / side, below - up / side, below)
        axes.imshow(picture, extent=edges, aspect="auto", interpolation="lanczos", zorder=8)
        left += (across + GAP) / side


def free_places(
    dots: FloatArray, clusters: IntArray, cards: Sequence[Card], area: FloatArray, lines: FloatArray | None = None
) -> FloatArray:
    """A place for each card: near its cluster, hiding no dot and no other card where that is possible.

    Cards are placed one after the other, and again beside the others; of several orders the one that costs least.

    Args:
        dots: (n, 2) in inches from the lower left corner of the map.
        clusters: (n,) cluster of each dot.
        cards: k cards.
        area: width and height of the map in inches.
        lines: (m, 2) points of lines that are hidden only where nothing else helps.

    Returns:
        (k, 2) lower left corners in inches.
    """
    counted, crossed = _counter(dots, area), _counter(np.empty((0, 2)) if lines is None else lines, area)
    grids, costs = [], []
    for one in cards:
        room = np.maximum(area - np.array(one.size) - PAD, PAD)
        grid = np.stack(np.meshgrid(*(np.arange(PAD, end + STEP / 2, STEP) for end in room)), -1).reshape(-1, 2)
        own = clusters == one.cluster
        near, far = (_distance(grid, one.size, _some(dots[which])) for which in (own, ~own))
        # A card that is nearer to another cluster than to its own misleads.
        cost = (
            near * (1 + near)
            + MISLEADING * np.maximum(near - far, 0)
            + HIDDEN_DOT * np.minimum(counted(grid, one.size), 50)
        )
        cost += HIDDEN_LINE * crossed(grid, one.size)
        middle = np.median(dots[own], axis=0)
        grids.append(grid)
        costs.append(cost + 0.1 * np.linalg.norm(grid + np.array(one.size) / 2 - middle, axis=1))
    dearest = sorted(range(len(cards)), key=lambda number: (-round(float(costs[number].min()), 6), number))
    best, least = np.empty((len(cards), 2)), np.inf
    for first in range(len(cards)):
        order = dearest[first:] + dearest[:first]
        corners, total = _placed(order, grids, costs, [np.array(one.size) for one in cards])
        if round(total, 6) < least:
            best, least = corners, round(total, 6)
    return best


def _placed(
    order: list[int], grids: list[FloatArray], costs: list[FloatArray], sizes: list[FloatArray]
) -> tuple[FloatArray, float]:
    """Place cards in this order, each again beside all others; their lower left corners, and what they cost."""
    corners, total = np.full((len(order), 2), np.nan), 0.0
    for _ in range(SWEEPS):
        total = 0.0
        for place in order:
            cost = costs[place].copy()
            for other in order:
                if other != place and not np.isnan(corners[other, 0]):
                    upper = np.minimum(grids[place] + sizes[place], corners[other] + sizes[other])
                    shared = np.maximum(upper - np.maximum(grids[place], corners[other]) + GAP, 0).prod(axis=1)
                    cost += SHARED_INCH * shared
            best = np.argmin(np.round(cost, 6))
            corners[place], total = grids[place][best], total + float(cost[best])
    return corners, total


def _some(dots: FloatArray) -> FloatArray:
    return dots[:: -(-len(dots) // COMPARED) or 1]


def _distance(grid: FloatArray, size: tuple[float, float], dots: FloatArray) -> FloatArray:
    """From boxes with these lower left corners to the nearest of the dots, in inches: (g,)."""
    if not len(dots):
        return np.full(len(grid), np.inf)
    best = np.full(len(grid), np.inf)
    for dot in dots:
        outside = np.maximum(np.maximum(grid - dot, dot - grid - np.array(size)), 0)
        best = np.minimum(best, np.hypot(outside[:, 0], outside[:, 1]))
    return best


def _counter(dots: FloatArray, area: FloatArray) -> Callable[[FloatArray, tuple[float, float]], FloatArray]:
    """A function that counts the dots in boxes, by sums over a grid of cells."""
    cells = np.ceil(area / STEP).astype(int) + 1
    where = np.clip((dots / STEP).astype(int), 0, cells - 1)
    sums = np.zeros(cells + 1)
    np.add.at(sums, (where[:, 0] + 1, where[:, 1] + 1), 1)
    sums = sums.cumsum(axis=0).cumsum(axis=1)

    def counted(grid: FloatArray, size: tuple[float, float]) -> FloatArray:
        low = np.clip((grid / STEP).astype(int) - 1, 0, cells)
        high = np.clip(np.ceil((grid + np.array(size)) / STEP).astype(int) + 1, 0, cells)
        return np.asarray(
            sums[high[:, 0], high[:, 1]] - sums[low[:, 0], high[:, 1]] - sums[high[:, 0], low[:, 1]]
            + sums[low[:, 0], low[:, 1]]
        )  # fmt: skip

    return counted
