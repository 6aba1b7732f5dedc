"""NDJSON of Zeeschuimer (1.x), or of 4CAT (1.4x) after it has imported it: one item of Instagram a line.

Zeeschuimer wraps an item as `data`, with `source_platform` beside it; 4CAT unwraps it and keeps the wrapping as
`__import_meta`. The item itself is as Instagram's website sent it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sources.exports.fields import Fields, unexpected
from sources.exports.folder import Folder
from sources.exports.instagram import fill_post
from sources.exports.item import Item, read_item

SUFFIXES = (".ndjson", ".jsonl")


def read(path: Path, folder: Folder) -> Iterator[Item]:
    """The items of one file."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield read_item(f"{folder.name(path)}, line {number}", partial(bytes, line), _fill)


def _fill(item: Item, line: Fields) -> None:
    wrapped = "source_platform" in line
    platform = (line if wrapped else line.part("__import_meta")).text("source_platform")
    if platform not in (None, "instagram.com"):
        raise unexpected("source_platform", "instagram.com (for other platforms use yt-dlp)", platform)
    fill_post(item, line.part("data") if wrapped else line)
