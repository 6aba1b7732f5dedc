"""What a video file says of itself, checked against what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from common.config import VideoSection
from common.states import ReelError
from media.container import is_cut_mp4, open_video

# A container's duration counts the longest track; audio and video rarely end at the same moment.
SHORTER_S, SHORTER_SHARE = 1.0, 0.1


def probe(path: Path, settings: VideoSection) -> dict[str, Any]:
    """Facts about a video, from its headers, all of its packets and its first frame.

    Args:
        path: the file.
        settings: limits.

    Returns:
        duration_s; width and height in pixels as shown (after rotation); rotation in degrees; fps (mean); codec names
        (audio_codec None where there is no audio track); container.

    Raises:
        ReelError: empty, not_a_video, corrupt, truncated, no_video, too_large, too_long.
    """
    with open_video(path) as container:
        if not container.streams.video:
            raise ReelError("no_video", f"tracks: {', '.join(s.type for s in container.streams) or 'none'}")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise ReelError("corrupt", "the video's codec is not known")
        pixels = stream.codec_context.width * stream.codec_context.height
        if pixels > settings.max_pixels:
            raise ReelError("too_large", f"{stream.codec_context.width} x {stream.codec_context.height}")
        stated = container.duration / av.time_base if container.duration else None
        if stated is not None and stated > settings.max_minutes * 60:
            raise ReelError("too_long", f"{stated / 60:.1f} minutes")
        first, ends = _read_packets(container)
        if first is None:
            raise ReelError("corrupt", "no frame can be decoded")
        duration = max(ends.values(), default=0.0)
        if duration > settings.max_minutes * 60:
            raise ReelError("too_long", f"{duration / 60:.1f} minutes")
        if is_cut_mp4(path):
            raise ReelError("truncated", "the file ends inside an mp4 box")
        if stated is not None and stated - duration > max(SHORTER_S, SHORTER_SHARE * stated):
            raise ReelError("truncated", f"{duration:.1f} s of {stated:.1f} s are there")
        audio = container.streams.audio[0] if container.streams.audio else None
        turned = first.rotation % 180 != 0
        return {
            "duration_s": round(duration, 3),
            "width": first.height if turned else first.width,
            "height": first.width if turned else first.height,
            "rotation": first.rotation % 360,
            "fps": round(float(stream.average_rate), 3) if stream.average_rate else None,
            "video_codec": stream.codec_context.name,
            "audio_codec": audio.codec_context.name if audio and audio.codec_context else None,
            "container": container.format.name,
        }


def _read_packets(container: Any) -> tuple[Any, dict[int, float]]:
    """The first frame that can be decoded, and where each audio and video track ends (s after the first packet)."""
    first = None
    ends: dict[int, float] = {}
    starts: list[float] = []
    try:
        for packet in container.demux():
            if packet.pts is None or packet.stream.type not in ("video", "audio"):
                continue
            at = float(packet.pts * packet.time_base)
            starts.append(at)
            ends[packet.stream.index] = max(
                ends.get(packet.stream.index, 0.0), at + float((packet.duration or 0) * packet.time_base)
            )
            if first is None and packet.stream.type == "video":
                first = _decode_one(packet)
        if first is None:  # one-frame videos come out of the decoder only at its end
            first = next(iter(container.streams.video[0].codec_context.decode(None)), None)
    except av.error.FFmpegError as error:
        raise ReelError("corrupt", str(error.strerror)) from None
    start = min(starts, default=0.0)
    return first, {index: end - start for index, end in ends.items()}


def _decode_one(packet: Any) -> Any:
    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError:
        return None
