"""What the columns of the tables mean, as columns.toml says it. Imports stay light: the Snakefile looks here, too."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

FIRST_MEASURE = 3  # columns of the table of measures before it: reel, creator, producer
SOURCE = Path(__file__).with_name("columns.toml")


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


@functools.cache
def names_of_tables() -> frozenset[str]:
    """Names, in lower case, of all columns that tables of creators may have: no own column can be called so."""
    tables = meanings()
    measures = list(tables["measures"].columns)[FIRST_MEASURE:]
    exported = "neighbors"  # by export_embedding_atlas.py
    return frozenset([*tables["creators"].columns, *tables["creators_flat"].columns, *measures, exported])
