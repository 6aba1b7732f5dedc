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
from common.handles import derived_id, normal_handle, printable, written_handle
from common.program import UserError
from common.states import OK, Outcome
from common.store import digest
from common.suffixes import VIDEO_SUFFIXES, why_passed_over
from sources import readings
from sources.csv_tables import Line, read_creators_csv, read_csv, read_follows_csv, read_handle, take
from sources.file_names import find_file
from sources.joins import SHOWN, Notice, notice_follows, notice_passed_over, notice_unmatched
from sources.passed_over import in_short, is_computers, list_loose, list_passed_over, report
from sources.source import UNKNOWN, FollowsStatus, SourceCreator, SourceReel

REEL_COLUMNS = ("reel_id", "caption", "taken_at", "plays", "views", "likes", "comments", "url")


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
        without_row: videos of which a given reels file has no row.
        is_without_row: whether a given creators file has no row of the creator.
    """

    creator_id: str
    handle: str
    facts: dict[str, Any] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    reels: list[dict[str, Any]] = field(default_factory=list)
    follows: list[tuple[str, str]] | None = None
    passed_over: dict[str, str] = field(default_factory=dict)
    without_row: set[str] = field(default_factory=set)
    is_without_row: bool = False

    def digest(self) -> str:
        """Changes when anything about this creator does."""
        videos = [(os.fsencode(v.path).hex(), v.size, v.mtime_ns) for v in self.videos.values()]
        reels = sorted(self.reels, key=repr)
        known = [self.creator_id, self.handle, self.facts, sorted(videos), reels, sorted(self.follows or [])]
        known += [self.passed_over] if self.passed_over else []
        rows = [self.is_without_row, sorted(self.without_row)]
        return digest([*known, rows] if any(rows) else known)

    def reels_found(self) -> list[SourceReel]:
        """Every reel, with a file or without; of two copies of one file, that of which more is known comes first."""
        described = {reel["file"]: reel for reel in self.reels if reel["file"]}
        found = []
        for name, video in sorted(self.videos.items(), key=lambda item: (item[0] not in described, item[0])):
            listed = name if name in described or name.strip() in self.videos else name.strip()
            facts = dict(described.pop(listed, {}))
            facts.pop("file", None)
            outcome = Outcome("ok", "no_row") if name in self.without_row else OK
            reel_id = facts.pop("reel_id", None)
            found.append(SourceReel(reel_id, facts, video=Path(video.path), file=name, outcome=outcome))
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
        """Ok, with the files that were passed over, and whether the creators file has no row."""
        passed_over = in_short(self.passed_over) if self.passed_over else None
        return Outcome("ok", "no_row" if self.is_without_row else None, passed_over)


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

    def notices(self) -> list[Notice]:
        """See `Source.notices`."""
        creators = [*self._creators.values(), self._loose]
        found = [
            (f"{creator.handle}/{name}" if creator is not self._loose else name, why)
            for creator in creators
            for name, why in creator.passed_over.items()
        ]
        return [*self._read[1], *notice_passed_over(found, printable(self.settings.videos))]

    @property
    def _creators(self) -> dict[str, FolderCreator]:
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[dict[str, FolderCreator], list[Notice]]:
        notices: list[Notice] = []
        return read_source(self.settings, notices), notices

    @cached_property
    def _loose(self) -> FolderCreator:
        """Videos beside the creators' folders, which belong to nobody."""
        loose = list_loose(_listing(self.settings.videos))
        return FolderCreator(UNKNOWN, UNKNOWN.removeprefix("?"), passed_over=loose)


def read_source(source: FilesSource, notices: list[Notice] | None = None) -> dict[str, FolderCreator]:
    """Everything the source has, by creator_id, sorted; raises UserError on the first defect.

    Args:
        source: where videos and tables are.
        notices: what concerns nobody is added here.
    """
    notices = [] if notices is None else notices
    creators = _read_videos(Path(source.videos))
    if source.creators:
        _add_facts(creators, source, notices)
    if source.reels:
        _add_reels(creators, source, notices)
    if source.follows:
        _add_follows(creators, Path(source.follows), notices)
    if not creators:
        raise UserError(
            f"{source.videos}: no creators found. Put each creator's videos ({', '.join(VIDEO_SUFFIXES[:4])}) into a "
            f"folder named after the creator: {source.videos}/<handle>/<anything>.mp4"
        )
    return dict(sorted(creators.items()))


def _read_videos(folder: Path) -> dict[str, FolderCreator]:
    if not folder.is_dir():
        raise UserError(f"source.files.videos: {folder}: no such folder ({folder.absolute()})")
    creators: dict[str, FolderCreator] = {}
    for entry in _listing(folder):
        if entry.name.startswith(".") or not entry.is_dir() or is_computers(entry.name):
            continue
        creator_id = normal_handle(entry.name)
        if not creator_id:
            raise UserError(f"{folder}: the folder {entry.name!r} is not named after a creator")
        # Folders that differ only in case or @ belong to one creator.
        creator = creators.setdefault(creator_id, FolderCreator(creator_id, written_handle(printable(entry.name))))
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


