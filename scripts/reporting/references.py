"""References of docs/references.bib, as a manuscript prints them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "docs" / "references.bib"
ACCENTS = {'"': "\N{COMBINING DIAERESIS}", "'": "\N{COMBINING ACUTE ACCENT}"}
# In a text: "[@holm1979]", or several: "[@a; @b]".
CITED = re.compile(r"\[(@\w+(?:; @\w+)*)\]")


@dataclass(frozen=True)
class Reference:
    """One entry.

    Attributes:
        key: by which texts cite it.
        fields: as the file has them, without TeX.
        source: the entry itself.
    """

    key: str
    fields: dict[str, str]
    source: str

    @property
    def authors(self) -> list[str]:
        """Family names; one who is written without a comma has this name alone."""
        return [author.partition(",")[0] for author in self.fields["author"].split(" and ")]

    @property
    def short(self) -> str:
        """As in "Newman 2003", "Hubert & Arabie 1985", "Song et al. 2020"."""
        authors = self.authors
        who = f"{authors[0]} et al." if len(authors) > 2 or "others" in authors else " & ".join(authors)
        return f"{who} {self.fields['year']}"

    def __str__(self) -> str:
        fields = self.fields
        authors = [name for name in fields["author"].split(" and ") if name != "others"]
        who = "; ".join(authors) + (" et al." if "others" in fields["author"].split(" and ") else "")
        parts = [f"{who} ({fields['year']}). {fields['title']}."]
        place = fields.get("journal") or fields.get("booktitle")
        if place:
            volume = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
            parts.append(", ".join(filter(None, [place, volume, fields.get("pages", "").replace("--", "–")])) + ".")
        if "doi" in fields:
            parts.append(f"doi:{fields['doi']}")
        elif "eprint" in fields:
            parts.append(f"arXiv:{fields['eprint']}")
        return " ".join(parts)


def read_references(path: Path = SOURCE) -> dict[str, Reference]:
    """The entries of a file by key. The file is written by hand: one field a line, all values in braces."""
    found = {}
    for entry in re.findall(r"^@\w+\{.*?^\}", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        key = re.match(r"@\w+\{(\w+),", entry)
        fields = re.findall(r"^ +(\w+) += \{(.*)\},?$", entry, re.MULTILINE)
        if key is None or not fields:
            raise ValueError(f"{path}: cannot be read: {entry.splitlines()[0]}")
        found[key[1]] = Reference(key[1], {name: without_tex(value) for name, value in fields}, entry)
    return found


def without_tex(text: str) -> str:
    r"""Text without braces, and with the letters that stand for TeX's own, as in M{\"o}lder and {\O}yvind."""
    text = text.replace(r"{\O}", "Ø")
    accented = re.sub(r"\{\\([\"'])(\w)\}", lambda found: found[2] + ACCENTS[found[1]], text)
    return unicodedata.normalize("NFC", accented.replace("{", "").replace("}", ""))


def with_citations(text: str, references: dict[str, Reference]) -> str:
    """A text in which citations (CITED) stand as authors and years in brackets."""

    def cite(found: re.Match[str]) -> str:
        return f"({'; '.join(references[key].short for key in keys_of(found[0]))})"

    return CITED.sub(cite, text)


def cited(texts: Iterable[str], references: dict[str, Reference]) -> list[Reference]:
    """What texts cite, each once, by the names of the authors."""
    keys = {key for text in texts for group in CITED.findall(text) for key in keys_of(group)}
    return sorted((references[key] for key in keys), key=lambda one: (one.short.casefold(), one.key))


def keys_of(group: str) -> list[str]:
    """The keys of one pair of brackets."""
    return re.findall(r"@(\w+)", group)
