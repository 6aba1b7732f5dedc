"""cluster.search: the planted clusters are found without their settings, within the caps, and others can follow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import adjusted_rand_score
from test_robustness import program, write_cohort

from analysis.profiles import Profiles
from analysis.search import chosen_settings, search_settings
from common.config import ClusterGrid, ClusterSection, ClusterSettings, ConfigError

GRID = ClusterGrid(
    dimensions=[5, 50], neighbours=[8, 15], min_cluster_size=[4, 30], min_samples=[3, 8], selection_method=["eom"]
)


@pytest.mark.parametrize("space", ["umap", "pca", "cosine"])
def test_planted_clusters_are_found_and_the_order_plays_no_part(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = write_cohort(tmp_path, 40, 4)[:2]
    options = ["--search=true", f"--space={space}", f"--grid={GRID.model_dump_json()}", "--max-largest=0.5"]
    written = []
    for name in ("a", "b"):
        outputs = [f"--output={tmp_path / name}.parquet", f"--search-table={tmp_path / name}-search.parquet"]
        program("cluster_creators", monkeypatch, *tables, *outputs, *options)
        written.append([(tmp_path / f"{name}{kind}.parquet").read_bytes() for kind in ("", "-search")])
        creators = pq.read_table(tmp_path / "creators.parquet")
        pq.write_table(creators.take(np.random.default_rng(1).permutation(40)), tmp_path / "creators.parquet")
    assert written[0] == written[1]
    clusters = pq.read_table(tmp_path / "a.parquet").column("cluster").to_pylist()
    assert adjusted_rand_score(np.arange(40) % 4, clusters) > 0.9
    rows = pq.read_table(tmp_path / "a-search.parquet").to_pylist()
    (chosen,) = (row for row in rows if row["chosen"])
    assert chosen["score"] == max(row["score"] for row in rows if row["excluded"] is None)
    assert chosen["min_cluster_size"] == 4
    assert {row["excluded"] for row in rows if row["min_cluster_size"] == 30} != {None}
    assert {row["dimensions"] for row in rows} == {"umap": {5, 38}, "pca": {5, 38}, "cosine": {50}}[space]
    followed = chosen_settings(ClusterSection(search=True), tmp_path / "a-search.parquet")
    assert followed.min_cluster_size == 4
    assert followed.neighbours == chosen["neighbours"]


def test_where_nothing_keeps_the_caps_the_configured_settings_are_used() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    profiles = Profiles([f"c{number:02}" for number in range(30)], vectors)
    settings = ClusterSettings(search=True, space="pca", max_noise=0.0, grid=GRID)
    used, rows, notes = search_settings(profiles, settings, 1)
    assert used == settings
    assert not any(row["chosen"] for row in rows)
    assert any("no settings of cluster.grid keep the caps" in note for note in notes)
    assert search_settings(Profiles([], np.empty((0, 0), np.float32)), settings, 1)[0] == settings


def test_programs_ask_for_what_was_chosen() -> None:
    assert chosen_settings(ClusterSection(), None) == ClusterSection()
    with pytest.raises(ConfigError, match="--search-table"):
        chosen_settings(ClusterSection(search=True), None)
