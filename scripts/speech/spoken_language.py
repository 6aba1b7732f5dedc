"""Which language is spoken in a reel, judged on the speech alone and on the whole sound, and which others are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from media.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

# The speech is judged in so many pieces at most, of so many seconds at least: shorter ones are often mistaken.
MOST_PIECES, SHORTEST_PIECE_S = 8, 4.0
OTHER_PROBABILITY = 0.7  # a piece in another language must be as sure as this
# One language to those who speak it, or nearly so: Whisper takes the one for the other.
ALIKE = ({"hi", "ur"}, {"no", "nn", "da"}, {"bs", "hr", "sr"}, {"id", "ms", "jw", "su"}, {"zh", "yue"})

Tell = Callable[[Sequence["np.ndarray"]], list[tuple[str, float]]]
Span = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Language:
    """The language of a reel.

    Attributes:
        code: ISO 639-1.
        probability: in [0, 1].
        others: pieces of the speech in another language: language, probability, start_s and end_s in the reel.
    """

    code: str
    probability: float
    others: list[dict[str, Any]] = field(default_factory=list)

    def mix(self) -> str | None:
        """The other languages, in words."""
        pieces = (
            f"{piece['language']} from {piece['start_s']:.1f} to {piece['end_s']:.1f} s ({piece['probability']:.2f})"
            for piece in self.others
        )
        return f"besides {self.code}: {', '.join(pieces)}" if self.others else None


def judge(tell: Tell, speech: np.ndarray, whole: np.ndarray | None, ends: Sequence[int], span: Span) -> Language:
    """The likelier of what the speech and the whole sound are taken for.

    What is cut out of a sound loses what was around it; the whole has music and silence in it. Either may mislead.

    Args:
        tell: likeliest language and probability of each clip's first 30 s.
        speech: 16 kHz, the stretches of speech one after the other.
        whole: the beginning of the sound; None where the speech is the whole of it.
        ends: of the stretches, in samples of the speech: who goes on in another language pauses there.
        span: from seconds of the speech to seconds of the reel.
    """
    places = pieces(len(speech), ends)
    clips = [speech] if whole is None else [speech, whole]
    told = tell([*clips, *(speech[start:end] for start, end in places)])
    code, probability = max(told[: len(clips)], key=lambda one: one[1])
    alike = next((group for group in ALIKE if code in group), {code})
    others = []
    for (start, end), (other, sure) in zip(places, told[len(clips) :], strict=True):
        if other not in alike and sure >= OTHER_PROBABILITY:
            start_s, end_s = span(start / SAMPLE_RATE, end / SAMPLE_RATE)
            others.append({"language": other, "probability": round(sure, 4), "start_s": start_s, "end_s": end_s})
    return Language(code, probability, others)


def pieces(length: int, ends: Sequence[int]) -> list[tuple[int, int]]:
    """First and last sample of the pieces of a speech whose languages are compared; none where there is one only.

    Args:
        length: of the speech, in samples.
        ends: of its stretches; pieces end there, as far as they are long enough.
    """
    shortest = max(SHORTEST_PIECE_S * SAMPLE_RATE, length / MOST_PIECES)
    cuts = [0]
    for end in [*ends, length]:
        start, parts = cuts[-1], int((end - cuts[-1]) / shortest)
        cuts += [start + (end - start) * (part + 1) // parts for part in range(parts)]
    cuts = [*cuts[:-1], length]  # what is left over belongs to the last piece
    return list(pairwise(cuts)) if len(cuts) > 2 else []
