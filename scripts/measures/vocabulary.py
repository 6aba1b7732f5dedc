"""The words, and the thresholds at which one word gives way to the next. All of them are here.

Where a threshold has a source it stands beside it; the others are round values between the measures of plain test
pictures (flat, gradient, hard-edged, noise, blur) and two photographs, chosen so that neighbouring words look different
side by side.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Words along a measure: `words[i]` is for values from `edges[i - 1]` up to, and not including, `edges[i]`."""

    edges: tuple[float, ...]
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a scale that would give no word for some value."""
        if len(self.words) != len(self.edges) + 1 or list(self.edges) != sorted(self.edges):
            raise ValueError(
                f"a scale needs rising edges and one word more than edges, found {self.edges} {self.words}"
            )

    def word(self, value: float) -> str:
        """The word for a value."""
        return self.words[bisect_right(self.edges, value)]


# Colour. A share of the palette from which one colour rules, and from which it stands nearly alone.
RULES, ALONE = 0.55, 0.85
# A palette colour worth naming after the first.
WORTH_NAMING = 0.04
# Mean C*ab; our own steps, widening, as CIEDE2000 has it that differences are seen less where chroma is high.
CHROMA = Scale(
    (2.5, 7, 13, 22, 34, 50, 70),
    ("colourless", "ashen", "desaturated", "muted", "mellow", "rich", "vivid", "blazing"),
)
# Light and weakly chromatic is pastel: colours named so in the XKCD survey have a median L* of 77. Their chroma is
# higher than that of whole pictures, so the range of chroma is our own.
PASTEL_LIGHTNESS, PASTEL_CHROMA = 72.0, (7.0, 34.0)
# Neon: very chromatic pixels (C*ab) in a dark picture (L*), a good part of which is black.
NEON_PEAK, NEON_LIGHTNESS, NEON_BLACK = 60.0, 45.0, 0.15
# Accents above this C*ab are sparks, others are flecks.
SPARK = 60.0
# L* below which the lit colours are named before the dark ones.
DARK = 38.0
# Warm-cool after Ou et al. (2004); a grey is -0.5.
TEMPERATURE = Scale(
    (-1.3, -0.8, -0.6, -0.4, -0.1, 0.5), ("icy", "cold", "cool", "neutral", "gently warm", "warm", "fiery")
)
# Hue variety (circular variance) and opposition (resultant of doubled angles).
HUES = Scale(
    (0.03, 0.12, 0.35, 0.7),
    ("a single hue", "closely related hues", "neighbouring hues", "varied hues", "clashing hues"),
)
OPPOSED_VARIETY, OPPOSED = 0.35, 0.6
# Share of chromatic pixels below which hue is not spoken of.
FEW_CHROMATIC = 0.05

# Light. L* of 18 % grey is 50; photographers' low key and high key lie well to either side.
KEY = Scale(
    (8, 22, 38, 55, 70, 85),
    (
        "sunk in near-black darkness",
        "emerging from deep shadow",
        "under dim, subdued light",
        "in calm mid-toned light",
        "in clear, open light",
        "in bright, high-key light",
        "dissolving into near-white radiance",
    ),
)
# RMS contrast; Peli (1990). An even ramp from black to white has 0.29.
CONTRAST = Scale(
    (0.02, 0.06, 0.12, 0.19, 0.26, 0.34),
    (
        "no tonal contrast",
        "whisper-faint contrast",
        "gentle contrast",
        "moderate contrast",
        "firm contrast",
        "hard contrast",
        "stark, brutal contrast",
    ),
)
# L* differences between parts of the frame; 6 is seen at once, 15 is theatrical.
UNEVEN, VERY_UNEVEN = 6.0, 15.0
# Share of clipped pixels.
CLIPPED = 0.08
# Standard deviation of mean L* over the sampled pictures.
BRIGHTNESS_CHANGE = 6.0

# Texture. Noise in 8-bit levels: a clean phone picture is below 1, visible grain starts near 3, high ISO is 6 and more.
GRAIN = Scale(
    (0.6, 1.6, 3.5, 7, 13), ("immaculate", "clean", "faintly grained", "grainy", "rough, gritty", "raw, noisy")
)
# Share of edge pixels.
DETAIL = Scale(
    (0.003, 0.02, 0.05, 0.1, 0.17), ("seamless", "smooth", "sparsely drawn", "textured", "densely detailed", "teeming")
)
# Crete et al.'s blur: a hard edge is near 0.1, a photograph in focus near 0.3, a strong blur 0.7 and more.
BLUR = Scale((0.16, 0.26, 0.45, 0.65), ("razor-sharp", "crisp", "", "soft-edged", "hazy and blurred"))
ORDINARY_BLUR = 0.35
# Tamura coarseness, px of a 256 px copy.
FORMS = Scale(
    (7, 11, 16, 22, 27),
    ("dust-fine speckle", "small, fine pattern", "", "", "large simple forms", "huge, monolithic forms"),
)
# Share of blocks without detail.
EMPTY = Scale(
    (0.08, 0.25, 0.45, 0.65, 0.85),
    (
        "crowd the frame edge to edge",
        "fill most of the frame",
        "balance filled and open areas",
        "leave generous open space",
        "float in wide negative space",
        "give way to vast emptiness",
    ),
)

# Composition.
STRAIGHT = Scale((0.12, 0.3, 0.5), ("organic", "loose", "structured", "geometric"))
# A direction rules from this share of the straight length on.
DIRECTION = 0.6
MIRRORED, LOPSIDED = 0.75, 0.3
OFF_CENTRE = 0.07
FOCUSED, SCATTERED = 0.5, 0.2

# Motion, frame diagonals a second; 1 means that content crosses the frame corner to corner within a second. Few words,
# so that few values lie near a border: the same clip, encoded in another way, is to get the same words.
SPEED = Scale((0.03, 0.08, 0.2), ("slow", "gentle", "lively", "hectic"))
# Of what moves in a held frame.
LIVELY = 0.25
# Of a zoom, whose centre is at rest.
ZOOM_SPEED = Scale((0.015, 0.06), ("slowly", "steadily", "fast"))
SHAKE = Scale((0.03, 0.2), ("sways slightly", "sways", "shakes hard"))
# Share of the picture that moves before a held frame: a small part, where its 90th percentile over time is below the
# first value; much, where its mean is above the second.
SMALL_PART, LARGE_PART = 0.07, 0.22
# A camera on its way is unsteady where its steadiness is below this.
UNSTEADY = 0.55
# Speed of all that moves from which on movement is spoken of where the camera is not known.
STIRS = 0.01
# Median shot length, s. Shots of mainstream films have shortened to a few seconds (Cutting et al. 2011); short video
# goes on from there.
PACE = Scale((0.6, 1.2, 2.5, 5, 10), ("frantic", "rapid", "brisk", "measured", "unhurried", "lingering"))
REGULAR, IRREGULAR = 0.8, 0.45
# CIEDE2000 between shots: 5 is a different tone of a colour, 20 another colour.
SHOTS_ALIKE, SHOTS_DIFFER = 5.0, 20.0
