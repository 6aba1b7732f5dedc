"""Gather links to all files of each reel in one folder per reel."""

from __future__ import annotations

import argparse
import functools
import os
from collections import defaultdict
from pathlib import Path

from common.manifest import file_stem, read_manifest
from common.own_folder import OwnFolder
from common.program import UserError, log, parser, run

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    output = OwnFolder(arguments.output, "gather_reels", "--output")
    links: dict[str, Path] = {}
    for row in read_manifest(arguments.status):
        if row.reel_id is None or row.path is None:
            continue
        main_file = row.file()
        # Beside a stage's file lie others of the same reel: contact sheet, measures, the text that was embedded.
        for file in list_by_stem(main_file.parent)[main_file.stem]:
            links[f"{file_stem(row.reel_id)}/{row.stage.replace('/', '-')}{file.suffix}"] = file
    output.announce(links)
    for name, file in links.items():
        place_link(output.path / name, file)
    output.tidy()
    log.info("reels: %d links", len(links))


def place_link(link: Path, file: Path) -> None:
    """Make or renew a link; raises UserError where somebody's file has its name."""
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise UserError(
            f"{link}: this program did not make the file, and makes a link of that name. Move the file away"
        )
    link.symlink_to(os.path.relpath(file, link.parent))


@functools.cache
def list_by_stem(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder by their name without suffix, sorted."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.iterdir()):
        found[file.stem].append(file)
    return found


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--status", type=Path, required=True, help="status table")
    options.add_argument("--output", type=Path, default=Path("results/reels"), help="folder to write [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
