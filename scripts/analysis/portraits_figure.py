"""A portrait of each cluster: frames of its most central reels, its words, what its medoid's reel shows."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.figures import (
    CHART_LEFT,
    FAINT,
    INK,
    MAP_LEFT,
    WIDTH,
    cluster_colour,
    draw_note,
    printable,
    start_charts,
)

MOST = 12  # clusters that are drawn, the largest
ROW, PICTURES, GAP = 1.62, 4.3, 0.05  # inches: height of a row, width of its pictures, between pictures
WORDS_ROW = 0.95  # inches: height of a row where there are no pictures at all
NAME_WIDTH, WORDS_WIDTH, TEXT_WIDTH, TEXT_LINES = 33, 44, 46, 6  # letters beside pictures
WIDER = 2.5  # times as many fit in a line where there are no pictures at all


@dataclass(frozen=True)
class Portrait:
    """A cluster.

    Attributes:
        cluster, size, name, words: as in the table of names.
        description: of the most central reel.
        reels: of each central reel, its frames in their order, (height, width, 3) uint8.
    """

    cluster: int
    size: int
    name: str
    words: list[str]
    description: str
    reels: list[list[np.ndarray]] = field(default_factory=list)


def portraits_figure(portraits: list[Portrait], name: str, synthetic: bool) -> Figure:
    """Draw a row for each cluster (inside `figures.style`), the largest MOST of them.

    Args:
        portraits: by falling size.
        name: the study's.
        synthetic: say that the data are synthetic.
    """
    shown = portraits[:MOST]
    pictures = any(portrait.reels for portrait in shown)
    subtitle = (
        "Of each cluster the reels nearest to its centroid, each of another creator, with frames in their order; "
        "its most characteristic words; the description of the first reel."
        if pictures or not shown
        else "Of each cluster the most characteristic words, and the description of the reel nearest to its centroid. "
        "There are no frames."
    )
    if len(portraits) > MOST:
        subtitle += f" The {MOST} largest of {len(portraits)} clusters."
    rows = max(len(shown), 1)
    row = ROW if pictures else WORDS_ROW
    height = max(row * rows - 0.4, 1.0)
    figure, charts = start_charts(name, subtitle, synthetic, rows if pictures else 1, 1, height, left=CHART_LEFT)
    for chart in charts:
        chart.set_axis_off()
    if not shown:
        draw_note(charts[0], "No clusters were found.")
    page = figure.get_figheight()
    top = charts[0].get_position().y1 * page
    for place, portrait in enumerate(shown):
        _draw(figure, portrait, top - place * row, page, row, 1.0 if pictures else WIDER)
    return figure


def _draw(figure: Figure, portrait: Portrait, top: float, page: float, row: float, wider: float) -> None:
    height = row - 0.22
    left = MAP_LEFT
    figure.add_artist(_bar(figure, left, top, height, page, cluster_colour(portrait.cluster)))
    left += 0.1
    frames = [frame for reel in portrait.reels for frame in reel]
    widths = [height * frame.shape[1] / frame.shape[0] for frame in frames]
    room = PICTURES - GAP * max(len(frames) - 1, 0) - 2 * GAP * max(len(portrait.reels) - 1, 0)
    scale = min(1.0, room / sum(widths)) if widths else 1.0
    for reel in portrait.reels:
        for frame in reel:
            tall = scale * height
            wide = tall * frame.shape[1] / frame.shape[0]
            box = (left / WIDTH, (top - tall) / page, wide / WIDTH, tall / page)
            axes = figure.add_axes(box)
            axes.imshow(frame, aspect="auto", interpolation="lanczos")
            axes.set_axis_off()
            left += wide + GAP
        left += 2 * GAP
    at = (MAP_LEFT + 0.1 + PICTURES + 0.15) / WIDTH if frames else left / WIDTH
    head = f"{portrait.cluster}  {printable(portrait.name)}"
    others = [word for word in portrait.words if word not in portrait.name.split(", ")]
    words = ", ".join([f"{portrait.size:,} creators", *others])
    lines = [
        (textwrap.wrap(head, round(NAME_WIDTH * wider), max_lines=2, placeholder=" …"), 8.5, INK, "bold"),
        (textwrap.wrap(printable(words), round(WORDS_WIDTH * wider))[:3], 7.0, FAINT, "normal"),
        (_cut(portrait.description, round(TEXT_WIDTH * wider), round(TEXT_LINES / wider)), 7.0, INK, "normal"),
    ]
    height_of = {8.5: 0.145, 7.0: 0.118}
    y = top
    for said, size, colour, weight in lines:
        figure.text(at, y / page, "\n".join(said), fontsize=size, color=colour, fontweight=weight, va="top")
        y -= height_of[size] * len(said) + 0.05


def _cut(text: str, width: int, lines: int) -> list[str]:
    return textwrap.wrap(printable(text), width, max_lines=lines, placeholder=" …")


def _bar(figure: Figure, left: float, top: float, height: float, page: float, colour: str) -> Rectangle:
    return Rectangle(
        (left / WIDTH, (top - height) / page), 0.045 / WIDTH, height / page, color=colour, transform=figure.transFigure
    )
