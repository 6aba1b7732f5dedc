"""The kinds of sources, by the name they have in the configuration (`source.kind`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from common.config import ExportsSource, FilesSource, HikerapiSection, Inst2txtSource, Section, SelectSection
from common.handles import normal_handle
from opting_out.tombstones import Tombstones
from sources.joins import Notice
from sources.source import Source, SourceCreator

SECTIONS: dict[str, type[Section]] = {
    "files": FilesSource,
    "hikerapi": HikerapiSection,
    "inst2txt": Inst2txtSource,
    "exports": ExportsSource,
}
# Sources that bring results of other programs along.
WITH_RESULTS = ("inst2txt",)
RAW = Path("data/raw")


def open_source(
    section: Any,
    snapshot: str | None,
    raw: Path = RAW,
    tombstones: Tombstones | None = None,
    allow_private: bool = False,
) -> Source:
    """The source that a section of the configuration describes, without those who opted out.

    Args:
        section: FilesSource, HikerapiSection, Inst2txtSource or ExportsSource.
        snapshot: `source.snapshot`.
        raw: folder of answers that were paid for.
        tombstones: who opted out; those of the study unless given.
        allow_private: see `video.allow_private`.
    """
    tombstones = Tombstones() if tombstones is None else tombstones
    opened: Source
    if isinstance(section, FilesSource):
        from sources.files import FilesFolder

        opened = FilesFolder(section)
    elif isinstance(section, HikerapiSection):
        from sources.hikerapi import Hikerapi

        opened = Hikerapi(section, str(snapshot), raw, tombstones, allow_private)
    elif isinstance(section, Inst2txtSource):
        from sources.inst2txt import Inst2txtDatabase

        opened = Inst2txtDatabase(section)
    else:
        from sources.exports import ExportsFolder

        opened = ExportsFolder(section)
    return _WithoutOptedOut(opened, tombstones)


class _WithoutOptedOut:
    """A source that says nothing of people who opted out, be it as creators or as followed accounts."""

    def __init__(self, source: Source, tombstones: Tombstones) -> None:
        self.source, self.tombstones = source, tombstones

    def members(self) -> dict[str, str]:
        found = self.source.members()
        return {handle: state for handle, state in found.items() if not self.tombstones.has_handle(handle)}

    def notices(self) -> list[Notice]:
        def is_gone(name: str) -> bool:
            handles = (name, name.partition("/")[0])  # of a video, the folder's
            return any(self.tombstones.has_handle(normal_handle(one)) or self.tombstones.has_id(one) for one in handles)

        return [notice.without_people(is_gone) for notice in self.source.notices()]

    def collect(self, handles: Iterable[str], select: SelectSection) -> Iterator[SourceCreator]:
        for creator in self.source.collect(handles, select):
            # Renamed since: the list has the new name, the id is the old one.
            known = [(normal_handle(creator.handle), creator.creator_id), *creator.accounts]
            if any(self.tombstones.has(handle, identity) for handle, identity in known):
                continue
            if self.tombstones.hashes:
                creator.follows = [
                    (target, handle)
                    for target, handle in creator.follows
                    if not self.tombstones.has(normal_handle(handle), target)
                ]
            yield creator
