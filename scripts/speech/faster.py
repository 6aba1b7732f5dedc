"""faster-whisper: Whisper in CTranslate2, int8 on CPUs and float16 on GPUs."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from common.config import TranscriptSection
from common.models import Model
from speech.engines import FirstWindowKnown, Segment

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel


class FasterWhisper:
    """See `speech.engines.Engine`.

    Args:
        model: verified weights, as CTranslate2 has them.
        settings: all options of the decoding.
        device: cpu or cuda.
        precision: int8, float16 or float32.
        threads: clips decoded at a time, by one thread each.
    """

    def __init__(self, model: Model, settings: TranscriptSection, device: str, precision: str, threads: int) -> None:
        self.folder, self.settings = model.folder, settings
        self.device, self.precision, self.parallel = device, precision, threads
        self.whisper = self._load(threads)
        self.sampling = threading.Lock()

    def _load(self, workers: int) -> WhisperModel:
        from faster_whisper import WhisperModel

        return WhisperModel(
            str(self.folder),
            device=self.device,
            compute_type=self.precision,
            cpu_threads=1,
            num_workers=workers,
            local_files_only=True,
        )

    def _sampler(self) -> WhisperModel:
        """The same, but with weights loaded anew, in one thread whose sampler has not begun."""
        import ctranslate2

        made = copy.copy(self.whisper)
        made.model = ctranslate2.models.Whisper(
            str(self.folder), device=self.device, compute_type=self.precision, inter_threads=1, intra_threads=1
        )
        return made

    def decode(
        self,
        clip: np.ndarray,
        task: str,
        language: str,
        temperatures: Sequence[float],
        seed: int,
        window: Any = None,
    ) -> list[Segment]:
        """See `speech.engines.Engine`.

        CTranslate2 seeds its sampler once per thread, and keeps the thread when weights are unloaded and loaded again.
        So that a clip's text does not depend on which clips came before it, sampling is done with weights loaded anew,
        with the clip's own seed, in one thread: of two, either could take the next temperature, and begin the seed's
        numbers again or go on with them.
        """
        if any(temperature > 0 for temperature in temperatures):
            import ctranslate2

            with self.sampling:  # the seed belongs to the whole process
                ctranslate2.set_random_seed(seed)
                return self._transcribe(self._sampler(), clip, task, language, temperatures)
        if window is None:
            return self._transcribe(self.whisper, clip, task, language, temperatures)
        prepared = copy.copy(self.whisper)
        prepared.model = _FirstWindowKnown(self.whisper.model, window)
        return self._transcribe(prepared, clip, task, language, temperatures)

    def _transcribe(
        self, whisper: WhisperModel, clip: np.ndarray, task: str, language: str, temperatures: Sequence[float]
    ) -> list[Segment]:
        settings = self.settings
        found, _ = whisper.transcribe(
            clip,
            task=task,
            language=language,
            beam_size=settings.beam_size,
            patience=settings.patience,
            temperature=list(temperatures),
            compression_ratio_threshold=settings.max_compression_ratio,
            log_prob_threshold=settings.min_log_probability,
            no_speech_threshold=settings.max_no_speech_probability,
            condition_on_previous_text=False,  # one bad segment must not infect the next
        )
        return [Segment.of(vars(segment)) for segment in found]

    def first_windows(self, clips: Sequence[np.ndarray], task: str, languages: Sequence[str]) -> list[Any]:
        """See `speech.engines.Engine`. The arguments are those that `WhisperModel.transcribe` decodes a window with."""
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        whisper = self.whisper
        tokenizers = [Tokenizer(whisper.hf_tokenizer, True, task=task, language=language) for language in languages]
        answers: list[Any] = whisper.model.generate(
            # The frame of padding that languages are told by is left out: it would tip close decisions.
            self._encoded([whisper.feature_extractor(clip)[:, :-1] for clip in clips]),
            [whisper.get_prompt(tokenizer, [], without_timestamps=False) for tokenizer in tokenizers],
            beam_size=self.settings.beam_size,
            patience=self.settings.patience,
            max_length=whisper.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizers[0], [-1]),
            max_initial_timestamp_index=round(1.0 / whisper.time_precision),
        )
        return answers

    def languages(self, clips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        """See `speech.engines.Engine`."""
        whisper = self.whisper
        ranked = whisper.model.detect_language(self._encoded([whisper.feature_extractor(clip) for clip in clips]))
        return [(best[0][0].strip("<|>"), best[0][1]) for best in ranked]

    def _encoded(self, features: Sequence[np.ndarray]) -> Any:
        """The first 30 s of each clip as the encoder hears them."""
        import numpy as np
        from faster_whisper.audio import pad_or_trim

        frames = self.whisper.feature_extractor.nb_max_frames
        return self.whisper.encode(np.stack([pad_or_trim(part[:, :frames]) for part in features]))


class _FirstWindowKnown(FirstWindowKnown):
    def encode(self, *arguments: Any, **options: Any) -> Any:
        return None if self.answer is not None else self.model.encode(*arguments, **options)

    def generate(self, *arguments: Any, **options: Any) -> Any:
        answer = self.take()
        return self.model.generate(*arguments, **options) if answer is None else [answer]
