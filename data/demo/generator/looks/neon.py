"""Neon on black: glowing lines in pure colours on near black, fast motion, a cut nearly every second."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from ..canvas import HEIGHT, WIDTH, Picture, Shot, Style, blur, colour, coordinates

# Points in pixels, shape (n, 2); width in pixels; which of the two colours, 0 or 1.
Line = tuple[npt.NDArray[np.float64], float, int]
Lines = Callable[[float], list[Line]]

_CENTRE = np.array([WIDTH / 2, HEIGHT / 2])
# Cyan, magenta, green, violet: neighbours in this ring differ enough in hue for a cut to be plain.
_HUES = (185.0, 312.0, 130.0, 275.0)


def plan_shots(rng: np.random.Generator, style: Style, duration_s: float) -> list[Shot]:
    """Shots of 0.65 to 1.2 s, each in another pair of colours and with another motif."""
    shots: list[Shot] = []
    left_s = duration_s
    turn = int(rng.integers(len(_HUES)))
    previous = -1
    while left_s > 0:
        shot_s = rng.uniform(0.78, 1.12) / style.tempo
        if left_s - shot_s < 0.7:
            shot_s = left_s
        motif = int(rng.choice([motif for motif in style.motifs if motif != previous] or style.motifs))
        hue = _HUES[turn % len(_HUES)] + style.hue_shift
        shots.append(Shot(shot_s, _glowing(_MOTIFS[motif](rng, style.tempo), rng, style, hue)))
        left_s -= shot_s
        turn += 1
        previous = motif
    return shots


def _glowing(lines: Lines, rng: np.random.Generator, style: Style, hue: float) -> Callable[[float], Picture]:
    """Draws lines as light tubes: white-hot in the middle, a halo around, a faint tint of the dark."""
    x, y = coordinates()
    far = np.hypot((x - WIDTH * rng.uniform(0.3, 0.7)) / WIDTH, (y - HEIGHT * rng.uniform(0.35, 0.65)) / HEIGHT)
    # Never quite black: the hue of black is undefined, and noise in it would look like a cut.
    dark = colour(hue, 0.95, 1.0) * (0.075 + 0.12 * np.exp(-5 * far**2))[..., np.newaxis]
    paints = (colour(hue, 0.92, 1.0), colour(hue + 45, 0.9, 1.0))

    def draw(time: float) -> Picture:
        light = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        core = np.zeros((HEIGHT, WIDTH), np.uint8)
        for points, width, which in lines(time):
            fixed = [np.round(points * 16).astype(np.int32)]
            paint = tuple(float(channel) * 255 for channel in paints[which])
            cv2.polylines(light, fixed, False, paint, max(1, round(width)), cv2.LINE_AA, 4)
            cv2.polylines(core, fixed, False, 110, max(1, round(width / 3)), cv2.LINE_AA, 4)
        tubes = (light / 255).astype(np.float32)
        halo = blur(tubes, 7)
        white = (core / 255)[..., np.newaxis]
        return ((dark + tubes + 0.85 * halo + white) * style.light).astype(np.float32)

    return draw


def _turned(points: npt.NDArray[np.float64], angle: float, scale: float) -> npt.NDArray[np.float64]:
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return points @ rotation * scale + _CENTRE


def _closed_polygon(corners: int) -> npt.NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, corners + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _tunnel(rng: np.random.Generator, tempo: float) -> Lines:
    """Polygons that rush towards the viewer."""
    outline = _closed_polygon(int(rng.choice([3, 4, 6, 40])))
    spin, speed = rng.uniform(-0.6, 0.6) * tempo, rng.uniform(0.45, 0.65) * tempo

    def lines(time: float) -> list[Line]:
        found: list[Line] = []
        for ring in range(5):
            near = (ring / 5 + speed * time / 2.4) % 1
            found.append((_turned(outline, spin * time + near * 1.2, 8 + 250 * near**2), 1 + 6 * near, ring % 2))
        return found

    return lines


def _road(rng: np.random.Generator, tempo: float) -> Lines:
    """A grid that runs under a horizon, with a barred sun above."""
    speed, horizon = rng.uniform(1.6, 2.6) * tempo, HEIGHT * rng.uniform(0.42, 0.52)
    lean = rng.uniform(-25, 25)

    def lines(time: float) -> list[Line]:
        found: list[Line] = []
        for line in range(-7, 8):
            foot = WIDTH / 2 + line * 62
            found.append((np.array([[WIDTH / 2 + lean + line * 7, horizon], [foot, HEIGHT + 5]]), 2, 0))
        for row in range(9):
            near = (row / 9 + speed * time / 3) % 1
            y = horizon + (HEIGHT - horizon) * near**2.2
            found.append((np.array([[-5, y], [WIDTH + 5, y]]), 1 + 3 * near, 0))
        for bar in range(8):
            y = horizon - 12 - bar * 13
            half = np.sqrt(max(0.0, 60**2 - (y - (horizon - 60)) ** 2))
            found.append((np.array([[WIDTH / 2 + lean - half, y], [WIDTH / 2 + lean + half, y]]), 9 - 0.8 * bar, 1))
        return found

    return lines


def _bars(rng: np.random.Generator, tempo: float) -> Lines:
    """Columns of light that leap up and down from the middle."""
    count = int(rng.integers(7, 12))
    rates, phases = rng.uniform(4, 8, count) * tempo, rng.uniform(0, 6.3, count)

    def lines(time: float) -> list[Line]:
        heights = 30 + 140 * np.abs(np.sin(rates * time + phases))
        found: list[Line] = []
        for column, height in enumerate(heights):
            x = WIDTH * (column + 0.5) / count
            bar = np.array([[x, HEIGHT / 2 - height], [x, HEIGHT / 2 + height]])
            found.append((bar, 0.32 * WIDTH / count, column % 2))
        return found

    return lines


def _whirl(rng: np.random.Generator, tempo: float) -> Lines:
    """A rose curve that turns and breathes."""
    petals, spin = int(rng.integers(2, 5)), rng.uniform(0.9, 1.4) * tempo * rng.choice([-1, 1])
    angle = np.linspace(0, 2 * np.pi, 240)

    def lines(time: float) -> list[Line]:
        found: list[Line] = []
        for layer in range(3):
            radius = (150 - 35 * layer) * (0.75 + 0.3 * np.sin(2 * tempo * time + layer))
            reach = 0.35 + 0.65 * np.cos(petals * angle + layer)
            curve = np.stack([np.cos(angle) * reach, np.sin(angle) * reach], axis=1)
            found.append((_turned(curve, spin * time + layer, radius), 5 - layer, layer % 2))
        return found

    return lines


def _beams(rng: np.random.Generator, tempo: float) -> Lines:
    """Searchlights that sweep from two corners."""
    feet = np.array([[rng.uniform(-20, 60), HEIGHT + 10], [WIDTH - rng.uniform(-20, 60), -10]])
    speed, phases = rng.uniform(0.9, 1.4) * tempo, rng.uniform(0, 6.3, 7)

    def lines(time: float) -> list[Line]:
        found: list[Line] = []
        for beam, phase in enumerate(phases):
            foot = feet[beam % 2]
            aim = (-np.pi / 2 if beam % 2 == 0 else np.pi / 2) + 0.75 * np.sin(speed * time + phase)
            tip = foot + 520 * np.array([np.cos(aim), np.sin(aim)])
            found.append((np.stack([foot, tip]), 3 + 5 * (beam % 3 == 0), beam % 2))
        return found

    return lines


def _bolts(rng: np.random.Generator, tempo: float) -> Lines:
    """Jagged lines that race sideways, and a sign in a frame."""
    steps = np.arange(-40, WIDTH + 60, 20)
    offsets = rng.uniform(-26, 26, (6, 60))
    speed = rng.uniform(4, 6) * tempo

    def lines(time: float) -> list[Line]:
        found: list[Line] = []
        for row in range(6):
            first = int(speed * time) % 40
            points = np.stack([steps, HEIGHT * (row + 0.5) / 6 + offsets[row, first : first + steps.size]], axis=1)
            found.append((points - [20 * ((speed * time) % 1), 0], 3 + row % 3, row % 2))
        frame = _closed_polygon(4) * 0.9
        pulse = 60 + 18 * np.sin(6 * tempo * time)
        found.append((_turned(frame, np.pi / 4, pulse), 8, 1))
        return found

    return lines


_MOTIFS = (_tunnel, _road, _bars, _whirl, _beams, _bolts)
