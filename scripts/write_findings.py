"""Write the results of the tests in plain English, from their numbers."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

from analysis.evidence import SENSITIVITY, read_hypotheses
from analysis.findings import as_markdown
from common import program
from common.config import HypothesesSection
from common.files import replace_file
from common.options import add_section, read_section
from common.parquet import read_table

VERSION = "5"


def main(arguments: argparse.Namespace) -> None:
    results = read_hypotheses(arguments.hypotheses)
    varied = read_table(arguments.sensitivity, SENSITIVITY).to_pylist()
    runs = None if arguments.robustness is None else json.loads(arguments.robustness.read_text(encoding="utf-8"))
    settings = read_section(arguments, HypothesesSection)
    text = as_markdown(results, varied, runs, settings, arguments.name, arguments.synthetic == "true")
    replace_file(arguments.output, text.encode())
    program.log.info("%s: %d tests", arguments.output, len(results))


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--hypotheses", type=Path, required=True, metavar="FILE", help="hypotheses.json")
    parser.add_argument("--sensitivity", type=Path, required=True, metavar="FILE", help="sensitivity.parquet")
    parser.add_argument("--robustness", type=Path, metavar="FILE", help="robustness.json")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="Markdown to write")
    program.add_labels(parser)
    add_section(parser, HypothesesSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
