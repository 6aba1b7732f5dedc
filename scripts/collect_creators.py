"""Collect the creators, reels and follow lists of one batch from the study's source.

Writes, for the batch: a manifest with one row per creator and per reel, one JSON file per selected reel, and the
tables creators.parquet and follows.parquet. Reels beyond the selection and creators excluded by a policy are rows
with a reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from common.config import FilesSource, SelectSection
from common.manifest import Row, file_stem, write_manifest
from common.options import add_section, read_section
from common.program import UserError, log, parser, run
from common.store import digest, file_sha256
from common.tables import CREATORS, FOLLOWS, build_table, write_table
from sources.files import SourceCreator, batch_of, normal_handle, read_source

VERSION = "1"
PRODUCER = f"collect_creators {VERSION}"
KNOWN_FACTS = ("full_name", "followers", "following", "follows_status")


def main(arguments: argparse.Namespace) -> None:
    source, select = read_section(arguments, FilesSource), read_section(arguments, SelectSection)
    cohort = read_source(source)
    batch = [c for c in cohort.values() if batch_of(c.creator_id, arguments.batches) == arguments.batch]
    folder: Path = arguments.manifest.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    creators, follows = [], []
    for number, creator in enumerate(batch, start=1):
        log.info(
            "creators, batch %d: creator %d of %d, %d videos", arguments.batch, number, len(batch), len(creator.videos)
        )
        excluded = policy(creator, select)
        if excluded:
            rows.append(Row(creator.creator_id, None, "creators", "skipped", *excluded, producer=PRODUCER))
            continue
        described, listed = describe_creator(creator), list_follows(creator)
        creators.append(described)
        follows.extend(listed)
        reels = select_reels(find_reels(creator), select)
        has_reels = any(state == "ok" for state, _, _ in reels)
        state, reason = ("ok", None) if has_reels else ("skipped", "no_reels")
        checksum = digest([described, listed])
        rows.append(Row(creator.creator_id, None, "creators", state, reason, sha256=checksum, producer=PRODUCER))
        rows.extend(write_reel(creator, *reel, folder) for reel in reels)
    kept = {Path(row.path).name for row in rows if row.path}
    for left in folder.glob("*.json"):  # of reels that left the batch
        if left.name not in kept:
            left.unlink()
    write_table(build_table(creators, CREATORS, further=True), folder / "creators.parquet")
    write_table(build_table(follows, FOLLOWS), folder / "follows.parquet")
    write_manifest(rows, arguments.manifest)


def policy(creator: SourceCreator, select: SelectSection) -> tuple[str, str] | None:
    """Reason and detail where a policy excludes a creator; unknown numbers exclude nobody."""
    followers, following = creator.facts.get("followers"), creator.facts.get("following")
    if select.min_followers is not None and followers is not None and followers < select.min_followers:
        return "below_min_followers", f"{followers} followers"
    if select.max_following is not None and following is not None and following > select.max_following:
        return "above_max_following", f"follows {following}"
    return None


def describe_creator(creator: SourceCreator) -> dict[str, Any]:
    """The creator's row of the creators table, without what later stages know."""
    # A list given in the follows file is taken as complete unless the creators file says otherwise; a creator of whom
    # no row is there may follow nobody or may not have been asked.
    status = creator.facts.get("follows_status") or ("unfetched" if creator.follows is None else "complete")
    further = {name: value for name, value in creator.facts.items() if name not in (*KNOWN_FACTS, *CREATORS.names)}
    return {
        "creator_id": creator.creator_id,
        "handle": creator.handle,
        **{name: creator.facts.get(name) for name in ("full_name", "followers", "following")},
        "follows_status": status,
        **further,
    }


def list_follows(creator: SourceCreator) -> list[dict[str, Any]]:
    """The creator's follow list, each target once, oneself left out; whether a target is in the cohort comes later."""
    targets: dict[str, str] = {}
    for handle in creator.follows or []:
        targets.setdefault(normal_handle(handle), handle.removeprefix("@"))
    return [
        {"source_id": creator.creator_id, "target_id": target, "target_handle": handle}
        for target, handle in sorted(targets.items())
        if target != creator.creator_id
    ]


