"""Opening a media file that nobody has checked, and telling what is wrong with one that cannot be used."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition

from common.states import ReelError

# Containers that hold videos. Playlists and the like, which may name other files, are not among them.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
# The same restrictions for the ffmpeg program and for libav: no network, no other file, no playlist.
FFMPEG_GUARDS = ("-protocol_whitelist", "file", "-format_whitelist", FORMATS)
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
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise ReelError("no_video", f"tracks: {', '.join(stream.type for stream in container.streams) or 'none'}")


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
    if is_cut_mp4(path):
        return ReelError("truncated", "the file ends inside an mp4 box")
    return ReelError("corrupt", type(error).__name__.removesuffix("Error"))


def is_cut_mp4(path: Path) -> bool:
    """Whether a file of the mp4 family ends before the boxes it announces (ISO/IEC 14496-12, 4.2)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8)[4:] not in (b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free"):
            return False
        at = 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = struct.unpack(">I", head[:4])[0]
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:])[0]
            elif length == 0:  # to the end of the file
                return False
            if length < 8:
                return False
            at += length
    return at != size
