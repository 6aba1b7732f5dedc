"""The values of a JSON object, with their types checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from common.foreign_json import parse_json
from common.handles import normal_handle

LARGEST_COUNT = 2**63 - 1  # the tables keep counts in 64 bits
NOTHING: tuple[Any, ...] = (None, "", [], {})  # how services write that they have no value
START = datetime(1970, 1, 1, tzinfo=UTC)
Found = TypeVar("Found")


class FormatError(Exception):
    """An item that does not have the form expected; the message says what was expected and what was found."""


class Fields:
    """A JSON object. Its values are taken by path, a name or several: `text("caption.text", "caption")`.

    The steps of a path are keys and positions in lists ("video_versions.0.url"). Of several paths the first with a
    value counts; null, {}, [] and empty texts are no values. A value of another type than asked for is a FormatError
    where the item is of no use without it (`identifier`, `handle`, `word`). Other values are optional: they are unknown
    then, and a note says so.

    Args:
        data: the object.
        name: what messages call it.
        notes: of values that were left out; parts share it with the whole.
    """

    def __init__(self, data: Any, name: str = "item", notes: list[str] | None = None) -> None:
        if not isinstance(data, dict):
            raise unexpected(name, "an object", data)
        self.data: dict[str, Any] = data
        self.notes: list[str] = [] if notes is None else notes

    @classmethod
    def parse(cls, content: bytes) -> Fields:
        """The object that a JSON text holds."""
        try:
            return cls(parse_json(content))
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise FormatError(f"expected JSON, found: {error.msg} ({place})") from None
        except ValueError as error:  # bytes that are no text; absurd numbers or depth
            raise FormatError(f"expected JSON, found: {str(error)[:80]}") from None

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def get(self, path: str) -> Any:
        """The value under a path, whatever its type; None where there is none."""
        value: Any = self.data
        for step in path.split("."):
            if value in NOTHING:
                return None
            if isinstance(value, list) and step.isdecimal():
                value = value[int(step)] if int(step) < len(value) else None
            elif isinstance(value, dict):
                value = value.get(step)
            else:
                raise unexpected(path, "an object", value)
        return None if value in NOTHING else value

    def part(self, path: str) -> Fields:
        """The object under a path; empty where there is none."""
        return Fields(self.get(path) or {}, path, self.notes)

    def optional_part(self, path: str) -> Fields:
        """The same; what is no object is left out."""
        return self.optional(self.part, path) or Fields({}, path, self.notes)

    def optional(self, take: Callable[[str], Found | None], *paths: str) -> Found | None:
        """What the first path gives that `take` can read; a note for each whose value it cannot."""
        for path in paths:
            try:
                found = take(path)
            except FormatError as error:
                self.notes.append(str(error))
            else:
                if found is not None:
                    return found
        return None

    def word(self, *paths: str) -> str | None:
        """A text that the rest depends on."""
        path, value = self._first(paths)
        if value is None:
            return None
        if not isinstance(value, str):
            raise unexpected(path, "a text", value)
        # Half an emoji, where a text was cut, cannot be written in UTF-8.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def text(self, *paths: str) -> str | None:
        """An optional text."""
        return self.optional(self.word, *paths)

    def identifier(self, *paths: str) -> str | None:
        """An id, given as text or as whole number."""
        path, value = self._first(paths)
        return str(value) if type(value) is int else self.word(path)

    def handle(self, *paths: str) -> str | None:
        """A handle, without @."""
        path, _ = self._first(paths)
        handle = self.word(path)
        if handle is None:
            return None
        # A question mark is the sign of the creator of items without an owner.
        if not normal_handle(handle) or not handle.isprintable() or "?" in handle:
            raise unexpected(path, "a handle", handle)
        return handle.strip().removeprefix("@")

    def count(self, *paths: str) -> int | None:
        """An optional count; -1 stands for one that is hidden."""
        return self.optional(self.strict_count, *paths)

    def strict_count(self, path: str) -> int | None:
        """A count that the rest depends on."""
        value = self.get(path)
        if value is None or value == -1:
            return None
        if type(value) not in (int, float) or not 0 <= value <= LARGEST_COUNT or value % 1:
            raise unexpected(path, "a count", value)
        return int(value)

    def moment(self, *paths: str, per_s: int = 1, earliest: datetime = START) -> str | None:
        """An optional time given as seconds since 1970, as ISO 8601 in UTC; 0 stands for no time.

        Args:
            paths: where it may be.
            per_s: 1000 where it is given in milliseconds.
            earliest: it cannot be before; nor can it be in the future.
        """
        return self.optional(lambda path: self._moment(path, per_s, earliest), *paths)

    def _moment(self, path: str, per_s: int, earliest: datetime) -> str | None:
        value = self.get(path)
        if value is None or value == 0:
            return None
        expected = "seconds since 1970" if per_s == 1 else "milliseconds since 1970"
        try:
            if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
                raise unexpected(path, expected, value)
            found = datetime.fromtimestamp(value / per_s if per_s > 1 else value, UTC)
        except (ValueError, OverflowError, OSError):
            raise unexpected(path, expected, value) from None
        if not earliest <= found <= datetime.now(UTC) + timedelta(days=1):
            raise unexpected(path, f"a time between {earliest.year} and now", value)
        return found.isoformat()

    def link(self, *paths: str) -> str | None:
        """An optional address on the web."""
        return self.optional(self._link, *paths)

    def _link(self, path: str) -> str | None:
        value = self.get(path)
        if value is None:
            return None
        if not isinstance(value, str) or not re.fullmatch(r"https?://\S+", value) or not value.isprintable():
            raise unexpected(path, "an http(s) address", value)
        return value

    def _first(self, paths: tuple[str, ...]) -> tuple[str, Any]:
        for path in paths:
            value = self.get(path)
            if value is not None:
                return path, value
        return paths[0], None


def seen(count: int | None, likes: int | None) -> int | None:
    """A number of plays or views; 0 of something that is liked is made up, and unknown."""
    return None if count == 0 and likes else count


def left_out(notes: list[str]) -> str | None:
    """What a row's detail says of values that were left out; None where none was."""
    return f"left out: {'; '.join(dict.fromkeys(notes))}" if notes else None


def unexpected(name: str, expected: str, found: Any) -> FormatError:
    """The error for a value of another kind than expected."""
    # Details end up in tables: no more of the value than tells what it is.
    kinds = {dict: "an object", list: "a list", type(None): "nothing"}
    return FormatError(f"{name}: expected {expected}, found {kinds.get(type(found)) or ascii(found)[:40]}")


def known(**facts: Any) -> dict[str, Any]:
    """Facts without those that are None."""
    return {name: value for name, value in facts.items() if value is not None}
