"""Build the study's page for people: what was studied and found, figures, coverage, methods, in one HTML file."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

from common import program
from common.config import parse_config, read_content
from reporting.page import write_page
from reporting.results import Results
from reporting.summary import Ended

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    config = parse_config(read_content(arguments.config).data, str(arguments.config))
    folder: Path = arguments.results
    made = arguments.made and {path.relative_to(folder).as_posix() for path in arguments.made}
    notices = [notice["text"] for notice in arguments.notices]
    size = write_page(arguments.output, Ended(Results(folder, made), config, notices=notices))
    program.log.info("%s: %.1f MB", arguments.output, size / 1e6)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="FOLDER", help="of the run [%(default)s]"
    )
    parser.add_argument("--made", type=Path, nargs="+", metavar="FILE", help="files in it that belong to the run [all]")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="config.yaml of the run")
    parser.add_argument("--notices", type=json.loads, default=[], metavar="JSON", help="what the source leaves out")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="page to write")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
