"""Posts and accounts of Instagram, in any of the forms its website and app have given them, whoever passes them on.

Three forms are around, and tools mix them: nodes of the older website (`shortcode`, `edge_media_to_caption`,
`__typename` Graph... or XDTGraph...), items of app and newer website (`code`, `media_type`, `user`), and the sparse
entries of grids (`__typename` XIGPolaris...). No name means different things in two of them, so that one reading,
which takes each value from wherever it is, serves all: HikerAPI, Zeeschuimer, 4CAT, instaloader.

A post needs an id and a kind. Everything else is optional: what is null, empty or missing is unknown; what is of
another type than expected is left out with a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from common.handles import normal_handle
from common.states import OK, Outcome
from sources.fields import Fields, known, left_out, seen, unexpected
from sources.readings import EARLIEST
from sources.source import SourceReel

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
VIDEO, PICTURE, ALBUM = "a video", "a picture", "an album"
PRODUCTS = {"ad": "an advertisement", "story": "a story"}
MEDIA_TYPES = {"1": PICTURE, "2": VIDEO, "8": ALBUM}
TYPE_NAMES = {"Video": VIDEO, "Image": PICTURE, "Photo": PICTURE, "Sidecar": ALBUM, "Carousel": ALBUM}
# Two measures: plays are several times as many as views.
PLAYS = ("play_count", "ig_play_count", "video_play_count")
VIEWS = ("view_count", "video_view_count")


@dataclass
class Account:
    """What an account says of itself, or an item of an account.

    Attributes:
        number: Instagram's number of it, which stays when the handle changes.
        handle: as written.
        facts: full_name, followers, following, as far as known.
    """

    number: str | None = None
    handle: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def is_same(self, other: Account) -> bool | None:
        """Whether two are one account, by their numbers where both have one; None: that cannot be told."""
        if self.number and other.number:
            return self.number == other.number
        if self.handle and other.handle:
            return normal_handle(self.handle) == normal_handle(other.handle)
        return None

    def learn(self, other: Account) -> None:
        """Take what another description of the same account adds."""
        self.number, self.handle = self.number or other.number, self.handle or other.handle
        self.facts = other.facts | self.facts


@dataclass
class Post:
    """A post.

    Attributes:
        reel_id: the platform's number of it.
        kind: VIDEO, or in words what it is instead.
        accounts: whose it is; several made it together, that in whose name it appears first.
        facts: code, url, caption, taken_at, plays, views, likes, comments, as far as known.
        video_url: where the video can be downloaded.
        thumbnail_url: where its thumbnail can be downloaded.
        notes: of values that were left out.
    """

    reel_id: str
    kind: str
    accounts: list[Account]
    facts: dict[str, Any] = field(default_factory=dict)
    video_url: str | None = None
    thumbnail_url: str | None = None
    notes: list[str] = field(default_factory=list)

    def as_reel(self, where: str = "") -> SourceReel:
        """The post as a reel, `not_a_reel` where it is something else.

        Args:
            where: in front of the row's detail: file and line.
        """
        if self.kind != VIDEO:
            return SourceReel(self.reel_id, outcome=Outcome("skipped", "not_a_reel", where + self.kind))
        said = left_out(self.notes)
        outcome = Outcome("ok", detail=where + said) if said else OK
        return SourceReel(
            self.reel_id, self.facts, video_url=self.video_url, thumbnail_url=self.thumbnail_url, outcome=outcome
        )


def read_account(account: Fields) -> Account:
    """What an account says of itself."""
    return Account(
        account.optional(lambda path: _account_number(account, path), "pk", "id"),
        account.optional(account.handle, "username"),
        known(
            full_name=account.text("full_name"),
            followers=account.count("edge_followed_by.count", "follower_count"),
            following=account.count("edge_follow.count", "following_count"),
        ),
    )


def read_post(post: Fields, accounts: list[Account]) -> Post:
    """A post.

    Args:
        post: as it came.
        accounts: whose it is, see `read_accounts`.

    Raises:
        FormatError: it has no id, or does not say what it is.
    """
    code = post.optional(lambda path: _code(post, path), "code", "shortcode")
    found = Post(_reel_id(post, code), _kind(post), accounts, notes=post.notes)
    if found.kind != VIDEO:
        return found
    # Where they are hidden, small numbers or 0 are made up in their place.
    hidden = str(post.get("like_and_view_counts_disabled")).lower() in ("true", "1")
    taken_at = post.moment("taken_at", "taken_at_timestamp", "date", earliest=EARLIEST)
    likes = None if hidden else _likes(post)
    found.facts = known(
        code=code,
        url=f"https://www.instagram.com/reel/{code}/" if code else None,
        caption=_caption(post),
        taken_at=taken_at,
        plays=None if hidden else seen(post.count(*PLAYS), likes),
        views=None if hidden else seen(post.count(*VIEWS), likes),
        likes=likes,
        comments=_comments(post),
    )
    found.video_url = post.link("video_url") or _largest(post, "video_versions")
    found.thumbnail_url = _largest(post, "image_versions2.candidates") or post.link("display_url", "display_uri")
    return found


def media_id(code: str) -> str:
    """The number that the code in a post's address stands for."""
    short = code[:-28] if len(code) > 28 else code  # codes of private posts end with a key of 28 characters
    if not re.fullmatch(r"[A-Za-z0-9_-]+", code):
        raise unexpected("code", "letters and digits", code)
    number = 0
    for character in short:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    return str(number)


