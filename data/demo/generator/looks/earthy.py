"""Earthy and handheld: wood, clay, linen and leaves in warm light, a hand's shake, a cut about every two seconds."""

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
    lay,
    polygon,
    smoothstep,
    view,
    wander,
)

# The table that the camera looks at is larger than the picture: room for the shake.
_MARGIN = 28
_W, _H = WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN


def plan_shots(rng: np.random.Generator, style: Style, duration_s: float) -> list[Shot]:
    """Three to five shots; dark and light grounds in turn, so that cuts are plain though the colours stay."""
    lengths = []
    left_s = duration_s
    while left_s > 0:
        shot_s = rng.uniform(1.6, 2.4) / style.tempo
        if left_s - shot_s < 1.2:
            shot_s = left_s
        lengths.append(shot_s)
        left_s -= shot_s
    first = int(rng.integers(2))
    return [
        Shot(length, _handheld(_table(rng, style, dark=(index + first) % 2 == 0), rng, style))
        for index, length in enumerate(lengths)
    ]


def _handheld(world: Picture, rng: np.random.Generator, style: Style) -> Callable[[float], Picture]:
    slow_x, slow_y = wander(rng, 9, 0.35 * style.tempo), wander(rng, 9, 0.35 * style.tempo)
    quick_x, quick_y = wander(rng, 2.6, 1.9 * style.tempo), wander(rng, 3.2, 2.2 * style.tempo)
    turn, nearing = wander(rng, 0.02, 0.5), rng.uniform(-0.006, 0.012)

    def draw(time: float) -> Picture:
        x, y = slow_x(time) + quick_x(time), slow_y(time) + quick_y(time)
        return view(world, _W / 2 + x, _H / 2 + y, 1.02 + nearing * time, turn(time))

    return draw


def _table(rng: np.random.Generator, style: Style, dark: bool) -> Picture:
    """A ground with one of the creator's motifs on it, in slanting light."""
    ground = (_planks if rng.uniform() < 0.7 else _soil)(rng, style, 0.3) if dark else _light_ground(rng, style)
    picture = _MOTIFS[int(rng.choice(style.motifs))](rng, style, ground)
    x, y = coordinates(_W, _H)
    slant = x * 0.8 + y * rng.uniform(0.4, 0.7)
    beam = smoothstep(60, 190, slant) * (1 - smoothstep(300, 470, slant))
    edge = np.hypot((x - _W / 2) / _W, (y - _H / 2) / _H)
    light = (0.8 + 0.34 * beam) * (1.08 - 0.65 * edge**2)
    return np.clip(picture * light[..., np.newaxis] * np.array([1.04, 1.0, 0.93], np.float32) * style.light, 0, 1)


def _grain(rng: np.random.Generator, width: int, height: int) -> Mask:
    """Wood grain along y: fibres, and rings that were cut lengthwise; 0 (pale) to 1 (dark)."""
    x, y = coordinates(width, height)
    bend = 22 * cloud(rng, width, height, (70, 300), 2)
    rings = 0.5 + 0.5 * np.sin((x + bend + 8 * np.sin(y / 110)) * rng.uniform(0.28, 0.45))
    fibres = cloud(rng, width, height, (5, 90), 3)
    return np.clip(0.45 * rings + 0.75 * fibres - 0.1, 0, 1).astype(np.float32)


def _planks(rng: np.random.Generator, style: Style, value: float) -> Picture:
    picture = np.zeros((_H, _W, 3), np.float32)
    hue, width = 24 + style.hue_shift, int(rng.integers(50, 92))
    for left in range(0, _W, width):
        right = min(left + width, _W)
        grain = _grain(rng, width, _H)[:, : right - left]
        tone = rng.uniform(0.88, 1.1)
        pale, deep = colour(hue + 3, 0.58, (value + 0.2) * tone), colour(hue - 3, 0.72, value * 0.62 * tone)
        picture[:, left:right] = lay(np.broadcast_to(pale, (_H, right - left, 3)), deep, grain)
        picture[:, max(0, left - 1) : left + 1] *= 0.35
    if rng.uniform() < 0.5:
        picture = np.ascontiguousarray(np.rot90(np.ascontiguousarray(picture)))
        picture = np.tile(picture, (2, 1, 1))[:_H]
        picture = np.concatenate([picture, picture[:, ::-1]], axis=1)[:, :_W]
    return picture


