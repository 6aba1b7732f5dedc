"""The sound of a video as a player lets it be heard, as 16 kHz mono: on the time line, nothing cancelled by mixing."""

from __future__ import annotations

import functools
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from common.states import ReelError
from media.container import audio_track, check_memory, open_video, video_track
from media.timeline import TimeLine, span
from media.wav import SAMPLE_RATE

# Time stamps that are off by less are rounded ones; longer gaps are filled with silence, longer overlaps cut off.
TOLERANCE_S = 0.1
# A channel is inverted for a block in which its sum with its left counterpart, or with the channels before it, has less
# than this share of the power of their difference: of ordinary stereo, both have about the same.
OPPOSITE = 1 / 3
BLOCK_S = 0.25
LEAST_OPPOSITE_S = 0.5  # less of it is chance
SILENT = 1e-7  # power
RAMP_S = 0.02
MAX_BAD_SHARE = 0.5
MOST_CHANNELS = 8  # of a layout that can be mixed
MOST_PLANES = 8


Signs = dict[tuple[str, int], np.ndarray]


@dataclass
class SoundTrack:
    """What became of the sound of a video.

    Attributes:
        seconds: how long the wav is.
        n_packets: packets read.
        n_bad: packets that could not be decoded.
        filled_s: silence put where the file has no sound, in s.
        layout: channels of the first frame, as libav calls them, where there are more than two.
        taken: the audio track, in words.
        left_out: the other audio tracks.
        opposite: by layout and number of a block, the sign of each of its channels; of blocks only in which not all
            channels have the same polarity.
    """

    seconds: float = 0.0
    n_packets: int = 0
    n_bad: int = 0
    filled_s: float = 0.0
    layout: str = ""
    taken: str = ""
    left_out: list[str] = field(default_factory=list)
    opposite: Signs = field(default_factory=dict)

    def notes(self) -> list[str]:
        """What was mixed, filled or left out, in words."""
        found = []
        if self.left_out:
            found.append(f"the audio track {self.taken} was taken, left out: {', '.join(self.left_out)}")
        if self.layout:
            found.append(f"{self.layout.removesuffix(' channels')} channels were mixed to one")
        if self.opposite:
            inverted = {
                channel.name
                for (layout, _), signs in self.opposite.items()
                for channel, sign in zip(av.AudioLayout(layout).channels, signs, strict=True)
                if sign < 0
            }
            seconds = min(len({block for _, block in self.opposite}) * BLOCK_S, self.seconds)
            told = f"have opposite polarity (phase) for {seconds:g} of {self.seconds:.1f} s"
            if self.layout:
                names = ", ".join(sorted(inverted))
                found.append(f"channels {told}; inverted there, or parts of the sound would be lost: {names}")
            else:
                found.append(f"the two channels {told}; one of them was inverted there, or the sum would be silence")
        if self.filled_s > TOLERANCE_S:
            found.append(f"silence was put where the file has no sound: {self.filled_s:.1f} s")
        if self.n_bad:
            found.append(f"{self.n_bad} of {self.n_packets} packets of sound could not be decoded")
        return found


def extract(video: Path, target: Path) -> SoundTrack:
    """Write the sound of a video as a 16 kHz mono wav that begins where the video begins.

    Args:
        video: a video with an audio track.
        target: the wav to write.

    Raises:
        ReelError: corrupt, where too little of the sound can be decoded.
    """
    found = _write(video, target, {})
    if found.opposite:
        _write(video, target, found.opposite)
    return found


def _write(video: Path, target: Path, opposite: Signs) -> SoundTrack:
    """Write the wav; the channels of blocks known to be opposite are mixed with these signs."""
    with open_video(video) as container:
        track = audio_track(container)
        if track is None or track.codec_context is None:
            raise ReelError("corrupt", "the codec of the audio track is not known")
        others = [_name(other) for other in container.streams.audio if other.index != track.index]
        found = SoundTrack(taken=_name(track), left_out=others)
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            writer = _Writer(file, found, opposite)
            for frame in _to_the_end(_decoded(container, track, found), container, track):
                writer.add(frame)
            writer.close()
    if found.n_bad > MAX_BAD_SHARE * found.n_packets or not found.seconds:
        raise ReelError("corrupt", f"{found.n_bad} of {found.n_packets} packets of sound cannot be decoded")
    return found


