"""The source `files`: a folder of videos, one folder per creator, with optional tables beside it.

Only the standard library is used: the Snakefile reads the source each time it is parsed, to see which batches there
are and whether anything has changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.config import FilesSource
from common.program import UserError
from common.store import digest
from sources.csv_tables import Line, count, moment, read_csv, take

SUFFIXES = (".mp4", ".mov", ".webm", ".mkv")
CREATOR_COLUMNS = ("full_name", "followers", "following", "follows_status")
REEL_COLUMNS = ("reel_id", "caption", "taken_at", "plays", "likes", "comments", "url")
FOLLOWS_STATES = ("complete", "partial", "unfetched")


@dataclass(frozen=True)
class Video:
    """A video file, as the file system lists it."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class SourceCreator:
    """What the source has of one creator.

    Attributes:
        creator_id: the handle in its normal form.
        handle: as first met in the creators file, else as the folder is called.
        facts: the creators file's columns.
        videos: the video files, by file name (NFC).
        reels: the lines of the reels file.
        follows: handles followed, as written; None where no list was given.
    """

    creator_id: str
    handle: str
    facts: dict[str, Any] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    reels: list[dict[str, Any]] = field(default_factory=list)
    follows: list[str] | None = None

    def digest(self) -> str:
        """Changes when anything about this creator does."""
        videos = [(os.fsencode(v.path).hex(), v.size, v.mtime_ns) for v in self.videos.values()]
        reels = sorted(self.reels, key=repr)
        return digest([self.creator_id, self.handle, self.facts, sorted(videos), reels, sorted(self.follows or [])])


def normal_handle(text: str) -> str:
    """A handle in the form ids are made of: NFC, lower case, without @; bytes that are no text become \\xNN."""
    bare = re.sub(r"^[\s@]+|\s+$", "", unicodedata.normalize("NFC", _printable(text)))
    return unicodedata.normalize("NFC", bare.lower())


def batch_of(creator_id: str, batches: int) -> int:
    """The batch a creator belongs to: stable under any other creator's coming or going."""
    return int.from_bytes(hashlib.blake2b(creator_id.encode(), digest_size=8).digest(), "big") % batches


def read_source(source: FilesSource) -> dict[str, SourceCreator]:
    """Everything the source has, by creator_id, sorted; raises UserError on the first defect."""
    creators = _read_videos(Path(source.videos))
    if source.creators:
        _add_facts(creators, Path(source.creators))
    if source.reels:
        _add_reels(creators, Path(source.reels))
    if source.follows:
        _add_follows(creators, Path(source.follows))
    if not creators:
        raise UserError(
            f"{source.videos}: no creators found. Put each creator's videos ({', '.join(SUFFIXES)}) into a folder "
            f"named after the creator: {source.videos}/<handle>/<anything>.mp4"
        )
    return dict(sorted(creators.items()))


def _read_videos(folder: Path) -> dict[str, SourceCreator]:
    if not folder.is_dir():
        raise UserError(f"source.files.videos: {folder}: no such folder")
    creators: dict[str, SourceCreator] = {}
    for entry in _listing(folder):
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        creator_id = normal_handle(entry.name)
        if not creator_id:
            raise UserError(f"{folder}: the folder {entry.name!r} is not named after a creator")
        # Folders that differ only in case or @ belong to one creator.
        creator = creators.setdefault(creator_id, SourceCreator(creator_id, _display(entry.name)))
        for file in _listing(entry.path):
            if file.name.startswith(".") or not file.name.lower().endswith(SUFFIXES):
                continue
            name = unicodedata.normalize("NFC", _printable(file.name))
            if file.is_symlink() and not Path(file.path).exists():  # a reel whose file is missing, not no reel
                creator.reels.append({"reel_id": None, "file": name})
            if not file.is_file():
                continue
            stat = file.stat()
            if name in creator.videos:  # the same name in two folders of one creator
                name = f"{_printable(entry.name)}/{name}"
            while name in creator.videos:  # two names that differ in their Unicode form only
                name += "+"
            creator.videos[name] = Video(file.path, stat.st_size, stat.st_mtime_ns)
    return creators


def _listing(folder: str | Path) -> list[os.DirEntry[str]]:
    """A folder's entries, in an order that does not depend on the file system."""
    try:
        return sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise UserError(f"{_printable(str(folder))}: {error.strerror or error}") from None


def _printable(name: str) -> str:
    """A name from the file system as text; bytes that are none become \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _display(name: str) -> str:
    return _printable(name).removeprefix("@")


def _creator(creators: dict[str, SourceCreator], line: Line, column: str, path: Path) -> SourceCreator:
    handle = line.values.get(column, "")
    creator_id = normal_handle(handle)
    if not creator_id:
        raise UserError(f"{path}, line {line.number}: {column} is empty")
    return creators.setdefault(creator_id, SourceCreator(creator_id, handle.removeprefix("@")))


def _add_facts(creators: dict[str, SourceCreator], path: Path) -> None:
    first_lines: dict[str, int] = {}
    for line in read_csv(path, ("handle",), CREATOR_COLUMNS):
        creator = _creator(creators, line, "handle", path)
        if creator.creator_id in first_lines:
            raise UserError(
                f"{path}, line {line.number}: {creator.handle} is already in line {first_lines[creator.creator_id]}"
            )
        first_lines[creator.creator_id] = line.number
        status = line.values.get("follows_status")
        if status is not None and status not in FOLLOWS_STATES:
            raise UserError(
                f"{path}, line {line.number}: follows_status: {status!r} is none of {', '.join(FOLLOWS_STATES)}"
            )
        creator.handle = line.values["handle"].removeprefix("@")
        creator.facts = {name: value for name, value in line.values.items() if name != "handle"}
        for name in ("followers", "following"):
            if name in line.values:
                creator.facts[name] = take(line, name, count, path)


def _add_reels(creators: dict[str, SourceCreator], path: Path) -> None:
    ids: dict[Any, int] = {}
    files: dict[Any, int] = {}
    for line in read_csv(path, ("handle", "file"), REEL_COLUMNS):
        creator = _creator(creators, line, "handle", path)
        reel = {name: line.values.get(name) for name in ("reel_id", "caption", "url")}
        reel |= {name: take(line, name, count, path) for name in ("plays", "likes", "comments")}
        reel["taken_at"] = take(line, "taken_at", moment, path)
        file = line.values.get("file")
        reel["file"] = unicodedata.normalize("NFC", file) if file else None
        _once(ids, reel["reel_id"], path, line)
        _once(files, reel["file"] and (creator.creator_id, reel["file"]), path, line)
        creator.reels.append(reel)


def _once(seen: dict[Any, int], key: Any, path: Path, line: Line) -> None:
    """Refuse what an earlier line has already; None stands for nothing given."""
    if key is None:
        return
    if key in seen:
        shown = key if isinstance(key, str) else key[1]
        raise UserError(f"{path}, line {line.number}: {shown!r} is already in line {seen[key]}")
    seen[key] = line.number


def _add_follows(creators: dict[str, SourceCreator], path: Path) -> None:
    follows: dict[str, list[str]] = defaultdict(list)
    for line in read_csv(path, ("source", "target")):
        for column in ("source", "target"):
            if not normal_handle(line.values.get(column, "")):
                raise UserError(f"{path}, line {line.number}: {column} is empty")
        follows[normal_handle(line.values["source"])].append(line.values["target"])
    for creator_id, targets in follows.items():
        if creator_id in creators:  # lists of accounts that are not studied say nothing about the cohort
            creators[creator_id].follows = targets
