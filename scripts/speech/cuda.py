"""Libraries of CUDA 12, which CTranslate2 needs on a GPU; the environment has those of CUDA 13 (PyTorch's)."""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path

LIBRARIES = ("libcublasLt.so.12", "libcublas.so.12")  # the second one needs the first
REMEDY = (
    "install them (`.venv/bin/python -m pip install nvidia-cublas-cu12`, or a CUDA 12 of the machine), or choose "
    "`transcript.backend: openai-whisper`, which does without"
)


@cache
def has_cuda12() -> bool:
    """Whether CTranslate2 will find its libraries; those of a package are loaded here, as it does not look for them."""
    return all(_loads(name) for name in LIBRARIES)


def _loads(name: str) -> bool:
    package = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in package.submodule_search_locations or []] if package else []
    for found in (name, *(str(folder / "cublas" / "lib" / name) for folder in folders)):
        try:
            ctypes.CDLL(found, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False
