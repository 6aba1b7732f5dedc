"""Schemas whose fields say what they mean (`common.meanings`): the metadata of the Parquet files' fields."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from common.meanings import FIRST_MEASURE, Meaning, meanings

Columns = Sequence[tuple[str, pa.DataType] | pa.Field]
# Measures have no schema of their own elsewhere: their unit says the type; all others are numbers.
TYPE_OF_UNIT = {"word": pa.string(), "count": pa.int64()}


def described(table: str, columns: Columns) -> pa.Schema:
    """A schema whose fields say what they mean; a column that columns.toml does not know has no metadata (a test asks).

    Args:
        table: its name in columns.toml.
        columns: names and types, or fields, which keep the metadata that they have.
    """
    known = meanings()[table].columns
    fields = [one if isinstance(one, pa.Field) else pa.field(*one) for one in columns]
    return pa.schema([one.with_metadata(known[one.name].metadata()) if one.name in known else one for one in fields])


def measured_columns() -> dict[str, pa.DataType]:
    """The measures of a reel and their types, in the order of the table."""
    columns = meanings()["measures"].columns
    return {name: TYPE_OF_UNIT.get(columns[name].unit, pa.float64()) for name in list(columns)[FIRST_MEASURE:]}


def creators_measures() -> list[pa.Field]:
    """The measures of a creator: of a number mean and spread, of a word the most frequent one and its share."""
    fields = []
    for name, kind in measured_columns().items():
        own = meanings()["measures"].columns[name]
        if kind == pa.string():
            first = Meaning(f"most frequent word: {own.description}", own.unit)
            second = Meaning(f"share of the measured reels that have this word of {name}", "share", "0 to 1")
            pairs = [(name, kind, first), (f"{name}_share", pa.float64(), second)]
        else:
            first = Meaning(f"mean over the reels: {own.description}", own.unit, own.range)
            second = Meaning(f"standard deviation between the reels of {name}", own.unit, "0 or more")
            pairs = [(name, pa.float64(), first), (f"{name}_sd", pa.float64(), second)]
        fields += [pa.field(column, of, metadata=meaning.metadata()) for column, of, meaning in pairs]
    return fields
