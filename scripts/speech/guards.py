"""Which segments of a decoded text are kept: what a model invents on silence, noise and music is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from common.config import TranscriptSection
from speech.engines import Segment
from speech.invented import is_well_known, letters, names_a_sound

# Why a segment is not kept, in words.
IMPROBABLE, SILENT, REPETITIVE, WELL_KNOWN = (
    "improbable",
    "on silence",
    "repeated",
    "a sentence that Whisper is known to invent",
)
# A segment whose own stretch of sound, decoded alone, gives the same text was really said: a loop is the decoder's, it
# does not come again where there is nothing to go on from.
SAME_TEXT = 0.7
MOST_LETTERS_PER_S = 30.0  # of speech; the fastest speakers say about 25
SURELY_SPEECH = 0.4  # largest probability of no speech with which a well-known sentence is believed


def fault(segment: Segment, settings: TranscriptSection) -> str | None:
    """What speaks against a segment; None where nothing does."""
    unlikely = segment.mean_log_probability
    if unlikely < settings.min_log_probability:
        return IMPROBABLE
    if segment.no_speech_probability > settings.max_no_speech_probability and unlikely < -0.5:
        return SILENT
    if segment.compression_ratio > settings.max_compression_ratio:
        return REPETITIVE
    return WELL_KNOWN if is_well_known(segment.text) else None


def confirmed(segment: Segment, alone: Sequence[Segment], seconds: float, settings: TranscriptSection) -> bool:
    """Whether the sound supports a repeated segment or a well-known sentence.

    Args:
        segment: as decoded with what is around it.
        alone: what its own stretch of sound gave.
        seconds: of speech in that stretch, by the voice detector.
        settings: the guards.
    """
    said, again = letters(segment.text), letters(" ".join(one.text for one in alone))
    if not said or names_a_sound(segment.text) or len(said) > MOST_LETTERS_PER_S * seconds:
        return False
    if any(fault(one, settings) not in (None, WELL_KNOWN) for one in alone):
        return False
    if is_well_known(segment.text) and any(one.no_speech_probability > SURELY_SPEECH for one in alone):
        return False
    return SequenceMatcher(None, said, again, autojunk=False).ratio() >= SAME_TEXT


def in_words(dropped: Sequence[str], total: int) -> str:
    """Segments that were not kept, with the reasons: "2 of 5 segments dropped (improbable: 1, repeated: 1)"."""
    reasons = ", ".join(f"{reason}: {number}" for reason, number in sorted(Counter(dropped).items()))
    return f"{len(dropped)} of {total} segments dropped ({reasons})"
