"""Tables as files: the only ways to build, to write and to read one.

Tables are parquet files, sorted by id, so that the same input gives the same bytes. Columns and types are checked when
a table is written and when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common.files import replacing
from common.tables import STRING

# Columns that tables of earlier versions, and bundles, do not have; they are null then.
ADDED = {
    "views",
}


class TableError(Exception):
    """A table that does not have the columns or types it must have; the message names file, column and type."""


def build_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema, further: bool = False) -> pa.Table:
    """Rows as a table with exactly the schema's columns, sorted by its leading id columns.

    Args:
        rows: one mapping per row; missing keys become null.
        schema: columns and types.
        further: also keep keys that the schema does not know (their types are inferred), after its columns.

    Raises:
        TableError: a key that the table does not have, or a value that is not of its column's type.
    """
    known = set(schema.names)
    unknown = sorted({key for row in rows for key in row} - known)
    if unknown and not further:
        raise TableError(f"columns that the table does not have: {', '.join(unknown)}")
    ids = [name for name in schema.names if name.endswith("_id") or name in ("stage", "state", "reason")]
    # Ids that occur twice (a duplicate, a missing file) are told apart by the other texts of the row.
    texts = [field.name for field in schema if field.type == STRING and field.name not in ids]
    ordered = sorted(rows, key=lambda row: tuple(str(row.get(name) or "") for name in (*ids, *texts)))
    columns = [_column([row.get(field.name) for row in ordered], field) for field in schema]
    table = pa.Table.from_arrays(columns, schema=schema)
    for name in unknown if further else []:
        table = table.append_column(name, _infer([row.get(name) for row in ordered]))
    return table


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise TableError(f"column {field.name} cannot be written as {field.type}: {error}") from None


def _infer(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], STRING)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table atomically: a reader sees the old file or the new one, never a part."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: Path, schema: pa.Schema, optional: Sequence[str] = ()) -> pa.Table:
    """Read a table and check it.

    Args:
        path: the parquet file.
        schema: columns that must be there, with types the file's columns can be cast to without loss.
        optional: columns of the schema that may be missing; they are then missing in the result, too.

    Returns:
        The schema's columns first, further columns of the file after them, in the file's order of rows.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise TableError(f"{path}: no such file") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{path}: not a parquet file: {error}") from None
    for name in ADDED & set(schema.names) - set(table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows, schema.field(name).type))
    missing = [name for name in schema.names if name not in table.column_names and name not in optional]
    if missing:
        raise TableError(
            f"{path}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing; "
            f"found {', '.join(table.column_names)}"
        )
    known = [field for field in schema if field.name in table.column_names]
    further = [field for field in table.schema if field.name not in schema.names]
    columns = []
    for field in known:
        try:
            columns.append(table.column(field.name).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TableError(f"{path}: column {field.name} cannot be read as {field.type}: {error}") from None
    columns += [table.column(field.name) for field in further]
    return pa.Table.from_arrays(columns, schema=pa.schema([*known, *further]))
