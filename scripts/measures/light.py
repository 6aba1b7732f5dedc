"""Lightness, contrast and evenness of light.

Sources: L*, CIE 015; RMS contrast, Peli (1990), JOSA A 7(10); key is the photographer's term for the mean tone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .picture import Picture

# Shadows darker than this (L*) or pixels lighter than this in every channel (8-bit) hold no detail worth seeing.
CRUSHED_LIGHTNESS = 3.0
BLOWN_VALUE = 250
# The border counted as edge, as a share of each side.
BORDER = 0.15


@dataclass(frozen=True)
class Light:
    """Light of a reel, means over its pictures.

    Attributes:
        lightness: mean L*, 0 (black) to 100 (white).
        contrast: RMS contrast, standard deviation of L* / 100, 0 to 0.5.
        range: 95th minus 5th percentile of L*, 0 to 100.
        crushed: share of pixels in clipped shadows, 0 to 1.
        blown: share of pixels in clipped highlights, 0 to 1.
        centre: mean L* of the centre minus that of the border, -100 to 100; positive means darker edges.
        right: mean L* of the right half minus that of the left half.
        top: mean L* of the upper half minus that of the lower half.
        change: standard deviation of mean L* over the pictures, 0 to 50.
    """

    lightness: float
    contrast: float
    range: float
    crushed: float
    blown: float
    centre: float
    right: float
    top: float
    change: float


def measure_light(pictures: list[Picture]) -> Light:
    """Measure the light of the pictures of a reel."""
    rows = np.array([_of_one(picture) for picture in pictures], dtype=np.float64)
    lightness, contrast, spread, crushed, blown, centre, right, top = (float(value) for value in rows.mean(axis=0))
    return Light(lightness, contrast, spread, crushed, blown, centre, right, top, change=float(rows[:, 0].std()))


def _of_one(picture: Picture) -> tuple[float, ...]:
    lightness = picture.lightness.astype(np.float64)
    height, width = lightness.shape
    low, high = np.percentile(lightness, [5, 95])
    down, across = max(1, round(height * BORDER)), max(1, round(width * BORDER))
    inside = lightness[down:-down, across:-across]
    border = (lightness.sum() - inside.sum()) / (lightness.size - inside.size)
    return (
        float(lightness.mean()),
        float(lightness.std()) / 100,
        float(high - low),
        float(np.mean(lightness < CRUSHED_LIGHTNESS)),
        float(np.mean(picture.rgb.min(axis=2) >= BLOWN_VALUE)),
        float(inside.mean() - border),
        float(lightness[:, (width + 1) // 2 :].mean() - lightness[:, : width // 2].mean()),
        float(lightness[: height // 2].mean() - lightness[(height + 1) // 2 :].mean()),
    )
