"""How the picture is laid out: symmetry, visual weight, empty space and lines.

Sources: spectral residual saliency, Hou and Zhang (2007), CVPR; line segments, Grompone von Gioi, Jakubowicz, Morel and
Randall (2010), IEEE PAMI 32(4) (LSD); symmetry and negative space, own plain definitions, stated at the functions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from .picture import Picture
from .texture import CANNY

# Symmetry and saliency look at forms, not at grain: a copy of this side, px (Hou and Zhang's own choice for saliency).
SMALL_SIDE = 64
# Blocks per side for empty space, and the spread of L* under which a block counts as empty. Wide enough for a slow
# gradient and for the noise of a phone camera.
BLOCKS = 12
EMPTY_SPREAD = 3.0
# A block is not empty, however low its contrast, where more than this share of it is edges (dense fine texture).
EMPTY_EDGES = 0.05
# A straight line is a segment at least this share of the longest side; orientations within this angle of an axis count
# as horizontal or vertical.
LINE_SHARE = 0.1
AXIS_DEGREES = 15.0
# Fewer edge pixels than this share of the picture make no statement about lines.
FEWEST_EDGES = 0.002
# Tonal difference (L*) that is not seen as a lack of symmetry.
SYMMETRY_SLACK = 1.0


@dataclass(frozen=True)
class Composition:
    """Layout of a reel, means over its pictures; all values are 0 to 1.

    Attributes:
        symmetry_left_right: 1 mirrored exactly, 0 no more alike than any two pixels.
        symmetry_up_down: the same, top against bottom.
        weight_x: where saliency sits, 0 left edge to 1 right edge.
        weight_y: 0 top edge to 1 bottom edge.
        focus: 1 where saliency is on one spot, 0 where it is spread evenly.
        empty: share of blocks without detail (negative space).
        straightness: share of edge length that lies on long straight segments: 1 geometric, 0 organic.
        horizontal: share of the straight length within 15 degrees of the horizontal.
        vertical: share within 15 degrees of the vertical.
        diagonal: the rest of the straight length; the three are all 0 where there is no line.
    """

    symmetry_left_right: float
    symmetry_up_down: float
    weight_x: float
    weight_y: float
    focus: float
    empty: float
    straightness: float
    horizontal: float
    vertical: float
    diagonal: float


def measure_composition(pictures: list[Picture]) -> Composition:
    """Measure the layout of the pictures of a reel."""
    found = [_of_one(picture) for picture in pictures]
    return Composition(
        **{field.name: float(np.mean([getattr(one, field.name) for one in found])) for field in fields(Composition)}
    )


def _of_one(picture: Picture) -> Composition:
    size = (SMALL_SIDE, SMALL_SIDE)
    small = np.asarray(cv2.resize(picture.lightness, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    weight_x, weight_y, focus = _visual_weight(small)
    straightness, horizontal, vertical, diagonal = _lines(picture.grey)
    return Composition(
        symmetry_left_right=_symmetry(small, small[:, ::-1]),
        symmetry_up_down=_symmetry(small, small[::-1]),
        weight_x=weight_x,
        weight_y=weight_y,
        focus=focus,
        empty=_empty(picture),
        straightness=straightness,
        horizontal=horizontal,
        vertical=vertical,
        diagonal=diagonal,
    )


def _symmetry(lightness: NDArray[np.float32], mirrored: NDArray[np.float32]) -> float:
    """1 minus the mean difference to the mirror image, relative to the mean difference to a shuffled picture."""
    difference = np.maximum(0.0, np.abs(lightness - mirrored) - SYMMETRY_SLACK).mean()
    ordered = np.sort(lightness.ravel()).astype(np.float64)
    # Mean absolute difference of two pixels drawn at random, from the sorted values (Gini's mean difference).
    count = ordered.size
    chance = 2 * float((2 * np.arange(count) - count + 1) @ ordered) / count**2
    return float(np.clip(1 - difference / max(chance, SYMMETRY_SLACK), 0.0, 1.0))


def _visual_weight(lightness: NDArray[np.float32]) -> tuple[float, float, float]:
    """Centroid (x, y) and concentration of Hou and Zhang's spectral residual saliency."""
    if float(lightness.std()) < 0.5:
        return 0.5, 0.5, 0.0
    spectrum = np.fft.fft2(lightness)
    log_amplitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = log_amplitude - cv2.blur(log_amplitude, (3, 3))
    saliency = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    saliency = cv2.GaussianBlur(saliency, (0, 0), 2.5)
    # The map has a floor everywhere; what rises over its median is what draws the eye.
    saliency = np.maximum(0.0, saliency - np.median(saliency))
    total = float(saliency.sum())
    if total <= 0:
        return 0.5, 0.5, 0.0
    places = (np.arange(SMALL_SIDE) + 0.5) / SMALL_SIDE
    x, y = float(saliency.sum(axis=0) @ places) / total, float(saliency.sum(axis=1) @ places) / total
    distances = (places[None, :] - x) ** 2 + (places[:, None] - y) ** 2
    # 1/6 is the variance (both axes) of weight spread evenly over the frame.
    return x, y, float(np.clip(1 - np.sqrt(float((saliency * distances).sum()) / total * 6), 0.0, 1.0))


def _empty(picture: Picture) -> float:
    """Share of blocks with few edges whose L*, lightly smoothed against grain, spreads less than `EMPTY_SPREAD`."""
    smooth = cv2.GaussianBlur(picture.lightness, (0, 0), 1.0)
    size = (BLOCKS, BLOCKS)
    mean = cv2.resize(smooth, size, interpolation=cv2.INTER_AREA)
    mean_of_squares = cv2.resize(smooth * smooth, size, interpolation=cv2.INTER_AREA)
    edges = (cv2.Canny(picture.grey, *CANNY) > 0).astype(np.float32)
    even = np.sqrt(np.maximum(0.0, mean_of_squares - mean * mean)) < EMPTY_SPREAD
    return float(np.mean(even & (cv2.resize(edges, size, interpolation=cv2.INTER_AREA) <= EMPTY_EDGES)))


def _lines(grey: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Straightness, and the horizontal, vertical and diagonal shares of the straight length."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    edge_pixels = int(np.count_nonzero(cv2.Canny(smooth, *CANNY)))
    if edge_pixels < FEWEST_EDGES * grey.size:
        return 0.0, 0.0, 0.0, 0.0
    segments = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if segments is None:
        return 0.0, 0.0, 0.0, 0.0
    ends = np.asarray(segments, dtype=np.float64).reshape(-1, 4)
    across, down = ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]
    lengths = np.hypot(across, down)
    lengths = np.where(lengths >= LINE_SHARE * max(grey.shape), lengths, 0.0)
    total = float(lengths.sum())
    if total <= 0:
        return 0.0, 0.0, 0.0, 0.0
    angles = np.degrees(np.arctan2(np.abs(down), np.abs(across)))
    horizontal = float(lengths[angles <= AXIS_DEGREES].sum()) / total
    vertical = float(lengths[angles >= 90 - AXIS_DEGREES].sum()) / total
    return min(1.0, total / edge_pixels), horizontal, vertical, max(0.0, 1 - horizontal - vertical)
