"""Draw how the probability of following goes with the similarity of profiles."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import SIMILARITY
from figures.page import save_figure, style
from figures.similarity import similarity_figure

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    rows = read_table(arguments.similarity, SIMILARITY).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        save_figure(similarity_figure(rows, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d bins", arguments.output[0], len(rows))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--similarity", type=Path, required=True, metavar="FILE", help="similarity.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
