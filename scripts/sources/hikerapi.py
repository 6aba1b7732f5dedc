"""The source `hikerapi`: profiles, reels and follow lists of a list of creators, through HikerAPI.

Answers lie in ``data/raw/hikerapi/<snapshot>/<handle>.jsonl``, profile pictures beside them, and the number of calls
in ``ledger/calls.jsonl``. Everything else is made from them: with the answers, a study needs neither token nor network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.config import HikerapiSection, SelectSection
from common.handles import normal_handle
from common.program import UserError, log
from common.states import Outcome
from common.store import digest
from opting_out.tombstones import Tombstones
from sources.creators_list import read_list
from sources.hikerapi_answers import (
    CLIPS,
    FOLLOWING,
    PROFILE,
    PROFILE_BY_ID,
    OptedOutError,
    Page,
    SourceError,
    User,
    check,
    followed_by,
    is_verdict,
    read_clips,
    read_following,
    read_profile,
    reel_of,
)
from sources.hikerapi_kept import Kept, Ledger
from sources.joins import SHOWN, Notice
from sources.source import FollowsStatus, SourceCreator, SourceReel, excluded

if TYPE_CHECKING:  # requests is slow to import; parsing the Snakefile does not need it
    from sources.hikerapi_client import Client, Paged

Links = tuple[str | None, str | None]  # to the video and to the thumbnail

# Reels that a creator has pinned come first, however old: so many more are asked for, and the latest taken.
PINNED = 3
# So many reels may have come since the collection before one that is looked for counts as gone from the list.
NEWER = 60
# In a folder of its own: an account may be called `calls`.
LEDGER = "ledger/calls.jsonl"


class Hikerapi:
    """The source `hikerapi`.

    Args:
        settings: the section `hikerapi`.
        snapshot: date under which answers are kept.
        raw: folder of answers that were paid for.
        tombstones: who opted out.
        allow_private: profile pictures may come from this machine and the network it is in.
    """

    def __init__(
        self,
        settings: HikerapiSection,
        snapshot: str,
        raw: Path,
        tombstones: Tombstones,
        allow_private: bool = False,
    ) -> None:
        self.settings, self.tombstones, self.allow_private = settings, tombstones, allow_private
        self.all_snapshots = raw / "hikerapi"
        self.folder = self.all_snapshots / snapshot

    def members(self) -> dict[str, str]:
        """See `Source.members`."""
        path = Path(self.settings.creators)
        if not path.is_file():
            raise UserError(f"hikerapi.creators: {path}: no such file; it lists handles or profile links, one a line")
        found = read_list(path)
        for line in found.rejected:
            log.warning("%s, line %d: left out: %s", self.settings.creators, line.line, line.reason)
        return {creator.handle: digest(creator.handle) for creator in found.creators}

    def notices(self) -> list[Notice]:
        """See `Source.notices`."""
        found = read_list(Path(self.settings.creators))
        lines = len(found.creators) + len(found.repeated) + len(found.rejected)
        if not found.rejected:
            return []
        text = f"{len(found.rejected):,} of {lines:,} lines of {self.settings.creators} name no creator"
        return [Notice(text, examples=tuple((one.text, f"line {one.line}") for one in found.rejected[:SHOWN]))]

    def collect(self, handles: Iterable[str], select: SelectSection) -> Iterator[SourceCreator]:
        """See `Source.collect`."""
        ledger = self.client.ledger  # one client, made before there are threads
        with ThreadPoolExecutor(self.settings.connections) as pool:
            futures = [pool.submit(self._creator, handle, select) for handle in handles]
            try:
                for creator in (future.result() for future in futures):
                    if creator:
                        yield creator
            finally:
                for future in futures:
                    future.cancel()
        log.info("hikerapi: %d calls so far under this snapshot", ledger.spent())

    @cached_property
    def client(self) -> Client:
        """The client, made when it is first needed."""
        from sources.hikerapi_client import Client

        return Client(self.settings, Ledger(self.folder / LEDGER, self.settings.max_calls))

    def kept(self, handle: str) -> Kept:
        """The answers that are kept of a creator."""
        return Kept(self.folder / f"{handle}.jsonl", self.tombstones)

    def _creator(self, handle: str, select: SelectSection) -> SourceCreator | None:
        """A creator; None where a new handle turns out to be that of somebody who opted out."""
        from sources.hikerapi_client import read_pages

        kept = self.kept(handle)
        creator = SourceCreator(handle, handle)
        try:
            user = self._profile(handle, kept)
            creator = describe(user)
            if user.is_private:
                raise SourceError("private", "the profile says so")
            if excluded(creator.facts, select):
                return creator
            creator.avatar = self._avatar(handle, user)
            clips = read_pages(
                self.client, kept, CLIPS, user.pk, read_clips, lambda page: reels_of(page, user.pk),
                enough=select.latest and select.latest + PINNED,
            )  # fmt: skip
            if clips.problem:
                raise clips.problem
            creator.reels = clips.items
            for reel in creator.reels:
                reel.facts["listed_handle"] = handle  # answers are kept under it
            follows = read_pages(self.client, kept, FOLLOWING, user.pk, read_following, follows_of)
        except OptedOutError:
            log.warning("%s: one of the accounts is somebody's who opted out; it is left out", self.settings.creators)
            self.tombstones.add([handle], id_known=True)  # from now on before anything is asked
            return None
        except SourceError as problem:
            creator.outcome = Outcome("failed", problem.reason, problem.detail or None)
            return creator
        creator.follows = [account for account in follows.items if account]
        unread = len(follows.items) - len(creator.follows)
        creator.follows_status, missing = self._follows_status(follows, user.following_count)
        creator.facts["follows_listed"] = len(creator.follows)
        renamed = None if normal_handle(user.username) == handle else "renamed: the list has the account's old handle"
        known = self._known_id(handle)
        taken = (
            None if known in (None, user.pk) else f"another account: in an earlier snapshot the handle was {known}'s"
        )
        unreadable = f"follow list: {unread} entries could not be read" if unread else None
        details = "; ".join(filter(None, [renamed, taken, missing, unreadable])) or None
        creator.outcome = Outcome("ok", "follows_partial", details) if missing else Outcome("ok", detail=details)
        return creator

    def _profile(self, handle: str, kept: Kept) -> User:
        """The profile, also of an account that an earlier snapshot knows and that has another handle now."""
        refused: SourceError | None = None
        asked_by_id = False
        for line in (*kept.answers(PROFILE), *kept.answers(PROFILE_BY_ID)):
            try:
                return check(line, read_profile)
            except SourceError as problem:
                if is_verdict(problem):
                    refused, asked_by_id = problem, line["endpoint"] == PROFILE_BY_ID
        if refused is None:
            try:
                return self.client.ask(kept, PROFILE, {"username": handle}, read_profile)
            except SourceError as problem:
                if problem.reason != "not_found":
                    raise
                refused = problem
        known = self._known_id(handle)
        if known is None or asked_by_id:
            raise refused
        return self.client.ask(kept, PROFILE_BY_ID, {"id": known}, read_profile)

    def _known_id(self, handle: str) -> str | None:
        """The id that an earlier snapshot has of this handle."""
        earlier = [path for path in self.all_snapshots.glob(f"*/{handle}.jsonl") if path.parent.name < self.folder.name]
        for path in sorted(earlier, reverse=True):
            for _, user in Kept(path, self.tombstones).understood(PROFILE, read_profile):
                return user.pk
        return None

    def _follows_status(self, follows: Paged, following: int | None) -> tuple[FollowsStatus, str | None]:
        """How much of a follow list is there, and in words what is missing."""
        listed = sum(account is not None for account in follows.items)
        if follows.problem:
            status: FollowsStatus = "partial" if listed else "unfetched"
            of = "an unknown number" if following is None else following
            return status, f"follow list: {listed} of {of}: {follows.problem.reason}: {follows.problem.detail}"
        if following is None:
            return "partial", f"follow list: ends after {listed}; the profile does not say how many there are"
        if listed < self.settings.min_follows_share * following:
            return "partial", f"follow list: ends after {listed} of {following}"
        return "complete", None

    def _avatar(self, handle: str, user: User) -> Path | None:
        """The profile picture; its link expires, so it is kept with the answers. Missing it costs nothing else."""
        target = self.folder / "avatars" / f"{handle}.jpg"
        if target.exists() or not user.profile_pic_url:
            return target if target.exists() else None
        from media.download import DownloadError, fetch_picture

        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            return fetch_picture(user.profile_pic_url, target, self.settings.timeout_s, self.allow_private)
        except DownloadError as problem:
            log.info("a profile picture could not be downloaded: %s", problem)
            return None

    def kept_links(self, handle: str) -> dict[str, Links]:
        """Links to videos and thumbnails that were asked for anew before; the last ones."""
        return {
            name: (reel.video_url, reel.thumbnail_url)
            for line, page in self.kept(handle).understood(CLIPS, read_clips, "links")
            for name, reel in reels_of(page, str(line["params"]["user_id"]))
        }

    def fresh_links(self, handle: str, wanted: set[str]) -> dict[str, Links]:
        """Links to videos and thumbnails, asked for anew: those the answers have expire after days.

        Args:
            handle: of the creator, in its normal form.
            wanted: reel ids; asking ends when all were seen.

        Raises:
            SourceError: the service could not be asked.
        """
        from sources.hikerapi_client import read_pages

        kept = self.kept(handle)
        user = self._profile(handle, kept)
        collected = sum(len(page.entries) for _, page in kept.understood(CLIPS, read_clips))
        missing = set(wanted)
        links: dict[str, Links] = {}

        def reels(page: Page) -> list[tuple[str, SourceReel]]:
            found = reels_of(page, user.pk)
            for name, reel in found:
                links[name] = (reel.video_url, reel.thumbnail_url)
                missing.discard(name)
            if not missing:
                page.next_page_id = None  # nothing further is needed
            return found

        pages = read_pages(
            self.client, kept, CLIPS, user.pk, read_clips, reels,
            enough=collected + NEWER, purpose="links", fresh=True,
        )  # fmt: skip
        if pages.problem and not links:
            raise SourceError(pages.problem.reason, pages.problem.detail)
        return {name: link for name, link in links.items() if name in wanted}


def at_pace(settings: HikerapiSection, pace: int | None) -> HikerapiSection:
    """The settings with a job's share of the run's calls a second."""
    return settings.model_copy(update={"calls_per_s": pace}) if pace else settings


def describe(user: User) -> SourceCreator:
    """A creator from a profile."""
    facts: dict[str, Any] = {
        "full_name": user.full_name or None,
        "followers": user.follower_count,
        "following": user.following_count,
        "media_count": user.media_count,
        "biography": user.biography or None,
    }
    return SourceCreator(user.pk, user.username, facts)


def reels_of(page: Page, creator_id: str) -> list[tuple[str, SourceReel]]:
    """The reels of a page, with their ids."""
    reels = [reel_of(entry, creator_id) for entry in page.entries]
    return [(str(reel.reel_id), reel) for reel in reels]


def follows_of(page: Page) -> list[tuple[str, tuple[str, str] | None]]:
    """The accounts of a page of a follow list, with their numbers; None for an entry that cannot be read."""
    return [
        (account[0] if account else digest(entry), account)
        for entry in page.entries
        for account in [followed_by(entry)]
    ]
