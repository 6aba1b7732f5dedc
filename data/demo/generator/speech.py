"""Speech from espeak-ng, through the shared library that the wheel `espeakng-loader` carries."""

import ctypes
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import espeakng_loader
import numpy as np
import numpy.typing as npt

RATE_HZ = 22050

VOICES = {"en": "en-us", "es": "es", "de": "de", "fr": "fr", "it": "it", "pt": "pt"}

# From espeak-ng's speak_lib.h.
_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_PARAMETER_RATE = 1
_PARAMETER_PITCH = 3
_POSITION_CHARACTER = 1

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def synthesize(text: str, language: str, words_per_minute: int, pitch: int) -> npt.NDArray[np.float32]:
    """Speak `text` in a process of its own.

    The synthesiser keeps state (its noise, its phase) that a restart within the process does not clear, and a
    sentence has to sound the same whatever was said before it.

    Args:
        text: what to say.
        language: a key of `VOICES` (ISO 639-1).
        words_per_minute: espeak's rate, 80 to 450.
        pitch: espeak's pitch, 0 (low) to 100 (high).

    Returns:
        Samples in [-1, 1], shape (n,), at `RATE_HZ`, scaled to a peak of 0.7.

    Raises:
        RuntimeError: espeak-ng does not start, lacks the voice, or returns nothing.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_speak, text, language, words_per_minute, pitch).result()


def _speak(text: str, language: str, words_per_minute: int, pitch: int) -> npt.NDArray[np.float32]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    blocks: list[npt.NDArray[np.int16]] = []

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if count > 0:
            blocks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    callback = _CALLBACK(collect)
    rate = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate != RATE_HZ:
        raise RuntimeError(f"espeak-ng answered {rate} to its start, expected a sample rate of {RATE_HZ} Hz")
    try:
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(VOICES[language].encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {VOICES[language]!r} for language {language!r}")
        library.espeak_SetParameter(_PARAMETER_RATE, words_per_minute, 0)
        library.espeak_SetParameter(_PARAMETER_PITCH, pitch, 0)
        data = text.encode() + b"\0"
        library.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        library.espeak_Synchronize()
    finally:
        library.espeak_Terminate()
    if not blocks:
        raise RuntimeError(f"espeak-ng returned no sound for {text!r}")
    speech = np.concatenate(blocks).astype(np.float32) / 32768
    return speech * (0.7 / np.abs(speech).max())
