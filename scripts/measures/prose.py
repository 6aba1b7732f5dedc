"""Measures written as English: three or four sentences, 40 to 80 words.

A text is put together from clauses. Some are always said; the others are said when they stand out, the most striking
first, while there is room. Words are chosen by the thresholds in `vocabulary`, never at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from . import vocabulary as v
from .impression import impressions
from .measured import Measures
from .motion import Motion

FEWEST_WORDS, MOST_WORDS = 40, 80

# fmt: off
_COUNTS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
# fmt: on
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True)
class Clause:
    """A piece of a sentence.

    Attributes:
        text: words without final punctuation; joined to the clause before it in its sentence by a comma.
        sentence: which sentence it belongs to.
        salience: how much it stands out, 0 to 1; None means that it is always said.
    """

    text: str
    sentence: int
    salience: float | None = None


def describe(measures: Measures) -> str:
    """Write the measures of one reel as 40 to 80 words of English. The same measures always give the same text."""
    clauses = [*_picture(measures), *_surface(measures), *_movement(measures), _mood(measures)]
    return _text(_chosen(clauses))


def count_words(text: str) -> int:
    """Number of words as a reader counts them: pieces between spaces."""
    return len(text.split())


def _chosen(clauses: list[Clause]) -> list[Clause]:
    """The clauses to say: all that must be, the most salient that fit, dull ones only to reach the minimum."""
    said = {place for place, clause in enumerate(clauses) if clause.salience is None}
    room = MOST_WORDS - sum(count_words(clauses[place].text) for place in said)
    optional = [place for place in range(len(clauses)) if place not in said]
    for place in sorted(optional, key=lambda place: (-round(clauses[place].salience or 0.0, 6), place)):
        words = count_words(clauses[place].text)
        long_enough = MOST_WORDS - room >= FEWEST_WORDS
        if words <= room and ((clauses[place].salience or 0.0) > 0 or not long_enough):
            said.add(place)
            room -= words
    return [clauses[place] for place in sorted(said)]


def _text(clauses: list[Clause]) -> str:
    sentences: dict[int, list[str]] = {}
    for clause in clauses:
        sentences.setdefault(clause.sentence, []).append(clause.text)
    joined = (", ".join(parts) for _, parts in sorted(sentences.items()))
    return " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in joined)


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _above(value: float, start: float, full: float) -> float:
    """Salience that rises from a little at `start` to 1 at `full`; 0 before. Works for falling measures too."""
    along = (value - start) / (full - start)
    return 0.0 if along < 0 else min(1.0, 0.1 + 0.9 * along)


def _picture(m: Measures) -> list[Clause]:
    """Palette and light."""
    colour, light = m.colour, m.light
    opening, named = _colours(m)
    clauses = [Clause(f"{opening} {v.KEY.word(light.lightness)}", 0), Clause(_palette(m), 0)]
    clauses.append(Clause(f"with {v.CONTRAST.word(light.contrast)}", 0))
    accents = [accent for accent in colour.accents if accent.name not in named]
    if accents:
        sparks = max(hypot(*accent.lab[1:]) for accent in accents) >= v.SPARK
        names = _list([accent.name for accent in accents])
        clauses.append(Clause(f"{'pierced by sparks of' if sparks else 'flecked with'} {names}", 0, 0.9))
    if abs(light.centre) >= v.UNEVEN:
        words = "the edges sinking into shadow" if light.centre > 0 else "the rim brighter than the core"
        clauses.append(Clause(words, 0, _above(abs(light.centre), v.UNEVEN, v.VERY_UNEVEN)))
    sides = {"left": -light.right, "right": light.right, "top": light.top, "bottom": -light.top}
    side = max(sides, key=lambda name: sides[name])
    if sides[side] >= v.UNEVEN:
        clauses.append(
            Clause(f"brightest towards the {side}", 0, 0.8 * _above(sides[side], v.UNEVEN, 2 * v.VERY_UNEVEN))
        )
    if light.blown >= v.CLIPPED:
        clauses.append(Clause("highlights burning out", 0, 0.7 * _above(light.blown, v.CLIPPED, 0.5)))
    if light.crushed >= v.CLIPPED:
        clauses.append(Clause("blacks swallowing all detail", 0, 0.7 * _above(light.crushed, v.CLIPPED, 0.6)))
    if light.change >= v.BRIGHTNESS_CHANGE:
        clauses.append(Clause("brightness swinging over time", 0, _above(light.change, v.BRIGHTNESS_CHANGE, 20)))
    return clauses


def _colours(m: Measures) -> tuple[str, list[str]]:
    """The opening words, and the colours that are named in them."""
    first, *rest = m.colour.swatches
    # In the dark the few lit colours are what is seen, however small.
    dark = m.light.lightness < v.DARK
    lit = [accent.name for accent in m.colour.accents if dark]
    others = list(dict.fromkeys([*lit, *(swatch.name for swatch in rest if swatch.share >= v.WORTH_NAMING)]))
    others = [name for name in others if name != first.name]
    if first.share < v.RULES:
        names = [first.name, *others[:3]]
        return _list(names), names
    names = [first.name, *others[:2]]
    if first.share >= v.ALONE:
        ground, joint = "unbroken", "lit by" if lit else "touched by"
    else:
        place = "a ground" if dark else "broad fields" if m.light.lightness < v.PASTEL_LIGHTNESS else "wide washes"
        ground, joint = f"{place} of", "lit by" if lit else "with"
    return f"{ground} {first.name}" + (f" {joint} {_list(names[1:])}" if names[1:] else ""), names


def _palette(m: Measures) -> str:
    colour = m.colour
    if colour.chromatic_share < v.FEW_CHROMATIC:
        return "a strictly achromatic scale"
    low, high = v.PASTEL_CHROMA
    character = v.CHROMA.word(colour.chroma)
    if m.light.lightness >= v.PASTEL_LIGHTNESS and low <= colour.chroma < high:
        character = "pastel"
    elif colour.chroma_peak >= v.NEON_PEAK and m.light.lightness < v.NEON_LIGHTNESS and m.light.crushed >= v.NEON_BLACK:
        character = "neon-charged"
    temperature = v.TEMPERATURE.word(colour.warm_cool)
    hues = v.HUES.word(colour.hue_variety)
    if colour.hue_variety >= v.OPPOSED_VARIETY and colour.hue_opposition >= v.OPPOSED:
        hues = "two opposed hues"
    return f"{character} and {temperature}, drawn from {hues}"


def _surface(m: Measures) -> list[Clause]:
    """Texture and composition."""
    texture, layout = m.texture, m.composition
    surface = f"{v.GRAIN.word(texture.grain)}, {v.DETAIL.word(texture.edges)} surfaces {v.EMPTY.word(layout.empty)}"
    clauses = [Clause(surface, 1), Clause(_lines(m), 1)]
    focus = v.BLUR.word(texture.blur) if texture.local_contrast > 0 else ""
    if focus:
        clauses.append(Clause(f"{focus} in focus", 1, max(0.2, min(0.8, 2 * abs(texture.blur - v.ORDINARY_BLUR)))))
    forms = v.FORMS.word(texture.coarseness)
    if forms:
        clauses.append(Clause(f"built from {forms}", 1, max(0.1, min(0.75, abs(texture.coarseness - 17) / 14))))
    clauses.extend(_balance(m))
    if layout.focus >= v.FOCUSED:
        clauses.append(Clause("gathered on one focal point", 1, _above(layout.focus, v.FOCUSED, 0.9)))
    elif 0 < layout.focus < v.SCATTERED:
        clauses.append(Clause("without a single focal point", 1, 0.5 * _above(layout.focus, v.SCATTERED, 0.0)))
    return clauses


def _lines(m: Measures) -> str:
    layout = m.composition
    shares = {"horizontal": layout.horizontal, "vertical": layout.vertical, "diagonal": layout.diagonal}
    if m.texture.edges < v.DETAIL.edges[0]:
        return "without a single firm contour"
    order = v.STRAIGHT.word(layout.straightness)
    if sum(shares.values()) <= 0 or order == "organic":
        return "shaped by organic, curving contours"
    ruling = max(shares, key=lambda name: shares[name])
    if shares[ruling] >= v.DIRECTION:
        return f"{order} along straight {ruling} lines"
    if layout.diagonal < 1 - v.DIRECTION:
        return f"{order} in a grid of verticals and horizontals"
    return f"{order} with lines crossing at many angles"


def _balance(m: Measures) -> list[Clause]:
    layout = m.composition
    clauses = []
    sides, ends = layout.symmetry_left_right, layout.symmetry_up_down
    if min(sides, ends) >= v.MIRRORED:
        clauses.append(Clause("symmetrical on both axes", 1, _above(min(sides, ends), v.MIRRORED, 0.95)))
    elif sides >= v.MIRRORED:
        clauses.append(Clause("mirrored left to right", 1, _above(sides, v.MIRRORED, 0.95)))
    elif ends >= v.MIRRORED:
        clauses.append(Clause("mirrored top to bottom", 1, _above(ends, v.MIRRORED, 0.95)))
    elif max(sides, ends) < v.LOPSIDED:
        clauses.append(Clause("openly asymmetrical", 1, 0.6 * _above(max(sides, ends), v.LOPSIDED, 0.0)))
    right, down = layout.weight_x - 0.5, layout.weight_y - 0.5
    across = "" if abs(right) < v.OFF_CENTRE else ("right" if right > 0 else "left")
    along = "" if abs(down) < v.OFF_CENTRE else ("lower" if down > 0 else "upper")
    place = {"": "held at the centre", "upper": "resting high", "lower": "resting low"}.get(along, "")
    if across:
        place = f"pulled to the {f'{along} {across}'.strip()}"
    salience = 0.0 if not (across or along) else _above(max(abs(right), abs(down)), v.OFF_CENTRE, 0.25)
    return [*clauses, Clause(f"visual weight {place}", 1, salience)]


def _movement(m: Measures) -> list[Clause]:
    """Motion and cutting."""
    motion, cutting = m.motion, m.cutting
    said = _motion(m)
    clauses = [*([Clause(said, 2)] if said else []), Clause(_cuts(m), 2)]
    under_way = motion.kind.startswith(("pan", "tilt", "zoom", "drift"))
    if under_way and motion.steadiness is not None and motion.steadiness < v.UNSTEADY:
        clauses.append(Clause("unsteady in hand", 2, _above(motion.steadiness, v.UNSTEADY, 0.0)))
    if cutting.shots >= 3:
        if cutting.regularity >= v.REGULAR:
            clauses.append(Clause("keeping an even beat", 2, 0.8 * _above(cutting.regularity, v.REGULAR, 1.0)))
        elif cutting.regularity < v.IRREGULAR:
            clauses.append(
                Clause("its rhythm uneven and syncopated", 2, 0.8 * _above(cutting.regularity, v.IRREGULAR, 0.0))
            )
    if cutting.shots >= 2:
        if cutting.shot_change >= v.SHOTS_DIFFER:
            clauses.append(Clause("every cut a jolt of new colour", 2, _above(cutting.shot_change, v.SHOTS_DIFFER, 45)))
        elif cutting.shot_change < v.SHOTS_ALIKE:
            clauses.append(Clause("tones carried over from shot to shot", 2, 0.4))
    return clauses


def _motion(m: Measures) -> str:
    """What moves; "" where nothing is known of it."""
    motion = m.motion
    pace = f"at {v.SPEED.word(motion.camera or 0.0)} speed"
    what, _, where = motion.kind.partition(" ")
    if what == "inside":
        return _inside(motion)
    sayings = {
        "still": "everything rests motionless",
        "held": "the frame is held",
        "shake": f"a hand-held frame {v.SHAKE.word(motion.shake or 0.0)}",
        "pan": f"the view sweeps sideways to the {where} {pace}",
        "tilt": f"the view tilts {where} {pace}",
        "zoom": f"the view zooms {where} {v.ZOOM_SPEED.word(abs(motion.zoom or 0.0))}",
        "drift": f"the view drifts {pace}",
        "wander": f"the view wanders {pace}",
        "mixed": "the camera rests in some shots and moves in others",
        "unclear": "movement stirs the picture" if (motion.speed or 0.0) >= v.STIRS else "",
    }
    return sayings[what]


def _inside(motion: Motion) -> str:
    """What moves in a held frame."""
    movement = "lively movement" if (motion.subject or 0.0) >= v.LIVELY else "movement"
    if (motion.moving_peak or 0.0) < v.SMALL_PART:
        return f"{movement} in a small part of a held frame"
    much = (motion.moving or 0.0) >= v.LARGE_PART
    return f"{movement} {'fills much of' if much else 'stirs within'} a held frame"


def _cuts(m: Measures) -> str:
    cutting = m.cutting
    if cutting.shots == 1:
        return "in one unbroken take"
    return f"cut into {_count(cutting.shots)} {v.PACE.word(cutting.median_shot_s)} shots"


def _count(number: int) -> str:
    if number < len(_COUNTS):
        return _COUNTS[number]
    return f"some {_TENS[number // 10 - 2]}" if number < 100 else "hundreds of"


def _mood(m: Measures) -> Clause:
    words = list(impressions(m.as_dict()))
    quick_cuts = m.cutting.shots > 1 and m.cutting.median_shot_s < v.PACE.edges[1]
    busy = (m.motion.speed or 0.0) >= v.SPEED.edges[1] or quick_cuts
    noun = "pulse" if busy else "mood" if m.light.lightness < v.KEY.edges[3] else "atmosphere"
    article = "an" if words[0][0] in "aeiou" else "a"
    return Clause(f"{article} {_list(words)} {noun}", 3)
