"""How the picture moves, from dense optical flow between small grey copies of the frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from media.display import Matrix

INTERVAL_S = 0.2
WIDTH = 72


@dataclass
class MotionMeter:
    """Measures the flow between copies taken about five times a second.

    Flow is that of Kroeger et al. 2016 (dense inverse search), as in OpenCV, at a width of 72 pixels.
    """

    last: tuple[float, np.ndarray] | None = None
    found: list[tuple[float, float, np.ndarray]] = field(default_factory=list)
    flow: Any = None
    # Unit vectors away from the centre: float32 (height, width, 2).
    outward: np.ndarray | None = None

    def look(self, time: float, picture: np.ndarray) -> None:
        """Take notice of a frame: time in s, lightness uint8 (height, width)."""
        if self.last is not None and time - self.last[0] < INTERVAL_S:
            return
        height = max(16, round(picture.shape[0] * WIDTH / picture.shape[1]))
        grey = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
        if self.last is not None:
            self.found.append((self.last[0], time, self._motion(self.last[1], grey) / (time - self.last[0])))
        self.last = (time, grey)

    def _motion(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Mean length, x, y and outward part of the flow, in frame diagonals: float64 (4,)."""
        if self.flow is None:
            self.flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
        flow = self.flow.calc(before, after, None)
        height, width = before.shape
        if self.outward is None:
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            x, y = x - x.mean(), y - y.mean()
            self.outward = np.stack([x, y], axis=-1) / np.maximum(np.hypot(x, y), 0.5)[..., None]
        x, y = flow[..., 0], flow[..., 1]
        parts = (np.hypot(x, y), x, y, (flow * self.outward).sum(axis=-1))
        return np.array([part.mean(dtype=np.float64) for part in parts]) / float(np.hypot(width, height))

    def within(self, shots: list[tuple[float, float]], matrix: Matrix) -> list[dict[str, float]]:
        """The motion inside the shots; what straddles a cut is no motion.

        Args:
            shots: (start, end) in s.
            matrix: where right and down of the decoded frames point when they are shown, see display.py.

        Returns:
            For each pair of copies: time_s, and in frame diagonals per second: speed, pan (rightwards), tilt
            (downwards) and zoom (outwards).
        """
        edges = [start for start, _ in shots[1:]]
        (a, b), (c, d) = matrix
        kept = []
        for before, after, (speed, x, y, zoom) in self.found:
            if any(before < edge <= after for edge in edges):
                continue
            pan, tilt = a * x + b * y, c * x + d * y
            values = {"time_s": after, "speed": speed, "pan": pan, "tilt": tilt, "zoom": zoom}
            kept.append({name: round(float(value), 6) for name, value in values.items()})
        return kept
