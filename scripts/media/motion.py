"""How the picture moves, from dense optical flow between small grey copies of the frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

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

    def look(self, time: float, small: np.ndarray) -> None:
        """Take notice of a frame: time in s, BGR uint8 (height, width, 3)."""
        if self.last is not None and time - self.last[0] < INTERVAL_S:
            return
        height = max(16, round(small.shape[0] * WIDTH / small.shape[1]))
        grey = cv2.cvtColor(cv2.resize(small, (WIDTH, height), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        if self.last is not None:
            self.found.append((self.last[0], time, self._motion(self.last[1], grey) / (time - self.last[0])))
        self.last = (time, grey)

    def _motion(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Mean length, x, y and outward part of the flow, in frame diagonals: float64 (4,)."""
        if self.flow is None:
            self.flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        flow = self.flow.calc(before, after, None).astype(np.float64)
        height, width = before.shape
        diagonal = float(np.hypot(width, height))
        y, x = np.mgrid[0:height, 0:width]
        x, y = x - x.mean(), y - y.mean()
        outward = (flow[..., 0] * x + flow[..., 1] * y) / np.maximum(np.hypot(x, y), 0.5)
        lengths = np.hypot(flow[..., 0], flow[..., 1])
        return np.array([part.mean() for part in (lengths, flow[..., 0], flow[..., 1], outward)]) / diagonal

    def within(self, shots: list[tuple[float, float]], rotation: int) -> list[dict[str, float]]:
        """The motion inside the shots; what straddles a cut is no motion.

        Args:
            shots: (start, end) in s.
            rotation: counterclockwise degrees by which frames are turned for display.

        Returns:
            For each pair of copies: time_s, and in frame diagonals per second: speed, pan (rightwards), tilt
            (downwards) and zoom (outwards).
        """
        edges = [start for start, _ in shots[1:]]
        turn = np.deg2rad(-rotation)
        kept = []
        for before, after, (speed, x, y, zoom) in self.found:
            if any(before < edge <= after for edge in edges):
                continue
            pan, tilt = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
            values = {"time_s": after, "speed": speed, "pan": pan, "tilt": tilt, "zoom": zoom}
            kept.append({name: round(float(value), 6) for name, value in values.items()})
        return kept
