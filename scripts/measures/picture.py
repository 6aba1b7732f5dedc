"""One frame, brought to the copies that the measurements work on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .reel import Frame

# Longest side of the working copy, px. Everything but grain is measured on it: reels then compare whatever their
# resolution was, and a frame costs milliseconds.
WORKING_SIDE = 256
# Smaller sides are repeated up to this, so that filters and block grids have something to stand on.
SMALLEST_SIDE = 16


@dataclass(frozen=True)
class Picture:
    """The copies of one frame.

    Attributes:
        rgb: uint8 (h, w, 3), longest side at most `WORKING_SIDE` px.
        lab: float32 (h, w, 3), CIELAB under D65: L* 0 to 100, a* and b* about -110 to 110.
        grey: uint8 (h, w), BT.601 luma of `rgb`.
        full_grey: uint8 (H, W), BT.601 luma at the resolution of the frame, at least 3 x 3 px.
    """

    rgb: Frame
    lab: NDArray[np.float32]
    grey: NDArray[np.uint8]
    full_grey: NDArray[np.uint8]

    @property
    def lightness(self) -> NDArray[np.float32]:
        """CIE L*, float32 (h, w), 0 to 100."""
        return self.lab[..., 0]


def to_lab(rgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """CIELAB (D65) of sRGB colours; `rgb` is (..., 3) on the scale 0 to 255, the answer has the same shape."""
    scaled = (np.asarray(rgb, dtype=np.float32) / np.float32(255)).reshape(-1, 1, 3)
    return cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB).reshape(rgb.shape).astype(np.float32, copy=False)


def load_picture(frame: Frame) -> Picture:
    """Make the working copies of an RGB uint8 (H, W, 3) frame."""
    rgb = _resized(np.ascontiguousarray(frame))
    full_grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    pad_down, pad_right = (max(0, 3 - side) for side in full_grey.shape)
    if pad_down or pad_right:
        full_grey = cv2.copyMakeBorder(full_grey, 0, pad_down, 0, pad_right, cv2.BORDER_REPLICATE)
    return Picture(
        rgb=rgb,
        lab=to_lab(rgb.astype(np.float32)),
        grey=cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False),
        full_grey=full_grey.astype(np.uint8, copy=False),
    )


def _resized(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    height, width = frame.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        # Nearest neighbour adds no colour and no edge that was not there.
        size = (max(width, SMALLEST_SIDE), max(height, SMALLEST_SIDE))
        frame = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
    return frame
