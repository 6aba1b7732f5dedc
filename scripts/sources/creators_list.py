"""Lists of Instagram creators as people have them: names, @names or profile links, alone or in a table.

What is collected costs money and concerns people, so nothing is guessed: a line gives the creator it plainly names or
is rejected with a reason, and a table that can be read in two ways is refused until a header says what is meant.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from common.handles import INVISIBLE, MARKS, profile_of
from common.program import UserError

# Header words of the column that names the creator (lower case, singular, "_" between words), the surest first.
COLUMNS = (
    *("handle", "instagram_handle", "ig_handle", "username", "user_name", "instagram_username", "ig_username"),
    *("owner_username", "ownerusername", "instagram", "instagram_account", "instagram_name", "ig", "insta"),
    *("instagram_profile", "instagram_url", "instagram_link", "ig_url", "ig_link"),
    *("profile_url", "profile_link", "profile", "url", "link"),
    *("account", "account_name", "creator", "creator_name", "influencer", "user", "author", "name"),
)
HOSTS = ("instagram.com", "www.instagram.com", "m.instagram.com", "instagr.am", "www.instagr.am")

# White space, and characters nobody sees: soft hyphens, zero-width spaces, marks of writing direction, BOMs.
BLANK = r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
EDGES = re.compile(rf"^{BLANK}+|{BLANK}+$")
COMMENT = re.compile(rf"(?:^|{BLANK})#.*", re.DOTALL)
# Blank lines, comments, and the line by which Excel tells itself the delimiter.
NO_CONTENT = re.compile(rf"{BLANK}*(?:#.*|sep=.)?")
LINK = re.compile(r"(?:(?:https?:)?//)?(?P<host>[^/?#]+)(?P<path>[^?#]*)", re.IGNORECASE)
NUMBER = re.compile(r"[0-9.,]+[km]?", re.IGNORECASE)
LINES_IN_ERROR = 20
LONGEST_SHOWN = 100


@dataclass(frozen=True)
class Listed:
    """A creator as the list names it.

    Attributes:
        handle: in its normal form, lower case.
        line: number in the file, from 1.
        written: the name or link as it stands there.
        height: how many lines the entry takes; a quoted cell may go on in the next one.
    """

    handle: str
    line: int
    written: str
    height: int = 1


@dataclass(frozen=True)
class Rejected:
    """A line that names no creator.

    Attributes:
        line: number in the file, from 1.
        text: the whole line.
        reason: what is wrong with it.
    """

    line: int
    text: str
    reason: str


@dataclass
class CreatorsList:
    """What a list holds; every line that is neither blank nor a comment nor the header is in one of the three.

    Attributes:
        creators: where each was named first, in the order of the file.
        rejected: lines that name no creator.
        repeated: creators named again.
    """

    creators: list[Listed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    repeated: list[Listed] = field(default_factory=list)

    @property
    def entries(self) -> dict[range, str]:
        """The handle of each entry, by the numbers of its lines."""
        return {range(one.line, one.line + one.height): one.handle for one in (*self.creators, *self.repeated)}


@dataclass(frozen=True)
class _Row:
    """The cells of one row, cleaned, the line it begins in, and how many it takes."""

    line: int
    text: str
    cells: list[str]
    height: int


@dataclass(frozen=True)
class _Table:
    """The rows below the header, and the column that names the creators; a plain list has a width of 1."""

    rows: list[_Row]
    width: int
    column: int
    headed: bool


def read_list(path: Path) -> CreatorsList:
    """Read a list of creators: one handle or profile link a line, or a CSV file with a column of them.

    Args:
        path: UTF-8 text, or UTF-16 as spreadsheets save it.

    Raises:
        UserError: the file cannot be read, is a table that can be read in two ways, or names no creator at all.
    """
    table = _read_table(_read_lines(path), path)
    found, seen = CreatorsList(), set[str]()
    for row in table.rows:
        try:
            handle = _creator_of(row, table)
        except ValueError as error:
            found.rejected.append(Rejected(row.line, _trim(row.text), str(error)))
            continue
        listed = found.repeated if handle in seen else found.creators
        listed.append(Listed(handle, row.line, row.cells[table.column], row.height))
        seen.add(handle)
    if not found.creators:
        lines = [_describe(rejected) for rejected in found.rejected[:LINES_IN_ERROR]]
        if len(found.rejected) > LINES_IN_ERROR:
            lines.append(f"... and {len(found.rejected) - LINES_IN_ERROR} lines more")
        raise UserError("\n  ".join([f"{path}: no creator in it; write one handle or profile link a line", *lines]))
    return found


def report(found: CreatorsList, path: Path) -> str:
    """What was found in a list, for people: numbers, repeated and rejected lines, then the handles, one a line."""
    first = {creator.handle: creator.line for creator in found.creators}
    return "\n".join(
        [
            f"{path}: creators that would be used: {len(found.creators)}; "
            f"repeated lines: {len(found.repeated)}; rejected lines: {len(found.rejected)}",
            *(
                f"line {again.line}: {again.written!r}: {again.handle} is already in line {first[again.handle]}"
                for again in found.repeated
            ),
            *(_describe(rejected) for rejected in found.rejected),
            "",
            *first,
        ]
    )


def _describe(rejected: Rejected) -> str:
    text = rejected.text if len(rejected.text) <= LONGEST_SHOWN else rejected.text[:LONGEST_SHOWN] + "..."
    return f"line {rejected.line}: {text!r}: {rejected.reason}"


def _read_lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    remedy = "not UTF-8 text; save the list as UTF-8 (spreadsheets call it CSV UTF-8)"
    try:
        text = content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(error.encoding, "replace")
        raise UserError(f"{path}, line {len(_split_lines(before))}: {remedy}") from None
    if "\0" in text:  # UTF-16 without byte order mark, or no text at all
        raise UserError(f"{path}: {remedy}")
    return _split_lines(text)


def _split_lines(text: str) -> list[str]:
    """Lines as editors count them, which is not how str.splitlines does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _read_table(lines: list[str], path: Path) -> _Table:
    content = [line for line in lines if not NO_CONTENT.fullmatch(line)]
    if not content:
        return _Table([], 1, 0, headed=False)
    delimiter = max(",;\t", key=content[0].count)
    names = [_column_name(cell) for cell in _split_cells(content[0], delimiter)]
    column = next((names.index(name) for name in COLUMNS if name in names), None)
    if column is not None:
        rows = list(_rows(lines, delimiter, len(names), path))
        if len(names) == 1 or _is_header(rows, column):
            return _Table(rows[1:], len(names), column, headed=True)
    delimiter, width = _layout(content)
    rows = list(_rows(lines, delimiter, width, path))
    column = _creators_column(rows, width, path) if rows and width > 1 else 0
    return _Table(rows, width, column, headed=False)


