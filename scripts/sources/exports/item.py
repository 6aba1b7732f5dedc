"""One item of an export, as every adapter gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sources import tiktok
from sources.fields import Fields, FormatError
from sources.instagram import Account, read_accounts, read_post
from sources.source import SourceReel

# As yt-dlp calls them.
INSTAGRAM, TIKTOK = "Instagram", "TikTok"
REDACTED = "REDACTED"  # what 4CAT writes in place of all authors where it anonymises; handles are in small letters


class OtherFileError(FormatError):
    """A file, or a line of one, that is no item of the tool whose suffix it has; the message says what it is."""


@dataclass
class Item:
    """A post, or what is known of an account.

    Attributes:
        where: file, relative to the folder, and line.
        site: where accounts have their numbers.
        account: whose post it is, or which account it tells of.
        others: who made the post together with that account.
        avatar: the account's profile picture.
        reel: the post; None for items that only tell of the account.
        captured: when the tool saw it (ISO 8601, UTC), None where it does not say.
        problem: why the item cannot be used.
        other: what it is instead of an item, where it is none.
    """

    where: str
    site: str = INSTAGRAM
    account: Account = field(default_factory=Account)
    others: list[Account] = field(default_factory=list)
    avatar: Path | None = None
    reel: SourceReel | None = None
    captured: str | None = None
    problem: str | None = None
    other: str | None = None

    @property
    def handle(self) -> str | None:
        """Of the account, as written."""
        return self.account.handle

    @property
    def number(self) -> str | None:
        """Instagram's number of the account."""
        return self.account.number if self.site == INSTAGRAM else None

    @property
    def facts(self) -> dict[str, Any]:
        """Of the account: full_name, followers, following, as far as known."""
        return self.account.facts

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
    except OtherFileError as error:
        item.other = str(error)
    except FormatError as error:
        item.problem = str(error)
    return item


def fill_post(item: Item, post: Fields) -> None:
    """Take a post of Instagram and whose it is."""
    accounts = read_accounts(post)  # known also of a post that cannot be read
    _take_accounts(item, accounts or [Account()])
    item.reel = read_post(post, accounts).as_reel(f"{item.where}: ")


def fill_tiktok(item: Item, post: Fields) -> None:
    """Take a post of TikTok and whose it is."""
    item.site = TIKTOK
    account = tiktok.read_account(post)
    _take_accounts(item, [account])
    item.reel = tiktok.read_post(post, account).as_reel(f"{item.where}: ")


def _take_accounts(item: Item, accounts: list[Account]) -> None:
    """Note whose an item is; raises FormatError where nobody can know any more."""
    if any(account.handle == REDACTED for account in accounts):
        raise FormatError(f"the author is {REDACTED}: 4CAT anonymised the data; take them from it as they were before")
    item.account, *item.others = accounts
