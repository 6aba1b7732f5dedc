"""Pictures of high dynamic range, or of other colours than a screen has, as a common screen (sRGB, BT.709) shows them.

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
WIDE = "wide gamut"
TRANSFERS = {PQ: "PQ", HLG: "HLG"}
GAMMA_22, GAMMA_28, LINEAR, LOG_100, LOG_316, SMPTE_428 = 4, 5, 8, 9, 10, 17
CURVES = {
    GAMMA_22: "a gamma of 2.2", GAMMA_28: "a gamma of 2.8", LINEAR: "linear light", LOG_100: "logarithmic light",
    LOG_316: "logarithmic light", SMPTE_428: "light of SMPTE 428",
}  # fmt: skip
BT709, UNSPECIFIED, BT2020 = 1, 2, 9
# Transfers that a common screen shows as they are: BT.709 and those that differ from it by rounding, sRGB, not given.
USUAL = {0, 1, 2, 3, 6, 7, 11, 12, SRGB, 14, 15}
D65, ILLUMINANT_C = (0.3127, 0.3290), (0.310, 0.316)
# Name, and where red, green, blue and white lie (CIE 1931 x and y).
PRIMARIES = {
    BT709: ("BT.709", (0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65),
    4: ("BT.470 M", (0.670, 0.330), (0.210, 0.710), (0.140, 0.080), ILLUMINANT_C),
    5: ("BT.470 BG", (0.640, 0.330), (0.290, 0.600), (0.150, 0.060), D65),
    6: ("SMPTE 170M", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ("SMPTE 240M", (0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    8: ("film", (0.681, 0.319), (0.243, 0.692), (0.145, 0.049), ILLUMINANT_C),
    BT2020: (WIDE, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    10: ("SMPTE 428", (1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: (WIDE, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # DCI-P3
    12: (WIDE, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),  # Display P3
    22: ("EBU 3213", (0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
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
    """What a frame has that a common screen does not: PQ, HLG, wide gamut, or others; None for ordinary frames."""
    if frame.color_trc in TRANSFERS:
        return TRANSFERS[frame.color_trc]
    primaries = None if frame.color_primaries == BT709 else PRIMARIES.get(frame.color_primaries, (None,))[0]
    if primaries not in (None, WIDE):
        primaries = f"colours of {primaries}"
    return " and ".join(filter(None, [primaries, CURVES.get(frame.color_trc)])) or None


def unknown_colours(frame: Any) -> str | None:
    """What the file says of its colours and nothing here knows; None where there is no such."""
    odd = [
        f"{what} {int(number)}"
        for what, number, known in (
            ("transfer", frame.color_trc, USUAL | TRANSFERS.keys() | CURVES.keys()),
            ("primaries", frame.color_primaries, {0, UNSPECIFIED, 3} | PRIMARIES.keys()),
        )
        if number not in known
    ]
    return f"{' and '.join(odd)} of ITU-T H.273 not known, colours shown as they are" if odd else None


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
    primaries = frame.color_primaries
    if primaries == UNSPECIFIED and frame.color_trc in TRANSFERS:
        primaries = BT2020
    if primaries in PRIMARIES:
        light = cv2.transform(light, _to_bt709(primaries))
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
    elif transfer in (LOG_100, LOG_316):
        light = 10 ** ((2 if transfer == LOG_100 else 2.5) * (code - 1))
    elif transfer == SMPTE_428:
        light = 52.37 / 48 * code**2.6
    else:
        light = code ** {LINEAR: 1, GAMMA_22: 2.2, GAMMA_28: 2.8}.get(transfer, GAMMA)
    return light.astype(np.float32)


@functools.cache
def _to_bt709(primaries: int) -> np.ndarray:
    """The matrix that takes light of these primaries to that of BT.709, as zscale does: float (3, 3).

    The light stays the same: a white that is not that of daylight (D65) keeps its tint.
    """
    return np.asarray(np.linalg.inv(_to_xyz(BT709)) @ _to_xyz(primaries))


def _to_xyz(primaries: int) -> np.ndarray:
    """The matrix that takes light of these primaries to X, Y and Z, white having a Y of 1: float (3, 3)."""
    _, *colours, white = PRIMARIES[primaries]
    columns = np.array([[x, y, 1 - x - y] for x, y in colours]).T
    x, y = white
    return np.asarray(columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y]))


def _compression(brightest: np.ndarray) -> np.ndarray:
    """By how much to darken each pixel, whose brightest channel is given, so that PEAK becomes white: float32."""
    peak = PEAK / WHITE
    a = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    above = np.clip(brightest, KNEE, peak)
    shown = (b + KNEE) ** 2 / (b - a) * (above + a) / (above + b)
    return np.asarray(np.where(brightest > KNEE, shown / above, 1), dtype=np.float32)
