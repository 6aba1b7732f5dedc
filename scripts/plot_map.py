"""Draw the map: one dot per creator, coloured by cluster, with an ellipse around each cluster."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from analysis.figures import save_figure, style
from analysis.map_figure import PlacedCreators, map_figure, placed_creators
from analysis.study_tables import read_clusters, read_creators, read_names, read_warning
from common import program
from common.tables import COORDINATES, read_table

VERSION = "6"


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    warning = None if arguments.robustness is None else read_warning(arguments.robustness)
    names = None if arguments.names is None else read_names(arguments.names)
    with style():
        figure = map_figure(placed, arguments.name, arguments.synthetic == "true", warning, names)
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d creators", arguments.output[0], len(placed))


def read_placed(arguments: argparse.Namespace) -> PlacedCreators:
    """The creators on the map, from the three tables that the options name."""
    creators = read_creators(arguments.creators)
    coordinates = read_table(arguments.coordinates, COORDINATES, ["pca_x", "pca_y", "tsne_x", "tsne_y"])
    return placed_creators(creators, coordinates, read_clusters(arguments.clusters))


def map_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that the figures of the map have in common."""
    parser = program.figure_parser(description)
    program.add_tables(parser, "creators", "coordinates", "clusters")
    return parser


def parse() -> argparse.Namespace:
    parser = map_parser(__doc__)
    parser.add_argument("--robustness", type=Path, metavar="FILE", help="robustness.json: warns of unstable clusters")
    parser.add_argument("--names", type=Path, metavar="FILE", help="cluster_names.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