def _column_name(cell: str) -> str:
    return re.sub(r"[\s_-]+", "_", _clean(cell).lower()).removesuffix("s")


def _is_header(rows: list[_Row], column: int) -> bool:
    """Whether the first row is a header, given that it has a header word in this column.

    A first creator may have the word as a value, too: of a column "platform", which says "instagram" all the way.
    """
    header, *others = rows
    values = set(map(_column_name, _column(others, column)))
    return _column_name(header.cells[column]) not in values and not any(map(_explicit, header.cells))


def _layout(content: list[str]) -> tuple[str, int]:
    """Delimiter and number of columns of a list without header; a single line is no table."""
    if len(content) == 1:
        return ",", 1
    lines = [COMMENT.sub("", line) for line in content]
    # In this order: commas also stand in texts and decimal numbers.
    widths = {delimiter: _usual(len(_split_cells(line, delimiter)) for line in lines) for delimiter in "\t;,"}
    best = max(widths, key=widths.__getitem__)
    delimiter = best if widths[best] > 1 else ","
    return delimiter, _usual(len(_without_empty_end(_split_cells(line, delimiter))) for line in lines)


def _usual(widths: Iterable[int]) -> int:
    """What most rows have that are not empty; in doubt the least, so that cells are rejected rather than ignored."""
    counts = Counter(width for width in widths if width)
    return max(counts, key=lambda width: (counts[width], -width), default=1)


def _rows(lines: list[str], delimiter: str, width: int, path: Path) -> Iterator[_Row]:
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        if NO_CONTENT.fullmatch(line):
            continue
        height = 1
        if width == 1:
            cells = _split_cells(line, delimiter)
        else:  # quoted cells may go on in the next line
            text = itertools.chain([f"{line}\n"], (f"{following}\n" for _, following in numbered))
            try:
                reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
                cells, height = next(reader), reader.line_num
            except csv.Error as error:
                # Where quotation marks do not match, nobody knows which of the lines below are lines of the table.
                remedy = 'a cell that begins with " must end with it and have "" inside for each "'
                raise UserError(f"{path}, line {number}: {error}; {remedy}") from None
        cells = _without_comment(cells, width)
        if cells:
            yield _Row(number, line, cells, height)


