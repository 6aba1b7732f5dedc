"""Which creator each account of an export folder is: by its number, which stays when the handle changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from common.handles import normal_handle
from common.program import UserError
from sources.exports.item import INSTAGRAM, Item
from sources.instagram import Account

Key = tuple[str, str]  # site and number of an account
OLDEST = -1  # before the positions of all items


class Owners:
    """The creators of items.

    An account is called by the handle that the creators file lists, else by that of the newest capture. Where an
    account took over a handle that another one had, the other one's creator is `<handle>#<number>`.

    Args:
        items: in the order of their captures.
        listed: handles of the creators file, in their normal form.

    Raises:
        UserError: two listed handles are one account.
    """

    def __init__(self, items: Iterable[Item], listed: Collection[str]) -> None:
        # Of an account, by handle in its normal form: the position of the newest item with it.
        self.handles: dict[Key, dict[str, int]] = defaultdict(dict)
        for position, item in enumerate(items):
            for account in (item.account, *item.others):
                if account.number and account.handle:
                    handles = self.handles[item.site, account.number]
                    handles[normal_handle(account.handle)] = position
                    if not account.number.isdecimal():  # of YouTube: people list channels by them, too
                        handles.setdefault(normal_handle(account.number), OLDEST)
        self.sites = sorted({site for site, _ in self.handles})
        names = {key: self._name(key, listed) for key in self.handles}
        holders: dict[tuple[str, str], Key] = {}
        for key in sorted(names, key=lambda key: self.handles[key][names[key]]):
            holders[key[0], names[key]] = key
        self.keys = {key: name if holders[key[0], name] == key else f"{name}#{key[1]}" for key, name in names.items()}
        self.by_handle: dict[tuple[str, str], set[str]] = defaultdict(set)
        for key, handles in self.handles.items():
            for handle in handles:
                self.by_handle[key[0], handle].add(self.keys[key])

    def _name(self, key: Key, listed: Collection[str]) -> str:
        handles = self.handles[key]
        ours = [name for name in handles if name in listed]
        if len(ours) > 1:
            raise UserError(
                f"source.exports.creators lists {' and '.join(sorted(ours))}, which are one account under "
                f"several handles ({key[0]} {key[1]}): leave one of them"
            )
        return ours[0] if ours else max(handles, key=lambda name: handles[name])

    def creator(self, account: Account, site: str) -> str | None:
        """The id of the creator that an account is; None where neither handle nor a known number says so."""
        if account.number and (site, account.number) in self.keys:
            return self.keys[site, account.number]
        return self.named(account.handle, site) if account.handle else None

    def named(self, handle: str, site: str | None = None) -> str:
        """The id of the creator that has, or had, a handle, or has it as number; on any site unless one is given."""
        name = normal_handle(handle)
        places = [(one, name) for one in ([site] if site else self.sites)]
        known: set[str] = set().union(*(self.by_handle.get(place, ()) for place in places))
        known = known or {self.keys[place] for place in places if place in self.keys}  # its number
        return name if name in known or len(known) != 1 else next(iter(known))

    def accounts(self) -> Iterator[tuple[str, str, str | None]]:
        """Of every account with a number: creator, handle in its normal form, and Instagram's number."""
        for (site, number), handles in self.handles.items():
            for handle in handles:
                yield self.keys[site, number], handle, number if site == INSTAGRAM else None
