"""Frames as models are shown them."""

from __future__ import annotations

from typing import Literal

from PIL import Image, ImageOps

Fit = Literal["letterbox", "crop", "none"]
# Frames are thinned down to this many before the context is shortened.
FEWEST_FRAMES = 4
# Side of the squares that frames become; a model's own processor scales them to its size.
SIDE = 672


def fit_square(image: Image.Image, fit: Fit, side: int) -> Image.Image:
    """A frame as a square: whole, with black bars (letterbox), or its centre (crop); or in its own shape (none).

    Image processors cut a square out of the middle or squeeze the frame into one; of a square they show all.

    Args:
        image: RGB.
        fit: how.
        side: of the square, in pixels.
    """
    if fit == "none":
        return image
    if fit == "crop":
        return ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    return ImageOps.pad(image, (side, side), Image.Resampling.BICUBIC, color="black")


def thinned(total: int, kept: int) -> tuple[int, ...]:
    """So many of so many frames, evenly, the first and the last among them."""
    if kept <= 1:
        return (total // 2,) if kept else ()
    return tuple(round(number * (total - 1) / (kept - 1)) for number in range(kept))
