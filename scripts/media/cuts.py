"""Finding cuts: by cells (shots.py), or as PySceneDetect's ContentDetector does, with its arithmetic done by OpenCV."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import cv2
import numpy as np
from scenedetect import ContentDetector, FrameTimecode
from scenedetect.common import Timecode

from common.config import FramesSection
from media.shots import CellDetector

MICROSECOND = Fraction(1, 1_000_000)


class Detector(Protocol):
    """Finds the cuts of one video."""

    def look(self, time_s: float, picture: np.ndarray) -> None:
        """Take notice of the next frame: YUV 4:2:0 uint8 (3/2 height, width), all of one size, shown at `time_s`."""

    def cuts(self) -> list[float]:
        """Times (s) of all cuts, after the last frame."""


def detector_for(settings: FramesSection, rate: Fraction) -> Detector:
    """The detector that the settings name, for a video of this mean rate (frames per second)."""
    if settings.backend == "cells":
        return CellDetector(settings.min_shot_s)
    return CutDetector(settings.threshold, settings.min_shot_s, rate)


class CutDetector(ContentDetector):  # type: ignore[misc]
    """ContentDetector with the same scores, several times sooner.

    The original splits the channels, widens each to 32 bits and sums in numpy, which takes more time than all else it
    does; OpenCV's L1 norm adds up the same whole numbers. The weights are the original's default: hue, saturation and
    value alike.

    Args:
        threshold: change of hue, saturation and value, on average, that counts as a cut.
        min_shot_s: cuts closer together than this are one.
        rate: mean frames per second of the video.
    """

    def __init__(self, threshold: float, min_shot_s: float, rate: Fraction) -> None:
        super().__init__(threshold=threshold, min_scene_len=min_shot_s)
        self.rate = rate
        self.found: list[float] = []
        # Buffers, used again and again: new ones for each frame would cost as much as the sums.
        self.colours: np.ndarray | None = None
        self.now: np.ndarray | None = None
        self.before: np.ndarray | None = None

    def look(self, time_s: float, picture: np.ndarray) -> None:
        """Take notice of the next frame.

        Args:
            time_s: when the frame is shown.
            picture: YUV 4:2:0 uint8 (3/2 height, width), all of one size.
        """
        self.colours = np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420, self.colours))
        timecode = FrameTimecode(Timecode(round(time_s / MICROSECOND), MICROSECOND), self.rate)
        self.found += [cut.seconds for cut in self.process_frame(timecode, self.colours)]

    def cuts(self) -> list[float]:
        """Times (s) of all cuts so far."""
        return self.found

    def _calculate_frame_score(self, timecode: FrameTimecode, frame_img: np.ndarray) -> float:  # noqa: ARG002
        score = 0.0
        self.now = np.asarray(cv2.cvtColor(frame_img, cv2.COLOR_BGR2HSV, self.now))
        if self.before is not None:
            score = cv2.norm(self.now, self.before, cv2.NORM_L1) / self.now.size
        self.now, self.before = self.before, self.now
        return score
