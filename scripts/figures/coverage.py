"""What became of every reel in every stage."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.figure import Figure

from common.stages import pipeline_order
from figures.page import COLOURS, FAINT, INK, draw_note, is_narrow, start_charts

# Light enough to tell from each other in grey, too.
LOOK = {"ok": COLOURS[0], "skipped": "#BFD3E3", "failed": COLOURS[4]}
MEANING = {"ok": "made", "skipped": "skipped, with a reason", "failed": "failed"}
BAR_HEIGHT = 0.26  # inches
REASONS = 3  # that are named beside a bar
LETTERS = 42  # of reasons in a line
LEFT = 1.25  # inches: room for the names of stages


def coverage_figure(rows: list[dict[str, Any]], name: str, synthetic: bool) -> Figure:
    """Draw a bar for each stage (inside `figures.style`).

    Args:
        rows: of the table of coverage.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    stages = sorted({row["stage"] for row in rows}, key=pipeline_order)
    total = max((sum(row["reels"] for row in rows if row["stage"] == stage) for stage in stages), default=0)
    failed = sum(row["reels"] for row in rows if row["state"] == "failed")
    subtitle = f"What became of {total:,} reels in each stage; beside the bars, the most frequent reasons. "
    creators = sum(row["creators"] for row in rows if (row["stage"], row["state"]) == ("creators", "failed"))
    lost = [f"{failed:,} results failed"] * bool(failed) + [f"{creators:,} creators could not be had"] * bool(creators)
    subtitle += f"{'; '.join(lost) or 'Nothing failed'}."
    height = BAR_HEIGHT * 1.5 * max(len(stages), 3) + 0.3
    figure, (chart,) = start_charts(name, subtitle, synthetic, 1, 1, height, left=LEFT)
    if not total:
        draw_note(chart, "The study has no reels.")
        return figure
    for place, stage in enumerate(stages):
        left = 0
        for state, colour in LOOK.items():
            reels = sum(row["reels"] for row in rows if (row["stage"], row["state"]) == (stage, state))
            chart.barh(place, reels, 0.66, left, color=colour, edgecolor="white", linewidth=0.5)
            left += reels
        if is_narrow():  # each reason in a line of its own
            said = reasons(rows, stage, 2).replace(", ", "\n")
        else:
            said = "\n".join(textwrap.wrap(reasons(rows, stage), LETTERS))
        chart.text(1.02 * total, place, said, fontsize=7, color=FAINT, va="center", linespacing=1.05)
    chart.set_yticks(range(len(stages)), stages, color=INK)
    chart.invert_yaxis()
    chart.set_xlim(0, 1.55 * total)
    chart.set_xticks([tick for tick in chart.get_xticks() if 0 <= tick <= total])
    chart.spines["bottom"].set_bounds(0, total)
    chart.set_xlabel("reels", loc="left")
    shown = {row["state"] for row in rows}
    handles = [chart.barh(0, 0, color=colour, label=MEANING[state]) for state, colour in LOOK.items() if state in shown]
    figure.legend(handles=handles, loc="lower right", bbox_to_anchor=(0.99, 0.0), ncols=len(handles), fontsize=7.5)
    return figure


def reasons(rows: list[dict[str, Any]], stage: str, most: int = REASONS) -> str:
    """The most frequent reasons of a stage, as in "12 no audio, 3 corrupt"."""
    given = [(row["reels"], row["reason"]) for row in rows if row["stage"] == stage and row["reason"] and row["reels"]]
    ordered = sorted(given, key=lambda one: (-one[0], one[1]))
    words = [f"{reels:,} {reason.replace('_', ' ')}" for reels, reason in ordered[:most]]
    return ", ".join([*words, *([f"{len(ordered) - most} more"] if len(ordered) > most else [])])
