"""Forget single results, so that the next run of snakemake makes them again.

Later stages follow by themselves where the new result differs. Everything else stays in the store.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from common.manifest import read_manifest
from common.program import UserError, parser, run
from common.store import Store, read_lines
from common.tables import STAGES


def main(arguments: argparse.Namespace) -> None:
    reels = set(arguments.reels)
    manifests = find_manifests(arguments.results, arguments.stage, reels)
    known = {reel for path in manifests for reel in manifests[path]}
    unknown = sorted(reels - known)
    if unknown:
        raise UserError(
            f"stage {arguments.stage} has no reel {', '.join(unknown)} in {arguments.results}; "
            "reel ids are the names of the folders in results/reels"
        )
    store = Store(arguments.store)
    forgotten = 0
    for index in sorted((arguments.store / "index" / arguments.stage).glob("*.jsonl")):
        for key in sorted({line["key"] for line in read_lines(index) if line["reel_id"] in reels}):
            forgotten += store.forget(arguments.stage, key)
    for path in manifests:
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
    options.add_argument("--reels", nargs="+", required=True, metavar="REEL", help="reel ids")
    options.add_argument("--stage", required=True, choices=STAGES[1:], help="whose results")
    options.add_argument("--results", type=Path, default=Path("results"), help="[%(default)s]")
    options.add_argument("--store", type=Path, default=Path("data/store"), help="[%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
