"""Sound as the stages exchange it: 16 kHz mono wav."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SAMPLE_RATE = 16_000


def read_wav(path: Path) -> np.ndarray:
    """A 16 kHz mono wav file as float32 in [-1, 1]."""
    import numpy as np

    with wave.open(str(path), "rb") as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    return samples.astype(np.float32) / 32768


def as_wav(samples: np.ndarray) -> bytes:
    """Samples (float32 in [-1, 1]) as a 16-bit wav file."""
    import numpy as np

    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return data.getvalue()
