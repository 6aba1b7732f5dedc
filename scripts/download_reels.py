"""Bring each selected reel's video into the study, and check that it is one that can be opened.

Videos that people have already are linked to, never copied or changed. Beside each link lies a JSON file with what
the video says of itself: duration, size, codecs.
"""

from __future__ import annotations

import argparse
import functools
import json
from pathlib import Path

from common.config import VideoSection
from common.isolation import run_isolated
from common.manifest import Row
from common.options import read_section
from common.program import run
from common.stage import Stage, Work, run_stage, stage_parser
from common.states import OK, Outcome

VERSION = "1"


def source_video(inputs: dict[str, Row]) -> tuple[Path, str]:
    """The file that people have, and its sha256."""
    reel = json.loads(inputs["creators"].file().read_text(encoding="ascii"))
    return Path(reel["source_path"]), reel["sha256"]


def content(inputs: dict[str, Row]) -> str:
    """What the check of a video depends on: its content, not its name."""
    return source_video(inputs)[1]


STAGE = Stage(
    "video", "download_reels", VERSION, ".json", inputs=("creators",), depends_on=content, external=source_video
)


def check_video(work: Work, settings: VideoSection) -> Outcome:
    """The core: one reel's video to the facts about it."""
    from media.probe import probe

    facts = probe(source_video(work.inputs)[0], settings)
    work.artifact(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, VideoSection)
    isolated = functools.partial(
        run_isolated,
        check_video,
        workers=arguments.workers,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
    )
    run_stage(STAGE, arguments, settings, lambda works: isolated(works, settings))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, VideoSection, __doc__).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
