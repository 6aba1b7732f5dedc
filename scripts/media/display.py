"""How a decoded picture is shown: pixels that are not square, and the display matrix (turned, mirrored)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Matrix = tuple[tuple[int, int], tuple[int, int]]
TURNS: tuple[Matrix, ...] = (((1, 0), (0, 1)), ((0, -1), (1, 0)), ((-1, 0), (0, -1)), ((0, 1), (-1, 0)))  # clockwise
NEAR_DEGREES = 1.0


@dataclass(frozen=True)
class Display:
    """How the pictures of a track are shown.

    Attributes:
        pixel_aspect: width of a pixel, where its height is 1.
        rotation: counterclockwise degrees by which players turn the picture: 0, 90, 180 or 270.
        mirrored: left and right are exchanged, before the picture is turned.
        left_over: degrees of the file's angle beyond `rotation`, which players do not follow.
    """

    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    mirrored: bool = False
    left_over: float = 0.0

    @property
    def matrix(self) -> Matrix:
        """Where the unit vectors (right, down) of the decoded picture point in the shown one, as columns."""
        (a, b), (c, d) = TURNS[-self.rotation // 90 % 4]
        return ((-a, b), (-c, d)) if self.mirrored else ((a, b), (c, d))

    def stretched(self, width: int, height: int) -> tuple[int, int]:
        """A size (width, height) with square pixels, not yet turned; no side loses pixels."""
        if self.pixel_aspect >= 1:
            return round(width * self.pixel_aspect), height
        return width, round(height / self.pixel_aspect)

    def shown(self, width: int, height: int) -> tuple[int, int]:
        """A decoded picture's size (width, height) as players show it."""
        width, height = self.stretched(width, height)
        return (height, width) if self.rotation % 180 else (width, height)

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """Turn and mirror a picture (height, width, channels) the way it is shown."""
        matrix = self.matrix
        if self.rotation % 180:
            picture, signs = picture.transpose(1, 0, 2), (matrix[0][1], matrix[1][0])
        else:
            signs = (matrix[0][0], matrix[1][1])
        return np.ascontiguousarray(picture[:: signs[1], :: signs[0]])

    def note(self) -> str | None:
        """What is not shown as the file says; None where all is."""
        if abs(self.left_over) <= NEAR_DEGREES:
            return None
        return f"the file turns the picture by {self.left_over:+.0f} degrees more, which players do not follow"


def display_of(stream: Any, frame: Any) -> Display:
    """How a track is shown.

    Args:
        stream: the video track.
        frame: its first decoded frame, which has the display matrix of file or codec.
    """
    aspect = stream.sample_aspect_ratio or Fraction(1)
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return Display(aspect)
    a, b, _, c, d = np.frombuffer(matrix, dtype="<i4")[:5].astype(float)
    mirrored = a * d - b * c < 0
    # Of a mirrored picture it is the left side that now lies where the first column says.
    clockwise = math.degrees(math.atan2(-b, -a) if mirrored else math.atan2(b, a))
    quarter = round(clockwise / 90)
    return Display(aspect, -quarter * 90 % 360, bool(mirrored), 90 * quarter - clockwise)
