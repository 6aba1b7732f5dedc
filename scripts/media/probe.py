"""What a video file says of itself, checked against what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from common.config import VideoSection
from common.states import ReelError
from media.colour import Colours, beyond_sdr
from media.container import audio_track, check_memory, open_video, read_boxes, video_track
from media.display import display_of
from media.stated_length import read_cut
from media.timeline import TimeLine, span

# A container's duration counts the longest track; audio and video rarely end at the same moment.
SHORTER_S, SHORTER_SHARE = 1.0, 0.1
# Where picture, sound and container disagree by more, it is said.
DISAGREE_S = 0.5
# As much of a file stands behind the last packet at most (an index); more was passed over.
UNREAD_SHARE = 0.2
BEHIND = "{:.0%} of the file stand behind what players show"


def probe(path: Path, settings: VideoSection) -> dict[str, Any]:
    """Facts about a video, from its headers, all of its packets and its first frame.

    Args:
        path: the file.
        settings: limits.

    Returns:
        duration_s, as a player shows it; width and height in pixels as shown (square pixels, after rotation); rotation
        in counterclockwise degrees; mirrored; pixel_aspect (width : height); colour (SDR, or `beyond_sdr`); fps
        (mean; None where there is one frame); codec names (audio_codec None where there is no audio track, "unknown"
        where nothing here can decode it); container; notes: what is odd about the file, in words.

    Raises:
        ReelError: empty, not_a_video, corrupt, truncated, no_video, too_large, too_long.
    """
    with open_video(path) as container:
        video, audio = video_track(container), audio_track(container)
        if video.codec_context is None:
            raise ReelError("corrupt", "the video's codec is not known")
        _check_size(video.codec_context, settings)
        stated = container.duration / av.time_base if container.duration and not _is_estimated(container) else 0.0
        _check_duration(stated, settings)
        colours = Colours(video.codec_context)
        line = TimeLine(container, video, audio)
        read = _read_packets(line, video)
        if read.first is None:
            raise ReelError("corrupt", "no frame can be decoded")
        _check_size(read.first, settings)  # frames need not be as large as the container says
        zero, end = (container.start_time or 0) / av.time_base, max(read.ends.values(), default=0.0)
        _check_duration(end, settings)
        colours.complete(read.first)
        notes = _check_end(path, container, read.unread)
        # Matroska counts the duration from zero, even where the first frame comes later.
        if min(stated, stated - zero) - max(end, line.others_end_s) > max(SHORTER_S, SHORTER_SHARE * stated):
            raise ReelError("truncated", f"{end:.1f} s of {stated:.1f} s are there")
        notes += _compare(read, stated, zero, line.others_end_s)
        display = display_of(video, read.first)
        width, height = display.shown(read.first.width, read.first.height)
        return {
            "duration_s": round(end, 3),
            "width": width,
            "height": height,
            "rotation": display.rotation,
            "mirrored": display.mirrored,
            "pixel_aspect": round(float(display.pixel_aspect), 4),
            "colour": beyond_sdr(read.first) or "SDR",
            "fps": read.fps and round(read.fps, 3),
            "video_codec": video.codec_context.codec.canonical_name,
            "audio_codec": _audio_codec(audio),
            "container": container.format.name,
            "notes": notes,
        }


@dataclass
class _Read:
    """What the packets of a video say.

    Attributes:
        first: the first frame that can be decoded.
        begins: when picture and sound begin on the time line, in s.
        ends: when they end.
        fps: mean frames a second; None where there is one frame.
        pieces: how often the file's clock begins.
        unread: share of the file behind the last packet.
    """

    first: Any = None
    begins: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    fps: float | None = None
    pieces: int = 1
    unread: float = 0.0


def _check_size(frame: Any, settings: VideoSection) -> None:
    if frame.width * frame.height > settings.max_pixels:
        raise ReelError("too_large", f"{frame.width} x {frame.height}")


def _check_duration(seconds: float, settings: VideoSection) -> None:
    if seconds > settings.max_minutes * 60:
        raise ReelError("too_long", f"{seconds / 60:.1f} minutes")


def _audio_codec(track: Any) -> str | None:
    if track is None:
        return None
    return track.codec_context.codec.canonical_name if track.codec_context else "unknown"


def _is_estimated(container: Any) -> bool:
    """Whether the format states no duration, so that libav's is a guess from time stamps and bit rate."""
    return container.format.name in ("mpegts", "mpeg")


