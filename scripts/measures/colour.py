"""Palette, colourfulness and temperature of a reel.

Sources: CIEDE2000, Sharma, Wu and Dalal (2005), Color Research and Application 30(1); colourfulness, Hasler and
Suesstrunk (2003), Proc. SPIE 5007; warm-cool, Ou, Luo, Woodcock and Wright (2004), Color Research and Application
29(3); circular statistics of hue, Mardia and Jupp (2000), Directional Statistics; names, see `colour_names`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .colour_names import COLOUR_NAMES, MUTED_WORDS, PALE_WORDS, VIVID_WORDS
from .picture import Picture, to_lab

PALETTE_SIZE = 6
SEED = 20240
RESTARTS, ITERATIONS = 3, 30
# Bits kept per channel when pixels are pooled: 32 levels, 8 grey levels wide, finer than a palette needs.
BITS = 5
# A colour smaller than this share of the pixels is not counted into the palette.
SMALLEST_SHARE = 0.01
# An accent is far more chromatic than the picture around it, and small: C*ab above the mean by this much and above this
# value, share of the pixels between these. Our own values.
ACCENT_ABOVE_MEAN = 25.0
ACCENT_CHROMA = 40.0
ACCENT_SHARES = (0.002, 0.15)
MOST_ACCENTS = 2
# Hue says little where C*ab is below this: about two just noticeable differences from grey (one is near 2.3, Mahy et
# al. 1994).
CHROMATIC = 5.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Swatch:
    """One colour of the palette: its name, its share of the pixels (0 to 1), its CIELAB values (L*, a*, b*)."""

    name: str
    share: float
    lab: tuple[float, float, float]


@dataclass(frozen=True)
class Colour:
    """Colours of a reel.

    Attributes:
        swatches: the palette, largest share first; 1 to `PALETTE_SIZE` colours of different names.
        accents: small, strongly chromatic colours of different hue, strongest first; 0 to `MOST_ACCENTS`. May be of the
            palette too, where they are not a large part of it.
        colourfulness: Hasler and Suesstrunk's M3, 0 (grey) to beyond 109 (extremely colourful).
        chroma: mean CIELAB chroma C*ab, 0 to about 130.
        chroma_peak: 98th percentile of C*ab over the pixels.
        warm_cool: mean of Ou et al.'s scale: -0.5 for grey, above it warmer, below it cooler.
        chromatic_share: share of the pixels with C*ab of at least `CHROMATIC`, 0 to 1.
        hue_variety: circular variance of hue weighted by chroma: 0 one hue, 1 hues all around the circle or opposite.
        hue_opposition: resultant length of the doubled hue angles: near 1 with `hue_variety` near 1 means two opposite
            hues; near 0 means many hues.
    """

    swatches: tuple[Swatch, ...]
    accents: tuple[Swatch, ...]
    colourfulness: float
    chroma: float
    chroma_peak: float
    warm_cool: float
    chromatic_share: float
    hue_variety: float
    hue_opposition: float


def measure_colour(pictures: list[Picture]) -> Colour:
    """Measure the colours of all pictures of a reel together."""
    lab, shares = _pooled_colours(pictures)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.arctan2(lab[:, 2], lab[:, 1])
    mean_chroma = float(shares @ chroma)
    warm_cool = -0.5 + 0.02 * chroma**1.07 * np.cos(hue - np.radians(50))
    chromatic = chroma >= CHROMATIC
    chromatic_share = float(shares[chromatic].sum())
    weights = np.where(chromatic, shares * chroma, 0.0)
    swatches = _palette(lab, shares)
    return Colour(
        swatches=swatches,
        accents=_accents(lab, shares, mean_chroma, swatches),
        colourfulness=float(np.mean([colourfulness(picture.rgb) for picture in pictures])),
        chroma=mean_chroma,
        chroma_peak=_weighted_percentile(chroma, shares, 0.98),
        warm_cool=float(shares @ warm_cool),
        chromatic_share=min(1.0, chromatic_share),
        hue_variety=1.0 - _resultant(hue, weights),
        hue_opposition=_resultant(2 * hue, weights),
    )


def colourfulness(rgb: NDArray[np.uint8]) -> float:
    """Hasler and Suesstrunk's M3 of RGB uint8 (h, w, 3): spread plus 0.3 times the mean of the opponent colours."""
    red, green, blue = (rgb[..., channel].astype(np.float32) for channel in range(3))
    (mean_rg, std_rg), (mean_yb, std_yb) = (
        (float(mean[0, 0]), float(std[0, 0]))
        for mean, std in (cv2.meanStdDev(red - green), cv2.meanStdDev((red + green) / 2 - blue))
    )
    return float(np.hypot(std_rg, std_yb) + 0.3 * np.hypot(mean_rg, mean_yb))


