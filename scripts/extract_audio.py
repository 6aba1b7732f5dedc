"""Extract the sound of each reel as 16 kHz mono wav, as a player lets it be heard."""

from __future__ import annotations

import argparse
import functools
import json

from common.batch import run_stage, stage_parser
from common.config import AudioSection
from common.isolation import run_isolated
from common.options import read_section
from common.program import run
from common.stage import Stage, Work
from common.states import Outcome
from media.unchanged import unchanged

VERSION = "3"
STAGE = Stage("audio", "extract_audio", VERSION, ".wav", inputs=("video",))


def extract_audio(work: Work, settings: AudioSection) -> Outcome:  # noqa: ARG001
    """The core: one reel's video to a wav file; skipped where there is no audio track."""
    from media.sound_track import extract

    with unchanged(work.video(), work.inputs["video"].sha256) as video:
        facts = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
        if facts["audio_codec"] is None:
            return Outcome("skipped", "no_audio")
        return Outcome("ok", detail="; ".join(extract(video, work.artifact(".wav")).notes()) or None)


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, AudioSection)
    isolated = functools.partial(
        run_isolated, extract_audio, workers=arguments.workers, timeout_s=settings.timeout_s, memory_mb=4096
    )  # fmt: skip
    run_stage(STAGE, arguments, settings, lambda works: isolated(works, settings))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, AudioSection, __doc__).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
