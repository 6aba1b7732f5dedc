"""Files of the source `files` that are not taken for videos: each is named, with the reason and the remedy."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from common.handles import printable
from common.program import UserError, log
from common.suffixes import why_passed_over

TOO_DEEP = "a folder too deep; move it into the creator's folder"
LOOSE = "in no creator's folder; move it into one"
COMPUTERS = (
    "a folder of the computer (waste basket, copies, small pictures); move it into a creator's folder if it is wanted"
)
# Of macOS, Windows, Linux, and disks of Synology and QNAP.
COMPUTERS_FOLDERS = (
    *("__macosx", "$recycle.bin", "system volume information", "recycler", "found.000", "lost+found"),
    *("@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@recycle", "@recently-snapshot"),
)


def list_passed_over(entries: Iterable[os.DirEntry[str]]) -> dict[str, str]:
    """What is passed over in a creator's folder: names, and why. What is no video is not named."""
    found = {}
    for entry in entries:
        if entry.is_dir():
            if not entry.name.startswith("."):
                found.update(dict.fromkeys(_videos_inside(Path(entry.path)), TOO_DEEP))
        elif why := why_passed_over(entry.name):
            found[_name(entry.name)] = why
    return found


def list_loose(entries: Iterable[os.DirEntry[str]]) -> dict[str, str]:
    """What lies beside the creators' folders and may be a video: names, and why it is passed over."""
    found = {}
    for entry in entries:
        if entry.is_dir():
            found.update(dict.fromkeys(_videos_inside(Path(entry.path)) if is_computers(entry.name) else [], COMPUTERS))
        elif (why := why_passed_over(entry.name)) != "":
            found[_name(entry.name)] = why or LOOSE
    return found


def is_computers(folder: str) -> bool:
    """Whether a folder is one that computers and disks on the network put everywhere, and nobody's."""
    return folder.lower() in COMPUTERS_FOLDERS


def _videos_inside(folder: Path) -> list[str]:
    """What may be a video in a folder and its subfolders, relative to the folder around it."""
    found = [
        Path(inside, name).relative_to(folder.parent)
        for inside, _, names in os.walk(folder, onerror=_refuse)
        for name in names
        if why_passed_over(name) != ""
    ]
    return [_name(str(path)) for path in sorted(found, key=os.fsencode)]


def _name(name: str) -> str:
    return unicodedata.normalize("NFC", printable(name))


def _refuse(error: OSError) -> None:
    raise UserError(f"{printable(str(error.filename))}: {error.strerror or error}")


def report(videos: Iterable[str], passed_over: Iterable[str]) -> None:
    """Say how many files of each kind are taken, and which were passed over."""
    kinds = Counter(Path(path).suffix.lower() for path in videos)
    log.info("source.files: %s", ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "no video")
    names = list(passed_over)
    if names:
        log.warning("source.files: %s", in_short(names))


def in_short(names: Iterable[str]) -> str:
    """How many files were passed over, and the names of three."""
    given = list(names)
    shown = ", ".join(given[:3])
    return f"{len(given)} file{'s' if len(given) > 1 else ''} passed over: {shown}{', ...' if len(given) > 3 else ''}"
