"""All measurements of one reel together."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from .colour import MOST_ACCENTS, PALETTE_SIZE, Colour, measure_colour
from .composition import Composition, measure_composition
from .light import Light, measure_light
from .motion import Cutting, Motion, measure_cutting, measure_motion
from .picture import load_picture
from .reel import SampledReel
from .texture import Texture, measure_texture

DECIMALS = 4


@dataclass(frozen=True)
class Measures:
    """What a reel looks like; units and sources stand at the parts."""

    colour: Colour
    light: Light
    texture: Texture
    composition: Composition
    motion: Motion
    cutting: Cutting

    def as_dict(self) -> dict[str, float | int | str | None]:
        """A flat mapping for JSON: `part_measure` to a number (rounded to 4 decimals), a word, or None: not known.

        The palette is `palette_1_name` and `palette_1_share` to `palette_6_...`, accents are `accent_1_...` and
        `accent_2_...`; places not used are "" and 0.
        """
        flat: dict[str, float | int | str | None] = {}
        for kind, swatches, places in (
            ("palette", self.colour.swatches, PALETTE_SIZE),
            ("accent", self.colour.accents, MOST_ACCENTS),
        ):
            for place in range(places):
                swatch = swatches[place] if place < len(swatches) else None
                flat[f"{kind}_{place + 1}_name"] = swatch.name if swatch else ""
                flat[f"{kind}_{place + 1}_share"] = round(swatch.share, DECIMALS) if swatch else 0.0
        for part, values in asdict(self).items():
            for name, value in values.items():
                if name not in ("swatches", "accents"):
                    # Adding zero turns -0.0 into 0.0.
                    flat[f"{part}_{name}"] = round(value, DECIMALS) + 0.0 if isinstance(value, float) else value
        return flat


def measure(reel: SampledReel) -> Measures:
    """Measure one reel. Pure: the same reel gives the same measures, whatever was measured before."""
    pictures = [load_picture(frame) for frame in reel.frames]
    return Measures(
        colour=measure_colour(pictures),
        light=measure_light(pictures),
        texture=measure_texture(pictures),
        composition=measure_composition(pictures),
        motion=measure_motion(reel.motion, reel.shots),
        cutting=measure_cutting(reel.shots, reel.duration_s, pictures, reel.times_s),
    )
