"""Transcribe what is said in each reel, as spoken and in English (Whisper).

Text on silence or music is guarded against: only stretches that a voice detector takes for speech are decoded, and
segments that the model itself finds improbable, repetitive or silent are dropped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.config import TranscriptSection
from common.models import Model, add_weights, read_weights
from common.options import read_section
from common.program import log, run
from common.stage import Stage, Work, in_threads, run_stage, stage_parser
from common.states import OK, SKIPPED, Outcome

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel

VERSION = "1"
STAGE = Stage("transcript", "transcribe_speech", VERSION, ".json", inputs=("audio",))


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a model heard: segments that passed the guards, and how many did not."""

    language: str
    language_probability: float
    segments: list[dict[str, Any]]
    dropped: int

    @property
    def text(self) -> str:
        """All segments as one text."""
        return " ".join(segment["text"] for segment in self.segments)


class Transcriber:
    """A Whisper model with the guards around it.

    Args:
        model: verified weights.
        settings: all options of the decoding.
        threads: reels transcribed at a time, by one thread each.
    """

    def __init__(self, model: Model, settings: TranscriptSection, threads: int) -> None:
        self.settings = settings
        self.folder = model.folder
        self.threads = threads
        self.whisper = self._load()
        self.sampling = threading.Lock()

    def _load(self) -> WhisperModel:
        from faster_whisper import WhisperModel

        return WhisperModel(
            str(self.folder),
            device=self.settings.device,
            compute_type="int8" if self.settings.compute_type == "auto" else self.settings.compute_type,
            cpu_threads=1,
            num_workers=self.threads,
            local_files_only=True,
        )

    def transcribe(self, work: Work) -> Outcome:
        """The core: one reel's wav to a transcript."""
        audio = read_wav(work.needed("audio"))
        duration = len(audio) / 16_000
        facts: dict[str, Any] = {"duration_s": round(duration, 3), "speech_s": None}
        if duration > self.settings.max_minutes * 60:
            return self._skip(work, "too_long", f"{duration / 60:.1f} minutes", facts)
        facts["speech_s"] = round(self._speech_s(audio), 3)
        if facts["speech_s"] < self.settings.min_speech_s:
            return self._skip(work, "no_speech", f"{facts['speech_s']:.1f} s of speech", facts)
        seed = int(str(work.inputs["audio"].sha256)[:8], 16)
        spoken = self.hear(audio, "transcribe", None, seed)
        facts |= {
            "language": spoken.language,
            "language_probability": round(spoken.language_probability, 4),
            "dropped": spoken.dropped,
        }
        if not spoken.segments:
            return self._skip(work, "no_speech", f"{spoken.dropped} improbable segments dropped", facts)
        english = spoken.text if spoken.language == "en" else None
        if english is None and self.settings.translate:
            english = self.hear(audio, "translate", spoken.language, seed).text or None
        facts |= {"text": spoken.text, "text_en": english, "segments": spoken.segments}
        work.artifact(".json").write_text(as_json({"state": "ok", **facts}), encoding="utf-8")
        return OK

    def _skip(self, work: Work, reason: str, detail: str, facts: dict[str, Any]) -> Outcome:
        content = {"state": "skipped", "reason": reason, "meaning": SKIPPED[reason].meaning, "detail": detail, **facts}
        work.artifact(".json").write_text(as_json(content), encoding="utf-8")
        return Outcome("skipped", reason, detail)

    def _vad_options(self) -> dict[str, Any]:
        return {"threshold": self.settings.vad_threshold, "min_silence_duration_ms": 500}

    def _speech_s(self, audio: np.ndarray) -> float:
        """Seconds of speech, as the Silero voice detector hears it; all where it is switched off."""
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        if not self.settings.vad:
            return len(audio) / 16_000
        found = get_speech_timestamps(audio, VadOptions(**self._vad_options(), speech_pad_ms=0))
        return float(sum(stretch["end"] - stretch["start"] for stretch in found) / 16_000)

    def hear(self, audio: np.ndarray, task: str, language: str | None, seed: int) -> Heard:
        """Decode greedily or by beam first; where the guards object, again with rising temperatures.

        CTranslate2 seeds its sampler once per thread. So that a reel's text does not depend on which reels came before
        it, sampling is done by a model loaded anew, with the reel's own seed.
        """
        temperatures = self.settings.temperatures
        kept, all_segments, info = self._decode(self.whisper, audio, task, language, temperatures[:1])
        if len(kept) < len(all_segments) and len(temperatures) > 1:
            import ctranslate2

            with self.sampling:  # the seed belongs to the whole process
                ctranslate2.set_random_seed(seed)
                kept, all_segments, info = self._decode(self._load(), audio, task, language, temperatures)
        segments = [
            {
                "start_s": round(segment.start, 2),
                "end_s": round(segment.end, 2),
                "text": segment.text.strip(),
                "mean_log_probability": round(segment.avg_logprob, 4),
                "no_speech_probability": round(segment.no_speech_prob, 4),
                "temperature": segment.temperature,
            }
            for segment in kept
            if segment.text.strip()
        ]
        return Heard(info.language, info.language_probability, segments, len(all_segments) - len(kept))

    def _decode(
        self, whisper: WhisperModel, audio: np.ndarray, task: str, language: str | None, temperatures: list[float]
    ) -> tuple[list[Any], list[Any], Any]:
        settings = self.settings
        found, info = whisper.transcribe(
            audio,
            task=task,
            language=language,
            beam_size=settings.beam_size,
            patience=settings.patience,
            temperature=temperatures,
            compression_ratio_threshold=settings.max_compression_ratio,
            log_prob_threshold=settings.min_log_probability,
            no_speech_threshold=settings.max_no_speech_probability,
            condition_on_previous_text=False,  # one bad segment must not infect the next
            vad_filter=settings.vad,
            vad_parameters=self._vad_options() if settings.vad else None,
        )
        segments = list(found)
        return [segment for segment in segments if self._accepted(segment)], segments, info

    def _accepted(self, segment: Any) -> bool:
        settings = self.settings
        improbable = segment.avg_logprob < settings.min_log_probability
        repetitive = segment.compression_ratio > settings.max_compression_ratio
        silent = segment.no_speech_prob > settings.max_no_speech_probability and segment.avg_logprob < -0.5
        return not (improbable or repetitive or silent)


def read_wav(path: Path) -> np.ndarray:
    """A 16 kHz mono wav file as float32 in [-1, 1]."""
    import numpy as np

    with wave.open(str(path), "rb") as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    return samples.astype(np.float32) / 32768


def as_json(content: dict[str, Any]) -> str:
    """JSON that people can read."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, TranscriptSection)
    (model,) = read_weights(arguments, settings.weights)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        log.info("transcript: loading %s", model.name)
        transcriber = Transcriber(model, settings, arguments.workers)
        yield from in_threads(transcriber.transcribe, works, arguments.workers)

    run_stage(STAGE, arguments, settings, compute, [model])


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, TranscriptSection, __doc__)
    add_weights(options)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
