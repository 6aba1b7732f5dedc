#!/usr/bin/env python
"""Forget single results, so that the next run of snakemake makes them again.

    redo REEL                          all that was made of a reel
    redo REEL OTHER --stage frames     what one stage made of two reels

Downloads and the answers of HikerAPI and ACRCloud stay; a model behind an endpoint is asked, and paid for, again.
Later stages follow by themselves where the new result differs. Everything else stays in the store.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from common.files import read_lines
from common.manifest import read_manifest
from common.named import Names
from common.program import UserError, parser, run
from common.stages import STAGES
from common.store import Store
from common.study_folder import add_study, enter_study


def main(arguments: argparse.Namespace) -> None:
    _, config = enter_study(arguments)
    names = Names(arguments.results / "creators")
    reels = {names.reel_id(reel) for reel in [*arguments.reel, *arguments.reels]}
    if not reels:
        raise UserError("which reels? Give their ids or the names of their files")
    stages = [arguments.stage] if arguments.stage else STAGES[1:]
    manifests = {stage: find_manifests(arguments.results, stage, reels) for stage in stages}
    known = {reel for found in manifests.values() for listed in found.values() for reel in listed}
    unknown = sorted(reels - known)
    if unknown:
        where = f"stage {arguments.stage} has" if arguments.stage else "the stages have"
        raise UserError(
            f"{where} no reel {', '.join(unknown)} in {arguments.results}; "
            "reel ids are the names of the folders in results/reels"
        )
    store = Store(arguments.store or Path(config.store.directory))
    forgotten = 0
    for stage in stages:
        for index in sorted((store.root / "index" / stage).glob("*.jsonl")):
            for key in sorted({line["key"] for line in read_lines(index) if line["reel_id"] in reels}):
                forgotten += store.forget(stage, key)
        for path in manifests[stage]:
            path.unlink()
    print(f"{forgotten} results of {len(reels)} reels forgotten; run snakemake to make them again")


def find_manifests(results: Path, stage: str, reels: set[str]) -> dict[Path, set[str]]:
    """The manifests of a stage that list any of the reels, and which of them."""
    found = {}
    for path in sorted((results / stage).rglob("*.parquet")):
        if path.stem.isdigit():
            listed = {row.reel_id for row in read_manifest(path) if row.reel_id in reels}
            if listed:
                found[path] = {str(reel) for reel in listed}
    return found


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("reel", nargs="*", metavar="REEL", help="reel ids, or names of their files")
    options.add_argument("--reels", nargs="+", default=[], metavar="REEL", help="the same")
    options.add_argument("--stage", choices=STAGES[1:], help="whose results [of all stages]")
    add_study(options)
    options.add_argument("--results", type=Path, default=Path("results"), help="in the study's folder [%(default)s]")
    options.add_argument("--store", type=Path, help="in the study's folder [store.directory of the study]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
