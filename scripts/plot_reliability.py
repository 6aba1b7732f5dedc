"""Draw how many reels are enough: the reliability of a creator's profile by the number of reels."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import RELIABILITY
from figures.page import save_figure, style
from figures.reliability import reliability_figure

VERSION = "2"


def main(arguments: argparse.Namespace) -> None:
    rows = read_table(arguments.reliability, RELIABILITY).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        save_figure(reliability_figure(rows, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d rows", arguments.output[0], len(rows))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--reliability", type=Path, required=True, metavar="FILE", help="reliability.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
