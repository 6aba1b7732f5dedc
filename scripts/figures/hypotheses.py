"""Each test's observed statistic beside its distribution under the null."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.evidence import NOT_TESTABLE
from figures.page import COLOURS, FAINT, INK, is_narrow, page_width, start_charts

OBSERVED, NULL = COLOURS[4], "#B8C4CE"
ROW_HEIGHT, NARROW_ROW, COLUMNS = 1.5, 1.35, 2  # inches; columns
GAP = 0.62  # between rows, as a share of a chart
LINE = 0.14  # inches
WHAT = {
    "H1-label": "share of follows inside clusters, labels shuffled",
    "H1-degree": "share of follows inside clusters, follows rewired",
    "dyadic": "score of similarity, similarities permuted",
    "H1-dyadic": "score of the shared cluster, creators permuted",
    "clusters-exist": "stability times share in clusters, rotated cohorts",
    "H2": "rank correlation of membership and distance, rotated cohorts",
    "H3": "rank correlation of membership and separation, rotated cohorts",
}


def hypotheses_figure(results: list[dict[str, Any]], nulls: list[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw a chart for each test that was made against draws (inside `figures.style`).

    Args:
        results: of hypotheses.json.
        nulls: rows of the table of nulls.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    drawn = [result for result in results if any(row["id"] == result["id"] for row in nulls)]
    subtitle = (
        "Grey: the statistic under the null. Line: observed. p values are one-sided; in brackets, adjusted (Holm)."
    )
    if not drawn:
        subtitle = "No test could be made against a null."
    untested = [result["id"] for result in results if result["verdict"] == NOT_TESTABLE and result not in drawn]
    if drawn and untested:
        subtitle += f" Not testable: {', '.join(untested)} (hypotheses.md says why)."
    if not drawn:
        return _reasons(results, name, subtitle, synthetic)
    columns = COLUMNS if len(drawn) > 1 and not is_narrow() else 1
    rows = -(-len(drawn) // columns)
    height = (NARROW_ROW if is_narrow() else ROW_HEIGHT) * rows
    figure, charts = start_charts(name, subtitle, synthetic, rows, columns, height, left=0.3, gap=GAP)
    for chart, result in zip(charts, drawn, strict=False):
        _draw(chart, result, [row for row in nulls if row["id"] == result["id"]])
    for chart in charts[len(drawn) :]:
        chart.remove()
    return figure


def _reasons(results: list[dict[str, Any]], name: str, subtitle: str, synthetic: bool) -> Figure:
    """A line for each test that says why it could not be made."""
    letters = round(14 * page_width())
    lines = [
        textwrap.wrap(
            f"{result['id']}: {result['verdict']}" + (f", {why}" if (why := result["reason"]) else ""), letters
        )
        for result in results
    ]
    height = 0.2 + sum(LINE * len(line) + LINE / 2 for line in lines)
    figure, (chart,) = start_charts(name, subtitle, synthetic, 1, 1, height, left=0.3)
    chart.set_axis_off()
    y = height - 0.1
    for line in lines:
        chart.text(0, y / height, "\n".join(line), fontsize=8, va="top", transform=chart.transAxes)
        y -= LINE * len(line) + LINE / 2
    return figure


def _draw(chart: Axes, result: dict[str, Any], bins: list[dict[str, Any]]) -> None:
    edges = [bins[0]["statistic_low"], *(row["statistic_high"] for row in bins)]
    counts = [row["n_draws"] for row in bins]
    chart.stairs(counts, edges, fill=True, color=NULL)
    chart.axvline(result["observed"], color=OBSERVED, linewidth=1.8, ymax=0.78)
    chart.set_ylim(0, max(counts) * 1.5)
    chart.set_yticks([])
    chart.spines["left"].set_visible(False)
    low, high = min(edges[0], result["observed"]), max(edges[-1], result["observed"])
    room = 0.06 * (high - low)
    chart.set_xlim(low - room, high + room)
    chart.xaxis.set_major_locator(MaxNLocator(nbins=6))
    chart.set_xlabel("\n".join(textwrap.wrap(WHAT.get(result["id"], result["statistic"]), 52)), fontsize=7.5)
    if result["p_value"] is None or result["verdict"] == NOT_TESTABLE:
        said = NOT_TESTABLE
    else:
        adjusted = "" if result["p_adjusted"] is None else f" [{p_words(result['p_adjusted'])}]"
        least = 1 / (result["n_draws"] + 1)
        # No draw reached the observed value: more draws could give a smaller p.
        sign = "≤" if result["p_value"] <= least * 1.001 else "="
        said = f"p {sign} {p_words(result['p_value'])}{adjusted}, {result['verdict']}"
    at: dict[str, Any] = {"transform": chart.transAxes, "va": "top"}
    chart.text(0, 1.0, result["id"], fontsize=8.5, fontweight="bold", color=INK, **at)
    chart.text(1, 1.0, said, fontsize=7.5, color=FAINT, ha="right", **at)


def p_words(p_value: float) -> str:
    """A p value with two digits that matter."""
    return f"{p_value:.2g}" if p_value < 0.1 else f"{p_value:.2f}"
