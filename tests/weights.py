"""Real weights, for tests and benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from common.models import Model, open_model

CHECKOUT = Path(__file__).resolve().parent.parent


def fetched_model(name: str, folder: Path) -> Model:
    """A model of the registry, in the checkout's folder of models; fetched where it is missing.

    Args:
        name: as in config/models.yaml.
        folder: where marker and lock go.
    """
    marker, models = folder / f"{name}.json", CHECKOUT / "data" / "models"
    program = [sys.executable, str(CHECKOUT / "scripts" / "fetch_model.py"), name]
    places = ["--models", str(models), "--marker", str(marker), "--lock", str(folder / "models.lock.yaml")]
    online = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
    subprocess.run([*program, *places], env=online, check=True, stderr=subprocess.DEVNULL)
    return open_model(marker, models)
