"""The same numbers on every x86-64 processor since 2013 (those with AVX2).

Libraries choose their instructions by the processor they run on, and each choice rounds differently: NumPy's exp, log
and pow differ in the last digit between AVX2 and AVX-512, sums in OpenBLAS and in what numba compiles, too. UMAP and
t-SNE make another map of such a digit. With these variables all take the instructions of AVX2.
"""

from __future__ import annotations

import platform
from pathlib import Path

SAME_INSTRUCTIONS = {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",  # those beyond AVX2 that NumPy 2.4 dispatches
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "",  # of that processor, not of this one
    "ARROW_USER_SIMD_LEVEL": "AVX2",
}


def same_instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Variables for programs that compute; none where the processor does not have these instructions.

    Args:
        cpuinfo: what Linux says of the processor.
    """
    if platform.machine() != "x86_64" or not cpuinfo.is_file():
        return {}
    with cpuinfo.open() as lines:  # one part for each core: the first will do
        flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return SAME_INSTRUCTIONS if {"avx2", "fma"} <= set(flags) else {}
