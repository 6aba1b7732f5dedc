"""What the figures share: page, fonts, colours, legend, and files with the same bytes on every run.

A figure is 183 mm wide (two columns of a journal), 300 dpi, with a square map on the left and the legend on the right.
On narrower pages (`figures.width`) the legend stands below the map, and charts below each other; letters keep their
size.
Colours alone never carry a cluster: its number stands on the map, each has a shape, and creators in none are hollow, so
that a print in grey will do.
"""

from __future__ import annotations

import io
import math
import textwrap
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from common.config import FiguresSection
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
WIDTHS = {89: 3.504, 120: 4.724, 183: 7.2}  # of the page, by `figures.width` in mm
WIDE = WIDTHS[183]
MAP_SIDE, MAP_LEFT, MAP_BOTTOM, LEGEND_LEFT = 5.0, 0.24, 0.26, 5.36
SMALLEST_TYPE = 6.0  # points; smaller letters are not printed well
LEGEND_LINE = 0.17  # height of a line of the legend below a narrow map
BADGE = 1.05  # room for the words on synthetic data, right of the title
CHART_LEFT, CHART_BOTTOM = 0.62, 0.64
TITLE_HEIGHT, SUBTITLE_HEIGHT, MARGIN = 0.235, 0.165, 0.1
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
    "svg.fonttype": "none",  # letters stay letters: they can be searched, read aloud and set in a journal's own font
    "svg.hashsalt": "reel-atlas",  # or identifiers are random
}


# What matplotlib would write of its own: time and version.
NO_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


_SETTINGS: ContextVar[FiguresSection] = ContextVar("figures")


