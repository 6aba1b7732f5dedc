"""Frames of a reel as one small picture inside a page."""

from __future__ import annotations

import base64
import io

from PIL import Image

GAP = 2  # pixels between frames


def strip(frames: list[Image.Image]) -> str:
    """Frames of one height side by side, as a data URI (WebP)."""
    width = sum(one.width for one in frames) + GAP * (len(frames) - 1)
    whole = Image.new("RGB", (width, frames[0].height), "white")
    left = 0
    for one in frames:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    file = io.BytesIO()
    whole.save(file, "WEBP", quality=50, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
