"""Measuring pictures: known pictures give known values and words, and a text is always 40 to 80 words."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measures import Measures, SampledReel, describe, measure
from measures.colour import Colour, Swatch, ciede2000, colour_name
from measures.colour_names import COLOUR_NAMES
from measures.composition import Composition
from measures.impression import IMPRESSIONS, impressions
from measures.light import Light
from measures.motion import KINDS, Cutting, Motion
from measures.picture import to_lab
from measures.prose import FEWEST_WORDS, MOST_WORDS, count_words
from measures.texture import Texture

SIDE = 192


def a_reel(*frames, shots=None, motion=(), duration_s=None):
    shots = shots or [(0.0, 6.0)]
    duration_s = shots[-1][1] if duration_s is None else duration_s
    times = np.linspace(0, duration_s, len(frames), endpoint=False)
    return SampledReel(list(frames), [float(time) for time in times], shots, list(motion), duration_s)


def measured(*frames, **rest) -> Measures:
    return measure(a_reel(*frames, **rest))


def plain(*rgb, height=SIDE, width=SIDE):
    return np.full((height, width, 3), rgb, dtype=np.uint8)


def noise(sigma, level=128, seed=1):
    values = level + np.random.default_rng(seed).normal(0, sigma, (SIDE, SIDE, 1))
    return np.repeat(np.clip(values, 0, 255).round().astype(np.uint8), 3, axis=2)


def ramp(low, high):
    row = np.linspace(low, high, SIDE).round().astype(np.uint8)
    return np.repeat(np.tile(row, (SIDE, 1))[..., None], 3, axis=2)


def stripes(width=16, upright=True):
    bands = (np.arange(SIDE) // width % 2 * 200 + 25).astype(np.uint8)
    grey = np.tile(bands, (SIDE, 1)) if upright else np.tile(bands[:, None], (1, SIDE))
    return np.repeat(grey[..., None], 3, axis=2)


def circles():
    picture = plain(40, 40, 40)
    random = np.random.default_rng(3)
    for _ in range(40):
        x, y = (int(value) for value in random.integers(0, SIDE, 2))
        cv2.circle(picture, (x, y), int(random.integers(4, 12)), (220, 220, 220), 1, cv2.LINE_AA)
    return picture


def steps(count=20, **values):
    """Steps of motion before a camera at rest whose ground is seen in all corners; `values` instead of these."""
    still = dict.fromkeys(("speed", "camera", "zoom", "subject", "moving", "pan", "tilt", "changed", "astray"), 0.0)
    rest = {**still, "textured": 0.8, "fit": 0.9, "corners": 4.0, **values}
    return [{"time_s": 0.1 + i / 10, **rest} for i in range(count)]


# Colour


@pytest.mark.parametrize(
    ("lab", "other", "difference"),
    [  # From the supplementary test data of Sharma, Wu and Dalal (2005), its hard cases among them.
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_colour_differences_are_those_that_were_published(lab, other, difference):
    assert float(ciede2000(np.array(lab), np.array(other))) == pytest.approx(difference, abs=1e-4)


def test_colour_names_have_the_values_that_were_published():
    colors = pytest.importorskip("matplotlib.colors")
    css_only = {"dim grey", "linen", "antique white", "misty rose", "rosy brown"}
    for name, value in COLOUR_NAMES.items():
        if name in css_only:
            assert colors.CSS4_COLORS[name.replace(" ", "")].lower() == value
        else:
            assert colors.XKCD_COLORS[f"xkcd:{name}"] == value


def test_every_colour_is_near_a_name():
    levels = np.arange(0, 256, 51, dtype=np.float32)
    grid = to_lab(np.array(np.meshgrid(levels, levels, levels)).reshape(3, -1).T)
    codes = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in COLOUR_NAMES.values()]
    named = to_lab(np.array(codes, dtype=np.float32))
    assert ciede2000(grid[:, None, :], named[None, :, :]).min(axis=1).max() < 15


@pytest.mark.parametrize(
    ("rgb", "word"),
    [
        ((255, 0, 0), "red"),
        ((255, 255, 255), "white"),
        ((0, 0, 0), "black"),
        ((128, 128, 128), "grey"),
        ((107, 142, 35), "green"),
        ((15, 25, 60), "navy"),
        ((214, 138, 148), "dusty pink"),
        ((0, 0, 255), "blue"),
        ((255, 36, 0), "bright red"),
        # Nearest by CIEDE2000 alone: dull red, twice; dusty orange would be near, too.
        ((220, 20, 60), "scarlet"),
        ((211, 47, 47), "red"),
    ],
)
def test_a_plain_picture_is_named_after_its_colour(rgb, word):
    swatches = measured(plain(*rgb)).colour.swatches
    assert len(swatches) == 1
    assert swatches[0].share == pytest.approx(1.0)
    assert word in swatches[0].name
    assert word in describe(measured(plain(*rgb))).lower()


def test_shares_of_the_palette_are_shares_of_the_pixels():
    picture = plain(0, 0, 0)
    picture[:, : SIDE // 4] = (214, 138, 148)
    black, pink = measured(picture).colour.swatches
    assert (black.name, pink.name) == ("black", "dusty pink")
    assert (black.share, pink.share) == (pytest.approx(0.75, abs=0.01), pytest.approx(0.25, abs=0.01))


def test_a_small_vivid_patch_in_the_dark_is_an_accent_and_is_said():
    picture = plain(8, 8, 8)
    picture[50:65, 50:80] = (255, 2, 141)
    found = measured(picture)
    assert [accent.name for accent in found.colour.accents] == ["hot pink"]
    assert "hot pink" in describe(found)


def test_warm_colours_are_warmer_than_grey_and_cool_ones_cooler():
    orange, grey, blue = (
        measured(plain(*rgb)).colour.warm_cool for rgb in ((230, 120, 30), (128,) * 3, (60, 110, 190))
    )
    assert orange > 0 > grey > blue
    assert grey == pytest.approx(-0.5, abs=0.01)


def test_opposite_hues_are_told_from_one_hue_and_from_all_hues():
    one = measured(plain(200, 40, 40)).colour
    halves = plain(255, 128, 0)
    halves[:, SIDE // 2 :] = (0, 140, 255)
    two = measured(halves).colour
    hues = np.zeros((SIDE, 180, 3), dtype=np.uint8)
    hues[..., 0], hues[..., 1:] = np.arange(180), (255, 255)
    hues[..., 1] = 200
    many = measured(cv2.cvtColor(hues, cv2.COLOR_HSV2RGB)).colour
    assert one.hue_variety < 0.02
    assert two.hue_variety > 0.6
    assert two.hue_opposition > 0.7
    assert many.hue_variety > 0.5
    assert many.hue_opposition < 0.6


def test_colourfulness_of_grey_is_zero_and_grows_with_saturation():
    muted, vivid = plain(150, 120, 120), plain(230, 40, 40)
    assert measured(ramp(0, 255)).colour.colourfulness == pytest.approx(0, abs=1e-3)
    assert 0 < measured(muted).colour.colourfulness < measured(vivid).colour.colourfulness
    # By hand: one colour has no spread; 0.3 * hypot(230 - 40, (230 + 40) / 2 - 40).
    assert measured(vivid).colour.colourfulness == pytest.approx(0.3 * math.hypot(190, 95), rel=1e-4)


# Light


def test_contrast_grows_with_the_range_of_tones():
    contrasts = [measured(ramp(128 - half, 128 + half)).light.contrast for half in (0, 20, 60, 120)]
    assert contrasts[0] == 0
    assert contrasts == sorted(contrasts)
    assert len(set(contrasts)) == 4


def test_light_knows_where_it_comes_from():
    rising = measured(ramp(20, 220)).light
    assert rising.right > 30
    assert abs(rising.top) < 0.5
    spot = cv2.GaussianBlur(cv2.circle(plain(10, 10, 10), (SIDE // 2, SIDE // 2), 60, (240, 240, 240), -1), (0, 0), 15)
    assert measured(spot).light.centre > 15
    assert "edges sinking into shadow" in describe(measured(spot))


def test_clipping_is_the_share_of_pixels_without_detail():
    picture = plain(128, 128, 128)
    picture[: SIDE // 4] = 0
    picture[SIDE // 2 :] = 255
    light = measured(picture).light
    assert (light.crushed, light.blown) == (pytest.approx(0.25), pytest.approx(0.5))


def test_brightness_that_changes_over_time_is_seen():
    assert measured(plain(60, 60, 60), plain(60, 60, 60)).light.change == 0
    assert measured(plain(0, 0, 0), plain(255, 255, 255)).light.change == pytest.approx(50, abs=0.1)


# Texture


def test_grain_is_the_noise_that_was_added():
    for sigma in (2, 5, 10, 20):
        assert measured(noise(sigma)).texture.grain == pytest.approx(sigma, rel=0.12)
    assert measured(plain(128, 128, 128)).texture.grain == 0


def test_hard_edges_are_not_taken_for_grain():
    assert measured(stripes(32)).texture.grain < 0.5


def test_blur_and_coarseness_follow_the_picture():
    sharp = np.kron(np.random.default_rng(2).integers(0, 2, (24, 24)), np.ones((8, 8))).astype(np.uint8) * 255
    sharp = np.repeat(sharp[..., None], 3, axis=2)
    blurs = [measured(sharp if not s else cv2.GaussianBlur(sharp, (0, 0), s)).texture.blur for s in (0, 1, 3, 6)]
    assert blurs == sorted(blurs)
    assert blurs[0] < 0.3 < 0.6 < blurs[-1]
    fine, medium, large = (measured(stripes(width)).texture.coarseness for width in (2, 8, 32))
    assert fine < medium < large


def test_the_spectrum_of_noise_is_flat_and_that_of_a_blurred_picture_steep():
    assert measured(noise(30)).texture.slope == pytest.approx(0, abs=0.25)
    assert measured(cv2.GaussianBlur(noise(60), (0, 0), 4)).texture.slope < -3


# Composition


def test_a_mirrored_picture_is_symmetrical():
    half = cv2.GaussianBlur(noise(80), (0, 0), 4)[:, : SIDE // 2]
    mirrored = np.concatenate([half, half[:, ::-1]], axis=1)
    layout = measured(mirrored).composition
    assert layout.symmetry_left_right > 0.97 > 0.5 > layout.symmetry_up_down
    turned = measured(np.ascontiguousarray(mirrored.transpose(1, 0, 2))).composition
    assert turned.symmetry_up_down > 0.97 > 0.5 > turned.symmetry_left_right
    assert measured(ramp(0, 255)).composition.symmetry_left_right == 0


def test_visual_weight_sits_where_the_odd_thing_is():
    for x, y in ((40, 40), (150, 40), (60, 150)):
        picture = cv2.circle(plain(90, 90, 90), (x, y), 12, (230, 230, 230), -1)
        layout = measured(picture).composition
        assert (layout.weight_x, layout.weight_y) == (
            pytest.approx(x / SIDE, abs=0.1),
            pytest.approx(y / SIDE, abs=0.1),
        )


def test_empty_space_is_what_holds_no_detail():
    picture = plain(128, 128, 128)
    picture[:, : SIDE // 2] = noise(70)[:, : SIDE // 2]
    assert measured(picture).composition.empty == pytest.approx(0.5, abs=0.1)
    assert measured(noise(70)).composition.empty < 0.05
    assert measured(plain(128, 128, 128)).composition.empty == 1


def test_lines_are_straight_and_have_a_direction():
    upright, lying, round_ = (
        measured(picture).composition for picture in (stripes(), stripes(upright=False), circles())
    )
    assert upright.straightness > 0.7
    assert upright.vertical > 0.95
    assert lying.straightness > 0.7
    assert lying.horizontal > 0.95
    assert round_.straightness < 0.15
    assert "vertical lines" in describe(measured(stripes()))
    assert "organic" in describe(measured(circles()))


# Motion and cutting


CAMERAS = [
    ({}, "still"),
    ({"moving": 0.1}, "inside"),
    ({"moving": 0.002}, "held"),
    # Slower than can be seen from one tenth of a second to the next.
    ({"changed": 0.05}, "inside"),
    ({"pan": 0.1, "camera": 0.1}, "pan left"),
    ({"pan": -0.1, "camera": 0.1}, "pan right"),
    ({"tilt": 0.1, "camera": 0.1}, "tilt up"),
    ({"tilt": -0.1, "camera": 0.1}, "tilt down"),
    ({"pan": 0.07, "tilt": 0.07, "camera": 0.1}, "drift"),
    ({"zoom": 0.03, "camera": 0.03}, "zoom in"),
    ({"zoom": -0.03, "camera": 0.03}, "zoom out"),
    # Between rest and motion nothing is said.
    ({"pan": 0.006, "camera": 0.006}, "unclear"),
]


@pytest.mark.parametrize(("values", "kind"), CAMERAS)
def test_what_the_camera_does(values, kind):
    assert measured(plain(9, 9, 9), motion=steps(**values)).motion.kind == kind


@pytest.mark.parametrize(("values", "kind"), CAMERAS)
def test_nothing_is_said_of_a_camera_where_little_follows_the_ground_or_it_is_seen_in_one_place_only(values, kind):
    for poor in ({"fit": 0.3}, {"corners": 1.0}, {"corners": 2.0, "astray": 2.0}):
        assert measured(plain(9, 9, 9), motion=steps(**values, **poor)).motion.kind == "unclear", (kind, poor)


def test_a_hand_shakes_in_all_directions_and_dropped_frames_in_one():
    random = np.random.default_rng(5)
    hand = [
        dict(step, pan=float(x), tilt=float(y), camera=float(np.hypot(x, y)))
        for step, (x, y) in zip(steps(), random.normal(0, 0.05, (20, 2)), strict=True)
    ]
    assert measured(plain(9, 9, 9), motion=hand).motion.kind == "shake"
    dropped = [dict(step, pan=0.1 * (number % 5 > 0), camera=0.1) for number, step in enumerate(steps())]
    found = measured(plain(9, 9, 9), motion=dropped).motion
    assert (found.kind, found.steadiness) == ("pan left", pytest.approx(1))


def test_shots_held_and_shots_moved_are_mixed():
    later = [dict(step, time_s=step["time_s"] + 2) for step in steps(pan=0.1, camera=0.1)]
    found = measured(plain(9, 9, 9), motion=[*steps(), *later], shots=[(0.0, 2.0), (2.0, 4.0)])
    assert found.motion.kind == "mixed"
    assert "rests in some shots and moves in others" in describe(found)


def test_what_is_not_known_is_no_number_and_no_word():
    found = measured(plain(9, 9, 9))
    flat = found.as_dict()
    assert flat["motion_kind"] == "unclear"
    assert {name for name, value in flat.items() if value is None} == {
        f"motion_{field.name}" for field in fields(Motion) if field.name not in ("known", "kind")
    }
    assert "motionless" not in describe(found)
    assert not {"calm", "meditative", "sombre"} & {*impressions(flat)}


def test_words_of_a_text_do_not_contradict_each_other():
    for values, _ in CAMERAS:
        for shake in (0.0, 0.02, 0.1):
            rows = [dict(step, tilt=step["tilt"] + shake * (-1) ** n) for n, step in enumerate(steps(**values))]
            text = describe(measured(plain(9, 9, 9), motion=rows)).lower()
            held = "held frame" in text.replace("hand-held", "") or "frame is held" in text or "motionless" in text
            assert not (held and ("unsteady" in text or "hand-held" in text)), text


def test_faster_motion_has_other_words():
    texts = {describe(measured(plain(9, 9, 9), motion=steps(speed=s, pan=s, camera=s))) for s in (0.01, 0.05, 0.1, 0.4)}
    assert len(texts) == 4


def test_cutting_rhythm():
    even = [(float(i), float(i + 1)) for i in range(12)]
    cutting = measured(plain(9, 9, 9), shots=even).cutting
    assert (cutting.shots, cutting.median_shot_s, cutting.cuts_per_minute, cutting.regularity) == (12, 1.0, 55.0, 1.0)
    uneven = measured(plain(9, 9, 9), shots=[(0, 0.5), (0.5, 1), (1, 12)]).cutting
    assert uneven.regularity < 0.2
    assert "twelve" in describe(measured(plain(9, 9, 9), shots=even))
    assert "one unbroken take" in describe(measured(plain(9, 9, 9)))


def test_colour_changes_at_cuts_are_measured_between_shots_only():
    red, blue, shots = plain(200, 30, 30), plain(30, 30, 200), [(0.0, 3.0), (3.0, 6.0)]
    assert measured(red, red, blue, blue, shots=shots).cutting.shot_change > 30
    assert measured(red, blue, red, blue, shots=shots).cutting.shot_change == pytest.approx(0, abs=1e-6)
    assert measured(red, blue).cutting.shot_change == 0


# The whole


def test_the_order_of_frames_of_one_shot_does_not_matter():
    frames = [noise(20, level, level) for level in (60, 120, 200)]
    assert measured(*frames).as_dict() == measured(*frames[::-1]).as_dict()


def test_size_hardly_matters():
    small = cv2.GaussianBlur(circles(), (0, 0), 1.5)
    small = cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC)
    one, other = measured(small).as_dict(), measured(large).as_dict()
    assert one["palette_1_name"] == other["palette_1_name"]
    for key in ("light_lightness", "light_contrast", "colour_chroma", "composition_weight_x", "texture_coarseness"):
        assert other[key] == pytest.approx(one[key], rel=0.05, abs=0.05), key


def test_the_same_reel_gives_the_same_measures_and_text():
    frames = [noise(40, seed=seed) for seed in range(3)]
    first = measured(*frames)
    measured(plain(1, 2, 3))
    cv2.setRNGSeed(5)
    np.random.seed(5)
    assert measured(*frames) == first
    assert describe(measured(*frames)) == describe(first)


def test_measuring_leaves_the_frames_as_they_were():
    frame = noise(40)
    before = frame.copy()
    measured(frame)
    np.testing.assert_array_equal(frame, before)


def test_the_flat_mapping_is_rounded_json_with_the_same_keys_for_every_reel():
    one, other = measured(plain(0, 0, 0)).as_dict(), measured(noise(40), stripes()).as_dict()
    assert list(one) == list(other)
    assert json.loads(json.dumps(other, allow_nan=False)) == other
    assert all(round(value, 4) == value for value in other.values() if isinstance(value, float))


def test_pictures_that_differ_are_described_differently_from_the_first_words_on():
    frames = [plain(0, 0, 0), plain(250, 250, 250), plain(245, 200, 215), noise(30), stripes(), ramp(0, 255), circles()]
    texts = [describe(measured(frame)) for frame in frames]
    assert len(set(texts)) == len(texts)
    assert len({" ".join(text.split()[:3]) for text in texts}) >= 5


@pytest.mark.parametrize("shots", [[(0.0, 0.0)], [(0.0, 5.0)], [(0.2 * i, 0.2 * i + 0.2) for i in range(60)]])
@pytest.mark.parametrize(
    "frames",
    [
        [plain(0, 0, 0)],
        [plain(255, 255, 255)] * 24,
        [plain(255, 0, 0)],
        [plain(0, 0, 0, height=1, width=1)],
        [np.array([[[0, 0, 0], [255, 255, 255]], [[255, 0, 0], [0, 255, 0]]], dtype=np.uint8)],
        [plain(7, 80, 200, height=672, width=1)],
        [noise(80, seed=seed) for seed in range(24)],
        [plain(0, 0, 0), plain(255, 255, 255, height=100, width=30)],
    ],
)
def test_extremes_are_measured_without_a_warning(frames, shots):
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        found = measured(*frames, shots=shots)
        text = describe(found)
    assert all(math.isfinite(value) for value in found.as_dict().values() if isinstance(value, float | int))
    assert FEWEST_WORDS <= count_words(text) <= MOST_WORDS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frames": [], "times_s": []}, "at least one frame"),
        ({"shots": []}, "at least one shot"),
        ({"times_s": [0.0, 1.0]}, "one time per frame"),
        ({"frames": [np.zeros((4, 4), dtype=np.uint8)]}, "RGB uint8"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_reason(change, said):
    with pytest.raises(ValueError, match=said):
        replace(a_reel(plain(0, 0, 0)), **change)


# The text


def numbers(kind, **ranges):
    """Any value of each measure, in and somewhat beyond the range it can have."""
    return st.builds(kind, **{name: st.floats(*ends, allow_nan=False) for name, ends in ranges.items()})


def swatches(most, fewest=0):
    one = st.builds(
        Swatch, st.sampled_from(sorted(COLOUR_NAMES)), st.floats(0, 1), st.tuples(*[st.floats(-100, 100)] * 3)
    )
    return st.lists(one, min_size=fewest, max_size=most).map(tuple)


ANY_MEASURES = st.builds(
    Measures,
    colour=st.builds(
        Colour,
        swatches=swatches(6, 1),
        accents=swatches(2),
        colourfulness=st.floats(0, 200),
        chroma=st.floats(0, 140),
        chroma_peak=st.floats(0, 140),
        warm_cool=st.floats(-5, 5),
        chromatic_share=st.floats(0, 1),
        hue_variety=st.floats(0, 1),
        hue_opposition=st.floats(0, 1),
    ),
    light=numbers(
        Light,
        lightness=(0, 100),
        contrast=(0, 0.5),
        range=(0, 100),
        crushed=(0, 1),
        blown=(0, 1),
        centre=(-100, 100),
        right=(-100, 100),
        top=(-100, 100),
        change=(0, 50),
    ),
    texture=numbers(
        Texture,
        edges=(0, 1),
        local_contrast=(0, 50),
        entropy=(0, 6),
        slope=(-9, 1),
        coarseness=(2, 32),
        blur=(0, 1),
        grain=(0, 80),
    ),
    composition=numbers(Composition, **{field.name: (0, 1) for field in fields(Composition)}),
    motion=st.builds(
        Motion,
        **{name: st.none() | st.floats(-2, 2) for name in ("pan", "tilt", "zoom")},
        **{name: st.none() | st.floats(0, 3) for name in ("speed", "peak", "camera", "shake", "subject")},
        **{name: st.none() | st.floats(0, 1) for name in ("steadiness", "moving", "moving_peak", "changed", "fit")},
        known=st.floats(0, 1),
        kind=st.sampled_from(KINDS),
    ),
    cutting=st.builds(
        Cutting,
        shots=st.integers(1, 2000),
        median_shot_s=st.floats(0, 1000),
        cuts_per_minute=st.floats(0, 1000),
        regularity=st.floats(0, 1),
        shot_change=st.floats(0, 120),
    ),
)


@settings(max_examples=400, deadline=None)
@given(ANY_MEASURES)
def test_a_text_has_40_to_80_words_in_three_or_four_sentences_whatever_was_measured(found):
    text = describe(found)
    assert FEWEST_WORDS <= count_words(text) <= MOST_WORDS
    sentences = text.split(". ")
    assert 3 <= len(sentences) <= 4
    assert text.endswith(".")
    assert all(sentence[0].isupper() for sentence in sentences)
    assert "video" not in text.lower()
    assert "  " not in text
    assert ", ." not in text
    assert not any(letter.isdigit() for letter in text)


def test_impressions_follow_their_rules():
    bright = measured(cv2.GaussianBlur(noise(4, level=240), (0, 0), 6)).as_dict()
    assert "airy" in impressions(bright)
    dark = measured(plain(4, 4, 6)).as_dict()
    assert "nocturnal" in impressions(dark)
    assert "airy" not in impressions(dark)


def test_impressions_use_measures_that_exist():
    keys = set(measured(plain(0, 0, 0)).as_dict())
    assert {key for ramps in IMPRESSIONS.values() for key in ramps} <= keys


def test_a_name_is_its_own_nearest_name():
    for name, value in COLOUR_NAMES.items():
        rgb = np.array([int(value[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)
        assert colour_name(to_lab(rgb)) == name


def test_the_documentation_names_every_measure_and_every_impression():
    text = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    for key in measured(plain(0, 0, 0)).as_dict():
        if not key.startswith(("palette_", "accent_")):
            assert f"`{key}`" in text, key
    for word in IMPRESSIONS:
        assert word in text, word
