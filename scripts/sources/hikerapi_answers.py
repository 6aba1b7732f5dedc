"""What answers of HikerAPI say, endpoint by endpoint, and which answers are refusals.

What is needed must be there and of its type: an answer without it is a FormatError, never an empty list. Everything
else is optional, and an entry of a list that cannot be read costs that entry alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from common.handles import derived_id
from common.states import Outcome
from common.store import digest
from sources.fields import Fields, FormatError, unexpected
from sources.instagram import read_account, read_accounts, read_post
from sources.source import SourceReel

PROFILE, PROFILE_BY_ID = "/v2/user/by/username", "/v2/user/by/id"
CLIPS, FOLLOWING = "/v2/user/clips", "/v2/user/following"
Read = TypeVar("Read")


class SourceError(Exception):
    """Why a creator could not be collected.

    Attributes:
        reason: from the vocabulary of states.py.
        detail: what happened.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


class OptedOutError(Exception):
    """A profile is that of somebody who opted out."""


@dataclass(frozen=True)
class User:
    """A profile; counts are None where the service hides them."""

    pk: str
    username: str
    is_private: bool
    full_name: str | None
    follower_count: int | None
    following_count: int | None
    media_count: int | None
    biography: str | None
    profile_pic_url: str | None


@dataclass
class Page:
    """A page of a list.

    Attributes:
        entries: as they came.
        next_page_id: cursor of the next page; None: this is the last one.
    """

    entries: list[Any]
    next_page_id: str | None


def read_profile(answer: Any) -> User:
    """Answer of PROFILE and PROFILE_BY_ID."""
    user = Fields(answer, "answer").part("user")
    account = read_account(user)
    for name in ("follower_count", "following_count"):
        if name not in user:
            raise unexpected(f"user.{name}", "a count", None)
        user.strict_count(name)
    private = user.get("is_private") or False  # where the profile does not say so, the next answer does
    if not isinstance(private, bool):
        raise unexpected("user.is_private", "true or false", private)
    return User(
        pk=needed(user, user.identifier, "pk"),
        username=needed(user, user.word, "username"),
        is_private=private,
        full_name=account.facts.get("full_name"),
        follower_count=account.facts.get("followers"),
        following_count=account.facts.get("following"),
        media_count=user.count("media_count"),
        biography=user.text("biography"),
        profile_pic_url=user.link("profile_pic_url"),
    )


def read_clips(answer: Any) -> Page:
    """Answer of CLIPS."""
    return _page(answer, "items")


def read_following(answer: Any) -> Page:
    """Answer of FOLLOWING."""
    return _page(answer, "users")


def _page(answer: Any, name: str) -> Page:
    whole = Fields(answer, "answer")
    entries = whole.part("response").data.get(name)
    if not isinstance(entries, list):
        raise unexpected(f"response.{name}", "a list", entries)
    # The cursor must be there, be it null: an answer without one is not the end of a list.
    if "next_page_id" not in whole:
        raise unexpected("next_page_id", "a cursor or null", None)
    return Page(entries, whole.identifier("next_page_id"))


def needed(fields: Fields, take: Callable[[str], str | None], name: str) -> str:
    """A value that must be there; raises FormatError."""
    found = take(name)
    if found is None:
        raise unexpected(name, "a value", fields.data.get(name))
    return found


def reel_of(entry: Any, creator_id: str) -> SourceReel:
    """The reel that an entry of CLIPS is.

    A reel made together stands in the lists of all who made it; it is a reel of each, with an id for each. An entry
    that cannot be read is a failed reel.

    Args:
        entry: of a page.
        creator_id: in whose list it stands.
    """
    try:
        media = Fields(entry, "entry").part("media")
        post = read_post(media, read_accounts(media))
    except FormatError as error:
        detail = f"{CLIPS}: {error}"
        return SourceReel(derived_id(creator_id, digest(entry)), outcome=Outcome("failed", "changed_format", detail))
    reel = post.as_reel()
    if post.accounts and post.accounts[0].number not in (None, creator_id):
        reel.reel_id = f"{post.reel_id}_{creator_id}"
    return reel


def followed_by(entry: Any) -> tuple[str, str] | None:
    """Number of an account in a follow list, and its handle (empty where it is unknown); None without a number."""
    try:
        account = read_account(Fields(entry, "entry"))
    except FormatError:
        return None
    return (account.number, account.handle or "") if account.number else None


def check(line: dict[str, Any], read: Callable[[Any], Read]) -> Read:
    """What a kept answer says; raises SourceError where it is a refusal, or has another form than expected.

    Args:
        line: of the kept answers.
        read: takes the answer, and raises FormatError where it is not as expected.
    """
    status, answer = line["status"], line.get("answer")
    said = f"{line['endpoint']}: HTTP {status}"
    if status == 404 and isinstance(answer, dict) and answer.get("exc_type") == "UserNotFound":
        raise SourceError("not_found", said)
    if (
        status == 403
        and isinstance(answer, dict)
        and "private" in f"{answer.get('exc_type')} {answer.get('detail')}".lower()
    ):
        raise SourceError("private", said)
    if status != 200:
        shown = json.dumps(answer)[:200] if answer is not None else "no JSON"
        raise SourceError("changed_format", f"{said}, which was not expected; the answer: {shown}")
    if answer is None:
        raise SourceError("changed_format", f"{said}, not JSON: {line.get('problem', 'null')}")
    try:
        return read(answer)
    except FormatError as error:
        raise SourceError("changed_format", f"{line['endpoint']}: {error}") from None


def is_verdict(problem: SourceError) -> bool:
    """Whether a refusal settles what was asked, under this snapshot.

    Answers of an unexpected form are kept to be looked at, and asked for anew when the batch is made again.
    """
    return problem.reason in ("not_found", "private")
