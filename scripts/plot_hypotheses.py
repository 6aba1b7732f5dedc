"""Draw the observed statistics of the tests beside their distributions under the nulls."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import NULLS
from figures.hypotheses import hypotheses_figure
from figures.page import save_figure, style

VERSION = "5"


def main(arguments: argparse.Namespace) -> None:
    results = json.loads(arguments.hypotheses.read_text(encoding="utf-8"))
    nulls = read_table(arguments.nulls, NULLS).to_pylist()
    with style(read_section(arguments, FiguresSection)):
        figure = hypotheses_figure(results, nulls, arguments.name, arguments.synthetic == "true")
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d tests", arguments.output[0], len({row["id"] for row in nulls}))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--hypotheses", type=Path, required=True, metavar="FILE", help="hypotheses.json")
    program.add_tables(parser, "nulls")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
