"""What is no answer, though a model wrote it."""

from __future__ import annotations

import re
from dataclasses import replace

from common.states import ReelError
from generation.requests import Answer, Request

# One sign, with or without spaces between, as models repeat it whose numbers overflowed.
REPEATED = re.compile(r"(\S)(?:\s*\1){15,}")
# Longer pieces of text than this are compared, so that common phrases are no copy.
PIECE = 24
COPIED_SHARE = 0.8


def checked(request: Request, answer: Answer) -> Answer:
    """The answer, in one line.

    Raises:
        ReelError: it is one sign repeated, has no letter, or is copied from the prompt.
    """
    text = " ".join(answer.text.split())
    repeated = max((found[0] for found in REPEATED.finditer(text)), key=len, default="")
    if len(repeated) > len(text) / 2 or not any(letter.isalnum() for letter in text):
        raise ReelError("no_answer", f"one sign repeated: {text[:20]}")
    # Where a text is condensed or translated, words of it may stay; where pictures are described, the caption is no
    # description.
    source = request.text() if request.n_pictures else request.text("")
    if copied_share(text, source) >= COPIED_SHARE:
        raise ReelError("no_answer", f"copied from the prompt: {text[:60]}")
    return replace(answer, text=text)


def copied_share(text: str, source: str) -> float:
    """Share of a text that stands word for word in another one; of short texts, which may be alike by chance, 0."""
    text, source = ("".join(letter for letter in one.casefold() if letter.isalnum()) for one in (text, source))
    if len(text) < 2 * PIECE:
        return 0.0
    pieces = {source[start : start + PIECE] for start in range(len(source) - PIECE + 1)}
    covered = bytearray(len(text))
    for start in range(len(text) - PIECE + 1):
        if text[start : start + PIECE] in pieces:
            covered[start : start + PIECE] = b"\1" * PIECE
    return sum(covered) / len(text)
