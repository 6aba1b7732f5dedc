"""Takes people who asked not to be held out of JSON values: answers, exports, cells of databases."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from common.files import as_line
from opting_out.people import IDS, People, identity_of
from opting_out.tombstones import GONE, Tombstones

# Below this length a one-word name may be an ordinary word and an id any number.
SHORTEST = 6
ID_KEY = re.compile(r"(?:^|_)(?:pk|id)s?$")
# Objects with one of these keys are things, not people: the ids that stand directly in them are their own.
THINGS = {"code", "shortcode", "media_type", "taken_at", "text"}
# Pagination cursors; never blanked.
CURSORS = {"next_page_id", "page_id", "max_id", "next_max_id", "min_id", "cursor", "end_cursor"}
KEPT = CURSORS | {"exc_type"}


class Scrubber:
    """Takes people out of the JSON values of one file.

    In a list of accounts somebody without a name stands in for each of the people, so that the list does not seem to
    end early. Who follows whom cannot be seen from that: the stand-ins of another file are others.

    Args:
        people: whom to take out.
        blank: returns a text without the people.
    """

    def __init__(self, people: People | Tombstones, blank: Callable[[str], str]) -> None:
        self.people, self.blank = people, blank
        self._stand_ins: dict[str, str] = {}

    def describes(self, value: Any) -> bool:
        """Whether a JSON value is an object that describes one of the people."""
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("username"), str):
            return self.people.has(value["username"], identity_of(value))
        return any(self.people.has_id(value.get(key)) for key in IDS) and not THINGS & value.keys()

    def stand_in(self, *known_by: Any) -> str:
        """Return an id for somebody without a name; the same for the same person."""
        known = next(str(value) for value in known_by if value)
        return self._stand_ins.setdefault(known, f"opted-out-{secrets.token_hex(4)}")

    def clean(self, value: Any, key: str = "") -> Any:
        """Return a JSON value without the people.

        Args:
            value: any.
            key: under which it stands.
        """
        if isinstance(value, dict):
            if self.describes(value):
                return {"pk": self.stand_in(*(value.get(name) for name in (*IDS, "username"))), "username": GONE}
            # Somebody else with an id may have a handle now that was one of the people's.
            another = {"username"} if identity_of(value) else set()
            return {
                name: item if name in another else self.clean(item, name)
                for name, item in value.items()
                if not self._is_id_text(name)
            }
        if isinstance(value, list):
            return [self.clean(item, key) for item in value if key == "users" or not self._is_dropped(item, key)]
        if key in KEPT or isinstance(value, bool):
            return value
        if ID_KEY.search(key):
            return self._clean_id(value, key)
        return self._clean_text(value, key) if isinstance(value, str) else value

    def clean_json(self, content: bytes) -> bytes:
        """Return JSON without the people, byte for byte as it is where it does not name them; raises ValueError."""
        value = json.loads(content)
        cleaned = self.clean(value)
        return content if cleaned == value else as_line(cleaned)

    def clean_cell(self, value: Any, column: str) -> Any:
        """Return a value of a database, which may be JSON, without the people."""
        if not isinstance(value, str):
            return value
        if value[:1] in ("[", "{"):
            with suppress(ValueError):
                given = json.loads(value)
                cleaned = self.clean(given, column)
                return value if cleaned == given else json.dumps(cleaned, ensure_ascii=False)
        return self.blank(value)

    def _is_dropped(self, item: Any, key: str) -> bool:
        """Whether an entry of a list is one of the people, a tag of one, or a comment by one."""
        if isinstance(item, dict):
            return any(map(self.describes, (item, item.get("user"), item.get("owner"))))
        is_long_enough = len(str(item)) >= SHORTEST or ID_KEY.search(key)
        return self.people.has_handle(item) or bool(self.people.has_id(item) and is_long_enough)

    def _clean_text(self, value: str, key: str) -> str:
        if key.endswith("username"):  # a name as a whole: those of others never change
            return GONE if self.people.has_handle(value) else value
        return self.blank(value)

    def _is_id_text(self, text: str) -> bool:
        return text.isdigit() and self.people.has_id(text)

    def _clean_id(self, value: Any, key: str) -> Any:
        """Return an id of something else; that of a reel may end with its account's id (`<reel>_<account>`)."""
        if isinstance(value, str) and "_" in value:
            first, *others = value.split("_")
            return "_".join([first, *(part for part in others if not self._is_id_text(part))])
        return None if key not in IDS and self.people.has_id(value) else value
