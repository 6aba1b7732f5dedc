"""The follow network drawn on the map: who follows whom, inside clusters and between them."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import (
    EDGE_COLOUR,
    LEGEND_ROWS,
    NOISE_COLOUR,
    cluster_colour,
    cluster_legend,
    dot_entry,
    draw_legend,
    draw_note,
    draw_numbers,
    draw_side_note,
    percent,
    start_figure,
)
from analysis.map_figure import PlacedCreators, dot_area, draw_creators
from analysis.network import IntArray, Network, positions
from analysis.profiles import FloatArray

SMALLEST_DOT, LARGEST_DOT = 9.0, 150.0  # square points, for no follower and for the most followed
MOST_LINES = 50_000  # more cannot be told apart, and take minutes


def network_figure(placed: PlacedCreators, network: Network, name: str, synthetic: bool) -> Figure:
    """Draw the network (inside `figures.style`).

    Args:
        placed: creators on the map.
        network: the cohort's network; edges of creators that are not on the map are counted, not drawn.
        name: the study's name.
        synthetic: say so on the figure.
    """
    where = positions(network.creator_ids, placed.creator_ids)
    sources, targets = where[network.sources], where[network.targets]
    on_map = (sources >= 0) & (targets >= 0)
    sources, targets = sources[on_map], targets[on_map]
    figure, axes = start_figure(name, _subtitle(placed, network, sources, targets), placed.method, synthetic)
    if not len(placed):
        draw_note(axes, "No creator has a place on the map: none has an embedded reel.")
        return figure
    followers = np.zeros(len(placed), np.int64)
    followers[where[where >= 0]] = network.in_degree()[where >= 0]
    inside = (placed.clusters[sources] == placed.clusters[targets]) & (placed.clusters[sources] >= 0)
    _draw_edges(axes, placed, sources, targets, inside)
    most = int(followers.max())
    draw_creators(axes, placed, dot_areas(followers, most))
    draw_numbers(axes, placed.places, placed.clusters)
    lines = _line_legend(bool(inside.any()), bool((~inside).any()))
    sizes = _size_legend(most)
    end = draw_legend(figure, "Cluster", cluster_legend(placed.clusters, LEGEND_ROWS - len(lines) - len(sizes) - 4))
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


def _draw_edges(axes: Axes, placed: PlacedCreators, sources: IntArray, targets: IntArray, inside: np.ndarray) -> None:
    step = -(-len(sources) // MOST_LINES) or 1
    sources, targets, inside = sources[::step], targets[::step], inside[::step]
    alpha = edge_alpha(len(sources))
    width = 0.7 if len(sources) <= 1500 else 0.5
    colours = np.array([cluster_colour(cluster) for cluster in placed.clusters[sources].tolist()], object)
    lines = np.stack([placed.places[sources], placed.places[targets]], axis=1)
    between = LineCollection(list(lines[~inside]), colors=EDGE_COLOUR, linewidths=width, alpha=alpha * 0.6, zorder=1)
    within = LineCollection(list(lines[inside]), colors=list(colours[inside]), linewidths=width, alpha=alpha, zorder=2)
    axes.add_collection(between, autolim=False)
    axes.add_collection(within, autolim=False)


def _line_legend(inside: bool, between: bool) -> list[Artist]:
    entries: list[Artist] = []
    if inside:
        entries.append(Line2D([], [], color=cluster_colour(0), linewidth=1.4, label="inside a cluster\n(its colour)"))
    if between:
        entries.append(Line2D([], [], color=EDGE_COLOUR, linewidth=1.4, alpha=0.7, label="others"))
    return entries


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
    text = f"{edges:,} follow edges among {len(placed):,} creators, on the map of what their reels show."
    if between_clustered:
        share = percent(inside, between_clustered)
        text += f" Of the {between_clustered:,} between creators in clusters, {inside:,} ({share}) stay inside one."
    if network.n_edges > edges:
        text += f" {network.n_edges - edges:,} edges of creators without a place on the map are not drawn."
    if edges > MOST_LINES:
        text += f" One line in {-(-edges // MOST_LINES)} is drawn."
    return text
