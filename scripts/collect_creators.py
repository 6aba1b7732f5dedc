"""Collect the creators, reels and follow lists of one batch from the study's source.

Writes, for the batch: a manifest with one row per creator and per reel, one JSON file per selected reel, and the
tables creators.parquet and follows.parquet. Reels beyond the selection and creators who cannot take part are rows with
a reason. Results that the source brings along go into the store.

    python scripts/collect_creators.py --check LIST                shows which creators a list names, and writes nothing
    python scripts/collect_creators.py --source hikerapi --help    shows the options of a source
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.batch import IMPORTS
from common.config import HikerapiSection, SelectSection
from common.files import file_sha256, write_lines
from common.handles import batch_of, derived_id
from common.manifest import Row, check_unique, file_stem, read_manifest, write_manifest
from common.options import add_section, read_section
from common.own_folder import OwnFolder
from common.parquet import build_table, write_table
from common.program import UserError, log, parser, run
from common.states import Outcome, reason_file
from common.store import ARTIFACT, Store, digest
from common.tables import CREATORS, FOLLOWS
from sources.creators_list import read_list, report
from sources.hikerapi import at_pace
from sources.registry import RAW, SECTIONS, open_source
from sources.source import UNKNOWN, SourceCreator, SourceReel, excluded

VERSION = "5"
POPULARITY = ("plays", "views")  # what the most played reels are chosen by
PRODUCER = f"collect_creators {VERSION}"


def main(arguments: argparse.Namespace) -> None:
    if arguments.check:
        print(report(read_list(arguments.check), arguments.check))  # noqa: T201
        return
    select = read_section(arguments, SelectSection)
    settings = read_section(arguments, SECTIONS[arguments.source])
    if isinstance(settings, HikerapiSection):
        settings = at_pace(settings, arguments.pace)
    source = open_source(settings, arguments.snapshot, arguments.raw, allow_private=arguments.allow_private)
    handles = [handle for handle in source.members() if batch_of(handle, arguments.batches) == arguments.batch]
    for notice in source.notices():
        log.warning("%s", notice)
    batch = _Batch(arguments, select)
    for number, creator in enumerate(source.collect(handles, select), start=1):
        batch.add(creator)
        log.info(
            "creators, batch %d: creator %d of %d, %d reels%s",
            arguments.batch, number, len(handles), len(creator.reels),
            f" ({creator.outcome.reason})" if creator.outcome.reason else "",
        )  # fmt: skip
    batch.close()


class _Batch:
    """What is written of one batch."""

    def __init__(self, arguments: argparse.Namespace, select: SelectSection) -> None:
        self.select, self.manifest = select, arguments.manifest
        if self.manifest.exists():
            read_manifest(self.manifest)  # another table is not written over
        self.folder = OwnFolder(arguments.manifest.with_suffix(""), "stage creators", "--manifest")
        self.store_folder: Path = arguments.store
        self.imports = self.folder.file(IMPORTS)
        self.imported: set[tuple[str, str, str]] = set()
        self.rows: list[Row] = []
        self.creators: list[dict[str, Any]] = []
        self.follows: list[dict[str, Any]] = []

    @functools.cached_property
    def store(self) -> Store:
        """Made when the first result is imported."""
        return Store(self.store_folder)

    def add(self, creator: SourceCreator) -> None:
        """Take a creator's row, reels and follows."""
        if creator.creator_id == UNKNOWN:  # nobody: only reels whose owner the source does not know
            for reel in creator.reels:
                self._row(creator, str(reel.reel_id), reel.outcome)
            return
        outcome = creator.outcome
        if outcome.state == "ok":
            outcome = excluded(creator.facts, self.select) or outcome
        if outcome.state != "ok":
            self._row(creator, None, outcome)
            return
        described, follows = describe_creator(creator), list_follows(creator)
        self.creators.append(described)
        self.follows.extend(follows)
        reels = select_reels(find_reels(creator), self.select)
        # A follow list that is to be gone on with matters more to say.
        if not any(reel.outcome.state == "ok" for reel in reels) and outcome.reason in (None, "no_row"):
            outcome = Outcome("skipped", "no_reels", outcome.detail)
        if note := measures_mixed(reels):
            outcome = replace(outcome, detail="; ".join(filter(None, [outcome.detail, note])))
        path = self._avatar(creator)
        self._row(creator, None, outcome, path=path, sha256=digest([described, follows]))
        for reel in reels:
            self._add_reel(creator, reel)

    def _row(self, creator: SourceCreator, reel_id: str | None, outcome: Outcome, **file: str | None) -> None:
        self.rows.append(
            Row(
                creator.creator_id, reel_id, "creators", outcome.state, outcome.reason, outcome.detail,
                producer=PRODUCER, **file,
            )
        )  # fmt: skip

    def _avatar(self, creator: SourceCreator) -> str | None:
        if creator.avatar is None:
            return None
        target = self.folder.file(f"avatar.{file_stem(creator.creator_id)}{creator.avatar.suffix}")
        target.unlink(missing_ok=True)
        shutil.copyfile(creator.avatar, target)
        return str(target)

    def _add_reel(self, creator: SourceCreator, reel: SourceReel) -> None:
        """The reel's manifest row; a selected reel also gets a JSON file with all that the source says of it."""
        reel_id = str(reel.reel_id)
        if reel.outcome.state != "ok":
            self._row(creator, reel_id, reel.outcome)
            return
        for stage, result in reel.imported.items():
            self._import(creator, reel_id, stage, result.files, result.outcome)
        target = self.folder.file(f"{file_stem(reel_id)}.json")
        content = describe_reel(creator, reel)
        target.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="ascii")
        self._row(creator, reel_id, reel.outcome, path=str(target), sha256=file_sha256(target))

    def _import(self, creator: SourceCreator, reel: str, stage: str, files: dict[str, bytes], outcome: Outcome) -> None:
        """Put a result that was made elsewhere into the store, and note it where the stage looks first."""
        made_from = imported_from(stage, reel, files, outcome)
        if outcome.state == "skipped":
            files = files or {".json": reason_file(str(outcome.reason), outcome.detail).encode()}
        key = digest(made_from)
        if self.store.find(stage, key) is None:
            with self.store.workspace() as workspace:
                folder = workspace / "0"
                folder.mkdir()
                for suffix, content in files.items():
                    (folder / f"{ARTIFACT}{suffix}").write_bytes(content)
                self.store.publish(stage, key, folder, outcome, "imported", made_from)
        self.store.note_owner(stage, self.manifest.stem, creator.creator_id, reel, key)
        self.imported.add((stage, reel, key))

    def close(self) -> None:
        """Write tables and manifest; remove files of reels that left the batch."""
        check_unique(self.rows)
        write_lines(
            self.imports,
            [{"stage": stage, "reel_id": reel, "key": key} for stage, reel, key in sorted(self.imported)],
        )
        creators, follows = (self.folder.file(f"{table}.parquet") for table in ("creators", "follows"))
        self.folder.tidy()
        write_table(build_table(self.creators, CREATORS, further=True), creators)
        write_table(build_table(self.follows, FOLLOWS), follows)
        write_manifest(self.rows, self.manifest)


