"""Draw how clusters and verdicts hold over many seeds and settings."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

from common import program
from common.config import FiguresSection
from common.options import read_section
from figures.page import save_figure, style
from figures.robustness import robustness_figure

VERSION = "5"


def main(arguments: argparse.Namespace) -> None:
    found = json.loads(arguments.robustness.read_text(encoding="utf-8"))
    with style(read_section(arguments, FiguresSection)):
        figure = robustness_figure(
            found["variants"],
            found["min_stability"],
            found["warning"],
            arguments.name,
            arguments.synthetic == "true",
            found["not_testable"],
        )
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d variants", arguments.output[0], len(found["variants"]))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    parser.add_argument("--robustness", type=Path, required=True, metavar="FILE", help="robustness.json")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
