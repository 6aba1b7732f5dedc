"""Takes people out of a folder of exports, the files of other tools."""

from __future__ import annotations

import io
import lzma
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from common.config import ExportsSource
from common.suffixes import VIDEO_SUFFIXES
from opting_out.people import People
from purging.cleaner import Cleaner
from purging.lists import purge_table
from sources.exports import read_items
from sources.exports.downloads import DOWNLOADS, post_names, without_posts
from sources.exports.folder import PICTURES, Folder
from sources.exports.fourcat import AUTHOR
from sources.exports.item import Item

LINES = (".ndjson", ".jsonl")
TABLES = (".csv", ".tsv")


def read_export(root: Path) -> Iterator[tuple[Path, list[Item]]]:
    """Yield each file of a folder of exports with its items."""
    if root.is_dir():
        folder = Folder(root)
        for path in folder.files:
            yield path, list(read_items(path, folder))


@dataclass
class _Gone:
    """What the people's items were.

    Attributes:
        stems: by folder, and by the name of each item's files in it: whether it is one of the people's.
        posts: by what 4CAT knows them.
        videos: that 4CAT downloaded; they bear names that it made.
    """

    stems: dict[Path, dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    posts: set[str] = field(default_factory=set)
    videos: set[Path] = field(default_factory=set)


def purge_exports(settings: ExportsSource, cleaner: Cleaner) -> None:
    """Delete the people's items with the files beside them; blank the people in the items of others."""
    root, people = Path(settings.folder), cleaner.people
    gone = _Gone()
    for path, items in read_export(root):
        _purge_items(path, items, gone, cleaner)
    tables = [Path(name) for name in (settings.creators, settings.follows) if name]
    folders = [root, *sorted(filter(Path.is_dir, root.rglob("*")))]
    for folder in folders:
        for path in sorted(filter(Path.is_file, folder.iterdir())):
            if path in tables or path.name.lower().endswith(LINES):
                continue  # of many people; they are cleaned as what they are
            # Of two items `film` and `film_2` the second owns `film_2.mp4`.
            stems = gone.stems[folder]
            stem = max((stem for stem in stems if path.name.startswith(_beginnings(stem))), key=len, default="")
            in_own_folder = people.has_handle(folder.name) and path.suffix.lower() not in TABLES
            if path in gone.videos or stems.get(stem, in_own_folder):
                cleaner.remove(path)
            elif not path.name.lower().endswith((*VIDEO_SUFFIXES, *PICTURES)):
                with suppress(ValueError, lzma.LZMAError):  # not the JSON that its name promises
                    cleaner.rewrite(path, _clean_file(path, gone.posts, cleaner))
    for folder in reversed(folders):
        if people.has_handle(folder.name) and not any(folder.iterdir()):
            cleaner.remove(folder)


def _purge_items(path: Path, items: list[Item], gone: _Gone, cleaner: Cleaner) -> None:
    """Take the people's items out of a file of many items, and note what else is theirs."""
    own = [_is_by(item, cleaner.people) for item in items]
    reels = [item.reel for item, is_own in zip(items, own, strict=True) if is_own and item.reel]
    gone.posts.update(name for reel in reels for name in post_names(reel))
    name = path.name.lower()
    if name.endswith((*LINES, *TABLES)):
        gone.videos.update(reel.video for reel in reels if reel.video)
    if name.endswith(LINES):
        cleaner.rewrite(path, b"".join(_clean_lines(path.read_bytes(), iter(own), cleaner)))
    elif name.endswith(TABLES):
        if any(own):
            purge_table(str(path), (AUTHOR,), cleaner)
    elif items and items[0].says_something:
        stem = re.sub(r"(\.info)?\.json(\.xz)?$", "", path.name, flags=re.IGNORECASE)
        gone.stems[path.parent][stem] = any(own)
    for avatar in {item.avatar for item, is_own in zip(items, own, strict=True) if is_own and item.avatar}:
        cleaner.remove(avatar)


def _is_by(item: Item, people: People) -> bool:
    return people.has(item.handle, item.number) if item.handle else people.has_id(item.number)


def _beginnings(stem: str) -> tuple[str, ...]:
    """Return how the names of an item's files begin; instaloader numbers those of an album."""
    return (f"{stem}.", f"{stem}_") if stem.endswith("_UTC") else (f"{stem}.",)


def _clean_lines(content: bytes, own: Iterator[bool], cleaner: Cleaner) -> Iterator[bytes]:
    """Yield the lines of NDJSON without the people; `own` says of each line that is not blank whether it goes."""
    scrubber = cleaner.scrubber()
    for line in io.BytesIO(content):  # which splits lines as the reader of the items does
        if not line.strip() or not next(own):
            try:
                yield scrubber.clean_json(line)
            except ValueError:
                yield _blank(line, cleaner)


def _clean_file(path: Path, posts: Collection[str], cleaner: Cleaner) -> bytes:
    """Return the content of a text or JSON file without the people and their posts; raises ValueError or LZMAError."""
    raw, name = path.read_bytes(), path.name.lower()
    if name == DOWNLOADS:
        raw = without_posts(raw, posts)
    if name.endswith(".json.xz"):
        unpacked = lzma.decompress(raw)
        cleaned = cleaner.scrubber().clean_json(unpacked)
        return raw if cleaned == unpacked else lzma.compress(cleaned)
    return cleaner.scrubber().clean_json(raw) if name.endswith(".json") else _blank(raw, cleaner)


def _blank(content: bytes, cleaner: Cleaner) -> bytes:
    try:
        return cleaner.certain.blank(content.decode()).encode()
    except UnicodeDecodeError:
        return content
