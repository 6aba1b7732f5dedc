"""Transcribe what is said in each reel, as spoken and in English (Whisper).

Text on silence or music is guarded against: only stretches that a voice detector takes for speech are decoded, and
segments that the model itself finds improbable, repetitive or silent are dropped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.config import TranscriptSection
from common.models import Model, read_weights
from common.options import read_section
from common.program import UserError, log, run
from common.stage import Stage, Work, in_threads, run_stage, stage_parser
from common.states import OK, SKIPPED, Outcome
from media.sound import MIN_SILENCE_MS, speech_s
from media.wav import SAMPLE_RATE, read_wav
from speech.engines import Segment, Window, load_engine, resolve

if TYPE_CHECKING:
    import numpy as np

VERSION = "2"


def device_and_precision(settings: TranscriptSection) -> dict[str, str]:
    """What `auto` means on this machine: digits depend on it, so results do."""
    device, precision = resolve(settings.backend, settings.device, settings.compute_type)
    return {"device": device, "precision": precision}


STAGE = Stage("transcript", "transcribe_speech", VERSION, ".json", inputs=("audio",), made_with=device_and_precision)


@dataclass(frozen=True)
class Speech:
    """What is to be decoded of one reel.

    Attributes:
        clip: all stretches of speech, one after the other; float32 in [-1, 1], 16 kHz.
        stretches: first and last sample of each in the reel; None where the whole sound is decoded.
        seed: of the reel.
        facts: what its file says already.
    """

    clip: np.ndarray
    stretches: list[dict[str, int]] | None
    seed: int
    facts: dict[str, Any]


@dataclass(frozen=True)
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
        threads: threads to use.
    """

    def __init__(self, model: Model, settings: TranscriptSection, threads: int) -> None:
        self.settings = settings
        self.threads = threads
        self.engine = load_engine(model, settings, threads)

    def run(self, works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        """Transcribe reels: on a GPU several together, on a CPU one by one in as many threads (docs/models.md)."""
        size = self.settings.batch_size if self.engine.device == "cuda" else 1
        if size == 1:
            yield from in_threads(self.transcribe, works, self.engine.parallel)
            return
        for first in range(0, len(works), size):
            together = works[first : first + size]
            try:
                yield from zip(together, self.transcribe_together(together), strict=True)
            except UserError:
                raise
            except Exception as error:  # one by one, the failure is that of the reel it belongs to
                log.warning("%d reels together: %s: %s; one by one", len(together), type(error).__name__, error)
                yield from in_threads(self.transcribe, together, self.engine.parallel)

    def transcribe(self, work: Work) -> Outcome:
        """The core: one reel's wav to a transcript."""
        (outcome,) = self.transcribe_together([work])
        return outcome

    def transcribe_together(self, works: list[Work]) -> list[Outcome]:
        """Several reels' wavs to transcripts; the first 30 s of speech of each are decoded together."""
        outcomes: dict[int, Outcome] = {}
        speeches: dict[int, Speech] = {}
        with ThreadPoolExecutor(min(len(works), self.threads)) as pool:
            for number, found in enumerate(pool.map(self.listen, works)):
                if isinstance(found, Speech):
                    speeches[number] = found
                else:
                    outcomes[number] = found
        spoken = self.hear(speeches, "transcribe", {})
        foreign = {
            number: heard.language for number, heard in spoken.items() if heard.segments and heard.language != "en"
        }
        wanted = {number: speeches[number] for number in foreign} if self.settings.translate else {}
        english = self.hear(wanted, "translate", foreign)
        for number, heard in spoken.items():
            outcomes[number] = self.write(works[number], speeches[number], heard, english.get(number))
        return [outcomes[number] for number in range(len(works))]

    def listen(self, work: Work) -> Speech | Outcome:
        """Find the speech in a reel; an outcome where there is nothing to decode."""
        from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

        settings = self.settings
        sound = read_wav(work.needed("audio"))
        duration = len(sound) / SAMPLE_RATE
        facts: dict[str, Any] = {"duration_s": round(duration, 3), "speech_s": None}
        if duration > settings.max_minutes * 60:
            return skip(work, "too_long", f"{duration / 60:.1f} minutes", facts)
        seconds = speech_s(sound, settings.vad_threshold) if settings.vad else duration
        facts["speech_s"] = round(seconds, 3)
        if facts["speech_s"] < settings.min_speech_s or not seconds:
            return skip(work, "no_speech", f"{facts['speech_s']:.1f} s of speech", facts)
        seed = int(str(work.inputs["audio"].sha256)[:8], 16)
        if not settings.vad:
            return Speech(sound, None, seed, facts)
        voice = VadOptions(threshold=settings.vad_threshold, min_silence_duration_ms=MIN_SILENCE_MS)
        stretches = get_speech_timestamps(sound, voice)
        (clip,), _ = collect_chunks(sound, stretches)
        return Speech(clip, stretches, seed, facts)

    def hear(self, speeches: dict[int, Speech], task: str, languages: dict[int, str]) -> dict[int, Heard]:
        """Decode by beam first; where the guards object, that reel again with rising temperatures.

        Args:
            speeches: by number.
            task: transcribe or translate.
            languages: ISO 639-1 codes of those whose language is known.
        """
        windows: dict[int, Window] = {}
        if len(speeches) > 1 and self.settings.temperatures[0] == 0:
            clips = [speech.clip for speech in speeches.values()]
            known = [languages.get(number) for number in speeches]
            windows = dict(zip(speeches, self.engine.first_windows(clips, task, known), strict=True))
        return {
            number: self._hear(speech, task, languages.get(number), windows.get(number))
            for number, speech in speeches.items()
        }

    def _hear(self, speech: Speech, task: str, language: str | None, window: Window | None) -> Heard:
        temperatures = self.settings.temperatures
        found = self.engine.decode(speech.clip, task, language, temperatures[:1], speech.seed, window)
        if len(temperatures) > 1 and not all(self._accepted(segment) for segment in found.segments):
            found = self.engine.decode(speech.clip, task, language, temperatures, speech.seed)
        kept = [segment for segment in found.segments if self._accepted(segment)]
        return Heard(
            found.language,
            found.language_probability,
            in_reel([segment for segment in kept if segment.text.strip()], speech.stretches),
            len(found.segments) - len(kept),
        )

    def _accepted(self, segment: Segment) -> bool:
        settings = self.settings
        improbable = segment.mean_log_probability < settings.min_log_probability
        repetitive = segment.compression_ratio > settings.max_compression_ratio
        silent = (
            segment.no_speech_probability > settings.max_no_speech_probability and segment.mean_log_probability < -0.5
        )
        return not (improbable or repetitive or silent)

    def write(self, work: Work, speech: Speech, spoken: Heard, english: Heard | None) -> Outcome:
        """Write a reel's file."""
        facts = speech.facts | {
            "language": spoken.language,
            "language_probability": round(spoken.language_probability, 4),
            "dropped": spoken.dropped,
        }
        if not spoken.segments:
            return skip(work, "no_speech", f"{spoken.dropped} improbable segments dropped", facts)
        text_en = spoken.text if spoken.language == "en" else english.text or None if english else None
        facts |= {"text": spoken.text, "text_en": text_en, "segments": spoken.segments}
        work.artifact(".json").write_text(as_json({"state": "ok", **facts}), encoding="utf-8")
        return OK


def skip(work: Work, reason: str, detail: str, facts: dict[str, Any]) -> Outcome:
    """Write why a reel has no transcript."""
    content = {"state": "skipped", "reason": reason, "meaning": SKIPPED[reason].meaning, "detail": detail, **facts}
    work.artifact(".json").write_text(as_json(content), encoding="utf-8")
    return Outcome("skipped", reason, detail)


def in_reel(segments: list[Segment], stretches: list[dict[str, int]] | None) -> list[dict[str, Any]]:
    """Segments with their times in the reel, from times in the speech alone."""
    from faster_whisper.vad import SpeechTimestampsMap

    times = SpeechTimestampsMap(stretches, SAMPLE_RATE) if stretches else None
    return [
        {
            "start_s": round(times.get_original_time(segment.start_s) if times else segment.start_s, 2),
            "end_s": round(times.get_original_time(segment.end_s, is_end=True) if times else segment.end_s, 2),
            "text": segment.text.strip(),
            "mean_log_probability": round(segment.mean_log_probability, 4),
            "no_speech_probability": round(segment.no_speech_probability, 4),
            "temperature": segment.temperature,
        }
        for segment in segments
    ]


def as_json(content: dict[str, Any]) -> str:
    """JSON that people can read."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, TranscriptSection)
    (model,) = read_weights(arguments, settings.weights)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        log.info("transcript: loading %s", model.name)
        yield from Transcriber(model, settings, arguments.workers).run(works)

    run_stage(STAGE, arguments, settings, compute, [model])


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, TranscriptSection, __doc__, weights=True).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
