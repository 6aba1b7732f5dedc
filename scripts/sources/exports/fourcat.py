"""What 4CAT (1.5) makes of collected posts: a CSV of TikTok, and folders of videos that it downloaded.

The CSV has a row for each post; Zeeschuimer (1.14) writes the same columns. A row is made into the object that it was
made from, so that both are read in one way. Of a zip of videos, which is unpacked by whoever has it, `.metadata.json`
says which posts each file is of: {address: {"post_ids": [...], "files": [{"filename", "success"}]}}; see `Folder`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from common.handles import printable
from common.program import UserError
from sources import readings
from sources.csv_tables import Line, read_csv
from sources.exports.folder import OTHER_KIND, Folder
from sources.exports.item import Item, fill_tiktok, read_item

SUFFIXES = (".csv",)
AUTHOR = "author"
# By these a table is known, and no post can do without them.
NEEDED = ("id", AUTHOR, "body", "unix_timestamp", "tiktok_url")
FURTHER = (
    *("author_full", "author_followers", "video_url", "thumbnail_url"),
    *("is_ad", "likes", "comments", "plays"),
)


def read(path: Path, folder: Folder) -> Iterator[Item]:
    """The items of one file."""
    name = folder.name(path)
    with path.open("rb") as file:
        header = file.readline().decode("utf-8", "replace").lower()
    if not all(column in header for column in NEEDED):
        yield Item(name, other=OTHER_KIND)
        return
    lines = read_csv(path, NEEDED, FURTHER)
    try:
        readings.check_long_ids([line.values.get("id") for line in lines])
    except ValueError as error:
        raise UserError(f"{printable(str(path))}: id: {error}") from None
    for line in lines:
        yield read_item(f"{name}, line {line.number}", partial(_post, line), fill_tiktok)


def _post(line: Line) -> bytes:
    """A row as the JSON of the post that 4CAT made it from."""
    cell = line.values.get
    post = {
        "id": cell("id"),
        "desc": cell("body"),
        "createTime": cell("unix_timestamp"),
        "author": {"uniqueId": cell(AUTHOR), "nickname": cell("author_full")},
        "authorStats": {"followerCount": cell("author_followers")},
        "stats": {"diggCount": cell("likes"), "commentCount": cell("comments"), "playCount": cell("plays")},
        "video": {"downloadAddr": cell("video_url"), "cover": cell("thumbnail_url")},
        "isAd": cell("is_ad") == "yes",
    }
    return json.dumps(post).encode()
