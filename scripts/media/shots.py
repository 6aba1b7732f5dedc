"""Finding cuts by cells: hard ones, also in a part of the picture, dissolves, and fades through one colour.

A detector that adds up the change of the whole picture takes a flash, a lamp or a fast pan for a cut, and passes over
one half of a split screen. Here the picture is laid out in 16 x 16 cells, and three questions are asked of them:

- Did many change at once, far more than shortly before and after? (Something that moves changes them for longer.)
- Is what they show another thing? It is the same where its pattern is found again close by, lighter or darker; the same
  if it is back within half a second (a flash, somebody who goes past).
- Do they make up most of the picture, or a filled rectangle (a split screen, a picture in picture, one between bars)?
  Captions and stickers are smaller, or leave most of the pixels around their letters as they were.

In a dissolve, nothing changes at once, but the pictures on the way are mixtures of those before and after, with a share
that rises; a pan has other pictures on the way. In a fade, contrast goes down to nothing and comes back with another
picture. Sums are those of whole numbers, which are exact, so that other processors decide alike. docs/measures.md
says how well it does, and what else was tried.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from media.likeness import (
    COLOUR,
    FINE,
    FLAT,
    GRID,
    LEVELS,
    PATTERN,
    cell_means,
    cells_of,
    change,
    halved,
    likeness,
    small_copy,
    unlike,
    unlike_in_any_light,
)

# --- at once: levels are 8-bit, summed over lightness and both colour channels where changes are meant
CHANGED = 5.0
# How much more than nearby in time a cell has to change: most of a region, and the rest of it.
STRONG, WEAK = 2.5, 1.5
NEARBY_S = 0.13
# The half-picture between two fields, or of a video turned into another rate, belongs to the cut.
TWO_STEPS_S = 0.1
RETURN_S = 0.5


# --- regions, as shares of the picture
WHOLE, LEAST = 0.45, 0.12
SIDE, FILLED, OTHER = 0.3, 0.7, 0.3
# Captions are bands that end before the sides of the picture; the picture between two bars does not.
BAND = 1.7
# Pixels around letters stay as they were; in the half of a split screen, many may by chance.
SAME_LEVELS, SAME, SAME_IN_HALF, HALF = 8, 0.33, 0.6, 0.35

# --- gradual
STEP_S = 0.1
REACHES_S = (0.12, 0.25, 0.45, 0.8)  # half lengths looked at
MIXED = 0.12  # squared deviation from a mixture, relative to the change
DIFFERENT = 14.0  # root mean square, summed over channels
GRADUAL, LEAST_GRADUAL = 0.4, 0.2
SAME_WHOLE = 0.8  # correlation of two pictures that differ in light
CALMER = 2.2  # how much more changes within a transition than on its calmer side
DIP = 0.35  # contrast in the middle of a fade


@dataclass
class CellDetector:
    """Finds the cuts of a video while its frames go by, and keeps no more than three seconds of small copies.

    Args:
        min_shot_s: cuts closer together than this are one, and none is as close to the beginning or end: many files
            begin with a black frame.
    """

    min_shot_s: float
    begin: float = 0.0
    times: list[float] = field(default_factory=list)
    copies: list[np.ndarray] = field(default_factory=list)
    # Change of each cell since the frame before.
    changes: list[np.ndarray] = field(default_factory=list)
    # The next frame (index into the lists) and the next moment (s) to be looked at.
    next_frame: int = 1
    next_moment: float | None = None
    hard: list[float] = field(default_factory=list)
    # (from, to, middle) of what looks like the middle of a gradual transition.
    gradual: list[tuple[float, float, float]] = field(default_factory=list)

    def look(self, time_s: float, picture: np.ndarray) -> None:
        """Take notice of the next frame.

        Args:
            time_s: when the frame is shown.
            picture: YUV 4:2:0 uint8 (3/2 height, width), all of one size.
        """
        copy = small_copy(picture)
        last = self.copies[-1] if self.copies else copy
        self.times.append(time_s)
        self.copies.append(copy)
        self.changes.append(change(last, copy))
        if self.next_moment is None:
            self.begin = time_s
            self.next_moment = time_s + STEP_S
        self._settle(time_s)

    def cuts(self) -> list[float]:
        """Times (s) of all cuts; to be called after the last frame. The middle of a gradual one."""
        self._settle(float("inf"))
        found: list[float] = []
        for time in self.hard:
            if time < self.begin + self.min_shot_s:
                continue
            if not found or time - found[-1] >= self.min_shot_s:
                found.append(time)
        groups: list[tuple[float, float, list[float]]] = []
        for begin, end, middle in sorted(self.gradual):
            if groups and begin <= groups[-1][1]:
                first, last, middles = groups.pop()
                groups.append((first, max(last, end), [*middles, middle]))
            else:
                groups.append((begin, end, [middle]))
        for begin, end, middles in groups:
            middle = float(np.median(middles))
            if not any(begin - STEP_S <= cut <= end + STEP_S or abs(cut - middle) < self.min_shot_s for cut in found):
                found.append(middle)
        return [c for c in sorted(found) if self.begin + self.min_shot_s <= c <= self.times[-1] - self.min_shot_s]

    def _settle(self, now: float) -> None:
        """Look at all frames and moments whose surroundings are known."""
        if self.next_moment is None:
            return
        end = self.times[-1]
        while self.next_frame < len(self.times) and self.times[self.next_frame] + RETURN_S + TWO_STEPS_S <= now:
            if self._cut_at(self.next_frame):
                self.hard.append(self.times[self.next_frame])
            self.next_frame += 1
        while self.next_moment <= end and self.next_moment + 1.5 * REACHES_S[-1] + STEP_S / 2 <= now:
            self._gradual_around(self.next_moment)
            self.next_moment += STEP_S
        waiting = self.times[self.next_frame] if self.next_frame < len(self.times) else end
        old = bisect.bisect_left(
            self.times, min(waiting - RETURN_S, self.next_moment - 1.5 * REACHES_S[-1]) - 2 * STEP_S
        )
        # The frame before the first pending one is needed however long ago it was.
        old = min(old, self.next_frame - 1) - 1
        if old > 0:
            del self.times[:old], self.copies[:old], self.changes[:old]
            self.next_frame -= old

    # --- at once ---------------------------------------------------------------------------------------------------

    def _cut_at(self, frame: int) -> bool:
        """Whether a cut lies before this frame, or the frame is half of both shots."""
        if self._cut_between(frame - 1, frame, self.changes[frame], True):
            return True
        after = frame + 1
        if after == len(self.times) or self.times[after] - self.times[frame - 1] > TWO_STEPS_S:
            return False
        if min(np.mean(self.changes[i] > CHANGED) for i in (frame, after)) < LEAST / 2:
            return False
        share, deviation, _ = mixture(*(halved(self.copies[i]) for i in (frame - 1, frame, after)))
        half = (deviation < MIXED) & (share > 0.15) & (share < 0.85)
        return self._cut_between(frame - 1, after, change(self.copies[frame - 1], self.copies[after]), half)

    def _cut_between(self, before: int, after: int, changed: np.ndarray, only: np.ndarray | bool) -> bool:
        jump = (changed > CHANGED) & only
        if jump.mean() < LEAST / 2:
            return False
        around = self._change_around(before + 1, after)
        jump &= changed > WEAK * around
        strong = jump & (changed > STRONG * around)
        if strong.mean() < LEAST / 2:
            return False
        region = cut_region(jump, strong, self.copies[before], self.copies[after])
        return region is not None and not self._returns(before, after, region)

    def _change_around(self, first: int, last: int) -> np.ndarray:
        """The strongest change of each cell shortly before the first frame, and after the last one."""
        near = [
            *(i for i in range(first - 1, 0, -1) if i == first - 1 or self.times[first] - self.times[i] <= NEARBY_S),
            *(
                i
                for i in range(last + 1, len(self.times))
                if i == last + 1 or self.times[i] - self.times[last] <= NEARBY_S
            ),
        ]
        return np.max([self.changes[i] for i in near], axis=0) if near else np.zeros((GRID, GRID))

    def _returns(self, before: int, after: int, region: np.ndarray) -> bool:
        """Whether the region soon shows again what it did before, or did so shortly before what it shows now."""

        def same(one: int, other: int) -> bool:
            return float(cells_of(unlike(self.copies[one], self.copies[other], reach=3))[region].mean()) < 0.5

        start, end = self.times[before], self.times[after]
        # At once, frames follow each other closely; later, one in each step is enough.
        later = self._spread(i for i in range(after + 1, len(self.times)) if self.times[i] - end <= RETURN_S)
        earlier = self._spread(i for i in range(before - 1, -1, -1) if start - self.times[i] <= RETURN_S)
        return any(same(before, i) for i in later) or any(same(i, after) for i in earlier)

    def _spread(self, frames: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for i in frames:
            if len(kept) < 2 or abs(self.times[i] - self.times[kept[-1]]) >= STEP_S:
                kept.append(i)
        return kept

    # --- gradual ---------------------------------------------------------------------------------------------------

    def _shown_at(self, time: float) -> int:
        """Index of the frame that is shown at a time, or comes at once."""
        after = bisect.bisect_right(self.times, time)
        before = max(0, after - 1)
        if after < len(self.times) and self.times[after] - time < min(STEP_S / 2, time - self.times[before]):
            return after
        return before

    def _gradual_around(self, middle: float) -> None:
        for reach in REACHES_S:
            if middle - reach < self.times[0] - STEP_S / 5 or middle + reach > self.times[-1] + STEP_S / 5:
                continue
            frames = [self._shown_at(middle + part * reach) for part in (-1, -0.5, 0, 0.5, 1)]
            if frames[0] == frames[2] or frames[2] == frames[4]:
                continue
            if len(set(frames)) < 5:
                frames[1], frames[3] = frames[0], frames[4]
            within = cv2.norm(self.copies[frames[1]], self.copies[frames[3]], cv2.NORM_L1)
            around = [
                cv2.norm(self.copies[self._shown_at(middle + sign * 1.5 * reach)], self.copies[end], cv2.NORM_L1)
                for sign, end in ((-1, frames[0]), (1, frames[4]))
            ]
            # Of the same length in time; what goes on changing in the same way is no transition.
            if within < CHANGED * FINE**2 or within < CALMER * 2 * min(around):
                continue
            if dissolves([halved(self.copies[i]) for i in frames]) or fades([self.copies[i] for i in frames]):
                self.gradual.append((middle - reach / 2, middle + reach / 2, middle))


# --- regions ---------------------------------------------------------------------------------------------------------


def cut_region(jump: np.ndarray, strong: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    """The cells of a cut, or None where there is none.

    Args:
        jump: cells that changed at once: bool (GRID, GRID).
        strong: those of them that did so most clearly.
        before: the small copy of the last frame before it.
        after: the small copy of the first frame after it.
    """
    alike = likeness(before, after, reach=2)
    pixels = np.where(alike.flat == 2, alike.levels > LEVELS, alike.pattern < PATTERN) | (alike.colour > COLOUR)
    other, blank = cells_of(pixels), cells_of((alike.flat == 2) & ~pixels)
    found = jump & other
    share = found.sum() / max(1, (~blank | jump).sum())
    x, y, width, height = rectangle(jump)
    if jump.mean() < HALF and BAND * height <= width < GRID:
        return None
    if share >= WHOLE and found.mean() >= LEAST and (found & strong).sum() >= 0.5 * found.sum():
        return np.asarray(found)
    inside = np.zeros_like(jump)
    inside[y : y + height, x : x + width] = True
    jump = jump & inside
    if min(width, height) < SIDE * GRID or jump.sum() < 0.5 * inside.sum():
        return None
    if (
        jump.sum() < FILLED * (inside & (jump | ~blank)).sum()
        or (jump & strong).sum() < 0.5 * jump.sum()
        or (jump & other).sum() < OTHER * (jump & ~blank).sum()
        or not (jump & other).any()
    ):
        return None
    scale = FINE // GRID
    rows, columns = slice(y * scale, (y + height) * scale), slice(x * scale, (x + width) * scale)
    same = np.mean(cv2.absdiff(before[rows, columns], after[rows, columns]).max(axis=2) <= SAME_LEVELS)
    if same > (SAME_IN_HALF if jump.mean() >= HALF else SAME):
        return None
    return np.asarray(jump & other)


def rectangle(mask: np.ndarray) -> tuple[int, int, int, int]:
    """x, y, width and height of the largest connected part, without edges of which less than half belongs to it."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if number < 2:
        return 0, 0, 0, 0
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, width, height = (int(value) for value in stats[largest, :4])
    part = labels == largest
    while min(width, height) > 2:
        seen = part[y : y + height, x : x + width]
        shares = [seen[0].mean(), seen[-1].mean(), seen[:, 0].mean(), seen[:, -1].mean()]
        worst = int(np.argmin(shares))
        if shares[worst] >= 0.5:
            break
        x, y = x + (worst == 2), y + (worst == 0)
        width, height = width - (worst >= 2), height - (worst < 2)
    return x, y, width, height


