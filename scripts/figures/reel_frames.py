"""Frames of reels for people to look at, from what the stage `frames` left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from common.parquet import read_table
from common.program import UserError
from common.states import ReelError
from common.tables import STATUS
from media.frame_zip import read_facts, read_frames

DIFFERENT = 16.0  # mean difference in levels (of 255) from which on two frames show something else


def frame_files(status: Path) -> dict[str, Path]:
    """The zip of frames of each reel that has one; in the study of a bundle there are none.

    Args:
        status: status.parquet.
    """
    rows = read_table(status, STATUS).to_pylist()
    return {
        row["reel_id"]: Path(row["path"])
        for row in rows
        if row["stage"] == "frames" and row["state"] == "ok" and row["path"]
    }


def spread_frames(path: Path, reel_id: str, frames: int, height: int) -> list[Image.Image]:
    """Some of a reel's frames, spread over its length and scaled, RGB.

    Args:
        path: zip of the stage `frames`.
        reel_id: for the message.
        frames: how many; fewer where the reel has fewer.
        height: in pixels.

    Raises:
        UserError: the frames cannot be read.
    """
    try:
        files = [frame["file"] for frame in read_facts(path)["frames"]]
        if not files:
            raise ReelError("corrupt", f"{path.name}: no frames")
        places = np.linspace(0, len(files) - 1, min(frames, len(files)) + 2)[1:-1]
        found = read_frames(path, list(dict.fromkeys(files[round(place)] for place in places)))
    except (ReelError, KeyError, OSError) as error:
        raise UserError(
            f"{path}: the frames of {reel_id} cannot be read ({error}): have them made again by "
            f"`python scripts/redo.py --stage frames --reels {reel_id}` and another run"
        ) from None
    return [one.resize((max(1, round(one.width * height / one.height)), height)) for one in found]


def telling_frames(frames: list[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.uint8]]:
    """The frame in the middle and the one that differs most from it, in their order.

    The middle one stands alone where no other shows anything else.

    Args:
        frames: at least one, each (height, width, 3) of the same size.
    """
    middle = len(frames) // 2
    differences = [float(np.abs(one.astype(float) - frames[middle]).mean()) for one in frames]
    other = int(np.argmax(differences))
    if differences[other] < DIFFERENT:
        return [frames[middle]]
    return [frames[place] for place in sorted((middle, other))]
