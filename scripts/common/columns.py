"""What the columns of the tables mean (columns.toml): metadata of the Parquet fields, and the page docs/tables.md."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

SOURCE = Path(__file__).with_suffix(".toml")
Columns = Sequence[tuple[str, pa.DataType] | pa.Field]
# Measures have no schema of their own elsewhere: their unit says the type; all others are numbers.
TYPE_OF_UNIT = {"word": pa.string(), "count": pa.int64()}


@dataclass(frozen=True)
class Meaning:
    """What a column means.

    Attributes:
        description: in words.
        unit: empty where it has none.
        range: which values there can be; empty where that says nothing.
    """

    description: str
    unit: str = ""
    range: str = ""

    def metadata(self) -> dict[str, str]:
        """For the field of a Parquet file; what is empty is left out."""
        said = {"description": self.description, "unit": self.unit, "range": self.range}
        return {name: text for name, text in said.items() if text}


@dataclass(frozen=True)
class TableMeaning:
    """What a table is.

    Attributes:
        text: Markdown for the page on tables.
        file: of the table, in the folder of results, without suffix.
        columns: meaning of each column, in their order on the page.
    """

    text: str
    file: str
    columns: dict[str, Meaning] = field(default_factory=dict)


@functools.cache
def meanings() -> dict[str, TableMeaning]:
    """The tables by name, in the order of the page."""
    found = {}
    for name, said in tomllib.loads(SOURCE.read_text(encoding="utf-8")).items():
        columns = {
            column: Meaning(*([text] if isinstance(text, str) else text)) for column, text in said["columns"].items()
        }
        file = "/".join(filter(None, [said["place"], said.get("file", name)]))
        found[name] = TableMeaning(said["text"], file, columns)
    return found


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
    first = list(columns).index("producer") + 1
    return {name: TYPE_OF_UNIT.get(columns[name].unit, pa.float64()) for name in list(columns)[first:]}


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
