"""Texts with at most so many words."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)]*$")


def n_words(text: str) -> int:
    """Words of a text, by the white space between them."""
    return len(text.split())


def cut_at_sentence(text: str, most: int) -> str:
    """A text cut to at most so many words, at the end of its last whole sentence where there is one.

    Args:
        text: any.
        most: words.
    """
    words = text.split()
    if len(words) <= most:
        return " ".join(words)
    kept = words[:most]
    ends = [number for number, word in enumerate(kept, start=1) if SENTENCE_END.search(word)]
    return " ".join(kept[: ends[-1]] if ends else kept)
