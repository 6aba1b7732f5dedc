"""Write the pages that are made from the code: the configuration's JSON schema and page, and that of the tables.

A test keeps them in step.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from common.config import Config
from common.program import parser, run
from tabulation.documentation import page as tables_page

INTRODUCTION = """
A study is one YAML file: `snakemake --cores 8 --configfile study.yaml`. Every key has a default, the setting of the
first study where it had one. A key that is not known, a value of the wrong type or a contradiction ends the run before
anything starts; so does what YAML reads otherwise than people do: a key given twice, `<<`, octal numbers (`010`),
numbers with `:` or `_` in them, `.nan` and `.inf`, keys that are no texts (`on`). A text that looks like something else
(`no`, `2024-05-31`) stands in quotes. Paths are relative to the study's directory. The resolved configuration is
written to `results/config.yaml`. A folder holds one study: where `results` belongs to a study of another name or
source, the run ends and says what to do. Keys marked * decide how something is computed, never what comes out: changing
them computes nothing again. An editor that knows JSON schema completes and checks a study file with
`config/schema.json`.
"""
CHECKOUT = Path(__file__).resolve().parent.parent


def schema() -> str:
    """The JSON schema, for editors."""
    found = Config.model_json_schema()
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "Reel Atlas study"
    return json.dumps(found, indent=1) + "\n"


def reference() -> str:
    """The reference page, in Markdown."""
    lines = [
        "# Configuration",
        "",
        "<!-- Made by scripts/document_config.py from scripts/common/config; do not edit (make docs). -->",
        "",
        *INTRODUCTION.strip().splitlines(),
    ]
    for name, field in Config.model_fields.items():
        section: Any = field.annotation
        lines += ["", f"## {name}", "", str(section.__doc__).strip(), "", *_table(section, name)]
    return "\n".join(lines) + "\n"


def _table(section: type[BaseModel], path: str) -> list[str]:
    lines = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    below: list[str] = []
    for name, field in section.model_fields.items():
        key = f"{path}.{name}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            below += ["", f"### {key}", "", str(inner.__doc__).strip(), "", *_table(inner, key)]
            continue
        mark = "*" if (field.json_schema_extra or {}).get("execution") else ""  # type: ignore[union-attr]
        cells = [f"`{key}`{mark}", _kind(inner), f"`{_default(field.get_default(call_default_factory=True))}`"]
        lines.append("| " + " | ".join([*cells, str(field.description)]) + " |")
    return lines + below


def _default(value: Any) -> str:
    return json.dumps(value, default=lambda section: section.model_dump(exclude_unset=True))


def _kind(annotation: Any) -> str:
    """A type in words."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in inside)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("null" if part is type(None) else _kind(part) for part in inside)
    if origin in (list, dict):
        return f"list of {_kind(inside[0])}" if origin is list else f"{_kind(inside[1])} by name"
    if origin is typing.Annotated:
        return _kind(inside[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return " and ".join(f"`{name}`" for name in annotation.model_fields)
    return {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}[annotation]


PAGES = {"config/schema.json": schema, "docs/configuration.md": reference, "docs/tables.md": tables_page}


def main(_: argparse.Namespace) -> None:
    for name, write in PAGES.items():
        (CHECKOUT / name).write_text(write(), encoding="utf-8")
        print(f"wrote {name}")


if __name__ == "__main__":
    run(main, parser(__doc__).parse_args())
