"""The source `exports`: a folder of files that other tools left, in subfolders as they are, kinds mixed as they come.

Only the standard library is used: the Snakefile reads the source each time it is parsed, to see which batches there
are and whether anything has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from common.config import ExportsSource, SelectSection
from common.handles import derived_id, normal_handle, printable
from common.program import UserError
from common.states import Outcome
from common.store import digest
from sources.csv_tables import read_creators_csv, read_follows_csv
from sources.exports import fourcat, instaloader, yt_dlp, zeeschuimer
from sources.exports.folder import Folder
from sources.exports.item import Item
from sources.exports.merging import merge
from sources.exports.owners import Owners
from sources.joins import SHOWN, Notice, notice_follows, notice_passed_over, notice_unmatched
from sources.source import UNKNOWN, SourceCreator, SourceReel, file_state

# A module for each tool; longer suffixes before those that they end with.
TOOLS = (
    yt_dlp,
    zeeschuimer,
    instaloader,
    fourcat,
)
# The first whose suffix fits reads a file.
READERS = tuple((suffix, tool.read) for tool in TOOLS for suffix in tool.SUFFIXES)
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
    def _folder(self) -> Folder:
        root = Path(self.settings.folder)
        if not root.is_dir():
            raise UserError(f"source.exports.folder: {printable(str(root))}: no such folder")
        return Folder(root)

    @cached_property
    def _read(self) -> list[Item]:
        """What every line and file of the folder says; read once, as the Snakefile asks more than once."""
        return [item for path in self._folder.files for item in read_items(path, self._folder)]

    @cached_property
    def _items(self) -> list[Item]:
        """Every item, those without a date first, in the order of their files' names, the newest capture last."""
        items = sorted((item for item in self._read if item.says_something), key=lambda item: item.captured or "")
        if not items:
            raise UserError(
                f"source.exports.folder: {printable(self.settings.folder)}: no items found. Put the files there that "
                "Zeeschuimer or 4CAT (.ndjson; .csv of TikTok), instaloader (.json.xz) or yt-dlp (.info.json, from "
                f"--write-info-json) wrote{''.join(f'; {notice}' for notice in self._passed_over())}"
            )
        return items

    def _passed_over(self) -> list[Notice]:
        """The files that are of no use, counted and named; nothing where there are none."""
        why = {item.where.rpartition(", line ")[0] or item.where: item.other for item in self._read if item.other}
        found = sorted(why.items())
        found += [(name, "a video without a metadata file") for name in self._folder.loose_videos()]
        found += self._folder.others()
        return notice_passed_over(found, printable(self.settings.folder))

    def _creators(self) -> dict[str, SourceCreator]:
        """Every creator, by id, sorted; made afresh each time, as callers may change what they get."""
        self._notices: list[Notice] = self._passed_over()
        listed = read_creators_csv(Path(self.settings.creators), self._notices) if self.settings.creators else {}
        owners = Owners(self._items, listed.keys())
        creators = self._collect(owners, listed.keys())
        without_item = [(handle, "") for creator_id, (handle, _) in listed.items() if creator_id not in creators]
        for creator_id, (handle, facts) in listed.items():
            creator = creators.setdefault(creator_id, SourceCreator(creator_id, handle))
            creator.handle, creator.facts = handle, creator.facts | facts
        strangers = creators.keys() - listed.keys() - {UNKNOWN} if self.settings.limited else set()
        if strangers and not any(creators[name].reels for name in listed):
            raise UserError(
                f"{self.settings.creators}: none of its {len(listed)} creators has a reel in the exports, which tell "
                f"of {len(strangers)} others. Write the handles as the platform does, or set "
                "source.exports.only_listed: false"
            )
        if strangers:
            examples = tuple((creators[name].handle, "") for name in sorted(strangers)[:SHOWN])
            reels = sum(len(creators.pop(name).reels) for name in strangers)
            text = f"{len(strangers)} accounts with {reels} reels, which {self.settings.creators} does not list"
            self._notices.append(Notice(text, "not_listed", len(strangers), examples))
        what = f"{{n}} of {{total}} creators of {self.settings.creators} have no item in {self.settings.folder}"
        notice_unmatched(self._notices, what, len(listed), without_item, "write the handles as the platform does")
        for creator_id, handle, number in owners.accounts():
            if creator_id in creators:
                creators[creator_id].accounts.append((handle, number))
        self._add_follows(creators, owners)
        return dict(sorted(creators.items()))

    def _collect(self, owners: Owners, listed: Iterable[str]) -> dict[str, SourceCreator]:
        """The creators that items tell of, with their reels."""
        creators: dict[str, SourceCreator] = {}
        whose = [owners.creator(item.account, item.site) for item in self._items]
        # What a profile's own file says comes before what posts say of their owner, the newest before older ones.
        for item, owner in sorted(zip(self._items, whose, strict=True), key=lambda pair: pair[0].is_profile):
            creator = creators.setdefault(owner or UNKNOWN, SourceCreator(owner or UNKNOWN, UNKNOWN_HANDLE))
            if owner:
                if item.handle and (normal_handle(item.handle) == owner or creator.handle == UNKNOWN_HANDLE):
                    creator.handle = item.handle
                creator.facts |= item.facts
                creator.avatar = item.avatar or creator.avatar
        # A reel made together is one of each account that is studied for itself.
        studied = {*listed, *creators}
        found: dict[str, list[tuple[Item, SourceReel]]] = defaultdict(list)
        together: dict[str, str] = {}
        for item, owner in zip(self._items, whose, strict=True):
            if item.is_profile:
                continue
            reel = _reel(item, owner or UNKNOWN)
            found[owner or UNKNOWN].append((item, reel))
            if owner and item.others and reel.outcome.state == "ok":
                together[str(reel.reel_id)] = owner
                partners = (owners.creator(account, item.site) for account in item.others)
                for partner in sorted({name for name in partners if name} & studied - {owner}):
                    found[partner].append((item, _reel(item, partner)))
        for creator_id, reels in found.items():
            for _, reel in reels:
                if together.get(str(reel.reel_id), creator_id) != creator_id:
                    reel.reel_id = f"{reel.reel_id}_{creator_id}"
            creator = creators.setdefault(creator_id, SourceCreator(creator_id, creator_id))
            creator.reels = merge(reels)
        return creators

    def _add_follows(self, creators: dict[str, SourceCreator], owners: Owners) -> None:
        """The follow lists of the table beside the folder; who was renamed is known by former handles, too."""
        follows: dict[str, list[tuple[str, str]]] = {}
        for source, targets in (read_follows_csv(Path(self.settings.follows)) if self.settings.follows else {}).items():
            known = [(owners.named(target), handle) for target, handle in targets]
            follows.setdefault(owners.named(source), []).extend(known)
        notice_follows(self._notices, str(self.settings.follows), follows, creators)
        for creator_id, creator in creators.items():
            creator.follows = sorted(dict(reversed(follows.get(creator_id, []))).items())
            stated = creator.facts.pop("follows_status", None)
            creator.follows_status = stated or ("complete" if creator_id in follows else "unfetched")


def read_items(path: Path, folder: Folder) -> Iterator[Item]:
    """The items of one file; none where no tool's adapter reads it. Raises UserError where it cannot be read."""
    read = next((read for suffix, read in READERS if path.name.lower().endswith(suffix)), None)
    try:
        for item in read(path, folder) if read else ():
            if item.reel:
                folder.attach_download(item.reel)
            yield item
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
