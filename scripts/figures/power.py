"""Power against homophily, one chart per cohort size."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from figures.page import COLOURS, FAINT, draw_note, is_narrow, start_charts

COLUMNS, HEIGHT = 3, 2.5
# Tests lie on each other where all find everything: lines differ in more than colour, marks stand side by side.
LOOKS = {"H1-label": ("s", ":"), "H1-degree": ("o", "-"), "dyadic": ("^", "--")}
APART = 0.015  # of the width of a chart
ROOM_FOR_TITLE = 118  # per cent; the chart's title stands inside, as the page's subtitle is right above


def power_figure(rows: list[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw the table of power (inside `figures.style`).

    Args:
        rows: of the table.
        name: the study's.
        synthetic: the study itself is synthetic.
    """
    if not rows:
        figure, (chart,) = start_charts(name, "Power of the tests of the network.", synthetic, 1, 1, HEIGHT)
        draw_note(chart, "There are no follows between creators of the cohort: nothing was simulated.")
        return figure
    sizes = sorted({row["creators"] for row in rows})
    strengths = sorted({row["homophily"] for row in rows})
    tests = [test for test in LOOKS if any(row["test"] == test for row in rows)]
    first = rows[0]
    subtitle = (
        "How often each test finds a homophily in simulated cohorts like this study's: "
        f"{first['clusters']} communities, skews of popularity and activity as measured "
        f"({first['popularity_skew']:.2f}, {first['activity_skew']:.2f}), vocabularies {first['separation']:g} apart. "
        f"{_cohorts(rows)} cohorts per point; bars: exact 95 % binomial intervals; "
        f"dotted line: {100 * first['alpha']:g} %, what chance gives."
    )
    columns = min(COLUMNS, len(sizes))
    lines = math.ceil(len(sizes) / columns)
    gap = 0.3 if is_narrow() else 0.5
    figure, charts = start_charts(
        name, subtitle, synthetic, lines, columns, HEIGHT * lines + 0.5 * (lines - 1), gap=gap
    )
    for chart in charts[len(sizes) :]:
        chart.remove()
    step = (strengths[-1] / strengths[0]) ** APART
    for place, (size, chart) in enumerate(zip(sizes, charts, strict=False)):
        own = [row for row in rows if row["creators"] == size and row["power"] is not None]
        untested = [test for test in tests if own and not any(row["test"] == test for row in own)]
        chart.axhline(100 * first["alpha"], color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)))
        for number, test in enumerate(tests):
            mark, dashes = LOOKS[test]
            shown = sorted((row for row in own if row["test"] == test), key=lambda row: row["homophily"])
            across = [row["homophily"] * step ** (number - (len(tests) - 1) / 2) for row in shown]
            for where, row in zip(across, shown, strict=True):
                chart.plot([where] * 2, [100 * row["ci_low"], 100 * row["ci_high"]], color=COLOURS[number], linewidth=1)
            chart.plot(
                across, [100 * row["power"] for row in shown], marker=mark, linestyle=dashes, color=COLOURS[number],
                linewidth=1.2, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5, label=test,
            )  # fmt: skip
        degrees = {round(row["mean_degree"], 1) for row in own}
        follows = f", {degrees.pop():g} follows each" if degrees else ": not testable"
        title = f"{size:,} creators{follows}" + (f"\n{', '.join(untested)}: not testable" if untested else "")
        chart.text(0.5, 0.97, title, ha="center", va="top", fontsize=7.8, transform=chart.transAxes)
        chart.set_ylim(-3, ROOM_FOR_TITLE)
        chart.set_yticks(range(0, 101, 20))
        chart.set_xscale("log")
        chart.set_xticks(strengths, [f"{strength:g}" for strength in strengths])
        chart.set_xticks([], minor=True)
        chart.set_xlabel("homophily (odds ratio)")
        if place % columns == 0 or is_narrow():
            chart.set_ylabel("cohorts in which it is found (%)")
    # Below the charts, where no curve can run into it.
    handles, labels = charts[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower right", bbox_to_anchor=(0.99, 0.0), ncols=len(labels), fontsize=7.5)
    return figure


def _cohorts(rows: list[dict[str, Any]]) -> str:
    """How many cohorts the points are of: those in which a test could be made."""
    numbers = [row["cohorts"] for row in rows if row["cohorts"]] or [0]
    fewest, most = min(numbers), max(numbers)
    return f"{most}" if fewest == most else f"{fewest} to {most}"
