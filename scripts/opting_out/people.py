"""The people whom a purge takes out, and the accounts by which a study knows anybody."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from common.files import replace_file
from common.handles import normal_handle
from common.program import UserError
from opting_out.tombstones import GONE, Tombstones

IDS = ("pk", "pk_id", "id")


class Account(NamedTuple):
    """An account, as one place describes it: handle (normal form), the service's id, full name."""

    handle: str
    identity: str | None = None
    name: str | None = None


def accounts(value: Any) -> Iterator[Account]:
    """Yield every account that a JSON value describes, at any depth."""
    if isinstance(value, dict):
        handle, name = value.get("username"), value.get("full_name")
        if isinstance(handle, str):
            yield Account(normal_handle(handle), identity_of(value), name if isinstance(name, str) else None)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from accounts(item)


def identity_of(value: dict[str, Any]) -> str | None:
    """Return the id in a JSON object."""
    return next((str(value[key]) for key in IDS if type(value.get(key)) in (int, str)), None)


@dataclass
class People:
    """The people who are to be purged.

    Attributes:
        handles: in their normal form, former ones included.
        ids: of the services.
        names: full names, as written.
        identified: those of the handles whose account's id is known; another account may have had them, too.
    """

    handles: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    identified: set[str] = field(default_factory=set)

    def learn(self, known: Collection[Account], tombstones: Tombstones) -> None:
        """Add the people's ids, former handles and names; also everybody who was purged before and came back.

        Args:
            known: every account that the study's files describe.
            tombstones: of the study.

        Raises:
            UserError: several accounts have or had a handle, and no id says which is meant.
        """
        owners: dict[str, set[str]] = defaultdict(set)
        for account in known:
            if account.identity:
                owners[account.handle].add(account.identity)
        for handle in sorted(self.handles):
            several = owners[handle]
            if len(several) > 1 and not several & self.ids:
                raise UserError(
                    f"{handle} is or was the handle of {len(several)} accounts: say which one is meant, with --ids and "
                    f"one of {', '.join(sorted(several))}"
                )
            self.ids |= several if len(several) == 1 else set()
        back = [account for account in known if tombstones.has(account.handle, account.identity)]
        self.ids |= {account.identity for account in back if account.identity and tombstones.has_id(account.identity)}
        self.handles |= {account.handle for account in back} - {GONE}
        # Skip former handles that another account has used as well: they do not identify the person.
        self.handles |= {one.handle for one in known if one.identity in self.ids and len(owners[one.handle]) == 1}
        self.identified |= {handle for handle in self.handles if owners[handle] & self.ids}
        self.names |= {account.name for account in known if account.name and self.has(account.handle, account.identity)}

    def has_handle(self, value: Any) -> bool:
        """Whether a value is a handle of one of the people, in any spelling."""
        return isinstance(value, str) and normal_handle(value) in self.handles

    def has_id(self, value: Any) -> bool:
        """Whether a value is an id of one of the people."""
        return type(value) in (int, str) and str(value) in self.ids

    def has_either(self, value: Any) -> bool:
        """Whether a value is a handle or an id of one of the people."""
        return self.has_handle(value) or self.has_id(value)

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is that of one of the people; the id decides where both are known."""
        normal = normal_handle(handle)
        return identity in self.ids or (
            normal in self.handles and (identity is None or normal not in self.identified)
        )  # fmt: skip

    def write(self, path: Path) -> None:
        """Keep the people in a file that only its owner can read, as long as a purge is under way."""
        path.touch(0o600)
        replace_file(path, json.dumps({name: sorted(values) for name, values in asdict(self).items()}).encode())

    @classmethod
    def read(cls, path: Path) -> People:
        """Return the people whose purge was begun and has not ended."""
        content = json.loads(path.read_bytes() or b"{}") if path.exists() else {}
        return cls(**{name: set(values) for name, values in content.items()})
