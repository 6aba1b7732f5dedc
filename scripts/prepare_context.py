"""Prepare what is known of each reel beside its pictures: caption and speech, cleaned, with their languages.

Makes one JSON file per reel; its `context` is what a description model is told. What is missing is said to be
missing. Captions are not translated and long texts are not condensed by this version, and the file says so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from common.config import ContextSection
from common.manifest import Row
from common.models import add_weights, read_weights
from common.options import read_section
from common.program import run
from common.stage import Stage, Work, in_threads, run_stage, stage_parser
from common.states import OK, Outcome

VERSION = "1"


def read_caption(row: Row) -> str:
    """A reel's caption as its creator wrote it."""
    return json.loads(row.file().read_text(encoding="ascii")).get("caption") or ""


def caption_and_speech(inputs: dict[str, Row], _: ContextSection) -> dict[str, Any]:
    """What a context depends on: the caption and the transcript, not plays or file names."""
    transcript = inputs["transcript"]
    return {
        "caption": read_caption(inputs["creators"]),
        "transcript": transcript.sha256 if transcript.state == "ok" else f"{transcript.state}: {transcript.reason}",
    }


STAGE = Stage(
    "context",
    "prepare_context",
    VERSION,
    ".json",
    inputs=("creators",),
    optional=("transcript",),
    depends_on=caption_and_speech,
)


def prepare(work: Work, detector: Any) -> Outcome:
    """The core: one reel's caption and transcript to its context."""
    from texts.captions import clean_caption

    caption = clean_caption(read_caption(work.inputs["creators"]))
    language = detector.detect(caption)
    transcript_file = work.input("transcript")
    transcript = json.loads(transcript_file.read_text(encoding="utf-8")) if transcript_file else {}
    speech = transcript.get("text_en") or transcript.get("text")
    missing = work.inputs["transcript"].reason
    lines = [
        f"Caption: {caption}" if caption else "Caption: none.",
        f"Speech: {speech}" if speech else f"Speech: none ({str(missing or 'no text').replace('_', ' ')}).",
    ]
    content = {
        "state": "ok",
        "caption": caption or None,
        "caption_language": language,
        "caption_en": caption if language == "en" else None,
        "caption_translation": None if language in ("en", None) else "not translated",
        "speech_language": transcript.get("language"),
        "speech_text": transcript.get("text"),
        "speech_en": transcript.get("text_en"),
        "condensed": "none",
        "context": "\n".join(lines),
    }
    work.artifact(".json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, ContextSection)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        from texts.languages import LanguageDetector

        detector = LanguageDetector(settings.languages, settings.min_language_lead)
        return in_threads(lambda work: prepare(work, detector), works, threads=1)

    run_stage(STAGE, arguments, settings, compute, read_weights(arguments, settings.weights))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, ContextSection, __doc__)
    add_weights(options)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
