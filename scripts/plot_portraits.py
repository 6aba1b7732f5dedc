"""Draw a portrait of each cluster: frames of its most central reels, its words, a description."""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from analysis.figures import save_figure, style
from analysis.portraits_figure import Portrait, portraits_figure
from analysis.study_tables import read_clusters
from common import program
from common.tables import CLUSTER_NAMES, REELS, STATUS, read_table

VERSION = "2"
FRAMES = 2  # of a reel
HEIGHT = 420  # pixels: 300 to the inch in print


def main(arguments: argparse.Namespace) -> None:
    names = read_table(arguments.names, CLUSTER_NAMES).to_pylist()
    clusters = read_clusters(arguments.clusters).column("cluster").to_pylist()
    reels = read_table(arguments.reels, REELS).select(["reel_id", "description"]).to_pylist()
    descriptions = {row["reel_id"]: row["description"] or "" for row in reels}
    frames = {
        row["reel_id"]: Path(row["path"])
        for row in read_table(arguments.status, STATUS).to_pylist()
        if row["stage"] == "frames" and row["state"] == "ok" and row["path"]  # a bundle has none
    }
    portraits = [
        Portrait(
            row["cluster"],
            clusters.count(row["cluster"]),
            row["name"],
            row["words"],
            descriptions.get(row["central_reels"][0], "") if row["central_reels"] else "",
            [read_frames(frames[reel]) for reel in row["central_reels"] if reel in frames],
        )
        for row in names
    ]
    portraits.sort(key=lambda portrait: (-portrait.size, portrait.cluster))
    with style():
        save_figure(portraits_figure(portraits, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d clusters", arguments.output[0], len(portraits))


def read_frames(path: Path) -> list[np.ndarray]:
    """A few of a reel's frames, spread over its length: (height, width, 3) uint8."""
    from PIL import Image

    with zipfile.ZipFile(path) as packed:
        files = [frame["file"] for frame in json.loads(packed.read("frames.json"))["frames"]]
        chosen = [files[round(place)] for place in np.linspace(0, len(files) - 1, min(FRAMES, len(files)) + 2)[1:-1]]
        pictures = [Image.open(io.BytesIO(packed.read(file))).convert("RGB") for file in dict.fromkeys(chosen)]
    sized = [one.resize((max(1, round(one.width * HEIGHT / one.height)), HEIGHT)) for one in pictures]
    return [np.asarray(one) for one in sized]


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--names", type=Path, required=True, metavar="FILE", help="cluster_names.parquet")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE", help="clusters.parquet")
    parser.add_argument("--reels", type=Path, required=True, metavar="FILE", help="reels.parquet")
    parser.add_argument("--status", type=Path, required=True, metavar="FILE", help="status.parquet: where frames lie")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
