#!/usr/bin/env python
"""Makes the synthetic demo study: 40 creators who do not exist, 120 short videos, a follow network.

Everything is drawn and composed by the modules in `generator/`. Each creator depends only on the own handle, so that a
part of the study can be made alone and is the same as in the whole.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.cohort import Creator, plan_cohort
from generator.reels import make_reel
from generator.tables import write_study, write_truth


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, understood."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="folder for videos/ and the CSV files")
    parser.add_argument("--truth", type=Path, required=True, help="folder for what was planted; not within --output")
    parser.add_argument("--creators", type=int, metavar="N", help="make only the first N creators")
    parser.add_argument("--only", nargs="+", metavar="HANDLE", help="make only these creators")
    return parser.parse_args(arguments)


def choose_creators(cohort: tuple[Creator, ...], count: int | None, handles: Sequence[str] | None) -> list[Creator]:
    """The creators to be made, in the cohort's order.

    Raises:
        ValueError: no such handle, or a count outside the cohort's size.
    """
    if count is not None and not 1 <= count <= len(cohort):
        raise ValueError(f"--creators: expected a number from 1 to {len(cohort)}, found {count}")
    chosen = list(cohort[:count])
    if handles is None:
        return chosen
    unknown = sorted(set(handles) - {creator.handle for creator in chosen})
    if unknown:
        raise ValueError(f"--only: no such creator: {', '.join(unknown)}. The first one is {cohort[0].handle}")
    return [creator for creator in chosen if creator.handle in handles]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what was asked for; 0, or 2 where the options make no sense."""
    options = parse_arguments(arguments)
    cohort = plan_cohort()
    try:
        creators = choose_creators(cohort, options.creators, options.only)
    except ValueError as error:
        print(f"make_demo.py: {error}", file=sys.stderr)
        return 2
    cuts = {}
    for number, creator in enumerate(creators, start=1):
        folder = options.output / "videos" / creator.handle
        folder.mkdir(parents=True, exist_ok=True)
        for reel in creator.reels:
            cuts[reel.handle, reel.file] = make_reel(creator, reel, folder / reel.file)
        print(f"{number}/{len(creators)} {creator.handle}", flush=True)
    write_study(options.output, creators, cohort)
    write_truth(options.truth, creators, cuts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
