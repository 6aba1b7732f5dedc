"""Soft pastel daylight: pale pink, peach and lavender, no hard edge, slow drift, one long shot or two."""

from collections.abc import Callable
from dataclasses import replace

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
    smoothstep,
    view,
    wander,
)

# Pictures are wider than seen, so that the camera can drift.
_MARGIN = 48
_W, _H = WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN


def plan_shots(rng: np.random.Generator, style: Style, duration_s: float) -> list[Shot]:
    """One shot, or at times two: the second in cooler pastels, so that the cut is plain to see."""
    if rng.uniform() < 0.65:
        return [_shot(rng, style, duration_s, cool=False)]
    first_s = duration_s * rng.uniform(0.5, 0.6)
    return [_shot(rng, style, first_s, cool=False), _shot(rng, style, duration_s - first_s, cool=True)]


def _shot(rng: np.random.Generator, style: Style, duration_s: float, cool: bool) -> Shot:
    motif = _MOTIFS[int(rng.choice(style.motifs))]
    base = (165, 180, 150) if cool else (340, 22, 300)
    hues = tuple(float(hue + style.hue_shift + rng.uniform(-4, 4)) for hue in base)
    if cool:
        # Pale colours differ little: the shade makes the cut as plain as the hue does.
        style = replace(style, light=0.9 * style.light)
    return Shot(duration_s, motif(rng, style, hues))


def _sky(hues: tuple[float, ...]) -> Picture:
    a, b, c = hues
    return gradient([colour(c, 0.15, 0.95), colour(a, 0.2, 0.97), colour(b, 0.17, 0.99), colour(b, 0.1, 1.0)], _W, _H)


def _haze(picture: Picture, x: float, y: float) -> Picture:
    """Daylight that comes from one side."""
    across, down = coordinates(_W, _H)
    near = np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * 150.0**2)).astype(np.float32)
    return lay(picture, colour(35, 0.04, 1.0), 0.55 * near)


def _drifting(
    rng: np.random.Generator, style: Style, layers: list[tuple[Picture, Mask, float]], base: Picture
) -> Callable:
    """Layers (paint, mask, depth) over `base`; the camera drifts slowly, and what is near moves more."""
    speed = rng.uniform(2.0, 3.5) * style.tempo * rng.choice([-1, 1])
    rise = wander(rng, 3, 0.08)

    def draw(time: float) -> Picture:
        x, y = speed * (time - 3.5), rise(time)
        picture = view(base, _W / 2 + 0.3 * x, _H / 2 + 0.3 * y)
        for paint, mask, depth in layers:
            picture = lay(picture, paint, view(mask, _W / 2 + depth * x, _H / 2 + depth * y))
        return picture * style.light

    return draw


def _hills(rng: np.random.Generator, style: Style, hues: tuple[float, ...]) -> Callable[[float], Picture]:
    across, down = coordinates(_W, _H)
    base = _haze(_sky(hues), rng.uniform(0.3, 0.7) * _W, rng.uniform(0.25, 0.4) * _H)
    sun = ellipse_points(rng.uniform(0.35, 0.65) * _W, rng.uniform(0.28, 0.42) * _H, 34, 34)
    base = lay(base, colour(hues[1], 0.14, 1.0), 0.8 * blur(polygon(sun, _W, _H), 2.5))
    layers = []
    for index in range(4):
        ridge = _H * (0.5 + 0.12 * index)
        for _ in range(3):
            ridge = ridge + rng.uniform(4, 15) * np.sin(
                2 * np.pi * across / rng.uniform(120, 330) + rng.uniform(0, 6.3)
            )
        mask = smoothstep(-5, 9, down - ridge) * np.clip(1.0 - (down - ridge) / 700, 0, 1)
        paint = colour(hues[(index + 2) % 3], 0.13 + 0.035 * index, 0.97 - 0.02 * index)
        layers.append((paint, (0.75 * mask).astype(np.float32), 0.45 + 0.25 * index))
    return _drifting(rng, style, layers, base)


