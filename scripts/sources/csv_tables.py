"""CSV files as people write them: byte order marks, semicolons, blank lines; every defect is named with its line."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.handles import INVISIBLE, normal_handle
from common.meanings import names_of_tables
from common.program import UserError
from sources import readings
from sources.columns import asked_about, has_titles, repeats_header
from sources.joins import Notice
from sources.own_columns import take_types
from sources.source import FOLLOWS_STATES

CREATOR_COLUMNS = ("full_name", "followers", "following", "follows_status")
HEADER_LINES = 2  # Some programs of surveys write as many lines of titles below the first.


@dataclass(frozen=True)
class Line:
    """One line of a CSV file.

    Attributes:
        number: in the file, from 1.
        values: text by column name; empty cells are left out.
    """

    number: int
    values: dict[str, str]


def read_csv(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[Line]:
    """Read a CSV file with a header; commas, semicolons or tabs.

    Args:
        path: the file, in UTF-8 with or without byte order mark.
        required: columns that must be there; like the optional ones in any case. Others keep their names as they came.
        optional: columns that may be there.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise UserError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    rows = _split(text, path)
    if not rows:
        raise UserError(f"{path}: empty; expected a header with the columns {', '.join(required)}")
    first, header = rows[0]
    known = {*required, *optional}
    names = [INVISIBLE.sub("", name).strip() for name in header]
    names = [name.lower() if name.lower() in known else name for name in names]
    for problem, columns in (
        ("missing", [name for name in required if name not in names]),
        ("given twice", sorted({name for name in names if name and names.count(name) > 1})),
    ):
        if columns:
            raise UserError(f"{path}, line {first}: column {', '.join(columns)} {problem}; found {', '.join(names)}")
    for name, meant in asked_about(names, optional).items():
        raise UserError(
            f"{path}, line {first}: column {name!r}: is this {meant}? Then call it {meant}; if it is something else, "
            f"call it so that it differs more from {meant} (x_{name})"
        )
    lines: list[Line] = []
    for number, cells in rows[1:]:
        if len(cells) > len(names):
            raise UserError(f"{path}, line {number}: {len(cells)} cells, but the header has {len(names)} columns")
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
        if repeats_header(values) or (len(lines) < HEADER_LINES and has_titles(values, known)):
            raise UserError(
                f"{path}, line {number}: a second header line, it seems; remove it (write @ before a name of somebody)"
            )
        lines.append(Line(number, values))
    return lines


def _split(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the number of the line it begins in."""
    header = (text.lstrip("\r\n").splitlines() or [""])[0]
    # Strict: a quote that is never closed would otherwise swallow the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    rows, line = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        unended = "; a quoted text that begins here never ends" if "end of data" in str(error) else ""
        raise UserError(f"{path}, line {line}: {error}{unended}") from None
    return rows


def take(line: Line, column: str, convert: Callable[[str], Any], path: Path) -> Any:
    """A cell converted, None where it is empty; raises UserError that names file, line and column."""
    text = line.values.get(column)
    if text is None:
        return None
    try:
        return convert(text)
    except ValueError as error:
        raise UserError(f"{path}, line {line.number}: {column}: {error}") from None


def read_creators_csv(path: Path, notices: list[Notice] | None = None) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each creator, by normal handle: the handle as written, and the further columns.

    Args:
        path: the file.
        notices: what is odd about own columns is added here.

    Raises:
        UserError: names file, line and remedy.
    """
    creators: dict[str, tuple[str, dict[str, Any]]] = {}
    first_lines: dict[str, int] = {}
    for line in read_csv(path, ("handle",), CREATOR_COLUMNS):
        handle = read_handle(line, "handle", path)
        creator_id = normal_handle(handle)
        if creator_id in first_lines:
            raise UserError(f"{path}, line {line.number}: {creator_id} is already in line {first_lines[creator_id]}")
        first_lines[creator_id] = line.number
        status = line.values.get("follows_status")
        if status is not None and status not in FOLLOWS_STATES:
            raise UserError(
                f"{path}, line {line.number}: follows_status: {status!r} is none of {', '.join(FOLLOWS_STATES)}"
            )
        numbers = ("followers", "following")
        facts: dict[str, Any] = {
            given_name(name): take(line, name, readings.count if name in numbers else readings.words, path)
            for name in line.values
            if name != "handle"
        }
        creators[creator_id] = (handle, facts)
    rows = [(first_lines[creator_id], facts) for creator_id, (_, facts) in creators.items()]
    own = dict.fromkeys(name for _, facts in rows for name in facts if name not in CREATOR_COLUMNS)
    (notices if notices is not None else []).extend(take_types(rows, list(own), str(path)))
    return creators


def given_name(column: str) -> str:
    """What a column of the creators file is called in the study's tables, which make some columns themselves."""
    made = column.lower() in names_of_tables() and column not in CREATOR_COLUMNS
    return f"given_{column}" if made else column


def read_follows_csv(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Whom each account follows, by normal handle: normal handle and handle as written, oneself left out, sorted.

    Raises:
        UserError: names file, line and remedy.
    """
    follows: dict[str, dict[str, str]] = defaultdict(dict)
    for line in read_csv(path, ("source", "target")):
        source, target = (read_handle(line, column, path) for column in ("source", "target"))
        source_id, target_id = normal_handle(source), normal_handle(target)
        listed = follows[source_id]
        if target_id != source_id:
            listed.setdefault(target_id, target)
    return {source: sorted(targets.items()) for source, targets in follows.items()}


def read_handle(line: Line, column: str, path: Path) -> str:
    """The handle in a cell, as written; raises UserError where it names nobody or can be read in two ways."""
    handle = take(line, column, readings.handle, path)
    if handle is None:
        raise UserError(f"{path}, line {line.number}: {column} is empty")
    return str(handle)