def describe_creator(creator: SourceCreator) -> dict[str, Any]:
    """The creator's row of the creators table, without what later stages know."""
    return {
        **{name: value for name, value in creator.facts.items() if name not in CREATORS.names},
        **{name: creator.facts.get(name) for name in ("full_name", "followers", "following")},
        "creator_id": creator.creator_id,
        "handle": creator.handle,
        "follows_status": creator.follows_status,
    }


def list_follows(creator: SourceCreator) -> list[dict[str, Any]]:
    """The creator's follow list, each target once, oneself left out; whether a target is in the cohort comes later."""
    targets: dict[str, str] = {}
    for target, handle in creator.follows:
        targets.setdefault(target, handle)
    return [
        {"source_id": creator.creator_id, "target_id": target, "target_handle": handle or None}
        for target, handle in sorted(targets.items())
        if target != creator.creator_id
    ]


def describe_reel(creator: SourceCreator, reel: SourceReel) -> dict[str, Any]:
    """All that the source says of a reel: the content of its JSON file."""
    content = {
        **reel.facts,
        "reel_id": reel.reel_id,
        "creator_id": creator.creator_id,
        "file": reel.file,
        "video_url": reel.video_url,
        "thumbnail_url": reel.thumbnail_url,
        "imported": {
            stage: digest(imported_from(stage, str(reel.reel_id), result.files, result.outcome))
            for stage, result in reel.imported.items()
        },
    }
    if reel.video is not None:
        content |= {
            "source_path": _portable(reel.video),
            "size": reel.video.stat().st_size,
            "sha256": reel.sha256 or content_sha256(reel.video),
        }
    if reel.thumbnail is not None:
        content["thumbnail_path"] = _portable(reel.thumbnail)
    return {name: value for name, value in content.items() if value not in (None, {})}


def _portable(path: Path) -> str:
    """Absolute paths would make a study's results depend on where it lies."""
    return os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)


