"""Shared by all tests: where things are, and a tiny study to play with."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
os.environ.setdefault("NUMBA_CACHE_DIR", str(CHECKOUT / "data" / "numba"))
