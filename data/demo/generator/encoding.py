"""Writes pictures and sound as a small mp4: H.264 and AAC, the same bytes for the same input."""

import math
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags

TITLE = "Reel Atlas synthetic demo"

Pictures = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.float32]


def write_mp4(
    path: Path,
    pictures: Pictures,
    frames_per_second: int,
    sound: Samples | None,
    sound_rate_hz: int,
    quality: int,
    max_bytes: int,
    sound_bits_per_second: int,
) -> None:
    """Encode to `path`.

    Args:
        path: the file to be written; its folder exists.
        pictures: RGB, shape (frames, height, width, 3), uint8; even height and width.
        frames_per_second: constant frame rate.
        sound: mono samples in [-1, 1], shape (n,), or None for a file without audio track.
        sound_rate_hz: sample rate of `sound`.
        quality: x264's constant rate factor to start with (lower is better and larger).
        max_bytes: the file shall not be larger; the rate factor rises until it fits.
        sound_bits_per_second: AAC bit rate.
    """
    while True:
        data = _encode(pictures, frames_per_second, sound, sound_rate_hz, quality, sound_bits_per_second)
        if len(data) <= max_bytes:
            break
        # The more motion there is, the less the size depends on the rate factor: 14 steps halve fast motion.
        quality += math.ceil(14 * math.log2(len(data) / max_bytes))
    path.write_bytes(data)


def _encode(
    pictures: Pictures,
    frames_per_second: int,
    sound: Samples | None,
    sound_rate_hz: int,
    quality: int,
    sound_bits_per_second: int,
) -> bytes:
    # "bitexact" leaves out encoder versions and times, faststart puts the index first for players on the web.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with tempfile.TemporaryDirectory() as folder:
        # A file, because to move the index to the front the muxer opens its output a second time.
        path = Path(folder, "reel.mp4")
        with av.open(str(path), "w", format="mp4", options=options) as container:
            container.metadata["title"] = TITLE
            video = _video_stream(container, pictures, frames_per_second, quality)
            audio = None
            if sound is not None:
                audio = container.add_stream("aac", rate=sound_rate_hz, layout="mono", bit_rate=sound_bits_per_second)
                audio.codec_context.flags |= Flags.bitexact
            packets = list(_video_packets(video, pictures))
            if audio is not None and sound is not None:
                packets += _audio_packets(audio, sound, sound_rate_hz)
            for packet in sorted(packets, key=_decoding_time):
                container.mux(packet)
        return path.read_bytes()


def _decoding_time(packet: av.Packet) -> tuple[Fraction, int]:
    return (packet.dts or 0) * (packet.time_base or Fraction(0)), packet.stream.index


def _video_stream(
    container: av.container.OutputContainer, pictures: Pictures, frames_per_second: int, quality: int
) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=frames_per_second)
    stream.height, stream.width = pictures.shape[1:3]
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, frames_per_second)
    # More than one thread would make the bytes depend on the machine's number of cores.
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= Flags.bitexact
    stream.options = {
        "preset": "slower",
        "crf": str(quality),
        # Without mbtree: it was seen to read memory that was never written (its output changes with glibc's
        # MALLOC_PERTURB_), so that the bytes would vary from run to run.
        "x264-params": f"threads=1:keyint={20 * frames_per_second}:aq-mode=3:mbtree=0",
    }
    return stream


def _video_packets(stream: av.VideoStream, pictures: Pictures) -> Iterable[av.Packet]:
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = index
        frame.time_base = stream.time_base
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _audio_packets(stream: av.AudioStream, sound: Samples, rate_hz: int) -> Iterable[av.Packet]:
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis].astype(np.float32), format="fltp", layout="mono")
    frame.sample_rate = rate_hz
    frame.pts = 0
    frame.time_base = Fraction(1, rate_hz)
    yield from stream.encode(frame)
    yield from stream.encode(None)
