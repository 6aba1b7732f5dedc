"""The libraries do what scripts/common/processor.py says: a new version could know other names, and ignore these."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

from common.processor import SAME_INSTRUCTIONS, same_instructions

ASK = """
import json
import numpy._core._multiarray_umath as core
import pyarrow
import scipy.linalg
import threadpoolctl
from numba.core.registry import cpu_target

codegen = cpu_target.target_context.codegen()
print(json.dumps({
    "numpy": [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]],
    "blas": [info["architecture"] for info in threadpoolctl.threadpool_info() if info["internal_api"] == "openblas"],
    "numba": [codegen._get_host_cpu_name(), codegen._tm_features],
    "arrow": pyarrow.runtime_info().simd_level,
}))
"""


@pytest.mark.skipif(not same_instructions(), reason="this processor does not have AVX2")
def test_every_library_takes_the_instructions_of_avx2() -> None:
    variables = {**os.environ, **SAME_INSTRUCTIONS}
    done = subprocess.run([sys.executable, "-c", ASK], env=variables, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found == {"numpy": ["X86_V3"], "blas": ["Haswell", "Haswell"], "numba": ["haswell", ""], "arrow": "avx2"}


MULTIPLY = """
import numpy as np
generator = np.random.default_rng(0)
for kind in ("float32", "float64"):
    for rows, columns in ((40, 4), (40, 40), (401, 401), (1000, 7)):
        a, b = (generator.normal(size=(number, 768)).astype(kind) for number in (rows, columns))
        assert np.allclose(a @ b.T, np.einsum("ik,jk->ij", a, b), atol=1e-2), (kind, rows, columns)
"""


@pytest.mark.skipif(not same_instructions(), reason="this processor does not have AVX2")
def test_products_of_matrices_are_right_with_these_instructions() -> None:
    """OpenBLAS 0.3.34 ends with a segmentation fault here, in whatever job is the first to multiply."""
    variables = {**os.environ, **SAME_INSTRUCTIONS}
    done = subprocess.run([sys.executable, "-c", MULTIPLY], env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("machine", "flags", "pinned"),
    [("x86_64", "sse2 fma avx2", True), ("x86_64", "sse2 avx", False), ("aarch64", "avx2 fma", False)],
)
def test_a_processor_without_these_instructions_takes_its_own(tmp_path, monkeypatch, machine, flags, pinned) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert same_instructions(tmp_path / "cpuinfo") == (SAME_INSTRUCTIONS if pinned else {})
    assert same_instructions(tmp_path / "none") == {}
