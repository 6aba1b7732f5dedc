"""Removing a person from a study's files: who is meant, and how each kind of file loses every trace of them."""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from common.store import write_bytes
from sources.creators_list import read_list
from sources.source import normal_handle

GONE = "[opted out]"
# A person's entry inside another's answer becomes this, where leaving it out would change what the other's means.
NOBODY = {"pk": "0", "username": ""}
ID_KEYS = (
    "pk",
    "pk_id",
    "id",
    "insta_id",
    "user_pk",
    "user_id",
    "owner_id",
    "following_pk",
    "channel_id",
    "uploader_id",
)
NAME_KEYS = ("username", "handle", "uploader", "uploader_id", "channel", "following_username", "source", "target")
OWNER_KEYS = ("user", "owner", "author", "node", "data")
COLUMNS = (*ID_KEYS, *NAME_KEYS, "account", "creator", "instagram", "profile", "profile_url", "link", "user_name")
# Shorter full names, of one word, are words of the language as well.
SHORTEST_NAME = 6


@dataclass
class Person:
    """Everything a person is known by.

    Attributes:
        handles: that were asked for, in their normal form.
        ids: of the services.
        names: full names, as written.
        former: other handles that an account with one of the ids has or had. Texts are searched for them, but they do
            not tell whose an entry is: somebody else may have them now.
    """

    handles: set[str]
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)

    def learn(self, handle: Any, identity: Any, name: Any) -> None:
        """Add what else the person is known by."""
        if handle and normal_handle(str(handle)) not in {"", *self.handles}:
            self.former.add(normal_handle(str(handle)))
        if identity and str(identity) not in self.handles:
            self.ids.add(str(identity))
        if name and str(name).strip():
            self.names.add(str(name).strip())

    @property
    def searched_names(self) -> list[str]:
        """Full names that cannot be mistaken for a word."""
        return sorted(name for name in self.names if len(name) >= SHORTEST_NAME or " " in name)

    def pattern(self) -> re.Pattern[str]:
        """Finds the person in a text: whole handles, ids and names only, in any case."""
        longest_first = sorted(self.handles | self.former, key=len, reverse=True)
        found = [rf"(?<![\w.])(?:@|instagram\.com/)(?:{_any(longest_first)})(?!\w|\.\w)"]
        distinct = [handle for handle in longest_first if is_distinct(handle)]
        if distinct:
            found.append(rf"(?<![\w.])(?:{_any(distinct)})(?!\w|\.\w)")
        # Shorter numbers are all over the place; as ids they are found by the keys they stand under.
        ids = sorted(one for one in self.ids if len(one) >= SHORTEST_NAME)
        if ids:
            found.append(rf"(?:(?<!\w)|(?<=\d_))(?:{_any(ids)})(?!\d)")
        found += [rf"(?<!\w){re.escape(name)}(?!\w)" for name in self.searched_names]
        return re.compile("|".join(found), re.IGNORECASE)

    def is_named(self, value: Any) -> bool:
        """Whether a JSON object is about this person."""
        if not isinstance(value, dict):
            return False
        by_id = any(str(value.get(key)) in self.ids for key in ID_KEYS if value.get(key) is not None)
        return by_id or any(
            isinstance(value.get(key), str) and normal_handle(value[key]) in self.handles for key in NAME_KEYS
        )

    def owns(self, value: Any) -> bool:
        """Whether a JSON object is this person's, or an item of theirs."""
        return self.is_named(value) or (
            isinstance(value, dict) and any(self.owns(value.get(key)) for key in OWNER_KEYS)
        )

    def scrub(self, value: Any, pattern: re.Pattern[str]) -> Any:
        """A JSON value without the person."""
        if isinstance(value, list):
            return [self.scrub(item, pattern) for item in value if not self._is_item(item)]
        if isinstance(value, dict):
            return {
                pattern.sub(GONE, key): dict(NOBODY) if self.is_named(item) else self.scrub(item, pattern)
                for key, item in value.items()
            }
        if isinstance(value, str):
            return pattern.sub(GONE, value)
        if type(value) is int and str(value) in self.ids:
            return 0
        return value

    def _is_item(self, item: Any) -> bool:
        """An entry of a list that is the person, not one that was made together with others."""
        return self.is_named(item)

    def has_name(self, file: str) -> bool:
        """Whether a file or folder is named after the person: `<handle>`, `<handle>.jsonl`, `<id>.jpg`."""
        bare = file.removeprefix("avatar.").removeprefix(".")
        stems = {bare, *(bare[: match.start()] for match in re.finditer(r"\.", bare))}
        return any(normal_handle(stem) in self.handles | self.former or stem in self.ids for stem in stems if stem)


def is_distinct(handle: str) -> bool:
    """Whether a handle in a text is the person even without an @; `art` or `2024` is a word or a number."""
    return len(handle) >= SHORTEST_NAME or bool(re.search(r"[\d._]", handle) and re.search(r"[^\W\d]", handle))


def _any(texts: list[str]) -> str:
    return "|".join(re.escape(text) for text in texts)


def rewrite(path: Path, person: Person, pattern: re.Pattern[str]) -> bool:
    """Take the person out of a file; says whether anything changed. Files of unknown kinds stay as they are."""
    changed = changed_content(path, person, pattern)
    if changed is None:
        return False
    write_bytes(path, changed)
    return True


