"""Draw what distinguishes the clusters."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import DISTINCTIONS
from figures.distinctions import distinctions_figure
from figures.page import save_figure, style

VERSION = "2"


def main(arguments: argparse.Namespace) -> None:
    rows = read_table(arguments.distinctions, DISTINCTIONS).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        save_figure(distinctions_figure(rows, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d rows", arguments.output[0], len(rows))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--distinctions", type=Path, required=True, metavar="FILE", help="distinctions.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
