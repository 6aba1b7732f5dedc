"""A video is read for minutes; what is made of it must not be kept under the hash of another content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.files import file_sha256
from common.states import ReelError


@contextmanager
def unchanged(video: Path, sha256: str | None) -> Iterator[Path]:
    """Lend a video, and check afterwards, whatever came of it, that it is still the file that was collected.

    Args:
        video: the file.
        sha256: of its content, as the manifest has it; None where nobody knows it.

    Raises:
        ReelError: changed.
        OSError: the file cannot be read to its end.
    """
    try:
        yield video
    except ReelError:
        _check(video, sha256)  # half a file looks broken
        raise
    _check(video, sha256)


def _check(video: Path, sha256: str | None) -> None:
    if not video.exists():
        raise ReelError("changed", f"{video.name} was removed")
    if sha256 is not None and file_sha256(video) != sha256:
        raise ReelError("changed", f"{video.name} has another content than when it was collected")
