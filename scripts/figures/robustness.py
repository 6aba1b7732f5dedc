"""Clusters and verdicts over many runs: agreement between runs, number of clusters, noise, verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.evidence import NOT_TESTABLE
from analysis.robustness import AGREEMENT
from analysis.stability import CREATORS, SEED
from figures.page import COLOURS, FAINT, INK, SMALLEST_TYPE, draw_note, is_narrow, start_charts

ROW_HEIGHT = 0.34
LEFT = 1.45  # inches: room for the names of the variants
BOTTOM = 0.92  # inches: room for the legends below their charts
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
    height = 0.4 + ROW_HEIGHT * len(rows)
    figure, charts = start_charts(
        name, subtitle + (warning or said), synthetic, 1, 4, height, left=LEFT, bottom=BOTTOM,
        gap=BOTTOM / height, narrow_columns=2,
    )  # fmt: skip
    places = np.arange(len(rows))[::-1]
    for chart in charts:
        chart.set_ylim(-0.7, len(rows) - 0.3)
        chart.set_yticks(places, [""] * len(rows))
        chart.tick_params(axis="y", length=0)
    for chart in charts[:: 2 if is_narrow() else 4]:
        _name_variants(chart, rows, places)
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
    _explain_agreement(agreement, kinds, rows, places)
    agreement.set_xlabel("adjusted Rand\nindex", fontsize=8)
    if len(kinds) > 1:
        _legend(agreement, height)
    clusters.set_xlabel("clusters", fontsize=8)
    clusters.set_xlim(-0.5, max([1.0, *(row["clusters_high"] or 0 for row in rows)]) + 0.8)
    clusters.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    noise.set_xlabel("creators in\nno cluster (%)", fontsize=8)
    noise.set_xlim(-4, 104)
    _draw_verdicts(verdicts, rows, places)
    if rows[0]["test"]:
        _legend(verdicts, height)
    if no_clusters:
        draw_note(agreement, "No clusters")
    return figure


def _explain_agreement(
    agreement: Axes, kinds: Sequence[str], rows: Sequence[dict[str, Any]], places: np.ndarray
) -> None:
    """Say why a mark is missing, and name the marks."""
    for row, place in zip(rows, places, strict=True):
        if row["ari_median"] is None and row["without_tenth_median"] is not None:  # nothing here has a seed
            agreement.text(0.98, place + 0.14, "no seed", fontsize=6, color=FAINT, ha="right", va="center")
        elif row["ari_median"] is None:
            agreement.text(0.5, place, NOT_TESTABLE, fontsize=6, color=FAINT, ha="center", va="center")
    for prefix in kinds:
        _, marker, label, _ = KINDS[prefix]
        agreement.plot([], [], marker, color=COLOURS[0], markersize=4, label=label.replace(" of the creators", ""))


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


def _draw_verdicts(chart: Axes, rows: Sequence[dict[str, Any]], places: np.ndarray) -> None:
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
            names = [test for test in tests if row["supported"][row["test"].index(test)] is None]
            said = NOT_TESTABLE if untested == len(tests) else f"{', '.join(names)}: {NOT_TESTABLE}"
            up = place if untested == len(tests) else place - 0.38
            chart.text(50, up, said, fontsize=6, color=INK, ha="center", va="center")
    chart.set_xlim(-6, 106)
    chart.set_xlabel("runs in which the\ntest is supported (%)", fontsize=7 if is_narrow() else 8)


def _name_variants(chart: Axes, rows: Sequence[dict[str, Any]], places: np.ndarray) -> None:
    """Write each variant's name beside its row, and below what it changes."""
    chart.set_yticks(places, [""] * len(rows))
    for row, place in zip(rows, places, strict=True):
        changed = [f"{name.replace('_', ' ')} {value}" for name, value in json.loads(row["settings"] or "{}").items()]
        for text, size, colour, up in (
            (row["variant"].replace("_", " "), 8, INK, 0.17 if changed else 0.0),
            (", ".join(changed), SMALLEST_TYPE, FAINT, -0.2),
        ):
            chart.annotate(
                text, (0, place + up), xycoords=("axes fraction", "data"), xytext=(-6, 0), textcoords="offset points",
                fontsize=size, color=colour, ha="right", va="center",
            )  # fmt: skip


def _legend(chart: Axes, height: float) -> None:
    """What the marks of a chart mean, below it."""
    chart.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.52 / height), fontsize=6.5, handletextpad=0.1, labelspacing=0.2,
        borderaxespad=0.0,
    )  # fmt: skip