# --- gradual ---------------------------------------------------------------------------------------------------------


def mixture(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far each cell of a picture is a mixture of two others.

    Returns:
        The share of the last picture, the squared deviation from that mixture relative to the squared difference of
        both, and that squared difference (mean over pixels, channels added up); each float64 (GRID, GRID).
    """
    a, m, b = (picture.astype(np.int32) for picture in (first, middle, last))
    way, gone = b - a, m - a
    along, length, gone_length = (cell_means((x * y).sum(axis=2)) for x, y in ((gone, way), (way, way), (gone, gone)))
    safe = np.maximum(length, 1)
    share = along / safe
    return share, (gone_length - share * along) / safe, length


def dissolves(pictures: list[np.ndarray]) -> bool:
    """Whether the second to fourth of five coarse copies lead from the first to the last by mixing them."""
    first, early, middle, late, last = pictures
    share, deviation, length = mixture(first, middle, last)
    mixed = (length > DIFFERENT**2) & (deviation < MIXED) & (share > 0.3) & (share < 0.7)
    if mixed.mean() < LEAST:
        return False
    for picture, low, high in ((early, -0.15, 0.45), (late, 0.55, 1.15)):
        share, deviation, _ = mixture(first, picture, last)
        mixed &= (share > low) & (share < high) & (deviation < MIXED)
    if mixed.mean() < LEAST:
        return False
    less, more = sorted((contrast(first), contrast(last)))
    if less * less < FLAT or less < DIP * more or in_another_light(first, last):
        return False
    other, unknown = unlike_in_any_light(first, last, reach=2)
    mixed &= cells_of(other)
    if mixed.mean() >= LEAST_GRADUAL and mixed.sum() >= GRADUAL * (mixed | ~cells_of(unknown)).sum():
        return True
    x, y, width, height = rectangle(mixed)
    filled = mixed[y : y + height, x : x + width].sum()
    return min(width, height) >= SIDE * GRID and filled >= FILLED * width * height


def fades(copies: list[np.ndarray]) -> bool:
    """Whether five small copies show one picture that fades, and another that comes up."""
    first, _, middle, _, last = copies
    ends = min(contrast(first), contrast(last))
    if ends * ends < FLAT or contrast(middle) >= DIP * ends:
        return False
    other, unknown = unlike_in_any_light(halved(first), halved(last), reach=2)
    return bool(other.sum() >= WHOLE * (~unknown).sum() > 0)


def in_another_light(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two coarse copies show the same as a whole, lighter or darker."""
    reach = 2
    inner = np.s_[reach:-reach, reach:-reach, 0]
    found = cv2.matchTemplate(one[..., 0], np.ascontiguousarray(other[inner]), cv2.TM_CCOEFF_NORMED)
    return float(found.max()) > SAME_WHOLE


def contrast(copy: np.ndarray) -> float:
    """Standard deviation of the lightness."""
    return float(copy[..., 0].std(dtype=np.float64))
