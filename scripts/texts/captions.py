"""Captions as people write them: emoji, hashtags, links, several languages."""

from __future__ import annotations

import re
import unicodedata

# Symbols that belong to running text although Unicode files them with the pictographs.
TEXT_SYMBOLS = set("°©®™№")
JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner
# What the variation selector after it makes an emoji of; digits of keycaps stay.
EMOJI_STYLE = re.compile(r"[^\w\s#*°©®™№]\ufe0f")


def clean_caption(text: str) -> str:
    """A caption without emoji, line breaks, control characters and invisible direction marks."""
    text = EMOJI_STYLE.sub("", unicodedata.normalize("NFC", text))
    kept = []
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif character in JOINERS:
            # They shape letters in Persian and Indic scripts; elsewhere they hold emoji together.
            kept.append(character if _is_letter(before) and _is_letter(after) else "")
        elif character in TEXT_SYMBOLS or not _is_pictograph(character, category):
            kept.append(character)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


def _is_pictograph(character: str, category: str) -> bool:
    skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    keycap = character == "\u20e3"
    small_square = character in "\u25fd\u25fe"
    return category in ("So", "Cs", "Co", "Cn", "Cf") or skin_tone or _is_variation(character) or keycap or small_square


def _is_variation(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e01ef"


def _is_letter(character: str) -> bool:
    """Letters, and the marks on them: in Indic scripts a joiner follows a mark."""
    return unicodedata.category(character)[0] in "LM" and not _is_variation(character)


def words_only(text: str) -> str:
    """What says something about a text's language: no links, mentions, hashtags, digits."""
    text = re.sub(r"(?:https?://|www\.)\S+", " ", text)
    text = re.sub(r"[#@][\w.]+", " ", text)
    # Not \w, which leaves out the vowel signs of Indic scripts and of Thai.
    return " ".join("".join(character if _is_letter(character) else " " for character in text).split())
