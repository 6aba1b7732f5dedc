"""Draw a portrait of each cluster: frames of its most central reels, its words, a description.

Of a small cohort also how alike all pairs of creators are; without clusters, portraits of the creators.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import numpy as np

from analysis.likeness import likeness
from analysis.profiles import profiles_of
from analysis.study_tables import read_clusters, read_creators
from common import program
from common.config import SMALL_COHORT, FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import CLUSTER_NAMES, REELS
from figures.page import save_figure, style
from figures.person import people_of
from figures.portraits import Portrait, portraits_figure
from figures.reel_frames import frame_files, spread_frames, telling_frames

VERSION = "4"
LOOKED_AT = 7  # frames of a reel, of which one or two are shown
HEIGHT = 420  # pixels: 300 to the inch in print
SMALL_HEIGHT = 180  # of the pictures beside the matrix
PORTRAYED = 6  # creators of a cohort without clusters, at most, who are portrayed one by one
REELS_EACH = 3


def main(arguments: argparse.Namespace) -> None:
    names = read_table(arguments.names, CLUSTER_NAMES).to_pylist()
    clusters = read_clusters(arguments.clusters).column("cluster").to_pylist()
    reels = read_table(arguments.reels, REELS)
    columns = (reels.column(name).to_pylist() for name in ("reel_id", "description"))
    descriptions = {reel: text or "" for reel, text in zip(*columns, strict=True)}
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
    creators = read_creators(arguments.creators)
    profiles = profiles_of(creators)
    alike, people = None, []
    if 0 < len(profiles) < SMALL_COHORT:
        known = people_of(creators, reels, frames, SMALL_HEIGHT)
        alike, people = likeness(profiles), [known[name] for name in profiles.creator_ids]
    if not portraits and len(people) <= PORTRAYED:
        portraits = [
            Portrait(
                -1,
                len(person.reels),
                person.handle,
                [],
                descriptions[person.reels[0]],
                [pictures(frames[reel], reel) for reel in person.reels[:REELS_EACH] if reel in frames],
            )
            for person in people
        ]
    with style(read_section(arguments, FiguresSection)):
        figure = portraits_figure(portraits, arguments.name, arguments.synthetic == "true", alike, people)
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d clusters or creators", arguments.output[0], len(portraits))


def pictures(frames: Path, reel_id: str) -> list[np.ndarray]:
    """One or two frames of a reel, each (height, width, 3) uint8."""
    return telling_frames([np.asarray(one) for one in spread_frames(frames, reel_id, LOOKED_AT, HEIGHT)])


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    program.add_tables(parser, "creators", "clusters", "reels", "status", names="cluster_names")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
