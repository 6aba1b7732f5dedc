"""CSV files without people who asked not to be held."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from opting_out.people import People
from opting_out.scrub import GONE
from opting_out.search import Search
from sources.source import normal_handle


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
