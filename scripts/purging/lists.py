"""Takes people out of the lists and tables that researchers wrote."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from opting_out.csv_tables import clean_table
from purging.cleaner import Cleaner
from sources.creators_list import COMMENT
from sources.opt_out_list import read_text


def purge_table(name: str | None, columns: Collection[str], cleaner: Cleaner) -> None:
    """Take the people out of a CSV file, where the study has it; columns say whom a row is about."""
    if name and Path(name).is_file():
        with suppress(ValueError, csv.Error):  # no table; if it names them, the search at the end says so
            content = clean_table(Path(name).read_bytes(), columns, cleaner.people, cleaner.certain)
            cleaner.rewrite(Path(name), content)


def purge_list(path: Path, entries: Mapping[range, str], cleaner: Cleaner, kept: Collection[str] = ()) -> None:
    """Remove the people's entries from a list of handles, and blank the people in its other lines.

    Args:
        path: of the list.
        entries: the handle of each entry, by the numbers of its lines.
        cleaner: rewrites the list.
        kept: handles whose entries stay as they are.
    """

    def blank(line: str) -> str:
        """Blank certain matches anywhere in a line, possible ones only in its comment."""
        comment = COMMENT.search(line)
        start = comment.start() if comment else len(line)
        return cleaner.certain.blank(line[:start]) + cleaner.possible.blank(line[start:])

    lines, encoding = read_text(path)
    named = {number: handle for span, handle in entries.items() for number in span}
    gone = {number for number, handle in named.items() if handle in cleaner.people.handles and handle not in kept}
    mark = "\ufeff" if 1 in gone and lines[0].startswith("\ufeff") else ""
    left = (
        line if named.get(number) in kept else blank(line)
        for number, line in enumerate(lines, start=1)
        if number not in gone
    )  # fmt: skip
    cleaner.rewrite(path, (mark + "".join(left)).encode(encoding))
