"""Frames of a reel as one small picture inside a page."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

GAP = 2  # pixels between frames


def strip(path: Path, frames: int, height: int) -> str:
    """Some frames, spread over the reel's length, side by side, as a data URI (WebP).

    Args:
        path: zip of the stage `frames`.
        frames: how many.
        height: in pixels.
    """
    with zipfile.ZipFile(path) as packed:
        files = [frame["file"] for frame in json.loads(packed.read("frames.json"))["frames"]]
        chosen = [files[round(place)] for place in np.linspace(0, len(files) - 1, min(frames, len(files)) + 2)[1:-1]]
        pictures = [Image.open(io.BytesIO(packed.read(file))).convert("RGB") for file in dict.fromkeys(chosen)]
    sized = [one.resize((max(1, round(one.width * height / one.height)), height)) for one in pictures]
    whole = Image.new("RGB", (sum(one.width for one in sized) + GAP * (len(sized) - 1), height), "white")
    left = 0
    for one in sized:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    file = io.BytesIO()
    whole.save(file, "WEBP", quality=50, method=6)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
