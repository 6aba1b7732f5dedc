"""Draw what became of every reel in every stage."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import COVERAGE
from figures.coverage import coverage_figure
from figures.page import save_figure, style

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    rows = read_table(arguments.coverage, COVERAGE).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        save_figure(coverage_figure(rows, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d rows", arguments.output[0], len(rows))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    program.add_tables(parser, "coverage")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
