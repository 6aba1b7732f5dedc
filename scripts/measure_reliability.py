"""Measure how well reels show what a creator is like, and what the error in profiles does to the primary test."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from analysis.evidence import PRIMARY, Study, read_hypotheses
from analysis.network import network_of
from analysis.reliability import reliability_rows, value_of
from analysis.study_tables import embedded_reels, read_creators, read_reels
from common import program
from common.config import HypothesesSection
from common.options import add_section, read_section
from common.parquet import write_table
from common.tables import EDGES, RELIABILITY

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    network = network_of(read_creators(arguments.creators), EDGES.empty_table())
    study = Study(network, np.full(network.n_creators, -1))
    study = replace(study, reels=embedded_reels(read_reels(arguments.reels), network))
    primary = None
    if arguments.hypotheses is not None:
        results = read_hypotheses(arguments.hypotheses)
        primary = next((result for result in results if result.id == PRIMARY), None)
    settings = read_section(arguments, HypothesesSection)
    with threadpool_limits(1):
        rows = reliability_rows(study, settings, arguments.seed, primary)
    write_table(pa.Table.from_pylist(rows, schema=RELIABILITY), arguments.output)
    own = value_of(rows, "own_reliability")
    program.log.info("%s: profiles have a reliability of %s", arguments.output, own and f"{own['value']:.2f}")


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet: creator_id")
    parser.add_argument("--reels", type=Path, required=True, metavar="FILE", help="reels.parquet: embeddings")
    parser.add_argument("--hypotheses", type=Path, metavar="FILE", help="hypotheses.json: the odds ratio to correct")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="reliability.parquet to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of every random step [42]")
    add_section(parser, HypothesesSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
