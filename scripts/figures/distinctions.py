"""What distinguishes the clusters: the size of each difference, and which cluster is how."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.distinctions import DIFFERENT
from analysis.evidence import NOT_TESTABLE
from figures.page import CHART_BOTTOM, COLOURS, INK, SMALLEST_TYPE, draw_note, is_narrow, page_width, start_charts

SHOWN = {"measures": 20, "creators": 8}  # columns at most, those with the largest effects
ROW_HEIGHT = 0.21  # inches
MOST_CLUSTERS = 16
LETTERS = 30  # of a column's name
LOOK = {"measures": (COLOURS[0], "o"), "creators": (COLOURS[4], "D")}
MEANING = {"measures": "measure", "creators": "column of the creators file"}
STRONG = 5.0  # differences in sd, from which on the colour is full
LETTER, FEWEST_LETTERS = 0.055, 4  # inches: mean width of a letter in a cell; letters of a number
DARK = 0.55  # share of it, from which on letters are white


def distinctions_figure(rows: list[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw effects with intervals, and beside them each cluster's difference (inside `figures.style`).

    Args:
        rows: of the table of distinctions.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    whole = [row for row in rows if row["cluster"] is None]
    tested = sorted((row for row in whole if row["verdict"] != NOT_TESTABLE), key=lambda row: -row["value"])
    different = sum(row["verdict"] == DIFFERENT for row in tested)
    first, second = ("Above", "Below") if is_narrow() else ("Left", "Right")
    subtitle = (
        f"Clusters differ in {different} of the {len(tested)} measures and columns that could be tested (filled dots; "
        f"p values adjusted, Holm). {first}: omega squared, the share of the variance between creators that goes with "
        "the clusters; of categories Cramer's V; bars: intervals from resampled creators. "
        f"{second}: each cluster against all others, in standard deviations; of categories the one that it has more "
        "often."
    )
    if any(row["circular"] for row in tested):
        subtitle += " The clusters were made of descriptions that are the measures in words: no measure is a finding."
    shown = [row for source, most in SHOWN.items() for row in _of(tested, source)[: most // 2 if is_narrow() else most]]
    shown.sort(key=lambda row: -row["value"])
    height = max(ROW_HEIGHT * len(shown), 1.6)
    figure, charts = start_charts(
        name, subtitle, synthetic, 1, 2 if shown else 1, height, left=2.05, gap=CHART_BOTTOM / height
    )
    if not shown:
        draw_note(charts[0], "No measure and no column could be tested: distinctions.parquet says why.")
        return figure
    _draw_effects(charts[0], shown)
    _draw_clusters(charts[1], shown, [row for row in rows if row["cluster"] is not None])
    return figure


def _draw_effects(chart: Axes, shown: list[dict[str, Any]]) -> None:
    for place, row in enumerate(shown):
        colour, shape = LOOK[row["source"]]
        ends = [max(row["ci_low"], -0.05), max(row["ci_high"], -0.05)]
        chart.plot(ends, [place, place], color=colour, linewidth=1.2, solid_capstyle="butt")
        filled = colour if row["verdict"] == DIFFERENT else "white"
        chart.plot(max(row["value"], -0.05), place, shape, color=colour, markerfacecolor=filled, markersize=4.5)
    for source in dict.fromkeys(row["source"] for row in shown):
        colour, shape = LOOK[source]
        chart.plot([], [], shape, color=colour, markersize=4.5, label=MEANING[source])
    chart.set_yticks(range(len(shown)), [_name(row) for row in shown], fontsize=7.5, color=INK)
    chart.set_ylim(len(shown) - 0.5, -0.5)
    chart.axvline(0, color="#BBBBBB", linewidth=0.6)
    chart.set_xlim(-0.06, 1.02)
    chart.set_xlabel("effect")
    chart.legend(loc="upper right", bbox_to_anchor=(-0.04, 0), fontsize=7)


def _draw_clusters(chart: Axes, shown: list[dict[str, Any]], single: list[dict[str, Any]]) -> None:
    """Differences in sd; of categories the one that the cluster has most beyond the others."""
    clusters = sorted({row["cluster"] for row in single})[:MOST_CLUSTERS]
    own = defaultdict[tuple[str, str, int], list[dict[str, Any]]](list)
    for row in single:
        own[row["source"], row["column"], row["cluster"]].append(row)
    grid = np.zeros((len(shown), len(clusters)))
    # A cell that is narrower than its number in the smallest type shows the colour alone; the table has all numbers.
    cell = chart.get_position().width * page_width() / len(clusters)
    letters = int(cell / LETTER) - 1
    for place, row in enumerate(shown):
        for column, cluster in enumerate(clusters):
            found = own[row["source"], row["column"], cluster]
            most = max(found, key=lambda one: one["value"], default=None)
            if most is None:
                continue
            if row["kind"] == "number":
                grid[place, column] = most["value"]
            said = (
                f"{round(most['value'], 1) or 0:+.1f}" if row["kind"] == "number" else _short(most["category"], letters)
            )
            white = abs(grid[place, column]) > DARK * STRONG
            if letters >= FEWEST_LETTERS:
                colour = "white" if white else INK
                chart.text(column, place, said, fontsize=SMALLEST_TYPE, ha="center", va="center", color=colour)
    chart.imshow(grid, cmap="PuOr_r", vmin=-STRONG, vmax=STRONG, aspect="auto")
    chart.set_xticks(range(len(clusters)), [str(cluster) for cluster in clusters])
    if is_narrow():
        chart.set_yticks(range(len(shown)), [_name(row) for row in shown], fontsize=7.5, color=INK)
    else:
        chart.set_yticks([])
    chart.set_xlabel("cluster")
    chart.spines[["left", "bottom"]].set_visible(False)


def _of(rows: list[dict[str, Any]], source: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["source"] == source]


def _name(row: dict[str, Any]) -> str:
    return _short(row["column"].replace("_", " ") + (" (V)" if row["kind"] == "category" else ""))


def _short(text: str, letters: int = LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
