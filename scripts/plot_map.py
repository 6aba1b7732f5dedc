"""Draw the map: one dot per creator, coloured by cluster, with an ellipse around each cluster."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from analysis.figures import save_figure, style
from analysis.map_figure import PlacedCreators, map_figure, placed_creators
from common import program
from common.tables import CLUSTERS, COORDINATES, CREATORS, read_table

VERSION = "2"


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    warning = None if arguments.robustness is None else json.loads(arguments.robustness.read_text())["warning"]
    with style():
        save_figure(map_figure(placed, arguments.name, arguments.synthetic == "true", warning), arguments.output)
    program.log.info("%s: %d creators", arguments.output, len(placed))


def read_placed(arguments: argparse.Namespace) -> PlacedCreators:
    """The creators on the map, from the three tables that the options name."""
    creators = read_table(arguments.creators, CREATORS, [name for name in CREATORS.names if name != "creator_id"])
    coordinates = read_table(arguments.coordinates, COORDINATES, ["pca_x", "pca_y", "tsne_x", "tsne_y"])
    clusters = read_table(arguments.clusters, CLUSTERS, ["membership", "outlier_score", "kmeans_cluster"])
    return placed_creators(creators, coordinates, clusters)


def figure_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that the figures of the map have in common."""
    parser = program.parser(description)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet")
    parser.add_argument("--coordinates", type=Path, required=True, metavar="FILE", help="coordinates.parquet")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE", help="clusters.parquet")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="PNG to write")
    parser.add_argument("--name", default="study", metavar="TEXT", help="name of the study, for the title [study]")
    parser.add_argument("--synthetic", choices=["true", "false"], default="false", help="label it as synthetic data")
    return parser


def parse() -> argparse.Namespace:
    parser = figure_parser(__doc__)
    parser.add_argument("--robustness", type=Path, metavar="FILE", help="robustness.json: warns of unstable clusters")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
