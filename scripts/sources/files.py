"""The source `files`: a folder of videos, one folder per creator, with optional tables beside it.

Only the standard library is used: the Snakefile reads the source each time it is parsed, to see which batches there
are and whether anything has changed.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from common.config import FilesSource, SelectSection
from common.program import UserError
from common.states import Outcome
from common.store import digest
from media.suffixes import VIDEO_SUFFIXES, why_passed_over
from sources.csv_tables import Line, count, moment, read_creators_csv, read_csv, read_follows_csv, take
from sources.passed_over import in_short, list_loose, list_passed_over, report
from sources.source import UNKNOWN, FollowsStatus, SourceCreator, SourceReel, derived_id, normal_handle, printable

REEL_COLUMNS = ("reel_id", "caption", "taken_at", "plays", "likes", "comments", "url")


@dataclass(frozen=True)
class Video:
    """A video file, as the file system lists it."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class FolderCreator:
    """What folder and tables have of one creator.

    Attributes:
        creator_id: the handle in its normal form.
        handle: as first met in the creators file, else as the folder is called.
        facts: the creators file's columns.
        videos: the video files, by file name (NFC).
        reels: the lines of the reels file.
        follows: accounts followed: normal handle, and as written; None where no list was given.
        passed_over: files that are not taken for a video: their names, and why.
    """

    creator_id: str
    handle: str
    facts: dict[str, Any] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    reels: list[dict[str, Any]] = field(default_factory=list)
    follows: list[tuple[str, str]] | None = None
    passed_over: dict[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Changes when anything about this creator does."""
        videos = [(os.fsencode(v.path).hex(), v.size, v.mtime_ns) for v in self.videos.values()]
        reels = sorted(self.reels, key=repr)
        known = [self.creator_id, self.handle, self.facts, sorted(videos), reels, sorted(self.follows or [])]
        return digest([*known, self.passed_over] if self.passed_over else known)

    def reels_found(self) -> list[SourceReel]:
        """Every reel, with a file or without; of two copies of one file, that of which more is known comes first."""
        described = {reel["file"]: reel for reel in self.reels if reel["file"]}
        found = []
        for name, video in sorted(self.videos.items(), key=lambda item: (item[0] not in described, item[0])):
            listed = name if name in described or name.strip() in self.videos else name.strip()
            facts = dict(described.pop(listed, {}))
            facts.pop("file", None)
            found.append(SourceReel(facts.pop("reel_id", None), facts, video=Path(video.path), file=name))
        without_file = [reel for reel in self.reels if not reel["file"]]
        passed_over = dict(self.passed_over)
        for reel in (*described.values(), *without_file):
            file = reel["file"]
            reel_id = reel["reel_id"] or derived_id(self.creator_id, f"file {file}")
            why = passed_over.pop(file, None)
            outcome = Outcome("skipped", *(("passed_over", f"{file}: {why}") if why else ("missing_file", file)))
            found.append(SourceReel(reel_id, file=file, outcome=outcome))
        for name, why in passed_over.items():
            outcome = Outcome("skipped", "passed_over", f"{name}: {why}")
            found.append(SourceReel(derived_id(self.creator_id, f"file {name}"), file=name, outcome=outcome))
        return found

    def outcome(self) -> Outcome:
        """Ok, with the files that were passed over."""
        return Outcome("ok", detail=in_short(self.passed_over) if self.passed_over else None)


class FilesFolder:
    """The source `files`.

    Args:
        settings: where videos and tables are.
    """

    def __init__(self, settings: FilesSource) -> None:
        self.settings = settings

    def members(self) -> dict[str, str]:
        """See `Source.members`."""
        found = {handle: creator.digest() for handle, creator in self._creators.items()}
        return found | ({UNKNOWN: self._loose.digest()} if self._loose.passed_over else {})

    def collect(self, handles: Iterable[str], _select: SelectSection) -> Iterator[SourceCreator]:
        """See `Source.collect`."""
        handles = list(handles)
        chosen = [self._loose if handle == UNKNOWN else self._creators[handle] for handle in handles]
        report(
            [video.path for creator in chosen for video in creator.videos.values()],
            [f"{creator.handle}/{name}" for creator in chosen for name in creator.passed_over],
        )
        for handle, creator in zip(handles, chosen, strict=True):
            facts = dict(creator.facts)
            # A list given in the follows file is taken as complete unless the creators file says otherwise; a creator
            # of whom no row is there may follow nobody or may not have been asked.
            assumed: FollowsStatus = "unfetched" if creator.follows is None else "complete"
            status: FollowsStatus = facts.pop("follows_status", None) or assumed
            follows, reels = creator.follows or [], creator.reels_found()
            yield SourceCreator(handle, creator.handle, facts, status, follows, reels, outcome=creator.outcome())

    @cached_property
    def _creators(self) -> dict[str, FolderCreator]:
        return read_source(self.settings)

    @cached_property
    def _loose(self) -> FolderCreator:
        """Videos beside the creators' folders, which belong to nobody."""
        loose = list_loose(_listing(self.settings.videos))
        return FolderCreator(UNKNOWN, UNKNOWN.removeprefix("?"), passed_over=loose)


def read_source(source: FilesSource) -> dict[str, FolderCreator]:
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
            f"{source.videos}: no creators found. Put each creator's videos ({', '.join(VIDEO_SUFFIXES[:4])}) into a "
            f"folder named after the creator: {source.videos}/<handle>/<anything>.mp4"
        )
    return dict(sorted(creators.items()))


