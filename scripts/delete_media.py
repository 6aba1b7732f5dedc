"""Delete downloaded videos that are no longer needed, some days after they came (study.retain_media_days).

A video is needed as long as a stage may still want it: until every stage has an outcome of the reel that will not
pass. Everything made of the video stays, and counts as before; people's own videos are never touched. A store may be
shared: only videos that this study's status table names are deleted.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

from common.files import read_lines
from common.manifest import Row, file_stem, read_manifest
from common.program import log, parser, run
from common.states import TRANSIENT
from common.store import Store, digest
from common.suffixes import VIDEO_SUFFIXES
from download_reels import DOWNLOAD, download_key

VERSION = "1"
DAY_S = 86_400


def main(arguments: argparse.Namespace) -> None:
    store = Store(arguments.store)
    by_reel: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in read_manifest(arguments.status):
        if row.reel_id is not None:
            by_reel[row.creator_id, row.reel_id].append(row)
    taken = {reel: rows for reel, rows in by_reel.items() if any(row.stage == "video" and row.path for row in rows)}
    deleted = waiting = 0
    oldest = time.time() - arguments.days * DAY_S
    for (creator, reel), rows in sorted(taken.items()):
        entry = store.find(DOWNLOAD, digest(download_key({"creator_id": creator, "reel_id": reel})))
        video = next((suffix for suffix in VIDEO_SUFFIXES if entry and suffix in entry.files), None)
        if entry is None or video is None or entry.artifact(video).stat().st_mtime > oldest:
            continue
        if any(row.reason in TRANSIENT for row in rows):
            waiting += 1
            continue
        store.retire(entry, video)
        for link in Path("results/video").glob(f"*/{file_stem(reel)}{video}"):
            link.unlink()
        deleted += 1
    log.info("media: %d videos deleted, %d kept because a stage may still need them", deleted, waiting)
    indexes = (store.root / "index" / DOWNLOAD).glob("*.jsonl")
    downloads = {(line["creator_id"], line["reel_id"]) for index in indexes for line in read_lines(index)}
    others = len(downloads - taken.keys())
    if others:
        log.info(
            "media: %d downloads in %s are of reels of which this study has no video, and were left: another study's, "
            "or of creators who left this one (scripts/purge_creators.py removes what is kept of somebody)",
            others, store.root,
        )  # fmt: skip
    arguments.output.write_text(json.dumps({"retain_media_days": arguments.days, "reels": len(by_reel)}) + "\n")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--status", type=Path, required=True, help="status table")
    options.add_argument("--days", type=float, required=True, help="study.retain_media_days")
    options.add_argument("--store", type=Path, default=Path("data/store"), help="folder of the store [%(default)s]")
    options.add_argument("--output", type=Path, required=True, help="note of what was asked for")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
