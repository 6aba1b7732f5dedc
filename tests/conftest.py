"""Shared by all tests: where things are, and a tiny study to play with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common.processor import same_instructions

CHECKOUT = Path(__file__).resolve().parent.parent
os.environ.setdefault("NUMBA_CACHE_DIR", str(CHECKOUT / "data" / "numba"))
# As in the workflow: tests run side by side, with the same arithmetic, and use what Numba compiled for each other.
os.environ |= {"GOMP_SPINCOUNT": "1000", **same_instructions()}


@pytest.fixture
def service(tmp_path, monkeypatch):
    """HikerAPI and a content network on this machine, for a study in a folder of the test's own."""
    from fake_service import TOKEN, Service, demo_video

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIKERAPI_TOKEN", TOKEN)
    made = Service(demo_video(CHECKOUT))
    yield made
    made.close()


@pytest.fixture(scope="session")
def fetched(tmp_path_factory) -> Callable[[str], Path]:
    """Real weights by their name, in the checkout's folder of models; fetched where they are missing."""

    from weights import fetched_model

    return lambda name: fetched_model(name, tmp_path_factory.mktemp("fetched")).folder
