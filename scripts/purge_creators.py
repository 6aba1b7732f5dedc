"""Purge people who asked not to be held: every trace of them in the study's folder, for good.

    python scripts/purge_creators.py --configfile study.yaml            those listed in study.opt_out
    python scripts/purge_creators.py --configfile study.yaml --handles ada,bob
    python scripts/purge_creators.py --configfile study.yaml --dry-run  only shows which files are concerned

Run in the study's directory, while no snakemake runs there. Taken out are raw answers (also entries in other people's
follow lists), results in the store, people's own tables, lists, exports and videos inside the folder, and the lines of
study.opt_out itself. `results` and `.snakemake` are removed as a whole: the next run makes them again from the store,
without computing what is there. A keyed hash remains (data/opt_out), which keeps the person out whoever names them
again. The command may be given again at any time; killed half-way, it is taken up by giving it again.

At the end the whole folder is searched; files that still have the person are named, and the exit status is 1. Not
reached: backups, copies elsewhere, and texts that call the person something else.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.config import Config, SelectSection, parse_config, read_config
from common.program import UserError, log, parser, run
from common.purge import Person, changed_content, is_database, mentions, purge_database, remove, rewrite, texts
from common.store import read_lines, write_bytes, write_lines
from common.study import running_elsewhere
from common.tombstones import FOLDER as TOMBSTONES
from common.tombstones import Tombstones
from sources.registry import RAW, open_source
from sources.source import Source, normal_handle

VERSION = "1"
# What can be made again, and has nobody in it, or is no part of the study.
NOT_SEARCHED = {".git", ".venv", "node_modules", "models", "numba", "__pycache__", TOMBSTONES.name}


def main(arguments: argparse.Namespace) -> None:
    config = read_config(arguments.configfile) if arguments.configfile else parse_config({}, "defaults")
    people = [Person({handle}) for handle in sorted(listed_handles(config, arguments.handles))]
    if not people:
        raise UserError("nobody to purge: study.opt_out lists nobody, and --handles names nobody")
    if running_elsewhere(Path(".snakemake")):
        raise UserError("snakemake runs in this folder: wait for its end, or stop it, then purge")
    for person in people:
        identify(person, config)
    patterns = [(person, person.pattern()) for person in people]
    if arguments.dry_run:
        concerned = sorted(str(path) for path in files() if any(has(path, *one) for one in patterns))
        concerned.append(f"{len(people)} creators, {len(concerned)} files; results and .snakemake go, too")
        print("\n".join(concerned))  # noqa: T201
        return
    # First of all: from here on a run leaves them out, whatever else happens.
    Tombstones().add(name for person in people for name in (*person.handles, *person.ids))
    for person, pattern in patterns:
        purge_store(Path(config.store.directory), person, pattern)
        purge_files(config, person, pattern)
    for made in (Path("results"), Path(".snakemake")):
        remove(made)
    if config.study.opt_out:
        for person, pattern in patterns:
            rewrite(Path(config.study.opt_out), person, pattern)
    left = sorted(str(path) for path in files() if any(has(path, *one) for one in patterns))
    log.info("%d creators purged", len(people))
    for path in outside(config):
        log.warning("not inside the study's folder, and not touched: %s", path)
    if left:
        raise UserError(f"still named in {len(left)} files, look at them: {', '.join(left[:20])}")


def listed_handles(config: Config, given: str | None) -> set[str]:
    """Who is to be purged, in normal form."""
    handles = {normal_handle(handle) for handle in (given or "").split(",")}
    if config.study.opt_out:
        path = Path(config.study.opt_out)
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"study.opt_out: {path}: {error}") from None
        # One handle a line, of any source; profile links, too.
        bare = (re.sub(r"^.*instagram\.com/|[/?].*$", "", line.split(" #")[0].strip()) for line in lines)
        handles |= {normal_handle(line) for line in bare if not line.startswith("#")}
    return handles - {""}


def identify(person: Person, config: Config) -> None:
    """Learn a person's ids and names from the answers that are kept, and from people's own files."""
    known = [
        (normal_handle(str(entry["username"])), _id(entry), entry.get("full_name"))
        for path in sorted((RAW / "hikerapi").glob("*/*.jsonl"))
        for line in read_lines(path)
        for entry in objects(line.get("answer"))
        if entry.get("username")
    ]
    for handle, identity, name in known:
        if handle in person.handles:
            person.learn(handle, identity, name)
    for handle, identity, name in known:  # under other handles, in other snapshots
        if identity in person.ids:
            person.learn(handle, None, name)
    if config.source.kind == "hikerapi":
        return
    source: Source = open_source(getattr(config.source, config.source.kind), None, tombstones=_Nobody())
    try:
        members = source.members()
    except UserError as error:  # a source that is not there any more cannot name anybody
        log.warning("%s", error)
        return
    for creator in source.collect([handle for handle in members if handle in person.handles], SelectSection()):
        person.learn(creator.handle, creator.creator_id, creator.facts.get("full_name"))


class _Nobody(Tombstones):
    """No tombstones: who was purged half-way is still to be found."""

    def __init__(self) -> None:
        self.hashes = set()


def _id(entry: dict[str, Any]) -> str | None:
    value = entry.get("pk") or entry.get("id")
    return None if value is None else str(value)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a value."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(item)


def purge_store(root: Path, person: Person, pattern: re.Pattern[str]) -> None:
    """Entries of the person, unless others have the same content, and entries of others that name them."""
    reels: set[str] = set()
    for index in sorted((root / "index").glob("*/*.jsonl")):
        lines = read_lines(index)
        own = [line for line in lines if line.get("creator_id") in person.handles | person.ids]
        reels |= {line["reel_id"] for line in own}
        kept = [line for line in lines if line not in own and line.get("reel_id") not in reels]
        others = {line["key"] for line in kept}
        for line in own:
            if line["key"] not in others:
                remove(root / index.parent.name / line["key"][:2] / line["key"])
        if len(kept) != len(lines):
            write_lines(index, kept)
    for path in sorted(root.glob("*/*/*/*")):
        if path.suffix in (".json", ".txt") and path.parent.exists() and has(path, person, pattern):
            remove(path.parent)
    for index in sorted((root / "index").glob("*/*.jsonl")):
        gone = [line for line in read_lines(index) if line.get("reel_id") in reels]
        if gone:
            write_lines(index, [line for line in read_lines(index) if line not in gone])


def purge_files(config: Config, person: Person, pattern: re.Pattern[str]) -> None:
    """Answers that were paid for, and people's own files inside the study's folder."""
    purge_folder(RAW, person, pattern)
    for place in inside(config):
        if place.is_file() and is_database(place):
            purge_database(place, person, pattern)
        elif place.is_file():
            rewrite(place, person, pattern)
        else:
            purge_folder(place, person, pattern)


def purge_folder(folder: Path, person: Person, pattern: re.Pattern[str]) -> None:
    """Whatever is named after the person goes; what else names them is rewritten."""
    for path in sorted(folder.rglob("*")):
        if not path.exists():  # gone with its folder, or with the item it belongs to
            continue
        if person.has_name(path.name):
            remove(path)
        elif path.name.endswith((".json", ".json.xz")):
            purge_item(path, person, pattern)
        elif path.is_file():
            rewrite(path, person, pattern)


def purge_item(path: Path, person: Person, pattern: re.Pattern[str]) -> None:
    """A file of one item, as instaloader and yt-dlp leave it: the person's goes with all that lies beside it."""
    packed = path.suffix == ".xz"
    try:
        raw = path.read_bytes()
        value = json.loads(lzma.decompress(raw) if packed else raw)
    except (ValueError, lzma.LZMAError):
        return
    if person.owns(value):
        stem = path.name.removesuffix(".xz").removesuffix(".json").removesuffix(".info")
        for beside in sorted(path.parent.iterdir()):
            if beside.is_file() and (beside.name.startswith((f"{stem}.", f"{stem}_"))):
                remove(beside)
    elif mentions(value, person, pattern):
        cleaned = json.dumps(person.scrub(value, pattern), ensure_ascii=False).encode("utf-8", "surrogatepass")
        write_bytes(path, lzma.compress(cleaned) if packed else cleaned)


