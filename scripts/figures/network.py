"""The follow network drawn on the map: who follows whom, inside clusters and between them.

Edges between two clusters are drawn as one bundle: each bends towards the middles of both clusters (hierarchical edge
bundling: Holten 2006, IEEE TVCG 12:741-748, doi 10.1109/TVCG.2006.147, with the clusters as the hierarchy). Edges
inside a cluster are straight.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path

from analysis.network import IntArray, Network, positions
from analysis.placed_creators import PlacedCreators
from analysis.profiles import FloatArray
from figures.legend import LEGEND_ROWS, cluster_legend, dot_entry, draw_legend, legend_lines
from figures.map import dot_area, draw_creators, name_dots
from figures.page import (
    EDGE_COLOUR,
    NOISE_COLOUR,
    cluster_colour,
    draw_note,
    draw_side_note,
    page_width,
    percent,
    start_figure,
)
from figures.person import Person

SMALLEST_DOT, LARGEST_DOT = 9.0, 150.0  # square points, for no follower and for the most followed
MOST_LINES = 50_000  # more cannot be told apart, and take minutes
BUNDLED = 0.9  # share of a bundle's path in an edge's, the rest is straight (Holten's beta)
PARTS = 24  # straight pieces of a bent line
BEGIN, END = 2.4, 0.3  # how wide a line is at who follows and at who is followed, as shares of its width
WEDGE = Path([(-1, -0.22), (-1, 0.22), (1, 0.03), (1, -0.03), (-1, -0.22)])


def network_figure(
    placed: PlacedCreators,
    network: Network,
    name: str,
    synthetic: bool,
    people: Mapping[str, Person] | None = None,
) -> Figure:
    """Draw the network (inside `figures.style`).

    Args:
        placed: creators on the map.
        network: the cohort's network; edges of creators that are not on the map are counted, not drawn.
        name: the study's name.
        synthetic: say so on the figure.
        people: who the creators are, by creator_id; without them, dots stay nameless.
    """
    where = positions(network.creator_ids, placed.creator_ids)
    sources, targets = where[network.sources], where[network.targets]
    on_map = (sources >= 0) & (targets >= 0)
    sources, targets = sources[on_map], targets[on_map]
    followers = np.zeros(len(placed), np.int64)
    followers[where[where >= 0]] = network.in_degree()[where >= 0]
    inside = (placed.clusters[sources] == placed.clusters[targets]) & (placed.clusters[sources] >= 0)
    loose = (placed.clusters[sources] < 0) | (placed.clusters[targets] < 0)
    most = int(followers.max(initial=0))
    lines = _line_legend(bool(inside.any()), bool((~inside & ~loose).any()), bool(loose.any()))
    sizes = _size_legend(most)
    rows = sum(str(line.get_label()).count("\n") + 1 for line in lines) + len(sizes) + 4
    clusters = cluster_legend(placed.clusters, LEGEND_ROWS - rows)
    figure, axes = start_figure(
        name,
        _subtitle(placed, network, sources, targets),
        placed.method,
        synthetic,
        legend_lines(clusters, lines, sizes),
    )
    if not len(placed):
        draw_note(axes, "No creator has a place on the map: none has an embedded reel.")
        return figure
    _draw_edges(axes, placed, sources, targets, inside, loose)
    draw_creators(axes, placed, dot_areas(followers, most))
    name_dots(axes, placed, people)
    end = draw_legend(figure, "Cluster", clusters)
    if lines:
        end = draw_legend(figure, "Follow edges", lines, end - 0.03)
    if sizes:
        end = draw_legend(figure, "Followers in the cohort", sizes, end - 0.03)
    if not len(sources):
        note = "No follow edges between these creators: none follows another, or no follow lists were collected."
        draw_side_note(figure, note, end - 0.03)
    return figure


def dot_areas(followers: IntArray, most: int) -> FloatArray:
    """Dot areas in square points, growing linearly with the number of followers inside the cohort: (n,) -> (n,)."""
    if most == 0:
        return np.full(len(followers), dot_area(len(followers)))
    return SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * followers / most


def edge_alpha(edges: int) -> float:
    """Opacity of a line: full for a few, fading as they cover each other (350 edges 0.6, 5,000 edges 0.16)."""
    return float(np.clip(0.6 * (350 / max(edges, 1)) ** 0.5, 0.02, 0.75))


def _draw_edges(
    axes: Axes, placed: PlacedCreators, sources: IntArray, targets: IntArray, inside: np.ndarray, loose: np.ndarray
) -> None:
    step = -(-len(sources) // MOST_LINES) or 1
    sources, targets, inside, loose = sources[::step], targets[::step], inside[::step], loose[::step]
    alpha = edge_alpha(len(sources))
    width = 0.7 if len(sources) <= 1500 else 0.5
    colours = np.array([cluster_colour(cluster) for cluster in placed.clusters[sources].tolist()], object)
    inches = axes.get_position().width * page_width()
    unit = np.ptp(axes.get_xlim()) / inches / 72  # map units in a point
    straight = np.stack([placed.places[sources], placed.places[targets]], axis=1)[inside]
    for kind, share in ((~inside & ~loose, 0.6), (loose, 0.25)):  # loose ends are in no bundle: fainter
        bent = bundled(placed.places, placed.clusters, sources[kind], targets[kind])
        lines = PolyCollection(
            list(tapered(bent, width * unit)), facecolors=EDGE_COLOUR, edgecolors="none", alpha=alpha * share, zorder=1
        )
        axes.add_collection(lines, autolim=False)
    within = PolyCollection(
        list(tapered(straight, width * unit)),
        facecolors=list(colours[inside]),
        edgecolors="none",
        alpha=alpha,
        zorder=2,
    )
    axes.add_collection(within, autolim=False)


def tapered(lines: FloatArray, width: float) -> FloatArray:
    """Shapes that are wide where a line begins and narrow where it ends, so that one sees its direction.

    Readers tell direction by tapered lines faster and more surely than by arrows (Holten & van Wijk 2009, CHI,
    doi 10.1145/1518701.1519054).

    Args:
        lines: (m, p, 2) points, p at least 2.
        width: in the middle; the beginning is BEGIN, the end END times as wide.

    Returns:
        (m, 2 p, 2) corners.
    """
    along = np.gradient(lines, axis=1) if len(lines) else np.zeros_like(lines)
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    half = width / 2 * np.linspace(BEGIN, END, lines.shape[1])[None, :, None]
    aside = half * np.divide(across, length, out=np.zeros_like(across), where=length > 0)
    return np.concatenate([lines + aside, (lines - aside)[:, ::-1]], axis=1)


def bundled(places: FloatArray, clusters: IntArray, sources: IntArray, targets: IntArray) -> FloatArray:
    """Lines that bend towards the middles of the clusters at their ends; a creator in none is a middle of its own.

    Args:
        places: (n, 2) on the map.
        clusters: (n,) cluster numbers; negative: none.
        sources: (m,) where the lines begin, in places.
        targets: (m,) where they end.

    Returns:
        (m, PARTS + 1, 2) points: Bezier curves, straightened by 1 - BUNDLED.
    """
    middles = places.copy()
    for cluster in np.unique(clusters[clusters >= 0]).tolist():
        middles[clusters == cluster] = np.median(places[clusters == cluster], axis=0)
    start, end = places[sources][:, None], places[targets][:, None]
    first, second = middles[sources][:, None], middles[targets][:, None]
    t = np.linspace(0, 1, PARTS + 1)[None, :, None]
    # Bezier curves with each middle as two of six control points: halfway, lines of a bundle lie close together.
    towards_first = 5 * (1 - t) ** 4 * t + 10 * (1 - t) ** 3 * t**2
    towards_second = 10 * (1 - t) ** 2 * t**3 + 5 * (1 - t) * t**4
    bundle = (1 - t) ** 5 * start + towards_first * first + towards_second * second + t**5 * end
    return np.asarray(BUNDLED * bundle + (1 - BUNDLED) * ((1 - t) * start + t * end))


def _line_legend(inside: bool, between: bool, loose: bool) -> list[Artist]:
    kinds = [
        (inside, cluster_colour(0), 1.0, "inside a cluster\n(its colour)"),
        (between, EDGE_COLOUR, 0.9, "between clusters,\nin bundles"),
        (loose, EDGE_COLOUR, 0.4, "of creators\nin no cluster"),
    ]
    wide_end = Line2D(
        [], [], linestyle="none", marker=WEDGE, markersize=20, color=EDGE_COLOUR, markeredgewidth=0,
        label="from who follows\nto who is followed",
    )  # fmt: skip
    shown = [
        Line2D([], [], color=colour, linewidth=1.4, alpha=alpha, label=label)
        for there, colour, alpha, label in kinds
        if there
    ]
    return [*shown, wide_end] if shown else []


def _size_legend(most: int) -> list[Artist]:
    if most == 0:
        return []
    shown = sorted({0, (most + 1) // 2, most})
    areas = dot_areas(np.array(shown), most)
    return [
        dot_entry(str(number), NOISE_COLOUR, "o", float(area) ** 0.5) for number, area in zip(shown, areas, strict=True)
    ]


def _subtitle(placed: PlacedCreators, network: Network, sources: IntArray, targets: IntArray) -> str:
    labels, edges = placed.clusters, len(sources)
    clustered = (labels[sources] >= 0) & (labels[targets] >= 0)
    between_clustered = int(clustered.sum())
    inside = int((clustered & (labels[sources] == labels[targets])).sum())
    among = f"{len(placed):,} creator{'' if len(placed) == 1 else 's'}"
    text = f"{edges:,} follow edge{'' if edges == 1 else 's'} among {among}, on the map of what their reels show. "
    text += "Lines are wide at who follows and narrow at who is followed."
    if between_clustered:
        share = percent(inside, between_clustered)
        text += f" Of the {between_clustered:,} between creators in clusters, {inside:,} ({share}) stay inside one."
    if network.n_edges > edges:
        text += f" {network.n_edges - edges:,} edges of creators without a place on the map are not drawn."
    if edges > MOST_LINES:
        text += f" One line in {-(-edges // MOST_LINES)} is drawn."
    return text
