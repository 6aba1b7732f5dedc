"""The source `hikerapi`: profiles, reels and follow lists of a list of creators, through HikerAPI.

Answers lie in ``data/raw/hikerapi/<snapshot>/<handle>.jsonl``, profile pictures beside them, and the number of calls
in ``ledger/calls.jsonl``. Everything else is made from them: with the answers, a study needs neither token nor network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.config import HikerapiSection, SelectSection
from common.program import UserError, log
from common.states import Outcome
from common.store import digest
from common.tombstones import Tombstones
from sources.creators_list import read_list
from sources.joins import SHOWN, Notice
from sources.source import FollowsStatus, SourceCreator, SourceReel, excluded, normal_handle

if TYPE_CHECKING:  # requests and the models of the answers are slow to import; parsing the Snakefile needs neither
    from sources.hikerapi_client import Client, Kept, Media, Paged, User, Version

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
    """

    def __init__(self, settings: HikerapiSection, snapshot: str, raw: Path, tombstones: Tombstones) -> None:
        self.settings, self.tombstones = settings, tombstones
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
        from sources.hikerapi_client import Client, Ledger

        return Client(self.settings, Ledger(self.folder / LEDGER, self.settings.max_calls))

    def kept(self, handle: str) -> Kept:
        """The answers that are kept of a creator."""
        from sources.hikerapi_client import Kept

        return Kept(self.folder / f"{handle}.jsonl", self.tombstones)

    def _creator(self, handle: str, select: SelectSection) -> SourceCreator | None:
        """A creator; None where a new handle turns out to be that of somebody who opted out."""
        from sources.hikerapi_client import (
            CLIPS,
            FOLLOWING,
            ClipsAnswer,
            FollowingAnswer,
            OptedOutError,
            SourceError,
            read_pages,
        )  # fmt: skip

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
                self.client, kept, CLIPS, user.pk, ClipsAnswer,
                lambda page: [item.media for item in page.response.items],
                enough=select.latest and select.latest + PINNED,
            )  # fmt: skip
            if clips.problem:
                raise clips.problem
            creator.reels = [reel(media, user.pk, handle) for media in clips.items]
            follows = read_pages(
                self.client, kept, FOLLOWING, user.pk, FollowingAnswer, lambda page: page.response.users
            )
        except OptedOutError:
            log.warning("%s: one of the accounts is somebody's who opted out; it is left out", self.settings.creators)
            self.tombstones.add([handle], id_known=True)  # from now on before anything is asked
            return None
        except SourceError as problem:
            creator.outcome = Outcome("failed", problem.reason, problem.detail or None)
            return creator
        creator.follows = [(account.pk, account.username) for account in follows.items]
        creator.follows_status, missing = self._follows_status(follows, user.following_count)
        creator.facts["follows_listed"] = len(creator.follows)
        renamed = None if normal_handle(user.username) == handle else "renamed: the list has the account's old handle"
        known = self._known_id(handle)
        taken = (
            None if known in (None, user.pk) else f"another account: in an earlier snapshot the handle was {known}'s"
        )
        details = "; ".join(filter(None, [renamed, taken, missing])) or None
        creator.outcome = Outcome("ok", "follows_partial", details) if missing else Outcome("ok", detail=details)
        return creator

    def _profile(self, handle: str, kept: Kept) -> User:
        """The profile, also of an account that an earlier snapshot knows and that has another handle now."""
        from sources.hikerapi_client import PROFILE, PROFILE_BY_ID, ProfileAnswer, SourceError, check, is_verdict

        refused: SourceError | None = None
        asked_by_id = False
        for line in (*kept.answers(PROFILE), *kept.answers(PROFILE_BY_ID)):
            try:
                answer: ProfileAnswer = check(line, ProfileAnswer)
                return answer.user
            except SourceError as problem:
                if is_verdict(problem):
                    refused, asked_by_id = problem, line["endpoint"] == PROFILE_BY_ID
        if refused is None:
            try:
                answer = self.client.ask(kept, PROFILE, {"username": handle}, ProfileAnswer)
                return answer.user
            except SourceError as problem:
                if problem.reason != "not_found":
                    raise
                refused = problem
        known = self._known_id(handle)
        if known is None or asked_by_id:
            raise refused
        answer = self.client.ask(kept, PROFILE_BY_ID, {"id": known}, ProfileAnswer)
        return answer.user

    def _known_id(self, handle: str) -> str | None:
        """The id that an earlier snapshot has of this handle."""
        from sources.hikerapi_client import PROFILE, Kept, ProfileAnswer

        earlier = [path for path in self.all_snapshots.glob(f"*/{handle}.jsonl") if path.parent.name < self.folder.name]
        for path in sorted(earlier, reverse=True):
            for _, answer in Kept(path, self.tombstones).understood(PROFILE, ProfileAnswer):
                return str(answer.user.pk)
        return None

    def _follows_status(self, follows: Paged, following: int) -> tuple[FollowsStatus, str | None]:
        """How much of a follow list is there, and in words what is missing."""
        listed = len(follows.items)
        if follows.problem:
            status: FollowsStatus = "partial" if listed else "unfetched"
            return status, f"follow list: {listed} of {following}: {follows.problem.reason}: {follows.problem.detail}"
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
            return fetch_picture(user.profile_pic_url, target, self.settings.timeout_s)
        except DownloadError as problem:
            log.info("a profile picture could not be downloaded: %s", problem)
            return None

    def kept_links(self, handle: str) -> dict[str, tuple[str | None, str | None]]:
        """Links to videos and thumbnails that were asked for anew before; the last ones."""
        from sources.hikerapi_client import CLIPS, ClipsAnswer

        return {
            reel_id(clip.media, str(line["params"]["user_id"])): (video_link(clip.media), thumbnail_link(clip.media))
            for line, answer in self.kept(handle).understood(CLIPS, ClipsAnswer, "links")
            for clip in answer.response.items
        }

    def fresh_links(self, handle: str, wanted: set[str]) -> dict[str, tuple[str | None, str | None]]:
        """Links to videos and thumbnails, asked for anew: those the answers have expire after days.

        Args:
            handle: of the creator, in its normal form.
            wanted: reel ids; asking ends when all were seen.

        Raises:
            SourceError: the service could not be asked.
        """
        from sources.hikerapi_client import CLIPS, ClipsAnswer, SourceError, read_pages

        kept = self.kept(handle)
        user = self._profile(handle, kept)
        collected = sum(len(answer.response.items) for _, answer in kept.understood(CLIPS, ClipsAnswer))
        missing = set(wanted)
        links: dict[str, tuple[str | None, str | None]] = {}

        def media(page: ClipsAnswer) -> list[Media]:
            found = [item.media for item in page.response.items]
            for item in found:
                links[reel_id(item, user.pk)] = (video_link(item), thumbnail_link(item))
                missing.discard(reel_id(item, user.pk))
            if not missing:
                page.next_page_id = None  # nothing further is needed
            return found

        pages = read_pages(
            self.client, kept, CLIPS, user.pk, ClipsAnswer, media,
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


def reel_id(media: Media, creator_id: str) -> str:
    """The service's id; of a reel made together with others, which stands in several lists, one for each creator."""
    return media.pk if media.user is None or media.user.pk == creator_id else f"{media.pk}_{creator_id}"


def reel(media: Media, creator_id: str, listed_handle: str) -> SourceReel:
    """A reel from an item of a page.

    Args:
        media: the item.
        creator_id: in whose list it stands.
        listed_handle: what the list calls the creator; answers are kept under it.
    """
    facts = {
        "listed_handle": listed_handle,
        "code": media.code,
        "url": f"https://www.instagram.com/reel/{media.code}/" if media.code else None,
        "caption": media.caption.text if media.caption else None,
        "taken_at": datetime.fromtimestamp(media.taken_at, UTC).isoformat(),
        "plays": media.play_count,
        "likes": media.like_count,
        "comments": media.comment_count,
    }
    return SourceReel(
        reel_id(media, creator_id), facts, video_url=video_link(media), thumbnail_url=thumbnail_link(media)
    )


def video_link(media: Media) -> str | None:
    """The best encoding that is offered."""
    return media.video_url or _largest(media.video_versions or [])


def thumbnail_link(media: Media) -> str | None:
    """The largest thumbnail that is offered."""
    return _largest(media.image_versions2.candidates if media.image_versions2 else [])


def _largest(versions: list[Version]) -> str | None:
    best = max(versions, key=lambda version: (version.width or 0) * (version.height or 0), default=None)
    return best.url if best else None
