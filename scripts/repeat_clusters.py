"""Cluster with many seeds under one variant of the settings, and test each time what depends on the clusters."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.evidence import Study
from analysis.network import network_of
from analysis.profiles import OPTIONAL, profiles_of
from analysis.robustness import repeat
from analysis.search import chosen_settings
from analysis.stability import varied
from analysis.study_tables import profiles_in
from common import program
from common.config import ClusterSection, ClusterVariant, HypothesesSection, parse_section
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.tables import CREATORS, EDGES, RUNS

VERSION = "5"
FEW = 99  # resamples: nobody reads the intervals of single runs


def main(arguments: argparse.Namespace) -> None:
    variant = json.loads(arguments.changes)
    creators = read_table(arguments.creators, CREATORS, OPTIONAL)
    profiles = profiles_of(creators)
    chosen = chosen_settings(read_section(arguments, ClusterSection), arguments.search_table)
    changed = parse_section(ClusterVariant, variant, "--changes").applied_to(chosen)
    clustering = changed.for_cohort(len(profiles))
    network = network_of(creators, read_table(arguments.edges, EDGES))
    study = Study(network, np.full(network.n_creators, -1), profiles=profiles_in(creators, network))
    tests = read_section(arguments, HypothesesSection, "hypotheses")
    settings = tests.model_copy(update={"draws": arguments.draws, "resamples": FEW})
    rows = repeat(study, profiles, clustering, settings, arguments.seed, arguments.seeds)
    write_table(pa.Table.from_pylist(rows, schema=RUNS), arguments.output)
    program.log.info("%s: %d runs, which differ in %s", arguments.output, len(rows), " and ".join(varied(clustering)))


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet with profiles")
    parser.add_argument("--edges", type=Path, required=True, metavar="FILE", help="edges.parquet: source_id, target_id")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="table of runs to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="the study's seed; runs have the next [42]")
    parser.add_argument(
        "--seeds",
        type=int,
        default=25,
        metavar="N",
        help="number of runs of each kind: with other seeds (UMAP), without a tenth [25]",
    )
    parser.add_argument(
        "--changes", default="{}", metavar="JSON", help="what the variant changes in these settings [{}]"
    )
    parser.add_argument("--search-table", type=Path, metavar="FILE", help="what cluster.search chose")
    parser.add_argument("--draws", type=int, default=199, metavar="N", help="permutations of each test [199]")
    add_section(parser, ClusterSection)
    add_section(parser, HypothesesSection, "hypotheses")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
