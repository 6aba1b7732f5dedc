"""Takes people out of what was paid for or computed: kept answers of HikerAPI, and the stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from common.files import as_line, read_lines
from common.store import ENTRY
from opting_out.people import People, identity_of
from purging.cleaner import Cleaner
from sources.registry import RAW

ANSWERS = RAW / "hikerapi"


def purge_answers(cleaner: Cleaner) -> None:
    """Delete the answers about the people, with their pictures; blank the people in answers about others."""
    for path in sorted(ANSWERS.glob("*/*")):
        if path.name.startswith("."):  # a killed process left it
            cleaner.remove(path)
        elif path.suffix == ".jsonl":
            content = b"" if _is_about(path, cleaner.people) else b"".join(_clean(path, cleaner))
            cleaner.rewrite(path, content) if content else cleaner.remove(path)
    for picture in sorted(ANSWERS.glob("*/avatars/*")):
        answers = picture.parent.with_name(f"{picture.stem}.jsonl")
        is_left_alone = picture.stem in cleaner.people.handles and not answers.exists()
        if answers in cleaner.removed or is_left_alone or picture.name.startswith("."):
            cleaner.remove(picture)


def _is_about(path: Path, people: People) -> bool:
    """Whether a file of answers is about one of the people: its profile decides, or without one its name."""
    users = [line["answer"].get("user") for line in read_lines(path) if isinstance(line.get("answer"), dict)]
    owners = {identity_of(user) for user in users if isinstance(user, dict)} - {None}
    return any(people.has(path.stem, owner) for owner in owners or {None})


def _clean(path: Path, cleaner: Cleaner) -> Iterator[bytes]:
    """Yield the answers of a file that are not about the people, without them."""
    scrubber = cleaner.scrubber()
    for raw in path.read_bytes().splitlines(keepends=True):
        with suppress(ValueError):  # torn by a crash; nothing reads it
            line = json.loads(raw)
            params = line.get("params") or {}  # by these an answer is found again: they stay as they are
            if not any(cleaner.people.has_id(params.get(name)) for name in ("id", "user_id")):
                cleaned = line | {part: scrubber.clean(line[part]) for part in ("answer", "text") if part in line}
                yield raw if cleaned == line else as_line(cleaned)


def purge_store(root: Path, cleaner: Cleaner) -> None:
    """Delete the people's results (unless shared) and all results that mention them; the next run makes the latter."""
    people = cleaner.people
    indexes = {path: read_lines(path) for path in sorted((root / "index").glob("*/*.jsonl"))}
    own, shared = set[tuple[str, str]](), set[tuple[str, str]]()
    for path, lines in indexes.items():
        for line in lines:
            (own if people.has_either(line.get("creator_id")) else shared).add((path.parent.name, line["key"]))
    gone = own - shared
    for folder in sorted(path for path in root.glob("*/??/*") if path.is_dir()):
        entry = (folder.parts[-3], folder.name)
        if entry in gone or _mentions(folder, cleaner):
            gone.add(entry)
            cleaner.remove(folder)
    for path, lines in indexes.items():
        kept = [
            as_line(line)
            for line in lines
            if (path.parent.name, line["key"]) not in gone and not people.has_either(line.get("creator_id"))
        ]
        if len(kept) < len(lines):
            cleaner.rewrite(path, b"".join(kept)) if kept else cleaner.remove(path)
    if root.resolve().is_relative_to(cleaner.places[0]):  # elsewhere, another study may be using it
        for left in (root / "tmp").glob("*"):
            cleaner.remove(left)


def _mentions(entry: Path, cleaner: Cleaner) -> bool:
    """Whether an entry of a store was made from a download of the people, or names them."""
    with suppress(OSError, ValueError, KeyError):  # an entry that lost its description is judged by its texts only
        made_from = json.loads((entry / ENTRY).read_bytes())["made_from"]
        if any(map(cleaner.people.has_either, made_from.get("download", [])[:1])):
            return True
    return any(cleaner.certain.in_file(path) for path in entry.iterdir() if path.suffix in (".json", ".txt"))
