"""Frames of a video, chosen by scene, from a single decode.

The usual way decodes twice: once to find the cuts, once to fetch frames. Here each decoded frame is scaled once to
what PySceneDetect's ContentDetector looks at, small grey copies give the motion between them, and a few frames a second
are kept as candidates; when the shots are known, frames are chosen among the candidates by time.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from scenedetect import ContentDetector, FrameTimecode
from scenedetect.common import Timecode

from common.config import FrameBudget, FramesSection
from common.states import ReelError
from media.container import open_video
from media.motion import MotionMeter

# PySceneDetect scales frames down to this width before it compares them.
DETECTOR_WIDTH = 256
CANDIDATE_INTERVAL_S = 0.25
# Beyond this many, every second candidate is dropped and the interval doubled: memory stays bounded.
MAX_CANDIDATES = 160


@dataclass
class Decoded:
    """What one decode of a video left behind.

    Attributes:
        candidates: (time in s, frame) in time order; frames are YUV 4:2:0 at the final size, not yet rotated.
        cuts: times of the cuts, in s.
        motion: optical flow between small copies, see motion.py.
        duration_s: from the first frame to the end of the last.
        rotation: counterclockwise degrees by which frames are turned for display.
        size: (width, height) as coded.
        fps: mean frames per second.
        n_frames: frames decoded.
        n_bad: packets that could not be decoded.
    """

    candidates: list[tuple[float, Any]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    motion: list[dict[str, float]] = field(default_factory=list)
    duration_s: float = 0.0
    rotation: int = 0
    size: tuple[int, int] = (0, 0)
    fps: float = 0.0
    n_frames: int = 0
    n_bad: int = 0


@dataclass(frozen=True)
class Sample:
    """The chosen frames of a video.

    Attributes:
        frames: RGB uint8 (height, width, 3), upright, in time order.
        times_s: when each is shown.
        shots: (start, end) of each shot in s, covering the video.
        decoded: all else that is known.
    """

    frames: list[np.ndarray]
    times_s: list[float]
    shots: list[tuple[float, float]]
    decoded: Decoded


def sample_video(path: Path, settings: FramesSection, threads: int = 1) -> Sample:
    """Choose frames of a video.

    Args:
        path: the file.
        settings: threshold, budget, size.
        threads: of the decoder.

    Raises:
        ReelError: corrupt, where too little of the video can be decoded.
    """
    decoded = decode(path, settings, threads)
    total = decoded.n_frames + decoded.n_bad
    if not decoded.candidates or decoded.n_bad > settings.max_bad_share * total:
        raise ReelError("corrupt", f"{decoded.n_bad} of {total} frames cannot be decoded")
    shots = shots_between(decoded.cuts, decoded.duration_s)
    wanted = choose_times(shots, frames_allowed(decoded.duration_s, settings.budget))
    times = [time for time, _ in decoded.candidates]
    chosen = sorted({nearest_in_shot(times, time, shots) for time in wanted})
    frames = [_upright(decoded.candidates[index][1], decoded.rotation) for index in chosen]
    return Sample(frames, [times[index] for index in chosen], shots, decoded)


def decode(path: Path, settings: FramesSection, threads: int = 1) -> Decoded:
    """Decode a video once, keeping candidates, cuts and motion."""
    found = Decoded()
    detector = ContentDetector(threshold=settings.threshold, min_scene_len=settings.min_shot_s)
    meter = MotionMeter()
    interval = CANDIDATE_INTERVAL_S
    start = end = next_candidate = None
    with open_video(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        found.fps = float(rate)
        for frame in _frames(container, stream, found):
            if start is None:
                start = frame.time if frame.time is not None else 0.0
                found.rotation = frame.rotation % 360
                found.size = (frame.width, frame.height)
                next_candidate = 0.0
            # Some files carry no times; a few carry times that run backwards.
            time = frame.time - start if frame.time is not None else found.n_frames / found.fps
            if end is not None and time < end:
                continue
            end = time
            found.n_frames += 1
            small = _scaled(frame, DETECTOR_WIDTH, "bgr24", longest=False).to_ndarray()
            microseconds = FrameTimecode(Timecode(round(time * 1_000_000), Fraction(1, 1_000_000)), rate)
            found.cuts.extend(cut.seconds for cut in detector.process_frame(microseconds, small))
            meter.look(time, small)
            if time >= next_candidate:
                found.candidates.append((time, _scaled(frame, settings.longest_side, "yuv420p", longest=True)))
                next_candidate = time + interval
                if len(found.candidates) > MAX_CANDIDATES:
                    del found.candidates[1::2]
                    interval *= 2
                    next_candidate = found.candidates[-1][0] + interval
    if end is not None:
        found.duration_s = end + 1 / found.fps
    found.motion = meter.within(shots_between(found.cuts, found.duration_s), found.rotation)
    return found


def _frames(container: Any, stream: Any, found: Decoded) -> Iterator[Any]:
    """Decoded frames; packets that cannot be decoded are counted and passed over."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:  # the container is broken from here on
            found.n_bad += 1
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            found.n_bad += 1
            continue
        for frame in frames:
            if frame.is_corrupt:
                found.n_bad += 1
            else:
                yield frame