def _name(track: Any) -> str:
    known = [track.language if track.language != "und" else None, track.metadata.get("title")]
    return " ".join([*filter(None, known), track.codec_context.name if track.codec_context else "unknown codec"])


def _decoded(container: Any, track: Any, found: SoundTrack) -> Iterator[tuple[Any, float]]:
    """Frames of the track, each with the end of its packet in s; packets that cannot be decoded are passed over."""
    packets = TimeLine(container, video_track(container), track).packets()
    end = 0.0
    while True:
        try:
            packet = next(packets)
            if packet.stream.index != track.index:
                continue
            if packet.size:
                found.n_packets += 1
                end = span(packet)[1] if packet.duration else float("inf")
            for frame in packet.decode():
                yield _readable(frame), end
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            check_memory(error)
            found.n_bad += 1


def _readable(frame: Any) -> Any:
    """The frame, of many channels with all of them in one plane: PyAV reads beyond the last of eight planes."""
    if not frame.format.is_planar or frame.layout.nb_channels < MOST_PLANES:
        return frame
    (packed,) = av.AudioResampler(format=frame.format.packed.name, layout=frame.layout.name).resample(frame)
    return packed


def _to_the_end(frames: Iterator[tuple[Any, float]], container: Any, track: Any) -> Iterator[Any]:
    """The frames, the last one cut where its packet or the track ends: encoders fill it up with silence."""
    held = None
    for frame, end in frames:
        if held is not None:
            yield held
        held, held_end = frame, end
    if held is None:
        return
    if track.duration is not None:
        stated = float(((track.start_time or 0) + track.duration) * track.time_base)
        held_end = min(held_end, stated - (container.start_time or 0) / av.time_base)
    n_left = round((held_end - held.time) * held.rate) if held.time is not None and held_end < float("inf") else 0
    yield _part(held, 0, n_left) if 0 < n_left < held.samples else held


class _Writer:
    """Puts frames of sound at their place on the time line of a wav.

    Args:
        file: opened for 16 kHz mono.
        found: filled.
        opposite: the signs with which the channels of some blocks are mixed.
    """

    def __init__(self, file: wave.Wave_write, found: SoundTrack, opposite: Signs) -> None:
        self.file, self.found, self.opposite = file, found, opposite
        self.at_s = 0.0  # where the sound that was added ends
        self.n_written = 0
        self.kind: tuple[Any, ...] | None = None
        self.resampler: Any = None
        # By layout and block: the products of each two channels, summed. They say how loud each sum of channels is.
        self.products: dict[tuple[str, int], np.ndarray] = {}

    def add(self, frame: Any) -> None:
        """Write a frame; silence before it where there is a gap, less of it where it overlaps."""
        if frame.layout.nb_channels > 2:
            self.found.layout = frame.layout.name
        gap = frame.time - self.at_s if frame.time is not None else 0.0
        if gap > (TOLERANCE_S if self.at_s else 0):  # the beginning is exact
            self._flush()
            self._fill(round(frame.time * SAMPLE_RATE) - self.n_written)
            self.at_s = frame.time
        elif gap < -TOLERANCE_S:
            n_over = round(-gap * frame.rate)
            if n_over >= frame.samples:
                return
            frame = _part(frame, n_over, frame.samples)
        if frame.layout.nb_channels > MOST_CHANNELS or frame.layout.name.startswith("ambisonic"):
            frame = _frame(_samples(frame)[:1], frame.rate)  # what nobody can mix
        elif frame.layout.nb_channels > 1:
            frame = self._mixed(frame)
        kind = (frame.format.name, frame.layout.name, frame.rate)
        if kind != self.kind:
            self._flush()
            self.kind = kind
            self.resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._write(self.resampler.resample(frame))
        self.at_s += frame.samples / frame.rate

    def close(self) -> None:
        """Write what is left, and judge the polarity."""
        self._flush()
        self.found.seconds = self.n_written / SAMPLE_RATE
        signs = {place: _signs(products, place[0]) for place, products in self.products.items()}
        opposite = {place: found for place, found in signs.items() if found.min() < 0}
        self.found.opposite = opposite if len(opposite) * BLOCK_S >= LEAST_OPPOSITE_S else {}

    def _mixed(self, frame: Any) -> Any:
        """Note the polarity of a frame of several channels; mixed here where it is known to be opposite somewhere."""
        layout, block = frame.layout.name, int(self.at_s / BLOCK_S)
        weights = _weights(layout)
        samples = _samples(frame)
        weighted = (samples * (weights / weights.max())[:, None]).astype(np.float64)
        self.products[layout, block] = self.products.get((layout, block), 0) + weighted @ weighted.T
        if not self.opposite:
            return frame
        # Signs change within a moment, not from one sample to the next: no click.
        ends = self.at_s + frame.samples / frame.rate
        blocks = range(max(block - 1, 0), int(ends / BLOCK_S) + 2)
        edges = [at for one in blocks for at in (one * BLOCK_S + RAMP_S / 2, (one + 1) * BLOCK_S - RAMP_S / 2)]
        signs = np.stack([self.opposite.get((layout, one), np.ones(len(samples))) for one in blocks]).repeat(2, axis=0)
        times = self.at_s + np.arange(frame.samples) / frame.rate
        ramps = np.stack([np.interp(times, edges, sign) for sign in signs.T]).astype(np.float32)
        return _frame((weights[:, None] * ramps * samples).sum(axis=0, keepdims=True), frame.rate)

    def _flush(self) -> None:
        if self.resampler is not None:
            self._write(self.resampler.resample(None))
        self.kind = self.resampler = None

    def _fill(self, n_samples: int) -> None:
        if n_samples > 0:
            self.file.writeframesraw(bytes(2 * n_samples))
            self.n_written += n_samples
            self.found.filled_s += n_samples / SAMPLE_RATE

    def _write(self, frames: list[Any]) -> None:
        for frame in frames:
            self.file.writeframesraw(frame.to_ndarray().tobytes())
            self.n_written += frame.samples


