"""How much of a sound is speech, music and silence: an estimate, from the signal alone.

Speech is what the Silero voice detector takes for it. Music is told by how long spectral peaks last: notes are held,
while the partials of a voice glide and break off (M. Hawley, Structure out of Sound, PhD thesis, MIT 1993). Singing may
count as both; drums without pitch, and talk at a constant pitch, are mistaken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from media.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

MIN_SILENCE_MS = 500  # shorter pauses belong to the speech around them
WINDOW, HOP = 1024, 256  # samples of a spectrum (64 ms), and from one to the next (16 ms)
BAND_HZ = (100.0, 4000.0)
# A peak stands out from its surroundings by so much, and is no further below the loudest of the sound.
PROMINENCE_DB, RANGE_DB, SURROUNDINGS = 10.0, 60.0, 25
HELD = 16  # spectra (256 ms) a note lasts at least
PIECE_S = 1.0
MUSIC_FROM = 0.3  # share of a piece's peaks that belong to held notes
SILENT_DB = -60.0  # of full scale
# What names a sound: so much of it must be there.
SPEECH_SHARE, MUSIC_SHARE, SILENCE_SHARE = 0.1, 0.25, 0.95


@dataclass(frozen=True)
class Sound:
    """What a sound is made of; shares are of its duration, in [0, 1].

    Attributes:
        speech_share: what the voice detector takes for speech.
        music_share: seconds with held notes.
        silence_share: seconds below -60 dB of full scale.
    """

    speech_share: float
    music_share: float
    silence_share: float

    @property
    def kind(self) -> str:
        """speech, music, speech and music, silence, or other."""
        if self.silence_share >= SILENCE_SHARE:
            return "silence"
        found = [
            name
            for name, share, least in (
                ("speech", self.speech_share, SPEECH_SHARE),
                ("music", self.music_share, MUSIC_SHARE),
            )
            if share >= least
        ]
        return " and ".join(found) or "other"


def measure(samples: np.ndarray) -> Sound:
    """Measure a sound.

    Args:
        samples: 16 kHz mono, float32 in [-1, 1].
    """
    import numpy as np

    speech = speech_s(samples) * SAMPLE_RATE / max(len(samples), 1)
    size = round(PIECE_S * SAMPLE_RATE)
    pieces = [samples[start : start + size] for start in range(0, max(len(samples), 1), size)]
    loud = np.array([loudness_db(piece) > SILENT_DB for piece in pieces])
    lengths = np.array([len(piece) for piece in pieces], dtype=float)
    held = _held_share(samples, len(pieces)) if loud.any() and len(samples) >= WINDOW else np.zeros(len(pieces))
    total = max(lengths.sum(), 1.0)
    return Sound(
        round(float(speech), 4),
        round(float(lengths[loud & (held >= MUSIC_FROM)].sum() / total), 4),
        round(float(lengths[~loud].sum() / total), 4),
    )


def speech_s(samples: np.ndarray, threshold: float = 0.5) -> float:
    """Seconds of speech, as the Silero voice detector hears it.

    Args:
        samples: 16 kHz mono.
        threshold: probability above which a stretch counts.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    voice = VadOptions(threshold=threshold, min_silence_duration_ms=MIN_SILENCE_MS, speech_pad_ms=0)
    return float(sum(found["end"] - found["start"] for found in get_speech_timestamps(samples, voice)) / SAMPLE_RATE)


def loudness_db(samples: np.ndarray) -> float:
    """Power of samples in [-1, 1], in dB of full scale."""
    import numpy as np

    return (
        float(20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)) if len(samples) else -240
    )


def _held_share(samples: np.ndarray, n_pieces: int) -> np.ndarray:
    """Share of the spectral peaks of each piece that belong to held notes: float (n_pieces,)."""
    import numpy as np
    from scipy.ndimage import median_filter
    from scipy.signal import stft

    frequencies, _, spectra = stft(
        samples, SAMPLE_RATE, nperseg=WINDOW, noverlap=WINDOW - HOP, boundary=None, padded=False
    )
    low, high = np.searchsorted(frequencies, BAND_HZ)
    level = 20 * np.log10(np.abs(spectra[low:high]) + 1e-9)
    surroundings = median_filter(level, size=(SURROUNDINGS, 1))
    peaks = (level > surroundings + PROMINENCE_DB) & (level > level.max() - RANGE_DB)
    peaks[1:] &= level[1:] > level[:-1]
    peaks[:-1] &= level[:-1] >= level[1:]
    held = _track_lengths(peaks) >= HELD
    piece = np.minimum((np.arange(peaks.shape[1]) * HOP + WINDOW // 2) // round(PIECE_S * SAMPLE_RATE), n_pieces - 1)
    counted = [np.bincount(piece, weights=which.sum(axis=0), minlength=n_pieces) for which in (held, peaks)]
    share: np.ndarray = counted[0] / np.maximum(counted[1], 1)
    return share


def _track_lengths(peaks: np.ndarray) -> np.ndarray:
    """How many spectra the track of each peak lasts; a track moves by one frequency at most from one to the next.

    Args:
        peaks: bool (frequencies, spectra).
    """
    import numpy as np

    before = np.zeros(peaks.shape, dtype=np.int32)
    after = np.zeros(peaks.shape, dtype=np.int32)
    last = peaks.shape[1] - 1
    for here in range(last + 1):
        for length, at, neighbour in ((before, here, here - 1), (after, last - here, last - here + 1)):
            reach = length[:, neighbour] if here else np.zeros(len(peaks), dtype=np.int32)
            longest = reach.copy()
            longest[1:] = np.maximum(longest[1:], reach[:-1])
            longest[:-1] = np.maximum(longest[:-1], reach[1:])
            length[:, at] = np.where(peaks[:, at], longest + 1, 0)
    lengths: np.ndarray = np.where(peaks, before + after - 1, 0)
    return lengths
