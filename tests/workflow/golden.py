"""Results for a golden input, the demo's: they must not change unless the program's VERSION does.

Record new ones with `python tests/workflow/golden.py` after `make demo`, when a VERSION was raised on purpose.
Numbers are compared with a tolerance that other processors keep and a change of method does not.
"""

from __future__ import annotations

import importlib
import json
import sys
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("scripts", "tests")]

from common.config import read_config
from common.stages import programs
from study import CHECKOUT

GOLDEN = Path(__file__).parent / "truth" / "golden.json"
PROGRAMS = programs(read_config(CHECKOUT / "config" / "demo.yaml"))
ANALYSES = ("cluster_creators", "map_creators", "test_hypotheses")
# One reel with music, one with German speech.
REELS = ("demo-0001-1", "demo-0003-3")


def results_of(folder: Path) -> dict[str, Any]:
    """What each program made of the golden input, without what differs from processor to processor."""
    found: dict[str, Any] = {program: {} for program in (*PROGRAMS.values(), *ANALYSES)}
    for reel in REELS:
        files = folder / "reels" / reel
        source = json.loads((files / "creators.json").read_text())
        found["collect_creators"][reel] = {name: source[name] for name in ("creator_id", "plays", "sha256", "taken_at")}
        found["download_reels"][reel] = json.loads((files / "video.json").read_text())
        with wave.open(str(files / "audio.wav")) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)
        found["extract_audio"][reel] = {
            "samples": len(samples),
            "root_mean_square": float(np.sqrt((samples**2).mean())),
        }
        found["identify_music"][reel] = json.loads((files / "music.json").read_text())
        transcript = json.loads((files / "transcript.json").read_text())
        found["transcribe_speech"][reel] = {
            name: transcript.get(name) for name in ("state", "reason", "language", "text", "speech_s")
        }
        found["prepare_context"][reel] = json.loads((files / "context.json").read_text())
        with zipfile.ZipFile(files / "frames.zip") as packed:
            found["sample_frames"][reel] = json.loads(packed.read("frames.json"))
        found["measure_reels"][reel] = {
            "text": (files / "description.txt").read_text(),
            "measures": json.loads((files / "description.json").read_text()),
        }
        vector = np.load(files / "embedding.npy")
        found["embed_descriptions"][reel] = {
            "text": (files / "embedding.txt").read_text(), "vector": [round(float(part), 4) for part in vector[:32]]
        }  # fmt: skip
    rows = pq.read_table(folder / "map/clusters.parquet").to_pylist()
    found["cluster_creators"] = {row["creator_id"]: [row["cluster"], row["kmeans_cluster"]] for row in rows}
    rows = pq.read_table(folder / "map/coordinates.parquet").to_pylist()
    found["map_creators"] = {row["creator_id"]: [round(row["pca_x"], 4), round(row["pca_y"], 4)] for row in rows}
    found["test_hypotheses"] = json.loads((folder / "hypotheses.json").read_text())[0]
    return found


def differences(expected: Any, found: Any, name: str = "") -> list[str]:
    """Where two JSON values differ by more than the tolerance."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = sorted({*expected, *found})
        return [line for key in keys for line in differences(expected.get(key), found.get(key), f"{name}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for number, pair in pairs for line in differences(*pair, f"{name}[{number}]")]
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return [] if found == pytest.approx(expected, rel=0.02, abs=0.01) else [f"{name}: {expected} -> {found}"]
    return [] if expected == found else [f"{name}: {expected!r} -> {found!r}"]


def version_of(program: str) -> str:
    return str(importlib.import_module(program).VERSION)


def changes_without_version(folder: Path, program: str) -> list[str]:
    """What a program makes otherwise than recorded, or that its new VERSION is not recorded yet."""
    golden = json.loads(GOLDEN.read_text())[program]
    if version_of(program) != golden["version"]:
        return [f"{program} has a new VERSION: record its results with python tests/workflow/golden.py"]
    changed = differences(golden["results"], results_of(folder)[program])
    return [f"{program} gives other results: raise its VERSION", *changed[:20]] if changed else []


if __name__ == "__main__":
    made = results_of(CHECKOUT / "results")
    recorded = {program: {"version": version_of(program), "results": made[program]} for program in made}
    GOLDEN.write_text(json.dumps(recorded, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
