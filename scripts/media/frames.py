"""Frames of a video, chosen by scene, from a single decode.

The usual way decodes twice: once to find the cuts, once to fetch frames. Here each decoded frame is scaled once to
what the detector of cuts looks at, the lightness of some of these gives the motion between them, and a few
frames a second are kept as candidates; when the shots are known, frames are chosen among the candidates by time.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from common.config import FrameBudget, FramesSection
from common.states import ReelError
from media import colour
from media.colour import Colours, as_sdr, beyond_sdr, unknown_colours
from media.container import audio_track, check_memory, open_video, video_track
from media.cuts import detector_for
from media.display import Display, display_of
from media.motion import MotionMeter
from media.timeline import TimeLine

# Frames are scaled down to this width before they are compared. PySceneDetect takes 256, by another way of scaling; at
# 192 our scores come closest to its own, and all 118 cuts of 46 videos were the same (at 160, one more was found).
DETECTOR_WIDTH = 192
CANDIDATE_INTERVAL_S = 0.25
# Beyond this many, every second candidate is dropped and the interval doubled: memory stays bounded.
MAX_CANDIDATES = 160
# A picture is held on purpose where the sound goes on for longer; less is how encoders end files.
HELD_S = 0.5


@dataclass
class Decoded:
    """What one decode of a video left behind.

    Attributes:
        candidates: (time in s, frame) in time order; frames are YUV 4:2:0 at the final size, not yet turned.
        cuts: times of the cuts, in s.
        motion: optical flow between small copies, see motion.py.
        start_s: when the first frame is shown; the sound may begin before.
        duration_s: when the last frame ends; players hold it while the sound goes on.
        display: how the frames are shown.
        colour: what the frames have that common screens do not, see colour.py.
        fps: mean frames per second.
        n_frames: frames decoded.
        n_bad: packets that could not be decoded.
        n_late: frames passed over, as their time lies before that of an earlier one.
    """

    candidates: list[tuple[float, Any]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    motion: list[dict[str, float]] = field(default_factory=list)
    start_s: float = 0.0
    duration_s: float = 0.0
    display: Display = field(default_factory=Display)
    colour: str | None = None
    unknown_colours: str | None = None
    fps: float = 0.0
    n_frames: int = 0
    n_bad: int = 0
    n_late: int = 0

    def notes(self) -> list[str]:
        """What to know about the frames, in words."""
        found = [self.display.note()]
        if self.colour:
            found.append(f"{self.colour}, shown as on a common screen (BT.709)")
        found.append(self.unknown_colours)
        if self.n_late:
            found.append(f"{self.n_late} frames with times before those of earlier ones were passed over")
        if self.n_bad:
            found.append(f"{self.n_bad} packets could not be decoded")
        return [note for note in found if note]


@dataclass(frozen=True)
class Sample:
    """The chosen frames of a video.

    Attributes:
        frames: RGB uint8 (height, width, 3), upright, in time order.
        times_s: when each is shown.
        shots: (start, end) of each shot in s, covering the picture.
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
    shots = shots_between(decoded.cuts, decoded.start_s, decoded.duration_s)
    wanted = choose_times(shots, frames_allowed(decoded.duration_s, settings.budget))
    times = [time for time, _ in decoded.candidates]
    chosen = sorted({nearest_in_shot(times, time, shots) for time in wanted})
    frames = [_upright(decoded.candidates[index][1], decoded.display) for index in chosen]
    return Sample(frames, [times[index] for index in chosen], shots, decoded)


