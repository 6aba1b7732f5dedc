"""Legends of the map: right of it, on narrow pages below it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from figures.page import (
    LEGEND_LEFT,
    MAP_BOTTOM,
    MAP_LEFT,
    MARGIN,
    NOISE_COLOUR,
    SHAPES,
    WIDE,
    cluster_colour,
    cluster_shape,
    is_narrow,
    page_width,
    printable,
)

LEGEND_ROWS = 25
LEGEND_NAME = 24  # letters of a cluster's name in a line


def cluster_legend(
    clusters: np.ndarray, rows: int = LEGEND_ROWS, names: Mapping[int, str] | None = None
) -> list[Artist]:
    """One legend entry per cluster with its size, noise last; the smallest ones share an entry where rows run out.

    Names stand below the sizes, where there is room for all.
    """
    numbers, counts = np.unique(clusters[clusters >= 0], return_counts=True)
    sizes = list(zip(numbers.tolist(), counts.tolist(), strict=True))
    noise = int((clusters < 0).sum())
    shown = sizes if len(sizes) <= rows - 1 else sizes[: rows - 2]
    called = _names_that_fit([(names or {}).get(cluster, "") for cluster, _ in shown], rows - len(shown) - bool(noise))
    entries: list[Artist] = [
        dot_entry(
            "\n".join([f"{cluster}  (n = {size})", *name]),
            cluster_colour(cluster),
            cluster_shape(cluster),
        )
        for (cluster, size), name in zip(shown, called, strict=True)
    ]
    rest = [size for _, size in sizes[len(shown) :]]
    if rest:
        entries.append(Line2D([], [], linestyle="none", label=f"{len(rest)} more  (n = {sum(rest)})"))
    if noise or not sizes:
        entries.append(dot_entry(f"no cluster  (n = {noise})", NOISE_COLOUR, SHAPES[0], hollow=True))
    return entries


def _names_that_fit(names: list[str], rows: int) -> list[list[str]]:
    """The lines of each name: two, one or none, as many as there are rows for."""
    for lines in (2, 1):
        wrapped = [textwrap.wrap(printable(name), LEGEND_NAME, max_lines=lines, placeholder=" …") for name in names]
        if sum(map(len, wrapped)) <= rows:
            return wrapped
    return [[] for _ in names]


def dot_entry(label: str, colour: str, shape: str, size: float = 6.0, hollow: bool = False) -> Line2D:
    """A legend entry that shows a marker of this size in points."""
    face, edge, width = ("white", colour, 1.0) if hollow else (colour, "white", 0.4)
    return Line2D(
        [], [], linestyle="none", marker=shape, markersize=size, markerfacecolor=face, markeredgecolor=edge,
        markeredgewidth=width, label=label,
    )  # fmt: skip


def draw_legend(figure: Figure, title: str, entries: Sequence[Artist], top: float | None = None) -> float:
    """A legend right of the map, on a narrow page below it; returns where it ends, in shares of the page.

    Args:
        figure: its first axes are the map.
        title: of the legend.
        entries: as of `dot_entry`.
        top: height below which it stands, in shares of the page; None: the map's top, on a narrow page its bottom.
    """
    narrow, place = is_narrow(), figure.axes[0].get_position()
    if top is None:
        top = place.y0 - MAP_BOTTOM / figure.get_figheight() if narrow else place.y1
    legend = figure.legend(
        handles=list(entries), title=title, loc="upper left",
        bbox_to_anchor=(place.x0 if narrow else LEGEND_LEFT / WIDE, top),
        ncols=legend_columns(entries) if narrow else 1,
        borderaxespad=0.0, alignment="left", title_fontproperties={"weight": "bold", "size": 8.5}, handletextpad=0.5,
        labelspacing=0.55, columnspacing=1.0, borderpad=0.0 if narrow else 0.4,
    )  # fmt: skip
    return float(legend.get_window_extent().transformed(figure.transFigure.inverted()).y0)


def legend_columns(entries: Sequence[Artist]) -> int:
    """Columns of the legend below a narrow map, as many as fit."""
    longest = max((len(line) for entry in entries for line in str(entry.get_label()).splitlines()), default=1)
    return max(1, min(len(entries), int((page_width() - MAP_LEFT - MARGIN) / (0.055 * longest + 0.42))))


def legend_lines(*legends: Sequence[Artist]) -> int:
    """Lines that legends below a narrow map need, their titles and the space between them included."""
    rows = 0
    for entries in legends:
        height = max((str(entry.get_label()).count("\n") + 1 for entry in entries), default=0)
        rows += (-(-len(entries) // legend_columns(entries)) * height + 2) if entries else 0
    return rows
