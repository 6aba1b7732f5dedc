"""What `.metadata.json` says of the videos that 4CAT (1.5) downloaded, and beside which it lies.

It is {address: {"post_ids": [...], "files": [{"filename", "success"}]}}; in older versions `filename` stands in the
place of `files`. Posts of TikTok have their number there, those of Instagram their code.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from common.foreign_json import parse_json
from common.handles import printable
from common.program import UserError
from sources.source import SourceReel

DOWNLOADS = ".metadata.json"


def post_names(reel: SourceReel) -> list[str]:
    """By what 4CAT may know a reel."""
    return [str(name) for name in (reel.reel_id, reel.facts.get("code")) if name]


def read_downloads(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Of each download: the posts that it is of, and the names of its files.

    Raises:
        UserError: the file is not one of 4CAT.
    """
    try:
        downloads = _parse(path.read_bytes())
    except ValueError as error:
        raise UserError(
            f"{printable(str(path))}: expected what 4CAT writes beside videos, found: {str(error)[:80]}; unpack the "
            "zip again"
        ) from None
    for download in downloads.values():
        said = download if isinstance(download, dict) else {}
        files = said.get("files") if isinstance(said.get("files"), list) else [said]
        names = [file.get("filename") for file in files or [] if isinstance(file, dict)]
        yield _posts(download), [name for name in names if isinstance(name, str)]


def without_posts(content: bytes, posts: Collection[str]) -> bytes:
    """The file without the downloads that are of some of these posts; raises ValueError where it is not one of 4CAT."""
    downloads = _parse(content)
    left = {address: download for address, download in downloads.items() if not set(posts) & set(_posts(download))}
    return content if len(left) == len(downloads) else json.dumps(left, ensure_ascii=False).encode()


def _parse(content: bytes) -> dict[str, Any]:
    downloads = parse_json(content)
    if not isinstance(downloads, dict):
        raise ValueError("no object")
    return downloads


def _posts(download: Any) -> list[str]:
    posts = download.get("post_ids") if isinstance(download, dict) else None
    return [str(post) for post in posts] if isinstance(posts, list) else []
