"""Write one flat table of the creators, as Parquet and CSV, for R, Stata, pandas: a value in each cell, plain names."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from analysis.study_tables import read_clusters, read_names
from common import program
from common.files import replace_file
from common.parquet import read_table, write_table
from common.tables import COORDINATES, CREATOR_MEASURES, CREATORS, EDGES
from export_csv import as_csv
from tabulation.flat import flat_table

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    tables = {
        "creators": read_table(arguments.creators, CREATORS),
        "coordinates": read_table(arguments.coordinates, COORDINATES),
        "clusters": read_clusters(arguments.clusters),
        "edges": read_table(arguments.edges, EDGES),
        "creator_measures": read_table(arguments.measures, CREATOR_MEASURES),
    }
    table = flat_table(tables, read_names(arguments.names))
    write_table(table, arguments.parquet)
    replace_file(arguments.csv, as_csv(table).encode("utf-8", "replace"))
    program.log.info("%s: %d creators, %d columns", arguments.csv, table.num_rows, table.num_columns)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(
        parser, "creators", "coordinates", "clusters", "edges", measures="creator_measures", names="cluster_names"
    )
    parser.add_argument("--parquet", type=Path, required=True, metavar="FILE", help="to write")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE", help="to write")
    return parser.parse_args(argv)


if __name__ == "__main__":
    program.run(main, parse())