def imported_from(stage: str, reel: str, files: dict[str, bytes], outcome: Outcome) -> dict[str, Any]:
    """What the store's key of an imported result is made of."""
    contents = {suffix: hashlib.sha256(content).hexdigest() for suffix, content in files.items()}
    return {"stage": stage, "imported": {"reel_id": reel, "files": contents, "reason": outcome.reason}}


def find_reels(creator: SourceCreator) -> Iterator[SourceReel]:
    """The creator's reels, each with an id; ids that are missing derive from the content."""
    seen: set[str] = set()
    for reel in creator.reels:
        if reel.reel_id is None and reel.video is not None:
            reel.sha256 = content_sha256(reel.video)
            reel.reel_id = derived_id(creator.creator_id, reel.sha256)
        # A reel that cannot be had takes no other reel's place.
        if reel.outcome.state == "ok" and not (reel.video or reel.video_url or reel.imported):
            reel.outcome = Outcome("skipped", "no_link", reel.outcome.detail)
        # One file under two names is one reel; ids given by people are taken at their word.
        if reel.outcome.state == "ok":
            if str(reel.reel_id) in seen:
                reel.outcome = Outcome("skipped", "duplicate", reel.file)
            seen.add(str(reel.reel_id))
        yield reel


def content_sha256(video: Path) -> str:
    """Hash of a video's content; raises UserError where it cannot be read."""
    try:
        return file_sha256(video)
    except OSError as error:
        shown = str(video).encode("utf-8", "backslashreplace").decode()
        raise UserError(f"{shown}: {error.strerror or error}; mend it, or remove it from the study") from None


def select_reels(found: Iterator[SourceReel], select: SelectSection) -> list[SourceReel]:
    """Of the latest reels the most played; ties are settled by id, so that file names and order do not matter.

    Plays and views are two measures. Reels of which only views are known come after those with plays, by their views.
    """
    reels = list(found)
    candidates = [reel for reel in reels if reel.outcome.state == "ok"]
    candidates.sort(key=lambda reel: str(reel.reel_id))
    candidates.sort(key=lambda reel: reel.facts.get("taken_at") or "", reverse=True)
    latest = candidates[: select.latest]
    latest.sort(key=lambda reel: tuple(-1 if n is None else n for n in map(reel.facts.get, POPULARITY)), reverse=True)
    chosen = {id(reel) for reel in latest[: select.reels_per_creator]}
    for reel in candidates:
        if id(reel) not in chosen:
            reel.outcome = Outcome("skipped", "not_selected", reel.file)
    return reels


def measures_mixed(reels: list[SourceReel]) -> str | None:
    """What is to be known where reels were chosen by two measures; None where one was enough."""
    compared = [reel.facts for reel in reels if reel.outcome.state == "ok" or reel.outcome.reason == "not_selected"]
    with_plays = sum(facts.get("plays") is not None for facts in compared)
    views_only = sum(facts.get("plays") is None and facts.get("views") is not None for facts in compared)
    chosen = sum(reel.outcome.state == "ok" for reel in reels)
    if chosen == len(compared) or not with_plays or not views_only:
        return None
    return f"{views_only} of {len(compared)} reels have views and no plays: they come after the others in the choice"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    # What a source can be told depends on its kind, so that is read first.
    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument("--source", choices=SECTIONS, default="files")
    options = parser(__doc__)
    options.add_argument("--check", type=Path, metavar="LIST", help="show which creators a list names; nothing else")
    options.add_argument("--source", choices=SECTIONS, default="files", help="kind of source [%(default)s]")
    options.add_argument("--snapshot", help="date under which paid answers are kept (source hikerapi)")
    options.add_argument("--pace", type=int, help="calls a second that this job may make [calls_per_s]")
    options.add_argument("--raw", type=Path, default=RAW, help="folder of paid answers [%(default)s]")
    options.add_argument(
        "--allow-private", action="store_true", help="profile pictures may come from this machine and its network"
    )
    options.add_argument("--batch", type=int, help="number of the batch")
    options.add_argument("--batches", type=int, help="number of batches of the study")
    options.add_argument("--manifest", type=Path, help="manifest to write; its folder lies beside it")
    options.add_argument("--store", type=Path, default=Path("data/store"), help="folder of results [%(default)s]")
    add_section(options, SECTIONS[kind.parse_known_args(argv)[0].source])
    add_section(options, SelectSection)
    arguments = options.parse_args(argv)
    if not arguments.check and None in (arguments.batch, arguments.batches, arguments.manifest):
        options.error("give --batch, --batches and --manifest, or --check LIST")
    if not arguments.check and arguments.source == "hikerapi" and not arguments.snapshot:
        options.error("--source hikerapi needs --snapshot DATE")
    return arguments


if __name__ == "__main__":
    run(main, parse())
