"""Removes and rewrites files of a study: none outside of it, and none at all in a dry run."""

from __future__ import annotations

import shutil
from pathlib import Path

from common.files import replace_file
from opting_out.people import People
from opting_out.scrub import Scrubber
from opting_out.search import Search


class Cleaner:
    """Knows whom a purge takes out of a study, and makes all its changes.

    Args:
        people: who is to be taken out.
        certain: finds nothing but these people.
        possible: finds whatever could be one of them.
        places: folders of the study, without links in their paths; the first is the study's own.
        dry_run: only note what would be changed.

    Attributes:
        removed: files and folders that are, or would be, removed.
        rewritten: files that get, or would get, other content.
        outside: what should change and does not, because it lies outside of the study.
    """

    def __init__(self, people: People, certain: Search, possible: Search, places: list[Path], dry_run: bool) -> None:
        self.people, self.certain, self.possible = people, certain, possible
        self.places, self.dry_run = places, dry_run
        self.removed: list[Path] = []
        self.rewritten: list[Path] = []
        self.outside: set[Path] = set()

    def scrubber(self) -> Scrubber:
        """Return a scrubber for the JSON values of one file."""
        return Scrubber(self.people, self.certain.blank)

    def remove(self, path: Path) -> None:
        """Delete a file, a folder or a link."""
        if path.is_symlink() and not self.is_inside(path.resolve()):
            self.outside.add(path.resolve())
        if not self.may_change(path.parent.resolve() / path.name, self.removed, path):
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def rewrite(self, path: Path, content: bytes) -> None:
        """Give a file other content; of a link, change the file to which it leads."""
        place = path.resolve()
        if place.read_bytes() != content and self.may_change(place, self.rewritten, path):
            replace_file(place, content)

    def may_change(self, place: Path, changes: list[Path], path: Path) -> bool:
        """Note a change of a path, which lies at a place; return whether to make it."""
        if not self.is_inside(place):
            self.outside.add(path)
            return False
        changes.append(path)
        return not self.dry_run

    def is_inside(self, place: Path) -> bool:
        """Whether a place belongs to the study."""
        return any(place.is_relative_to(root) for root in self.places)


def say(text: str) -> None:
    """Tell the user something; none of it stays in the study."""
    print(text)  # noqa: T201
