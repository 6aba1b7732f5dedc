"""The kinds of files that a bundle may have: tables, texts and pictures, and nothing that runs or leads elsewhere."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from common.own_folder import MARKER

SUMS = "SHA256SUMS"
# How files of each kind begin; None: text.
KINDS = {
    ".parquet": b"PAR1", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".json": None, ".md": None, ".yaml": None,
}  # fmt: skip
KNOWN = "tables (.parquet), texts (.md, .json, study.yaml) and pictures (.png, .pdf)"
# What file managers, Snakemake and the program that made the bundle leave behind; no reader of a bundle reads it.
LEFT_BEHIND = (MARKER, ".snakemake_timestamp", ".DS_Store", ".directory", "Thumbs.db", "desktop.ini")


def files_of(folder: Path) -> set[str]:
    """Everything in a bundle that is no folder, by its path in it; links to folders are not followed."""
    found = {
        Path(parent, name).relative_to(folder).as_posix()
        for parent, folders, files in os.walk(folder)
        for name in [*files, *(name for name in folders if Path(parent, name).is_symlink())]
    }
    return {name for name in found if not _left_behind(folder / name)}


def _left_behind(path: Path) -> bool:
    return (path.name in LEFT_BEHIND or path.name.startswith("._")) and stat.S_ISREG(path.lstat().st_mode)


def strange_files(folder: Path) -> list[str]:
    """The files of a bundle that are not of a kind it may have, each in a sentence; nothing: all is well."""
    modes = {name: (folder / name).lstat().st_mode for name in sorted(files_of(folder))}
    programs = {name for name, mode in modes.items() if stat.S_ISREG(mode) and mode & 0o111}
    if len(programs) == len(modes):  # a file system that knows no such mark, as on many USB sticks
        programs = set()
    faults = {name: _fault(folder / name, name, mode) for name, mode in modes.items()}
    faults |= {name: "is marked as a program" for name in sorted(programs) if faults[name] is None}
    return [
        f"{folder}/{_shown(name)}: {fault}; a bundle has {KNOWN}. Do not open or run it; ask who published the bundle"
        for name, fault in faults.items()
        if fault
    ]


def _shown(name: str) -> str:
    """A name that a terminal does not take for an order."""
    return name if name.isprintable() else repr(name)


def _fault(path: Path, name: str, mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        return f"is a link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return "is no file (a device, pipe or socket)"
    if name == SUMS:
        return None
    if path.suffix not in KINDS or (path.suffix == ".yaml" and name != "study.yaml") or path.name.startswith("."):
        return "is of a kind that a bundle does not have"
    try:
        return _fault_inside(path, KINDS[path.suffix])
    except (ValueError, RecursionError, OSError) as error:
        return f"is not what its name says ({path.suffix}): {error}"


def _fault_inside(path: Path, start: bytes | None) -> str | None:
    if start is not None:
        with path.open("rb") as file:
            return None if file.read(len(start)) == start else f"is not what its name says ({path.suffix})"
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        json.loads(text)
    return "is a program (#!)" if text.startswith("#!") else None
