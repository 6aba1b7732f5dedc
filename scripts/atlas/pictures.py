"""Frames of a reel as one small picture inside a page."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

GAP = 2  # pixels between frames


def strip(frames: list[Image.Image]) -> dict[str, Any]:
    """Frames of one height side by side: `picture`, a data URI (WebP), and `middle`, where its middle frame lies.

    Returns:
        `middle` is left edge, width and height in pixels.
    """
    width = sum(one.width for one in frames) + GAP * (len(frames) - 1)
    whole = Image.new("RGB", (width, frames[0].height), "white")
    lefts = [0]
    for one in frames:
        whole.paste(one, (lefts[-1], 0))
        lefts.append(lefts[-1] + one.width + GAP)
    file = io.BytesIO()
    whole.save(file, "WEBP", quality=50, method=6)
    place = (len(frames) - 1) // 2
    return {
        "picture": "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode(),
        "middle": [lefts[place], frames[place].width, frames[place].height],
    }
