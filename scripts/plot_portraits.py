"""Draw a portrait of each cluster: frames of its most central reels, its words, a description."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import numpy as np

from analysis.figures import save_figure, style
from analysis.portraits_figure import Portrait, portraits_figure
from analysis.reel_frames import frame_files, spread_frames
from analysis.study_tables import read_clusters
from common import program
from common.tables import CLUSTER_NAMES, REELS, read_table

VERSION = "2"
FRAMES = 2  # of a reel
HEIGHT = 420  # pixels: 300 to the inch in print


def main(arguments: argparse.Namespace) -> None:
    names = read_table(arguments.names, CLUSTER_NAMES).to_pylist()
    clusters = read_clusters(arguments.clusters).column("cluster").to_pylist()
    reels = read_table(arguments.reels, REELS).select(["reel_id", "description"]).to_pylist()
    descriptions = {row["reel_id"]: row["description"] or "" for row in reels}
    frames = frame_files(arguments.status)
    portraits = [
        Portrait(
            row["cluster"],
            clusters.count(row["cluster"]),
            row["name"],
            row["words"],
            descriptions.get(row["central_reels"][0], "") if row["central_reels"] else "",
            [pictures(frames[reel], reel) for reel in row["central_reels"] if reel in frames],
        )
        for row in names
    ]
    portraits.sort(key=lambda portrait: (-portrait.size, portrait.cluster))
    with style():
        save_figure(portraits_figure(portraits, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d clusters", arguments.output[0], len(portraits))


def pictures(frames: Path, reel_id: str) -> list[np.ndarray]:
    """A few of a reel's frames: (height, width, 3) uint8."""
    return [np.asarray(one) for one in spread_frames(frames, reel_id, FRAMES, HEIGHT)]


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    program.add_tables(parser, "clusters", "reels", "status", names="cluster_names")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