@functools.cache
def _weights(layout: str) -> np.ndarray:
    """How loud each channel of a layout is when all are mixed to one: float32 (channels,)."""
    n_channels = av.AudioLayout(layout).nb_channels
    impulses = np.eye(n_channels, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(impulses, format="flt", layout=layout)
    frame.sample_rate = SAMPLE_RATE
    (mixed,) = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE).resample(frame)
    return np.asarray(mixed.to_ndarray()[0] / 32768, dtype=np.float32)


def _signs(products: np.ndarray, layout: str) -> np.ndarray:
    """The signs with which the channels of a block are mixed, so that none of them silences another: -1 or 1.

    Args:
        products: float (channels, channels), of each two channels, summed over the block.
        layout: the name of their layout.
    """
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    signs = np.ones(len(names))
    for right in range(1, len(names)):
        left = names[right].replace("R", "L")  # FR, BR and FRC are the counterparts of FL, BL and FLC
        before = signs * (np.arange(len(names)) < right)
        if left != names[right] and left in names[:right]:
            before *= np.arange(len(names)) == names.index(left)
        apart, common = before @ products @ before + products[right, right], 2 * before @ products[right]
        if apart - common > SILENT and apart + common < OPPOSITE * (apart - common):
            signs[right] = -1
    return signs


def _samples(frame: Any) -> np.ndarray:
    """Samples of a frame, of full scale 1: float32 (channels, samples)."""
    values: np.ndarray = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype == np.uint8:
        values = values.astype(np.float32) - 128
        return values / 128
    scale = np.iinfo(values.dtype).max if values.dtype.kind == "i" else 1
    return values.astype(np.float32) / np.float32(scale)


def _frame(samples: np.ndarray, rate: int) -> Any:
    """A mono frame of samples: float32 (1, samples)."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="mono")
    frame.sample_rate = rate
    return frame


def _part(frame: Any, start: int, end: int) -> Any:
    """Samples of a frame from one to before another."""
    width = 1 if frame.format.is_planar else frame.layout.nb_channels
    values = np.ascontiguousarray(frame.to_ndarray()[:, start * width : end * width])
    part = av.AudioFrame.from_ndarray(values, format=frame.format.name, layout=frame.layout.name)
    part.sample_rate = frame.rate
    return part
