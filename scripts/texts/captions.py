"""Captions as people write them: emoji, hashtags, links, several languages."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from common.program import UserError

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


class LanguageDetector:
    """Identifies the language of short texts (lingua).

    Args:
        languages: ISO 639-1 codes to choose among; None: all that lingua knows.
        min_lead: how far the most likely language must be ahead of the next, in [0, 1].

    Raises:
        UserError: a code that lingua does not know.
    """

    def __init__(self, languages: list[str] | None, min_lead: float) -> None:
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        if languages is None:
            builder = LanguageDetectorBuilder.from_all_languages()
        else:
            known = [name for name in dir(IsoCode639_1) if name.isupper()]
            unknown = [code for code in languages if code.upper() not in known]
            if unknown:
                raise UserError(
                    f"context.languages: {', '.join(unknown)}: not among the languages that can be told apart: "
                    + ", ".join(name.lower() for name in known)
                )
            codes: list[Any] = [getattr(IsoCode639_1, code.upper()) for code in languages]
            builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
        self.detector = builder.with_minimum_relative_distance(min(min_lead, 0.99)).build()

    def detect(self, text: str) -> str | None:
        """ISO 639-1 code in lower case, None where the text does not tell."""
        words = words_only(text)
        found = self.detector.detect_language_of(words) if words else None
        return found.iso_code_639_1.name.lower() if found else None
