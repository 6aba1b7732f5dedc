"""What the measurements are made from: the sampled frames of one reel, its shots and its motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class SampledReel:
    """A reel as `sample_frames` leaves it.

    Attributes:
        frames: RGB uint8 arrays (H, W, 3), longest side up to 672 px, display orientation, time order; 1 to 24 of them.
        times_s: time of each frame, seconds.
        shots: (start, end) of each shot, seconds, in time order; at least one.
        motion: one mapping for each pair of consecutive small copies inside a shot (about eight a second), as
            `MotionMeter.within` in scripts/media/motion.py makes them. May be empty.
        duration_s: length of the reel, seconds.
    """

    frames: list[Frame]
    times_s: list[float]
    shots: list[tuple[float, float]]
    motion: list[dict[str, float]]
    duration_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            ValueError: no frame, no shot, a frame without a time, or a frame that is not RGB uint8.
        """
        if not self.frames:
            raise ValueError("a sampled reel needs at least one frame, found none; sample the reel again")
        if not self.shots:
            raise ValueError("a sampled reel needs at least one shot, found none; give (0, duration) for a single take")
        if len(self.times_s) != len(self.frames):
            raise ValueError(f"expected one time per frame, found {len(self.times_s)} for {len(self.frames)} frames")
        for number, frame in enumerate(self.frames):
            if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
                raise ValueError(
                    f"frame {number}: expected RGB uint8 (H, W, 3), found {frame.dtype} {frame.shape};"
                    " convert it before measuring"
                )
