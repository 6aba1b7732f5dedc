"""The source `inst2txt`: a database of the first study's programs (`instagram_data.db`), read and never changed.

The results it has of a reel are handed over as made elsewhere, so that only what is missing is computed. Accounts that
somebody inserted with nothing but a username are creators like all others. Rows that cannot be used become reels with a
reason; a single value that cannot be used is left out, and the reel's detail says so.

The Snakefile reads the source each time it is parsed: what takes time, or numpy, waits until a creator is collected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from common.config import Inst2txtSource, SelectSection
from common.handles import printable
from common.states import Outcome
from sources.inst2txt.database import Account, Reel, read_accounts
from sources.inst2txt.results import context_of, description_of, embedding_of, take_sound, transcript_of
from sources.inst2txt.values import Values, count, flag, link, real, shortcode, text, when, whole
from sources.joins import Notice
from sources.source import FollowsStatus, SourceCreator, SourceReel

# The first study took any answer without the expected field for the end of a list: fewer rows than this share of the
# profile's number are not the whole list.
MIN_FOLLOWS_SHARE = 0.9


class Inst2txtDatabase:
    """The source `inst2txt`.

    Args:
        settings: where database and videos are.
    """

    def __init__(self, settings: Inst2txtSource) -> None:
        self.settings = settings

    def members(self) -> dict[str, str]:
        """See `Source.members`."""
        return {handle: account.digest() for handle, account in self._accounts.items()}

    def collect(self, handles: Iterable[str], _select: SelectSection) -> Iterator[SourceCreator]:
        """See `Source.collect`."""
        for handle in handles:
            yield source_creator(self._accounts[handle])

    def notices(self) -> list[Notice]:
        """See `Source.notices`."""
        return self._read[1]

    @property
    def _accounts(self) -> dict[str, Account]:
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[dict[str, Account], list[Notice]]:
        notices: list[Notice] = []
        return read_accounts(self.settings, notices), notices


def source_creator(account: Account) -> SourceCreator:
    """An account in the form all sources have."""
    values = Values(account.row, list(account.notes))
    facts: dict[str, Any] = {
        "full_name": values.take("full_name", text),
        "followers": values.take("follower_count", count),
        "following": values.take("following_count", count),
        **{name: values.take(name, text) for name in ("biography", "city_name", "url")},
        # The first study's results, named so that nobody takes them for this one's.
        **{f"inst2txt_{name}": values.take(name, whole) for name in ("kmeans_cluster", "hdbscan_cluster")},
        "inst2txt_is_noise_point": values.take("is_noise_point", flag),
        **{f"inst2txt_{name}": values.take(name, real) for name in ("umap_x", "umap_y")},
    }
    facts = {name: value for name, value in facts.items() if value is not None}
    status, followed = follows_status(account, facts.get("following"))
    if account.lost_follows:
        values.notes.append(f"{account.lost_follows} follow rows without a usable following_pk or following_username")
    if status == "partial":
        values.notes.append(f"{followed} of {facts['following']} follows are there")
    if status == "unknown":
        values.notes.append(f"{followed} follows are there; the database does not say how many there should be")
    outcome = account.outcome
    if outcome.state == "ok":
        outcome = Outcome("ok", "follows_partial" if status == "partial" else None, values.remarks())
    reels = [source_reel(reel) for reel in account.reels]
    return SourceCreator(
        account.creator_id, account.handle, facts, status, sorted(account.follows), reels, outcome=outcome
    )


def follows_status(account: Account, following: int | None) -> tuple[FollowsStatus, int]:
    """How much of a follow list is there, and how many accounts that are.

    Args:
        account: with its follows.
        following: how many accounts it follows, as its profile says.
    """
    followed = len({target for target, _ in account.follows})
    if following is not None and followed >= MIN_FOLLOWS_SHARE * following:
        return "complete", followed
    if followed and following is None:
        return "unknown", followed
    return ("partial" if followed else "unfetched"), followed


def source_reel(reel: Reel) -> SourceReel:
    """A reel in the form all sources have."""
    if reel.outcome.state != "ok":
        return SourceReel(reel.reel_id, outcome=reel.outcome)
    values = Values(reel.row, [reel.note] if reel.note else [])
    code = values.take("code", shortcode)
    facts = {
        "code": code,
        "url": f"https://www.instagram.com/reel/{code}/" if code else None,
        "caption": values.take("caption", text),
        "taken_at": values.take("taken_at", when),
        "plays": values.take("play_count", count),
        "likes": values.take("like_count", count),
        "comments": values.take("comment_count", count),
        "duration_s": values.take("video_duration", real),
    }
    video_url = values.take("video_url", link)
    if values.take("video_unavailable", flag):
        video_url = None  # nothing is to try again what is known to fail
        values.notes.append("the video was unavailable to the first study")
    sound = take_sound(values)
    video = reel.files.get("video")
    imported = {
        "transcript": transcript_of(sound),
        "context": context_of(values, sound),
        "description": description_of(values),
        "embedding": embedding_of(values),
    }
    return SourceReel(
        reel.reel_id,
        facts | sound.music,
        video=video,
        thumbnail=reel.files.get("thumbnail"),
        video_url=video_url,
        thumbnail_url=values.take("thumbnail_url", link),
        file=printable(video.name) if video else None,
        imported={stage: result for stage, result in imported.items() if result},
        outcome=Outcome("ok", detail=values.remarks()),
    )
