"""Say what distinguishes the clusters: in which measures, and columns of the creators file, their creators differ."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from analysis.distinctions import DIFFERENT, Column, distinguish
from analysis.study_tables import FIRST_STUDY, as_numbers, is_number, read_clusters
from common import program
from common.columns import measured_columns
from common.config import HypothesesSection
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.tables import CREATOR_MEASURES, CREATORS, DISTINCTIONS, REELS
from tabulation.flat import own_columns
from tabulation.measures import PROGRAM

VERSION = "1"
COUNTS = ("followers", "following")


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, HypothesesSection)
    creators = read_table(arguments.creators, CREATORS).sort_by("creator_id")
    clusters = read_clusters(arguments.clusters).select(["creator_id", "cluster"])
    measures = read_table(arguments.measures, CREATOR_MEASURES)
    made_by = pc.unique(read_table(arguments.reels, REELS).column("description_producer")).to_pylist()
    in_words = any(str(one).startswith(f"{PROGRAM} ") for one in made_by)
    circular = in_words and arguments.modality != "image"

    ids = creators.select(["creator_id"])
    whole = ids.join(clusters, "creator_id").join(measures, "creator_id").sort_by("creator_id")
    labels = pc.fill_null(whole.column("cluster"), -1).to_numpy()
    columns = [Column("measures", name, values_of(whole.column(name)), circular) for name in measured_columns()]
    own = [name for name in COUNTS if creators.column(name).null_count < len(creators)]
    own += [field.name for field in own_columns(creators) if not field.name.startswith(FIRST_STUDY)]
    columns += [Column("creators", name, values_of(creators.column(name))) for name in own]
    rows = distinguish(columns, labels, settings, arguments.seed)
    # In the order of the tables' columns, each with its clusters below it.
    write_table(pa.Table.from_pylist(rows, schema=DISTINCTIONS), arguments.output)
    different = [row["column"] for row in rows if row.get("verdict") == DIFFERENT]
    program.log.info("%s: clusters differ in %d of %d columns", arguments.output, len(different), len(columns))


def values_of(column: pa.ChunkedArray) -> np.ndarray | list[str | None]:
    """Numbers, dates and times as float64 (NaN: unknown); yes and no, and texts, as texts."""
    if is_number(column.type):
        return as_numbers(column)
    if kinds.is_boolean(column.type):
        return [None if value is None else "yes" if value else "no" for value in column.to_pylist()]
    return [None if value is None else str(value) for value in column.to_pylist()]


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "creators", "clusters", "reels", measures="creator_measures")
    parser.add_argument("--modality", default="text", help="what the clusters were made of [%(default)s]")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="table to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of the draws [%(default)s]")
    add_section(parser, HypothesesSection)
    return parser.parse_args(argv)


if __name__ == "__main__":
    program.run(main, parse())
