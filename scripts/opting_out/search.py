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
from opting_out.people import Account, People
from opting_out.scrub import CURSORS, ID_KEY, SHORTEST
from opting_out.tombstones import GONE

# Word boundaries for handles: a dot continues a handle, so `ada` must not match in `ada.b` or `x.ada`.
BEFORE, AFTER = r"(?<!\w)(?<!\w\.)", r"(?!\w)(?!\.\w)"
NEVER = "(?!)"


def any_of(texts: Iterable[str]) -> str:
    """Return a pattern that matches any of the texts, the longest first, whatever white space is between words."""
    longest_first = sorted({unicodedata.normalize("NFC", text) for text in texts}, key=lambda text: (-len(text), text))
    return "|".join(re.escape(text).replace(r"\ ", r"\s+") for text in longest_first) or NEVER


class Search:
    """Finds people in texts, where these name nobody and nothing else.

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
        # Of each text its longest word, for a quick check whether the pattern is worth trying, and the text's length.
        # The empty word is in everything: a text with other letters than ASCII can be written in several ways.
        self.needles = {
            (max(text.lower().split(), key=len).encode() if text.isascii() else b"", len(text))
            for text in (*handles, *terms, *ids, *parts)
        }

    def hits(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the places in a text (NFC) that name the people."""
        return (match for match in self.pattern.finditer(text) if match.lastgroup != "other")

    def in_text(self, text: str) -> bool:
        """Whether a text names the people."""
        return any(True for _ in self.hits(unicodedata.normalize("NFC", text)))

    def blank(self, text: str) -> str:
        """Return a text without the people; it is the same where it does not name them."""

        def replacement(match: re.Match[str]) -> str:
            return match[0] if match.lastgroup == "other" else (match["link"] or "") + GONE

        while self.in_text(text):  # again, as what stood beside a removed name may be a word of its own now
            text = self.pattern.sub(replacement, unicodedata.normalize("NFC", text))
        return text

    def in_name(self, name: str) -> bool:
        """Whether the name of a file or folder names the people, with its suffixes or without."""
        bare = re.sub(r"(?:\.info)?\.\w{1,7}(?:\.(?:xz|gz|bz2|zip))?$", "", name)
        return self.in_text(name) or self.in_text(bare)

    def in_file(self, path: Path) -> bool:
        """Whether a file's content names the people, also where it is packed; raises OSError."""
        with path.open("rb") as file:
            if self.in_stream(file):
                return path.suffix not in (".json", ".jsonl", ".ndjson") or self._in_values(path.read_bytes())
        try:
            return any(map(self.in_stream, unpacked(path)))
        except (EOFError, ValueError, RuntimeError, sqlite3.Error, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
            return False  # not what it begins like; it was searched as it is

    def in_stream(self, stream: IO[bytes]) -> bool:
        """Whether bytes name the people: in UTF-8 or UTF-16, escaped or not; short texts in binary data are chance."""
        chunk, first = stream.read(self.CHUNK), True
        utf16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(chunk[:2])
        while chunk:
            following = stream.read(self.CHUNK)
            shortest = SHORTEST if b"\0" in chunk and not utf16 else 0
            lower = chunk.lower()
            if utf16 or any(needle in lower for needle, length in self.needles if length >= shortest):
                text = chunk.decode(utf16 or "utf-8", "replace")
                for form in (text, unescaped(text)) if "\\" in text and not shortest else (text,):
                    normal = unicodedata.normalize("NFC", form)
                    # What lies across the edge of a chunk is judged in the other one.
                    start, end = 0 if first else self.MARGIN, len(normal) - (self.MARGIN if following else 0)
                    hits = (hit for hit in self.hits(normal) if len(hit[0]) >= shortest)
                    if any(start <= hit.start() and hit.end() <= end for hit in hits):
                        return True
            chunk, first = chunk[-self.OVERLAP :] + following if following else b"", False
        return False

    def _in_values(self, content: bytes) -> bool:
        """Whether JSON, or JSON lines, name the people in values; a key (`username`) may be somebody's handle."""
        try:
            values = [json.loads(content)]
        except ValueError:
            try:
                values = [json.loads(line) for line in content.splitlines() if line.strip()]
            except ValueError:
                return True
        return any(map(self.in_text, _texts(values)))


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """Yield what a JSON value says: its texts, numbers that are ids, and keys that are no words of a format."""
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


def searches(people: People, known: Collection[Account], words: str) -> tuple[Search, Search]:
    """Return a search that finds nothing but the people, and one that finds whatever could be one of them.

    Handles and names are words, too: `nature`, `Maria Garcia`. What somebody else is called, or what the program's own
    files contain, is found by the second search only.

    Args:
        people: whom to find.
        known: every account that the study's files describe.
        words: the program's own.
    """
    others = [account for account in known if not people.has(account.handle, account.identity)]
    names_of_others = "\n".join({account.name for account in others if account.name})

    def is_taken(term: str) -> bool:
        word = f"{BEFORE}(?:{any_of([term])}){AFTER}"
        # "Ada Lovelace Prints" may well be Ada Lovelace's; of two people called "Ada Lovelace" either may be meant.
        name = rf"^\s*{any_of([term])}\s*$" if " " in term else word
        in_words = re.search(word, words, re.IGNORECASE)
        return bool(in_words or re.search(name, names_of_others, re.IGNORECASE | re.MULTILINE))

    bare = {re.sub(r"\s+", " ", re.sub(r"[^\w\s.'’-]", " ", name)).strip() for name in people.names}  # without emoji
    names = {name for name in {*map(str.strip, people.names), *bare} if len(name) >= 2}
    # A handle with a digit, dot or underscore among its letters is no word and no number, however short: `a_1`.
    made_up = {term for term in people.handles if re.search(r"[\d._\s]", term) and re.search(r"[^\W\d_]", term)}
    own = {term for term in made_up if len(term) >= 3 and not is_taken(term)}
    own |= {term for term in names if (len(term) >= SHORTEST or " " in term) and not is_taken(term)}
    # Where words have no spaces between them, a name is found inside of what looks like one.
    joined = {name for name in names if _is_without_spaces(name) and not is_taken(name)}
    ids = {identity for identity in people.ids if len(identity) >= SHORTEST}
    anywhere = {term for term in own | joined if len(term) >= SHORTEST or term in joined}
    everything = {*names, *(handle for handle in people.handles if len(handle) >= 3)}
    # No handle of Instagram's contains another one as a whole word; those of other places may: `ada 2`.
    free = {account.handle for account in others if not re.fullmatch(r"[a-z0-9._]*", account.handle)}
    whole_words = Search(people.handles, everything, ids, ())
    containing = [handle for handle in free if whole_words.in_text(handle)]
    longer = [account.handle for account in others if any(part in account.handle for part in anywhere)]
    return (
        Search(people.handles, own, ids, joined, containing),
        Search(people.handles, everything, ids, anywhere, [*containing, *longer]),
    )


def _is_without_spaces(name: str) -> bool:
    """Whether a name is written in a script that puts no spaces between words, or endings right behind them."""
    scripts = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    return len(name) >= 2 and all(unicodedata.name(letter, "").startswith(scripts) for letter in name.replace(" ", ""))
