"""Write the captions of all figures into one file: what a manuscript says below each."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from common import program
from common.files import replace_file

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    found = [(path.stem, path.read_text(encoding="utf-8").strip()) for path in arguments.captions]
    parts = [f"**Figure {number}** (`{name}`). {said}" for number, (name, said) in enumerate(found, 1)]
    replace_file(arguments.output, ("\n\n".join(["# Captions", *parts]) + "\n").encode())
    program.log.info("%s: %d captions", arguments.output, len(found))


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument(
        "--captions", type=Path, required=True, nargs="+", metavar="FILE", help="of each figure, in their order: .txt"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="captions.md to write")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
