"""Simulate cohorts like the study's own, and count how often the tests of the network find a given homophily.

Size, clusters, mean degree and skews of the degrees are measured from the study's tables.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import pyarrow as pa

from analysis.evidence import NOT_TESTABLE
from analysis.power import cohort_like, power_rows
from analysis.study_tables import read_clusters
from common import program
from common.config import PowerSection
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.tables import CREATORS, EDGES, POWER

VERSION = "4"
NEEDED = ("creator_id", "follows_status", "n_embedded")


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, PowerSection)
    creators = read_table(arguments.creators_table, CREATORS, [name for name in CREATORS.names if name not in NEEDED])
    edges, clusters = read_table(arguments.edges_table, EDGES), read_clusters(arguments.clusters_table)
    like = cohort_like(creators, edges, clusters, settings.separation)
    rows = []
    if like is None:
        program.log.warning("%s: no follows between creators of the cohort: nothing to simulate", arguments.edges_table)
    else:
        program.log.info("cohorts like this one: %s", like)
        for row in power_rows(like, settings, arguments.alpha, arguments.seed, arguments.processes):
            said = f"{row['supported']} of {row['cohorts']}" if row["cohorts"] else NOT_TESTABLE
            program.log.info("%d creators, homophily %g, %s: %s", row["creators"], row["homophily"], row["test"], said)
            rows.append(row)
    write_table(pa.Table.from_pylist(rows, schema=POWER), arguments.output)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    for name, text in (("creators", "creators.parquet"), ("edges", "edges.parquet"), ("clusters", "clusters.parquet")):
        parser.add_argument(f"--{name}-table", type=Path, required=True, metavar="FILE", help=text)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="power.parquet to write")
    parser.add_argument("--alpha", type=float, default=0.05, metavar="P", help="largest p value that counts [0.05]")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of every random step [42]")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes; no result depends on it [1]")
    add_section(parser, PowerSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