def _scaled(frame: Any, side: int, pixel_format: str, longest: bool) -> Any:
    """A frame scaled down (never up) so that its width, or its longest side, is `side`."""
    reference = max(frame.width, frame.height) if longest else frame.width
    factor = min(1.0, side / reference)
    # 4:2:0 needs even sizes.
    width, height = (max(2, round(size * factor / 2) * 2) for size in (frame.width, frame.height))
    return frame.reformat(width=width, height=height, format=pixel_format, interpolation="FAST_BILINEAR")


def shots_between(cuts: list[float], duration_s: float) -> list[tuple[float, float]]:
    """The shots that cuts leave; one where there is no cut."""
    edges = [0.0, *sorted({cut for cut in cuts if 0 < cut < duration_s}), duration_s]
    return list(zip(edges[:-1], edges[1:], strict=True))


def frames_allowed(duration_s: float, budget: list[FrameBudget]) -> int:
    """Frames at most for a video of this duration."""
    return next(step.frames for step in budget if step.up_to_s is None or duration_s <= step.up_to_s)


def choose_times(shots: list[tuple[float, float]], allowed: int) -> list[float]:
    """When frames are wanted: even sampling in a video without cuts; else up to three a shot, spread over the shots.

    Args:
        shots: (start, end) in s.
        allowed: frames at most.
    """
    if len(shots) == 1:
        start, end = shots[0]
        return [start + (end - start) * (number + 0.5) / allowed for number in range(allowed)]
    most = 3 if len(shots) <= 3 else 2 if len(shots) <= 6 else 1
    each = min(most, allowed // len(shots))
    if each == 0:  # more shots than frames
        picked = np.linspace(0, len(shots) - 1, allowed).round().astype(int)
        return [sum(shots[index]) / 2 for index in picked]
    # First, middle and near the end of a shot: not at its very edges, where transitions are.
    places = {1: (0.5,), 2: (0.1, 0.9), 3: (0.1, 0.5, 0.9)}[each]
    return [start + (end - start) * place for start, end in shots for place in places]


def nearest_in_shot(times: list[float], wanted: float, shots: list[tuple[float, float]]) -> int:
    """Index of the candidate nearest to a wanted time, of the same shot where there is one."""
    shot = min(bisect.bisect_right([start for start, _ in shots], wanted) - 1, len(shots) - 1)
    start, end = shots[max(shot, 0)]
    inside = [index for index, time in enumerate(times) if start <= time < end] or range(len(times))
    return min(inside, key=lambda index: abs(times[index] - wanted))


def _upright(frame: Any, rotation: int) -> np.ndarray:
    """A candidate as RGB, turned the way it is shown."""
    picture = frame.to_ndarray(format="rgb24")
    turns = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
    return cv2.rotate(picture, turns[rotation]) if rotation in turns else picture
