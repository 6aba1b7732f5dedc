"""Small pieces of music: a chord progression with a pad, an arpeggio, a bass and at times a beat."""

import numpy as np
import numpy.typing as npt

RATE_HZ = 22050

Samples = npt.NDArray[np.float32]

# Steps from the tonic, in semitones.
_PROGRESSIONS = (
    ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)),
    ((0, 3, 7), (8, 12, 15), (3, 7, 10), (10, 14, 17)),
    ((0, 4, 7, 11), (5, 9, 12, 16), (2, 5, 9, 12), (7, 11, 14, 17)),
    ((0, 3, 7, 10), (5, 8, 12, 15), (0, 3, 7, 10), (7, 10, 14, 17)),
)


def compose(rng: np.random.Generator, duration_s: float) -> Samples:
    """A piece of `duration_s` seconds: samples in [-1, 1], shape (n,), at `RATE_HZ`, with a peak of 0.6.

    Key, progression, tempo (68 to 142 beats a minute), timbre and beat are drawn from `rng`.
    """
    piece = np.zeros(round(duration_s * RATE_HZ), np.float32)
    beat_s = 60 / rng.uniform(68, 142)
    tonic_hz = 220 * 2 ** (int(rng.integers(-5, 7)) / 12)
    chords = _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]
    timbre = ("pluck", "bell", "reed")[int(rng.integers(3))]
    steps = int(rng.choice([2, 3, 4]))
    pattern = rng.integers(0, 4, size=8)
    with_beat = rng.uniform() < 0.65
    bar = 0
    while bar * 4 * beat_s < duration_s:
        start = bar * 4 * beat_s
        chord = [tonic_hz * 2 ** (semitone / 12) for semitone in chords[bar % len(chords)]]
        for hertz in chord:
            _add(piece, start, 0.13 * _pad(hertz, 4 * beat_s))
        for step in range(4 * steps):
            note = chord[int(pattern[step % len(pattern)]) % len(chord)] * 2
            _add(piece, start + step * beat_s / steps, 0.22 * _note(timbre, note, 1.6 * beat_s / steps))
        for beat in range(4):
            _add(piece, start + beat * beat_s, 0.3 * _note("reed", chord[0] / 2, 0.8 * beat_s))
            if with_beat:
                _add(piece, start + beat * beat_s, _kick() if beat % 2 == 0 else 0.5 * _noise_hit(rng, 0.16))
                _add(piece, start + (beat + 0.5) * beat_s, 0.18 * _noise_hit(rng, 0.04))
        bar += 1
    fade = round(0.05 * RATE_HZ)
    piece[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return piece * np.float32(0.6 / np.abs(piece).max())


def _seconds(duration_s: float) -> Samples:
    return (np.arange(round(duration_s * RATE_HZ)) / RATE_HZ).astype(np.float32)


def _pad(hertz: float, duration_s: float) -> Samples:
    time = _seconds(duration_s)
    envelope = np.minimum(np.minimum(time / 0.2, 1), (duration_s - time) / 0.15)
    # Two voices slightly apart beat against each other, which makes the chord live.
    return (envelope * (np.sin(2 * np.pi * hertz * time) + np.sin(2 * np.pi * 1.004 * hertz * time))).astype(np.float32)


def _note(timbre: str, hertz: float, duration_s: float) -> Samples:
    time = _seconds(duration_s)
    phase = 2 * np.pi * hertz * time
    if timbre == "bell":
        wave = np.sin(phase + 2.5 * np.exp(-6 * time) * np.sin(2.76 * phase)) * np.exp(-4 * time)
    elif timbre == "pluck":
        wave = sum(np.sin(k * phase) * np.exp(-(3 + 2.5 * k) * time) / k for k in range(1, 7))
    else:
        wave = sum(np.sin(k * phase) / k for k in (1, 3, 5)) * np.exp(-2 * time)
    envelope = np.minimum(np.minimum(time / 0.006, 1), np.maximum(duration_s - time, 0) / 0.02)
    return (wave * np.minimum(envelope, 1)).astype(np.float32)


def _kick() -> Samples:
    time = _seconds(0.22)
    return (0.7 * np.sin(2 * np.pi * (48 * time - 3.2 * np.exp(-28 * time))) * np.exp(-14 * time)).astype(np.float32)


def _noise_hit(rng: np.random.Generator, duration_s: float) -> Samples:
    time = _seconds(duration_s)
    return (0.5 * rng.standard_normal(time.size) * np.exp(-5 * time / duration_s)).astype(np.float32)


def _add(piece: Samples, start_s: float, sound: Samples) -> None:
    begin = round(start_s * RATE_HZ)
    end = min(begin + sound.size, piece.size)
    if begin < end:
        piece[begin:end] += sound[: end - begin]
