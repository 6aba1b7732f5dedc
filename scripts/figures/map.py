"""The map: one dot per creator, coloured by cluster, with an ellipse around each cluster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from analysis.placed_creators import PlacedCreators
from analysis.profiles import FloatArray
from figures.cards import MOST, Pictures, card, draw_cards
from figures.legend import cluster_legend, draw_legend, legend_lines
from figures.page import FAINT, cluster_colour, cluster_shape, draw_note, draw_numbers, map_size, percent, start_figure
from figures.people import draw_people
from figures.person import Person

DEVIATIONS = 2.0
SMALLEST_FOR_ELLIPSE = 3
THINNEST = 0.008  # width of an ellipse around creators on a line, in map units
DOTS_SHARE = 0.84  # of the map's shorter side, where cards stand around the dots
BESIDE = "Beside each cluster the reels nearest to its centroid."
MANY = 1500  # creators above which dots are transparent


def map_figure(
    placed: PlacedCreators,
    name: str,
    synthetic: bool,
    remarks: str | None = None,
    names: dict[int, str] | None = None,
    people: Mapping[str, Person] | None = None,
    pictures: Mapping[int, Pictures] | None = None,
) -> Figure:
    """Draw the map (inside `figures.style`).

    Args:
        placed: the creators on it.
        name: the study's name.
        synthetic: say that the data are synthetic.
        remarks: what else is said of the clusters below the title.
        names: of the clusters.
        people: who the creators are, by creator_id, in place of ellipses; without them, dots stay nameless.
        pictures: of the most typical reels of each cluster, which stand on the map with its name.
    """
    numbers, sizes = np.unique(placed.clusters[placed.clusters >= 0], return_counts=True)
    carded = bool(names) and not people and 0 < len(numbers) <= MOST
    legend = cluster_legend(placed.clusters, names=names)
    subtitle = " ".join(
        [
            _subtitle(placed, bool(people)),
            *([BESIDE] if carded and any(map(len, (pictures or {}).values())) else []),
            *([remarks] if remarks else []),
        ]
    )
    figure, axes = start_figure(
        name, subtitle, placed.method, synthetic, 0 if carded else legend_lines(legend), whole=carded
    )
    if not len(placed):
        draw_note(axes, "No creator has a place on the map: none has an embedded reel.")
        return figure
    draw_creators(axes, placed, np.full(len(placed), dot_area(len(placed))))
    for cluster in np.unique(placed.clusters[placed.clusters >= 0]).tolist() if not people else []:
        ellipse = spread_ellipse(placed.places[placed.clusters == cluster])
        if ellipse is not None:
            middle, width, height, angle = ellipse
            colour = cluster_colour(cluster)
            fill = {"facecolor": colour, "edgecolor": "none", "alpha": 0.10, "zorder": 1}
            line = {"facecolor": "none", "edgecolor": colour, "linewidth": 1.0, "zorder": 6}
            for look in (fill, line):
                axes.add_patch(Ellipse(middle, width, height, angle=angle, **look))
    if not carded:
        show_whole_ellipses(axes)
        name_dots(axes, placed, people)
        draw_legend(figure, "Cluster", legend)
        return figure
    side = _leave_room(axes)
    across, up = map_size(whole=True)
    called, shown = names or {}, pictures or {}
    cards = [
        card(cluster, size, called.get(cluster, ""), shown.get(cluster, []), len(numbers), across * up)
        for cluster, size in zip(numbers.tolist(), sizes.tolist(), strict=True)
    ]
    draw_cards(axes, cards, placed.places, placed.clusters, side)
    if noise := int((placed.clusters < 0).sum()):
        axes.set_xlabel(axes.get_xlabel(), loc="left", fontsize=8, labelpad=3)
        axes.set_title(f"hollow dots: in no cluster (n = {noise:,})", fontsize=7, color=FAINT, loc="right", y=-0.055)
    return figure


def _leave_room(axes: Axes) -> float:
    """Give the map room for cards around the dots; returns the inches from 0 to 1."""
    area = np.array(map_size(whole=True))
    side = min(DOTS_SHARE * area.min(), area.min() / (1 + 2 * _over(axes)))
    low = (1 - area / side) / 2
    axes.set(xlim=(low[0], 1 - low[0]), ylim=(low[1], 1 - low[1]))
    return float(side)


def name_dots(axes: Axes, placed: PlacedCreators, people: Mapping[str, Person] | None) -> None:
    """Draw who each dot is, where that is known; else the number of each cluster."""
    if people:
        shown = [people[name] for name in placed.creator_ids.to_pylist()]
        draw_people(axes, placed.places, placed.clusters, shown)
    else:
        draw_numbers(axes, placed.places, placed.clusters)


def show_whole_ellipses(axes: Axes) -> None:
    """Widen the map, alike on all sides, until no ellipse is cut off."""
    over = _over(axes)
    axes.set(xlim=(-over, 1 + over), ylim=(-over, 1 + over))


def _over(axes: Axes) -> float:
    """How far the ellipses reach beyond the square from 0 to 1, and a little more."""
    boxes = [patch.get_path().transformed(patch.get_patch_transform()).get_extents() for patch in axes.patches]
    return float(max([0.04, *(side for box in boxes for side in (-box.x0, -box.y0, box.x1 - 1, box.y1 - 1))]) + 0.02)


def draw_creators(axes: Axes, placed: PlacedCreators, areas: FloatArray) -> None:
    """One dot per creator, noise below the clusters; areas: (n,) in square points."""
    alpha = 0.92 if len(placed) <= MANY else 0.5
    for cluster in np.unique(placed.clusters).tolist():
        members = placed.clusters == cluster
        noise = cluster < 0
        x, y = placed.places[members].T
        axes.scatter(
            x, y, s=areas[members] * (0.6 if noise else 1.0), c="white" if noise else cluster_colour(cluster),
            marker=cluster_shape(cluster), alpha=alpha, edgecolors=cluster_colour(cluster) if noise else "white",
            linewidths=0.9 if noise else 0.5, zorder=4 if noise else 5,
        )  # fmt: skip


def dot_area(creators: int) -> float:
    """Area of a dot in square points: 34 for up to 50 creators, 17 for 401, 6 for thousands."""
    return float(np.clip(34.0 * (50 / max(creators, 1)) ** 0.33, 6.0, 34.0))


def spread_ellipse(places: FloatArray) -> tuple[tuple[float, float], float, float, float] | None:
    """The ellipse two standard deviations around the mean of creators: (x, y), width, height, degrees.

    None for fewer than three creators or where all lie at one place; creators on a line get a thin one.

    Args:
        places: (n, 2).
    """
    if len(places) < SMALLEST_FOR_ELLIPSE or not np.ptp(places, axis=0).any():
        return None
    variances, directions = np.linalg.eigh(np.cov(places.T))
    lengths = np.maximum(2 * DEVIATIONS * np.sqrt(np.maximum(variances, 0.0)), THINNEST)
    angle = float(np.degrees(np.arctan2(directions[1, 1], directions[0, 1])))
    x, y = places.mean(axis=0)
    return (float(x), float(y)), float(lengths[1]), float(lengths[0]), angle


def _subtitle(placed: PlacedCreators, people: bool) -> str:
    number, found = len(placed), len(np.unique(placed.clusters[placed.clusters >= 0]))
    noise = int((placed.clusters < 0).sum())
    of = "" if number == placed.n_cohort else f" of {placed.n_cohort:,}"
    shown = f"{number:,}{of} creator{'' if placed.n_cohort == 1 else 's'}"
    if not number:
        return f"{shown}."
    how = "UMAP" if placed.method == "UMAP" else "principal components"
    text = f"{shown} placed by what their reels show ({how} of their mean embeddings). "
    if not found:
        return text + "No clusters were found."
    text += f"{found} cluster{'' if found == 1 else 's'}" + (
        "" if people else " with ellipses of two standard deviations"
    )
    return text + (f"; {noise:,} creators ({percent(noise, number)}) in no cluster." if noise else ".")
