"""The files of an export folder, listed once: nothing that a file says is ever used as a path."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path

from common.handles import printable
from common.program import UserError
from common.suffixes import VIDEO_SUFFIXES
from sources.exports.downloads import DOWNLOADS, post_names, read_downloads
from sources.source import SourceReel

# Texts that tools write beside a video; nothing of them is needed.
BESIDE = (".txt", ".md", ".description", ".vtt", ".srt", ".ass", ".lrc", ".ttml", ".srv3", ".html", ".xml")
READ = (".json", ".json.xz", ".ndjson", ".jsonl", ".csv")
PACKED = "packed; unpack it into a folder of its own here, with its .metadata.json, and take it out"
OTHER_KIND = "not a kind of file that is read"
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
        self._downloads: list[Path] = []
        visited: set[Path] = set()
        for name, subfolders, names in os.walk(root, followlinks=True, onerror=_refuse):
            folder = Path(name)
            real = folder.resolve()
            # A link may lead to a folder further up.
            subfolders[:] = [] if real in visited else [found for found in subfolders if not found.startswith(".")]
            if real not in visited:
                visited.add(real)
                self._downloads += [folder / found for found in names if found == DOWNLOADS]
                for found in names:
                    if not found.startswith("."):
                        self._add(folder / found)
        self.files.sort(key=os.fsencode)
        self._downloads.sort(key=os.fsencode)

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

    def attach_download(self, reel: SourceReel) -> None:
        """Give a reel that has no video the one that 4CAT downloaded of it, where there is one."""
        path = next((self._downloaded[name] for name in post_names(reel) if name in self._downloaded), None)
        if path and reel.video is None and reel.outcome.state == "ok":
            reel.video, reel.file = path, self.name(path)
            self.describe(path.with_suffix(""))

    @cached_property
    def _downloaded(self) -> dict[str, Path]:
        """The video of each post that 4CAT downloaded; raises UserError for a file that does not say so."""
        found: dict[str, Path] = {}
        for path in self._downloads:
            # What the file says is looked up among the files that are there; it is never used as a path.
            there = {
                video.name: video
                for stem, beside in self._media.items()
                if stem.parent == path.parent
                for suffix, video in beside.items()
                if suffix in VIDEO_SUFFIXES
            }
            for posts, names in read_downloads(path):
                video = next((there[name] for name in names if name in there), None)
                if video:
                    found |= dict.fromkeys(posts, video)
        return found

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

    def others(self) -> list[tuple[str, str]]:
        """Names of files that are of no known kind, and what is to be said of them."""
        return [
            (self.name(path), PACKED if path.suffix.lower() == ".zip" else OTHER_KIND)
            for path in self.files
            if path.is_file() and not path.name.lower().endswith((*READ, *BESIDE))
        ]

    def pictures(self, folder: Path) -> list[Path]:
        """All .jpg files directly in a subfolder, by name."""
        return sorted(files[".jpg"] for stem, files in self._media.items() if ".jpg" in files and stem.parent == folder)


def _refuse(error: OSError) -> None:
    raise UserError(f"{printable(str(error.filename))}: {error.strerror or error}")
