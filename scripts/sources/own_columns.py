"""Columns of the creators file that are the researcher's own: the type that all their cells have; docs/tables.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from common.program import UserError
from sources import readings
from sources.joins import Notice

YES_AND_NO = (
    ("true", "false"), ("yes", "no"), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("sì", "no"), ("wahr", "falsch"),
    ("vrai", "faux"), ("verdadero", "falso"),
)  # fmt: skip
# Spreadsheets and floating-point columns keep 15 digits: what is longer is an id, as is what begins with zeros.
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14}|(?=\.))(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:[.,'\u2019][0-9]{3})+")  # 1.234 can be read as 1234, too
# Spreadsheets write numbers of 12 digits and more in this way, and leave out the last ones.
SCIENTIFIC = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
LARGEST_SCIENTIFIC = 1e11
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(rf"{DAY.pattern}[T ][0-9]{{2}}:[0-9]{{2}}.*")
LONG = re.compile(r"[0-9]{17,25}")
ID = re.compile(r"(^|_)id$", re.IGNORECASE)


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not DECIMAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


KINDS: dict[str, Callable[[str], Any]] = {
    "whole numbers": _whole, "numbers": _number, "dates (2024-05-31)": _day, "times (2024-05-31T18:00)": _moment,
}  # fmt: skip


def typed(name: str, cells: Sequence[str]) -> tuple[list[Any], str | None]:
    """The values of a column's cells, and what they nearly are where they stay text.

    Args:
        name: of the column.
        cells: that are not empty.

    Returns:
        Numbers, dates, times (UTC), true or false, or the cells as they are; and the kind (as in KINDS) that at least
        half of the cells have, None where there is no such.
    """
    words = {cell.lower() for cell in cells}
    for yes, no in YES_AND_NO:
        if words == {yes, no} or (words and words < {"true", "false"} and yes == "true"):
            return [cell.lower() == yes for cell in cells], None
    nearly = None
    for kind, convert in () if ID.search(name) else KINDS.items():
        found = [_converted(cell, convert) for cell in cells]
        known = sum(value is not None for value in found)
        if known == len(cells):
            return found, None
        if 2 * known >= len(cells):
            nearly = kind
    return list(cells), nearly


def _converted(cell: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(cell)
    except (ValueError, OverflowError):
        return None


def check_readings(name: str, cells: Sequence[str]) -> None:
    """Refuse a column whose cells can be read in two ways.

    Every number with a mark in it may be one of thousands (1.234 or 1,234), ids were rounded, or whole numbers were:
    3.41E+18. A decimal that is like no number of thousands (0.5, 1.23, 1234.567) says what the marks of the others are.

    Args:
        name: of the column.
        cells: that are not empty.

    Raises:
        AmbiguousError: has the place of a cell that can be read in two ways.
    """
    marked = [cell for cell in cells if not WHOLE.fullmatch(cell)]
    if marked and all(map(GROUPED.fullmatch, marked)):
        thousands, decimal = re.sub("[^-0-9]", "", marked[0]), marked[0].replace(",", ".")
        problem = f"{marked[0]!r} has marks between thousands, and would be taken as text; write {thousands}"
        if re.fullmatch("-?[0-9]+[.][0-9]{3}", decimal):
            problem = (
                f"{marked[0]!r} can be read as {thousands} and as {float(decimal):g}, and no cell of the column says "
                f"which; write {thousands} if that is meant, and {decimal}0 if it is a decimal number"
            )
        raise AmbiguousError(cells.index(marked[0]), problem)
    for index, cell in enumerate(cells):
        if SCIENTIFIC.fullmatch(cell) and abs(float(cell.replace(",", "."))) >= LARGEST_SCIENTIFIC:
            raise AmbiguousError(
                index,
                f"{cell!r} can be read as the number {float(cell.replace(',', '.')):.0f} and as a number or an id that "
                "was rounded to it; write all of its digits",
            )
    try:
        readings.check_long_ids(list(cells))
    except ValueError as error:
        first = next(index for index, cell in enumerate(cells) if LONG.fullmatch(cell))
        raise AmbiguousError(first, str(error)) from None
    if ID.search(name):
        for index, cell in enumerate(cells):
            try:
                readings.identity(cell)
            except ValueError as error:
                raise AmbiguousError(index, str(error)) from None


class AmbiguousError(Exception):
    """A cell that can be read in two ways; the message has both readings.

    Args:
        index: of the cell.
        message: what is wrong with it.
    """

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def take_types(rows: Sequence[tuple[int, dict[str, Any]]], own: Sequence[str], table: str) -> list[Notice]:
    """Give the own columns of a table their types, in place; what is nearly a number, date or time is noted.

    Args:
        rows: of each line its number and its values, by column; empty cells are not there.
        own: the columns.
        table: its name.

    Raises:
        UserError: a cell can be read in two ways; names line and column.
    """
    notices = []
    for name in own:
        cells = [(number, values) for number, values in rows if name in values]
        try:
            check_readings(name, [row[name] for _, row in cells])
        except AmbiguousError as error:
            raise UserError(f"{table}, line {cells[error.index][0]}: {name}: {error}") from None
        values, nearly = typed(name, [row[name] for _, row in cells])
        if nearly:
            wrong = next((number, row[name]) for number, row in cells if not _is(row[name], nearly))
            notices.append(
                Notice(
                    f"{table}: column {name} is taken as text, because not all of its cells are {nearly}",
                    examples=((repr(wrong[1]), f"line {wrong[0]}"),),
                )
            )
        for (_, row), value in zip(cells, values, strict=True):
            row[name] = value
    return notices


def _is(cell: str, kind: str) -> bool:
    return _converted(cell, KINDS[kind]) is not None