def _read_videos(folder: Path) -> dict[str, FolderCreator]:
    if not folder.is_dir():
        raise UserError(f"source.files.videos: {folder}: no such folder")
    creators: dict[str, FolderCreator] = {}
    for entry in _listing(folder):
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        creator_id = normal_handle(entry.name)
        if not creator_id:
            raise UserError(f"{folder}: the folder {entry.name!r} is not named after a creator")
        # Folders that differ only in case or @ belong to one creator.
        creator = creators.setdefault(creator_id, FolderCreator(creator_id, _display(entry.name)))
        files = _listing(entry.path)
        creator.passed_over.update(list_passed_over(files))
        for file in files:
            if why_passed_over(file.name) is not None:
                continue
            name = unicodedata.normalize("NFC", printable(file.name))
            if file.is_symlink() and not Path(file.path).exists():  # a reel whose file is missing, not no reel
                creator.reels.append({"reel_id": None, "file": name})
            if not file.is_file():
                continue
            stat = file.stat()
            if name in creator.videos:  # the same name in two folders of one creator
                name = f"{printable(entry.name)}/{name}"
            while name in creator.videos:  # two names that differ in their Unicode form only
                name += "+"
            creator.videos[name] = Video(file.path, stat.st_size, stat.st_mtime_ns)
    return creators


def _listing(folder: str | Path) -> list[os.DirEntry[str]]:
    """A folder's entries, in an order that does not depend on the file system."""
    try:
        return sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise UserError(f"{printable(str(folder))}: {error.strerror or error}") from None


def _display(name: str) -> str:
    return printable(name).removeprefix("@")


def _creator(creators: dict[str, FolderCreator], line: Line, column: str, path: Path) -> FolderCreator:
    handle = line.values.get(column, "")
    creator_id = normal_handle(handle)
    if not creator_id:
        raise UserError(f"{path}, line {line.number}: {column} is empty")
    return creators.setdefault(creator_id, FolderCreator(creator_id, handle.removeprefix("@")))


def _add_facts(creators: dict[str, FolderCreator], path: Path) -> None:
    for creator_id, (handle, facts) in read_creators_csv(path).items():
        creator = creators.setdefault(creator_id, FolderCreator(creator_id, handle))
        creator.handle, creator.facts = handle, facts


def _add_reels(creators: dict[str, FolderCreator], path: Path) -> None:
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


def _add_follows(creators: dict[str, FolderCreator], path: Path) -> None:
    for creator_id, targets in read_follows_csv(path).items():
        if creator_id in creators:  # lists of accounts that are not studied say nothing about the cohort
            creators[creator_id].follows = targets
