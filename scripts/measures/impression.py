"""An overall impression, derived from the measures by stated rules.

Each word has conditions on measures. A condition holds by degrees, along a logistic curve from hardly (0.05) to nearly
fully (0.95); a word holds as much as the weakest of its conditions (fuzzy conjunction, Zadeh 1965, Information and
Control 8(3)). The words that hold most are said. The curve never quite levels off, so that of two fitting words the
better one is first.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

# Measure -> (value at which the condition hardly holds, value at which it nearly does); falling where the first is
# larger.
Ramps = dict[str, tuple[float, float]]

IMPRESSIONS: dict[str, Ramps] = {
    "airy": {"light_lightness": (65, 85), "composition_empty": (0.3, 0.7), "light_contrast": (0.25, 0.1)},
    "dreamy": {"light_lightness": (50, 75), "texture_local_contrast": (6, 2), "colour_chroma": (6, 16)},
    "delicate": {"light_lightness": (60, 80), "light_contrast": (0.16, 0.06), "colour_chroma": (40, 25)},
    "calm": {"motion_speed": (0.06, 0.02), "cutting_cuts_per_minute": (20, 8), "light_contrast": (0.3, 0.15)},
    "meditative": {"motion_speed": (0.05, 0.01), "cutting_median_shot_s": (4, 9), "texture_edges": (0.12, 0.04)},
    "electric": {"colour_chroma_peak": (50, 85), "light_lightness": (45, 25), "light_contrast": (0.15, 0.25)},
    "nocturnal": {"light_lightness": (30, 12), "light_crushed": (0.05, 0.4)},
    "brooding": {"light_lightness": (38, 22), "colour_chroma": (25, 12), "light_contrast": (0.05, 0.12)},
    "frenetic": {"motion_speed": (0.08, 0.2), "cutting_cuts_per_minute": (25, 60)},
    "restless": {"motion_shake": (0.03, 0.12), "motion_speed": (0.03, 0.1)},
    "energetic": {"motion_speed": (0.05, 0.15), "colour_colourfulness": (30, 60)},
    "gritty": {"texture_grain": (3.5, 8), "light_contrast": (0.05, 0.18)},
    "earthy": {"colour_warm_cool": (-0.4, 0.0), "light_lightness": (70, 50), "colour_chroma_peak": (75, 55)},
    "rustic": {"colour_warm_cool": (-0.35, 0.0), "texture_grain": (2, 5), "composition_straightness": (0.5, 0.25)},
    "nostalgic": {"colour_warm_cool": (-0.45, -0.1), "texture_grain": (1.5, 4), "light_contrast": (0.25, 0.12)},
    "cosy": {"colour_warm_cool": (-0.3, 0.2), "light_lightness": (70, 45), "motion_speed": (0.12, 0.05)},
    "sunlit": {"colour_warm_cool": (-0.3, 0.2), "light_lightness": (60, 75)},
    "glacial": {"colour_warm_cool": (-0.65, -1.0), "light_lightness": (40, 60)},
    "austere": {"colour_chroma": (18, 8), "texture_edges": (0.06, 0.02), "composition_straightness": (0.2, 0.5)},
    "clinical": {"colour_warm_cool": (-0.45, -0.6), "texture_grain": (2, 0.8), "light_lightness": (55, 75)},
    "architectural": {
        "composition_straightness": (0.35, 0.65),
        "texture_grain": (4, 1.5),
        "colour_chroma_peak": (60, 35),
    },
    "graphic": {"composition_straightness": (0.35, 0.65), "light_contrast": (0.18, 0.3)},
    "minimal": {"composition_empty": (0.5, 0.8), "texture_edges": (0.05, 0.015)},
    "ornate": {"texture_edges": (0.08, 0.16), "texture_entropy": (4, 5.2), "composition_empty": (0.35, 0.1)},
    "playful": {"colour_hue_variety": (0.3, 0.6), "colour_chroma": (20, 40), "light_lightness": (40, 60)},
    "lush": {"colour_chroma": (22, 38), "texture_edges": (0.04, 0.1)},
    "radiant": {"colour_chroma": (25, 45), "light_lightness": (50, 65)},
    "misty": {"light_range": (35, 18), "texture_blur": (0.35, 0.6), "colour_chroma": (20, 10)},
    "ghostly": {"light_lightness": (70, 90), "colour_chroma": (10, 4)},
    "sombre": {"light_lightness": (45, 28), "motion_speed": (0.1, 0.04), "colour_colourfulness": (35, 18)},
    "hypnotic": {"cutting_regularity": (0.6, 0.9), "cutting_cuts_per_minute": (10, 25)},
    "ceremonial": {
        "composition_symmetry_left_right": (0.6, 0.85),
        "motion_steadiness": (0.5, 0.8),
        "texture_edges": (0.01, 0.03),
    },
    "theatrical": {"light_centre": (6, 18), "light_contrast": (0.12, 0.24)},
}
# Said, in this order, where too few words hold.
PLAIN = ("plain", "unforced")
# A word is said when it holds at least this much.
HOLDS = 0.3
MOST_WORDS = 3


def impressions(measures: Mapping[str, float | int | str | None]) -> tuple[str, ...]:
    """Two or three words, the one that holds most first; `measures` as given by `Measures.as_dict`."""
    strengths = {
        word: min(_degree(measures[key], *ends) for key, ends in ramps.items()) for word, ramps in IMPRESSIONS.items()
    }
    ranked = sorted(strengths, key=lambda word: (-round(strengths[word], 9), word))
    holding = [word for word in ranked if strengths[word] >= HOLDS][:MOST_WORDS]
    return tuple(holding if len(holding) >= 2 else [*holding, *PLAIN][:2])


def _degree(value: float | int | str | None, none: float, full: float) -> float:
    """How much a condition holds, 0 to 1; not at all where the measure is not known."""
    if value is None:
        return 0.0
    along = (float(value) - none) / (full - none)
    return 1 / (1 + exp(-min(50.0, max(-50.0, 6 * (along - 0.5)))))
