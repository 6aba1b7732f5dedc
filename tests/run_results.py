"""Results of a run for the summary and the page: a small folder as the workflow leaves it, with any texts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from analysis.evidence import SENSITIVITY, Hypothesis
from common.config import ClusterSettings, Config, parse_config
from common.manifest import Row, write_manifest
from common.parquet import build_table, write_table
from common.tables import CLUSTER_NAMES, CLUSTERS, COVERAGE, STATUS
from study import SMALL

PRIMARY = Hypothesis(
    id="dyadic", question="Do creators follow those with similar profiles?", null="no", statistic="score", n_creators=4,
    n_edges=6, verdict="supported", reason=None, observed=3.0, expected=0.1, effect=2.345, ci_low=1.5, ci_high=3.5,
    p_value=0.01, p_adjusted=0.02, n_draws=199, seed=1,
)  # fmt: skip


def config(**sections: dict[str, Any]) -> Config:
    """Settings of a study, as small as those of the tests of the workflow."""
    return parse_config(
        {name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in {**SMALL, **sections}}, "x"
    )


def rows(stage: str, states: list[tuple[str, str | None, str, str | None]]) -> list[Row]:
    """Rows of a manifest: creator, reel, state and reason of each."""
    return [Row(creator, reel, stage, state, reason) for creator, reel, state, reason in states]


def write_json(path: Path, content: Any) -> None:
    """A JSON file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_run(
    folder: Path,
    creators: int = 4,
    failed: int = 0,
    tests: list[Hypothesis] | None = None,
    text: str = "plain",
    warning: str | None = None,
    clusters: int = 2,
) -> Path:
    """The results of a run of creators with one reel each, whose handles, names and reasons have a text in them.

    Args:
        folder: of the results.
        creators: how many.
        failed: how many of their videos are corrupt.
        tests: that were made.
        text: of a stranger.
        warning: what robustness.json says.
        clusters: how many were found, of the creators in turn.
    """
    people = [(f"{text}_{n}", f"r{n}") for n in range(creators)]
    listed = [("x" if n < failed else "ok", who, reel) for n, (who, reel) in enumerate(people)]
    made = {
        "creators": [(who, None, "ok", None) for who, _ in people] + [(who, reel, "ok", None) for who, reel in people],
        "video": [
            (who, reel, "failed" if state == "x" else "ok", "corrupt" if state == "x" else None)
            for state, who, reel in listed
        ],
        "embedding": [
            (who, reel, "failed" if state == "x" else "ok", "no_input" if state == "x" else None)
            for state, who, reel in listed
        ],
    }
    all_rows = []
    for stage, states in made.items():
        place = "embedding/text" if stage == "embedding" else stage
        write_manifest(rows(stage, states), folder / place / "0.parquet")
        all_rows += rows(stage, states)
    kept = creators - failed
    write_table(build_table([asdict(row) for row in all_rows], STATUS), folder / "tables/status.parquet")
    coverage = [
        {"stage": "video", "state": "ok", "reason": None, "reels": kept, "creators": kept},
        {"stage": "video", "state": "failed", "reason": "corrupt", "reels": failed, "creators": failed},
    ]
    write_table(build_table(coverage, COVERAGE), folder / "tables/coverage.parquet")
    numbers = {"creators": creators, "reels": creators, "creators_embedded": kept, "reels_embedded": kept}
    write_json(folder / "paper/numbers.json", numbers | {"follows_inside": None, "follow_lists_complete": 0})
    found = [{"creator_id": who, "cluster": n % clusters if clusters else -1} for n, (who, _) in enumerate(people)]
    write_table(build_table(found, CLUSTERS), folder / "map/clusters.parquet")
    names = [{"cluster": n, "name": text, "words": [text], "central_reels": []} for n in range(clusters)]
    write_table(build_table(names, CLUSTER_NAMES), folder / "map/cluster_names.parquet")
    write_json(
        folder / "map/settings.json",
        {
            "creators": creators, "fewest_creators": 6, "automatic": {}, "tried": 0,
            "cluster": ClusterSettings().model_dump(mode="json"),
        },
    )  # fmt: skip
    stable = None if not clusters else warning is None
    robustness = {"median_ari": 0.9 if clusters else None, "stable": stable, "warning": warning, "variants": []}
    write_json(folder / "robustness.json", robustness)
    tests = [PRIMARY] if tests is None else tests
    made_of = [{key: value for key, value in asdict(test).items() if key != "under_null"} for test in tests]
    write_json(folder / "hypotheses.json", made_of)
    write_table(build_table([], SENSITIVITY), folder / "sensitivity.parquet")
    (folder / "figures").mkdir()
    Image.new("RGB", (40, 30), "white").save(folder / "figures/map.png")
    return folder
