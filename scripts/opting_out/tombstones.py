"""Who asked not to be held: keyed hashes of handles and ids, from which nobody can be named again.

A tombstone keeps a creator out for good, also where a list or a service still names them. The key is random and the
study's own; without it the hashes cannot even be tried against a list of names.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from common.program import UserError
from common.store import append_line, read_lines

FOLDER = Path("data/opt_out")


class Tombstones:
    """The tombstones of a study.

    Args:
        folder: where key and hashes lie.

    Raises:
        UserError: there are hashes, and the key to them is lost.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.key_file, self.list = folder / "key", folder / "tombstones.jsonl"
        # Of a handle, whether its account's id has a tombstone, too: the handle may be somebody else's by now.
        self.hashes = {line["hash"]: bool(line.get("id_known")) for line in read_lines(self.list)}
        self.key = b""
        with suppress(OSError, ValueError):
            self.key = bytes.fromhex(self.key_file.read_text())
        if self.hashes and len(self.key) != 32:
            raise UserError(
                f"{self.key_file}: the key is lost, and with it who opted out. Bring it back from a copy, or remove "
                "the folder and purge everybody again"
            )

    def has_handle(self, handle: str) -> bool:
        """Whether a handle (in its normal form) is one of somebody who opted out."""
        return bool(self.hashes) and self._hash("handle", handle) in self.hashes

    def has_id(self, identity: str) -> bool:
        """Whether an id of a service is one of somebody who opted out."""
        return bool(self.hashes) and self._hash("id", identity) in self.hashes

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is one of somebody who opted out: the id decides where both are known.

        Args:
            handle: in its normal form.
            identity: the service's id; None, or the handle again, where the source has none.
        """
        if not self.hashes:
            return False
        if identity is None or identity == handle:
            return self.has_handle(handle)
        return self.has_id(identity) or self.hashes.get(self._hash("handle", handle)) is False

    def add(self, handles: Iterable[str] = (), ids: Iterable[str] = (), *, id_known: bool = False) -> None:
        """Leave tombstones for handles (in their normal form) and ids.

        Args:
            handles: of people.
            ids: of the service.
            id_known: the handles' ids have tombstones; other accounts may have the handles now.
        """
        if not self.key:
            self._make_key()
        found = {self._hash("handle", handle): id_known for handle in handles}
        found |= {self._hash("id", identity): True for identity in ids}
        for name, known in sorted(found.items()):
            if name not in self.hashes:
                append_line(self.list, {"hash": name, "id_known": known})
                self.hashes[name] = known

    def _make_key(self) -> None:
        self.key_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.key_file.parent, prefix=".key.")  # its owner's alone
        self.key = secrets.token_bytes(32)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.key.hex())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, self.key_file)  # whole or not there

    def _hash(self, kind: str, name: str) -> str:
        text = f"{kind}:{name}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()
