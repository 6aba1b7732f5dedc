"""In which language a short text is."""

from __future__ import annotations

from typing import Any

from common.program import UserError
from texts.captions import words_only


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
