"""NDJSON of Zeeschuimer (1.x), or of 4CAT (1.4x) after it has imported it: one item of Instagram a line.

Zeeschuimer wraps an item as `data`, with `source_platform` beside it; 4CAT unwraps it and keeps the wrapping as
`__import_meta`. The item itself is as Instagram's website sent it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sources.exports.folder import Folder
from sources.exports.item import Item, OtherFileError, fill_post, read_item
from sources.fields import Fields

SUFFIXES = (".ndjson", ".jsonl")
LATEST_S = 10**11
# What every item of Instagram has one of.
KEYS = {"pk", "id", "code", "shortcode", "user", "owner", "media_type", "__typename"}


def read(path: Path, folder: Folder) -> Iterator[Item]:
    """The items of one file."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield read_item(f"{folder.name(path)}, line {number}", partial(bytes, line), _fill)


def _fill(item: Item, line: Fields) -> None:
    wrapped = "source_platform" in line
    about = line if wrapped else line.optional_part("__import_meta")
    platform = about.text("source_platform")
    if platform not in (None, "instagram.com"):
        raise OtherFileError(f"of {platform}, which yt-dlp can collect")
    if not wrapped and not KEYS & line.data.keys():
        raise OtherFileError("no item of Instagram")
    collected = about.count("timestamp_collected") or 0
    # In milliseconds; in seconds after some ways through other programs: they cannot be mistaken for each other.
    item.captured = about.moment("timestamp_collected", per_s=1000 if collected > LATEST_S else 1)
    fill_post(item, line.part("data") if wrapped else line)