def decode(path: Path, settings: FramesSection, threads: int = 1) -> Decoded:
    """Decode a video once, keeping candidates, cuts and motion."""
    found = Decoded()
    meter = MotionMeter()
    interval = CANDIDATE_INTERVAL_S
    end = next_candidate = 0.0
    with open_video(path) as container:
        stream = video_track(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        detector = detector_for(settings, rate)
        line = TimeLine(container, stream, audio_track(container))
        colours = Colours(stream.codec_context)
        for frame in _frames(line, stream, found):
            colours.complete(frame)
            # Some files carry no times; a few carry times that run backwards.
            time = frame.time if frame.time is not None else found.n_frames / float(rate)
            if time < end:
                found.n_late += 1
                continue
            end = time
            if not found.n_frames:
                found.start_s = time
                found.display = display_of(stream, frame)
                # A video may change its size on the way; all frames get the first one's.
                size = found.display.stretched(frame.width, frame.height)
                small_size = Scaler(size, DETECTOR_WIDTH, by=size[0])
                full_size = Scaler(size, settings.longest_side, by=max(size))
            found.n_frames += 1
            small = small_size.picture(frame)
            detector.look(time, small)
            meter.look(time, small[: small_size.height])
            if time >= next_candidate:
                found.colour = found.colour or beyond_sdr(frame)
                found.unknown_colours = found.unknown_colours or unknown_colours(frame)
                found.candidates.append((time, full_size.scale(frame)))
                next_candidate = time + interval
                if len(found.candidates) > MAX_CANDIDATES:
                    del found.candidates[1::2]
                    interval *= 2
                    next_candidate = found.candidates[-1][0] + interval
    found.cuts = detector.cuts()
    if found.n_frames:
        # Measured where it can be: what containers state of files with a variable rate is often far off.
        found.fps = (found.n_frames - 1) / (end - found.start_s) if end > found.start_s else float(rate)
        found.duration_s = end + 1 / found.fps
        if line.end_s > found.duration_s + HELD_S:  # players hold the last picture until the sound ends
            found.duration_s = line.end_s
    shots = shots_between(found.cuts, found.start_s, found.duration_s)
    found.motion = meter.within(shots, found.display.matrix)
    return found


def _frames(line: TimeLine, stream: Any, found: Decoded) -> Iterator[Any]:
    """Decoded frames of a track; packets that cannot be decoded are counted and passed over."""
    packets = line.packets()
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:  # the container is broken from here on
            check_memory(error)
            found.n_bad += 1
            return
        # Without content (Theora, AVI) the last picture is shown on; decoders would take it for the end of the video.
        if packet.stream.index != stream.index or (not packet.size and packet.dts is not None):
            continue
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            check_memory(error)
            found.n_bad += 1
            continue
        for frame in frames:
            if frame.is_corrupt:
                found.n_bad += 1
            else:
                yield frame


class Scaler:
    """Scales frames down (never up) to one size, as YUV 4:2:0; frames beyond SDR keep their colours.

    Args:
        size: (width, height) of the first frame with square pixels.
        side: pixels that `by` is scaled to.
        by: this width, or the longest side.
    """

    def __init__(self, size: tuple[int, int], side: int, by: int) -> None:
        factor = min(1.0, side / by)
        # 4:2:0 needs even sizes.
        self.width, self.height = (max(2, round(pixels * factor / 2) * 2) for pixels in size)
        self.reformatter = VideoReformatter()

    def scale(self, frame: Any) -> Any:
        """The frame scaled; itself where there is nothing to do."""
        with colour.convertible(frame):
            return self.reformatter.reformat(
                frame,
                width=self.width,
                height=self.height,
                format=colour.FORMAT if beyond_sdr(frame) else "yuv420p",
                interpolation="FAST_BILINEAR",
                threads=1,  # parallel are the reels
            )

    def picture(self, frame: Any) -> np.ndarray:
        """The frame scaled, as common screens show it: YUV 4:2:0 uint8 (3/2 height, width)."""
        scaled = self.scale(frame)
        if beyond_sdr(frame):
            return np.asarray(cv2.cvtColor(as_sdr(scaled), cv2.COLOR_RGB2YUV_I420))
        return np.asarray(scaled.to_ndarray())


def shots_between(cuts: list[float], start_s: float, end_s: float) -> list[tuple[float, float]]:
    """The shots that cuts leave; one where there is no cut."""
    edges = [start_s, *sorted({cut for cut in cuts if start_s < cut < end_s}), end_s]
    return list(itertools.pairwise(edges))


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


def _upright(frame: Any, display: Display) -> np.ndarray:
    """A candidate as RGB, the way it is shown."""
    return display.upright(as_sdr(frame) if beyond_sdr(frame) else frame.to_ndarray(format="rgb24", threads=1))
