"""Texture of a reel: detail, coarseness, sharpness and grain.

Sources: edges, Canny (1986), IEEE PAMI 8(6); entropy, Shannon (1948); spectral slope, Field (1987), JOSA A 4(12);
coarseness, Tamura, Mori and Yamawaki (1978), IEEE SMC 8(6); noise, Immerkaer (1996), CVIU 64(2), away from edges as in
Tai and Yang (2008), ISPACS; blur, Crete, Dolmiere, Ladret and Nicolas (2007), Proc. SPIE 6492.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from .picture import Picture

CANNY = (80, 160)
# Side of the square that spectra are taken on, px; a power of two.
SPECTRUM_SIDE = 128
# Tamura's neighbourhoods are 2^k px wide for k in 1..5.
COARSENESS_POWERS = 5
# Width of the blur that Crete et al. compare with, px.
BLUR_WINDOW = 9
# Immerkaer's estimate is taken over the pixels outside the strongest tenth of gradients (Tai and Yang 2008).
EDGES_LEFT_OUT = 90


@dataclass(frozen=True)
class Texture:
    """Texture of a reel, means over its pictures.

    Attributes:
        edges: share of pixels on a Canny edge, 0 to about 0.4.
        local_contrast: mean standard deviation of L* in 9 x 9 px windows, 0 to about 50.
        entropy: Shannon entropy of the grey histogram (64 bins), bits, 0 to 6.
        slope: slope of the logarithm of the rotational mean power spectrum over the logarithm of frequency; about -2
            for natural pictures, nearer 0 for noise, steeper for blur; 0 for a picture of one tone.
        coarseness: Tamura's, px of the working copy, 2 (fine) to 32 (large forms), over the pixels around which
            anything differs; 32 for a picture of one tone.
        blur: perceptual blur, 0 (razor-sharp) to 1 (blurred); 0 for a picture of one tone.
        grain: standard deviation of noise, 8-bit grey levels, at the resolution of the frame.
    """

    edges: float
    local_contrast: float
    entropy: float
    slope: float
    coarseness: float
    blur: float
    grain: float


def measure_texture(pictures: list[Picture]) -> Texture:
    """Measure the texture of the pictures of a reel."""
    found = [_of_one(picture) for picture in pictures]
    means = {field.name: float(np.mean([getattr(one, field.name) for one in found])) for field in fields(Texture)}
    return Texture(**means)


def _of_one(picture: Picture) -> Texture:
    counts = np.bincount(picture.grey.ravel() >> 2, minlength=64) / picture.grey.size
    used = counts[counts > 0]
    return Texture(
        edges=float(np.mean(cv2.Canny(picture.grey, *CANNY) > 0)),
        local_contrast=_local_contrast(picture.lightness),
        entropy=max(0.0, float(-(used * np.log2(used)).sum())),
        slope=_spectral_slope(picture.grey),
        coarseness=_coarseness(picture.grey),
        blur=_blur(picture.grey),
        grain=_grain(picture.full_grey),
    )


def _local_contrast(lightness: NDArray[np.float32]) -> float:
    mean = cv2.blur(lightness, (9, 9))
    mean_of_squares = cv2.blur(lightness * lightness, (9, 9))
    return float(np.sqrt(np.maximum(0.0, mean_of_squares - mean * mean)).mean())


def _spectral_slope(grey: NDArray[np.uint8]) -> float:
    height, width = grey.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = grey[top : top + side, left : left + side].astype(np.float32)
    size = (SPECTRUM_SIDE, SPECTRUM_SIDE)
    square = np.asarray(cv2.resize(square, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    if float(square.std()) < 0.5:
        return 0.0
    window = np.outer(np.hanning(SPECTRUM_SIDE), np.hanning(SPECTRUM_SIDE))
    power = np.abs(np.fft.rfft2((square - square.mean()) * window)) ** 2
    ring = _RINGS[: power.shape[0], : power.shape[1]]
    radii = np.arange(2, SPECTRUM_SIDE // 2)
    totals = np.bincount(ring.ravel(), weights=power.ravel(), minlength=SPECTRUM_SIDE)
    means = totals[radii] / np.maximum(1, np.bincount(ring.ravel(), minlength=SPECTRUM_SIDE)[radii])
    # The floor keeps rings without any power from dragging the line to minus infinity.
    logs = np.log10(np.maximum(means, 1e-9 * means.max() + 1e-12))
    return float(np.polyfit(np.log10(radii), logs, 1)[0])


def _rings() -> NDArray[np.int64]:
    down = np.fft.fftfreq(SPECTRUM_SIDE, 1 / SPECTRUM_SIDE)[:, None]
    across = np.fft.rfftfreq(SPECTRUM_SIDE, 1 / SPECTRUM_SIDE)[None, :]
    return np.asarray(np.rint(np.hypot(down, across)), dtype=np.int64)


_RINGS = _rings()


def _coarseness(grey: NDArray[np.uint8]) -> float:
    """Tamura's coarseness: at each pixel the neighbourhood size whose means differ most across it."""
    values = grey.astype(np.float32)
    best = np.full(values.shape, -1.0, dtype=np.float32)
    size = np.full(values.shape, 2.0, dtype=np.float32)
    for power in range(1, COARSENESS_POWERS + 1):
        half = 1 << (power - 1)
        mean = cv2.blur(values, (2 * half, 2 * half), borderType=cv2.BORDER_REPLICATE)
        padded = cv2.copyMakeBorder(mean, half, half, half, half, cv2.BORDER_REPLICATE)
        across = np.abs(padded[half:-half, 2 * half :] - padded[half:-half, : -2 * half])
        down = np.abs(padded[2 * half :, half:-half] - padded[: -2 * half, half:-half])
        strength = np.maximum(across, down)
        # Ties, but for rounding, go to the larger size: the form is as large as can be told.
        larger = strength >= best - 0.01
        best[larger] = np.maximum(best, strength)[larger]
        size[larger] = 2.0 * half
    # Pixels in the middle of a fine pattern can see nothing at any size; they must not count as large forms.
    telling = best >= 1.0
    return float(size[telling].mean()) if telling.any() else float(2**COARSENESS_POWERS)


def _blur(grey: NDArray[np.uint8]) -> float:
    """Crete et al.: how little of the variation between neighbours is lost when the picture is blurred once more."""
    values = grey.astype(np.float32)
    lost = []
    for axis, window in ((0, (1, BLUR_WINDOW)), (1, (BLUR_WINDOW, 1))):
        before = np.abs(np.diff(values, axis=axis))
        after = np.abs(np.diff(cv2.blur(values, window), axis=axis))
        total = float(before.sum())
        if total > 0:
            lost.append(1 - float(np.maximum(0.0, before - after).sum()) / total)
    # The blurrier direction decides, as in the paper.
    return max(lost, default=0.0)


def _grain(grey: NDArray[np.uint8]) -> float:
    values = grey.astype(np.float32)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    residual = np.abs(cv2.filter2D(values, cv2.CV_32F, kernel))[1:-1, 1:-1]
    across = cv2.Sobel(values, cv2.CV_32F, 1, 0)[1:-1, 1:-1]
    down = cv2.Sobel(values, cv2.CV_32F, 0, 1)[1:-1, 1:-1]
    gradient = np.abs(across) + np.abs(down)
    quiet = gradient <= np.percentile(gradient, EDGES_LEFT_OUT)
    return float(np.sqrt(np.pi / 2) / 6 * residual[quiet].mean())
