"""Takes people who asked not to be held out of CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection

from common.handles import normal_handle
from opting_out.people import People
from opting_out.search import Search
from opting_out.tombstones import GONE

# Columns in which a text that was changed would no longer lead to what it stands for.
STRUCTURE = ("file", "reel_id", "url")


def clean_table(content: bytes, columns: Collection[str], people: People, search: Search) -> bytes:
    """Return a CSV file without the people's rows; rows that do not name them stay byte for byte as they are.

    Where all rows of a follow list are about the people, the target of one becomes nobody: a list without any row
    would not be an empty one, but an unknown one.

    Args:
        content: of the file, UTF-8.
        columns: in which a handle says whom a row is about.
        people: whom to take out.
        search: finds the people in texts.

    Raises:
        ValueError: the file is no UTF-8 text.
        csv.Error: the file is not one that the sources can read.
    """
    rows, delimiter = _rows(content.decode())
    header = next((number for number, (_, cells) in enumerate(rows) if any(cell.strip("\ufeff ") for cell in cells)), 0)
    names = [name.strip("\ufeff ").lower() for name in rows[header][1]] if rows else []
    about = [index for index, name in enumerate(names) if name in columns]
    texts = [index for index, name in enumerate(names) if name not in (*columns, *STRUCTURE)]
    source = names.index("source") if "source" in columns and "source" in names else len(names)

    def handle(cells: list[str], index: int) -> str:
        return normal_handle(cells[index]) if index < min(len(cells), len(names)) else ""

    def changed(raw: str, cells: list[str], change: Callable[[str], str], where: Collection[int]) -> str:
        new = [change(cell) if index in where else cell for index, cell in enumerate(cells)]
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, lineterminator=raw[len(raw.rstrip("\r\n")) :]).writerow(new)
        return raw if new == cells else text.getvalue()

    kept = [raw for raw, _ in rows[: header + 1]]
    body = [
        (raw, cells, any(handle(cells, index) in people.handles for index in about))
        for raw, cells in rows[header + 1 :]
    ]
    with_list = {handle(cells, source) for _, cells, is_own in body if not is_own} | people.handles | {""}
    for raw, cells, is_own in body:
        if not is_own:
            kept.append(changed(raw, cells, search.blank, texts))
        elif (follower := handle(cells, source)) not in with_list:
            with_list.add(follower)
            kept.append(changed(raw, cells, lambda _: GONE, [index for index in about if index != source]))
    return "".join(kept).encode()


def _rows(text: str) -> tuple[list[tuple[str, list[str]]], str]:
    """Return the rows of a CSV file, blank ones included, each as it stands there and as cells; and the delimiter."""
    lines = list(io.StringIO(text, newline=""))
    header = next((line for line in lines if line.strip("\ufeff\r\n")), "")
    delimiter = max(",;\t", key=header.count)
    reader, rows, start = csv.reader(iter(lines), delimiter=delimiter, strict=True), [], 0
    for cells in reader:
        rows.append(("".join(lines[start : reader.line_num]), cells))
        start = reader.line_num
    return rows, delimiter