def _account_number(account: Fields, path: str) -> str | None:
    found = account.identifier(path)
    # Ids of 17 digits that begin so are Facebook's, of the same account.
    return None if found and re.fullmatch(r"17841[0-9]{12}", found) else found


def _code(post: Fields, path: str) -> str | None:
    found = post.word(path)
    if found:
        media_id(found)
    return found


def read_accounts(post: Fields) -> list[Account]:
    """The accounts that made a post; `user` and `owner` describe the same one, or two that made it together."""
    found: list[Account] = []
    others = post.optional(post.get, "coauthor_producers")
    parts = ["user", "owner"]
    if isinstance(others, list):
        parts += [f"coauthor_producers.{number}" for number in range(len(others))]
    for part in parts:
        account = read_account(post.optional_part(part))
        if not account.number and not account.handle:
            continue
        # `owner` may have the number only, `user` the handle only.
        same = next(
            (one for one in found if one.is_same(account) or (one.is_same(account) is None and part == "owner")), None
        )
        if same:
            same.learn(account)
        else:
            found.append(account)
    # Grids leave the owner out, but ids are "<post>_<account>".
    joined = re.fullmatch(r"[0-9]+_([0-9]+)", str(post.get("id")))
    if joined and not any(account.number for account in found):
        found = found or [Account()]
        found[0].number = joined[1]
    return found


def _reel_id(post: Fields, code: str | None) -> str:
    for name in ("pk", "id"):
        number = re.fullmatch(r"([0-9]+)(?:_[0-9]+)?", post.optional(post.identifier, name) or "")
        if number:
            return number[1]
    if code is None:
        raise unexpected("pk, id or code", "one of them", None)
    return media_id(code)


def _kind(post: Fields) -> str:
    product, name = post.text("product_type"), post.text("__typename") or ""
    media_type = post.optional(post.identifier, "media_type")
    if product in PRODUCTS:
        return PRODUCTS[product]
    if media_type in MEDIA_TYPES:
        return MEDIA_TYPES[media_type]
    for part, kind in TYPE_NAMES.items():
        if part in name:
            return kind
    if isinstance(post.get("is_video"), bool):
        return VIDEO if post.get("is_video") else PICTURE
    if media_type is None and (post.get("video_url") or post.get("video_versions")):
        return VIDEO
    raise unexpected("media_type", "1, 2 or 8", post.get("media_type"))


def _largest(post: Fields, path: str) -> str | None:
    """The address of the largest version of a video or picture; of the first where sizes are unknown."""
    versions = post.optional(post.get, path) or []
    if not isinstance(versions, list):
        post.notes.append(str(unexpected(path, "a list", versions)))
        return None
    best, largest = None, -1.0
    for number, version in enumerate(versions):
        link = post.link(f"{path}.{number}.url")
        size = _side(version, "width") * _side(version, "height") if link else -1.0
        if size > largest:
            best, largest = link, size
    return best


def _side(version: dict[str, Any], name: str) -> float:
    value: Any = version.get(name)
    return float(value) if type(value) in (int, float) and 0 < value < 100_000 else 0.0


def _caption(post: Fields) -> str | None:
    caption = "caption.text" if isinstance(post.get("caption"), dict) else "caption"
    return post.text("edge_media_to_caption.edges.0.node.text", caption)


def _likes(post: Fields) -> int | None:
    if "like_count" in post:  # instaloader writes an unknown one as 0 into the older form's place
        return post.count("like_count")
    return post.count("edge_media_preview_like.count", "edge_liked_by.count")


def _comments(post: Fields) -> int | None:
    found = _stated_comments(post)
    # Where nobody may comment any more, how many there were is not shown.
    return None if found == 0 and post.get("comments_disabled") is True else found


def _stated_comments(post: Fields) -> int | None:
    if "comment_count" in post:
        return post.count("comment_count")
    places = ["edge_media_to_comment.count", "edge_media_to_parent_comment.count", "edge_media_preview_comment.count"]
    if not isinstance(post.get("comments"), list):  # a list holds the first few only
        places.append("comments")
    return post.count(*places)
