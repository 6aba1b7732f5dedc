"""Who asked not to be held: keyed hashes of handles and ids, from which nobody can be named again.

A tombstone keeps an account out for good, also where a list or a service still names it. The key is random and the
study's own; without it the hashes cannot even be tried against a list of names.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from common.files import append_line, read_lines, replace_file
from common.handles import normal_handle
from common.program import UserError

FOLDER = Path("data/opt_out")
GONE = "[opted out]"  # stands in place of a name
# What is written as an account: @handle, a link to a profile, a long number. Other names, no tombstone knows.
MENTION = re.compile(
    r"(?P<before>@|%40|instagram\.com/(?:_u/|stories/)?)(?P<handle>[\w.]+)|(?<![^\W_])\d{6,}(?![^\W_])", re.IGNORECASE
)


class Tombstones:
    """The tombstones of a study.

    Args:
        folder: where key and hashes lie.

    Raises:
        UserError: hashes exist, and the key to them is lost.
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

    def has_handle(self, value: Any) -> bool:
        """Whether a value is the handle, in any spelling, of somebody who opted out."""
        return isinstance(value, str) and self._state("handle", normal_handle(value)) is not None

    def has_id(self, value: Any) -> bool:
        """Whether a value is a service's id of somebody who opted out."""
        return type(value) in (int, str) and self._state("id", str(value)) is not None

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is that of somebody who opted out: the id decides where both are known.

        Args:
            handle: in any spelling.
            identity: the service's id; None, or the handle in its normal form, where the source knows no id.
        """
        normal = normal_handle(handle)
        if identity is None or identity == normal:
            return self.has_handle(normal)
        return self.has_id(identity) or self._state("handle", normal) is False

    def blank(self, text: str) -> str:
        """Return a text in which nothing written as an account names somebody who opted out."""
        return MENTION.sub(self._replacement, text) if self.hashes else text

    def _replacement(self, match: re.Match[str]) -> str:
        if match["handle"] is None:
            return GONE if self.has_id(match[0]) else match[0]
        bare = match["handle"].rstrip(".")  # the end of a sentence
        return f"{match['before']}{GONE}{match['handle'][len(bare) :]}" if self.has_handle(bare) else match[0]

    def add(self, handles: Iterable[str] = (), ids: Iterable[str] = (), *, id_known: bool = False) -> None:
        """Add tombstones for handles (in their normal form) and ids.

        Args:
            handles: of people.
            ids: of the service.
            id_known: the handles' ids have tombstones; other accounts may have the handles now.
        """
        if not self.key:
            self.key = secrets.token_bytes(32)
            self.key_file.parent.mkdir(parents=True, exist_ok=True)
            self.key_file.touch()
            self.key_file.chmod(0o600)
            replace_file(self.key_file, self.key.hex().encode())
        new = {self._hash("handle", handle): id_known for handle in handles}
        new |= {self._hash("id", identity): True for identity in ids}
        for name, known in sorted(new.items()):
            if name not in self.hashes:
                append_line(self.list, {"hash": name, "id_known": known}, sync=True)
                self.hashes[name] = known

    def _state(self, kind: str, name: str) -> bool | None:
        """Return `id_known` of a tombstone, None where none exists."""
        return self.hashes.get(self._hash(kind, name)) if self.hashes else None

    def _hash(self, kind: str, name: str) -> str:
        text = f"{kind}:{name}".encode("utf-8", "surrogatepass")
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()
