"""The source `exports`: a folder of files that other tools left, in subfolders as they are, kinds mixed as they come.

Only the standard library is used: the Snakefile reads the source each time it is parsed, to see which batches there
are and whether anything has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from common.config import ExportsSource, SelectSection
from common.program import UserError
from common.states import Outcome
from common.store import digest
from sources.csv_tables import read_creators_csv, read_follows_csv
from sources.exports import instaloader, yt_dlp, zeeschuimer
from sources.exports.folder import Folder
from sources.exports.item import Item
from sources.joins import Notice, notice_follows, notice_unmatched
from sources.source import UNKNOWN, SourceCreator, SourceReel, derived_id, file_state, normal_handle, printable

# The first whose suffix fits reads a file.
READERS = tuple((suffix, tool.read) for tool in (yt_dlp, zeeschuimer, instaloader) for suffix in tool.SUFFIXES)
# What the owner of items is called that name none.
UNKNOWN_HANDLE = "unknown"


class ExportsFolder:
    """The source `exports`.

    Args:
        settings: where files and tables are.
    """

    def __init__(self, settings: ExportsSource) -> None:
        self.settings = settings

    def members(self) -> dict[str, str]:
        """See `Source.members`."""
        return {creator_id: _digest(creator) for creator_id, creator in self._creators().items()}

    def collect(self, handles: Iterable[str], select: SelectSection) -> Iterator[SourceCreator]:  # noqa: ARG002
        """See `Source.collect`."""
        creators = self._creators()
        for handle in handles:
            yield creators[handle]

    def notices(self) -> list[Notice]:
        """See `Source.notices`."""
        self._creators()
        return self._notices

    @cached_property
    def _items(self) -> list[Item]:
        """Every item of the folder; read once, as the Snakefile asks more than once."""
        root = Path(self.settings.folder)
        if not root.is_dir():
            raise UserError(f"source.exports.folder: {printable(str(root))}: no such folder")
        folder = Folder(root)
        items = [item for path in folder.files for item in read_items(path, folder) if item.says_something]
        if not items:
            raise UserError(
                f"source.exports.folder: {printable(str(root))}: no items found. Put the files there that Zeeschuimer "
                "or 4CAT (.ndjson), instaloader (.json.xz) or yt-dlp (.info.json, from --write-info-json) wrote"
            )
        return items

    def _creators(self) -> dict[str, SourceCreator]:
        """Every creator, by id, sorted; made afresh each time, as callers may change what they get."""
        owners = self._owners()
        creators: dict[str, SourceCreator] = {}
        # What a profile's own file says comes before what posts say of their owner.
        for item, owner in sorted(zip(self._items, owners, strict=True), key=lambda pair: not pair[0].is_profile):
            creator_id = normal_handle(owner) if owner else UNKNOWN
            creator = creators.setdefault(creator_id, SourceCreator(creator_id, owner or UNKNOWN_HANDLE))
            if owner:
                creator.facts = item.facts | creator.facts
                creator.avatar = creator.avatar or item.avatar
            if not item.is_profile:
                creator.reels.append(_reel(item, creator_id))
        for creator in creators.values():
            _settle_duplicates(creator.reels)
        self._enrich(creators)
        return dict(sorted(creators.items()))

    def _owners(self) -> list[str | None]:
        """Of each item the owner's handle, where need be from another item with the same number of an account."""
        handles: dict[str, str] = {}
        for item in self._items:
            if item.handle and item.number:
                handles.setdefault(item.number, item.handle)
        return [item.handle or (handles.get(item.number) if item.number else None) for item in self._items]

    def _enrich(self, creators: dict[str, SourceCreator]) -> None:
        """Add what the tables beside the folder say; creators may be listed in them alone."""
        self._notices: list[Notice] = []
        if self.settings.creators:
            listed = read_creators_csv(Path(self.settings.creators))
            without_item = [(handle, "") for creator_id, (handle, _) in listed.items() if creator_id not in creators]
            what = f"{{n}} of {{total}} creators of {self.settings.creators} have no item in {self.settings.folder}"
            remedy = "write the handles as the files have them"
            notice_unmatched(self._notices, what, len(listed), without_item, remedy)
            for creator_id, (handle, facts) in listed.items():
                creator = creators.setdefault(creator_id, SourceCreator(creator_id, handle))
                creator.handle, creator.facts = handle, creator.facts | facts
        follows = read_follows_csv(Path(self.settings.follows)) if self.settings.follows else {}
        notice_follows(self._notices, str(self.settings.follows), follows, creators)
        for creator_id, creator in creators.items():
            creator.follows = follows.get(creator_id, [])
            stated = creator.facts.pop("follows_status", None)
            creator.follows_status = stated or ("complete" if creator_id in follows else "unfetched")


def read_items(path: Path, folder: Folder) -> Iterator[Item]:
    """The items of one file; none where no tool's adapter reads it. Raises UserError where it cannot be read."""
    read = next((read for suffix, read in READERS if path.name.lower().endswith(suffix)), None)
    try:
        yield from read(path, folder) if read else ()
    except OSError as error:
        shown = printable(str(path))
        raise UserError(f"{shown}: {error.strerror or error}; mend it, or remove it from the folder") from None


def _reel(item: Item, creator_id: str) -> SourceReel:
    problem = item.problem
    if item.reel and item.reel.outcome.state == "ok" and creator_id == UNKNOWN:
        problem = problem or "owner: expected a handle, found nothing"
    if problem is None and item.reel:
        return replace(item.reel, facts=dict(item.reel.facts))
    outcome = Outcome("failed", "changed_format", f"{item.where}: {problem}")
    return SourceReel(derived_id(creator_id, item.where), outcome=outcome)


def _settle_duplicates(reels: list[SourceReel]) -> None:
    """Of several items about one reel the first stays, one with a video before others; it learns what they know."""
    groups: dict[str, list[SourceReel]] = {}
    for reel in reels:
        groups.setdefault(str(reel.reel_id), []).append(reel)
    for group in groups.values():
        kept, *others = sorted(group, key=lambda reel: (reel.outcome.state != "ok", not reel.video, not reel.video_url))
        for other in others:
            if other.outcome.state == "ok":
                kept.facts = other.facts | kept.facts
                kept.thumbnail = kept.thumbnail or other.thumbnail
                kept.video_url = kept.video_url or other.video_url
                kept.thumbnail_url = kept.thumbnail_url or other.thumbnail_url
            other.outcome = Outcome("skipped", "duplicate", other.file)


def _digest(creator: SourceCreator) -> str:
    """Changes when anything about a creator does."""
    content: dict[str, Any] = asdict(replace(creator, reels=[]))
    content["avatar"] = creator.avatar and file_state(creator.avatar)
    content["reels"] = [_state(reel) for reel in creator.reels]
    return digest(content)


def _state(reel: SourceReel) -> dict[str, Any]:
    content = asdict(reel)
    content["video"] = reel.video and file_state(reel.video)
    content["thumbnail"] = reel.thumbnail and file_state(reel.thumbnail)
    return content
