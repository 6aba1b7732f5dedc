"""Whether two small pictures show the same: somewhat moved, lighter or darker."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

# Pixels of the small copies that are kept, and of those that mixtures are looked for in; cells of the grid.
FINE, COARSE, GRID = 64, 32, 16
PATTERN = 0.62  # correlation from which a pattern is the same
FLAT = 16.0  # variance under which there is no pattern
LEVELS, COLOUR = 10.0, 10.0  # flat cells and colours differ from here on


def small_copy(picture: np.ndarray) -> np.ndarray:
    """A YUV 4:2:0 picture as YUV 4:4:4 uint8 (FINE, FINE, 3)."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    colours = picture[height:].reshape(2, height // 2, width // 2)
    planes = (picture[:height], *colours)
    return np.asarray(cv2.merge([cv2.resize(plane, (FINE, FINE), interpolation=cv2.INTER_AREA) for plane in planes]))


def halved(copy: np.ndarray) -> np.ndarray:
    """The same at (COARSE, COARSE, 3): means of four pixels, rounded."""
    return np.asarray(cv2.resize(copy, (COARSE, COARSE), interpolation=cv2.INTER_AREA))


def cell_means(values: np.ndarray) -> np.ndarray:
    """Means over the cells of whole numbers (side, side): float64 (GRID, GRID), exact."""
    pixels = len(values) // GRID
    return np.asarray(values.reshape(GRID, pixels, GRID, pixels).sum(axis=(1, 3), dtype=np.float64) / pixels**2)


def cells_of(pixels: np.ndarray) -> np.ndarray:
    """The cells of which most pixels are marked: bool (GRID, GRID)."""
    return np.asarray(cell_means(pixels) > 0.5)


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean change of each cell in levels, all channels added up."""
    lightness, blue, red = cv2.split(cv2.absdiff(before, after))
    return cell_means(cv2.add(cv2.add(lightness, blue, dtype=cv2.CV_16U), red, dtype=cv2.CV_16U))


def box_sums(values: np.ndarray, side: int) -> np.ndarray:
    """Sums of whole numbers around each pixel: float64, exact."""
    return np.asarray(
        cv2.boxFilter(values, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_REFLECT_101)
    )


@dataclass(frozen=True)
class Likeness:
    """How two pictures are alike, pixel by pixel, by what lies around each.

    Attributes:
        pattern: highest correlation of the lightness with that of places close by in the other picture.
        flat: how many of the two have no pattern there: 0, 1 or 2.
        variance: that of the lightness where it is greater.
        levels: difference of the mean lightness.
        odds: how far that is from what another light would do to all that is flat in both.
        colour: distance of the weaker colour from what it would be were the other one only brighter or dimmer.
    """

    pattern: np.ndarray
    flat: np.ndarray
    variance: np.ndarray
    levels: np.ndarray
    odds: np.ndarray
    colour: np.ndarray


def likeness(one: np.ndarray, other: np.ndarray, reach: int) -> Likeness:
    """Compare two copies of one size; `reach` is how far (pixels) things may have moved."""
    side = 2 * (len(one) // 16) + 1
    count = float(side * side)
    a, b = one[..., 0].astype(np.float64), other[..., 0].astype(np.float64)
    sum_a, sum_b = box_sums(a, side), box_sums(b, side)
    variance_a = box_sums(a * a, side) / count - (sum_a / count) ** 2
    variance_b = box_sums(b * b, side) / count - (sum_b / count) ** 2
    widened = [
        cv2.copyMakeBorder(x, reach, reach, reach, reach, cv2.BORDER_REFLECT_101) for x in (b, sum_b, variance_b)
    ]
    best = np.full(a.shape, -1.0)
    for y, x in itertools.product(range(2 * reach + 1), repeat=2):
        shifted, mean, variance = (w[y : y + len(a), x : x + len(a)] for w in widened)
        covariance = box_sums(a * shifted, side) / count - sum_a * mean / count**2
        best = np.maximum(best, covariance / (np.sqrt(np.maximum(variance_a * variance, 0)) + 1))
    u1, v1, u2, v2 = (
        box_sums(picture[..., channel].astype(np.float64) - 128, side) / count
        for picture in (one, other)
        for channel in (1, 2)
    )
    squares = u1 * u1 + v1 * v1, u2 * u2 + v2 * v2
    across = np.abs(u1 * v2 - v1 * u2) / np.maximum(np.sqrt(np.maximum(*squares)), 1)
    colour = np.where(u1 * u2 + v1 * v2 <= 0, np.sqrt(np.minimum(*squares)), across)
    flat = (variance_a < FLAT).astype(int) + (variance_b < FLAT)
    odds = out_of_line(sum_a, sum_b, flat == 2) / count
    return Likeness(best, flat, np.maximum(variance_a, variance_b), np.abs(sum_a - sum_b) / count, odds, colour)


def out_of_line(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How far `other` is from the straight line on `one` that fits best at marked places.

    A lamp, or a fade to one colour, brings all levels of a picture onto a line that does not fall.
    """
    x, y, n = one[where], other[where], float(max(1, where.sum()))
    spread = float((x * x).sum()) * n - float(x.sum()) ** 2
    slope = max(0.0, float((x * y).sum()) * n - float(x.sum() * y.sum())) / max(spread, 1.0)
    return np.abs((other - float(y.sum()) / n) - slope * (one - float(x.sum()) / n))


def unlike(one: np.ndarray, other: np.ndarray, reach: int) -> np.ndarray:
    """Pixels at which two pictures show another thing: bool."""
    alike = likeness(one, other, reach)
    return np.where(alike.flat == 2, alike.levels > LEVELS, alike.pattern < PATTERN) | (alike.colour > COLOUR)


def unlike_in_any_light(one: np.ndarray, other: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """The same where the light may have changed from one to the other; and pixels of which nothing can be said."""
    alike = likeness(one, other, reach)
    found = np.choose(alike.flat, (alike.pattern < PATTERN, alike.variance > 8 * FLAT, alike.odds > LEVELS))
    found |= alike.colour > COLOUR
    return found, (alike.flat > 0) & ~found
