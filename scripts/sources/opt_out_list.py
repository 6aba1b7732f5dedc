"""The list of people who asked not to be held (study.opt_out)."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from common.program import UserError
from sources.creators_list import COLUMNS, COMMENT, EDGES, read_list
from sources.source import normal_handle


def named_lines(path: Path, kind: str) -> dict[int, str]:
    """Whom a list names, by line: one handle a line, or for the source `hikerapi` whatever a list of creators may have.

    Raises:
        UserError: the list cannot be read, or a line does not name anybody.
    """
    named: dict[int, str] = {}
    for number, line in enumerate(read_text(path)[0], start=1):
        bare = EDGES.sub("", COMMENT.sub("", line))
        link = re.search(r"instagram\.com/([\w.]+)", bare)
        if bare and (named or bare.lower() not in COLUMNS):  # the first one may be a header
            named[number] = normal_handle(link[1] if link else bare)
    if kind != "hikerapi" or not named:
        return named
    found = read_list(path)
    if found.rejected:
        lines = "; ".join(f"line {rejected.line}: {rejected.reason}" for rejected in found.rejected)
        raise UserError(f"study.opt_out: {path}: {lines}; mend this first, so that nobody is overlooked")
    return {listed.line: listed.handle for listed in (*found.creators, *found.repeated)}


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
