"""Bring each selected reel's video into the study, and check that it is one that can be opened.

Videos that people have already are linked to, never copied or changed; others are downloaded, with their thumbnails,
into the store. Beside each video lies a JSON file with what it says of itself: duration, size, codecs.
"""

from __future__ import annotations

import argparse
import functools
import json
import shutil
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, stage_parser
from common.config import HikerapiSection, VideoSection
from common.isolation import run_isolated
from common.manifest import Row
from common.options import add_section, read_section
from common.program import UserError, log, run
from common.stage import Stage, Work
from common.states import OK, Outcome, unexpected
from common.store import ARTIFACT, Entry, Store, digest
from common.suffixes import VIDEO_SUFFIXES
from media.unchanged import unchanged
from opting_out.tombstones import Tombstones
from sources.hikerapi import Hikerapi, at_pace
from sources.hikerapi_answers import SourceError
from sources.registry import RAW

if TYPE_CHECKING:
    from media.download import DownloadError, Limits

VERSION = "4"
Links = tuple[str | None, str | None]  # to the video and to the thumbnail
DOWNLOAD = "download"  # where the store keeps what was downloaded, apart from what was found out about it
# With one of these made elsewhere, nothing needs the video any more.
INSTEAD_OF_VIDEO = {"description", "embedding"}


def read_reel(inputs: dict[str, Row]) -> dict[str, Any]:
    """What the source says of a reel."""
    content: dict[str, Any] = json.loads(inputs["creators"].file().read_text(encoding="ascii"))
    return content


def is_own(reel: dict[str, Any]) -> bool:
    """Whether people have the video themselves."""
    return "source_path" in reel


def download_key(reel: dict[str, Any]) -> dict[str, Any]:
    """What a download is known by: never its link, which changes."""
    return {"download": [reel["creator_id"], reel["reel_id"]]}


def is_needed(reel: dict[str, Any]) -> bool:
    """Whether anything is still to be made of the video."""
    return not INSTEAD_OF_VIDEO & set(reel.get("imported", {}))


def content(inputs: dict[str, Row], _: VideoSection) -> Any:
    """What the check of a video depends on: its content, not its name; of one to be downloaded, which reel it is."""
    reel = read_reel(inputs)
    if "sha256" in reel:
        return reel["sha256"]
    return {**download_key(reel), "needed": is_needed(reel)}


def source_video(inputs: dict[str, Row], store: Store) -> tuple[Path, str] | None:
    """The reel's video file and its sha256: people's own, or the one downloaded; None where there is none."""
    reel = read_reel(inputs)
    if is_own(reel):
        return Path(reel["source_path"]), reel["sha256"]
    entry = store.find(DOWNLOAD, digest(download_key(reel)))
    return media_file(entry) if entry else None


def media_file(entry: Entry) -> tuple[Path, str]:
    """The video of a download, be it deleted since, and its sha256."""
    files = {**entry.files, **entry.retired}
    suffix = next(suffix for suffix in files if suffix in VIDEO_SUFFIXES)
    return entry.artifact(suffix), files[suffix]


STAGE = Stage(
    "video", "download_reels", VERSION, ".json", inputs=("creators",), depends_on=content, external=source_video
)


