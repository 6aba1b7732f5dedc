"""The tables of measures: what each reel looks like, and each creator's reels together."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from common.columns import measured_columns
from common.manifest import Row

PROGRAM = "measure_reels"


def reel_measures(reel_id: str, creator_id: str, stages: Mapping[str, Row]) -> dict[str, Any]:
    """One reel's row of the table; without measures where it has no frames, or an imported description.

    Args:
        reel_id: which reel.
        creator_id: whose.
        stages: the reel's status rows, by stage.
    """
    row = stages.get("measures") or stages.get("description")
    about = {"reel_id": reel_id, "creator_id": creator_id}
    if row is None or row.state != "ok" or not str(row.producer).startswith(f"{PROGRAM} "):
        return about
    measured = json.loads(row.file().with_suffix(".json").read_text(encoding="utf-8"))
    # A palette with fewer colours has empty names.
    return (
        about | {"producer": row.producer} | {name: None if value == "" else value for name, value in measured.items()}
    )


def creator_measures(creator_ids: Iterable[str], reels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table of creators' measures: means and spreads of numbers, the most frequent of words.

    Args:
        creator_ids: who gets a row.
        reels: rows of the table of measures.
    """
    own: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for reel in reels:
        if reel.get("producer") is not None:
            own[reel["creator_id"]].append(reel)
    return [{"creator_id": one, "n_measured": len(own[one])} | _together(own[one]) for one in creator_ids]


def _together(reels: list[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in measured_columns().items():
        values = [reel[name] for reel in reels if reel.get(name) is not None]
        if not values:
            continue
        if kind == pa.string():
            counts = Counter(values)
            found[name] = min(counts, key=lambda word: (-counts[word], word))
            found[f"{name}_share"] = counts[found[name]] / len(reels)
        else:
            found[name] = float(np.mean(values))
            found[f"{name}_sd"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return found