@contextmanager
def style(settings: FiguresSection | None = None) -> Iterator[None]:
    """The figures' own settings, whatever a user's matplotlibrc says; everything is drawn and saved inside.

    Args:
        settings: what the study says of its figures.
    """
    token = _SETTINGS.set(settings or FiguresSection())
    try:
        with matplotlib.style.context(["default", STYLE]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # emoji in a study's name become boxes
            yield
    finally:
        _SETTINGS.reset(token)


def page_width() -> float:
    """Width of the page in inches."""
    return WIDTHS[_SETTINGS.get(FiguresSection()).width]


def is_narrow() -> bool:
    """Whether there is no room for things side by side."""
    return page_width() < WIDE


def cluster_colour(cluster: int) -> str:
    """Colour of a cluster; grey for noise."""
    return NOISE_COLOUR if cluster < 0 else COLOURS[cluster % len(COLOURS)]


def cluster_shape(cluster: int) -> str:
    """Marker of a cluster: another for the next one; no two of the first 80 have both colour and shape in common."""
    period = math.lcm(len(COLOURS), len(SHAPES))
    return SHAPES[0] if cluster < 0 else SHAPES[(cluster + cluster // period) % len(SHAPES)]


def start_figure(
    name: str, subtitle: str, method: str, synthetic: bool, legend_lines: int = 0, whole: bool = False
) -> tuple[Figure, Axes]:
    """A page with title, subtitle and an empty map from 0 to 1 on both axes.

    Args:
        name: the study's name, as somebody typed it.
        subtitle: what is shown; wrapped.
        method: what the axes are, e.g. "UMAP".
        synthetic: say on the page that the data are synthetic.
        legend_lines: for which there is room below the map of a narrow page.
        whole: the map takes the whole width of the page, as it needs no legend.
    """
    width = page_width()
    across, up = map_size(whole)
    below = MAP_BOTTOM + (LEGEND_LINE * legend_lines if is_narrow() else 0.0)
    figure = _start_page(name, subtitle, synthetic, below + up)
    height = figure.get_figheight()
    box = (MAP_LEFT / width, below / height, across / width, up / height)
    axes = figure.add_axes(box, xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=[], yticks=[])
    axes.set_xlabel(f"{method} 1", fontsize=8, labelpad=3)
    axes.set_ylabel(f"{method} 2", fontsize=8, labelpad=3)
    return figure, axes


def map_size(whole: bool = False) -> tuple[float, float]:
    """Width and height of the map in inches; `whole`: it takes the whole width of the page."""
    across = page_width() - MAP_LEFT - MARGIN
    if not (whole or is_narrow()):
        return MAP_SIDE, MAP_SIDE
    return across, min(1.5 * across, MAP_SIDE) if whole else across


def start_charts(
    name: str,
    subtitle: str,
    synthetic: bool,
    rows: int,
    columns: int,
    height: float,
    left: float = CHART_LEFT,
    bottom: float = CHART_BOTTOM,
    gap: float = 0.5,
    narrow_columns: int = 1,
) -> tuple[Figure, list[Axes]]:
    """A page with title, subtitle and a grid of empty charts, row by row.

    Args:
        name: the study's name, as somebody typed it.
        subtitle: what is shown; wrapped.
        synthetic: say on the page that the data are synthetic.
        rows: of the grid.
        columns: of the grid; on a narrow page, charts stand below each other.
        height: of all charts together, in inches; on a narrow page, of those of a column.
        left: of the charts, in inches: room for the labels of the vertical axis.
        bottom: below the charts, in inches.
        gap: between charts below each other, as a share of their height.
        narrow_columns: of the grid on a narrow page.
    """
    width = page_width()
    if is_narrow() and columns > narrow_columns:
        times = columns // narrow_columns
        height, rows, columns = times * height + (times - 1) * bottom, rows * times, narrow_columns
    figure = _start_page(name, subtitle, synthetic, bottom + height)
    page = figure.get_figheight()
    grid = figure.add_gridspec(
        rows, columns, left=left / width, right=1 - 0.12 / width, bottom=bottom / page,
        top=(bottom + height) / page, wspace=0.34, hspace=gap,
    )  # fmt: skip
    charts = [figure.add_subplot(grid[row, column]) for row in range(rows) for column in range(columns)]
    for chart in charts:
        chart.spines[["top", "right"]].set_visible(False)
        chart.tick_params(labelsize=7.5, color="#BBBBBB")
    return figure, charts


def _start_page(name: str, subtitle: str, synthetic: bool, below: float) -> Figure:
    """A page with title and subtitle, where they are wanted, above an area of this height in inches.

    The subtitle is the figure's label, too: the caption of a figure without titles.
    """
    width, titled = page_width(), _SETTINGS.get(FiguresSection()).titles
    caption = f"Synthetic data. {subtitle}" if synthetic else subtitle
    room = width - MAP_LEFT - MARGIN - (BADGE if synthetic else 0)
    letters = round(TITLE_LINE * room / (WIDE - MAP_LEFT - MARGIN))
    title = textwrap.wrap(printable(name), letters, max_lines=TITLE_LINES, placeholder=" …") or ["study"]
    said = textwrap.wrap(caption, round(SUBTITLE_LINE * width / WIDE))
    title_bottom = below + MARGIN + SUBTITLE_HEIGHT * len(said) + 0.04
    height = title_bottom + TITLE_HEIGHT * len(title) + MARGIN
    if not titled:
        height = below + MARGIN + (TITLE_HEIGHT + 0.5 * MARGIN if synthetic else 0)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", label=" ".join(caption.split()))
    FigureCanvasAgg(figure)
    if synthetic:
        figure.text(
            1 - 1.5 * MARGIN / width, 1 - (0.5 * TITLE_HEIGHT + MARGIN) / height, "synthetic data", fontsize=8,
            color=FAINT, ha="right", va="center", bbox=NOTE_BOX | {"boxstyle": "round,pad=0.3"},
        )  # fmt: skip
    if not titled:
        return figure
    left = MAP_LEFT / width
    heading = figure.text(
        left, title_bottom / height, "\n".join(title), fontsize=12, fontweight="bold", va="bottom", linespacing=1.15
    )
    too_wide = heading.get_window_extent().width / (DPI * room)
    if too_wide > 1:  # wide letters
        heading.set_fontsize(12 / too_wide)
    figure.text(left, (below + 0.07) / height, "\n".join(said), fontsize=8.5, va="bottom", linespacing=1.25)
    return figure


def draw_note(axes: Axes, text: str) -> None:
    """Words in the middle of an empty map."""
    wrapped = "\n".join(textwrap.wrap(text, round(52 * page_width() / WIDE)))
    axes.text(0.5, 0.5, wrapped, fontsize=10, ha="center", va="center", transform=axes.transAxes, bbox=NOTE_BOX)


def draw_side_note(figure: Figure, text: str, top: float) -> None:
    """Words in a box in the legend's column, below a height in shares of the page; on a narrow page, on the map."""
    if is_narrow():
        draw_note(figure.axes[0], text)
        return
    wrapped = "\n".join(textwrap.wrap(text, 26))
    figure.text(LEGEND_LEFT / WIDE + 0.012, top - 0.012, wrapped, fontsize=8.5, va="top", bbox=NOTE_BOX)


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


def percent(part: int, whole: int) -> str:
    """A share in whole per cent."""
    return f"{100 * part / whole:.0f} %"


def save_figure(figure: Figure, *paths: Path) -> None:
    """Write a figure as PNG, SVG or PDF, as the suffixes say, without dates or versions in it; as .txt its caption.

    Letters stay letters in SVG and PDF. The PDF has its fonts inside; the SVG names its font.
    """
    for path in paths:
        if path.suffix == ".txt":
            replace_file(path, f"{figure.get_label()}\n".encode())
            continue
        content = io.BytesIO()
        kind = path.suffix.removeprefix(".")
        figure.savefig(content, format=kind, dpi=DPI, metadata=NO_METADATA[kind])
        replace_file(path, content.getvalue())


def printable(text: str) -> str:
    """A name without line breaks, control characters, direction marks or broken characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    spaced = "".join(" " if character.isspace() else character for character in whole)
    return "".join(character for character in spaced if not unicodedata.category(character).startswith("C")).strip()
