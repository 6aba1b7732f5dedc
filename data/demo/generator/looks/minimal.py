"""Cold minimalism: blue-grey geometry with crisp edges and much empty space, a still camera, no cut or one."""

from collections.abc import Callable

import numpy as np

from ..canvas import (
    HEIGHT,
    WIDTH,
    Mask,
    Picture,
    Shot,
    Style,
    blur,
    cloud,
    colour,
    coordinates,
    ellipse_points,
    gradient,
    lay,
    polygon,
)

# From a lightness to a shade of the one colour.
Tones = Callable[[float], Picture]


def plan_shots(rng: np.random.Generator, style: Style, duration_s: float) -> list[Shot]:
    """One shot, or two: the second with light and dark exchanged."""
    if rng.uniform() < 0.6:
        return [_shot(rng, style, duration_s, night=False)]
    first_s = duration_s * rng.uniform(0.5, 0.62)
    return [_shot(rng, style, first_s, night=False), _shot(rng, style, duration_s - first_s, night=True)]


def _shot(rng: np.random.Generator, style: Style, duration_s: float, night: bool) -> Shot:
    """A still scene over which a broad shadow creeps: the only motion there is."""
    hue = 212 + style.hue_shift

    def tone(value: float) -> Picture:
        """A shade of the one colour there is; 0 is the darkest, 1 the palest."""
        shown = 0.07 + 0.3 * value if night else 0.2 + 0.68 * value
        return colour(hue, 0.3 if night else 0.2 - 0.06 * value, shown)

    scene = _MOTIFS[int(rng.choice(style.motifs))](rng, tone)
    concrete = 1 + 0.045 * (cloud(rng, WIDTH, HEIGHT, (30, 30), 5) - 0.5)
    scene = np.clip(scene * concrete[..., np.newaxis] * style.light, 0, 1)
    x, y = coordinates()
    slope, start, speed = rng.uniform(0.25, 0.6), rng.uniform(0.55, 0.8) * WIDTH, rng.uniform(1.2, 2.2) * style.tempo

    def draw(time: float) -> Picture:
        shaded = np.clip((x + slope * y - start - slope * HEIGHT / 3 - speed * time) / 5, 0, 1)
        return (scene * (1 - 0.13 * shaded)[..., np.newaxis]).astype(np.float32)

    return Shot(duration_s, draw)


def _rectangle(left: float, top: float, right: float, bottom: float) -> Mask:
    return polygon([[left, top], [right, top], [right, bottom], [left, bottom]])


def _with_shadow(picture: Picture, mask: Mask, paint: Picture, depth: int, dark: Picture) -> Picture:
    """A slab that stands off the wall by `depth` pixels: a hard shadow with a soft rim."""
    shadow = blur(np.roll(mask, (depth, -depth), (0, 1)), 1.5)
    return lay(lay(picture, dark, 0.55 * shadow), paint, mask)


