"""The page on the tables, docs/tables.md, from what their columns mean (`document_config.py` writes it)."""

from __future__ import annotations

import pyarrow as pa

from analysis import evidence
from common import tables
from common.meanings import SOURCE, meanings

INTRODUCTION = SOURCE.with_name("tables.md")
TYPES = {
    pa.string(): "text", pa.int64(): "whole number", pa.float64(): "number", pa.bool_(): "true or false",
    tables.TIME: "time", tables.VECTOR: "list of float32", pa.list_(pa.string()): "list of text",
    pa.list_(pa.int64()): "list of whole numbers", pa.list_(pa.float64()): "list of numbers",
}  # fmt: skip


def schema_of(table: str) -> pa.Schema:
    """The schema of a table that columns.toml describes."""
    schema: pa.Schema = getattr(evidence if table in ("hypotheses", "sensitivity") else tables, table.upper())
    return schema


def page() -> str:
    """The page, in Markdown."""
    made_from = "<!-- Made from scripts/common/tables.md and columns.toml; do not edit (make docs). -->"
    lines = ["# Tables", "", made_from, "", *INTRODUCTION.read_text(encoding="utf-8").splitlines(), ""]
    for name, table in meanings().items():
        lines += [f"## {name}", "", f"`results/{table.file}.parquet`. {table.text}", ""]
        lines += ["| column | type | unit | range | meaning |", "| --- | --- | --- | --- | --- |"]
        for field in schema_of(name):
            said = table.columns.get(field.name)
            if said is not None:
                cells = [f"`{field.name}`", TYPES[field.type], said.unit, said.range, said.description]
                lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)
