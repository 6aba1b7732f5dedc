"""The probability of following against similarity, beside what activity, popularity and reciprocity alone give."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from figures.page import COLOURS, FAINT, draw_note, is_narrow, start_charts

EXPECTED = "expected from activity, popularity and returned follows"


def similarity_figure(rows: list[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw the curve (inside `figures.style`).

    Args:
        rows: of the table of similarity, by rising similarity.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    pairs, follows = (sum(row[column] for row in rows) for column in ("n_pairs", "n_follows"))
    subtitle = f"{follows:,} of {pairs:,} pairs of creators follow, by the cosine similarity of their profiles. "
    subtitle += "Bars: intervals from resampled creators; each dot has about equally many pairs."
    figure, (chart,) = start_charts(name, subtitle if rows else "No pair is known.", synthetic, 1, 1, 3.6)
    chart.set_xlabel("cosine similarity of profiles")
    chart.set_ylabel("share of pairs that follow (%)")
    if not rows:
        chart.set_axis_off()
        draw_note(chart, "There are too few creators with a profile to show how following goes with similarity.")
        return figure
    places = [row["similarity_mean"] for row in rows]
    for row in rows:
        if row["ci_low"] is not None:
            ends = [100 * row["ci_low"], 100 * row["ci_high"]]
            chart.plot([row["similarity_mean"]] * 2, ends, color=COLOURS[0], linewidth=1.2)
    chart.plot(
        places, [100 * row["share"] for row in rows], "o", color=COLOURS[0], markersize=5, markeredgecolor="white",
        markeredgewidth=0.5, label="observed",
    )  # fmt: skip
    known = [(row["similarity_mean"], 100 * row["expected"]) for row in rows if row["expected"] is not None]
    if known:
        chart.plot(
            *zip(*known, strict=True), linestyle="--", color=FAINT, linewidth=1.2,
            label=EXPECTED.replace(", ", ",\n").replace(" and", "\nand") if is_narrow() else EXPECTED,
        )  # fmt: skip
    chart.set_ylim(bottom=0)
    chart.legend(loc="upper left", fontsize=8)
    return figure
