"""The people whom a purge takes out, and what they are known by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from common.program import UserError
from common.store import write_bytes
from opting_out.scrub import GONE, Account
from opting_out.tombstones import Tombstones
from sources.source import normal_handle


@dataclass
class People:
    """The people to be purged.

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
        """Add their ids, former handles and names; also whoever was purged before and came back.

        Args:
            known: everybody whom the study's files describe.
            tombstones: of the study.

        Raises:
            UserError: a handle is or was that of several accounts, and it is not said which.
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
        self.ids |= {one.identity for one in back if one.identity and tombstones.has_id(one.identity)}
        self.handles |= {account.handle for account in back} - {GONE}
        # A former handle that somebody else has had, too, tells nobody.
        self.handles |= {one.handle for one in known if one.identity in self.ids and len(owners[one.handle]) == 1}
        self.identified |= {handle for handle in self.handles if owners[handle] & self.ids}
        self.names |= {account.name for account in known if account.name and self.has(account.handle, account.identity)}

    def has_handle(self, value: Any) -> bool:
        """Whether a value is a handle of theirs, in any spelling."""
        return isinstance(value, str) and normal_handle(value) in self.handles

    def has_id(self, value: Any) -> bool:
        """Whether a value is an id of theirs."""
        return type(value) in (int, str) and str(value) in self.ids

    def has_either(self, value: Any) -> bool:
        """Whether a value is a handle or an id of one of the people."""
        return self.has_handle(value) or self.has_id(value)

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is theirs; the id decides where both are known."""
        normal = normal_handle(handle)
        if identity in self.ids:
            return True
        return normal in self.handles and (identity is None or normal not in self.identified)

    def write(self, path: Path) -> None:
        """Keep them in a file that only its owner can read, as long as a purge is under way."""
        path.touch(0o600)
        write_bytes(path, json.dumps({name: sorted(values) for name, values in asdict(self).items()}).encode())

    @classmethod
    def read(cls, path: Path) -> People:
        """Those whose purge was begun and has not ended."""
        content = json.loads(path.read_bytes() or b"{}") if path.exists() else {}
        return cls(**{name: set(values) for name, values in content.items()})
