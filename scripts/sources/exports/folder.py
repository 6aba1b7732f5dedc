"""The files of an export folder, listed once: nothing that a file says is ever used as a path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from common.handles import printable
from common.program import UserError
from common.suffixes import VIDEO_SUFFIXES
from sources.source import SourceReel

# Texts that tools write beside a video; nothing of them is needed.
BESIDE = (".txt", ".md", ".description", ".vtt", ".srt", ".ass", ".lrc", ".ttml", ".srv3", ".html", ".xml")
READ = (".json", ".json.xz", ".ndjson", ".jsonl")
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".image")  # yt-dlp saves thumbnails of TikTok as .image


class Folder:
    """An export folder with its subfolders; names with a leading dot are left out.

    Args:
        root: the folder.

    Attributes:
        files: all but videos and pictures, in an order that does not depend on the file system.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[Path] = []
        self._media: dict[Path, dict[str, Path]] = {}
        self._described: set[Path] = set()
        visited: set[Path] = set()
        for name, subfolders, names in os.walk(root, followlinks=True, onerror=_refuse):
            folder = Path(name)
            real = folder.resolve()
            # A link may lead to a folder further up.
            subfolders[:] = [] if real in visited else [found for found in subfolders if not found.startswith(".")]
            if real not in visited:
                visited.add(real)
                for found in names:
                    if not found.startswith("."):
                        self._add(folder / found)
        self.files.sort(key=os.fsencode)

    def _add(self, path: Path) -> None:
        if path.suffix.lower() not in (*VIDEO_SUFFIXES, *PICTURES):
            self.files.append(path)
        elif path.is_file():
            self._media.setdefault(path.with_suffix(""), {})[path.suffix.lower()] = path

    def name(self, path: Path) -> str:
        """A file's name in messages and tables: relative to the folder."""
        return printable(str(path.relative_to(self.root)))

    def attach(self, reel: SourceReel, stem: Path) -> None:
        """Give a reel the video and the thumbnail that lie beside its metadata.

        Args:
            reel: which one.
            stem: the metadata file without its suffixes.
        """
        beside = self._media.get(stem, {})
        reel.video = next((beside[suffix] for suffix in VIDEO_SUFFIXES if suffix in beside), None)
        reel.thumbnail = next((beside[suffix] for suffix in PICTURES if suffix in beside), None)
        reel.file = self.name(reel.video) if reel.video else None

    def describe(self, stem: Path) -> None:
        """Note that a metadata file has this stem, whatever it says: what lies beside it is accounted for."""
        self._described.add(stem)

    def loose_videos(self) -> list[str]:
        """Names of videos that no metadata file is about; those of an album are numbered, `<stem>_1.mp4`."""
        loose = [
            path
            for stem, beside in self._media.items()
            if stem not in self._described and stem.with_name(re.sub(r"_\d+$", "", stem.name)) not in self._described
            for suffix, path in beside.items()
            if suffix in VIDEO_SUFFIXES
        ]
        return sorted(map(self.name, loose))

    def others(self) -> list[str]:
        """Names of files that are of no known kind."""
        return [
            self.name(path)
            for path in self.files
            if path.is_file() and not path.name.lower().endswith((*READ, *BESIDE))
        ]

    def pictures(self, folder: Path) -> list[Path]:
        """All .jpg files directly in a subfolder, by name."""
        return sorted(files[".jpg"] for stem, files in self._media.items() if ".jpg" in files and stem.parent == folder)


def _refuse(error: OSError) -> None:
    raise UserError(f"{printable(str(error.filename))}: {error.strerror or error}")
