"""Values of the database.

SQLite lets any type into any column: each of these functions takes what can be meant and refuses the rest.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sources import readings
from sources.readings import moment

# Beyond it neighbouring whole numbers are the same float: an id that was stored as one has lost its last digits.
EXACT_FLOAT = 2**53
Record = dict[str, Any]
Value = TypeVar("Value")


def text(value: Any) -> str:
    """A text."""
    found = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    if not found.isascii() and re.search(r"[\ud800-\udfff]", found):
        raise ValueError("is not UTF-8 text")
    return readings.words(found)


def whole(value: Any) -> int:
    """A whole number, however it is written."""
    if isinstance(value, str) and (unsigned := value.strip().removeprefix("-"))[:1].isdecimal():
        return readings.count(unsigned) * (-1 if "-" in value else 1)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT):
        return int(value)
    raise ValueError(f"{shown(value)} is no whole number")


def count(value: Any) -> int:
    """A number of plays, followers or the like."""
    if (number := whole(value)) < 0:
        raise ValueError(f"{number} is below zero")
    return number


def real(value: Any) -> float:
    """A finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is no number")
    return number


def flag(value: Any) -> bool:
    """True or false."""
    known = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
    if (word := str(value).strip().lower()) not in known:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return known[word]


def when(value: Any) -> str:
    """A time (seconds since 1970, or ISO 8601) as ISO 8601 in UTC."""
    try:
        return moment(str(whole(value)))
    except ValueError:
        return moment(str(value).strip())


def identity(value: Any) -> str:
    """An id, whether it was stored as a number or as text."""
    found = text(value).strip()
    if isinstance(value, str) and readings.FLOAT_ID.fullmatch(found) and "+" in found:
        readings.identity(found)
    if re.fullmatch(r"[0-9]{1,25}", found) and int(found) > 0:
        return str(int(found))
    if not found or re.fullmatch(r"-?([0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?|inf|nan)", found, re.IGNORECASE):
        number = real(value)
        if number >= EXACT_FLOAT:
            raise ValueError(f"{shown(value)} has lost its last digits: it was stored as a float")
        if number <= 0 or not number.is_integer():
            raise ValueError(f"{shown(value)} is no id")
        return str(int(number))
    return found


def username(value: Any) -> str:
    """A username, without @ or a link around it."""
    found = readings.handle(text(value).strip())
    if not re.fullmatch(r"[^\s@/?#:]+", found) or not found.isprintable():
        raise ValueError(f"{shown(value)} is no username")
    return found


def link(value: Any) -> str:
    """An address on the web."""
    found = text(value).strip()
    if not re.match(r"https?://", found):
        raise ValueError(f"{shown(value)} is no link")
    return found


def shortcode(value: Any) -> str:
    """What a reel's address ends in."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(value)):
        raise ValueError(f"{shown(value)} is no code of a reel")
    return str(value)


def shown(value: Any) -> str:
    """A value as messages show it."""
    written = repr(value)
    return written if len(written) <= 60 else written[:57] + "..."


@dataclass
class Values:
    """The values of one row; what is not as expected is None, and noted.

    Attributes:
        row: the values as they stand in the table, by column.
        notes: what was not as expected.
    """

    row: Record
    notes: list[str] = field(default_factory=list)

    def take(self, column: str, convert: Callable[[Any], Value]) -> Value | None:
        """A value converted; None where there is none or it cannot be used."""
        if self._lacks(column):
            return None
        try:
            return convert(self.row[column])
        except ValueError as error:
            self.notes.append(f"{column} {error}")
            return None

    def need(self, column: str, convert: Callable[[Any], Value]) -> Value | None:
        """The same for a value that must be there."""
        if self._lacks(column):
            self.notes.append(f"no {column}")
        return self.take(column, convert)

    def _lacks(self, column: str) -> bool:
        value = self.row.get(column)
        return value is None or (isinstance(value, str | bytes) and not value.strip())

    def remarks(self) -> str | None:
        """All notes as one text, each once."""
        return "; ".join(dict.fromkeys(self.notes)) or None


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    return {"sha256": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes) else value
