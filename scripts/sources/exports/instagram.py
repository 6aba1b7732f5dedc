"""Posts and accounts of Instagram, in any of the forms its website and app have given them.

Three forms are around, and tools mix them: nodes of the older website (`shortcode`, `edge_media_to_caption`,
`__typename` Graph... or XDTGraph...), items of app and newer website (`code`, `media_type`, `user`), and the sparse
entries of grids (`__typename` XIGPolaris...). No name means different things in two of them, so that one reading,
which takes each value from wherever it is, serves all.
"""

from __future__ import annotations

import re

from common.states import Outcome
from sources.exports.fields import Fields, FormatError, known, unexpected
from sources.exports.item import Item
from sources.source import SourceReel, normal_handle

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
VIDEO, PICTURE, ALBUM = "a video", "a picture", "an album"
PRODUCTS = {"ad": "an advertisement", "story": "a story"}
MEDIA_TYPES = {"1": PICTURE, "2": VIDEO, "8": ALBUM}
TYPE_NAMES = {"Video": VIDEO, "Image": PICTURE, "Photo": PICTURE, "Sidecar": ALBUM, "Carousel": ALBUM}


def fill_account(item: Item, account: Fields) -> None:
    """Take what an account says of itself."""
    item.number = account.identifier("pk", "id")
    item.handle = account.handle("username")
    item.facts = known(
        full_name=account.text("full_name"),
        followers=account.count("edge_followed_by.count", "follower_count"),
        following=account.count("edge_follow.count", "following_count"),
    )


def fill_post(item: Item, post: Fields) -> None:
    """Take a post and its owner."""
    fill_account(item, _owner(post))
    code = post.text("code", "shortcode")
    reel_id = _reel_id(post, code)
    kind = _kind(post)
    if kind != VIDEO:
        item.reel = SourceReel(reel_id, outcome=Outcome("skipped", "not_a_reel", f"{item.where}: {kind}"))
        return
    facts = known(
        code=code,
        url=f"https://www.instagram.com/reel/{code}/" if code else None,
        caption=_caption(post),
        taken_at=post.moment("taken_at", "taken_at_timestamp", "date"),
        plays=post.count("play_count", "ig_play_count", "video_play_count", "view_count", "video_view_count"),
        likes=_likes(post),
        comments=_comments(post),
    )
    item.reel = SourceReel(
        reel_id,
        facts,
        video_url=post.link("video_versions.0.url", "video_url"),
        thumbnail_url=post.link("image_versions2.candidates.0.url", "display_url", "display_uri"),
    )


def media_id(code: str) -> str:
    """The number that the code in a post's address stands for."""
    short = code[:-28] if len(code) > 28 else code  # codes of private posts end with a key of 28 characters
    if not re.fullmatch(r"[A-Za-z0-9_-]+", code):
        raise unexpected("code", "letters and digits", code)
    number = 0
    for character in short:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    return str(number)


def _owner(post: Fields) -> Fields:
    """The account that posted, which may be described in two places."""
    user, owner = post.part("user"), post.part("owner")
    if len({normal_handle(name) for name in (user.handle("username"), owner.handle("username")) if name}) > 1:
        raise FormatError("user and owner: expected one account, found two")
    # Grids leave the owner out, but ids are "<post>_<account>".
    joined = re.fullmatch(r"[0-9]+_([0-9]+)", str(post.get("id")))
    found = {"pk": joined[1]} if joined else {}
    return Fields(found | owner.data | {key: value for key, value in user.data.items() if value is not None})


def _reel_id(post: Fields, code: str | None) -> str:
    from_code = media_id(code) if code else None
    for name in ("pk", "id"):
        number = re.fullmatch(r"([0-9]+)(?:_[0-9]+)?", post.identifier(name) or "")
        if number:
            return number[1]
    if from_code is None:
        raise unexpected("pk, id or code", "one of them", None)
    return from_code


def _kind(post: Fields) -> str:
    product, media_type, name = post.text("product_type"), post.identifier("media_type"), post.text("__typename") or ""
    if product in PRODUCTS:
        return PRODUCTS[product]
    if media_type in MEDIA_TYPES:
        return MEDIA_TYPES[media_type]
    for part, kind in TYPE_NAMES.items():
        if part in name:
            return kind
    if isinstance(post.get("is_video"), bool):
        return VIDEO if post.get("is_video") else PICTURE
    raise unexpected("media_type", "1, 2 or 8", post.get("media_type"))


def _caption(post: Fields) -> str | None:
    caption = "caption.text" if isinstance(post.get("caption"), dict) else "caption"
    return post.text("edge_media_to_caption.edges.0.node.text", caption)


def _likes(post: Fields) -> int | None:
    if post.get("like_and_view_counts_disabled"):  # hidden likes are replaced by a small number that is made up
        return None
    if "like_count" in post:  # instaloader writes an unknown one as 0 into the older form's place
        return post.count("like_count")
    return post.count("edge_media_preview_like.count", "edge_liked_by.count")


def _comments(post: Fields) -> int | None:
    if "comment_count" in post:
        return post.count("comment_count")
    places = ["edge_media_to_comment.count", "edge_media_to_parent_comment.count", "edge_media_preview_comment.count"]
    if not isinstance(post.get("comments"), list):  # a list holds the first few only
        places.append("comments")
    return post.count(*places)