def _soil(rng: np.random.Generator, style: Style, value: float) -> Picture:
    crumbs = cloud(rng, _W, _H, (26, 26), 5)
    relief = crumbs - np.roll(crumbs, (2, 2), (0, 1))
    base = np.broadcast_to(colour(20 + style.hue_shift, 0.6, value * 0.9), (_H, _W, 3))
    picture = lay(base, colour(28 + style.hue_shift, 0.55, value + 0.25), smoothstep(0.4, 0.8, crumbs))
    return np.clip(picture * (1 + 3.5 * relief[..., np.newaxis]), 0, 1)


def _light_ground(rng: np.random.Generator, style: Style) -> Picture:
    """Linen, or pale wood that is nearly as bright."""
    if rng.uniform() < 0.4:
        return _planks(rng, style, 0.78)
    x, y = coordinates(_W, _H)
    thread = rng.uniform(3.4, 4.6)
    weave = np.sin(2 * np.pi * x / thread) * 0.5 + np.sin(2 * np.pi * y / thread) * 0.5
    slubs = 0.5 * cloud(rng, _W, _H, (60, 4), 2) + 0.5 * cloud(rng, _W, _H, (4, 60), 2)
    folds = cloud(rng, _W, _H, (150, 170), 2)
    light = 0.9 + 0.05 * weave + 0.5 * (slubs - 0.5) + 0.35 * (folds - 0.5)
    return np.clip(colour(36 + style.hue_shift, 0.34, 0.93) * light[..., np.newaxis], 0, 1).astype(np.float32)


def _shadowed(picture: Picture, mask: Mask, paint: Picture, depth: float = 7) -> Picture:
    """`paint` within `mask`, throwing a soft shadow to the lower right."""
    shadow = blur(np.roll(mask, (round(depth), round(0.7 * depth)), (0, 1)), 0.6 * depth)
    return lay(lay(picture, 0.35 * picture, 0.75 * shadow), paint, mask)


def _spot(rng: np.random.Generator) -> tuple[float, float]:
    """A place off the centre, on one of the lines of thirds."""
    return float(rng.choice([0.36, 0.64]) * _W), float(rng.choice([0.37, 0.63]) * _H)


def _pottery(rng: np.random.Generator, style: Style, picture: Picture) -> Picture:
    """Bowls seen from above: rim, wall, speckled glaze, throwing rings."""
    x, y = coordinates(_W, _H)
    main = _spot(rng)
    for place, size in ((main, rng.uniform(66, 84)), ((_W - main[0], _H - main[1]), rng.uniform(34, 46))):
        centre_x, centre_y = place
        glaze = colour(rng.choice([14, 20, 30]) + style.hue_shift, rng.uniform(0.55, 0.68), rng.uniform(0.5, 0.68))
        radius = np.hypot(x - centre_x, y - centre_y)
        rings = 1 + 0.07 * np.sin(radius * 0.9 + 2 * cloud(rng, _W, _H, (40, 40), 2))
        speckles = 1 - 0.55 * smoothstep(0.66, 0.72, cloud(rng, _W, _H, (5, 5), 2))
        lean = 1 + 0.4 * ((x - centre_x) + (y - centre_y)) / (2 * size)
        body = glaze * (rings * speckles * lean)[..., np.newaxis]
        picture = _shadowed(picture, 1 - smoothstep(size - 1, size + 1, radius), np.clip(body * 1.2, 0, 1), 11)
        inside = 1 - smoothstep(0.84 * size - 1, 0.84 * size + 1, radius)
        picture = lay(picture, np.clip(body * (0.45 + 0.4 * radius / size)[..., np.newaxis], 0, 1), inside)
    return picture


def _leaves(rng: np.random.Generator, style: Style, picture: Picture) -> Picture:
    """Dry leaves with veins, strewn around one spot."""
    x, y = coordinates(_W, _H)
    spot = _spot(rng)
    for _ in range(11):
        centre = np.array(spot) + rng.normal(0, 1, 2) * [62, 92]
        turn, length = rng.uniform(0, 2 * np.pi), rng.uniform(34, 62)
        along = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
        across = -(x - centre[0]) * np.sin(turn) + (y - centre[1]) * np.cos(turn)
        width = 0.42 * length * np.clip(1 - (along / length) ** 2, 0, 1) * (1 + 0.25 * along / length)
        mask = smoothstep(-1, 1, width - np.abs(across)) * (np.abs(along) < length)
        veins = 0.5 + 0.5 * np.cos((along - 1.1 * np.abs(across)) * 0.75)
        midrib = np.exp(-((across / 1.3) ** 2))
        tone = 0.82 + 0.25 * cloud(rng, _W, _H, (18, 18), 3) - 0.14 * veins + 0.3 * midrib
        paint = colour(rng.choice([18, 30, 44, 62]) + style.hue_shift, 0.66, rng.uniform(0.42, 0.66))
        picture = _shadowed(picture, mask.astype(np.float32), np.clip(paint * tone[..., np.newaxis], 0, 1), 6)
    return picture


