"""Shared by all tests: where things are, and a tiny study to play with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
os.environ.setdefault("NUMBA_CACHE_DIR", str(CHECKOUT / "data" / "numba"))


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

    def fetch(name: str) -> Path:
        models, marker = CHECKOUT / "data" / "models", tmp_path_factory.mktemp("fetched") / f"{name}.json"
        program = [sys.executable, str(CHECKOUT / "scripts" / "fetch_model.py"), name]
        places = ["--models", str(models), "--marker", str(marker), "--lock", str(marker.with_suffix(".lock.yaml"))]
        subprocess.run([*program, *places], check=True, stderr=subprocess.DEVNULL)
        return models / name

    return fetch