def _split_cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line by itself."""
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:  # longer than the csv module takes: no name
        return [line]


def _without_comment(cells: list[str], width: int) -> list[str]:
    """The cells cleaned, without empty ones at the end and, where they are too many, without those of a comment."""
    cells = _without_empty_end(cells)
    if len(cells) > width:
        commented = next((index for index, cell in enumerate(cells) if COMMENT.search(cell)), len(cells))
        cells = cells[: commented + 1]
    return _without_empty_end([_clean(cell) for cell in cells])


def _without_empty_end(cells: list[str]) -> list[str]:
    used = max((number for number, cell in enumerate(cells, 1) if _trim(cell)), default=0)
    return cells[:used]


def _clean(cell: str) -> str:
    return _trim(COMMENT.sub("", cell))


def _trim(text: str) -> str:
    return EDGES.sub("", text)


def _creators_column(rows: list[_Row], width: int, path: Path) -> int:
    """The column that names the creators in a table without header.

    It is the one that has @names or links to profiles, else the first that does not consist of numbers.

    Raises:
        UserError: the first line seems to be a header after all, or every cell could be a creator.
    """
    first, *others = rows
    for index, cell in enumerate(first.cells[:width]):
        below = _column(others, index)
        if cell and below and not NUMBER.fullmatch(cell) and all(map(NUMBER.fullmatch, below)):
            raise UserError(
                f"{path}, line {first.line}: a header, it seems, but no column is known to name the creators; "
                f"call it handle (found: {', '.join(first.cells)})"
            )
    columns = [_column(rows, index) for index in range(width)]
    for index, cells in enumerate(columns):
        if sum(_explicit(cell) is not None for cell in cells) > len(rows) / 2:
            return index
    words = [cell.lower() for cells in columns for cell in cells]
    if len(words) > len(rows) and len(set(words)) == len(words) and all(map(_could_be_creator, words)):
        raise UserError(
            f"{path}: every cell could be a creator; write one a line, or a header above the columns (handle, ...)"
        )
    return next((index for index, cells in enumerate(columns) if not all(map(NUMBER.fullmatch, cells))), 0)


def _column(rows: list[_Row], index: int) -> list[str]:
    """The cells of a column that are not empty."""
    return [row.cells[index] for row in rows if index < len(row.cells) and row.cells[index]]


def _could_be_creator(cell: str) -> bool:
    try:
        return bool(_handle(cell)) and not NUMBER.fullmatch(cell)
    except ValueError:
        return False


def _creator_of(row: _Row, table: _Table) -> str:
    """The handle in a row; ValueError says why there is none."""
    if len(row.cells) > table.width:
        raise ValueError(f"{len(row.cells)} cells, but the list has {table.width} a line")
    if table.column >= len(row.cells) or not row.cells[table.column]:
        raise ValueError(f"nothing in column {table.column + 1}, which names the creators")
    try:
        handle = _handle(row.cells[table.column])
    except ValueError as error:
        raise ValueError(f"column {table.column + 1}: {error}" if table.width > 1 else str(error)) from None
    if not table.headed and {_explicit(cell) for cell in row.cells} - {None, handle}:
        raise ValueError("more than one creator; write one a line")
    return handle


def _explicit(cell: str) -> str | None:
    """The handle in a cell that can only be an @name or a link to a profile."""
    if not cell.startswith("@") and "/" not in cell:
        return None
    try:
        return _handle(cell)
    except ValueError:
        return None


def _handle(text: str) -> str:
    """The handle that a name or link stands for, in its normal form; ValueError says why there is none."""
    if re.search(r"\s", text):
        raise ValueError("more than one word")
    if max(text.count("://"), text.lower().count("instagram.com/")) > 1:
        raise ValueError("more than one link")
    name = unicodedata.normalize("NFKC", MARKS.sub("", INVISIBLE.sub("", unquote(text)).strip()))
    link = LINK.match(name)
    host = link["host"].lower() if link else ""
    if link and host in HOSTS:
        name = profile_of("instagram.com", link["path"])
    elif host.startswith("www.") or ("/" in name and "." in host):
        raise ValueError(f"a link to {host}, not to Instagram")
    return _checked(_trim(_trim(name).lstrip("@")))


def _checked(name: str) -> str:
    odd = re.search(r"[^A-Za-z0-9._]", name)
    if odd:
        raise ValueError(f"no handle can have {odd[0]!r}, only letters from a to z, digits, _ and .")
    if not 1 <= len(name) <= 30:
        raise ValueError(f"{len(name)} characters; a handle has 1 to 30")
    if name.startswith(".") or name.endswith(".") or ".." in name:
        raise ValueError("no handle begins or ends with a period or has two in a row")
    return name.lower()
