"""Clusters and verdicts over many runs: agreement between runs, number of clusters, noise, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.evidence import NOT_TESTABLE
from analysis.robustness import AGREEMENT
from analysis.stability import CREATORS, SEED
from figures.page import COLOURS, FAINT, INK, draw_note, start_charts

ROW_HEIGHT = 0.34
# Of the agreement between runs of each kind: how much above its row it is drawn, its marker, and its name.
KINDS = {
    AGREEMENT[SEED]: (0.14, "o", "with other seeds", "circles"),
    AGREEMENT[CREATORS]: (-0.14, "D", "without a tenth of the creators", "diamonds"),
}
MARKERS = ("o", "s", "^", "D")


def robustness_figure(
    rows: Sequence[dict[str, Any]],
    min_stability: float,
    warning: str | None,
    name: str,
    synthetic: bool,
    untested: str | None = None,
) -> Figure:
    """Draw the runs, one line for each variant (inside `figures.style`).

    Args:
        rows: of the table of robustness, the study's own settings first.
        min_stability: below it, clusters are called unstable.
        warning: what is said where they are.
        name: the study's.
        synthetic: say that the data are synthetic.
        untested: why there are no runs; None where there are.
    """
    if untested:
        figure, (chart,) = start_charts(name, "Clusters with other seeds and settings.", synthetic, 1, 1, 1.6)
        chart.set_axis_off()
        draw_note(chart, f"Whether clusters are stable is {NOT_TESTABLE}: {untested}.")
        return figure
    kinds = [prefix for prefix in AGREEMENT.values() if any(row[f"{prefix}_median"] is not None for row in rows)]
    words = [f"{KINDS[prefix][2]} ({KINDS[prefix][3]})" for prefix in kinds]
    subtitle = f"{sum(row['n_runs'] for row in rows):,} runs: {' and '.join(words)}. " if words else ""
    subtitle += "Mark: median; thick line: middle half; thin line: 90 % of the pairs of runs, or all runs. "
    no_clusters = not kinds
    said = "No run found two clusters: there is nothing to compare." if no_clusters else ""
    figure, charts = start_charts(
        name, subtitle + (warning or said), synthetic, 1, 4, 0.6 + ROW_HEIGHT * len(rows), left=1.45
    )
    places = np.arange(len(rows))[::-1]
    for chart in charts:
        chart.set_ylim(-0.7, len(rows) - 0.3)
        chart.set_yticks(places, [""] * len(rows))
        chart.tick_params(axis="y", length=0)
    charts[0].set_yticks(places, [row["variant"].replace("_", " ") for row in rows], fontsize=8, color=INK)
    agreement, clusters, noise, verdicts = charts
    for row, place in zip(rows, places, strict=True):
        for prefix in kinds:
            shift, marker, *_ = KINDS[prefix]
            up = place + (shift if len(kinds) > 1 else 0.0)
            _line(agreement, up, row, prefix, ("low", "high"), ("lower", "upper"), marker)
        _line(clusters, place, row, "clusters", ("low", "high"))
        _line(noise, place, {key: _percent(value) for key, value in row.items()}, "noise", ("low", "high"))
    agreement.axvline(min_stability, color=FAINT, linestyle="--", linewidth=0.9, zorder=0)
    lowest = [low for row in rows for prefix in kinds if (low := row[f"{prefix}_low"]) is not None]
    agreement.set_xlim(min([-0.05, *lowest]), 1.05)
    agreement.set_xlabel("adjusted Rand\nindex", fontsize=8)
    clusters.set_xlabel("clusters", fontsize=8)
    clusters.set_xlim(-0.5, max([1.0, *(row["clusters_high"] or 0 for row in rows)]) + 0.8)
    clusters.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    noise.set_xlabel("creators in\nno cluster (%)", fontsize=8)
    noise.set_xlim(-4, 104)
    _draw_verdicts(figure, verdicts, rows, places)
    if no_clusters:
        draw_note(agreement, "No clusters")
    return figure


def _percent(value: Any) -> Any:
    return 100 * value if isinstance(value, float) else value


def _line(
    chart: Axes,
    place: float,
    row: dict[str, Any],
    prefix: str,
    outer: tuple[str, str],
    inner: tuple[str, str] | None = None,
    marker: str = "o",
) -> None:
    if row[f"{prefix}_median"] is None:
        return
    for ends, width in ((outer, 1.0), (inner, 3.2)):
        if ends:
            chart.plot([row[f"{prefix}_{end}"] for end in ends], [place] * 2, color=COLOURS[0], linewidth=width)
    chart.plot(
        row[f"{prefix}_median"], place, marker, color=COLOURS[0], markersize=5.5, markeredgecolor="white",
        markeredgewidth=0.6,
    )  # fmt: skip


def _draw_verdicts(figure: Figure, chart: Axes, rows: Sequence[dict[str, Any]], places: np.ndarray) -> None:
    tests = rows[0]["test"]
    for number, test in enumerate(tests):
        shift = (len(tests) - 1) / 2 - number
        for row, place in zip(rows, places, strict=True):
            share = row["supported"][row["test"].index(test)]
            across, up = ([], []) if share is None else ([100 * share], [place + 0.17 * shift])
            chart.plot(
                across, up, MARKERS[number % len(MARKERS)], markersize=4,
                color=COLOURS[number % len(COLOURS)], label=test if row is rows[0] else None,
            )  # fmt: skip
    for row, place in zip(rows, places, strict=True):
        untested = sum(share is None for share in row["supported"])
        if untested:
            said = "not testable" if untested == len(tests) else f"{untested} of {len(tests)} tests not testable"
            chart.text(50, place - 0.42, said, fontsize=6, color=FAINT, ha="center", va="center")
    chart.set_xlim(-6, 106)
    chart.set_xlabel("runs in which the test\nis supported (%)", fontsize=8)
    if tests:
        handles, labels = chart.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(0.01, 0.01), fontsize=6.5, ncols=2, handletextpad=0.1,
            columnspacing=0.6, borderaxespad=0.1,
        )  # fmt: skip
