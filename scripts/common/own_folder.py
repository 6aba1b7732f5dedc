"""Folders that a program fills, and empties again: it marks them as its own, and takes no others.

A mistyped option must not cost anybody a file. Hidden files, of file managers and of git, are neither counted nor
removed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from common.program import UserError

MARKER = ".reel-atlas"


def take_folder(folder: Path, maker: str, option: str) -> None:
    """Make a folder and mark it, or go on with one that has the mark.

    Args:
        folder: where files will be written and removed.
        maker: who marks it, and goes on with it: a stage, a program.
        option: by which the folder was named, for the message.

    Raises:
        UserError: the folder has files that `maker` did not put there.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{option}: {folder} is a file; name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / MARKER
    if marker.exists():
        other = marker.read_text(encoding="utf-8").split("\n", 1)[0]
        if other != maker:
            raise UserError(f"{option}: {folder} is the folder of another part of the study ({other}); name another")
        return
    foreign = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if foreign:
        raise refusal(folder, foreign, option)
    marker.write_text(f"{maker}\n", encoding="utf-8")


def refusal(folder: Path, foreign: Collection[str], option: str) -> UserError:
    """The error of a folder with files of somebody else."""
    shown = ", ".join(list(foreign)[:3]) + (", ..." if len(foreign) > 3 else "")
    return UserError(
        f"{option}: {folder} has {len(foreign)} files or folders that this program did not make ({shown}), and the "
        "program would remove or replace files there. Name another folder, or move these away. Nothing was changed"
    )


def remove_old(folder: Path, stems: Collection[str], keep: Collection[str]) -> None:
    """Remove the files that an earlier run made and this one did not.

    Args:
        folder: taken by `take_folder`.
        stems: names without suffixes (`manifest.file_stem`) of the files that may go.
        keep: names of the files that stay.
    """
    for path in folder.iterdir():
        parts = path.name.split(".")  # stems have dots, too
        if path.name not in keep and any(".".join(parts[:end]) in stems for end in range(1, len(parts))):
            path.unlink()
