"""Check a bundle that somebody else made: kinds of files, checksums, tables and the ids that join them, description.

python scripts/verify_bundle.py FOLDER
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from bundle.contents import check_files, counted, read_note, read_tables
from bundle.crate import METADATA, check_crate
from common import program
from common.program import UserError


def main(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.bundle
    note = read_note(folder)
    problems = check_files(folder)
    if (folder / METADATA).is_file():
        problems += check_crate(folder)
    if problems:
        raise UserError(f"{folder}: not as published; get it again, or ask who published it:\n" + "\n".join(problems))
    tables = read_tables(folder)
    program.log.info(
        "%s: a whole bundle of %s%s: %s",
        folder, note.name, " (synthetic data)" if note.synthetic else "", counted(tables),
    )  # fmt: skip


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("bundle", type=Path, metavar="FOLDER", help="the bundle")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
