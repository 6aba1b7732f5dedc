"""How many reels are enough: the reliability of a profile by the number of its reels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.reliability import ENOUGH, MOST_REELS, value_of
from figures.page import COLOURS, FAINT, draw_note, start_charts


def reliability_figure(rows: Sequence[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw the curve (inside `figures.style`).

    Args:
        rows: of the table of reliability.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    curve = [row for row in rows if row["measure"] == "reliability" and row["value"] is not None]
    figure, (chart,) = start_charts(name, subtitle(rows), synthetic, 1, 1, 3.2)
    if not curve:
        chart.set_axis_off()
        draw_note(chart, "There are too few creators with two embedded reels to measure the error of profiles.")
        return figure
    reels = [row["reels"] for row in curve]
    banded = [row for row in curve if row["ci_low"] is not None]
    chart.fill_between(
        [row["reels"] for row in banded], [row["ci_low"] for row in banded], [row["ci_high"] for row in banded],
        color=COLOURS[0], alpha=0.18, linewidth=0,
    )  # fmt: skip
    chart.plot(reels, [row["value"] for row in curve], "o-", color=COLOURS[0], markersize=4, linewidth=1.4)
    chart.axhline(ENOUGH, color=FAINT, linestyle="--", linewidth=0.9, zorder=0)
    own = curve[0]["n_reels"] / curve[0]["n_creators"]
    if own <= MOST_REELS:
        chart.axvline(own, color=FAINT, linestyle=":", linewidth=1.2, zorder=0)
        chart.text(own + 0.15, 0.03, "this study, on average", fontsize=7.5, color=FAINT, va="bottom")
    chart.set_xlim(0.5, MOST_REELS + 0.5)
    chart.set_ylim(min([0.0, *(row["value"] for row in curve)]), 1.02)
    chart.xaxis.set_major_locator(MaxNLocator(integer=True))
    chart.set_xlabel("reels of a creator")
    chart.set_ylabel("reliability of the profile")
    return figure


def subtitle(rows: Sequence[dict[str, Any]]) -> str:
    """What the curve means, in sentences."""
    icc, needed = value_of(rows, "icc"), value_of(rows, "reels_needed")
    if icc is None:
        return "How well reels show what a creator is like."
    said = (
        f"{_share(icc['value'])} of the variance of reels is between creators (ICC); the rest is error, which the "
        "mean of more reels has less of. "
    )
    if needed is None:
        return said + "Reels of one creator are no more alike than those of two: more reels will not help."
    count = int(needed["value"])
    said += f"{count} reel{'' if count == 1 else 's'} of each creator give{'s' if count == 1 else ''} a reliability of "
    said += f"{ENOUGH:g}. "
    bare, corrected = value_of(rows, "odds_ratio"), value_of(rows, "corrected_odds_ratio")
    if bare and corrected:
        said += (
            f"Error draws the odds ratio of the primary test towards 1: for one standard deviation of similarity "
            f"{bare['value']:.3g}, without error {corrected['value']:.3g}{_interval(corrected)}."
        )
    return said


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _interval(row: dict[str, Any]) -> str:
    return "" if row["ci_low"] is None else f" ({row['ci_low']:.3g} to {row['ci_high']:.3g})"
