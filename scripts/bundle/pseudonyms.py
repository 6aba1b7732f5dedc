"""Names that tell creators and reels apart and do not say who they are: keyed hashes (HMAC-SHA256, RFC 2104).

The key is the study's secret: whoever has it can find out whether a known account is in the bundle. It lies outside of
results and data, and is needed again only to give the same pseudonyms to a later version of the bundle.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from common.program import UserError, log
from common.secrets import secret

PUBLISH_KEY = "ATLAS_PUBLISH_KEY"
LETTERS = 16  # hexadecimal digits of a pseudonym: 64 bits, no two of a million alike


class Pseudonyms:
    """Gives pseudonyms.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self.key = key

    def creator(self, creator_id: str) -> str:
        """Of a creator."""
        return "c" + self._hash(f"creator:{creator_id}")

    def reel(self, reel_id: str) -> str:
        """Of a reel."""
        return "r" + self._hash(f"reel:{reel_id}")

    def _hash(self, text: str) -> str:
        return hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:LETTERS]


def read_key(path: Path, forbidden: list[Path]) -> bytes:
    """The key: from the environment (ATLAS_PUBLISH_KEY), or from its file, made where it is missing.

    Args:
        path: of the file.
        forbidden: folders that may be handed on or deleted, so that the key must not lie in them.

    Raises:
        UserError: no key can be read or written there.
    """
    given = secret(PUBLISH_KEY)
    if given is not None:
        return _parsed(given, PUBLISH_KEY)
    path = path.expanduser()
    inside = next((folder for folder in forbidden if path.resolve().is_relative_to(folder.resolve())), None)
    if inside is not None:
        raise UserError(f"publish.key_file: {path} lies in {inside}, which may be handed on: keep the key elsewhere")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
            log.info("%s: a new key of the pseudonyms; keep it secret, and to yourself", path)
        return _parsed(path.read_text(encoding="ascii"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"publish.key_file: {path}: {getattr(error, 'strerror', None) or error}") from None


def _parsed(text: str, name: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UserError(
            f"{name}: not a key: 64 hexadecimal digits are expected. Bring it back from a copy; or remove it, and new "
            "pseudonyms will not match those of earlier bundles"
        )
    return key
