"""Draw the mixing matrix: follows from each cluster to each, beside how many activity and popularity alone give."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)

from analysis.mixing_matrix import mixing_matrix
from analysis.network import clusters_of, network_of
from analysis.study_tables import read_clusters, read_creators, read_names
from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.tables import EDGES
from figures.mixing import mixing_figure
from figures.page import save_figure, style

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    network = network_of(read_creators(arguments.creators), read_table(arguments.edges, EDGES))
    labels = clusters_of(network, read_clusters(arguments.clusters))
    found = mixing_matrix(labels, network.sources, network.targets, int(labels.max(initial=-1)) + 1)
    with style(read_section(arguments, FiguresSection)):
        figure = mixing_figure(found, read_names(arguments.names), arguments.name, arguments.synthetic == "true")
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d clusters", arguments.output[0], len(found.observed))


def parse() -> argparse.Namespace:
    parser = program.figure_parser(__doc__)
    program.add_tables(parser, "creators", "clusters", "edges", names="cluster_names")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
