"""What the two programs that run Whisper have in common, and which device and precision each can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of text as a model gave it.

    Attributes:
        start_s: seconds from the beginning of the clip.
        end_s: seconds from the beginning of the clip.
        text: what was said.
        mean_log_probability: over the tokens of the window the segment is from.
        compression_ratio: of the window's text; high where it repeats itself.
        no_speech_probability: of the window.
        temperature: of the sampling; 0: none.
    """

    start_s: float
    end_s: float
    text: str
    mean_log_probability: float
    compression_ratio: float
    no_speech_probability: float
    temperature: float

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Segment:
        """A segment from the library's own; both call its parts the same."""
        names = ("start", "end", "text", "avg_logprob", "compression_ratio", "no_speech_prob", "temperature")
        return cls(*(found[name] for name in names))


class FirstWindowKnown:
    """Stands in for the library's model of one clip: the first window is answered already, the rest it decodes.

    Args:
        model: the library's own.
        answer: to the first window.
    """

    def __init__(self, model: Any, answer: Any) -> None:
        self.model, self.answer = model, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def take(self) -> Any:
        """The answer, the first time; None from then on."""
        answer, self.answer = self.answer, None
        return answer


class Engine(Protocol):
    """A Whisper model in one of the programs that run it.

    Attributes:
        parallel: clips it can decode at a time, in threads.
        device: cpu or cuda.
    """

    parallel: int
    device: str

    def decode(
        self,
        clip: np.ndarray,
        task: str,
        language: str,
        temperatures: Sequence[float],
        seed: int,
        window: Any = None,
    ) -> list[Segment]:
        """Decode one clip; segments before the guards.

        Args:
            clip: float32 in [-1, 1], 16 kHz.
            task: transcribe or translate.
            language: ISO 639-1 code of what is spoken.
            temperatures: tried in turn until a window passes the thresholds.
            seed: of the sampling, where a temperature is above 0.
            window: the first window's answer, where `first_windows` has it.
        """

    def first_windows(self, clips: Sequence[np.ndarray], task: str, languages: Sequence[str]) -> list[Any]:
        """Decode the first 30 s of several clips together, without sampling; the library's own answers."""

    def languages(self, clips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """The likeliest language of the first 30 s of each clip (ISO 639-1), and its probability."""
