"""Folders of yt-dlp (2026.10): `<stem>.info.json`, with video and thumbnail beside.

The fields are the same for every site; which of them is the handle is not. Of TikTok `uploader` is the handle and
`channel` the name, of YouTube `uploader_id` is the handle with its @ (channels without one have `channel_id`), of
Instagram `channel` is the handle and `uploader` the name; in files of earlier years it was `uploader_id`, which is a
number now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from common.states import Outcome
from sources.exports.folder import Folder
from sources.exports.item import INSTAGRAM, Item, OtherFileError, read_item
from sources.fields import Fields, known, left_out, seen, unexpected
from sources.instagram import Account, media_id
from sources.source import SourceReel

SUFFIXES = (".info.json",)
# By site (extractor_key): the fields that may hold the handle, and those that may hold the name.
HANDLES = {
    "TikTok": ("uploader", "uploader_id"),
    "Youtube": ("uploader_id", "channel_id"),
    INSTAGRAM: ("channel", "uploader_id"),
}
# By site: the number of the account, which stays when the handle changes.
NUMBERS = {"TikTok": "uploader_id", "Youtube": "channel_id", INSTAGRAM: "uploader_id"}
OTHER_HANDLES = ("uploader_id", "uploader", "channel_id", "channel")
NAMES = {"TikTok": ("channel", "creator"), "Youtube": ("channel", "uploader")}
OTHER_NAMES = ("uploader", "channel")


def read(path: Path, folder: Folder) -> Iterator[Item]:
    """The item of one file."""
    stem = path.with_name(path.name[: -len(SUFFIXES[0])])
    folder.describe(stem)
    yield read_item(folder.name(path), path.read_bytes, partial(_fill, stem=stem, folder=folder))


def _fill(item: Item, info: Fields, stem: Path, folder: Folder) -> None:
    if info.get("_type") in ("playlist", "multi_video"):  # a channel or a list; its videos have files of their own
        return
    if not {"id", "extractor", "extractor_key"} & info.data.keys():
        raise OtherFileError("no file of yt-dlp")
    site = info.text("extractor_key") or ""
    item.site, item.account = site, _account(info, site)
    item.captured = info.moment("epoch")
    reel_id, code = info.identifier("id"), None
    if reel_id is None:
        raise unexpected("id", "an id", None)
    if site == INSTAGRAM:  # the number is what other tools know a reel by
        reel_id, code = media_id(reel_id), reel_id
    if kind := _instead_of_video(info):
        item.reel = SourceReel(reel_id, outcome=Outcome("skipped", "not_a_reel", f"{item.where}: {kind}"))
        return
    likes = info.count("like_count")
    # Of Instagram views, which are another measure; elsewhere what is shown as plays.
    plays = seen(info.count("view_count"), likes)
    facts = known(
        code=code,
        url=info.link("webpage_url"),
        caption=_caption(info, site),
        taken_at=info.moment("timestamp") or info.optional(lambda path: _day(info.word(path)), "upload_date"),
        plays=None if site == INSTAGRAM else plays,
        views=plays if site == INSTAGRAM else None,
        likes=likes,
        comments=_comments(info),
    )
    # Other protocols give lists of pieces, which only yt-dlp itself can put together.
    whole = info.get("protocol") in (None, "http", "https")
    item.reel = SourceReel(
        reel_id, facts, video_url=info.link("url") if whole else None, thumbnail_url=info.link("thumbnail")
    )
    if said := left_out(info.notes):
        item.reel.outcome = Outcome("ok", detail=f"{item.where}: {said}")
    folder.attach(item.reel, stem)


def _account(info: Fields, site: str) -> Account:
    """Whose video it is. A field that may hold handle or number holds the number where it has digits only."""
    number = info.optional(info.identifier, NUMBERS[site]) if site in NUMBERS else None
    if number and site != "Youtube" and not number.isdecimal():
        number = None
    names: tuple[str, ...] = HANDLES.get(site, OTHER_HANDLES)
    if number and site != "Youtube":
        names = tuple(name for name in names if name != NUMBERS[site])
    return Account(
        number,
        info.optional(info.handle, *names),
        known(full_name=info.text(*NAMES.get(site, OTHER_NAMES)), followers=info.count("channel_follower_count")),
    )


def _instead_of_video(info: Fields) -> str | None:
    """What it is where it is no video; recordings of streams are videos."""
    if info.get("vcodec") == "none":
        return "sound without a video"
    return "a live stream" if info.get("live_status") in ("is_live", "is_upcoming") else None


def _comments(info: Fields) -> int | None:
    """How many comments there are; unknown where it is how many were fetched (--write-comments, max_comments)."""
    found, fetched = info.count("comment_count"), info.get("comments")
    return None if isinstance(fetched, list) and found == len(fetched) else found


def _caption(info: Fields, site: str) -> str | None:
    """What people read: on YouTube title and description; elsewhere the title is made from the description."""
    parts = [info.text("title") if site == "Youtube" else None, info.text("description")]
    return "\n".join(part for part in parts if part) or None


def _day(date: str | None) -> str | None:
    try:
        found = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC) if date else None
    except ValueError:
        raise unexpected("upload_date", "YYYYMMDD", date) from None
    if found and found > datetime.now(UTC) + timedelta(days=1):
        raise unexpected("upload_date", "a day that has been", date)
    return found.isoformat() if found else None
