"""Creators of a small cohort beside their dots: a picture and the handle, in free places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from analysis.network import IntArray
from analysis.profiles import FloatArray
from figures.page import FAINT, INK, MAP_SIDE, cluster_colour, printable
from figures.person import Person

LETTERS = 18  # of a handle
SMALL_TYPE = 6.5  # points
LETTER = 0.56 * SMALL_TYPE / 72  # inches: mean width of a letter
LINE = 0.12  # inches: height of the handle below a picture
LARGEST, SMALLEST = 0.95, 0.4  # inches: side of a picture for one creator, for the most that are shown
ROOM = 0.14  # beside the outermost dots, in map units
APART = 0.05  # inches: between a dot and what belongs to it
DIRECTIONS, RINGS, RING = 16, 9, 0.17  # tried places: on rings around the dot, so many inches apart


def draw_people(axes: Axes, places: FloatArray, clusters: IntArray, people: Sequence[Person]) -> None:
    """Draw pictures and handles on a map that gets room for them at its sides (inside `figures.style`).

    Args:
        axes: the square map.
        places: (n, 2) dots.
        clusters: (n,) for the colour of frames; negative: none.
        people: n creators; those without a picture have their handle alone.
    """
    origin, span = np.full(2, -ROOM), np.full(2, 1 + 2 * ROOM)
    dots = (places - origin) / span * MAP_SIDE
    side = float(np.clip(2.2 / np.sqrt(max(len(people), 1)), SMALLEST, LARGEST))
    # The number of the cluster stands with the handle: colours alone never carry it.
    numbers = [f"{cluster}  " if cluster >= 0 else "" for cluster in clusters.tolist()]
    shown = [number + short(person.handle) for number, person in zip(numbers, people, strict=True)]
    pictures = [picture_size(person, side) for person in people]
    widths = [max(LETTER * len(name), size[0]) for name, size in zip(shown, pictures, strict=True)]
    boxes = np.column_stack([widths, [size[1] + LINE for size in pictures]])
    middles = free_boxes(dots, boxes, MAP_SIDE)
    for person, name, cluster, size, box, dot, middle in zip(
        people, shown, clusters.tolist(), pictures, boxes, dots, middles, strict=True
    ):
        x = middle[0] / MAP_SIDE * span[0] + origin[0]
        bottom, top = (middle[1] + np.array([-0.5, 0.5]) * box[1]) / MAP_SIDE * span[1] + origin[1]
        line = np.stack([dot, np.clip(dot, middle - box / 2, middle + box / 2)]) / MAP_SIDE * span + origin
        axes.plot(*line.T, color=FAINT, linewidth=0.5, zorder=6)
        if person.picture is not None:
            half, tall = size[0] / 2 / MAP_SIDE * span[0], size[1] / MAP_SIDE * span[1]
            axes.imshow(
                person.picture, extent=(x - half, x + half, top - tall, top), aspect="auto", zorder=7,
                interpolation="lanczos",
            )  # fmt: skip
            corners = [[x - half, x + half, x + half, x - half, x - half], [top, top, top - tall, top - tall, top]]
            axes.plot(*corners, color=cluster_colour(cluster), linewidth=1.2, zorder=7.5)
        axes.text(
            x, bottom, name, fontsize=SMALL_TYPE, color=INK, ha="center", va="bottom", zorder=9,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )  # fmt: skip
    axes.set(xlim=(-ROOM, 1 + ROOM), ylim=(-ROOM, 1 + ROOM))


def short(handle: str) -> str:
    """A handle that fits below a picture."""
    name = printable(handle)
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"


def picture_size(person: Person, side: float) -> tuple[float, float]:
    """Width and height of a picture in inches; its longer side is `side`. 0 and 0 without a picture."""
    if person.picture is None:
        return 0.0, 0.0
    height, width = person.picture.shape[:2]
    return side * width / max(height, width), side * height / max(height, width)


def free_boxes(dots: FloatArray, sizes: FloatArray, side: float) -> FloatArray:
    """A place for each dot's box: near the dot, where it covers as little of other boxes and dots as possible.

    Boxes are placed one after the other, the most crowded dots first.

    Args:
        dots: (n, 2) in inches.
        sizes: (n, 2) width and height of each box in inches.
        side: of the square that they are to stay in, in inches.

    Returns:
        (n, 2) middles of the boxes in inches.
    """
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False) + np.pi / 2
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    distances = np.linalg.norm(dots[:, None] - dots[None], axis=2)
    order = np.argsort(np.sort(distances, axis=1)[:, : min(4, len(dots))].sum(axis=1), kind="stable")
    middles = np.full((len(dots), 2), np.nan)
    for place in order.tolist():
        half = sizes[place] / 2
        # The distance at which a box in this direction no longer covers its own dot.
        with np.errstate(divide="ignore"):
            clear = np.min((half + APART) / np.abs(around), axis=1)
        steps = clear[:, None] + RING * np.arange(RINGS)
        tried = (dots[place] + around[:, None] * steps[:, :, None]).reshape(-1, 2)
        outside = np.maximum(np.abs(tried - side / 2) + half - side / 2, 0).sum(axis=1)
        other = np.delete(np.arange(len(dots)), place)
        gaps = np.abs(tried[:, None] - dots[other]) - half - APART
        covered = (gaps < 0).all(axis=2).sum(axis=1)
        done = other[~np.isnan(middles[other, 0])]
        overlap = half + sizes[done] / 2 + 0.02 - np.abs(tried[:, None] - middles[done])
        shared = np.maximum(overlap, 0).prod(axis=2).sum(axis=1)
        cost = 40 * outside + 60 * shared + 1.5 * covered + np.tile(RING * np.arange(RINGS), DIRECTIONS)
        middles[place] = tried[np.argmin(np.round(cost, 6))]
    return middles