Found = tuple[str, str | None, dict[str, Any]]


def find_reels(creator: SourceCreator) -> list[Found]:
    """Every reel of a creator: state, reason and facts; ids that are missing derive from the content."""
    described = {reel["file"]: reel for reel in creator.reels if reel["file"]}
    found: list[Found] = []
    seen: set[str] = set()
    # Of two copies of one file, that of which more is known comes first.
    for name, video in sorted(creator.videos.items(), key=lambda item: (item[0] not in described, item[0])):
        listed = name if name in described or name.strip() in creator.videos else name.strip()
        reel = {**described.pop(listed, {}), "file": name, "source_path": video.path, "size": video.size}
        reel["sha256"] = content_sha256(Path(video.path))
        reel["reel_id"] = reel.get("reel_id") or derived_id(creator.creator_id, reel["sha256"])
        # One file under two names is one reel; ids given by people are taken at their word.
        repeated = reel["reel_id"] in seen
        seen.add(reel["reel_id"])
        found.append(("skipped", "duplicate", reel) if repeated else ("ok", None, reel))
    without_file = [reel for reel in creator.reels if not reel["file"]]
    for reel in (*described.values(), *without_file):
        reel["reel_id"] = reel["reel_id"] or derived_id(creator.creator_id, f"file {reel['file']}")
        found.append(("skipped", "missing_file", reel))
    return found


def content_sha256(video: Path) -> str:
    """Hash of a video's content; raises UserError where it cannot be read."""
    try:
        return file_sha256(video)
    except OSError as error:
        shown = str(video).encode("utf-8", "backslashreplace").decode()
        raise UserError(f"{shown}: {error.strerror or error}; mend it, or remove it from the study") from None


def derived_id(creator_id: str, content: str) -> str:
    """An id for a reel that has none; the creator is part of it, so a repost is a reel of its own."""
    return "r" + hashlib.blake2b(f"{creator_id}\n{content}".encode(), digest_size=10).hexdigest()


def select_reels(found: list[Found], select: SelectSection) -> list[Found]:
    """Of the latest reels the most played; ties are settled by id, so that file names and order do not matter."""
    candidates = [reel for state, _, reel in found if state == "ok"]
    candidates.sort(key=lambda reel: reel["reel_id"])
    candidates.sort(key=lambda reel: reel.get("taken_at") or "", reverse=True)
    latest = candidates[: select.latest]
    latest.sort(key=lambda reel: -1 if reel.get("plays") is None else reel["plays"], reverse=True)
    chosen = {reel["reel_id"] for reel in latest[: select.reels_per_creator]}
    return [
        ("skipped", "not_selected", reel) if state == "ok" and reel["reel_id"] not in chosen else (state, reason, reel)
        for state, reason, reel in found
    ]


def write_reel(creator: SourceCreator, state: str, reason: str | None, reel: dict[str, Any], folder: Path) -> Row:
    """The reel's manifest row; a selected reel also gets a JSON file with all that the source says of it."""
    if state != "ok":
        return Row(creator.creator_id, reel["reel_id"], "creators", state, reason, reel.get("file"), producer=PRODUCER)
    # Absolute paths would make a study's results depend on where it lies.
    path = Path(reel["source_path"])
    inside = path.absolute().is_relative_to(Path.cwd())
    reel = {**reel, "creator_id": creator.creator_id, "source_path": os.path.relpath(path) if inside else str(path)}
    target = folder / f"{file_stem(reel['reel_id'])}.json"
    target.write_text(json.dumps(reel, indent=1, sort_keys=True) + "\n", encoding="ascii")
    checksum = file_sha256(target)
    return Row(
        creator.creator_id, reel["reel_id"], "creators", "ok", path=str(target), sha256=checksum, producer=PRODUCER
    )


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--batch", type=int, required=True, help="number of the batch")
    options.add_argument("--batches", type=int, required=True, help="number of batches of the study")
    options.add_argument("--manifest", type=Path, required=True, help="manifest to write; its folder lies beside it")
    add_section(options, FilesSource)
    add_section(options, SelectSection)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
