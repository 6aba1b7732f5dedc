"""Who asked not to be held: keyed hashes of handles and ids, from which nobody can be named again.

A tombstone keeps a creator out for good, also where a list or a service still names them. The key is random and the
study's own; without it the hashes cannot even be tried against a list of names.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from common.store import append_line, read_lines

FOLDER = Path("data/opt_out")


class Tombstones:
    """The tombstones of a study.

    Args:
        folder: where key and hashes lie.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.key_file, self.list = folder / "key", folder / "tombstones.jsonl"
        self.hashes = {line["hash"] for line in read_lines(self.list)}
        self.key = bytes.fromhex(self.key_file.read_text()) if self.key_file.exists() else b""

    def __contains__(self, name: object) -> bool:
        """Whether this handle (in its normal form) or id is one of somebody who opted out."""
        return bool(self.hashes) and self._hash(str(name)) in self.hashes

    def add(self, names: Iterable[str]) -> None:
        """Leave tombstones for handles (in their normal form) and ids."""
        if not self.key:
            self.key = secrets.token_bytes(32)
            self.key_file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(self.key.hex())
        for name in sorted({self._hash(name) for name in names} - self.hashes):
            append_line(self.list, {"hash": name})
            self.hashes.add(name)

    def _hash(self, name: str) -> str:
        return hmac.new(self.key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
