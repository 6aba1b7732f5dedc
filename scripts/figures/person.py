"""What a figure shows of single creators, where they are few: handle, most central reels, a picture."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from analysis.cluster_names import most_central
from analysis.placed_creators import PlacedCreators
from analysis.study_tables import read_creators, read_reels
from common.config import SMALL_COHORT
from figures.reel_frames import frame_files, spread_frames

HEIGHT = 300  # pixels of a creator's picture


@dataclass(frozen=True)
class Person:
    """A creator as figures show her or him.

    Attributes:
        handle: the creator_id where the table has no handle.
        reels: embedded reels, the nearest to the profile first.
        picture: a frame, (height, width, 3) uint8; None where there is none.
    """

    handle: str
    reels: list[str]
    picture: npt.NDArray[np.uint8] | None = None


def people_of(
    creators: pa.Table, reels: pa.Table, frames: Mapping[str, Path] | None = None, height: int = 0
) -> dict[str, Person]:
    """Each creator of a cohort, by creator_id.

    Args:
        creators: columns creator_id, and handle and profile where the table has them.
        reels: columns reel_id, creator_id and embedding.
        frames: the file of frames of each reel; None: no pictures.
        height: of a picture, in pixels.
    """
    own: dict[str, list[tuple[str, list[float]]]] = {}
    columns = (reels.column(name).to_pylist() for name in ("creator_id", "reel_id", "embedding"))
    for creator_id, reel_id, embedding in zip(*columns, strict=True):
        if embedding is not None:
            own.setdefault(creator_id, []).append((reel_id, embedding))
    found = {}
    for row in creators.to_pylist():
        name, profile = row["creator_id"], row.get("profile")
        ids, vectors = [list(part) for part in zip(*own.get(name, []), strict=True)] or ([], [])
        central = most_central(ids, np.array(vectors), np.array(profile)) if ids and profile is not None else ids
        seen = next((reel for reel in central if reel in (frames or {})), None)
        picture = None if frames is None or seen is None else middle_frame(frames[seen], seen, height)
        found[name] = Person(row.get("handle") or name, central, picture)
    return found


def middle_frame(path: Path, reel_id: str, height: int) -> npt.NDArray[np.uint8]:
    """The frame in the middle of a reel: (height, width, 3) uint8."""
    return np.asarray(spread_frames(path, reel_id, 1, height)[0], np.uint8)


def read_people(arguments: argparse.Namespace, placed: PlacedCreators, pictures: bool = True) -> dict[str, Person]:
    """Who the creators are, where they are few; nobody in a larger cohort, or without the table of reels."""
    if arguments.reels is None or len(placed) >= SMALL_COHORT:
        return {}
    frames = frame_files(arguments.status) if pictures and arguments.status is not None else None
    return people_of(read_creators(arguments.creators), read_reels(arguments.reels), frames, HEIGHT)