def changed_content(path: Path, person: Person, pattern: re.Pattern[str]) -> bytes | None:
    """A file's content without the person; None where they are not in it, or where its kind is not known."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        changed = json_lines(
            path.read_bytes(), person, pattern, people_own=suffix == ".ndjson" or "raw" not in path.parts
        )
    elif suffix in (".csv", ".tsv") or (suffix == ".txt" and is_list(path)):
        changed = table(path.read_bytes(), person, pattern)
    elif suffix in (".txt", ".md", ".yaml", ".yml"):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        changed = pattern.sub(GONE, text).encode("utf-8", "surrogateescape")
    else:
        return None
    return None if changed == path.read_bytes() else changed


def json_lines(content: bytes, person: Person, pattern: re.Pattern[str], people_own: bool) -> bytes:
    """JSON lines without the person; in people's own exports their items go, in answers only their entries."""
    kept = []
    for line in content.splitlines(keepends=True):
        text = line.decode("utf-8", "surrogateescape")
        try:
            value = json.loads(text)
        except ValueError:
            kept.append(pattern.sub(GONE, text).encode("utf-8", "surrogateescape"))
            continue
        if not mentions(value, person, pattern):
            kept.append(line)
        elif not (people_own and person.owns(value)):
            cleaned = json.dumps(person.scrub(value, pattern), ensure_ascii=False)
            kept.append(cleaned.encode("utf-8", "surrogatepass") + b"\n")
    return b"".join(kept)


def mentions(value: Any, person: Person, pattern: re.Pattern[str]) -> bool:
    """Whether a JSON value has the person anywhere in it."""
    if isinstance(value, dict):
        return person.is_named(value) or any(
            mentions(key, person, pattern) or mentions(item, person, pattern) for key, item in value.items()
        )
    if isinstance(value, list):
        return any(mentions(item, person, pattern) for item in value)
    return bool(pattern.search(value)) if isinstance(value, str) else type(value) is int and str(value) in person.ids


def is_list(path: Path) -> bool:
    """Whether a text file is a list of creators."""
    try:
        return len(read_list(path).creators) > 0
    except Exception:  # whatever it is, it is not a list
        return False


def table(content: bytes, person: Person, pattern: re.Pattern[str]) -> bytes:
    """A list or a CSV file without the rows in which a cell is the person; other mentions are blanked.

    Rows that do not mention the person stay byte for byte as they are.
    """
    text = content.decode("utf-8", "surrogateescape")
    kept: list[str] = []
    columns: list[int] | None = None
    for record in records(text):
        found = cells(record)
        if columns is None:  # of the header, where there is one; a number of plays is nobody's id
            columns = [number for number, cell in enumerate(found) if cell.strip().lower() in COLUMNS]
        if not any(_is_person(cell, person) for n, cell in enumerate(found) if n in columns or not columns):
            kept.append(pattern.sub(GONE, record))
    return "".join(kept).encode("utf-8", "surrogateescape")


def records(text: str) -> Iterator[str]:
    """The records of a CSV text as they stand there; a quoted cell may hold line ends."""
    record = ""
    for line in text.splitlines(keepends=True):
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""
    if record:
        yield record


def cells(record: str) -> list[str]:
    """The cells of a record, whatever separates them."""
    separator = max(",;\t", key=record.count)
    try:
        rows = list(csv.reader(io.StringIO(record.strip("\r\n\ufeff")), delimiter=separator))
    except csv.Error:
        return [record]
    return rows[0] if rows else []


def _is_person(cell: str, person: Person) -> bool:
    bare = re.sub(r"^.*instagram\.com/|[/?#].*$", "", cell.split(" #", maxsplit=1)[0].strip())
    return normal_handle(bare) in person.handles or cell.strip() in person.ids


def purge_database(path: Path, person: Person, pattern: re.Pattern[str]) -> None:
    """Take the person out of an SQLite database: their rows go, other mentions are blanked, free pages are wiped."""
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        database.execute("PRAGMA secure_delete = ON")
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{name}")')]
            for row in database.execute(f'SELECT rowid, * FROM "{name}"').fetchall():  # noqa: S608 (its own names)
                values = dict(zip(columns, row[1:], strict=True))
                if person.is_named(values):
                    database.execute(f'DELETE FROM "{name}" WHERE rowid = ?', (row[0],))  # noqa: S608
                    continue
                for column, value in values.items():
                    if isinstance(value, str) and pattern.search(value):
                        cleaned = pattern.sub(GONE, value)
                        database.execute(f'UPDATE "{name}" SET "{column}" = ? WHERE rowid = ?', (cleaned, row[0]))  # noqa: S608
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("VACUUM")


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def texts(path: Path) -> Iterable[str]:
    """What can be read in a file, also inside archives and tables."""
    try:
        if path.suffix == ".parquet":
            for batch in pq.ParquetFile(path).iter_batches():
                yield json.dumps(batch.to_pylist(), default=str, ensure_ascii=False)
        elif path.suffix == ".xz":
            yield lzma.decompress(path.read_bytes()).decode("utf-8", "replace")
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from archive.namelist()
        else:
            raw = path.read_bytes()
            yield raw.decode("utf-8", "replace")
            if b"\\u" in raw:  # JSON in ASCII
                yield (
                    raw.decode("utf-8", "replace")
                    .encode("ascii", "backslashreplace")
                    .decode("unicode_escape", "replace")
                )
    except (OSError, ValueError, lzma.LZMAError, zipfile.BadZipFile):
        yield path.read_bytes().decode("utf-8", "replace")


def remove(path: Path) -> None:
    """Delete a file or a folder, read-only or not."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