def own_places(config: Config) -> list[Path]:
    """People's own files and folders that the configuration names."""
    source = config.source
    by_kind: dict[str, list[str | None]] = {
        "files": [source.files.videos, source.files.creators, source.files.reels, source.files.follows],
        "hikerapi": [config.hikerapi.creators],
        "inst2txt": [source.inst2txt.database, source.inst2txt.videos],
        "exports": [source.exports.folder, source.exports.creators, source.exports.follows],
    }
    return [Path(place) for place in by_kind[source.kind] if place and Path(place).exists()]


def inside(config: Config) -> list[Path]:
    """Those of people's own places that lie in the study's folder."""
    return [place for place in own_places(config) if place.resolve().is_relative_to(Path.cwd().resolve())]


def outside(config: Config) -> list[Path]:
    """Those of people's own places that lie elsewhere."""
    return [place for place in own_places(config) if place not in inside(config)]


def files() -> Iterator[Path]:
    """Every file of the study's folder that may have people in it."""
    left = [Path()]
    while left:
        for path in sorted(left.pop().iterdir()):
            if path.is_dir() and not path.is_symlink():
                left += [path] if path.name not in NOT_SEARCHED else []
            elif path.is_file():
                yield path


def has(path: Path, person: Person, pattern: re.Pattern[str]) -> bool:
    """Whether a file has the person: in its path, or in its content."""
    named = any(person.has_name(part) for part in path.parts)
    return named or changed_content(path, person, pattern) is not None or any(map(pattern.search, texts(path)))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--configfile", type=Path, help="the study's configuration")
    options.add_argument("--handles", help="further handles, with commas between them")
    options.add_argument("--dry-run", action="store_true", help="show which files are concerned; change nothing")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
