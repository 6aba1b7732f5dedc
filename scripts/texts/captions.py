"""Captions as people write them: emoji, hashtags, links, several languages."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# Symbols that belong to running text although Unicode files them with the pictographs.
TEXT_SYMBOLS = set("°©®™№")
ZWNJ, ZWJ = "\u200c", "\u200d"


def clean_caption(text: str) -> str:
    """A caption without emoji, line breaks, control characters and invisible direction marks."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif character in TEXT_SYMBOLS or character in (ZWNJ, ZWJ) or not _is_pictograph(character, category):
            kept.append(character)
    # Joiners shape letters in Persian and Indic scripts; elsewhere they are left over from emoji.
    joined = re.sub(r"(?<!\w)[\u200c\u200d]+|[\u200c\u200d]+(?!\w)", "", "".join(kept))
    return re.sub(r"\s+", " ", joined).strip()


def _is_pictograph(character: str, category: str) -> bool:
    skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    variation = "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e01ef"
    keycap = character == "\u20e3"
    return category in ("So", "Cs", "Co", "Cn", "Cf") or skin_tone or variation or keycap


def words_only(text: str) -> str:
    """What says something about a text's language: no links, mentions, hashtags, digits."""
    text = re.sub(r"(?:https?://|www\.)\S+", " ", text)
    text = re.sub(r"[#@][\w.]+", " ", text)
    return re.sub(r"[\W\d_]+", " ", text).strip()


class LanguageDetector:
    """Identifies the language of short texts (lingua).

    Args:
        languages: ISO 639-1 codes to choose among; None: all that lingua knows.
        min_lead: how far the most likely language must be ahead of the next, in [0, 1].
    """

    def __init__(self, languages: list[str] | None, min_lead: float) -> None:
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        if languages is None:
            builder = LanguageDetectorBuilder.from_all_languages()
        else:
            codes: list[Any] = [getattr(IsoCode639_1, code.upper()) for code in languages]
            builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
        self.detector = builder.with_minimum_relative_distance(min_lead).build()

    def detect(self, text: str) -> str | None:
        """ISO 639-1 code in lower case, None where the text does not tell."""
        words = words_only(text)
        found = self.detector.detect_language_of(words) if words else None
        return found.iso_code_639_1.name.lower() if found else None
