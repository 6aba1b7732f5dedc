"""Files: written so that they appear whole or not at all, JSON lines, checksums, links.

A file's mode is what the umask gives, and where the file is written anew, what it was before.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file that takes a path's place at the end of the block, and is removed after an error.

    A reader sees the old file or the new one, never a part. A file that was there before keeps its mode, and at no time
    is the temporary file open to more people.

    Args:
        path: the file to write; its folder is made when missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mode = None
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        temporary.touch(0o666 if mode is None else 0o600)
        yield temporary
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def file_sha256(path: Path) -> str:
    """Hex sha256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Put a store's artifact at an output path: a hard link, or a copy where links cannot be made."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def as_line(value: Any) -> bytes:
    """A JSON value as a line of a file."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def append_line(path: Path, value: dict[str, Any], sync: bool = False) -> None:
    """Append one JSON line in one write, after ending a line that a killed process left torn.

    Args:
        path: the file; made when missing.
        value: the line.
        sync: return only when the line is on the disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = as_line(value)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        end = os.fstat(descriptor).st_size
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) != len(line):
            raise OSError(f"{path}: only a part of a line could be written; is the disk full?")
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_lines(path: Path, values: list[dict[str, Any]]) -> None:
    """Write a file of JSON lines anew, atomically; no file where there are no lines."""
    if not values:
        path.unlink(missing_ok=True)
        return
    replace_file(path, b"".join(map(as_line, values)))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file; torn ones are left out."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def fsync_path(path: Path) -> None:
    """Return when a file, or a folder's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
