"""What every source of creators, reels and follow lists has in common.

A source is asked twice. While the Snakefile is parsed, `members` says which creators there are, each with a digest of
all the source says of them: it must be quick and import nothing heavy. Later, `collect` gives the creators of one
batch in the form that collect_creators.py writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from common.config import SelectSection
from common.states import OK, Outcome
from sources.joins import Notice

FOLLOWS_STATES = ("complete", "unknown", "partial", "unfetched")
# Whose reels are of whom the source does not say; no handle begins with a question mark.
UNKNOWN = "?unknown"
FollowsStatus = Literal["complete", "unknown", "partial", "unfetched"]


@dataclass
class SourceReel:
    """A reel as a source has it.

    Attributes:
        reel_id: from the source; None: it will be derived from the content of the video.
        facts: code, url, caption, taken_at (ISO 8601, UTC), plays, views, likes, comments, as far as known.
        video: the video file, where people have it.
        thumbnail: the picture file beside it.
        video_url: where the video can be downloaded.
        thumbnail_url: where its thumbnail can be downloaded.
        file: the name of the video file in messages and tables.
        outcome: not ok where the source itself cannot use the reel (`changed_format`, `duplicate`, ...).
        sha256: of the video's content, where it has been hashed already.
        imported: results that another program made of it, by stage; see `Imported`.
    """

    reel_id: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    video: Path | None = None
    thumbnail: Path | None = None
    video_url: str | None = None
    thumbnail_url: str | None = None
    file: str | None = None
    outcome: Outcome = OK
    sha256: str | None = None
    imported: dict[str, Imported] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """One reel's result in one stage, made elsewhere.

    Attributes:
        files: content by suffix (".txt"), the stage's own suffix among them.
        outcome: ok, or skipped with a reason (`no_speech`, ...).
    """

    files: dict[str, bytes]
    outcome: Outcome = OK


@dataclass
class SourceCreator:
    """A creator as a source has it, ready to be written.

    Attributes:
        creator_id: the source's id, or the handle in its normal form.
        handle: as people write it.
        facts: full_name, followers, following; further entries become further columns.
        follows_status: how much of the follow list is there.
        follows: id and handle of every account followed.
        reels: every reel the source knows, selected or not.
        avatar: the profile picture, where there is one.
        outcome: skipped or failed where the creator cannot take part.
        accounts: handles (normal form) that the creator has or had, each with the service's id where it is known.
    """

    creator_id: str
    handle: str
    facts: dict[str, Any] = field(default_factory=dict)
    follows_status: FollowsStatus = "unfetched"
    follows: list[tuple[str, str]] = field(default_factory=list)
    reels: list[SourceReel] = field(default_factory=list)
    avatar: Path | None = None
    outcome: Outcome = OK
    accounts: list[tuple[str, str | None]] = field(default_factory=list)


class Source(Protocol):
    """Where creators, reels and follow lists come from."""

    def members(self) -> dict[str, str]:
        """Every creator's handle in its normal form, with a digest that changes when anything about it does.

        Raises:
            UserError: something in the source cannot be used; the message names the place and the remedy.
        """
        ...

    def collect(self, handles: Iterable[str], select: SelectSection) -> Iterator[SourceCreator]:
        """The creators with these handles (normal form), in any order."""
        ...

    def notices(self) -> list[Notice]:
        """What in the source concerns nobody, or is not used; empty where the source says so of each reel.

        Raises:
            UserError: see `members`.
        """
        ...


def file_state(path: str | os.PathLike[str]) -> list[Any]:
    """Path, size and modification time (ns) of a file, for digests; raises OSError."""
    stat = Path(path).stat()
    return [os.fsencode(path).hex(), stat.st_size, stat.st_mtime_ns]


def excluded(facts: dict[str, Any], select: SelectSection) -> Outcome | None:
    """Why a policy excludes a creator, None where none does; unknown numbers exclude nobody."""
    followers, following = facts.get("followers"), facts.get("following")
    if select.min_followers is not None and followers is not None and followers < select.min_followers:
        return Outcome("skipped", "below_min_followers", f"{followers} followers")
    if select.max_following is not None and following is not None and following > select.max_following:
        return Outcome("skipped", "above_max_following", f"follows {following}")
    return None
