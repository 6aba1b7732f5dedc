"""Opening a media file that nobody has checked, and telling what is wrong with one that cannot be used."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition

from common.states import ReelError

# Containers that hold videos. Playlists and the like, which may name other files, are not among them.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
# How files begin that are often found under a video's name.
OTHER_KINDS = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"ID3": "an MP3 file",
}


def check_memory(error: Exception) -> None:
    """Raise MemoryError where libav ran out of memory: that says nothing about the file."""
    if isinstance(error, MemoryError):
        raise MemoryError from None


@contextmanager
def open_video(path: Path) -> Iterator[InputContainer]:
    """Open a media file; raises ReelError where it is none."""
    if not path.is_file():  # whoever opens a pipe waits for ever
        raise ReelError("not_a_video", "not a regular file")
    if path.stat().st_size == 0:
        raise ReelError("empty")
    try:
        container = av.open(
            str(path), options={"protocol_whitelist": "file", "format_whitelist": FORMATS}, metadata_errors="replace"
        )
    except av.error.FFmpegError as error:
        check_memory(error)
        raise _explain(path, error) from None
    with container:
        yield container


def video_track(container: InputContainer) -> Any:
    """The track that players show; a song's cover, a video track to libav, is none. Raises ReelError no_video."""
    shown = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not shown:
        boxes = read_boxes(Path(container.name))
        if boxes and boxes.missing:  # its headers may be what was lost
            raise ReelError("truncated", f"the file ends {boxes.missing} bytes before its box {boxes.last!r} does")
        raise ReelError("no_video", f"tracks: {', '.join(stream.type for stream in container.streams) or 'none'}")
    return min(shown, key=_rank)


def audio_track(container: InputContainer) -> Any:
    """The track that players let be heard: the default one of those that can be decoded; None where there is none."""
    tracks = container.streams.audio
    return min(tracks, key=lambda stream: (stream.codec_context is None, _rank(stream)), default=None)


def _rank(stream: Any) -> tuple[bool, bool, int]:
    """Players take the default track before others, a comment last, and the first of several."""
    beside = stream.disposition & (Disposition.comment | Disposition.visual_impaired | Disposition.clean_effects)
    return not stream.disposition & Disposition.default, bool(beside), stream.index


def _explain(path: Path, error: Exception) -> ReelError:
    """Why a file cannot be opened."""
    with path.open("rb") as file:
        head = file.read(4096)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")):
        return ReelError("not_a_video", "a web page (HTML or XML)")
    if text.startswith((b"{", b"[")) or not any(byte < 9 or 13 < byte < 32 for byte in head):
        return ReelError("not_a_video", "text")
    for start, kind in OTHER_KINDS.items():
        if head.startswith(start):
            return ReelError("not_a_video", kind)
    boxes = read_boxes(path)
    if boxes and boxes.missing:
        return ReelError("truncated", f"the file ends {boxes.missing} bytes before its box {boxes.last!r} does")
    return ReelError("corrupt", type(error).__name__.removesuffix("Error"))


# What a file of the mp4 family usually consists of (mp4ra.org, "Boxes"; QuickTime).
BOXES = frozenset(
    b"ftyp styp moov moof mdat mfra free skip wide udta uuid meta sidx ssix prft emsg pdin pnot pict PICT meco".split()
)


# Boxes inside moov that come behind the tracks and that no picture or sound depends on.
BESIDE_TRACKS = frozenset(b"udta meta free skip uuid".split())
# What a box of a track holds all others of its pictures or sounds in, down to their tables.
WAY_TO_TABLES = {b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl"}
TABLES = ({b"stts"}, {b"stsc"}, {b"stsz", b"stz2"}, {b"stco", b"co64"})
INSIDE = BOXES | BESIDE_TRACKS | {*WAY_TO_TABLES, *WAY_TO_TABLES.values(), *set().union(*TABLES)}
INSIDE |= frozenset(
    b"mvhd mvex iods tkhd edts tref mdhd hdlr vmhd smhd nmhd gmhd dinf stsd stss ctts cslg sdtp sbgp sgpd subs".split()
)


@dataclass(frozen=True)
class Boxes:
    """How a file of the mp4 family is put together.

    Attributes:
        last: the kind of its last box.
        missing: bytes of the last box that are not in the file.
        behind: bytes after the last box.
        further: whether a second video stands behind the first; players pass over it.
        headers: whether all that says where pictures and sounds are is in the file.
        fragmented: whether it consists of fragments.
    """

    last: str
    missing: int
    behind: int
    further: bool
    headers: bool
    fragmented: bool


def read_boxes(path: Path) -> Boxes | None:
    """The boxes of a file (ISO/IEC 14496-12, 4.2); None where it is none of the mp4 family."""
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = list(_walk(file, 0, size))
        if not boxes:
            return None
        kinds = [kind for kind, _, _ in boxes]
        last, start, end = boxes[-1]
        headers = end <= size or last != b"moof"
        if end > size and last == b"moov":
            headers = _has_all_tracks(file, start, end, size)
    return Boxes(
        last.decode("latin-1"),
        missing=max(end - size, 0),
        behind=max(size - end, 0),
        further=kinds.count(b"moov") > 1,
        headers=headers,
        fragmented=b"moof" in kinds,
    )


def _has_all_tracks(file: BinaryIO, start: int, end: int, size: int) -> bool:
    """Whether a box moov that the file's end cuts off lacks nothing that a picture or sound depends on."""
    inside = list(_walk(file, start + 8, size, INSIDE))
    n_tracks = [kind for kind, _, _ in inside].count(b"trak")
    if not n_tracks:
        return False
    kind, at, stop = inside[-1]
    if stop > size and kind in BESIDE_TRACKS:
        return True
    if stop > size and not (kind == b"trak" and _has_tables(file, kind, at, size)):
        return False
    if stop == end:
        return True
    # What came behind is lost: mvhd, the first box, ends with the number that one more track would have.
    header, _, header_end = inside[0]
    file.seek(header_end - 4)
    return header == b"mvhd" and 1 < struct.unpack(">I", file.read(4))[0] <= n_tracks + 1


def _has_tables(file: BinaryIO, kind: bytes, start: int, size: int) -> bool:
    """Whether a box of a track that the file's end cuts off has the tables of all pictures or sounds."""
    inside = {found: (at, stop) for found, at, stop in _walk(file, start + 8, size, INSIDE)}
    if kind == b"stbl":
        return all(any(inside[name][1] <= size for name in names & inside.keys()) for names in TABLES)
    following = WAY_TO_TABLES[kind]
    if following not in inside:
        return False
    at, stop = inside[following]
    return stop <= size or _has_tables(file, following, at, size)


def _walk(file: BinaryIO, at: int, size: int, known: frozenset[bytes] = BOXES) -> Iterator[tuple[bytes, int, int]]:
    """Boxes one after another: kind, start and end; of the last one, the end may lie behind the size."""
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:  # to the end of the file
            length = size - at
        # Of a kind that nobody knows, a box is told from other bytes by its fitting into the file.
        if length < 8 or (kind not in known and (at == 0 or at + length > size)):
            return
        yield kind, at, at + length
        at += length