def check_video(work: Work, store: Path, settings: VideoSection) -> Outcome:
    """The core: one reel's video to the facts about it, with its thumbnail beside."""
    from media.probe import probe

    video = source_video(work.inputs, Store(store))
    if video is None:
        raise RuntimeError(f"the video of reel {work.reel_id} left the store while it was checked")
    with unchanged(*video):
        facts = probe(video[0], settings)
    work.artifact(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    reel = read_reel(work.inputs)
    given = reel.get("thumbnail_path")
    thumbnail = Path(given) if given else video[0].with_suffix(".jpg")
    if thumbnail.exists() and (given or not is_own(reel)):
        shutil.copyfile(thumbnail, work.artifact(".jpg"))
    return Outcome("ok", detail="; ".join(facts["notes"]) or None)


class Downloader:
    """Downloads what people do not have.

    Args:
        arguments: of this program.
        settings: limits.
        store: where videos are kept.
    """

    def __init__(self, arguments: argparse.Namespace, settings: VideoSection, store: Store) -> None:
        self.arguments, self.settings, self.store = arguments, settings, store
        self.batch = arguments.manifest.stem
        self.refreshing = threading.Lock()
        _ = self.source  # made before there are threads
        self.refreshed: dict[str, Any] = {}
        self.wanted: dict[str, set[str]] = {}

    def download_all(self, works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        """Put each reel's video into the store; an outcome of ok says that it is there."""
        for work in works:
            self.wanted.setdefault(work.creator_id, set()).add(work.reel_id)
        with ThreadPoolExecutor(self.settings.connections) as pool:
            futures = {pool.submit(self.download, work): work for work in works}
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except (OSError, UserError):  # the disk, the study: not this reel alone
                    raise
                except Exception as error:
                    yield futures[future], unexpected(error)

    def download(self, work: Work) -> Outcome:
        """One reel's video and thumbnail."""
        from media.download import DownloadError, Limits, fetch_picture, fetch_video

        reel = read_reel(work.inputs)
        if not is_needed(reel):
            return Outcome("skipped", "not_needed")
        made_from = download_key(reel)
        entry = self.store.find(DOWNLOAD, digest(made_from))
        if entry:
            return OK if media_file(entry)[0].exists() else Outcome("failed", "media_deleted")
        settings = self.settings
        limits = Limits(
            settings.max_download_mb << 20,
            settings.read_timeout_s,
            settings.download_timeout_s,
            settings.attempts,
            allow_private=settings.allow_private,
        )
        with self.store.workspace() as workspace:
            folder = workspace / "0"
            folder.mkdir()
            links = (reel.get("video_url"), reel.get("thumbnail_url"))
            try:
                if not links[0]:
                    raise DownloadError("no_link", "the source has no link to the video")
                try:
                    fetch_video(links[0], folder, limits)
                except DownloadError as problem:
                    # A page of HTML, too, is what some networks show for a link that has expired.
                    if not problem.link or self.source is None:
                        raise
                    links = self._other_links(reel, links[0], problem, folder, limits)
            except DownloadError as problem:
                return Outcome("failed", problem.reason, problem.detail)
            if links[1]:
                try:
                    fetch_picture(links[1], folder / f"{ARTIFACT}.jpg", settings.read_timeout_s, settings.allow_private)
                except DownloadError as problem:
                    log.info("video: a thumbnail could not be downloaded: %s", problem)
            key = digest(made_from)
            self.store.note_owner(DOWNLOAD, self.batch, work.creator_id, work.reel_id, key)
            self.store.publish(DOWNLOAD, key, folder, OK, f"download_reels {VERSION}", made_from)
        return OK

    @functools.cached_property
    def source(self) -> Hikerapi | None:
        """Who can be asked for fresh links; None where nobody can."""
        if self.arguments.source != "hikerapi":
            return None
        settings = at_pace(read_section(self.arguments, HikerapiSection, "hikerapi"), self.arguments.pace)
        return Hikerapi(settings, self.arguments.snapshot, self.arguments.raw, Tombstones())

    def _other_links(
        self, reel: dict[str, Any], failed: str, problem: DownloadError, folder: Path, limits: Limits
    ) -> Links:
        """Download by a link that was asked for later, or is asked for now, once a creator; the links that worked.

        Raises:
            DownloadError: what was the problem, where no other link does.
        """
        from media.download import DownloadError, fetch_video

        kept = self.source.kept_links(reel["listed_handle"]).get(reel["reel_id"], (None, None)) if self.source else None
        if kept and kept[0] and kept[0] != failed:
            try:
                fetch_video(kept[0], folder, limits)
                return kept
            except DownloadError as later:
                if not later.link:
                    raise
        fresh = self._fresh(reel, problem)
        fetch_video(str(fresh[0]), folder, limits)
        return fresh

    def _fresh(self, reel: dict[str, Any], problem: DownloadError) -> Links:
        """Fresh links, asked for once a creator; raises what was the problem where there are none."""
        from media.download import DownloadError

        creator = reel["creator_id"]
        with self.refreshing:
            if self.source and creator not in self.refreshed:
                log.info("video: links have expired; asking the source for fresh ones")
                try:
                    self.refreshed[creator] = self.source.fresh_links(reel["listed_handle"], self.wanted[creator])
                except SourceError as refused:
                    self.refreshed[creator] = refused
        found = self.refreshed[creator]
        if isinstance(found, SourceError):
            raise DownloadError(problem.reason, f"{problem.detail}; no fresh link: {found.reason}: {found.detail}")
        links: Links = found.get(reel["reel_id"], (None, None))
        if not links[0]:
            raise DownloadError(problem.reason, f"{problem.detail}; the source has no fresh link")
        return links


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, VideoSection)
    store = Store(arguments.store)
    isolated = functools.partial(
        run_isolated,
        check_video,
        workers=arguments.workers,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
    )

    def compute(works: list[Work]) -> Iterable[tuple[Work, Outcome]]:
        downloader = Downloader(arguments, settings, store)
        reels = {work.reel_id: read_reel(work.inputs) for work in works}
        missing = [work for work in works if not is_own(reels[work.reel_id])]
        here = [work for work in works if is_own(reels[work.reel_id])]
        # What came broken over the network is fetched once more before it counts as broken.
        for last in (False, True):
            again = []
            for work, outcome in downloader.download_all(missing):
                if outcome.state == "ok":
                    here.append(work)
                else:
                    yield work, outcome
            for work, outcome in isolated(here, store.root, settings):
                reel = reels[work.reel_id]
                if not is_own(reel) and outcome.reason in ("corrupt", "truncated", "not_a_video", "empty"):
                    store.forget(DOWNLOAD, digest(download_key(reel)))
                    if not last:
                        again.append(work)
                        continue
                yield work, outcome
            missing, here = again, []

    run_stage(STAGE, arguments, settings, compute)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, VideoSection, __doc__)
    options.add_argument(
        "--temporary-media", action="store_true", help="downloaded videos may be deleted: list the facts about them"
    )
    options.add_argument(  # its former name
        "--passing-media", dest="temporary_media", action="store_true", help=argparse.SUPPRESS
    )
    options.add_argument("--source", default="files", help="kind of source; hikerapi can be asked for fresh links")
    options.add_argument("--snapshot", help="source.snapshot")
    options.add_argument("--pace", type=int, help="calls a second that this job may make [calls_per_s]")
    options.add_argument("--raw", type=Path, default=RAW, help="folder of paid answers [%(default)s]")
    add_section(options, HikerapiSection, "hikerapi")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
