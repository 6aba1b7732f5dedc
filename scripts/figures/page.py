"""What the figures share: page, fonts, colours, legend, and files with the same bytes on every run.

A figure is 183 mm wide (two columns of a journal), 300 dpi, with a square map on the left and the legend on the right.
Colours alone never carry a cluster: its number stands on the map, each has a shape, and creators in none are hollow, so
that a print in grey will do.
"""

from __future__ import annotations

import io
import math
import textwrap
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from common.files import replace_file

# Okabe & Ito (2008) without black and yellow, then four of Paul Tol's "muted" that stay farthest from them and from
# the greys in OKLab as seen with normal, protan and deutan vision (Machado et al. 2009).
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#661100", "#332288", "#882255", "#DDCC77",
)  # fmt: skip
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "p")
NOISE_COLOUR, EDGE_COLOUR, INK, FAINT = "#A6A6A6", "#9A9A9A", "#222222", "#6B6B6B"

DPI = 300
# Inches; the page is as high as its words need.
WIDTH, MAP_SIDE, MAP_LEFT, MAP_BOTTOM, LEGEND_LEFT = 7.2, 5.0, 0.24, 0.26, 5.36
CHART_LEFT, CHART_BOTTOM = 0.62, 0.64
TITLE_HEIGHT, SUBTITLE_HEIGHT, MARGIN = 0.235, 0.165, 0.1
LEGEND_ROWS = 25
LEGEND_NAME = 24  # letters of a cluster's name in a line
TITLE_LINE, TITLE_LINES = 66, 2
SUBTITLE_LINE = 108
TIGHT = 0.08  # clusters narrower than this share of the map have their number above them
FREE = 0.033  # room that a number needs around it, in map units

NOTE_BOX = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "#BBBBBB"}
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 8.5,
    "text.parse_math": False,  # a `$` in a name is a character, not a formula
    "text.color": INK,
    "axes.edgecolor": "#BBBBBB",
    "axes.labelcolor": FAINT,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # whole TrueType fonts, which journals ask for
    "svg.hashsalt": "reel-atlas",  # or identifiers are random
}


# What matplotlib would write of its own: time and version.
NO_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextmanager
def style() -> Iterator[None]:
    """The figures' own settings, whatever a user's matplotlibrc says; everything is drawn and saved inside."""
    with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # emoji in a study's name become boxes
        yield


def cluster_colour(cluster: int) -> str:
    """Colour of a cluster; grey for noise."""
    return NOISE_COLOUR if cluster < 0 else COLOURS[cluster % len(COLOURS)]


