"""One item of an export, as every adapter gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sources.exports.fields import Fields, FormatError
from sources.source import SourceReel


@dataclass
class Item:
    """A post, or what is known of an account.

    Attributes:
        where: file, relative to the folder, and line.
        handle: of the account, as written.
        number: the platform's number of the account, for items that lack the handle.
        facts: of the account: full_name, followers, following, as far as known.
        avatar: the account's profile picture.
        reel: the post; None for items that only tell of the account.
        problem: why the item cannot be used.
    """

    where: str
    handle: str | None = None
    number: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    avatar: Path | None = None
    reel: SourceReel | None = None
    problem: str | None = None

    @property
    def is_profile(self) -> bool:
        """Whether it tells of an account only."""
        return self.reel is None and self.problem is None

    @property
    def says_something(self) -> bool:
        """False for files that are about something else, a playlist or a hashtag."""
        return not self.is_profile or self.handle is not None


def read_item(where: str, load: Callable[[], bytes], fill: Callable[[Item, Fields], None]) -> Item:
    """Read one item; a FormatError becomes its problem, and what was known by then is kept.

    Args:
        where: file, relative to the folder, and line.
        load: gives the item's JSON.
        fill: takes from the JSON object what it says into the item, account first.
    """
    item = Item(where)
    try:
        fill(item, Fields.parse(load()))
    except FormatError as error:
        item.problem = str(error)
    return item
