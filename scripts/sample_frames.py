"""Choose frames of each reel by scene, from one decode of the video.

Makes a zip of JPEGs with frames.json (times, shots, motion) and a contact sheet to look at.
"""

from __future__ import annotations

import argparse
import functools
import io
from typing import TYPE_CHECKING

from common.batch import run_stage, stage_parser
from common.config import FramesSection
from common.isolation import run_isolated
from common.options import read_section
from common.program import run
from common.stage import Stage, Work
from common.states import Outcome
from media.frame_zip import write_zip
from media.unchanged import unchanged

if TYPE_CHECKING:
    import numpy as np

VERSION = "4"
STAGE = Stage("frames", "sample_frames", VERSION, ".zip", inputs=("video",))
SHEET_FRAME_HEIGHT = 240


def sample_frames(work: Work, settings: FramesSection) -> Outcome:
    """The core: one reel's video to a zip of frames and a contact sheet."""
    import cv2

    from media.frames import sample_video

    cv2.setNumThreads(1)  # reels run in parallel, not their frames
    with unchanged(work.video(), work.inputs["video"].sha256) as video:
        sample = sample_video(video, settings)
    decoded = sample.decoded
    pictures = [encode(frame, settings.jpeg_quality) for frame in sample.frames]
    names = [f"{number:02d}.jpg" for number in range(len(pictures))]
    height, width = sample.frames[0].shape[:2]
    facts = {
        "duration_s": round(decoded.duration_s, 3),
        "fps": round(decoded.fps, 3),
        "width": width,
        "height": height,
        "frames": [{"file": name, "time_s": round(time, 3)} for name, time in zip(names, sample.times_s, strict=True)],
        "shots": [{"start_s": round(start, 3), "end_s": round(end, 3)} for start, end in sample.shots],
        "motion": decoded.motion,
    }
    write_zip(work.artifact(".zip"), dict(zip(names, pictures, strict=True)), facts)
    work.artifact(".jpg").write_bytes(contact_sheet(pictures, sample.times_s))
    return Outcome("ok", detail="; ".join(decoded.notes()) or None)


def encode(frame: np.ndarray, quality: int) -> bytes:
    """An RGB frame (uint8, height x width x 3) as JPEG."""
    import cv2

    done, data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("OpenCV could not write a JPEG")
    return bytes(data)


def contact_sheet(pictures: list[bytes], times_s: list[float]) -> bytes:
    """The frames side by side with their times, as JPEG."""
    from PIL import Image, ImageDraw, ImageFont

    thumbnails = []
    for picture, time in zip(pictures, times_s, strict=True):
        full = Image.open(io.BytesIO(picture))
        width = max(1, round(full.width * SHEET_FRAME_HEIGHT / full.height))
        image = full.resize((min(width, 8 * SHEET_FRAME_HEIGHT), SHEET_FRAME_HEIGHT))
        draw = ImageDraw.Draw(image)
        label = f"{time:.1f} s"
        font = ImageFont.load_default(16)
        draw.text((5, 3), label, fill="white", stroke_width=2, stroke_fill="black", font=font)
        thumbnails.append(image)
    columns = min(len(thumbnails), 8)
    rows = [thumbnails[start : start + columns] for start in range(0, len(thumbnails), columns)]
    widest = max(sum(image.width for image in row) for row in rows)
    sheet = Image.new("RGB", (widest, SHEET_FRAME_HEIGHT * len(rows)), "white")
    for number, row in enumerate(rows):
        left = 0
        for image in row:
            sheet.paste(image, (left, number * SHEET_FRAME_HEIGHT))
            left += image.width
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=85)
    return data.getvalue()


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, FramesSection)
    isolated = functools.partial(
        run_isolated,
        sample_frames,
        workers=arguments.workers,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
    )
    run_stage(STAGE, arguments, settings, lambda works: isolated(works, settings))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    return stage_parser(STAGE, FramesSection, __doc__).parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
