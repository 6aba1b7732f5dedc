"""Draw the map: one dot per creator, coloured by cluster, with an ellipse around each cluster."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from analysis.figures import save_figure, style
from analysis.map_figure import PlacedCreators, map_figure, placed_creators
from analysis.people import Person, people_of
from analysis.reel_frames import frame_files
from analysis.study_tables import (
    read_clusters,
    read_creators,
    read_decided,
    read_existence,
    read_names,
    read_reels,
    read_warning,
)
from common import program
from common.config import SMALL_COHORT
from common.parquet import read_table
from common.tables import COORDINATES

VERSION = "8"
NOT_YET = (
    "Drawn first: whether these clusters are stable, or there at all, is being tested; do not name or count them yet."
)
HEIGHT = 300  # pixels of a creator's picture


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    if arguments.robustness is None:
        tested: list[str | None] = [NOT_YET] if arguments.preview else []
    else:
        tested = [read_warning(arguments.robustness) or read_existence(arguments.robustness)]
    decided = None if arguments.settings is None else read_decided(arguments.settings)
    remarks = " ".join(said for said in (decided, *tested) if said)
    names = None if arguments.names is None else read_names(arguments.names)
    with style():
        people = read_people(arguments, placed)
        figure = map_figure(placed, arguments.name, arguments.synthetic == "true", remarks, names, people)
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d creators", arguments.output[0], len(placed))


def read_placed(arguments: argparse.Namespace) -> PlacedCreators:
    """The creators on the map, from the three tables that the options name."""
    creators = read_creators(arguments.creators)
    coordinates = read_table(arguments.coordinates, COORDINATES, ["pca_x", "pca_y", "tsne_x", "tsne_y"])
    return placed_creators(creators, coordinates, read_clusters(arguments.clusters))


def read_people(arguments: argparse.Namespace, placed: PlacedCreators, pictures: bool = True) -> dict[str, Person]:
    """Who the creators are, where they are few; nobody in a larger cohort, or without the table of reels."""
    if arguments.reels is None or len(placed) >= SMALL_COHORT:
        return {}
    frames = frame_files(arguments.status) if pictures and arguments.status is not None else None
    return people_of(read_creators(arguments.creators), read_reels(arguments.reels), frames, HEIGHT)


def map_parser(description: str | None) -> argparse.ArgumentParser:
    """The options that the figures of the map have in common."""
    parser = program.figure_parser(description)
    program.add_tables(parser, "creators", "coordinates", "clusters")
    parser.add_argument("--reels", type=Path, metavar="FILE", help="reels.parquet: names the creators of small cohorts")
    return parser


def parse() -> argparse.Namespace:
    parser = map_parser(__doc__)
    parser.add_argument("--robustness", type=Path, metavar="FILE", help="robustness.json: warns of unstable clusters")
    parser.add_argument(
        "--preview", action="store_true", help="say that the tests of the clusters are still being made"
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings.json: what the cohort's size decided")
    parser.add_argument("--status", type=Path, metavar="FILE", help="status.parquet: pictures beside these names")
    parser.add_argument("--names", type=Path, metavar="FILE", help="cluster_names.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
