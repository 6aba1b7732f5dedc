"""Gather links to all files of each reel in one folder per reel."""

from __future__ import annotations

import argparse
import functools
import os
from collections import defaultdict
from pathlib import Path

from common.manifest import file_stem, read_manifest
from common.own_folder import take_folder
from common.program import log, parser, run

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    output: Path = arguments.output
    take_folder(output, "gather_reels", "--output")
    remove_links(output)
    links = 0
    for row in read_manifest(arguments.status):
        if row.reel_id is None or row.path is None:
            continue
        folder = output / file_stem(row.reel_id)
        folder.mkdir(exist_ok=True)
        main_file = row.file()
        # Beside a stage's file lie others of the same reel: contact sheet, measures, the text that was embedded.
        for file in list_by_stem(main_file.parent)[main_file.stem]:
            link = folder / f"{row.stage.replace('/', '-')}{file.suffix}"
            link.symlink_to(os.path.relpath(file, folder))
            links += 1
    log.info("reels: %d links", links)


def remove_links(output: Path) -> None:
    """Remove the links of an earlier run, and its folders that have nothing else in them."""
    for link in output.glob("*/*"):
        if link.is_symlink():
            link.unlink()
    for folder in output.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


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
