"""Hashes of large files, computed once per machine and change: hashing weights for every job would take minutes."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from common.files import file_sha256, replace_file
from common.machine import Process
from common.store import digest


def known_sha256(path: Path) -> str:
    """Hex sha256 of a file's content, from this user's notes where the file is as it was when it was last hashed.

    The notes (`~/.cache/reel-atlas`, or `$XDG_CACHE_HOME`) are only read where they are this user's own: a cache may
    lie in a folder that others write to. Where none can be kept, the file is hashed each time.
    """
    note = _note_of(path)
    if note is None:
        return file_sha256(path)
    with contextlib.suppress(OSError):
        if note.stat().st_uid == os.geteuid() and re.fullmatch("[0-9a-f]{64}", noted := note.read_text()):
            return noted
    sha256 = file_sha256(path)
    if _note_of(path) == note:  # nobody has written to it meanwhile
        with contextlib.suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            replace_file(note, sha256.encode())
    return sha256


def _note_of(path: Path) -> Path | None:
    """Where a file's hash is noted; another place after any change of the file. None where nobody has a home."""
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    except RuntimeError:
        return None
    facts = path.stat()
    # The time of the inode's change is the system's own: no program can set it back.
    seen = [facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]
    return caches / "reel-atlas" / "hashes" / digest([Process.this().machine, str(path.resolve()), *seen])