def _facade(rng: np.random.Generator, tone: Tones) -> Picture:
    """A wall with a strict grid of windows, one of them lit."""
    columns, rows = int(rng.integers(3, 6)), int(rng.integers(6, 10))
    picture = gradient([tone(0.92), tone(0.74)])
    lit = int(rng.integers(columns * rows))
    width, height = WIDTH / (columns + 1), HEIGHT / (rows + 1)
    for cell in range(columns * rows):
        x, y = width * (cell % columns + 0.5) + width * 0.2, height * (cell // columns + 0.5) + height * 0.18
        pane = _rectangle(x, y, x + 0.6 * width, y + 0.64 * height)
        reveal = _rectangle(x, y, x + 0.6 * width, y + 5)
        picture = lay(picture, tone(1.1) if cell == lit else tone(0.22), pane)
        picture = lay(picture, tone(0.02), 0.8 * reveal)
        picture = lay(
            picture, tone(1.05), _rectangle(x - 2, y + 0.64 * height, x + 0.6 * width + 2, y + 0.64 * height + 2)
        )
    return picture


def _stairs(rng: np.random.Generator, tone: Tones) -> Picture:
    """Steps that climb across an empty wall."""
    count, side = int(rng.integers(6, 10)), int(rng.choice([-1, 1]))
    picture = gradient([tone(0.9), tone(0.8), tone(0.68)])
    foot, step_x, step_y = HEIGHT * 0.9, WIDTH / count, HEIGHT * 0.52 / count
    for step in range(count):
        left, top = step * step_x, foot - (step + 1) * step_y
        picture = lay(picture, tone(0.3), _rectangle(left, top, left + step_x, HEIGHT))
        picture = lay(picture, tone(0.98), _rectangle(left, top, left + step_x, top + 0.35 * step_y))
        picture = lay(picture, tone(0.12), _rectangle(left, top, left + 3, foot))
    picture = lay(picture, tone(0.45), _rectangle(0, foot, WIDTH, HEIGHT))
    return np.ascontiguousarray(picture[:, ::side])


def _disc(rng: np.random.Generator, tone: Tones) -> Picture:
    """One circle, one line, one horizon."""
    horizon, radius = HEIGHT * rng.uniform(0.66, 0.76), rng.uniform(46, 64)
    x, y = WIDTH * 0.5, HEIGHT * rng.uniform(0.34, 0.42)
    picture = gradient([tone(0.95), tone(0.84), tone(0.74)])
    picture = lay(picture, tone(0.42), _rectangle(0, horizon, WIDTH, HEIGHT))
    circle = polygon(ellipse_points(x, y, radius, radius))
    picture = _with_shadow(picture, circle, tone(0.18), 9, tone(0.3))
    across, _ = coordinates()
    picture = lay(picture, tone(0.4), circle * np.clip((across - x) / (2 * radius) + 0.3, 0, 1))
    return lay(picture, tone(1.08), _rectangle(x - 1.5, y + radius * 0.2, x + 1.5, HEIGHT))


def _arches(rng: np.random.Generator, tone: Tones) -> Picture:
    """Arches within arches, receding."""
    picture = gradient([tone(0.94), tone(0.8)])
    count, foot = int(rng.integers(4, 6)), HEIGHT * rng.uniform(0.86, 0.93)
    for ring in range(count):
        share = 1 - ring / count
        half, top = WIDTH * 0.42 * share, HEIGHT * (0.46 - 0.3 * share)
        arch = np.maximum(
            polygon(ellipse_points(WIDTH / 2, top + half, half, half)),
            _rectangle(WIDTH / 2 - half, top + half, WIDTH / 2 + half, foot),
        )
        shade = 0.66 - 0.6 * ring / count if ring % 2 == 0 else 0.9 - 0.5 * ring / count
        picture = _with_shadow(picture, arch, tone(shade), 4, tone(0.1))
    return lay(picture, tone(0.52), _rectangle(0, foot, WIDTH, HEIGHT))


def _columns(rng: np.random.Generator, tone: Tones) -> Picture:
    """A row of round columns before an empty ground."""
    count = int(rng.integers(3, 6))
    picture = gradient([tone(0.34), tone(0.24)])
    x, _ = coordinates()
    pitch = WIDTH / count
    top, foot = HEIGHT * 0.2, HEIGHT * rng.uniform(0.8, 0.88)
    for index in range(count):
        centre, half = pitch * (index + 0.5), 0.3 * pitch
        turned = np.clip((x - centre) / half, -1, 1)
        shaft = _rectangle(centre - half, top, centre + half, foot)
        shading = np.sqrt(1 - 0.9 * turned**2) * (0.75 - 0.25 * turned)
        paint = tone(0.2) + (tone(1.1) - tone(0.2)) * shading[..., np.newaxis]
        picture = lay(picture, paint.astype(np.float32), shaft)
    picture = lay(picture, tone(0.9), _rectangle(0, 0, WIDTH, top))
    picture = lay(picture, tone(0.55), _rectangle(0, top - 6, WIDTH, top))
    return lay(picture, tone(0.8), _rectangle(0, foot, WIDTH, HEIGHT))


def _slabs(rng: np.random.Generator, tone: Tones) -> Picture:
    """A few overlapping slabs, square to each other, and a diagonal."""
    picture = gradient([tone(0.97), tone(0.86)])
    places = ((0.12, 0.16, 0.58, 0.66, 0.36), (0.42, 0.4, 0.88, 0.72, 0.68), (0.22, 0.6, 0.5, 0.86, 0.12))
    for left, top, right, bottom, shade in places:
        dx, dy = rng.uniform(-0.04, 0.04, 2)
        slab = _rectangle((left + dx) * WIDTH, (top + dy) * HEIGHT, (right + dx) * WIDTH, (bottom + dy) * HEIGHT)
        picture = _with_shadow(picture, slab, tone(shade), 7, tone(0.2))
    y = rng.uniform(0.15, 0.3) * HEIGHT
    beam = [[-5, y], [WIDTH + 5, y + 120], [WIDTH + 5, y + 126], [-5, y + 6]]
    return lay(picture, tone(0.08), polygon(beam))


_MOTIFS = (_facade, _stairs, _disc, _arches, _columns, _slabs)
