"""Cuts by cells: what is a cut and what is none, in clips that are drawn on the spot."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from common.config import FramesSection
from cut_clips import KINDS, Clip, Composer, write
from media.frames import sample_video
from media.shots import CellDetector

RATE = 20
# The clips of one chance throughout: others are judged by tests/bench/bench_cuts.py.
WITHOUT, WITH = ([kind for kind, cut in KINDS.items() if cut is wanted] for wanted in (False, True))


def found(clip: Clip) -> list[float]:
    """The cuts that are found in a clip, without a file."""
    detector = CellDetector(0.5)
    for number in range(round(clip.seconds * RATE)):
        yuv = cv2.cvtColor(cv2.resize(clip.draw(number / RATE), (96, 160)), cv2.COLOR_BGR2YUV_I420)
        detector.look(number / RATE, np.asarray(yuv))
    return detector.cuts()


@pytest.mark.parametrize("kind", WITHOUT)
def test_what_moves_flashes_or_is_written_over_is_no_cut(kind: str):
    clip = Composer(1, "tuning", (90, 160)).clip(kind)
    assert not clip.cuts
    assert found(clip) == []


@pytest.mark.parametrize("kind", WITH)
def test_each_kind_of_cut_is_found_at_its_time(kind: str):
    clip = Composer(1, "tuning", (90, 160)).clip(kind)
    assert clip.cuts
    cuts = found(clip)
    assert len(cuts) == len(clip.cuts)
    for cut, (begin, end) in zip(cuts, clip.cuts, strict=True):
        assert begin - 0.2 <= cut <= end + 0.2


@pytest.mark.parametrize(
    ("suffix", "source", "quality"),
    [(".mp4", "60 fps", 0), (".webm", "15 fps", 1), (".mkv", "24 in 30 fps", 2), (".mp4", "interlaced", 1)],
)
def test_one_clip_has_the_same_cuts_in_each_kind_of_file(tmp_path: Path, suffix: str, source: str, quality: int):
    clip = Composer(1, "tuning", (90, 160)).clip("split screen")
    path = write(clip, tmp_path / f"clip{suffix}", source, quality)
    starts = [start for start, _ in sample_video(path, FramesSection()).shots[1:]]
    assert starts == pytest.approx([begin for begin, _ in clip.cuts], abs=0.15)


def test_memory_does_not_grow_with_the_video():
    detector = CellDetector(0.5)
    chance = np.random.default_rng(0)
    for number in range(300):
        detector.look(number / 30, chance.integers(0, 256, (96, 36), np.uint8))
    assert len(detector.copies) == len(detector.times) == len(detector.changes) < 100


def test_a_picture_that_is_held_for_long_and_then_cut_is_two_shots():
    shots = [
        cv2.resize(clip, (96, 160))
        for clip in (Composer(1, "tuning", (90, 160)).shot(name)(0.0) for name in ("coffee.png", "china.jpg"))
    ]
    detector = CellDetector(0.5)
    for time, shown in ((0.0, 0), (6.0, 1), (6.04, 1), (14.0, 1)):
        detector.look(time, np.asarray(cv2.cvtColor(shots[shown], cv2.COLOR_BGR2YUV_I420)))
    assert detector.cuts() == [6.0]


@pytest.mark.parametrize("times", [[], [0.0], [0.0, 0.04]])
def test_videos_of_hardly_any_frames_have_no_cut(times: list[float]):
    detector = CellDetector(0.5)
    for time in times:
        detector.look(time, np.full((240, 96), 128, np.uint8))
    assert detector.cuts() == []


def test_a_black_frame_at_the_beginning_is_no_shot():
    shown = cv2.resize(Composer(1, "tuning", (90, 160)).shot("coffee.png")(0.0), (96, 160))
    detector = CellDetector(0.5)
    for number in range(40):
        picture = np.zeros_like(shown) if number == 0 else shown
        detector.look(number / 20, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)))
    assert detector.cuts() == []
