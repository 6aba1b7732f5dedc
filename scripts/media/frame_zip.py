"""The zip of a reel's frames: JPEGs, and frames.json with their times, shots, motion and size.

`sample_frames` writes it; whatever looks at frames reads it here, so that one that is torn is `corrupt` for everybody.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from common.states import ReelError

FACTS = "frames.json"


def write_zip(path: Path, pictures: dict[str, bytes], facts: dict[str, Any]) -> None:
    """Write the frames of a reel; the same input gives the same bytes.

    Args:
        path: the zip.
        pictures: JPEGs by their name in the zip.
        facts: what is known of them, as a JSON value.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for name, picture in pictures.items():
            packed.writestr(zipfile.ZipInfo(name), picture)  # ZipInfo's date is fixed
        packed.writestr(zipfile.ZipInfo(FACTS), json.dumps(facts, indent=1))


def read_facts(path: Path) -> dict[str, Any]:
    """What sample_frames says of the frames: files, times, shots, size; raises ReelError where it cannot be read."""
    with _corrupt(path), zipfile.ZipFile(path) as packed:
        facts: dict[str, Any] = json.loads(packed.read(FACTS))
    return facts


def read_pictures(path: Path, names: Sequence[str]) -> list[bytes]:
    """Frames as the JPEGs they are; raises ReelError where one is missing or torn."""
    with _corrupt(path), zipfile.ZipFile(path) as packed:
        return [packed.read(name) for name in names]


def read_frames(path: Path, names: Sequence[str]) -> list[Image.Image]:
    """Frames as RGB images; raises ReelError where one is missing, torn or cannot be decoded."""
    pictures = read_pictures(path, names)
    with _corrupt(path, OSError):
        return [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]


@contextmanager
def _corrupt(path: Path, *further: type[Exception]) -> Iterator[None]:
    """Raise ReelError for what a torn zip leads to; an OSError tells of a disk unless a picture is decoded."""
    torn: tuple[type[Exception], ...] = (zipfile.BadZipFile, EOFError, KeyError, ValueError, *further)
    try:
        yield
    except torn as error:
        raise ReelError("corrupt", f"{path.name}: {error}") from None
