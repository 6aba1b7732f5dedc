"""openai-whisper: the program of Whisper's authors, in PyTorch; float32 on CPUs and float16 on GPUs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.config import TranscriptSection
from common.models import Model
from speech.engines import FirstWindowKnown, Segment

if TYPE_CHECKING:
    import numpy as np
    import torch

# faster-whisper takes the best of five samples, too.
BEST_OF = 5


class OriginalWhisper:
    """See `speech.engines.Engine`.

    Decoding puts hooks on the model and the seed belongs to the process, so clips are decoded one at a time, with
    several threads in each operation.

    Args:
        model: verified weights, one file as the authors publish it.
        settings: all options of the decoding.
        device: cpu or cuda.
        precision: float16 or float32, of the computation; weights stay as they are.
        threads: in each operation, on a CPU.
    """

    parallel = 1

    def __init__(self, model: Model, settings: TranscriptSection, device: str, precision: str, threads: int) -> None:
        import torch
        import whisper

        (checkpoint,) = model.folder.glob("*.pt")
        torch.set_num_threads(threads)
        self.settings, self.device, self.half = settings, device, precision == "float16"
        # Read with weights_only. A path, not a name: nothing is fetched.
        self.whisper = whisper.load_model(str(checkpoint), device=device)
        self.alone = threading.Lock()

    def decode(
        self,
        clip: np.ndarray,
        task: str,
        language: str,
        temperatures: Sequence[float],
        seed: int,
        window: Any = None,
    ) -> list[Segment]:
        """See `speech.engines.Engine`. Sampling has the clip's own seed."""
        import torch
        from whisper import transcribe

        settings = self.settings
        with self.alone, torch.random.fork_rng():
            torch.manual_seed(seed)
            model: Any = self.whisper
            if window is not None and not any(temperatures):
                model = _FirstWindowKnown(self.whisper, window)
            found = transcribe(
                model,
                clip,
                task=task,
                language=language,
                temperature=tuple(temperatures),
                compression_ratio_threshold=settings.max_compression_ratio,
                logprob_threshold=settings.min_log_probability,
                no_speech_threshold=settings.max_no_speech_probability,
                condition_on_previous_text=False,  # one bad segment must not infect the next
                best_of=BEST_OF,
                fp16=self.half,
                **self._beams(),
            )
        return [Segment.of(segment) for segment in found["segments"]]

    def first_windows(self, clips: Sequence[np.ndarray], task: str, languages: Sequence[str]) -> list[Any]:
        """See `speech.engines.Engine`.

        All clips are encoded together. The library decodes one language at a time, and with beams one clip at a time:
        it does not repeat the encoded sound for each beam.
        """
        import torch
        from whisper import DecodingOptions

        with self.alone, torch.inference_mode():
            encoded = self._first_frames(clips)
            answers: dict[int, Any] = {}
            groups: dict[Any, list[int]] = {}
            for number, language in enumerate(languages):
                groups.setdefault(language if self.settings.beam_size == 1 else number, []).append(number)
            for numbers in groups.values():
                options = DecodingOptions(task=task, language=languages[numbers[0]], fp16=self.half, **self._beams())
                answers |= zip(numbers, self.whisper.decode(encoded[numbers], options), strict=True)
        return [answers[number] for number in range(len(languages))]

    def languages(self, clips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """See `speech.engines.Engine`."""
        with self.alone:
            _, probabilities = self.whisper.detect_language(self._first_frames(clips))
        return [max(found.items(), key=lambda pair: pair[1]) for found in probabilities]

    def _beams(self) -> dict[str, Any]:
        """Options of a beam search; with one beam, the library's greedy search is the same."""
        if self.settings.beam_size == 1:
            return {}
        return {"beam_size": self.settings.beam_size, "patience": self.settings.patience}

    def _first_frames(self, clips: Sequence[np.ndarray]) -> torch.Tensor:
        """The first 30 s of each clip as the encoder hears them: (clips, frames, features).

        `transcribe` pads the spectrogram of a short clip with zeros: the same is done here.
        """
        import torch
        from whisper.audio import HOP_LENGTH, N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim

        spectrograms = []
        for clip in clips:
            frames = log_mel_spectrogram(clip, self.whisper.dims.n_mels, padding=N_SAMPLES)
            spectrograms.append(pad_or_trim(frames[:, : min(N_FRAMES, len(clip) // HOP_LENGTH)], N_FRAMES))
        stacked = torch.stack(spectrograms).to(self.whisper.device)
        with torch.inference_mode():
            encoded: torch.Tensor = self.whisper.embed_audio(stacked.half() if self.half else stacked)
        return encoded


class _FirstWindowKnown(FirstWindowKnown):
    def decode(self, *arguments: Any, **options: Any) -> Any:
        answer = self.take()
        return self.model.decode(*arguments, **options) if answer is None else answer
