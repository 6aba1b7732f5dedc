"""The list of people who asked not to be held (study.opt_out)."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from common.handles import normal_handle
from common.program import UserError
from sources.creators_list import COLUMNS, COMMENT, EDGES, read_list
from sources.readings import handle


def named_lines(path: Path, kind: str) -> dict[range, str]:
    """The handle of each entry of a list, by the numbers of its lines.

    Args:
        path: one handle a line, or for the source `hikerapi` whatever a list of creators may have.
        kind: of the study's source.

    Raises:
        UserError: the list cannot be read, or a line does not name anybody.
    """
    named: dict[range, str] = {}
    rejected: dict[int, str] = {}
    for number, line in enumerate(read_text(path)[0], start=1):
        bare = EDGES.sub("", COMMENT.sub("", line))
        if bare and (named or rejected or bare.lower() not in COLUMNS):  # the first one may be a header
            try:
                named[range(number, number + 1)] = normal_handle(handle(bare))
            except ValueError as error:
                rejected[number] = str(error)
    if kind == "hikerapi" and (named or rejected):
        found = read_list(path)
        named = found.entries
        rejected = {line.line: line.reason for line in found.rejected}
    if rejected:
        lines = "; ".join(f"line {number}: {reason}" for number, reason in rejected.items())
        raise UserError(f"study.opt_out: {path}: {lines}; mend this first, so that nobody is overlooked")
    return named


def read_text(path: Path) -> tuple[list[str], str]:
    """The lines of a text with their ends, and its encoding; together they are the file byte for byte."""
    try:
        content = path.read_bytes()
        utf16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
        encoding = utf16.get(content[:2], "utf-8")
        return list(io.StringIO(content.decode(encoding), newline="")), encoding
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text; save it as UTF-8") from None
