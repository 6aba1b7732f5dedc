"""Draw the map: one dot per creator, coloured by cluster, with an ellipse around each cluster."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import numpy as np

from analysis.placed_creators import read_placed
from analysis.study_tables import (
    read_decided,
    read_existence,
    read_names,
    read_warning,
)
from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.program import map_parser
from common.tables import CLUSTER_NAMES
from figures.map import map_figure
from figures.page import save_figure, style
from figures.person import HEIGHT, middle_frame, read_people
from figures.reel_frames import frame_files

VERSION = "9"
NOT_YET = (
    "Drawn first: whether these clusters are stable, or there at all, is being tested; do not name or count them yet."
)


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    if arguments.robustness is None:
        tested: list[str | None] = [NOT_YET] if arguments.preview else []
    else:
        tested = [read_warning(arguments.robustness) or read_existence(arguments.robustness)]
    decided = None if arguments.settings is None else read_decided(arguments.settings)
    remarks = " ".join(said for said in (decided, *tested) if said)
    names = None if arguments.names is None else read_names(arguments.names)
    with style(read_section(arguments, FiguresSection)):
        people = read_people(arguments, placed)
        pictures = {} if people else read_pictures(arguments)
        figure = map_figure(placed, arguments.name, arguments.synthetic == "true", remarks, names, people, pictures)
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d creators", arguments.output[0], len(placed))


def read_pictures(arguments: argparse.Namespace) -> dict[int, list[np.ndarray]]:
    """A frame of each of the most typical reels of each cluster, where there are names and frames."""
    if arguments.names is None or arguments.status is None:
        return {}
    frames = frame_files(arguments.status)
    return {
        row["cluster"]: [middle_frame(frames[reel], reel, HEIGHT) for reel in row["central_reels"] if reel in frames]
        for row in read_table(arguments.names, CLUSTER_NAMES).to_pylist()
    }


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