def _read_packets(line: TimeLine, video: Any) -> _Read:
    read, n_shown, last, at = _Read(), 0, 0.0, 0
    try:
        for packet in line.packets():
            if packet.pts is None and packet.dts is None:
                continue
            at = max(at, (packet.pos or 0) + packet.size)
            if packet.stream is video:
                read.first = read.first or _decode_one(packet)
            if packet.is_discard:  # cut away by an edit list
                continue
            kind = "picture" if packet.stream is video else "sound"
            begin, end = span(packet)
            read.begins[kind] = min(read.begins.get(kind, begin), begin)
            read.ends[kind] = max(read.ends.get(kind, end), end)
            if kind == "picture":
                n_shown += 1
                last = max(last, begin)
        if read.first is None:  # one-frame videos come out of the decoder only at its end
            read.first = next(iter(video.codec_context.decode(None)), None)
    except av.error.FFmpegError as error:
        check_memory(error)
        raise ReelError("corrupt", str(error.strerror)) from None
    if n_shown > 1 and last > read.begins["picture"]:
        read.fps = (n_shown - 1) / (last - read.begins["picture"])
    read.pieces, read.unread = line.pieces, 1 - at / max(line.container.size, 1)
    return read


def _check_end(path: Path, container: Any, unread: float) -> list[str]:
    """What is odd about the end of a file; raises ReelError truncated where pictures or sounds are lost."""
    boxes = read_boxes(path)
    if boxes is None:
        return [*_check_length(path), *([BEHIND.format(unread)] if unread > UNREAD_SHARE else [])]
    notes = []
    if boxes.behind:
        notes.append(f"{boxes.behind} bytes stand behind the last box")
    if boxes.further:
        notes.append("another video stands behind the first in the file; players do not show it")
    if boxes.missing:
        cut = f"the file ends {boxes.missing} bytes before its box {boxes.last!r} does"
        if not boxes.headers or not _is_whole(path, container, boxes.fragmented):
            raise ReelError("truncated", cut)
        notes.append(f"{cut}; all pictures and sounds can be decoded")
    return notes


def _check_length(path: Path) -> list[str]:
    """The same for an AVI or Matroska file that is shorter than it says."""
    cut = read_cut(path)
    if cut is None:
        return []
    text = f"the file ends {cut.missing} bytes too early, in its part {cut.part!r}"
    if not cut.media_whole:
        raise ReelError("truncated", text)
    return [f"{text}; all pictures and sounds are there"]


def _is_whole(path: Path, container: Any, fragmented: bool) -> bool:
    """Whether all pictures and sounds of a file that was cut off can be decoded."""
    cut = [
        entry for track in container.streams for entry in track.index_entries if entry.pos + entry.size > container.size
    ]
    if not cut:
        return True
    if fragmented or any(entry.pos >= container.size for entry in cut):
        return False
    with open_video(path) as again:
        try:
            for packet in again.demux([track for track in (video_track(again), audio_track(again)) if track]):
                if any(getattr(frame, "is_corrupt", False) for frame in packet.decode()):
                    return False
        except av.error.FFmpegError as error:
            check_memory(error)
            return False
    return True


def _compare(read: _Read, stated: float, zero: float, others_end: float) -> list[str]:
    """Where picture, sound and container disagree, and what else is odd about the times."""
    notes = []
    if read.pieces > 1:
        notes.append(f"{read.pieces} pieces, each with a clock of its own, follow one another")
    begins, ends = [*read.begins.values()], [*read.ends.values()]
    end = max(ends)
    longest = max(end, others_end)
    differs = stated and min(abs(stated - longest), abs(stated - zero - longest)) > DISAGREE_S
    if differs or max(begins) > DISAGREE_S or end - min(ends) > DISAGREE_S:
        spans = [f"{kind} from {read.begins[kind]:.1f} to {read.ends[kind]:.1f} s" for kind in sorted(read.begins)]
        notes.append(", ".join([*spans, *([f"duration of {stated:.1f} s in the header"] if differs else [])]))
    return notes


def _decode_one(packet: Any) -> Any:
    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError as error:
        check_memory(error)
        return None
