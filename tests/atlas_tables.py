"""Tables of a study for the atlas, with any texts, and the page that is made of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.parquet import build_table, write_table
from common.tables import (
    CLUSTER_NAMES,
    CLUSTERS,
    COORDINATES,
    CREATOR_MEASURES,
    CREATORS,
    DISTINCTIONS,
    EDGES,
    EFFECTS,
    REELS,
    STATUS,
)
from study import CHECKOUT

SCHEMAS = {
    "creators": CREATORS, "reels": REELS, "edges": EDGES, "status": STATUS, "coordinates": COORDINATES,
    "clusters": CLUSTERS, "names": CLUSTER_NAMES, "measures": CREATOR_MEASURES,
    "distinctions": DISTINCTIONS, "effects": EFFECTS,
}  # fmt: skip

FINDINGS = "# A study: what the tests say\n\n**These are invented.**\n\n## H1: supported\n\nThey <b>follow</b>.\n"
VARIANTS = [
    {"variant": "as_configured", "n_runs": 5, "ari_lower": 0.5, "ari_median": 0.75, "ari_upper": 1.0}
    | {"clusters_low": 2.0, "clusters_median": 3.0, "clusters_high": 4.0}
]  # fmt: skip


def study_tables(number: int, texts: list[str], frames: list[Path] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Rows of a study of so many creators in three clusters, the last creator without a place on the map.

    Args:
        number: of creators, each with one reel, who follows the next one.
        texts: captions, names, transcripts and addresses, in turn.
        frames: zips of the stage `frames`, in turn.
    """
    generator = np.random.default_rng(1)
    ids = [f"creator_{n:05d}" for n in range(number)]
    text = [texts[n % len(texts)] for n in range(number)]
    return {
        "creators": [
            {
                "creator_id": c, "handle": c, "full_name": text[n], "followers": 10 ** (n % 6), "n_reels": 1,
                "profile": [1.0, n / number],
                "region": ["north", "south", None][n % 3], "paid": n % 2 == 0, "age": 20 + n, "note": f"note {n}",
                "<b>odd</b>": text[n],
                "joined": date(2024, 1 + n % 12, 1), "seen": datetime(2024, 5, 31, n % 24, tzinfo=UTC),
            }
            for n, c in enumerate(ids)
        ],
        "measures": [
            {"creator_id": c, "light_lightness": n / 7, "motion_kind": ["still", "inside"][n % 2]}
            for n, c in enumerate(ids[:-1])
        ],
        "reels": [
            {
                "reel_id": f"r_{n:05d}", "creator_id": c, "description": f"A street at dusk, number {n}.", "plays": n,
                "caption": text[n], "speech_text": text[n], "url": text[n], "music_title": text[n][:50],
                "embedding": [1.0, n / number], "caption_language": ["en", "pt"][n % 2],
                "taken_at": datetime(2024, 3, 1 + n % 28, tzinfo=UTC),
            }
            for n, c in enumerate(ids)
        ],
        "edges": [{"source_id": ids[n], "target_id": ids[(n + 1) % number]} for n in range(number)],
        "status": [
            {
                "creator_id": c, "reel_id": f"r_{n:05d}", "stage": "frames", "state": "ok",
                "path": str(frames[n % len(frames)]),
            }
            for n, c in enumerate(ids)
        ]
        if frames
        else [],
        "coordinates": [
            {"creator_id": c, "x": float(x), "y": float(y), "umap_x": float(x), "umap_y": float(y)}
            for c, (x, y) in zip(ids[:-1], generator.random((number, 2)), strict=False)
        ],
        "clusters": [{"creator_id": c, "cluster": n % 4 - 1, "membership": 0.5} for n, c in enumerate(ids[:-1])],
        "names": [
            {"cluster": k, "name": texts[k % len(texts)], "words": [texts[-1]], "central_reels": [f"r_{k + 1:05d}"],
             "medoid": f"creator_{k + 1:05d}"}
            for k in range(3)
        ],
        "distinctions": [
            {"source": "measures", "column": "light_lightness", "kind": "number", "effect": "omega squared",
             "value": 0.4, "verdict": "different", "circular": True},
            {"source": "measures", "column": "light_lightness", "kind": "number", "effect": "difference in sd",
             "cluster": 1, "value": 1.25, "ci_low": 0.5, "ci_high": 2.0, "circular": True},
        ],
        "effects": [
            {"measure": "coleman", "cluster": 1, "value": 0.5, "ci_low": 0.25, "ci_high": 0.75, "p_adjusted": 0.003}
        ],
    }  # fmt: skip


def build_page(folder: Path, rows: dict[str, list[dict[str, Any]]], *options: str, warning: str | None = None) -> Path:
    """The page, made by the program from tables; `warning` is what robustness.json says of the clusters."""
    command = [sys.executable, str(CHECKOUT / "scripts/build_atlas.py"), "--output", str(folder / "index.html")]
    for name, schema in SCHEMAS.items():
        write_table(build_table(rows[name], schema, further=name == "creators"), folder / f"{name}.parquet")
        command += [f"--{name}", str(folder / f"{name}.parquet")]
    (folder / "robustness.json").write_text(json.dumps({"warning": warning, "variants": VARIANTS}))
    (folder / "hypotheses.md").write_text(FINDINGS)
    command += ["--robustness", str(folder / "robustness.json"), "--findings", str(folder / "hypotheses.md")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "index.html"


def in_node(code: str) -> Any:
    """What a piece of JavaScript beside the page's sources prints, as JSON."""
    if not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("node is not here")
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code],
        cwd=CHECKOUT / "atlas/src",
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
