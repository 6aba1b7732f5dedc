"""Makes the file of one reel: pictures in the creator's look, sound, encoding."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from . import music, speech
from .canvas import FRAMES_PER_SECOND, HEIGHT, WIDTH, Shot, Style, to_bytes
from .cohort import Creator, Reel, generator_for
from .encoding import write_mp4
from .looks import earthy, minimal, neon, pastel

# Words a minute. Much slower or faster, and a speech recogniser takes the synthetic voice for another language.
_SPEECH_RATES = {"en": 140, "es": 138, "de": 140, "fr": 130, "it": 130, "pt": 136}


@dataclass(frozen=True)
class _Recipe:
    """How an aesthetic is drawn and encoded: x264's rate factor to start with, and what fits into the repository."""

    look: ModuleType
    motifs: int
    motifs_per_creator: int
    quality: int
    video_bytes_per_second: int


_RECIPES = {
    "soft_pastel_daylight": _Recipe(pastel, 5, 2, 20, 4_000),
    "neon_on_black": _Recipe(neon, 6, 3, 31, 9_800),
    "earthy_handheld": _Recipe(earthy, 5, 2, 31, 8_200),
    "cold_minimalism": _Recipe(minimal, 6, 2, 20, 2_800),
}


def make_reel(creator: Creator, reel: Reel, path: Path) -> list[float]:
    """Write the reel to `path` and return its cuts: the times, in seconds, of each new shot's first frame."""
    recipe = _RECIPES[creator.aesthetic]
    rng = generator_for("reel", reel.handle, reel.number)
    style = _style_of(creator, recipe)
    style = replace(style, hue_shift=style.hue_shift + rng.uniform(-2, 2), tempo=style.tempo * rng.uniform(0.95, 1.05))
    duration_s = float(rng.uniform(6.3, 8.4))
    sound, rate_hz = _sound_of(creator, reel, duration_s)
    if sound is not None:
        duration_s = max(duration_s, sound.size / rate_hz)
    pictures, cuts = _film(recipe.look.plan_shots(rng, style, duration_s), round(duration_s * FRAMES_PER_SECOND))
    if sound is not None:
        sound = _fit(sound, round(len(pictures) / FRAMES_PER_SECOND * rate_hz))
    sound_bits_per_second = {"none": 0, "silence": 8_000}.get(reel.sound, 20_000)
    write_mp4(
        path,
        pictures,
        FRAMES_PER_SECOND,
        sound,
        rate_hz,
        quality=recipe.quality,
        max_bytes=int((recipe.video_bytes_per_second + sound_bits_per_second / 8) * duration_s) + 4_500,
        sound_bits_per_second=sound_bits_per_second,
    )
    return cuts


def _style_of(creator: Creator, recipe: _Recipe) -> Style:
    rng = generator_for("style", creator.handle)
    motifs = rng.choice(recipe.motifs, size=recipe.motifs_per_creator, replace=False)
    return Style(
        hue_shift=float(rng.uniform(-6, 6)),
        tempo=float(rng.uniform(0.88, 1.15)),
        light=float(rng.uniform(0.96, 1.02)),
        motifs=tuple(int(motif) for motif in motifs),
    )


def _film(shots: list[Shot], frames: int) -> tuple[npt.NDArray[np.uint8], list[float]]:
    """All frames, shape (frames, HEIGHT, WIDTH, 3), and the cuts in seconds."""
    ends = np.round(np.cumsum([shot.duration_s for shot in shots]) * FRAMES_PER_SECOND).astype(int)
    ends[-1] = frames
    starts = [0, *(int(end) for end in ends[:-1])]
    pictures = np.empty((frames, HEIGHT, WIDTH, 3), np.uint8)
    for shot, start, end in zip(shots, starts, ends, strict=True):
        for index in range(start, int(end)):
            pictures[index] = to_bytes(shot.draw((index - start) / FRAMES_PER_SECOND))
    return pictures, [start / FRAMES_PER_SECOND for start in starts[1:]]


def _sound_of(creator: Creator, reel: Reel, duration_s: float) -> tuple[npt.NDArray[np.float32] | None, int]:
    """Samples and sample rate (Hz). Speech may be longer than `duration_s`: then the reel has to last as long."""
    rng = generator_for("sound", reel.handle, reel.number)
    if reel.sound == "none":
        return None, speech.RATE_HZ
    if reel.sound == "music":
        return music.compose(rng, duration_s), music.RATE_HZ
    if reel.sound == "speech":
        pitch = int(generator_for("voice", creator.handle).integers(36, 60))
        spoken = speech.synthesize(reel.text, reel.language, _SPEECH_RATES[reel.language], pitch)
        lead, tail = (np.zeros(round(seconds * speech.RATE_HZ), np.float32) for seconds in (rng.uniform(0.4, 0.9), 0.7))
        return np.concatenate([lead, spoken, tail]), speech.RATE_HZ
    samples = np.zeros(round(duration_s * music.RATE_HZ), np.float32)
    if rng.uniform() < 0.5:
        # As from an open microphone in a quiet room: about -80 dB.
        samples += 1e-4 * rng.standard_normal(samples.size).astype(np.float32)
    return samples, music.RATE_HZ


def _fit(sound: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """`sound` with `count` samples: cut off, or followed by silence."""
    return np.pad(sound[:count], (0, max(0, count - sound.size)))
