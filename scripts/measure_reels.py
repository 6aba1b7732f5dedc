"""Describe each reel by what can be measured in its frames, as 40 to 80 words of English.

Palette, light, texture, composition, motion and cutting rhythm; see docs/measures.md. Needs no GPU. The measures
themselves are written beside the text, as JSON; with `--stage measures` alone, where a model describes the reels.
"""

from __future__ import annotations

import argparse
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, stage_parser
from common.config import DescriptionSection, MeasuresSection
from common.isolation import run_isolated
from common.options import read_section
from common.program import run
from common.stage import Stage, Work
from common.states import OK, Outcome, ReelError
from media.frame_zip import read_facts, read_pictures

if TYPE_CHECKING:
    from measures import SampledReel

VERSION = "2"
STAGES = {
    "description": Stage("description", "measure_reels", VERSION, ".txt", inputs=("frames",)),
    "measures": Stage("measures", "measure_reels", VERSION, ".json", inputs=("frames",)),
}
SECTIONS: dict[str, type[DescriptionSection | MeasuresSection]] = {
    "description": DescriptionSection,
    "measures": MeasuresSection,
}


def measure_reel(work: Work, in_words: bool = True) -> Outcome:
    """The core: one reel's frames to its measures and, unless a model describes it, to a description."""
    import cv2

    from measures import describe, measure

    cv2.setNumThreads(1)  # reels run in parallel
    measures = measure(read_frames(work.needed("frames")))
    if in_words:
        work.artifact(".txt").write_text(describe(measures) + "\n", encoding="utf-8")
    work.artifact(".json").write_text(json.dumps(measures.as_dict(), indent=1) + "\n", encoding="utf-8")
    return OK


def read_frames(path: Path) -> SampledReel:
    """The frames that sample_frames chose, with times, shots and motion."""
    import cv2
    import numpy as np

    from measures import SampledReel

    facts = read_facts(path)
    names = [frame["file"] for frame in facts["frames"]]
    frames: list[Any] = [
        cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB) for picture in read_pictures(path, names)
    ]
    if undecoded := [name for name, frame in zip(names, frames, strict=True) if frame is None]:
        raise ReelError("corrupt", f"{path.name}: {undecoded[0]} cannot be decoded")
    return SampledReel(
        frames=frames,
        times_s=[frame["time_s"] for frame in facts["frames"]],
        shots=[(shot["start_s"], shot["end_s"]) for shot in facts["shots"]],
        motion=facts["motion"],
        duration_s=facts["duration_s"],
    )


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, SECTIONS[arguments.stage])
    isolated = functools.partial(
        run_isolated,
        measure_reel,
        workers=arguments.workers,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
    )
    in_words = arguments.stage == "description"
    run_stage(STAGES[arguments.stage], arguments, settings, lambda works: isolated(works, in_words))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    # Which settings there are depends on the stage, so that is read first.
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--stage", choices=list(STAGES), default="description", help="what is made [%(default)s]")
    stage = first.parse_known_args(argv)[0].stage
    options = stage_parser(STAGES[stage], SECTIONS[stage], __doc__)
    options.add_argument("--stage", choices=list(STAGES), default="description", help="what is made [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
