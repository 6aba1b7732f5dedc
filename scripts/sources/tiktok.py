"""Posts and accounts of TikTok as its website sends them, whoever passes them on.

There are two forms. In answers to the website `author` is an object; in the data that a page embeds (SIGI_STATE) it is
the handle, and number and name stand beside it. Counts are whole numbers in `stats` and texts in `statsV2`, which alone
has room for very large ones.

A post needs an id. Everything else is optional: what is null, empty or missing is unknown; what is of another type than
expected is left out with a note.
"""

from __future__ import annotations

import re
from typing import Any

from sources.fields import Fields, known, seen, unexpected
from sources.instagram import PRODUCTS, VIDEO, Account, Post
from sources.readings import EARLIEST

# What every post has one of; accounts, comments and sounds have none.
KEYS = ("video", "imagePost", "createTime", "desc")


def read_account(post: Fields) -> Account:
    """Whose post it is."""
    if isinstance(post.get("author"), dict):
        handle, number, name = "author.uniqueId", "author.id", "author.nickname"
    else:
        handle, number, name = "author", "authorId", "nickname"
    found = post.optional(post.identifier, number)
    counts = _counts(post, "authorStats", "authorStatsV2")
    return Account(
        found if found and re.fullmatch(r"[0-9]{1,25}", found) else None,
        post.optional(post.handle, handle),
        known(
            full_name=post.text(name),
            followers=counts.count("followerCount"),
            following=counts.count("followingCount"),
        ),
    )


def read_post(post: Fields, account: Account) -> Post:
    """A post.

    Args:
        post: as it came.
        account: whose it is, see `read_account`.

    Raises:
        FormatError: it has no id, or nothing that a post has.
    """
    reel_id = post.identifier("id")
    if reel_id is None or not re.fullmatch(r"[0-9]{1,25}", reel_id):
        raise unexpected("id", "digits", reel_id)
    found = Post(reel_id, _kind(post), [account], notes=post.notes)
    if found.kind != VIDEO:
        return found
    counts = _counts(post, "stats", "statsV2")
    likes = counts.count("diggCount")
    taken_at = Fields({"createTime": _number(post.get("createTime"))}, notes=post.notes)
    found.facts = known(
        url=f"https://www.tiktok.com/@{account.handle}/video/{reel_id}" if account.handle else None,
        caption=post.text("desc", "contents.0.desc"),
        taken_at=taken_at.moment("createTime", earliest=EARLIEST),
        plays=seen(counts.count("playCount"), likes),
        likes=likes,
        comments=counts.count("commentCount"),
    )
    found.video_url = post.link("video.playAddr", "video.downloadAddr")
    found.thumbnail_url = post.link("video.cover", "video.originCover")
    return found


def _kind(post: Fields) -> str:
    if all(post.get(key) is None for key in KEYS):
        raise unexpected("video", "an object", None)
    if post.get("imagePost"):
        return "a slideshow of pictures"
    if post.get("liveRoomInfo"):
        return "a live stream"
    return PRODUCTS["ad"] if post.get("isAd") is True else VIDEO


def _counts(post: Fields, older: str, newer: str) -> Fields:
    """The numbers of both forms, those of the newer one where it has them."""
    counts: dict[str, Any] = {}
    for form in (older, newer):
        counts |= known(**{str(name): _number(value) for name, value in post.optional_part(form).data.items()})
    return Fields(counts, older, post.notes)


def _number(value: Any) -> Any:
    """A whole number that is written as a text, as number; anything else as it is."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,20}", value) else value
