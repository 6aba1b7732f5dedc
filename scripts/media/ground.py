"""The ground: what moves as the camera makes it move, among points that were followed from one picture to the next.

A similarity (shift, turn, growth) is fitted by random sampling, after Fischler and Bolles (1981), Communications of the
ACM 24(6), with the scores of Torr and Zisserman (2000), Computer Vision and Image Understanding 78(1). Points are
complex numbers, x + iy: a similarity is then z -> turn * z + shift. OpenCV's estimateAffinePartial2D does the same, but
cannot weigh the points: here those near the border count more, because the ground reaches the border, and a person
before it stands in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SAMPLES = 48
# A point follows the ground when it lies within this many px of where the ground goes, and this share of its way.
NEAR_PX, NEAR_SHARE = 0.4, 0.1
# Two points that make the picture grow or shrink by more than this, from one to the next, lie on different things.
MOST_GROWTH = 0.25
# The border is this wide (share of the side), and weighs this many times as much as the middle.
BORDER, BORDER_WEIGHT = 0.2, 3.0
FEWEST_POINTS = 6

# Left, top, right, bottom, px.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Ground:
    """The way of the ground from one picture to the next.

    Attributes:
        turn: growth and turn around the origin, complex; 1 for none.
        shift: px, right + i down.
        follows: which of the points follow it: bool (n,).
        share: weight of these among all points, 0 to 1.
        corners: number of the picture's corners, 0 to 4, in which two points at least, and half of all, follow it.
        astray: number of corners with two points or more, most of which do not follow it.
    """

    turn: complex
    shift: complex
    follows: np.ndarray
    share: float
    corners: int
    astray: int

    def way(self, points: np.ndarray) -> np.ndarray:
        """How far points (complex) of the ground go, px."""
        return np.asarray((self.turn - 1) * points + self.shift)

    def matrix(self) -> np.ndarray:
        """The same as cv2.warpAffine wants it: float64 (2, 3)."""
        x, y = self.turn.real, self.turn.imag
        return np.array([[x, -y, self.shift.real], [y, x, self.shift.imag]])


def find_ground(before: np.ndarray, after: np.ndarray, box: Box) -> Ground | None:
    """Fit the ground.

    Args:
        before: the points in the first picture, px, complex (n,).
        after: the same points in the second picture.
        box: the picture without bars around it.

    Returns:
        None with fewer than FEWEST_POINTS points.
    """
    if len(before) < FEWEST_POINTS:
        return None
    left, top, right, bottom = box
    across, down = (before.real - left) / (right - left), (before.imag - top) / (bottom - top)
    border = np.minimum(np.minimum(across, 1 - across), np.minimum(down, 1 - down)) < BORDER
    weights = np.where(border, BORDER_WEIGHT, 1.0)
    near = NEAR_PX + NEAR_SHARE * np.abs(after - before)
    turns, shifts = _guesses(before, after)
    misses = np.abs(turns[:, None] * before + shifts[:, None] - after) / near
    best = int(np.argmax(np.maximum(0, 1 - misses**2) @ weights))
    turn, shift = complex(turns[best]), complex(shifts[best])
    for _ in range(2):
        turn, shift = _least_squares(before, after, weights * (np.abs(turn * before + shift - after) < near))
    follows = np.abs(turn * before + shift - after) < near
    corners = astray = 0
    for side in (across < 0.5, across >= 0.5):
        for end in (down < 0.5, down >= 0.5):
            there = follows[border & side & end]
            corners += int(there.sum() >= max(2, len(there) / 2))
            astray += int(len(there) >= 2 and there.sum() < len(there) / 2)
    return Ground(turn, shift, follows, float(weights[follows].sum() / weights.sum()), corners, astray)


def _guesses(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns and shifts: that of a picture at rest, shifts of single points, similarities of pairs of points."""
    first, second = np.random.default_rng(0).integers(0, len(before), (2, SAMPLES))
    apart = before[first] != before[second]
    first, second = first[apart], second[apart]
    turns = (after[first] - after[second]) / (before[first] - before[second])
    likely = np.abs(np.abs(turns) - 1) < MOST_GROWTH
    turns, pairs = turns[likely], first[likely]
    shifts = after[pairs] - turns * before[pairs]
    alone = after[first] - before[first]
    return np.concatenate([[1.0], np.ones(len(alone)), turns]), np.concatenate([[0.0], alone, shifts])


def _least_squares(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> tuple[complex, complex]:
    """The similarity (turn, shift) that fits weighted points best; a mere shift where they lie in one place."""
    total = weights.sum()
    middle_before, middle_after = weights @ before / total, weights @ after / total
    around = before - middle_before
    spread = float(weights @ np.abs(around) ** 2)
    turn = complex((weights * around.conj()) @ (after - middle_after) / spread) if spread else 1 + 0j
    return turn, complex(middle_after - turn * middle_before)
