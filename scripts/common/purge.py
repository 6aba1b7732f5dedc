"""People who asked not to be held: what they are known by, where they are named, and tables without them."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import sqlite3
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from common.program import UserError
from common.store import write_bytes
from opting_out.scrub import CURSORS, GONE, ID_KEY, SHORTEST, Account
from opting_out.tombstones import Tombstones
from sources.source import normal_handle


@dataclass
class People:
    """The people to be purged.

    Attributes:
        handles: in their normal form, former ones included.
        ids: of the services.
        names: full names, as written.
        identified: those of the handles whose account's id is known; another account may have had them, too.
    """

    handles: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    identified: set[str] = field(default_factory=set)

    def learn(self, known: Collection[Account], tombstones: Tombstones) -> None:
        """Add their ids, former handles and names; also whoever was purged before and came back.

        Args:
            known: everybody whom the study's files describe.
            tombstones: of the study.

        Raises:
            UserError: a handle is or was that of several accounts, and it is not said which.
        """
        owners: dict[str, set[str]] = defaultdict(set)
        for account in known:
            if account.identity:
                owners[account.handle].add(account.identity)
        for handle in sorted(self.handles):
            several = owners[handle]
            if len(several) > 1 and not several & self.ids:
                raise UserError(
                    f"{handle} is or was the handle of {len(several)} accounts: say which one is meant, with --ids and "
                    f"one of {', '.join(sorted(several))}"
                )
            self.ids |= several if len(several) == 1 else set()
        back = [account for account in known if tombstones.has(account.handle, account.identity)]
        self.ids |= {one.identity for one in back if one.identity and tombstones.has_id(one.identity)}
        self.handles |= {account.handle for account in back} - {GONE}
        # A former handle that somebody else has had, too, tells nobody.
        self.handles |= {one.handle for one in known if one.identity in self.ids and len(owners[one.handle]) == 1}
        self.identified |= {handle for handle in self.handles if owners[handle] & self.ids}
        self.names |= {account.name for account in known if account.name and self.has(account.handle, account.identity)}

    def has_handle(self, value: Any) -> bool:
        """Whether a value is a handle of theirs, in any spelling."""
        return isinstance(value, str) and normal_handle(value) in self.handles

    def has_id(self, value: Any) -> bool:
        """Whether a value is an id of theirs."""
        return type(value) in (int, str) and str(value) in self.ids

    def has(self, handle: str, identity: str | None) -> bool:
        """Whether an account is theirs; the id decides where both are known."""
        normal = normal_handle(handle)
        if identity in self.ids:
            return True
        return normal in self.handles and (identity is None or normal not in self.identified)

    def write(self, path: Path) -> None:
        """Keep them in a file that only its owner can read, as long as a purge is under way."""
        path.touch(0o600)
        write_bytes(path, json.dumps({name: sorted(values) for name, values in asdict(self).items()}).encode())

    @classmethod
    def read(cls, path: Path) -> People:
        """Those whose purge was begun and has not ended."""
        content = json.loads(path.read_bytes() or b"{}") if path.exists() else {}
        return cls(**{name: set(values) for name, values in content.items()})


# --- where they are named -----------------------------------------------------------------------------------------

# Whole words of which handles may be a part of a longer one are not whole: `ada` is not in `ada.b` nor in `x.ada`.
BEFORE, AFTER = r"(?<!\w)(?<!\w\.)", r"(?!\w)(?!\.\w)"
NEVER = "(?!)"


def any_of(texts: Iterable[str]) -> str:
    """A pattern of texts, the longest first, whatever white space they have."""
    longest_first = sorted({unicodedata.normalize("NFC", text) for text in texts}, key=lambda text: (-len(text), text))
    return "|".join(re.escape(text).replace(r"\ ", r"\s+") for text in longest_first) or NEVER


class Search:
    """Finds people in texts, where they cannot be mistaken for something else.

    Args:
        handles: found as @handle and in links to profiles.
        terms: handles and names that are also found by themselves, as whole words.
        ids: found as whole numbers.
        parts: handles and names that are found inside of words, too.
        others: handles of other people that have one of the above in them.
    """

    CHUNK, OVERLAP, MARGIN = 1 << 23, 1 << 12, 64

    def __init__(
        self,
        handles: Collection[str],
        terms: Collection[str],
        ids: Collection[str],
        parts: Collection[str],
        others: Collection[str] = (),
    ) -> None:
        self.pattern = re.compile(
            rf"(?P<other>{BEFORE}(?:{any_of(others)}){AFTER})"
            rf"|(?:@|%40|(?P<link>instagram\.com/(?:_u/|stories/)?))(?:{any_of(handles)}){AFTER}"
            rf"|{BEFORE}(?:{any_of(terms)}){AFTER}"
            # Also in `<reel>_<account>`; not in decimal fractions and hashes.
            rf"|(?<![^\W_])(?<!\d\.)(?:{any_of(ids)})(?![^\W_])(?!\.\d)"
            rf"|{any_of(parts)}",
            re.IGNORECASE,
        )
        # What a piece of a file must have for the pattern to be worth trying, and the length of the whole text.
        self.needles = {(_needle(text), len(text)) for text in (*handles, *terms, *ids, *parts)}

    def hits(self, text: str) -> Iterator[re.Match[str]]:
        """The places in a text (NFC) that name them."""
        return (match for match in self.pattern.finditer(text) if match.lastgroup != "other")

    def found(self, text: str) -> bool:
        """Whether a text names them."""
        return any(True for _ in self.hits(unicodedata.normalize("NFC", text)))

    def blank(self, text: str) -> str:
        """The text without them; it is the same where it does not name them."""
        if not self.found(text):
            return text
        return self.pattern.sub(_replacement, unicodedata.normalize("NFC", text))

    def in_name(self, name: str) -> bool:
        """Whether the name of a file or folder names them, be it with suffixes behind."""
        bare = re.sub(r"(?:\.info)?\.\w{1,7}(?:\.(?:xz|gz|bz2|zip))?$", "", name)
        return self.found(name) or self.found(bare)

    def in_file(self, path: Path) -> bool:
        """Whether a file's content names them, also where it is packed; raises OSError."""
        with path.open("rb") as file:
            if self.in_stream(file):
                return path.suffix not in (".json", ".jsonl", ".ndjson") or self._in_values(path.read_bytes())
        try:
            return any(map(self.in_stream, unpacked(path)))
        except (EOFError, ValueError, RuntimeError, sqlite3.Error, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
            return False  # not what it begins like; it was searched as it is

    def in_stream(self, stream: IO[bytes]) -> bool:
        """Whether bytes name them: text in UTF-8 or UTF-16, escaped or not, or too long for chance."""
        chunk, first = stream.read(self.CHUNK), True
        utf16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(chunk[:2])
        while chunk:
            following = stream.read(self.CHUNK)
            binary = b"\0" in chunk and not utf16
            if utf16 or self._worth_trying(chunk, binary):
                text = chunk.decode(utf16 or "utf-8", "replace")
                for form in (text, unescaped(text)) if "\\" in text and not binary else (text,):
                    normal = unicodedata.normalize("NFC", form)
                    # What lies across the edge of a chunk is judged in the other one.
                    start, end = 0 if first else self.MARGIN, len(normal) - (self.MARGIN if following else 0)
                    hits = (hit for hit in self.hits(normal) if not binary or len(hit[0]) >= SHORTEST)
                    if any(start <= hit.start() and hit.end() <= end for hit in hits):
                        return True
            chunk, first = chunk[-self.OVERLAP :] + following if following else b"", False
        return False

    def _in_values(self, content: bytes) -> bool:
        """Whether JSON, or JSON lines, name them in what they say; a key (`username`) may be somebody's handle."""
        try:
            values = [json.loads(content)]
        except ValueError:
            try:
                values = [json.loads(line) for line in content.splitlines() if line.strip()]
            except ValueError:
                return True
        return any(map(self.found, _texts(values)))

    def _worth_trying(self, chunk: bytes, binary: bool) -> bool:
        lower = chunk.lower()
        return any(needle in lower for needle, length in self.needles if not binary or length >= SHORTEST)


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """What a JSON value says: its texts, numbers that are ids, and keys that are no words of a format."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not re.fullmatch(r"[A-Za-z_]+\d?", name):
                yield name
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)
    elif value is not None and key not in CURSORS and (isinstance(value, str) or ID_KEY.search(key)):
        yield str(value)


def _needle(text: str) -> bytes:
    """The longest word of a text; nothing, which is in everything, where it may be written in several ways."""
    return max(text.lower().split(), key=len).encode() if text.isascii() else b""


def _replacement(match: re.Match[str]) -> str:
    return match[0] if match.lastgroup == "other" else (match["link"] or "") + GONE


def searches(people: People, known: Collection[Account], words: str) -> tuple[Search, Search]:
    """A search that finds nothing but them, and one that finds whatever could be them.

    Handles and names are words, too: `nature`, `Maria Garcia`. What somebody else is called, or what the program's own
    files have, is found by the second search only.

    Args:
        people: whom to find.
        known: everybody whom the study's files describe.
        words: the program's own.
    """
    strangers = [account for account in known if not people.has(account.handle, account.identity)]
    theirs = "\n".join({account.name for account in strangers if account.name})

    def is_taken(term: str) -> bool:
        word = f"{BEFORE}(?:{any_of([term])}){AFTER}"
        # "Ada Lovelace Prints" may well be hers; of somebody called "Ada Lovelace" there may be two.
        name = rf"^\s*{any_of([term])}\s*$" if " " in term else word
        return bool(re.search(word, words, re.IGNORECASE) or re.search(name, theirs, re.IGNORECASE | re.MULTILINE))

    names = {text for name in people.names for text in (name.strip(), _plain(name)) if len(text) >= 2}
    own = {term for term in people.handles if _is_made_up(term) and len(term) >= 3 and not is_taken(term)}
    own |= {term for term in names if (len(term) >= SHORTEST or " " in term) and not is_taken(term)}
    # Where words have no spaces between them, a name is found inside of what looks like one.
    joined = {name for name in names if _without_spaces(name) and not is_taken(name)}
    ids = {identity for identity in people.ids if len(identity) >= SHORTEST}
    anywhere = {term for term in own | joined if len(term) >= SHORTEST or term in joined}
    everything = {*names, *(handle for handle in people.handles if len(handle) >= 3)}
    # No handle of Instagram's has another one in it as a whole word; those of other places may: `ada 2`.
    free = {account.handle for account in strangers if not re.fullmatch(r"[a-z0-9._]*", account.handle)}
    whole_words = Search(people.handles, everything, ids, ())
    others = [handle for handle in free if whole_words.found(handle)]
    longer = [account.handle for account in strangers if any(part in account.handle for part in anywhere)]
    return (
        Search(people.handles, own, ids, joined, others),
        Search(people.handles, everything, ids, anywhere, [*others, *longer]),
    )


def _without_spaces(name: str) -> bool:
    """Whether a name is written in a script that puts no spaces between words, or endings right behind them."""
    scripts = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    return len(name) >= 2 and all(unicodedata.name(letter, "").startswith(scripts) for letter in name.replace(" ", ""))


def _is_made_up(handle: str) -> bool:
    """Whether a handle is no word and no number, however short: `a_1`."""
    return bool(re.search(r"[\d._\s]", handle) and re.search(r"[^\W\d_]", handle))


def _plain(name: str) -> str:
    """A name without emoji and the like."""
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s.'’-]", " ", name)).strip()


def unescaped(text: str) -> str:
    """A text with the escapes of JSON undone, so that `\\nada` does not look like `nada`."""

    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else {"n": "\n", "t": "\t", "r": "\r"}.get(match[0][1], match[0][1])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|.)", character, text)


def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """What a file holds that its bytes do not show: of archives, databases and tables."""
    with path.open("rb") as file:
        head = file.read(16)
    for magic, opened in PACKED.items():
        if head.startswith(magic):
            with opened(path) as stream:
                yield stream
    if head.startswith(b"PK\3\4"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                yield io.BytesIO(member.filename.encode("utf-8", "replace"))
                with archive.open(member) as stream:
                    yield stream
    elif head.startswith(b"PAR1"):
        table = pq.ParquetFile(path)
        columns = [column.name for column in table.schema_arrow if not _is_vector(column.type)]
        for batch in table.iter_batches(columns=columns):
            yield io.BytesIO(_as_json(batch.to_pylist()))
    elif head == b"SQLite format 3\0":
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for table in table_names(database):
                rows = database.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608 (its own name)
                while some := rows.fetchmany(1000):
                    yield io.BytesIO(_as_json(some))


PACKED: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}


def _is_vector(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_floating(kind.value_type))


def _as_json(rows: list[Any]) -> bytes:
    return json.dumps(rows, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass")


def table_names(database: sqlite3.Connection) -> list[str]:
    """The tables of a database, without SQLite's own."""
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [str(name) for (name,) in rows if not str(name).startswith("sqlite_")]


def quoted(name: str) -> str:
    """The name of a table or column, as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


# --- tables without them -------------------------------------------------------------------------------------------


def clean_table(content: bytes, columns: Collection[str], people: People, search: Search) -> bytes:
    """A CSV file without their rows; rows that do not name them stay byte for byte as they are.

    Where all that is known of whom an account follows is a row about them, its target becomes nobody: without any row
    the list would not be an empty one, but an unknown one.

    Args:
        content: of the file, UTF-8.
        columns: in which a handle says whom a row is about.
        people: whom to take out.
        search: finds them in texts.

    Raises:
        ValueError: the file is not one that the sources can read.
    """
    rows = _records(content.decode())
    names = [name.strip("\ufeff ").lower() for name in rows[0].cells] if rows else []
    about = {index for index, name in enumerate(names) if name in columns}
    texts = {index for index, name in enumerate(names) if name not in (*columns, *STRUCTURE)}
    source = names.index("source") if "source" in columns and "source" in names else None

    def follower(row: _Record) -> str | None:
        found = normal_handle(row.cell(source)) if source is not None else ""
        return None if not found or found in people.handles else found

    own = [any(people.has_handle(row.cell(index)) for index in about) for row in rows]
    followers = {follower(row) for row, is_own in zip(rows[1:], own[1:], strict=True) if not is_own}
    kept = [row.raw for row in rows[:1]]
    for row, is_own in zip(rows[1:], own[1:], strict=True):
        if not is_own:
            kept.append(row.changed(search.blank, texts))
        elif follower(row) and follower(row) not in followers:
            followers.add(follower(row))
            kept.append(row.changed(lambda _: GONE, about - {source}))
    return "".join(kept).encode()


# Columns in which a text that was changed would no longer lead to what it stands for.
STRUCTURE = ("file", "reel_id", "url")


@dataclass(frozen=True)
class _Record:
    """A record of a CSV file, with the blank lines before it."""

    raw: str
    cells: list[str]
    delimiter: str

    def cell(self, index: int) -> str:
        return self.cells[index] if index < len(self.cells) else ""

    def changed(self, change: Callable[[str], str], columns: Collection[int]) -> str:
        """The record with some of its cells changed; as it stands there where none is."""
        cells = [change(cell) if index in columns else cell for index, cell in enumerate(self.cells)]
        if cells == self.cells:
            return self.raw
        text = io.StringIO(newline="")
        line_end = self.raw[len(self.raw.rstrip("\r\n")) :]
        csv.writer(text, delimiter=self.delimiter, lineterminator=line_end).writerow(cells)
        return text.getvalue()


def _records(text: str) -> list[_Record]:
    """The records of a CSV file, the header first; raises ValueError where the sources could not read it either."""
    lines = list(io.StringIO(text, newline=""))
    header = next((line for line in lines if line.strip("\ufeff\r\n")), "")
    delimiter = max(",;\t", key=header.count)
    reader, start, records = csv.reader(iter(lines), delimiter=delimiter, strict=True), 0, []
    try:
        for cells in reader:
            if any(cell.strip("\ufeff ") for cell in cells):
                records.append(_Record("".join(lines[start : reader.line_num]), cells, delimiter))
                start = reader.line_num
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if records:  # blank lines at the end
        records[-1] = replace(records[-1], raw=records[-1].raw + "".join(lines[start:]))
    return records
