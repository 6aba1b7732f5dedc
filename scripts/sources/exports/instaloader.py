"""Folders of instaloader (4.16): `<stem>.json.xz` or `<stem>.json`, with video and thumbnail beside.

A file holds {"instaloader": {"version", "node_type"}, "node"}. The node of a post has the older website's form, or is
made to look like it from the newer form, parts of which it keeps beside or in `iphone_struct`. The caption is in it,
so `<stem>.txt` is not needed.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from common.handles import normal_handle
from sources.exports.folder import Folder
from sources.exports.item import Item, OtherFileError, fill_post, read_item
from sources.fields import Fields, FormatError, unexpected
from sources.instagram import read_account

SUFFIXES = (".json.xz", ".json")
# Beside posts lie comments, and beside 4CAT's files a description of the dataset.
NO_ITEMS = ("_comments.json", "_metadata.json")
LARGEST = 64 * 2**20  # bytes; a post has some thousand
OTHER = "no file of instaloader"


def read(path: Path, folder: Folder) -> Iterator[Item]:
    """The item of one file."""
    if not path.name.endswith(NO_ITEMS):
        folder.describe(_stem(path))
        yield read_item(folder.name(path), partial(_load, path), partial(_fill, path=path, folder=folder))


def _stem(path: Path) -> Path:
    return path.with_name(re.sub(r"\.json(\.xz)?$", "", path.name, flags=re.IGNORECASE))


def _load(path: Path) -> bytes:
    packed = path.suffix.lower() == ".xz"
    try:
        with lzma.open(path) if packed else path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (lzma.LZMAError, EOFError) as error:
        raise FormatError(f"expected a whole xz file, found: {error}") from None
    # Any tool may call its files .json; those of instaloader begin so, also where they are torn.
    if not packed and not re.match(rb'\s*{\s*"node"\s*:', content) and b'"instaloader"' not in content:
        raise OtherFileError(OTHER)
    if len(content) > LARGEST:
        raise FormatError(f"expected at most {LARGEST} bytes, found more")
    return content


def _fill(item: Item, data: Fields, path: Path, folder: Folder) -> None:
    if "instaloader" not in data or "node" not in data:
        raise OtherFileError(OTHER)
    kind, node = data.get("instaloader.node_type"), data.part("node")
    if kind in ("Hashtag", "FrozenNodeIterator"):  # a hashtag; how far a download had come
        return
    if kind == "Profile":
        item.account = read_account(node)
        if item.handle is None:
            raise unexpected("username", "a handle", None)
        item.avatar = _avatar(item.handle, path.parent, folder)
        return
    if kind not in ("Post", "StoryItem"):
        raise unexpected("instaloader.node_type", "Post or Profile", kind)
    post = node.optional_part("iphone_struct").data | node.data
    if kind == "StoryItem":
        post["product_type"] = "story"
    fill_post(item, Fields(post, "node", data.notes))
    if item.reel and item.reel.outcome.state == "ok":
        folder.attach(item.reel, _stem(path))


def _avatar(handle: str, own: Path, folder: Folder) -> Path | None:
    """The latest profile picture, if the folder is the profile's own, as it is by default."""
    if normal_handle(own.name) != normal_handle(handle):
        return None
    pictures = [path for path in folder.pictures(own) if re.fullmatch(r"[0-9_-]+_UTC_profile_pic\.jpg", path.name)]
    return pictures[-1] if pictures else None
