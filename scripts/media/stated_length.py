"""Whether a file is as long as it says: AVI (RIFF), Matroska and ASF give the size of each part, FLV its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RIFF_UNKNOWN = (0, 0xFFFFFFFF)  # sizes in files of programs that did not come back to write them
FIRST = 4096  # bytes that are looked at
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
FLV_SIZE = b"filesize\0"  # a number follows
FLV_TAG_END = 4  # bytes behind the last picture or sound
LARGEST = 2**50
EBML, SEGMENT, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
# Further parts of a segment (RFC 9559); what stands behind the last picture is an index or a remark.
BESIDE = {0x1C53BB6B: "Cues", 0x1254C367: "Tags", 0x1043A770: "Chapters", 0x1941A469: "Attachments", 0xEC: "Void"}
KNOWN = {**BESIDE, CLUSTER: "Cluster", 0x114D9B74: "SeekHead", 0x1549A966: "Info", 0x1654AE6B: "Tracks"}


@dataclass(frozen=True)
class Cut:
    """What a file lacks.

    Attributes:
        missing: bytes that the file says it has.
        part: where the file ends, in words.
        media_whole: whether all parts with pictures and sounds are whole.
    """

    missing: int
    part: str
    media_whole: bool


def read_cut(path: Path) -> Cut | None:
    """What such a file lacks; None where it is whole, does not say its length, or is of another kind."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(FIRST)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return _cut_riff(file, size)
        if head[:4] == struct.pack(">I", EBML):
            return _cut_matroska(file, size)
        if head[:16] == ASF_HEADER:
            return _cut_asf(file, size)
        if head[:3] == b"FLV" and FLV_SIZE in head:
            (stated,) = struct.unpack(">d", head.partition(FLV_SIZE)[2][:8].ljust(8, b"\0"))
            if size < stated < LARGEST:
                return Cut(int(stated) - size, "last tag", stated - size <= FLV_TAG_END)
    return None


def _cut_riff(file: BinaryIO, size: int) -> Cut | None:
    """Large files are several RIFF chunks, one behind the other (OpenDML)."""
    at = 0
    for kind, start, end in _chunks(file, at, size):
        if kind != "RIFF":
            return None
        if end > size:
            media, last = False, "RIFF"
            for last, _, stop in _chunks(file, start, size):
                media |= last == "movi" and stop <= size
            return Cut(end - size, last, media)
    return None


def _chunks(file: BinaryIO, at: int, size: int) -> Iterator[tuple[str, int, int]]:
    """Chunks one after another: kind (of a list its own), where its content begins, and its end."""
    while at + 8 <= size:
        file.seek(at)
        kind, length, of_list = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
        if length in RIFF_UNKNOWN and kind == b"RIFF":
            return
        is_list = kind in (b"RIFF", b"LIST")
        name = of_list if kind == b"LIST" else kind
        yield name.decode("latin-1"), at + (12 if is_list else 8), at + 8 + length
        at += 8 + length + length % 2


def _cut_asf(file: BinaryIO, size: int) -> Cut | None:
    at = 0
    while at + 24 <= size:
        file.seek(at)
        kind, length = struct.unpack("<16sQ", file.read(24))
        if length < 24 or length > LARGEST:  # of a broadcast, nobody knows the length
            return None
        if at + length > size:
            return Cut(at + length - size, "data" if kind == ASF_DATA else "index", kind != ASF_DATA)
        at += length
    return None


def _cut_matroska(file: BinaryIO, size: int) -> Cut | None:
    for kind, start, end in _elements(file, 0, size):
        if kind == SEGMENT and end is not None and end > size:
            part, media = "Segment", True
            for inner, _, stop in _elements(file, start, size):
                if inner not in KNOWN:
                    break
                part = KNOWN[inner]
                media = inner != CLUSTER or (stop is not None and stop <= size)
            return Cut(end - size, part, media)
    return None


def _elements(file: BinaryIO, at: int, size: int) -> Iterator[tuple[int, int, int | None]]:
    """Elements one after another (RFC 8794): id, where its content begins, and its end; None where that is unknown."""
    while at < size:
        file.seek(at)
        head = file.read(12)
        n_id = 9 - head[0].bit_length()
        if n_id > 4 or len(head) <= n_id or not head[n_id]:
            return
        n_size = 9 - head[n_id].bit_length()
        if len(head) < n_id + n_size:
            return
        length = int.from_bytes(head[n_id : n_id + n_size]) - (1 << 7 * n_size)
        start = at + n_id + n_size
        end = None if length == (1 << 7 * n_size) - 1 else start + length
        yield int.from_bytes(head[:n_id]), start, end
        if end is None:
            return
        at = end
