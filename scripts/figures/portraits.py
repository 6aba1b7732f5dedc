"""A portrait of each cluster: frames of its most central reels, its words, what its medoid's reel shows.

In a small cohort, how alike all pairs of creators are stands below; without clusters, the creators are portrayed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.likeness import Likeness
from figures.likeness import draw_likeness, likeness_height, spread
from figures.page import (
    CHART_LEFT,
    FAINT,
    INK,
    MAP_LEFT,
    WIDTHS,
    cluster_colour,
    draw_note,
    is_narrow,
    page_width,
    printable,
    start_charts,
)
from figures.person import Person

MOST = 12  # clusters that are drawn, the largest
ROW, PICTURES, GAP = 1.62, 4.3, 0.05  # inches: height of a row, width of its pictures, between pictures
WORDS_ROW = 0.95  # inches: height of a row where there are no pictures at all
NARROW_PICTURES, NARROW_ROW, NARROW_TALL = 3.0, 2.2, 0.9  # inches: on a narrow page, words below the pictures
NAME_WIDTH, WORDS_WIDTH, TEXT_WIDTH = 33, 44, 46  # letters beside pictures
LINES = {8.5: 0.145, 7.0: 0.118}  # inches: height of a line by the size of its letters
MATRIX_GAP = 0.3  # inches: above the matrix
SENTENCE, CLAUSE = re.compile(r"(?<=[.!?]) +"), re.compile(r"(?<=[,;:]) +")


@dataclass(frozen=True)
class Portrait:
    """A cluster, or a creator where no clusters were found.

    Attributes:
        cluster, size, name, words: as in the table of names; of a creator -1, the number of reels, the handle, none.
        description: of the most central reel.
        reels: of each central reel, its frames in their order, (height, width, 3) uint8.
    """

    cluster: int
    size: int
    name: str
    words: list[str]
    description: str
    reels: list[list[np.ndarray]] = field(default_factory=list)


def portraits_figure(
    portraits: list[Portrait],
    name: str,
    synthetic: bool,
    alike: Likeness | None = None,
    people: Sequence[Person] = (),
) -> Figure:
    """Draw a row for each cluster (inside `figures.style`), the largest MOST of them.

    Args:
        portraits: by falling size.
        name: the study's.
        synthetic: say that the data are synthetic.
        alike: how alike the creators of a small cohort are.
        people: these creators, in the order of their profiles.
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
    if shown and shown[0].cluster < 0:
        subtitle = (
            "No clusters were found. Of each creator the reels nearest to the profile, with frames in their order; "
            "the description of the first reel."
        )
    compared = alike is not None and len(alike.order) > 1
    matrix = 0.0
    if alike is not None and compared:
        low, high = spread(alike)
        matrix = likeness_height(len(alike.order)) + (MATRIX_GAP if shown else 0.0)
        subtitle = (subtitle + " Below: how" if shown else "No clusters were found. How") + (
            f" alike {len(alike.order)} creators are, by the cosine similarity of their profiles ({low:.2f} to "
            f"{high:.2f}; darker: more alike). The tree joins the most alike first (average linkage)."
        )
    rows = max(len(shown), 1)
    row = (NARROW_ROW if is_narrow() else ROW) if pictures else WORDS_ROW
    height = max(row * rows - 0.4, 1.0) if shown or not compared else 0.0
    lines = rows if pictures and not compared else 1
    figure, charts = start_charts(name, subtitle, synthetic, lines, 1, height + matrix, left=CHART_LEFT)
    for chart in charts:
        chart.set_axis_off()
    if not shown and not compared:
        draw_note(charts[0], "No clusters were found." if people else "No creator has an embedded reel.")
    page = figure.get_figheight()
    top = charts[0].get_position().y1 * page
    if alike is not None and compared:
        draw_likeness(figure, alike, people, top - (height + matrix - likeness_height(len(alike.order))))
    for place, portrait in enumerate(shown):
        _draw(figure, portrait, top - place * row, page, row, pictures)
    return figure


def _draw(figure: Figure, portrait: Portrait, top: float, page: float, row: float, pictures: bool) -> None:
    height, width = row - 0.22, page_width()
    narrow = is_narrow()
    wide_enough = NARROW_PICTURES + (width - WIDTHS[89]) if narrow else PICTURES
    tallest = NARROW_TALL if narrow else height
    beside = width - MAP_LEFT - (0.3 if narrow or not pictures else 0.3 + PICTURES)  # inches for words
    wider = beside / (WIDTHS[183] - MAP_LEFT - 0.3 - PICTURES)
    left = MAP_LEFT
    figure.add_artist(_bar(figure, left, top, height, page, cluster_colour(portrait.cluster)))
    left += 0.1
    frames = [frame for reel in portrait.reels for frame in reel]
    widths = [tallest * frame.shape[1] / frame.shape[0] for frame in frames]
    room = wide_enough - GAP * max(len(frames) - 1, 0) - 2 * GAP * max(len(portrait.reels) - 1, 0)
    scale = min(1.0, room / sum(widths)) if widths else 1.0
    for reel in portrait.reels:
        for frame in reel:
            tall = scale * tallest
            wide = tall * frame.shape[1] / frame.shape[0]
            box = (left / width, (top - tall) / page, wide / width, tall / page)
            axes = figure.add_axes(box)
            axes.imshow(frame, aspect="auto", interpolation="lanczos")
            axes.set_axis_off()
            left += wide + GAP
        left += 2 * GAP
    at = (MAP_LEFT + 0.1 + (PICTURES + 0.15 if frames and not narrow else 0)) / width
    head = f"{portrait.cluster}  {printable(portrait.name)}" if portrait.cluster >= 0 else printable(portrait.name)
    others = [word for word in portrait.words if word not in portrait.name.split(", ")]
    of = "creators" if portrait.cluster >= 0 else f"reel{'' if portrait.size == 1 else 's'}"
    words = ", ".join([f"{portrait.size:,} {of}", *others])
    y = top - (scale * tallest + 0.08 if narrow and frames else 0)

    def write(said: list[str], size: float, colour: str, weight: str = "normal") -> None:
        nonlocal y
        figure.text(at, y / page, "\n".join(said), fontsize=size, color=colour, fontweight=weight, va="top")
        y -= LINES[size] * len(said) + 0.05

    write(textwrap.wrap(head, round(NAME_WIDTH * wider), max_lines=2, placeholder=" …"), 8.5, INK, "bold")
    write(textwrap.wrap(printable(words), round(WORDS_WIDTH * wider))[:3], 7.0, FAINT)
    most = max(1, int((y - top + row - 0.12) / LINES[7.0]))
    write(whole_sentences(portrait.description, round(TEXT_WIDTH * wider), most), 7.0, INK)


def whole_sentences(text: str, width: int, lines: int) -> list[str]:
    """The first sentences of a text that fit into so many lines; of a first one that is too long, the whole clauses.

    Args:
        text: a description.
        width: letters in a line.
        lines: at most.
    """
    for end, more in ((SENTENCE, ""), (CLAUSE, " …")):
        parts = end.split(printable(text))
        for count in range(len(parts), 0, -1):
            wrapped = textwrap.wrap(" ".join(parts[:count]) + (more if count < len(parts) else ""), width)
            if len(wrapped) <= lines:
                return wrapped
    return textwrap.wrap(printable(text), width, max_lines=lines, placeholder=" …")


def _bar(figure: Figure, left: float, top: float, height: float, page: float, colour: str) -> Rectangle:
    return Rectangle(
        (left / page_width(), (top - height) / page),
        0.045 / page_width(),
        height / page,
        color=colour,
        transform=figure.transFigure,
    )
