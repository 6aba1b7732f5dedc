"""How the picture moves: the ground, as the camera moves it, and what moves before it.

Points are followed by Lucas and Kanade's way (1981, IJCAI), on pyramids as in Bouguet (2001), one point in each cell of
the picture that has texture: so a point stands for a part of the picture, not for a thing of many details.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from media.display import Matrix
from media.ground import Box, find_ground

# Pictures this far apart are compared, and, to see what moves slowly, those this much farther apart; s.
INTERVAL_S, SLOW_S = 0.115, 0.75
LONGEST_SIDE, CELL = 256, 14
# Least eigenvalue of the gradients (OpenCV's cornerMinEigenVal) from which on a point can be followed.
TEXTURE = 2e-5
WINDOW, LEVELS, ENOUGH = (13, 13), 3, (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)
# A picture is too dark where 95 % of it are darker than this, of 255: what compression leaves in it rests, whatever the
# camera does.
DARK = 48
# Followed there and back again, a point must return within this many px.
RETURN_PX = 0.4
# A cell changes where its lightness does, by this many levels of 255, and this share of its contrast.
CHANGE, CHANGE_SHARE = 5.0, 0.6
# A point that moves less than this while the ground moves more is no part of the scene: a caption, a logo; px.
FIXED_PX, MOVED_PX = 0.1, 0.6
# Levels (of 255) within which a bar at the edge of the picture is flat, and by more than which the picture differs.
FLAT = 14
# From camera diagonals a second on, slow changes are those of the camera.
AT_REST = 0.004


VALUES = ("speed", "camera", "zoom", "subject", "textured", "fit", "corners", "astray", "moving")


@dataclass(frozen=True)
class Step:
    """Motion from one small copy to the next.

    Attributes:
        before_s, after_s: times of the two.
        values: what does not depend on how the picture is turned, see MotionMeter.within.
        shift: of the ground in the middle of the picture, right + i down, frame diagonals a second.
        slow_s: time of the earlier copy that slow changes were seen against.
        slow: share of the picture that has changed since, 0 to 1.
    """

    before_s: float
    after_s: float
    values: dict[str, float]
    shift: complex
    slow_s: float = 0.0
    slow: float = 0.0


@dataclass
class MotionMeter:
    """Measures the motion between copies taken about eight times a second, their longest side 256 px at most."""

    copies: list[tuple[float, np.ndarray]] = field(default_factory=list)
    found: list[Step] = field(default_factory=list)

    def look(self, time: float, picture: np.ndarray) -> None:
        """Take notice of a frame: time in s, lightness uint8 (height, width)."""
        if self.copies and time - self.copies[-1][0] < INTERVAL_S:
            return
        factor = min(1.0, LONGEST_SIDE / max(picture.shape))
        size = tuple(max(2, round(side * factor)) for side in reversed(picture.shape))
        grey = np.array(picture) if factor == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        while len(self.copies) > 1 and time - self.copies[1][0] >= SLOW_S:
            del self.copies[0]
        if self.copies:
            self.found.append(_step(self.copies, time, grey))
        self.copies.append((time, grey))

    def within(self, shots: list[tuple[float, float]], matrix: Matrix) -> list[dict[str, float]]:
        """The motion inside the shots; what straddles a cut is no motion.

        Args:
            shots: (start, end) in s.
            matrix: where right and down of the decoded frames point when they are shown, see display.py.

        Returns:
            For each pair of copies: time_s; in frame diagonals per second: speed (mean over all points), camera (mean
            over the picture, were all of it ground), pan (the ground's shift rightwards), tilt (downwards), zoom
            (outwards, mean over the picture), subject (mean, against the ground, of the points that move before it;
            0 where there are none); shares, 0 to 1: textured (of the picture: cells in which a point was followed),
            fit (of the points, those near the border weighing more: those that follow the ground), moving (of the
            picture: what moves before the ground), changed (of the picture: what looks other than SLOW_S before, while
            the camera rests; 0 where it does not); corners: in how many of the picture's corners, 0
            to 4, the ground is seen; astray: in how many something else is.
        """
        edges = [start for start, _ in shots[1:]]
        (a, b), (c, d) = matrix
        kept = []
        for step in self.found:
            if any(step.before_s < edge <= step.after_s for edge in edges):
                continue
            x, y = step.shift.real, step.shift.imag
            values = {
                "time_s": step.after_s,
                **step.values,
                "pan": a * x + b * y,
                "tilt": c * x + d * y,
                "changed": 0.0,
            }
            if not any(step.slow_s < edge <= step.after_s for edge in edges):
                values["changed"] = step.slow
            kept.append({name: round(float(value), 6) for name, value in values.items()})
        return kept


def _step(copies: list[tuple[float, np.ndarray]], after_s: float, after: np.ndarray) -> Step:
    before_s, before = copies[-1]
    box = picture_box(before)
    start = points_to_follow(before, box)
    at, to = follow(before, after, start)
    ground = find_ground(at, to, box)
    left, top, right, bottom = box
    middles = (np.arange(left, right, CELL) + 1j * np.arange(top, bottom, CELL)[:, None]) + (1 + 1j) * CELL / 2
    centre = np.array(((left + right) + 1j * (top + bottom)) / 2)
    way = np.abs(to - at)
    unit = 1 / (float(np.hypot(*before.shape)) * (after_s - before_s))
    cells = max(1, ((bottom - top) // CELL) * ((right - left) // CELL))
    values = dict.fromkeys(
        ("speed", "camera", "zoom", "subject", "textured", "fit", "corners", "astray", "moving"), 0.0
    )
    values["textured"] = min(1.0, len(at) / cells)
    values["speed"] = float(way.mean()) * unit if len(at) else 0.0
    if ground is None:
        values["moving"] = float(_changed(before, after, box).mean())
        return Step(before_s, after_s, values, 0j)
    camera = float(np.abs(ground.way(middles)).mean())
    fixed = (way < FIXED_PX) & (camera > MOVED_PX)
    changed = _changed(before, after, box, ground.matrix())
    # What changes and yet follows the ground is lit in another way.
    columns = ((at.real - left) // CELL).astype(int).clip(0, changed.shape[1] - 1)
    rows = ((at.imag - top) // CELL).astype(int).clip(0, changed.shape[0] - 1)
    settled = ground.follows | fixed
    apart = changed[rows, columns] & ~settled
    changed[rows[settled], columns[settled]] = False
    values |= {
        "camera": camera * unit,
        "zoom": float(np.log(abs(ground.turn)) * np.abs(middles - centre).mean()) * unit,
        "subject": float(np.abs(to - at - ground.way(at))[apart].mean()) * unit if apart.any() else 0.0,
        "fit": ground.share,
        "corners": float(ground.corners),
        "astray": float(ground.astray),
        "moving": float(changed.mean()),
    }
    slow_s, earlier = copies[0]
    slow = float(_changed(earlier, after, box).mean()) if camera * unit < AT_REST and len(copies) > 2 else 0.0
    return Step(before_s, after_s, values, complex(ground.way(centre)) * unit, slow_s, slow)


def picture_box(grey: np.ndarray) -> Box:
    """The picture without flat bars at its edges, of any colour: lightness uint8 (height, width)."""
    depths = []
    for turned in (grey.T, grey, grey.T[::-1], grey[::-1]):
        if np.ptp(turned[0]) >= FLAT:
            depths.append(0)
            continue
        part = turned[: len(turned) * 2 // 5]
        flat = np.ptp(part, axis=1) < FLAT
        depth = 0 if flat.all() else int(np.argmin(flat))
        # The picture begins along the whole length of a bar, not in one place as something on a plain ground does.
        if depth:
            differs = np.abs(turned[depth + 2].astype(int) - int(np.median(turned[depth - 1]))) > FLAT
            depth = depth if differs.mean() > 0.5 else 0
        depths.append(depth)
    left, top, right, bottom = depths
    return left, top, grey.shape[1] - right, grey.shape[0] - bottom


def points_to_follow(grey: np.ndarray, box: Box) -> np.ndarray:
    """The best point of each cell that has texture: float32 (n, 1, 2), as OpenCV wants them."""
    left, top, right, bottom = box
    if np.percentile(grey[::4, ::4], 95) < DARK:
        return np.zeros((0, 1, 2), np.float32)
    strength = cv2.cornerMinEigenVal(grey, 3)[top:bottom, left:right]
    # The edge of a bar stays where it is, whatever the picture in it does.
    for edge, bar in zip((strength.T, strength, strength.T[::-1], strength[::-1]), _bars(grey, box), strict=True):
        edge[: 3 * (bar > 0)] = 0
    rows, columns = strength.shape[0] // CELL, strength.shape[1] // CELL
    cells = strength[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    by_cell = cells.transpose(0, 2, 1, 3).reshape(rows * columns, CELL * CELL)
    best = by_cell.argmax(axis=1)
    number = np.flatnonzero(by_cell[np.arange(len(best)), best] >= TEXTURE)
    x = left + number % columns * CELL + best[number] % CELL
    y = top + number // columns * CELL + best[number] // CELL
    return np.stack([x, y], axis=1).astype(np.float32)[:, None]


def _bars(grey: np.ndarray, box: Box) -> Box:
    return box[0], box[1], grey.shape[1] - box[2], grey.shape[0] - box[3]


def follow(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points that were found again, and where: complex (n,) each."""
    if not len(points):
        return np.zeros(0, complex), np.zeros(0, complex)
    options = {"winSize": WINDOW, "criteria": ENOUGH}
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, None, maxLevel=LEVELS, **options)  # type: ignore[call-overload]
    # Back again from close by: a place that looks alike would be left for another one.
    guess = {"nextPts": points.copy(), "maxLevel": 0, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW}
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(after, before, there, **guess, **options)  # type: ignore[call-overload]
    at, to, returned = (part[:, 0, 0].astype(np.float64) + 1j * part[:, 0, 1] for part in (points, there, back))
    kept = (found[:, 0] == 1) & (found_back[:, 0] == 1) & (np.abs(returned - at) < RETURN_PX)
    return at[kept], to[kept]


def _changed(before: np.ndarray, after: np.ndarray, box: Box, matrix: np.ndarray | None = None) -> np.ndarray:
    """Which cells change other than by the way of the ground (2, 3) and by exposure: bool (rows, columns)."""
    left, top, right, bottom = box
    if matrix is not None:
        size = (before.shape[1], before.shape[0])
        before = cv2.warpAffine(before, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rows, columns = max(1, (bottom - top) // CELL), max(1, (right - left) // CELL)
    # A multiple of the cells' side, which OpenCV averages several times sooner.
    inner = np.s_[top : min(bottom, top + rows * CELL), left : min(right, left + columns * CELL)]
    old, new = before[inner], after[inner]
    exposure = max(1.0, float(np.median(new[::4, ::4]))) / max(1.0, float(np.median(old[::4, ::4])))
    old = cv2.convertScaleAbs(old, alpha=exposure)
    change = cv2.resize(cv2.absdiff(old, new), (columns, rows), interpolation=cv2.INTER_AREA)
    contrast = cv2.resize(cv2.absdiff(old, cv2.blur(old, (5, 5))), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(change > CHANGE + CHANGE_SHARE * contrast)
