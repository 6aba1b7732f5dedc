"""Finds people in texts and files."""

from __future__ import annotations

import json
import lzma
import re
import sqlite3
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from opting_out.contents import unescaped, unpacked
from opting_out.people import People
from opting_out.scrub import CURSORS, GONE, ID_KEY, SHORTEST, Account

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
        others: handles of other people that contain one of the above.
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
            rf"(?P<other>{re.escape(GONE)}|{BEFORE}(?:{any_of(others)}){AFTER})"
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
        while self.found(text):  # again, as what stood beside a removed name may be a word of its own now
            text = self.pattern.sub(_replacement, unicodedata.normalize("NFC", text))
        return text

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