def cluster_shape(cluster: int) -> str:
    """Marker of a cluster: another for the next one; no two of the first 80 have both colour and shape in common."""
    period = math.lcm(len(COLOURS), len(SHAPES))
    return SHAPES[0] if cluster < 0 else SHAPES[(cluster + cluster // period) % len(SHAPES)]


def start_figure(name: str, subtitle: str, method: str, synthetic: bool) -> tuple[Figure, Axes]:
    """A page with title, subtitle and an empty square map from 0 to 1 on both axes.

    Args:
        name: the study's name, as somebody typed it.
        subtitle: what is shown; wrapped.
        method: what the axes are, e.g. "UMAP".
        synthetic: say on the page and across the map that the data are synthetic.
    """
    figure = _start_page(name, subtitle, synthetic, MAP_BOTTOM + MAP_SIDE)
    height = figure.get_figheight()
    box = (MAP_LEFT / WIDTH, MAP_BOTTOM / height, MAP_SIDE / WIDTH, MAP_SIDE / height)
    axes = figure.add_axes(box, xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=[], yticks=[])
    axes.set_xlabel(f"{method} 1", fontsize=8, labelpad=3)
    axes.set_ylabel(f"{method} 2", fontsize=8, labelpad=3)
    if synthetic:
        _mark_synthetic(axes, 40)
    return figure, axes


def start_charts(
    name: str, subtitle: str, synthetic: bool, rows: int, columns: int, height: float, left: float = CHART_LEFT
) -> tuple[Figure, list[Axes]]:
    """A page with title, subtitle and a grid of empty charts, row by row.

    Args:
        name: the study's name, as somebody typed it.
        subtitle: what is shown; wrapped.
        synthetic: say on the page and across each chart that the data are synthetic.
        rows: of the grid.
        columns: of the grid.
        height: of all charts together, in inches.
        left: of the charts, in inches: room for the labels of the vertical axis.
    """
    figure = _start_page(name, subtitle, synthetic, CHART_BOTTOM + height)
    page = figure.get_figheight()
    grid = figure.add_gridspec(
        rows, columns, left=left / WIDTH, right=1 - 0.12 / WIDTH, bottom=CHART_BOTTOM / page,
        top=(CHART_BOTTOM + height) / page, wspace=0.34, hspace=0.5,
    )  # fmt: skip
    charts = [figure.add_subplot(grid[row, column]) for row in range(rows) for column in range(columns)]
    for chart in charts:
        chart.spines[["top", "right"]].set_visible(False)
        chart.tick_params(labelsize=7.5, color="#BBBBBB")
        if synthetic:
            _mark_synthetic(chart, 34 / max(columns, 1) ** 0.7)
    return figure, charts


def _start_page(name: str, subtitle: str, synthetic: bool, below: float) -> Figure:
    """A page with title and subtitle above an area of this height in inches."""
    title = textwrap.wrap(printable(name), TITLE_LINE, max_lines=TITLE_LINES, placeholder=" …") or ["study"]
    said = textwrap.wrap(f"Synthetic data. {subtitle}" if synthetic else subtitle, SUBTITLE_LINE)
    title_bottom = below + MARGIN + SUBTITLE_HEIGHT * len(said) + 0.04
    height = title_bottom + TITLE_HEIGHT * len(title) + MARGIN
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left = MAP_LEFT / WIDTH
    heading = figure.text(
        left, title_bottom / height, "\n".join(title), fontsize=12, fontweight="bold", va="bottom", linespacing=1.15
    )
    too_wide = heading.get_window_extent().width / (DPI * (WIDTH - MAP_LEFT - MARGIN))
    if too_wide > 1:  # wide letters
        heading.set_fontsize(12 / too_wide)
    figure.text(left, (below + 0.07) / height, "\n".join(said), fontsize=8.5, va="bottom", linespacing=1.25)
    return figure


def _mark_synthetic(axes: Axes, size: float) -> None:
    axes.text(
        0.5, 0.5, "synthetic data", fontsize=size, color="#000000", alpha=0.07, rotation=35,
        ha="center", va="center", transform=axes.transAxes, zorder=0,
    )  # fmt: skip


def draw_note(axes: Axes, text: str) -> None:
    """Words in the middle of an empty map."""
    wrapped = "\n".join(textwrap.wrap(text, 52))
    axes.text(0.5, 0.5, wrapped, fontsize=10, ha="center", va="center", transform=axes.transAxes, bbox=NOTE_BOX)


def draw_side_note(figure: Figure, text: str, top: float) -> None:
    """Words in a box in the legend's column, below a height in shares of the page."""
    wrapped = "\n".join(textwrap.wrap(text, 26))
    figure.text(LEGEND_LEFT / WIDTH + 0.012, top - 0.012, wrapped, fontsize=8.5, va="top", bbox=NOTE_BOX)


def draw_numbers(axes: Axes, places: np.ndarray, clusters: np.ndarray) -> None:
    """Write each cluster's number among its creators, or above them where they lie close together.

    Args:
        axes: the map.
        places: (n, 2) on the map.
        clusters: (n,) cluster numbers; negative: noise.
    """
    for cluster in np.unique(clusters[clusters >= 0]).tolist():
        members = places[clusters == cluster]
        above = np.ptp(members, axis=0).max() < TIGHT
        x, y = (np.median(members[:, 0]), members[:, 1].max()) if above else free_place(members, places)
        axes.annotate(
            str(cluster), (x, y), xytext=(0, 6 if above else 0), textcoords="offset points", fontsize=10,
            fontweight="bold", ha="center", va="bottom" if above else "center", zorder=8,
            path_effects=[withStroke(linewidth=2.6, foreground="white")],
        )  # fmt: skip


def free_place(members: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The place nearest to the middle of a cluster where a number hides no dot; the middle where there is none.

    Args:
        members: (m, 2) dots of the cluster.
        places: (n, 2) all dots.
    """
    middle = np.median(members, axis=0)
    low, high = members.min(axis=0), members.max(axis=0)
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 15).T), axis=-1).reshape(-1, 2)
    near = places[((places > low - FREE) & (places < high + FREE)).all(axis=1)]
    room = np.array([np.linalg.norm(near - place, axis=1).min() for place in grid])
    free = grid[room >= FREE]
    return np.asarray(free[np.linalg.norm(free - middle, axis=1).argmin()] if len(free) else middle)


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
    """A legend right of the map below a height (the map's top); returns where it ends, in shares of the page."""
    if top is None:
        top = figure.axes[0].get_position().y1
    legend = figure.legend(
        handles=list(entries), title=title, loc="upper left", bbox_to_anchor=(LEGEND_LEFT / WIDTH, top),
        borderaxespad=0.0, alignment="left", title_fontproperties={"weight": "bold", "size": 8.5}, handletextpad=0.5,
        labelspacing=0.55,
    )  # fmt: skip
    return float(legend.get_window_extent().transformed(figure.transFigure.inverted()).y0)


def percent(part: int, whole: int) -> str:
    """A share in whole per cent."""
    return f"{100 * part / whole:.0f} %"


def save_figure(figure: Figure, *paths: Path) -> None:
    """Write a figure as PNG, SVG or PDF, as the suffixes say; without dates or versions in it.

    SVG has letters as outlines, PDF has its fonts inside: both look the same on every machine.
    """
    for path in paths:
        content = io.BytesIO()
        kind = path.suffix.removeprefix(".")
        figure.savefig(content, format=kind, dpi=DPI, metadata=NO_METADATA[kind])
        replace_file(path, content.getvalue())


def printable(text: str) -> str:
    """A name without line breaks, control characters, direction marks or broken characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    spaced = "".join(" " if character.isspace() else character for character in whole)
    return "".join(character for character in spaced if not unicodedata.category(character).startswith("C")).strip()
