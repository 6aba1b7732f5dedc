"""Transcribe what is said in each reel, as spoken and in English (Whisper).

Text on silence or music is guarded against: only stretches that a voice detector takes for speech are decoded, and
segments that the model itself finds improbable, repetitive or silent are dropped, as are sentences that Whisper is
known to invent. Where the sound supports a repetition or such a sentence, it stays. What was dropped is in the file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, stage_parser
from common.config import TranscriptSection
from common.isolation import in_threads
from common.models import Model, read_weights
from common.options import read_section
from common.program import UserError, log, run
from common.stage import Stage, Work
from common.states import SKIPPED, Outcome
from media.sound import MIN_SILENCE_MS, speech_s
from media.wav import SAMPLE_RATE, read_wav
from speech.engines import Segment
from speech.guards import REPETITIVE, WELL_KNOWN, confirmed, fault, in_words
from speech.invented import is_well_known
from speech.loading import load_engine, resolve
from speech.spoken_language import Language, Span, judge

if TYPE_CHECKING:
    import numpy as np

VERSION = "4"
WINDOW_S = 30  # what Whisper hears at once


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
        beginning: of the whole sound, 30 s at most.
        seed: of the reel.
        facts: what its file says already.
    """

    clip: np.ndarray
    stretches: list[dict[str, int]] | None
    beginning: np.ndarray
    seed: int
    facts: dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """What a model heard.

    Attributes:
        segments: those that passed the guards, with times in the reel.
        dropped: those that did not, with the reason of each.
    """

    segments: list[dict[str, Any]]
    dropped: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """All segments as one text."""
        return " ".join(segment["text"] for segment in self.segments)

    def loss(self) -> str | None:
        """What was dropped, in words."""
        reasons = [segment["dropped"] for segment in self.dropped]
        return in_words(reasons, len(self.segments) + len(reasons)) if reasons else None


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
        languages = {number: self.language(speech) for number, speech in speeches.items()}
        codes = {number: language.code for number, language in languages.items()}
        spoken = self.hear(speeches, "transcribe", codes)
        foreign = {number for number, heard in spoken.items() if heard.segments and codes[number] != "en"}
        wanted = {number: speeches[number] for number in foreign} if self.settings.translate else {}
        # What is well known in English because it was said so in another language needs no second hearing.
        said = {number for number in foreign if any(is_well_known(one["text"]) for one in spoken[number].segments)}
        english = self.hear(wanted, "translate", codes, said)
        for number, heard in spoken.items():
            work, speech, language = works[number], speeches[number], languages[number]
            outcomes[number] = self.write(work, speech, language, heard, english.get(number))
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
        beginning = sound[: WINDOW_S * SAMPLE_RATE]
        if not settings.vad:
            return Speech(sound, None, beginning, seed, facts)
        voice = VadOptions(threshold=settings.vad_threshold, min_silence_duration_ms=MIN_SILENCE_MS)
        stretches = get_speech_timestamps(sound, voice)
        (clip,), _ = collect_chunks(sound, stretches)
        return Speech(clip, stretches, beginning, seed, facts)

    def language(self, speech: Speech) -> Language:
        """The language of a reel, and others that are spoken in it."""
        whole = None if speech.stretches is None else speech.beginning
        ends = list(accumulate(stretch["end"] - stretch["start"] for stretch in speech.stretches or []))
        return judge(self.engine.languages, speech.clip, whole, ends, span_in(speech.stretches))

    def hear(
        self, speeches: dict[int, Speech], task: str, languages: dict[int, str], believed: Collection[int] = ()
    ) -> dict[int, Heard]:
        """Decode by beam first; where the guards object, that reel again with rising temperatures.

        Args:
            speeches: by number.
            task: transcribe or translate.
            languages: ISO 639-1 codes of what is spoken.
            believed: those whose well-known sentences need no support by the sound.
        """
        windows: dict[int, Any] = {}
        if len(speeches) > 1 and self.settings.temperatures[0] == 0:
            clips = [speech.clip for speech in speeches.values()]
            known = [languages[number] for number in speeches]
            windows = dict(zip(speeches, self.engine.first_windows(clips, task, known), strict=True))
        return {
            number: self._hear(speech, task, languages[number], windows.get(number), number in believed)
            for number, speech in speeches.items()
        }

    def _hear(self, speech: Speech, task: str, language: str, window: Any, believed: bool) -> Heard:
        temperatures = self.settings.temperatures
        found = self.engine.decode(speech.clip, task, language, temperatures[:1], speech.seed, window)
        faults = self._faults(found, speech, task, language)
        if len(temperatures) > 1 and set(faults) - {None, WELL_KNOWN}:
            found = self.engine.decode(speech.clip, task, language, temperatures, speech.seed)
            faults = self._faults(found, speech, task, language)
        kept, dropped = list[dict[str, Any]](), list[dict[str, Any]]()
        for segment, problem in zip(in_reel(found, span_in(speech.stretches)), faults, strict=True):
            if problem and not (believed and problem == WELL_KNOWN):
                dropped.append(segment | {"dropped": problem})
            elif segment["text"]:
                kept.append(segment)
        return Heard(kept, dropped)

    def _faults(self, segments: list[Segment], speech: Speech, task: str, language: str) -> list[str | None]:
        """What speaks against each segment, once the sound was asked about repetitions and well-known sentences."""
        faults = [fault(segment, self.settings) for segment in segments]
        for number, segment in enumerate(segments):
            if faults[number] in (REPETITIVE, WELL_KNOWN):
                piece = speech.clip[round(segment.start_s * SAMPLE_RATE) : round(segment.end_s * SAMPLE_RATE)]
                seconds = speech_s(piece, self.settings.vad_threshold) if len(piece) else 0.0
                # A loop of a whole window would only be made again.
                if seconds and len(piece) < WINDOW_S * SAMPLE_RATE:
                    alone = self.engine.decode(piece, task, language, self.settings.temperatures[:1], speech.seed)
                    if confirmed(segment, alone, seconds, self.settings):
                        faults[number] = None
        return faults

    def write(self, work: Work, speech: Speech, language: Language, spoken: Heard, english: Heard | None) -> Outcome:
        """Write a reel's file; what a reader of its text must know stands in the row, too."""
        facts = speech.facts | {
            "language": language.code,
            "language_probability": round(language.probability, 4),
            "other_languages": language.others,
            "dropped": len(spoken.dropped),
            "dropped_segments": spoken.dropped,
        }
        if not spoken.segments:
            return skip(work, "no_speech", spoken.loss() or "the model heard nothing", facts)
        missing = None
        if language.code == "en":
            text_en = spoken.text
        elif english is None:
            text_en, missing = None, "transcript.translate is off"
        else:
            text_en = english.text or None
            missing = None if text_en else english.loss() or "the model translated nothing"
        facts |= {"text": spoken.text, "text_en": text_en, "text_en_missing": missing, "segments": spoken.segments}
        work.artifact(".json").write_text(as_json({"state": "ok", **facts}), encoding="utf-8")
        sure = language.probability >= self.settings.min_language_probability
        notes = [
            None if sure else f"language {language.code} with a probability of {language.probability:.2f} only",
            language.mix(),
            spoken.loss(),
            f"no English text: {missing}" if missing else None,
            f"English text: {english.loss()}" if english and text_en and english.loss() else None,
        ]
        untranslated = english is not None and not text_en
        reason = (
            "unsure_language" if not sure
            else "mixed_languages" if language.others
            else "not_translated" if untranslated
            else "partly_dropped" if spoken.dropped
            else None
        )  # fmt: skip
        return Outcome("ok", reason, "; ".join(note for note in notes if note) or None)


def skip(work: Work, reason: str, detail: str, facts: dict[str, Any]) -> Outcome:
    """Write why a reel has no transcript."""
    content = {"state": "skipped", "reason": reason, "meaning": SKIPPED[reason].meaning, "detail": detail, **facts}
    work.artifact(".json").write_text(as_json(content), encoding="utf-8")
    return Outcome("skipped", reason, detail)


def span_in(stretches: list[dict[str, int]] | None) -> Span:
    """A function from the seconds of a span in the speech alone to those in the reel."""
    from faster_whisper.vad import SpeechTimestampsMap

    if not stretches:
        return lambda start, end: (round(start, 2), round(end, 2))
    times = SpeechTimestampsMap(stretches, SAMPLE_RATE)
    return lambda start, end: (
        round(times.get_original_time(start), 2),
        round(times.get_original_time(end, is_end=True), 2),
    )


def in_reel(segments: list[Segment], span: Span) -> list[dict[str, Any]]:
    """Segments with their times in the reel, from times in the speech alone."""
    return [
        {
            **dict(zip(("start_s", "end_s"), span(segment.start_s, segment.end_s), strict=True)),
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
