"""Test the clusters of the map against the follow network (H1-label: homophily against shuffled labels)."""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.evidence import Study, incomplete_lists
from analysis.files import replace_file
from analysis.hypotheses import TESTS, as_json, as_table
from analysis.network import clusters_of, network_of
from common import program
from common.config import HypothesesSection
from common.options import add_section, read_section
from common.tables import CLUSTERS, CREATORS, EDGES, read_table, write_table

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, HypothesesSection)
    study = read_study(arguments.creators, arguments.edges, arguments.clusters)
    if 1 / (settings.draws + 1) > settings.alpha:
        program.log.warning(
            "hypotheses.draws = %d cannot give a p value as small as hypotheses.alpha = %s: raise draws",
            settings.draws,
            settings.alpha,
        )
    results = [test(study, settings, arguments.seed) for test in TESTS]
    for result in results:
        program.log.info(
            "%s: %s (observed %s, expected %s, p %s)%s",
            result.id,
            result.verdict,
            *("-" if value is None else f"{value:.4g}" for value in (result.observed, result.expected, result.p_value)),
            f": {result.reason}" if result.reason else "",
        )
    replace_file(arguments.output, as_json(results))
    if arguments.parquet is not None:
        write_table(as_table(results), arguments.parquet)


def read_study(creators_path: Path, edges_path: Path, clusters_path: Path) -> Study:
    """Read the three tables and say in the log what in them does not take part."""
    creators = read_table(creators_path, CREATORS, [name for name in CREATORS.names if name != "creator_id"])
    edges = read_table(edges_path, EDGES)
    clusters = read_table(clusters_path, CLUSTERS, ["membership", "outlier_score", "kmeans_cluster"])
    network = network_of(creators, edges)
    if network.left_out():
        program.log.warning("%s: %s", edges_path, network.left_out())
    statuses = creators.column("follows_status").to_pylist() if "follows_status" in creators.column_names else []
    if incomplete_lists(statuses):
        program.log.warning("%s", incomplete_lists(statuses))
    return Study(network, clusters_of(network, clusters), follows_status=statuses)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet: creator_id")
    parser.add_argument("--edges", type=Path, required=True, metavar="FILE", help="edges.parquet: source_id, target_id")
    parser.add_argument(
        "--clusters", type=Path, required=True, metavar="FILE", help="clusters.parquet: cluster of each"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="hypotheses.json to write")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="also write the results as a table")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of the permutations [42]")
    add_section(parser, HypothesesSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
