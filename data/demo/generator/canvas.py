"""What the four looks draw with.

Pictures are float32 RGB in [0, 1], shape (HEIGHT, WIDTH, 3); masks lack the last axis.
"""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

WIDTH = 216
HEIGHT = 384
FRAMES_PER_SECOND = 24

Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.float32]
Path = Callable[[float], float]

# Results must not depend on the number of cores.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class Style:
    """What sets one creator apart within an aesthetic.

    Attributes:
        hue_shift: degrees added to all hues.
        tempo: factor on the speed of motion and of cutting.
        light: factor on brightness.
        motifs: which of the look's motifs the creator uses, by index.
    """

    hue_shift: float
    tempo: float
    light: float
    motifs: tuple[int, ...]


@dataclass(frozen=True)
class Shot:
    """An uncut take: `draw` gives the picture at a time in seconds since the shot's begin."""

    duration_s: float
    draw: Callable[[float], Picture]


def colour(hue: float, saturation: float, value: float) -> Picture:
    """RGB, shape (3,), from a hue in degrees and saturation and value in [0, 1]."""
    return np.array(colorsys.hsv_to_rgb(hue % 360 / 360, min(saturation, 1), min(value, 1)), np.float32)


def coordinates(width: int = WIDTH, height: int = HEIGHT) -> tuple[Mask, Mask]:
    """The x and y of each pixel's centre in pixels, two arrays of shape (height, width)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x + 0.5, y + 0.5


def gradient(stops: list[Picture], width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Colours from the top to the bottom, evenly spaced, blended smoothly."""
    position = np.linspace(0, len(stops) - 1, height, dtype=np.float32)
    column = np.stack([np.interp(position, range(len(stops)), [s[c] for s in stops]) for c in range(3)], axis=-1)
    return np.repeat(column[:, np.newaxis].astype(np.float32), width, axis=1)


def cloud(rng: np.random.Generator, width: int, height: int, cell: tuple[float, float], octaves: int = 4) -> Mask:
    """Fractal value noise in [0, 1] with a mean of about 0.5, shape (height, width).

    `cell` is the size (x, y) in pixels of the coarsest grain.
    """
    total = np.zeros((height, width), np.float32)
    weight = 0.0
    for octave in range(octaves):
        columns = max(2, round(width / cell[0] * 2**octave)) + 2
        rows = max(2, round(height / cell[1] * 2**octave)) + 2
        small = rng.random((min(rows, height), min(columns, width)), np.float32)
        total += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * 0.5**octave
        weight += 0.5**octave
    return np.clip(total / weight, 0, 1)


def lay(picture: Picture, paint: Picture, mask: Mask) -> Picture:
    """`paint` (a colour or a picture) over `picture`, as opaque as `mask`."""
    return picture + (paint - picture) * mask[..., np.newaxis]


def smoothstep(low: float, high: float, value: Mask) -> Mask:
    """0 below `low`, 1 above `high`, a smooth ramp between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def blur(image: Picture, radius: float) -> Picture:
    """Gaussian blur with a standard deviation of `radius` pixels, on a quarter of the size where that is enough."""
    if radius < 6:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), radius), np.float32)
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), radius / 4)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def polygon(points: npt.ArrayLike, width: int = WIDTH, height: int = HEIGHT) -> Mask:
    """A filled polygon with smooth edges as a mask; `points` in pixels, shape (n, 2)."""
    image = np.zeros((height, width), np.uint8)
    fixed = np.round(np.asarray(points) * 16).astype(np.int32)
    cv2.fillPoly(image, [fixed], 255, lineType=cv2.LINE_AA, shift=4)
    return (image.astype(np.float32) / 255).astype(np.float32)


def ellipse_points(x: float, y: float, radius_x: float, radius_y: float, turn: float = 0) -> npt.NDArray[np.float64]:
    """The outline of an ellipse turned by `turn` radians, shape (64, 2)."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    across, along = radius_x * np.cos(angle), radius_y * np.sin(angle)
    return np.stack(
        [x + across * np.cos(turn) - along * np.sin(turn), y + across * np.sin(turn) + along * np.cos(turn)], axis=1
    )


def view(world: Picture, x: float, y: float, zoom: float = 1, turn: float = 0) -> Picture:
    """The part of a larger picture that a camera sees.

    `x`, `y` is the seen centre in pixels of `world`, `turn` is in radians; what lies outside is mirrored.
    """
    cosine, sine = np.cos(turn) / zoom, np.sin(turn) / zoom
    matrix = np.array(
        [
            [cosine, -sine, x - cosine * WIDTH / 2 + sine * HEIGHT / 2],
            [sine, cosine, y - sine * WIDTH / 2 - cosine * HEIGHT / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(world, matrix, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(seen, np.float32)


def wander(rng: np.random.Generator, amount: float, hertz: float) -> Path:
    """A smooth random path of time (s) around 0, about as wide as `amount` either way, moving at about `hertz`."""
    speeds = 2 * np.pi * hertz * rng.uniform(0.6, 1.6, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    weights = amount * np.array([0.55, 0.3, 0.15])
    return lambda time: float(np.sum(weights * np.sin(speeds * time + phases)))


def to_bytes(picture: Picture) -> npt.NDArray[np.uint8]:
    """To uint8, rounded."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
