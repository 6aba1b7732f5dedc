"""Draw the follow network on the map: edges inside clusters in their colour, dots by followers in the cohort."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)

from analysis.network import network_of
from analysis.placed_creators import read_placed
from analysis.study_tables import read_creators
from common import program
from common.config import FiguresSection
from common.options import read_section
from common.parquet import read_table
from common.program import map_parser
from common.tables import EDGES
from figures.network import network_figure
from figures.page import save_figure, style
from figures.person import read_people

VERSION = "4"


def main(arguments: argparse.Namespace) -> None:
    placed = read_placed(arguments)
    network = network_of(read_creators(arguments.creators), read_table(arguments.edges, EDGES))
    if network.left_out():
        program.log.warning("%s: %s", arguments.edges, network.left_out())
    with style(read_section(arguments, FiguresSection)):
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