def _bokeh(rng: np.random.Generator, style: Style, hues: tuple[float, ...]) -> Callable[[float], Picture]:
    base = _haze(_sky(hues), rng.uniform(0.2, 0.8) * _W, 0.2 * _H)
    layers = []
    for index in range(4):
        mask = np.zeros((_H, _W), np.float32)
        for _ in range(7):
            radius = rng.uniform(12, 26) * (1 + 0.35 * index)
            disc = polygon(ellipse_points(rng.uniform(0, _W), rng.uniform(0, _H), radius, radius), _W, _H)
            mask = np.maximum(mask, disc * rng.uniform(0.35, 0.8))
        paint = colour(hues[index % 3], 0.2 if index % 2 else 0.05, 1.0)
        layers.append((paint, 0.7 * blur(mask, 1.5 + 2 * index), 0.4 + 0.25 * index))
    return _drifting(rng, style, layers, base)


def _petals(rng: np.random.Generator, style: Style, hues: tuple[float, ...]) -> Callable[[float], Picture]:
    base = _haze(_sky(hues), rng.uniform(0.3, 0.7) * _W, 0.3 * _H)
    layers = []
    for index in range(3):
        mask = np.zeros((_H, _W), np.float32)
        heart = np.zeros((_H, _W), np.float32)
        for _ in range(3):
            x, y, size = (
                rng.uniform(0.1, 0.9) * _W,
                rng.uniform(0.1, 0.95) * _H,
                rng.uniform(28, 46) * (1 + 0.2 * index),
            )
            turn = rng.uniform(0, 2 * np.pi)
            for petal in range(6):
                angle = turn + petal * np.pi / 3
                points = ellipse_points(
                    x + 0.6 * size * np.cos(angle), y + 0.6 * size * np.sin(angle), 0.62 * size, 0.3 * size, angle
                )
                mask = np.maximum(mask, (0.65 + 0.06 * petal) * polygon(points, _W, _H))
            heart = np.maximum(heart, polygon(ellipse_points(x, y, 0.2 * size, 0.2 * size), _W, _H))
        depth = 0.5 + 0.3 * index
        layers.append((colour(hues[index], 0.2, 0.98), 0.85 * blur(mask, 2.2 + index), depth))
        layers.append((colour(hues[1], 0.26, 1.0), 0.8 * blur(heart, 2.5), depth))
    return _drifting(rng, style, layers, base)


def _curtain(rng: np.random.Generator, style: Style, hues: tuple[float, ...]) -> Callable[[float], Picture]:
    """Long folds of thin cloth before a bright window, swaying."""
    x, y = coordinates()
    waves = [(2 * np.pi / rng.uniform(26, 80), rng.uniform(0, 6.3), rng.uniform(0.2, 0.5)) for _ in range(4)]
    sway = wander(rng, 7 * style.tempo, 0.07)
    base = _haze(_sky(hues), 0.5 * _W, 0.45 * _H)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    lit, shade = colour(hues[1], 0.04, 1.0), colour(hues[0], 0.24, 0.92)

    def draw(time: float) -> Picture:
        shifted = x + sway(time) * (0.3 + y / HEIGHT) + 6 * np.sin(y / 95 + 0.25 * time)
        fold = sum(weight * np.sin(shifted * rate + phase) for rate, phase, weight in waves)
        fold = fold.astype(np.float32)
        picture = lay(base, lit, 0.5 * smoothstep(0.0, 1.2, fold))
        return lay(picture, shade, 0.5 * smoothstep(0.0, 1.3, -fold)) * style.light

    return draw


def _clouds(rng: np.random.Generator, style: Style, hues: tuple[float, ...]) -> Callable[[float], Picture]:
    _, down = coordinates(_W, _H)
    base = _haze(_sky(hues), rng.uniform(0.2, 0.8) * _W, rng.uniform(0.5, 0.7) * _H)
    layers = []
    for index in range(3):
        puff = blur(cloud(rng, _W, _H, (120, 60), 4), 2.0)
        high = np.exp(-(((down - _H * (0.25 + 0.25 * index)) / 110) ** 2))
        layers.append((colour(hues[0], 0.13, 0.97), 0.6 * smoothstep(0.42, 0.62, puff) * high, 0.5 + 0.3 * index))
        top = np.roll(puff, 7, axis=0)
        layers.append((colour(hues[1], 0.05, 1.0), 0.75 * smoothstep(0.48, 0.66, top) * high, 0.5 + 0.3 * index))
    return _drifting(rng, style, layers, base)


_MOTIFS = (_hills, _bokeh, _petals, _curtain, _clouds)
