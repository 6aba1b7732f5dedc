"""Write the tables as CSV, for programs that do not read parquet.

Vectors (profiles, embeddings) are left out; lists are written as JSON. A text that a spreadsheet would run as a formula
(it begins with = + - @, a tab or a line break) gets an apostrophe in front: captions are other people's. Ids, codes and
handles stay as they are where they cannot do more than a number. The parquet tables have all of it as it is.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from common import program
from common.files import replace_file
from common.parquet import TableError

VERSION = "2"
VECTORS = ("profile", "embedding")
# Columns by which rows are found again, and what in them calls no function and no program.
IDS = re.compile(r"(^|_)(id|code|handle|medoid)$")
HARMLESS = re.compile(r"[\w.=+@-]*")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, "CSV Injection"


def main(arguments: argparse.Namespace) -> None:
    for path in arguments.tables:
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise TableError(f"{path}: not a parquet file: {error}") from None
        target = arguments.output / f"{path.stem}.csv"
        replace_file(target, as_csv(table).encode("utf-8", "replace"))
        program.log.info("%s: %d rows", target, table.num_rows)


def as_csv(table: pa.Table) -> str:
    """A table as CSV: header, UTF-8, empty for null, times in ISO 8601."""
    columns = {
        field.name: [_cell(value, IDS.search(field.name)) for value in table.column(field.name).to_pylist()]
        for field in table.schema
        if field.name not in VECTORS
    }
    return str(pd.DataFrame(columns, dtype=object).to_csv(index=False, lineterminator="\n"))


def _cell(value: object, is_id: object) -> object:
    if isinstance(value, str):
        if is_id and HARMLESS.fullmatch(value):
            return value
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if value is not None and hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, nargs="+", metavar="FILE", help="parquet tables")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder of the CSV files")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
