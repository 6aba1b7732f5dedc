"""Draw how often the tests of the network find a homophily, by its strength and the size of the cohort."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import POWER
from figures.page import save_figure, style
from figures.power import power_figure

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    rows = read_table(arguments.power, POWER).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        save_figure(power_figure(rows, arguments.name, arguments.synthetic == "true"), *arguments.output)
    program.log.info("%s: %d points", arguments.output[0], len(rows))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--power", type=Path, required=True, metavar="FILE", help="power.parquet")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
