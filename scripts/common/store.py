"""Computed results, kept under a key of everything they depend on, so that nothing is computed twice.

An entry is a folder ``<store>/<stage>/<first two characters>/<key>/`` with the artifacts (``reel.wav``, ...) and
``entry.json``: state, reason, producer, the hashes of the artifacts, and what the key was made of. It is written
beside and renamed into place: entries are whole or not there, the first writer wins, and no file lock is needed
(some cluster file systems ignore them).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from common.files import append_line, file_sha256, fsync_path, read_lines, replace_file
from common.machine import Process
from common.program import UserError
from common.states import Outcome


def digest(value: Any) -> str:
    """Hex sha256 of a JSON value in its canonical form; dates and times in it count as ISO 8601."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=methodcaller("isoformat"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A result in the store.

    Attributes:
        folder: where its artifacts lie.
        outcome: state and reason.
        producer: program version, model and revision.
        files: sha256 of each artifact, by its suffix (".wav").
        made_from: what the key was made of.
        retired: sha256 of artifacts that were deleted on purpose, by suffix.
    """

    folder: Path
    outcome: Outcome
    producer: str
    files: dict[str, str]
    made_from: dict[str, Any]
    retired: dict[str, str] = field(default_factory=dict)

    def artifact(self, suffix: str) -> Path:
        """Path of the artifact with this suffix."""
        return self.folder / f"{ARTIFACT}{suffix}"


class _Description(BaseModel, strict=True):
    """What `entry.json` says; further keys are of other versions."""

    state: Literal["ok", "skipped", "failed"]
    reason: str | None
    detail: str | None
    producer: str
    files: dict[str, str]
    sizes: dict[str, int]
    made_from: dict[str, Any]
    retired: dict[str, str] = {}


ARTIFACT = "reel"
ENTRY = "entry.json"


class Store:
    """The store of a study.

    Args:
        root: its folder; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tmp").mkdir(parents=True, exist_ok=True)

    def entry_folder(self, stage: str, key: str) -> Path:
        """Where the entry of this key lies, or would lie."""
        return self.root / stage / key[:2] / key

    def find(self, stage: str, key: str) -> Entry | None:
        """The entry of this key, or None.

        An entry that lost its artifacts, or the end of its description because a file system lost writes, counts as
        none and is removed.

        Raises:
            UserError: another version of this program wrote it, in a way that this one does not understand.
        """
        folder = self.entry_folder(stage, key)
        try:
            content = (folder / ENTRY).read_bytes()
        except FileNotFoundError:
            return None
        try:
            said = _Description.model_validate(json.loads(content))
            entry = Entry(
                folder, Outcome(said.state, said.reason, said.detail), said.producer, said.files, said.made_from,
                said.retired,
            )  # fmt: skip
            sizes = {suffix: said.sizes[suffix] for suffix in said.files}
        except (ValueError, KeyError, RecursionError) as error:
            if not _is_torn(content):
                raise _not_understood(folder / ENTRY, f"{type(error).__name__}: {error}") from None
            self._forget_remains(stage, key)
            return None
        if any(_size(entry.artifact(suffix)) != size for suffix, size in sizes.items()):
            self._forget_remains(stage, key, {**entry.files, **entry.retired})
            return None
        return entry

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A folder on the store's file system that vanishes afterwards unless it was published."""
        folder = self.root / "tmp" / f"{Process.this().name}.{secrets.token_hex(6)}"
        folder.mkdir()  # with the rights that the umask gives: mkdtemp would lock colleagues out of a shared store
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(
        self, stage: str, key: str, folder: Path, outcome: Outcome, producer: str, made_from: dict[str, Any]
    ) -> Entry:
        """Make the workspace's artifacts an entry; where somebody else was first, theirs is kept and returned."""
        artifacts = sorted(folder.glob(f"{ARTIFACT}.*"))
        data = {
            "state": outcome.state,
            "reason": outcome.reason,
            "detail": outcome.detail,
            "producer": producer,
            "files": {_suffix(path): file_sha256(path) for path in artifacts},
            "sizes": {_suffix(path): path.stat().st_size for path in artifacts},
            "made_from": made_from,
        }
        (folder / ENTRY).write_text(json.dumps(data, indent=1, sort_keys=True))
        for path in (*artifacts, folder / ENTRY):
            fsync_path(path)
            path.chmod(path.stat().st_mode & 0o444)  # who may read it, the umask says
        target = self.entry_folder(stage, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(target)
        except OSError:
            if not (target / ENTRY).exists():  # remains of an entry, from a file system that lost writes
                self._forget_remains(stage, key)
                folder.rename(target)
        fsync_path(target.parent)
        entry = self.find(stage, key)
        if entry is None:
            raise OSError(f"{target}: the store lost an entry that was just written; is the disk full or failing?")
        return entry

    def forget(self, stage: str, key: str) -> bool:
        """Remove an entry; say whether there was one."""
        folder = self.entry_folder(stage, key)
        if not folder.exists():
            return False
        # Out of the way first: a half-removed entry must never be found.
        with self.workspace() as trash:
            try:
                folder.rename(trash / "entry")
            except FileNotFoundError:  # another process was faster
                return False
        return True

    def _forget_remains(self, stage: str, key: str, suffixes: Collection[str] | None = None) -> None:
        """Remove what is left of an entry; raises UserError where something else lies there.

        Args:
            stage: of the entry.
            key: of the entry.
            suffixes: of its artifacts; None: not known.
        """
        folder = self.entry_folder(stage, key)
        for name in sorted(os.listdir(folder) if folder.is_dir() else []):
            known = name.startswith(f"{ARTIFACT}.") if suffixes is None else _suffix(Path(name)) in suffixes
            if not (known or name == ENTRY or name.startswith(".")):  # hidden: of file systems, and `replacing`
                raise _not_understood(folder / name, "it makes no files of this name")
        self.forget(stage, key)

    def retire(self, entry: Entry, suffix: str) -> None:
        """Delete one artifact of an entry for good; the entry still says what it was."""
        path = entry.folder / ENTRY
        data = json.loads(path.read_bytes())
        data.setdefault("retired", {})[suffix] = data["files"].pop(suffix)
        data["sizes"].pop(suffix)
        # First the entry: a file too many is harmless, one too few would void the entry.
        replace_file(path, json.dumps(data, indent=1, sort_keys=True).encode())
        entry.artifact(suffix).unlink(missing_ok=True)

    def note_owner(self, stage: str, batch: str, creator_id: str, reel_id: str, key: str) -> None:
        """Record whose result an entry is: entries are shared by content, and a creator may ask to be forgotten."""
        append_line(
            self.root / "index" / stage / f"{batch}.jsonl", {"creator_id": creator_id, "reel_id": reel_id, "key": key}
        )

    def owners(self, stage: str, batch: str) -> set[tuple[str, str, str]]:
        """What `note_owner` recorded: creator, reel and key."""
        lines = read_lines(self.root / "index" / stage / f"{batch}.jsonl")
        return {(line["creator_id"], line["reel_id"], line["key"]) for line in lines}

    def sweep(self) -> None:
        """Remove the workspaces of processes that are known to have ended."""
        for folder in (self.root / "tmp").iterdir():
            owner = Process.of_name(folder.stem)
            if owner and owner.is_dead():
                shutil.rmtree(folder, ignore_errors=True)


def _is_torn(content: bytes) -> bool:
    """Whether a file that is no JSON is the beginning of one, or empty: its end was lost, perhaps to zeros."""
    text = content.rstrip(b"\0")
    if not text:
        return True
    try:
        json.JSONDecoder().raw_decode(text.decode("ascii"))
    except UnicodeDecodeError:
        return False
    except json.JSONDecodeError as error:
        return text.startswith(b"{") and (error.pos >= len(text) or not text.rstrip().endswith(b"}"))
    except RecursionError:
        return False
    return False  # JSON with something behind it


def _not_understood(path: Path, why: str) -> UserError:
    return UserError(
        f"{path}: another version of Reel Atlas wrote this result, and this version does not understand it ({why}). "
        "Use the newer version, or a store of its own (store.directory) for this one. Nothing was removed"
    )


def _suffix(path: Path) -> str:
    return path.name.removeprefix(ARTIFACT)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
