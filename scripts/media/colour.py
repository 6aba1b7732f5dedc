"""Pictures of high dynamic range, or of more colours than a screen has, as a common screen (sRGB, BT.709) shows them.

The light that each picture stands for is found by its transfer function (ITU-R BT.2100: PQ, HLG on a screen of 1,000
cd/m2), with white at 203 cd/m2 (ITU-R BT.2408), and brought to the colours of BT.709. Light up to nine tenths of white
stays as it is; what is brighter is compressed. So does ffmpeg with `zscale` and `tonemap=mobius`; like zscale, HLG's
contrast is raised in each channel by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import cv2
import numpy as np

from common.states import ReelError
from media.container import check_memory

# Numbers of ITU-T H.273.
SRGB, PQ, HLG = 13, 16, 18
TRANSFERS = {PQ: "PQ", HLG: "HLG"}
BT709, UNSPECIFIED, BT2020, DCI_P3, DISPLAY_P3 = 1, 2, 9, 11, 12
FROM_BT2020 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
FROM_P3 = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
TO_BT709 = {BT2020: FROM_BT2020, DCI_P3: FROM_P3, DISPLAY_P3: FROM_P3}
WHITE, PEAK = 203.0, 1000.0  # cd/m2
GAMMA = 2.4  # of a screen (BT.1886)
KNEE = 0.9  # share of white
FORMAT = "yuv420p10le"  # in which such pictures are scaled: eight bits are too few for them


class Colours:
    """What the container says of the colours; it holds where the video itself says nothing.

    Args:
        codec_context: of the track, before anything is decoded: decoders overwrite what the container said.
    """

    def __init__(self, codec_context: Any) -> None:
        self.transfer = codec_context.color_trc
        self.primaries = codec_context.color_primaries
        self.matrix = codec_context.colorspace

    def complete(self, frame: Any) -> None:
        """Fill in what a decoded frame does not say."""
        if frame.color_trc == UNSPECIFIED:
            frame.color_trc = self.transfer
        if frame.color_primaries == UNSPECIFIED:
            frame.color_primaries = self.primaries
        if frame.colorspace == UNSPECIFIED:
            frame.colorspace = self.matrix


@contextmanager
def convertible(frame: Any) -> Iterator[None]:
    """Around a conversion of a frame: raises ReelError where nothing here knows its colours (ICtCp, YCgCo)."""
    try:
        yield
    except av.error.FFmpegError as error:
        check_memory(error)
        said = f"colours that cannot be converted ({frame.format.name}, matrix {int(frame.colorspace)} of ITU-T H.273)"
        raise ReelError("corrupt", said) from None


def beyond_sdr(frame: Any) -> str | None:
    """What a frame has that a common screen does not: PQ, HLG or wide gamut; None for ordinary frames."""
    if frame.color_trc in TRANSFERS:
        return TRANSFERS[frame.color_trc]
    return "wide gamut" if frame.color_primaries in TO_BT709 else None


def as_sdr(frame: Any) -> np.ndarray:
    """A frame that is `beyond_sdr` as a common screen shows it.

    Args:
        frame: a decoded frame of any format and size.

    Returns:
        RGB uint8 (height, width, 3).
    """
    with convertible(frame):
        codes = frame.to_ndarray(format="rgb48le", threads=1) >> 6
    light = _light_of_codes(frame.color_trc)[codes]
    primaries = BT2020 if frame.color_primaries == UNSPECIFIED else frame.color_primaries
    if primaries in TO_BT709:
        light = cv2.transform(light, TO_BT709[primaries])
    light = np.maximum(light, 0)
    if frame.color_trc in TRANSFERS:
        light *= _compression(light.max(axis=2))[..., None]
    return np.asarray(np.rint(cv2.pow(np.minimum(light, 1), 1 / GAMMA) * 255), dtype=np.uint8)


@functools.cache
def _light_of_codes(transfer: int) -> np.ndarray:
    """The light of each code of 10 bits, white being 1: float32 (1024,)."""
    code = np.arange(1024) / 1023
    if transfer == PQ:
        root = code ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        light *= 10_000 / WHITE
    elif transfer == HLG:
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        light = scene**1.2 * PEAK / WHITE
    elif transfer == SRGB:  # IEC 61966-2-1: of screens that were recorded
        light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    else:
        light = code**GAMMA
    return light.astype(np.float32)


def _compression(brightest: np.ndarray) -> np.ndarray:
    """By how much to darken each pixel, whose brightest channel is given, so that PEAK becomes white: float32."""
    peak = PEAK / WHITE
    a = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    above = np.clip(brightest, KNEE, peak)
    shown = (b + KNEE) ** 2 / (b - a) * (above + a) / (above + b)
    return np.asarray(np.where(brightest > KNEE, shown / above, 1), dtype=np.float32)