def ciede2000(lab: Floats, other: Floats) -> Floats:
    """CIEDE2000 differences; two arrays (..., 3) of CIELAB colours that broadcast, the answer (...)."""
    l1, a1, b1 = np.moveaxis(np.asarray(lab, dtype=np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, dtype=np.float64), -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_c7 / (mean_c7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch) % (2 * np.pi), np.arctan2(b2, a2 * stretch) % (2 * np.pi)
    step = (h2 - h1 + np.pi) % (2 * np.pi) - np.pi
    grey = c1 * c2 == 0
    step = np.where(grey, 0.0, step)
    mean_h = np.where(grey, h1 + h2, (h1 + step / 2) % (2 * np.pi))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    degrees = np.degrees(mean_h)
    t = (
        1
        - 0.17 * np.cos(mean_h - np.radians(30))
        + 0.24 * np.cos(2 * mean_h)
        + 0.32 * np.cos(3 * mean_h + np.radians(6))
        - 0.20 * np.cos(4 * mean_h - np.radians(63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    turn = 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    turn = -turn * np.sin(np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2)))
    lightness, chroma = (l2 - l1) / s_l, (c2 - c1) / s_c
    hue = 2 * np.sqrt(c1 * c2) * np.sin(step / 2) / s_h
    return np.asarray(np.sqrt(np.maximum(0.0, lightness**2 + chroma**2 + hue**2 + turn * chroma * hue)))


def _named_colours() -> tuple[list[str], Floats]:
    values = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in COLOUR_NAMES.values()]
    return list(COLOUR_NAMES), to_lab(np.array(values, dtype=np.float32)).astype(np.float64)


def _bound(words: frozenset[str], channel: Floats, otherwise: float) -> Floats:
    """For each name: the value of its own colour where it has one of the words, else one that bounds nothing."""
    return np.where([not words.isdisjoint(name.split()) for name in _NAMES], channel, otherwise)


_NAMES, _NAMED_LAB = _named_colours()
_NAMED_CHROMA: Floats = np.hypot(_NAMED_LAB[:, 1], _NAMED_LAB[:, 2])
# How far a colour may lie beyond the one that a name was given to before a word of the name is untrue of it.
_MOST_CHROMA = _bound(MUTED_WORDS, _NAMED_CHROMA + 8.0, np.inf)
_LEAST_CHROMA = _bound(VIVID_WORDS, _NAMED_CHROMA - 20.0, -np.inf)
_LEAST_LIGHTNESS = _bound(PALE_WORDS, _NAMED_LAB[:, 0] - 8.0, -np.inf)


def colour_name(lab: Floats) -> str:
    """The name nearest to a CIELAB colour (3,) by CIEDE2000, of those whose words hold.

    Differences of chroma count little where chroma is high, so that the name nearest to a vivid red may be "dull red".
    """
    lab = np.asarray(lab, dtype=np.float64)
    chroma = float(np.hypot(lab[1], lab[2]))
    holds = (chroma <= _MOST_CHROMA) & (chroma >= _LEAST_CHROMA) & (lab[0] >= _LEAST_LIGHTNESS)
    return _NAMES[int(np.argmin(np.where(holds, ciede2000(lab, _NAMED_LAB), np.inf)))]


def _pooled_colours(pictures: list[Picture]) -> tuple[Floats, Floats]:
    """Distinct colours of all pictures, CIELAB (n, 3), and their shares (n,), each picture counting the same.

    Pooling by cell keeps every pixel, needs no random subsample, and does not depend on the order of the pictures.
    """
    cells = 1 << (3 * BITS)
    counts = np.zeros(cells)
    sums = np.zeros((cells, 3))
    for picture in pictures:
        pixels = picture.rgb.reshape(-1, 3)
        coarse = (pixels >> (8 - BITS)).astype(np.int32)
        index = (coarse[:, 0] << (2 * BITS)) | (coarse[:, 1] << BITS) | coarse[:, 2]
        weight = 1.0 / len(pixels)
        counts += np.bincount(index, minlength=cells) * weight
        for channel in range(3):
            sums[:, channel] += np.bincount(index, weights=pixels[:, channel], minlength=cells) * weight
    used = counts > 0
    means = sums[used] / counts[used, None]
    # Rounded, so that adding the pictures up in another order cannot tip a decision.
    shares = np.round(counts[used], 9)
    lab: Floats = np.round(to_lab(means), 4).astype(np.float64)
    return lab, np.asarray(shares / shares.sum(), dtype=np.float64)


def _palette(lab: Floats, shares: Floats) -> tuple[Swatch, ...]:
    labels = _clusters(lab, shares)
    parts: dict[str, tuple[float, Floats]] = {}
    for cluster in np.unique(labels):
        members = labels == cluster
        share = float(shares[members].sum())
        centre = shares[members] @ lab[members]
        name = colour_name(centre / share)
        before, so_far = parts.get(name, (0.0, np.zeros(3)))
        parts[name] = (before + share, so_far + centre)
    found = [Swatch(name, min(1.0, share), _triple(total / share)) for name, (share, total) in parts.items()]
    found.sort(key=lambda swatch: (-round(swatch.share, 6), swatch.name))
    return tuple(swatch for swatch in found if swatch.share >= SMALLEST_SHARE)


def _clusters(points: Floats, weights: Floats) -> NDArray[np.intp]:
    """Labels (n,) of the best of some seeded weighted k-means runs with k-means++ starts.

    The starts are Arthur and Vassilvitskii's (2007), Proc. SODA. Written out here because scikit-learn's k-means took
    ten times as long for these few points, most of it in starting threads.
    """
    random = np.random.default_rng(SEED)
    best, least = np.zeros(len(points), dtype=np.intp), np.inf
    for _ in range(RESTARTS):
        centres = points[[random.choice(len(points), p=weights)]]
        while len(centres) < min(PALETTE_SIZE, len(points)):
            pull = weights * _squared_distances(points, centres).min(axis=1)
            if pull.sum() <= 0:
                break
            centres = np.vstack([centres, points[random.choice(len(points), p=pull / pull.sum())]])
        labels = np.full(len(points), -1, dtype=np.intp)
        for _ in range(ITERATIONS):
            distances = _squared_distances(points, centres)
            nearest = distances.argmin(axis=1)
            if np.array_equal(nearest, labels):
                break
            labels = nearest
            for cluster in np.unique(labels):
                members = labels == cluster
                centres[cluster] = weights[members] @ points[members] / weights[members].sum()
        inertia = float(weights @ distances.min(axis=1))
        if inertia < least:
            best, least = labels, inertia
    return best


def _squared_distances(points: Floats, centres: Floats) -> Floats:
    return np.asarray(((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2))


def _accents(lab: Floats, shares: Floats, mean_chroma: float, swatches: tuple[Swatch, ...]) -> tuple[Swatch, ...]:
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    vivid = chroma >= max(ACCENT_CHROMA, mean_chroma + ACCENT_ABOVE_MEAN)
    sector = ((np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360) // 30).astype(int)
    strengths = np.bincount(sector[vivid], weights=(shares * chroma)[vivid], minlength=12)
    taken = {swatch.name for swatch in swatches if swatch.share > ACCENT_SHARES[1]}
    found: list[Swatch] = []
    for strongest in np.argsort(-strengths, kind="stable"):
        members = vivid & (sector == strongest)
        share = float(shares[members].sum())
        if len(found) == MOST_ACCENTS or share < ACCENT_SHARES[0]:
            break
        # The most chromatic pixels decide the name: a glow around a light is not its colour.
        weights = (shares * chroma**2)[members]
        centre = weights @ lab[members] / weights.sum()
        name = colour_name(centre)
        if share <= ACCENT_SHARES[1] and name not in taken:
            taken.add(name)
            found.append(Swatch(name, share, _triple(centre)))
    return tuple(found)


def _triple(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _weighted_percentile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][min(len(values) - 1, int(np.searchsorted(reached, share * reached[-1])))])


def _resultant(angles: Floats, weights: Floats) -> float:
    """Length of the weighted mean direction, 0 to 1; 1 where there is nothing to spread."""
    total = weights.sum()
    return float(min(1.0, abs(np.sum(weights * np.exp(1j * angles))) / total)) if total > 0 else 1.0
