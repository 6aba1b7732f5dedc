"""Clips whose camera and subject are known get true words; the bench `words` judges many more of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from common.config import FramesSection
from known_clips import CONTAINERS, Clip, frames_of, write_clip
from measures import SampledReel, measure
from measures.measured import Measures
from media.frames import sample_video
from media.ground import find_ground
from media.motion import picture_box


def measured(path: Path, clip: Clip, bit_rate: int = 1) -> Measures:
    write_clip(path, frames_of(clip), clip.rate, bit_rate)
    sample = sample_video(path, FramesSection())
    decoded = sample.decoded
    return measure(SampledReel(sample.frames, sample.times_s, sample.shots, decoded.motion, decoded.duration_s))


@pytest.mark.parametrize(
    ("clip", "kind"),
    [
        (Clip(), "still"),
        (Clip(subject="gesture"), "inside"),
        (Clip(subject="body", ground="brick"), "inside"),
        (Clip(over="clock"), "held"),
        (Clip(hand="clear", subject="gesture", ground="coffee"), "shake"),
        (Clip(camera="pan left", over="letterbox"), "pan left"),
        (Clip(camera="pan right", over="captions", ground="grass"), "pan right"),
        (Clip(camera="zoom in", speed=0.3, ground="chelsea"), "zoom in"),
        # The dark, a globe that turns before nothing, two scenes one above the other: no camera is seen.
        (Clip(world="dark", hand="clear"), "unclear"),
        (Clip(subject="globe", world="black"), "unclear"),
        (Clip(over="split"), "unclear"),
    ],
)
def test_the_camera_is_told_from_what_moves_before_it(tmp_path: Path, clip: Clip, kind: str):
    assert measured(tmp_path / "clip.mp4", Clip(**{**vars(clip), "seconds": 1.5})).motion.kind == kind


def test_a_clip_is_measured_alike_in_each_container_and_bit_rate(tmp_path: Path):
    clip = Clip(camera="tilt up", hand="slight", subject="large", ground="motorcycle_left", seconds=1.5)
    found = [measured(tmp_path / f"{n}{suffix}", clip, n).motion for n, suffix in enumerate(CONTAINERS)]
    assert {motion.kind for motion in found} == {"tilt up"}
    # 0.12 diagonals a second, and a little of the hand's way.
    assert [motion.tilt for motion in found] == pytest.approx([found[0].tilt] * 3, rel=0.02)
    assert found[0].tilt == pytest.approx(0.12, rel=0.1)


def test_the_ground_is_what_reaches_the_border_even_where_more_points_are_on_something_else():
    random = np.random.default_rng(2)
    x, y = (np.concatenate([random.uniform(0, 100, 300), random.uniform(25, 75, 200)]) for _ in "xy")
    before = x + 1j * y
    middle = (abs(x - 50) < 25) & (abs(y - 50) < 25)
    assert 0.5 < middle.mean() < 0.6
    after = np.where(middle, before + 6, 1.01 * before + 2j)
    ground = find_ground(before, after, (0, 0, 100, 100))
    assert ground is not None
    assert (ground.turn, ground.shift) == (pytest.approx(1.01, abs=1e-9), pytest.approx(2j, abs=1e-9))
    assert not ground.follows[middle].any()
    assert ground.follows[~middle].all()
    assert (ground.corners, ground.astray) == (4, 0)
    assert find_ground(before[:3], after[:3], (0, 0, 100, 100)) is None


def test_bars_around_a_picture_are_found_and_a_ball_on_a_plain_ground_is_no_picture_in_bars():
    picture = np.random.default_rng(3).integers(60, 200, (100, 80)).astype(np.uint8)
    barred = picture.copy()
    barred[:12] = barred[88:] = 16
    barred[:, :5] = 16
    assert picture_box(barred) == (5, 12, 80, 88)
    assert picture_box(picture) == (0, 0, 80, 100)
    y, x = np.mgrid[:100, :80]
    ball = np.where(np.hypot(x - 40, y - 50) < 25, picture, 16).astype(np.uint8)
    assert picture_box(ball) == (0, 0, 80, 100)
