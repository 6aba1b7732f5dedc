"""CSV files as people write them: byte order marks, semicolons, blank lines; every defect is named with its line."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.program import UserError
from sources.source import FOLLOWS_STATES, normal_handle

CREATOR_COLUMNS = ("full_name", "followers", "following", "follows_status")


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
    names = [name.strip().lower() if name.strip().lower() in known else name.strip() for name in header]
    for problem, columns in (
        ("missing", [name for name in required if name not in names]),
        ("given twice", sorted({name for name in names if name and names.count(name) > 1})),
    ):
        if columns:
            raise UserError(f"{path}, line {first}: column {', '.join(columns)} {problem}; found {', '.join(names)}")
    lines = []
    for number, cells in rows[1:]:
        if len(cells) > len(names):
            raise UserError(f"{path}, line {number}: {len(cells)} cells, but the header has {len(names)} columns")
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
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


def count(text: str) -> int:
    """A number of followers, plays or the like. Spreadsheets like to write 1200.0."""
    whole = re.fullmatch(r"([0-9]{1,18})(?:\.0*)?", text)
    if not whole:
        raise ValueError(f"{text!r} is not a whole number (write 12500, not 12.5k or 12,500)")
    return int(whole[1])


def moment(text: str) -> str:
    """A time as ISO 8601 in UTC; takes ISO 8601 (UTC where no zone is given) and seconds since 1970."""
    try:
        if re.fullmatch(r"[0-9]{9,}", text):  # eight digits are a date: 20240531
            return datetime.fromtimestamp(int(text), UTC).isoformat()
        found = datetime.fromisoformat(text)
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)).isoformat()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is not a time (write 2024-05-31T18:00:00Z)") from None


def read_creators_csv(path: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each creator, by normal handle: the handle as written, and the further columns.

    Raises:
        UserError: names file, line and remedy.
    """
    creators: dict[str, tuple[str, dict[str, Any]]] = {}
    first_lines: dict[str, int] = {}
    for line in read_csv(path, ("handle",), CREATOR_COLUMNS):
        creator_id = _handle(line, "handle", path)
        if creator_id in first_lines:
            raise UserError(f"{path}, line {line.number}: {creator_id} is already in line {first_lines[creator_id]}")
        first_lines[creator_id] = line.number
        status = line.values.get("follows_status")
        if status is not None and status not in FOLLOWS_STATES:
            raise UserError(
                f"{path}, line {line.number}: follows_status: {status!r} is none of {', '.join(FOLLOWS_STATES)}"
            )
        facts: dict[str, Any] = {name: value for name, value in line.values.items() if name != "handle"}
        facts |= {name: take(line, name, count, path) for name in ("followers", "following") if name in facts}
        creators[creator_id] = (line.values["handle"].removeprefix("@"), facts)
    return creators


def read_follows_csv(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Whom each account follows, by normal handle: normal handle and handle as written, oneself left out, sorted.

    Raises:
        UserError: names file, line and remedy.
    """
    follows: dict[str, dict[str, str]] = defaultdict(dict)
    for line in read_csv(path, ("source", "target")):
        source, target = (_handle(line, column, path) for column in ("source", "target"))
        listed = follows[source]
        if target != source:
            listed.setdefault(target, line.values["target"].removeprefix("@"))
    return {source: sorted(targets.items()) for source, targets in follows.items()}


def _handle(line: Line, column: str, path: Path) -> str:
    handle = normal_handle(line.values.get(column, ""))
    if not handle:
        raise UserError(f"{path}, line {line.number}: {column} is empty")
    return handle
