"""The similarity of all pairs of a small cohort, with a tree, pictures and handles beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from analysis.likeness import Likeness
from figures.page import FAINT, INK, MAP_LEFT, SMALLEST_TYPE, WIDE, is_narrow, page_width
from figures.people import picture_size, short
from figures.person import Person

# Inches.
TREE, PICTURE, HANDLE, RIGHT, GAP = 1.0, 0.55, 1.3, 0.15, 0.06
NARROW_TREE = 0.35
MATRIX = WIDE - MAP_LEFT - TREE - PICTURE - HANDLE - RIGHT
NUMBER = 0.24  # room for a similarity in the smallest type
LOWEST_ROW, HIGHEST_ROW, LARGEST = 0.26, 0.62, 4.2
HEAD = 0.24  # the numbers above the matrix
WITH_NUMBERS = 14  # creators up to whom each pair's similarity is written
DARK = 0.62  # of the range of colours, from which on letters are white


def row_height(creators: int) -> float:
    """Height of a creator's row in inches."""
    return float(np.clip(LARGEST / max(creators, 1), LOWEST_ROW, HIGHEST_ROW))


def likeness_height(creators: int) -> float:
    """Height of the whole in inches."""
    return HEAD + row_height(creators) * creators


def spread(found: Likeness) -> tuple[float, float]:
    """The smallest and the largest similarity of two creators."""
    pairs = found.similarity[~np.eye(len(found.order), dtype=bool)]
    return float(pairs.min()), float(pairs.max())


def draw_likeness(figure: Figure, found: Likeness, people: Sequence[Person], top: float) -> None:
    """Draw the matrix below a height of the page in inches (inside `figures.style`).

    Args:
        figure: the page.
        found: at least two creators.
        people: in the order of the profiles.
        top: in inches.
    """
    number, page = len(found.order), figure.get_figheight()
    row = row_height(number)
    below, height = top - HEAD - row * number, row * number
    page_wide = page_width()
    trunk = NARROW_TREE if is_narrow() else TREE
    room = MATRIX - (WIDE - page_wide) + (TREE - trunk)
    width = min(room, max(row, room / number if number > LARGEST / LOWEST_ROW else row) * number)
    limits: dict[str, Any] = {"ylim": (number - 0.5, -0.5), "xticks": [], "yticks": []}

    def area(left: float, wide: float) -> tuple[float, float, float, float]:
        return left / page_wide, below / page, wide / page_wide, height / page

    low, _ = spread(found)
    tree = figure.add_axes(area(MAP_LEFT, trunk), xlim=(low - 0.05 * (1 - low), 1.0 + 0.02 * (1 - low)), **limits)
    tree.set_axis_off()
    for branch in found.branches:
        places, joined = zip(*branch, strict=True)
        tree.plot(joined, places, color=FAINT, linewidth=1.0, solid_joinstyle="miter")
    names = figure.add_axes(area(MAP_LEFT + trunk + PICTURE + GAP, HANDLE - GAP), xlim=(0, 1), **limits)
    names.set_axis_off()
    left = MAP_LEFT + trunk + PICTURE + HANDLE
    cells = figure.add_axes(area(left, width), xlim=(-0.5, number - 0.5), **limits)
    cells.imshow(found.similarity, cmap="Blues", vmin=low - 0.1 * (1 - low), vmax=1.0, aspect="auto")
    cells.spines[:].set_visible(False)
    for place, creator in enumerate(found.order.tolist()):
        names.text(0, place, f"{place + 1}  {short(people[creator].handle)}", fontsize=7, va="center", color=INK)
        cells.text(place, -0.62, str(place + 1), fontsize=7, ha="center", va="bottom", color=INK)
        wide, tall = picture_size(people[creator], min(row - 0.04, PICTURE - GAP))
        if people[creator].picture is not None:
            middle = below + height - row * (place + 0.5)
            right = MAP_LEFT + trunk + PICTURE
            box = ((right - wide) / page_wide, (middle - tall / 2) / page, wide / page_wide, tall / page)
            frame = figure.add_axes(box)
            frame.imshow(people[creator].picture, aspect="auto", interpolation="lanczos")
            frame.set_axis_off()
        for other in range(number if number <= WITH_NUMBERS and width / number >= NUMBER else 0):
            value = found.similarity[place, other]
            if other != place:
                dark = (value - low) > DARK * (1 - low)
                cells.text(
                    other,
                    place,
                    f"{value:.2f}",
                    fontsize=SMALLEST_TYPE,
                    ha="center",
                    va="center",
                    color="white" if dark else INK,
                )
