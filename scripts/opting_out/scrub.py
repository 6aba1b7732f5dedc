"""Answers and exports without people who asked not to be held."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from opting_out.tombstones import Tombstones
from sources.source import normal_handle

GONE = "[opted out]"
# Shorter texts of one word are words of the language as well, and shorter ids numbers of anything.
SHORTEST = 6
IDS = ("pk", "pk_id", "id")
ID_KEY = re.compile(r"(?:^|_)(?:pk|id)s?$")
# Things, not people: the ids that stand directly in them are their own.
THINGS = {"code", "shortcode", "media_type", "taken_at", "text"}
# By them a list goes on where it ended.
CURSORS = {"next_page_id", "page_id", "max_id", "next_max_id", "min_id", "cursor", "end_cursor"}
KEPT = CURSORS | {"exc_type"}


class Account(NamedTuple):
    """Somebody, as one place describes them.

    Attributes:
        handle: in its normal form.
        identity: the service's id.
        name: the full name.
    """

    handle: str
    identity: str | None = None
    name: str | None = None


def accounts(value: Any) -> Iterator[Account]:
    """Everybody whom a JSON value describes, at any depth."""
    if isinstance(value, dict):
        handle, name = value.get("username"), value.get("full_name")
        if isinstance(handle, str):
            yield Account(normal_handle(handle), identity_of(value), name if isinstance(name, str) else None)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from accounts(item)


def identity_of(value: dict[str, Any]) -> str | None:
    """The id of what a JSON object describes."""
    return next((str(value[key]) for key in IDS if type(value.get(key)) in (int, str)), None)


class Known(Protocol):
    """Tells who is meant."""

    def has_handle(self, value: Any) -> bool:
        """Whether a value is a handle of theirs, in any spelling."""

    def has_id(self, value: Any) -> bool:
        """Whether a value is an id of theirs."""

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is theirs; the id decides where both are known."""


class Blanks(Protocol):
    """Takes them out of texts."""

    def blank(self, text: str) -> str:
        """The text without them; it is the same where it does not name them."""


class Buried:
    """People of whom nothing but tombstones is left; a `Known` and a `Blanks`.

    In texts they are found where something is said to be an account: @handle, links to profiles, long numbers. What
    they are called besides, no tombstone knows.
    """

    MENTION = re.compile(
        r"(?P<before>@|%40|instagram\.com/(?:_u/|stories/)?)(?P<handle>[\w.]+)|(?<![^\W_])\d{6,}(?![^\W_])", re.I
    )

    def __init__(self, tombstones: Tombstones) -> None:
        self.tombstones = tombstones

    def has_handle(self, value: Any) -> bool:
        """Whether a value is a handle of theirs, in any spelling."""
        return isinstance(value, str) and self.tombstones.has_handle(normal_handle(value))

    def has_id(self, value: Any) -> bool:
        """Whether a value is an id of theirs."""
        return type(value) in (int, str) and self.tombstones.has_id(str(value))

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is theirs; the id decides where both are known."""
        return self.tombstones.has(normal_handle(handle), identity)

    def blank(self, text: str) -> str:
        """The text without them; it is the same where it does not name them."""
        return self.MENTION.sub(self._replacement, text)

    def _replacement(self, match: re.Match[str]) -> str:
        handle = match["handle"]
        if handle is None:
            return GONE if self.has_id(match[0]) else match[0]
        bare = handle.rstrip(".")  # the end of a sentence
        return f"{match['before']}{GONE}{handle[len(bare) :]}" if self.has_handle(bare) else match[0]


class Scrubber:
    """Takes people out of the JSON values of one file.

    In a list of accounts somebody without a name stands in for each of them, so that it does not seem to end early.
    Who follows whom cannot be seen from that: the stand-ins of another file are others.

    Args:
        people: whom to take out.
        search: finds them in texts.
    """

    def __init__(self, people: Known, search: Blanks) -> None:
        self.people, self.search = people, search
        self._stand_ins: dict[str, str] = {}

    def names(self, value: Any) -> bool:
        """Whether a JSON value is an object that describes one of them."""
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("username"), str):
            return self.people.has(value["username"], identity_of(value))
        return any(self.people.has_id(value.get(key)) for key in IDS) and not THINGS & value.keys()

    def stand_in(self, *known_by: Any) -> str:
        """An id for somebody without a name; the same for the same person."""
        known = next(str(value) for value in known_by if value)
        return self._stand_ins.setdefault(known, f"opted-out-{secrets.token_hex(4)}")

    def clean(self, value: Any, key: str = "") -> Any:
        """A JSON value without them.

        Args:
            value: any.
            key: under which it stands.
        """
        if isinstance(value, dict):
            if self.names(value):
                return {"pk": self.stand_in(*(value.get(name) for name in (*IDS, "username"))), "username": GONE}
            # Somebody else, who may have a handle that was theirs.
            another = {"username"} if identity_of(value) else set()
            return {
                name: item if name in another else self.clean(item, name)
                for name, item in value.items()
                if not self._is_their_id(name)
            }
        if isinstance(value, list):
            return [self.clean(item, key) for item in value if key == "users" or not self._is_theirs(item, key)]
        if key in KEPT or isinstance(value, bool):
            return value
        if ID_KEY.search(key):
            return self._clean_id(value, key)
        return self._clean_text(value, key) if isinstance(value, str) else value

    def clean_cell(self, value: Any, column: str) -> Any:
        """A value of a database, which may be JSON, without them."""
        if not isinstance(value, str):
            return value
        if value[:1] in ("[", "{"):
            with suppress(ValueError):
                given = json.loads(value)
                cleaned = self.clean(given, column)
                return value if cleaned == given else json.dumps(cleaned, ensure_ascii=False)
        return self.search.blank(value)

    def _is_theirs(self, item: Any, key: str) -> bool:
        """Whether an entry of a list goes: they themselves, a tag of them, a comment by them."""
        if isinstance(item, dict):
            return any(map(self.names, (item, item.get("user"), item.get("owner"))))
        long_enough = len(str(item)) >= SHORTEST or ID_KEY.search(key)
        return self.people.has_handle(item) or bool(self.people.has_id(item) and long_enough)

    def _is_their_id(self, text: str) -> bool:
        return text.isdigit() and self.people.has_id(text)

    def _clean_text(self, value: str, key: str) -> str:
        if key.endswith("username"):  # others' are never touched
            return GONE if self.people.has_handle(value) else value
        return self.search.blank(value)

    def _clean_id(self, value: Any, key: str) -> Any:
        """An id of something else; that of a reel may have the account behind it (`<reel>_<account>`)."""
        if isinstance(value, str) and "_" in value:
            first, *others = value.split("_")
            return "_".join([first, *(part for part in others if not self._is_their_id(part))])
        return None if key not in IDS and self.people.has_id(value) else value