def _add_facts(creators: dict[str, FolderCreator], source: FilesSource, notices: list[Notice]) -> None:
    path = Path(str(source.creators))
    rows = read_creators_csv(path, notices)
    folders = dict(creators)
    for creator_id, (handle, facts) in rows.items():
        creator = creators.setdefault(creator_id, FolderCreator(creator_id, handle))
        creator.handle, creator.facts = handle, facts
    if folders:
        without_folder = [(handle, "") for creator_id, (handle, _) in rows.items() if creator_id not in folders]
        what = f"{{n}} of {{total}} creators of {path} have no folder in {source.videos}"
        notice_unmatched(notices, what, len(rows), without_folder, LIKE_FOLDERS.format(source.videos))
    if rows:
        for creator_id, creator in folders.items():
            creator.is_without_row = creator_id not in rows
        without_row = [(creator.handle, "") for creator in folders.values() if creator.is_without_row]
        what = f"{{n}} of {{total}} folders in {source.videos} have no row in {path}: nothing more is known of them"
        notice_unmatched(notices, what, len(folders), without_row, LIKE_FOLDERS.format(source.videos))


LIKE_FOLDERS = "write the handles as the folders in {} are called"


def _add_reels(creators: dict[str, FolderCreator], source: FilesSource, notices: list[Notice]) -> None:
    path = Path(str(source.reels))
    ids: dict[Any, int] = {}
    files: dict[Any, int] = {}
    known = frozenset(creators)
    without_creator: list[tuple[str, str]] = []
    without_video: list[tuple[str, str]] = []
    lines = read_csv(path, ("handle", "file"), REEL_COLUMNS)
    for line in lines:
        handle = read_handle(line, "handle", path)
        creator = creators.setdefault(normal_handle(handle), FolderCreator(normal_handle(handle), handle))
        reel = {name: take(line, name, readings.words, path) for name in ("caption", "url")}
        reel["reel_id"] = take(line, "reel_id", readings.identity, path)
        reel |= {name: take(line, name, readings.count, path) for name in ("plays", "views", "likes", "comments")}
        reel["taken_at"] = take(line, "taken_at", readings.moment, path)
        file = take(line, "file", readings.words, path)
        try:
            found = file and find_file(file, creator.creator_id, creator.videos, known)
        except ValueError as error:
            raise UserError(f"{path}, line {line.number}: file: {error}") from None
        reel["file"] = unicodedata.normalize("NFC", found or file) if file else None
        _once(ids, reel["reel_id"], path, line)
        _once(files, reel["file"] and (creator.creator_id, reel["file"]), path, line)
        creator.reels.append(reel)
        if creator.creator_id not in known:
            without_creator.append((handle, f"line {line.number}"))
        if not found and reel["file"] not in creator.passed_over:
            without_video.append((file or "no file", f"line {line.number}"))
    _check_columns(lines, path, notices)
    what = f"{{n}} of {{total}} rows of {path} are about creators without a folder in {source.videos}"
    notice_unmatched(notices, what, len(lines), without_creator, LIKE_FOLDERS.format(source.videos))
    what = f"{{n}} of {{total}} rows of {path} name no video that is there"
    remedy = f"write the names of the files in the creators' folders in {source.videos}, as in 20240531.mp4"
    notice_unmatched(notices, what, len(lines), without_video, remedy)
    _notice_odd_rows(creators, lines, path, notices)


def _notice_odd_rows(creators: dict[str, FolderCreator], lines: list[Line], path: Path, notices: list[Notice]) -> None:
    """Note videos of which no row tells anything, and numbers that are hardly as they were counted."""
    videos = [(creator, name) for creator in creators.values() for name in creator.videos]
    described = {(creator.creator_id, reel["file"]) for creator in creators.values() for reel in creator.reels}
    for creator, name in videos if lines else ():
        if not {(creator.creator_id, name), (creator.creator_id, name.strip())} & described:
            creator.without_row.add(name)
    without_row = [(f"{one.handle}/{name}", "") for one in creators.values() for name in sorted(one.without_row)]
    if without_row:
        text = f"{len(without_row):,} of {len(videos):,} videos have no row in {path}: nothing more is known of them"
        notices.append(Notice(text, examples=tuple(without_row[:SHOWN])))
    reels = [reel for creator in creators.values() for reel in creator.reels]
    odd = [reel for reel in reels if (reel.get("likes") or 0) > (reel.get("plays") or float("inf"))]
    if odd:
        text = f"{len(odd):,} of {len(lines):,} rows of {path} have more likes than plays"
        examples = tuple((str(reel["file"]), f"{reel['plays']} plays, {reel['likes']} likes") for reel in odd[:SHOWN])
        notices.append(Notice(f"{text} (a mark between thousands that was lost?)", examples=examples))


def _check_columns(lines: list[Line], path: Path, notices: list[Notice]) -> None:
    """Refuse what shows in a whole column only, and note columns that are not used."""
    for column, check in (("reel_id", readings.check_long_ids), ("taken_at", readings.check_digits)):
        try:
            check([line.values[column] for line in lines if column in line.values])
        except ValueError as error:
            raise UserError(f"{path}: {column}: {error}") from None
    unused = sorted({name for line in lines for name in line.values} - {"handle", "file", *REEL_COLUMNS})
    if unused:
        notices.append(Notice(f"{path}: columns that are not used: {', '.join(unused)}"))


def _once(seen: dict[Any, int], key: Any, path: Path, line: Line) -> None:
    """Refuse what an earlier line has already; None stands for nothing given."""
    if key is None:
        return
    if key in seen:
        shown = key if isinstance(key, str) else key[1]
        raise UserError(f"{path}, line {line.number}: {shown!r} is already in line {seen[key]}")
    seen[key] = line.number


def _add_follows(creators: dict[str, FolderCreator], path: Path, notices: list[Notice]) -> None:
    follows = read_follows_csv(path)
    for creator_id, targets in follows.items():
        if creator_id in creators:  # lists of accounts that are not studied say nothing about the cohort
            creators[creator_id].follows = targets
    notice_follows(notices, str(path), follows, creators)
