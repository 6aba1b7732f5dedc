"""Draw the follow network on the map: edges inside clusters in their colour, dots by followers in the cohort."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)

from analysis.figures import save_figure, style
from analysis.network import network_of
from analysis.network_figure import network_figure
from analysis.study_tables import read_creators
from common import program
from common.parquet import read_table
from common.tables import EDGES
from plot_map import map_parser, read_people, read_placed

VERSION = "3"


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    network = network_of(read_creators(arguments.creators), read_table(arguments.edges, EDGES))
    if network.left_out():
        program.log.warning("%s: %s", arguments.edges, network.left_out())
    with style():
        people = read_people(arguments, placed, pictures=False)
        figure = network_figure(placed, network, arguments.name, arguments.synthetic == "true", people)
        save_figure(figure, *arguments.output)
    program.log.info("%s: %d creators, %d edges", arguments.output[0], len(placed), network.n_edges)


def parse() -> argparse.Namespace:
    parser = map_parser(__doc__)
    program.add_tables(parser, "edges")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
