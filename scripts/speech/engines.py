"""What the two programs that run Whisper have in common, and which device and precision each can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from common.config import TranscriptSection
from common.models import Model
from common.program import UserError, log
from speech.cuda import LIBRARIES, REMEDY, has_cuda12

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


def load_engine(model: Model, settings: TranscriptSection, threads: int) -> Engine:
    """Load the weights into the program that the settings name."""
    device, precision = resolve(settings.backend, settings.device, settings.compute_type)
    if settings.backend == "openai-whisper":
        from speech.original import OriginalWhisper

        return OriginalWhisper(model, settings, device, precision, threads)
    from speech.faster import FasterWhisper

    return FasterWhisper(model, settings, device, precision, threads)


@cache
def resolve(backend: str, device: str, precision: str) -> tuple[str, str]:
    """Device and precision that the settings lead to on this machine.

    Args:
        backend: faster-whisper or openai-whisper.
        device: auto, cpu or cuda.
        precision: auto, int8, float16 or float32.

    Returns:
        cpu or cuda; int8, float16 or float32.

    Raises:
        UserError: the machine or the program cannot do that.
    """
    original = backend == "openai-whisper"
    gpu = device != "cpu" and (_torch_sees_gpu() if original else _ctranslate2_sees_gpu())
    if device == "cuda" and not gpu:
        raise UserError(
            f"transcript.device: cuda: {backend} sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES; docs/models.md); "
            "`device: auto` takes what there is"
        )
    if gpu and not original and not has_cuda12():
        missing = f"faster-whisper needs CUDA 12 on a GPU, and {LIBRARIES[-1]} is not here"
        if device == "cuda":
            raise UserError(f"transcript.device: cuda: {missing}: {REMEDY}")
        log.warning("%s, so the CPU transcribes, which is slower. To use the GPU, %s", missing, REMEDY)
        gpu = False
    found = "cuda" if gpu else "cpu"
    if precision == "auto":
        precision = "float16" if gpu else "float32" if original else "int8"
    possible = _precisions(original, found)
    if precision not in possible:
        raise UserError(
            f"transcript.compute_type: {backend} cannot run in {precision} on this machine's "
            f"{'GPU' if gpu else 'CPU'}; "
            f"possible: auto, {', '.join(possible)}"
        )
    return found, precision


def _precisions(original: bool, device: str) -> list[str]:
    if original:
        return ["float16", "float32"] if device == "cuda" else ["float32"]
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device)
    return [precision for precision in ("int8", "float16", "float32") if precision in supported]


def _torch_sees_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def _ctranslate2_sees_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() > 0)
