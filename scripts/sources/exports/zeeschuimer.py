"""NDJSON of Zeeschuimer (1.x), or of 4CAT (1.x) after it has imported it: one item of Instagram or TikTok a line.

Zeeschuimer wraps an item as `data`, with `source_platform` beside it; 4CAT unwraps it and keeps the wrapping as
`__import_meta`, which items that 4CAT itself asked TikTok for do not have. The item itself is as the website sent it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sources.exports.folder import Folder
from sources.exports.item import Item, OtherFileError, fill_post, fill_tiktok, read_item
from sources.fields import Fields

SUFFIXES = (".ndjson", ".jsonl")
LATEST_S = 10**11
# What every item of Instagram has one of.
KEYS = {"pk", "id", "code", "shortcode", "user", "owner", "media_type", "__typename"}
# What items of TikTok have one of, and none of Instagram.
TIKTOK_KEYS = {"createTime", "desc", "authorStats", "imagePost"}
PLATFORMS = {"instagram.com": fill_post, "tiktok.com": fill_tiktok}


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
    if platform is None:
        platform = "tiktok.com" if TIKTOK_KEYS & line.data.keys() else "instagram.com"
        if not wrapped and not (KEYS | TIKTOK_KEYS) & line.data.keys():
            raise OtherFileError("no item of Instagram or TikTok")
    if platform.endswith("-comments"):
        raise OtherFileError("comments")
    if platform not in PLATFORMS:
        raise OtherFileError(f"of {platform}, which yt-dlp can collect")
    # Of an item that was seen again, Zeeschuimer keeps the newer form and the time of the older one.
    times = [_moment(about, name) for name in ("timestamp_collected", "last_updated")]
    item.captured = max(filter(None, times), default=None)
    PLATFORMS[platform](item, line.part("data") if wrapped else line)


def _moment(about: Fields, name: str) -> str | None:
    """A time in milliseconds; in seconds after some ways through other programs: one cannot be taken for the other."""
    return about.moment(name, per_s=1000 if (about.count(name) or 0) > LATEST_S else 1)