def _basket(rng: np.random.Generator, style: Style, picture: Picture) -> Picture:
    """A round, woven mat of straw."""
    x, y = coordinates(_W, _H)
    centre_x, centre_y = _spot(rng)
    radius, angle = np.hypot(x - centre_x, y - centre_y), np.arctan2(y - centre_y, x - centre_x)
    size, row_width = rng.uniform(92, 112), rng.uniform(7, 9)
    row = np.floor(radius / row_width)
    strands = np.sin(angle * np.maximum(6, np.floor(row * 3.6)) + np.pi * (row % 2))
    rounding = np.sin(np.pi * (radius / row_width % 1))
    tone = (0.45 + 0.4 * rounding) * (0.8 + 0.28 * strands) + 0.2 * cloud(rng, _W, _H, (8, 8), 3)
    band = np.where(row % 5 == 3, 0.62, 1.0)
    paint = colour(33 + style.hue_shift, 0.55, 0.86) * (tone * band)[..., np.newaxis]
    return _shadowed(picture, 1 - smoothstep(size - 1, size + 1, radius), np.clip(paint, 0, 1).astype(np.float32), 9)


def _slices(rng: np.random.Generator, style: Style, picture: Picture) -> Picture:
    """Slices of a trunk: year rings, cracks and bark."""
    x, y = coordinates(_W, _H)
    main = _spot(rng)
    places = [(main, rng.uniform(78, 96)), ((_W - main[0], _H - main[1]), rng.uniform(40, 58))]
    for (centre_x, centre_y), size in places:
        wobble = 16 * (cloud(rng, _W, _H, (90, 90), 2) - 0.5)
        radius = np.hypot(x - centre_x, (y - centre_y) * 0.94) + wobble
        rings = 0.5 + 0.5 * np.sin(radius * rng.uniform(0.85, 1.15) + 3 * cloud(rng, _W, _H, (60, 60), 2))
        tone = 0.95 - 0.26 * rings - 0.1 * cloud(rng, _W, _H, (4, 4), 2)
        wood = colour(29 + style.hue_shift, 0.52, 0.84) * tone[..., np.newaxis]
        bark = colour(20 + style.hue_shift, 0.6, 0.3) * (0.6 + 0.8 * cloud(rng, _W, _H, (7, 7), 3))[..., np.newaxis]
        picture = _shadowed(picture, 1 - smoothstep(size - 1, size + 1, radius), bark.astype(np.float32), 9)
        picture = lay(picture, wood.astype(np.float32), 1 - smoothstep(size - 9, size - 7, radius))
    return picture


def _seeds(rng: np.random.Generator, style: Style, picture: Picture) -> Picture:
    """A handful of seeds and beans beside a folded cloth."""
    spot = np.array(_spot(rng))
    cloth = _light_ground(rng, style) * colour(16 + style.hue_shift, 0.42, 0.82)
    corner = rng.uniform(0.45, 0.6)
    low = np.array([[-9, _H * corner], [_W * 0.62, _H + 9], [-9, _H + 9]])
    high = np.array([[-9, -9], [_W + 9, -9], [-9, _H * corner]])
    side = low if spot[1] < _H / 2 else high
    picture = _shadowed(picture, polygon(side, _W, _H), cloth, 8)
    for _ in range(70):
        place = spot + rng.normal(0, 1, 2) * [42, 52]
        size, turn = rng.uniform(5, 9), rng.uniform(0, np.pi)
        paint = colour(rng.choice([12, 24, 38]) + style.hue_shift, 0.62, rng.uniform(0.3, 0.72))
        picture = _shadowed(
            picture, polygon(ellipse_points(place[0], place[1], size, 0.6 * size, turn), _W, _H), paint, 3
        )
        gleam = ellipse_points(place[0] - 0.25 * size, place[1] - 0.25 * size, 0.3 * size, 0.15 * size, turn)
        picture = lay(picture, colour(38, 0.2, 0.95), 0.4 * polygon(gleam, _W, _H))
    return picture


_MOTIFS = (_pottery, _leaves, _basket, _slices, _seeds)
