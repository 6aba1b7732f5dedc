"""The mixing matrix: how many follows lead from each cluster to each, beside how many chance gives."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from analysis.mixing_matrix import MixingMatrix
from figures.page import (
    CHART_BOTTOM,
    INK,
    SMALLEST_TYPE,
    draw_note,
    is_narrow,
    page_width,
    percent,
    printable,
    start_charts,
)

# Inches.
LEFT, NARROW_LEFT, NAMELESS_LEFT = 2.3, 1.25, 0.5  # room for names
RIGHT = 0.6  # for the scale
HIGHEST = 4.4  # of the matrix
NAMED = 0.26  # the smallest row that has a name
CELL, WIDE_CELL = 0.4, 0.52  # the smallest cell with both numbers, and with larger ones
SMALLEST_CELL = 0.22  # with the ratio alone
STRONGEST = 3.0  # doublings from which on the colour is full
LETTERS, NARROW_LETTERS = 34, 18  # of a name in a line
DARK = 0.6  # of the strongest, from which on letters are white
FEW = 5.0  # expected follows below which a ratio says little


def mixing_figure(found: MixingMatrix, names: Mapping[int, str], name: str, synthetic: bool) -> Figure:
    """Draw the matrix (inside `figures.style`).

    Args:
        found: of k clusters.
        names: of the clusters.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    clusters, follows = len(found.observed), int(found.observed.sum())
    inside = int(np.trace(found.observed))
    if clusters < 2 or not follows:
        figure, (chart,) = start_charts(name, "Follows between the clusters.", synthetic, 1, 1, 1.6)
        chart.set_axis_off()
        draw_note(chart, "There are fewer than two clusters." if clusters < 2 else "There are no follows in clusters.")
        return figure
    subtitle = (
        f"{follows:,} follows between creators in clusters, {percent(inside, follows)} of them inside one. Each row "
        "follows the columns: the number of follows, and how many times as many these are as creators' activity and "
        f"popularity alone would give. In brackets: fewer than {FEW:.0f} expected."
    )
    left = NARROW_LEFT if is_narrow() else LEFT
    side = min(page_width() - left - RIGHT, HIGHEST)
    named = side / clusters >= NAMED
    if not named:
        left, side = NAMELESS_LEFT, min(page_width() - NAMELESS_LEFT - RIGHT, HIGHEST)
    figure, (chart,) = start_charts(name, subtitle, synthetic, 1, 1, side, left=left)
    page, width = figure.get_figheight(), page_width()
    chart.set_position((left / width, CHART_BOTTOM / page, side / width, side / page))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = found.observed / found.expected
        doublings = np.clip(np.log2(ratios), -STRONGEST, STRONGEST)
    norm = TwoSlopeNorm(0, -STRONGEST, STRONGEST)
    picture = chart.imshow(np.ma.masked_invalid(doublings), cmap="PuOr_r", norm=norm, aspect="auto")
    _write_numbers(chart, found, ratios, doublings, side / clusters)
    letters = NARROW_LETTERS if is_narrow() else LETTERS
    called = [f"{cluster}  {printable(names.get(cluster, '')) if named else ''}".strip() for cluster in range(clusters)]
    chart.set_yticks(range(clusters), [_two_lines(one, letters) for one in called], fontsize=7.5, color=INK)
    chart.set_xticks(range(clusters), [str(cluster) for cluster in range(clusters)], color=INK)
    chart.set_xlabel("is followed")
    chart.set_ylabel("follows")
    chart.spines[:].set_visible(False)
    chart.tick_params(length=0)
    scale = figure.add_axes(((left + side + 0.12) / width, CHART_BOTTOM / page, 0.1 / width, side / page))
    bar = figure.colorbar(picture, cax=scale)
    bar.set_ticks([-3, -2, -1, 0, 1, 2, 3], labels=["≤ ⅛", "¼", "½", "1", "2", "4", "≥ 8"])
    bar.ax.tick_params(labelsize=7, length=0, labelcolor=INK)
    bar.outline.set_visible(False)
    return figure


def _write_numbers(chart: Axes, found: MixingMatrix, ratios: np.ndarray, doublings: np.ndarray, cell: float) -> None:
    """The follows and the ratio in each cell that has room; bold, or a plus, where there are more than expected."""
    for (row, column), follows in np.ndenumerate(found.observed):
        ratio = f"× {ratios[row, column]:.2g}" if np.isfinite(ratios[row, column]) else "–"
        said = f"({ratio})" if found.expected[row, column] < FEW else ratio
        dark = abs(doublings[row, column]) > DARK * STRONGEST
        more = ratios[row, column] > 1  # in grey, both ends of the colours are dark
        shown = f"{int(follows):,}\n{said}" if cell >= CELL else said.replace("× ", "")
        if cell < SMALLEST_CELL:
            shown = "+" if more else ""
        chart.text(
            column, row, shown, ha="center", va="center", color="white" if dark else INK,
            fontsize=7.5 if cell >= WIDE_CELL else SMALLEST_TYPE, fontweight="bold" if more else "normal",
        )  # fmt: skip


def _two_lines(text: str, letters: int) -> str:
    return "\n".join(textwrap.wrap(text, letters, max_lines=2, placeholder=" …"))
