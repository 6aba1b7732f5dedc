"""What a video file says of itself, checked against what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from common.config import VideoSection
from common.states import ReelError
from media.container import check_memory, is_cut_mp4, open_video, video_track

# A container's duration counts the longest track; audio and video rarely end at the same moment.
SHORTER_S, SHORTER_SHARE = 1.0, 0.1


def probe(path: Path, settings: VideoSection) -> dict[str, Any]:
    """Facts about a video, from its headers, all of its packets and its first frame.

    Args:
        path: the file.
        settings: limits.

    Returns:
        duration_s; width and height in pixels as shown (after rotation); rotation in degrees; fps (mean; None
        where there is one frame); codec names
        (audio_codec None where there is no audio track, "unknown" where nothing here can decode it); container.

    Raises:
        ReelError: empty, not_a_video, corrupt, truncated, no_video, too_large, too_long.
    """
    with open_video(path) as container:
        stream = video_track(container)
        if stream.codec_context is None:
            raise ReelError("corrupt", "the video's codec is not known")
        _check_size(stream.codec_context, settings)
        stated = container.duration / av.time_base if container.duration else 0.0
        _check_duration(stated, settings)
        first, start, end, fps = _read_packets(container, stream)
        if first is None:
            raise ReelError("corrupt", "no frame can be decoded")
        _check_size(first, settings)  # frames need not be as large as the container says
        _check_duration(end - start, settings)
        if is_cut_mp4(path):
            raise ReelError("truncated", "the file ends inside an mp4 box")
        # Matroska counts the duration from zero, even where the first frame comes later.
        if stated - max(end, end - start) > max(SHORTER_S, SHORTER_SHARE * stated):
            raise ReelError("truncated", f"{end - start:.1f} s of {stated:.1f} s are there")
        turned = first.rotation % 180 != 0
        return {
            "duration_s": round(end - start, 3),
            "width": first.height if turned else first.width,
            "height": first.width if turned else first.height,
            "rotation": first.rotation % 360,
            "fps": fps and round(fps, 3),
            "video_codec": stream.codec_context.codec.canonical_name,
            "audio_codec": _audio_codec(container),
            "container": container.format.name,
        }


def _check_size(frame: Any, settings: VideoSection) -> None:
    if frame.width * frame.height > settings.max_pixels:
        raise ReelError("too_large", f"{frame.width} x {frame.height}")


def _check_duration(seconds: float, settings: VideoSection) -> None:
    if seconds > settings.max_minutes * 60:
        raise ReelError("too_long", f"{seconds / 60:.1f} minutes")


def _audio_codec(container: Any) -> str | None:
    if not container.streams.audio:
        return None
    context = container.streams.audio[0].codec_context
    return context.codec.canonical_name if context else "unknown"


def _read_packets(container: Any, video: Any) -> tuple[Any, float, float, float | None]:
    """The first frame that can be decoded; when the first packet begins and the last one ends (s); frames a second."""
    first = None
    shown: list[float] = []
    start, end = float("inf"), 0.0
    try:
        for packet in container.demux():
            if packet.pts is None or packet.stream.type not in ("video", "audio"):
                continue
            at = float(packet.pts * packet.time_base)
            start = min(start, at)
            end = max(end, at + float((packet.duration or 0) * packet.time_base))
            if packet.stream is video:
                shown.append(at)
                first = first or _decode_one(packet)
        if first is None:  # one-frame videos come out of the decoder only at its end
            first = next(iter(video.codec_context.decode(None)), None)
    except av.error.FFmpegError as error:
        check_memory(error)
        raise ReelError("corrupt", str(error.strerror)) from None
    span = max(shown, default=0.0) - min(shown, default=0.0)
    return first, min(start, end), end, (len(shown) - 1) / span if span > 0 else None


def _decode_one(packet: Any) -> Any:
    try:
        return next(iter(packet.decode()), None)
    except av.error.FFmpegError as error:
        check_memory(error)
        return None
