"""Losses: a group that lost more is told from chance, and the program names it."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.losses import losses, quarters
from common.parquet import build_table, write_table
from common.tables import CLUSTERS, CREATORS, REELS


def test_a_group_that_lost_more_is_told_from_one_that_lost_by_chance() -> None:
    generator = np.random.default_rng(2)
    reels = np.full(80, 5)
    groups = ["a", "b"] * 40
    by_chance = generator.binomial(5, 0.2, 80)
    by_group = generator.binomial(5, np.where(np.array(groups) == "a", 0.1, 0.5))
    (first, second) = losses(reels, by_chance, {"city": groups}, 199, 1)
    assert first["p_value"] == second["p_value"] > 0.05
    rows = losses(reels, by_group, {"city": groups}, 199, 1)
    assert [row["value"] for row in rows] == ["a", "b"]
    assert rows[0]["p_value"] == 0.005
    assert rows[0]["share"] == by_group[::2].sum() / 200
    assert rows[0]["n_lost"] + rows[1]["n_lost"] == by_group.sum()


def test_what_cannot_be_compared_has_no_p_value() -> None:
    reels = np.array([5, 5, 0])
    assert losses(reels, np.array([0, 0, 0]), {"city": ["a", "b", "b"]}, 99, 1)[0]["p_value"] is None
    (row,) = losses(reels, np.array([1, 2, 0]), {"city": ["a", None, "b"]}, 99, 1)
    assert (row["value"], row["n_creators"], row["p_value"]) == ("a", 1, None)
    assert losses(np.empty(0, int), np.empty(0, int), {"city": []}, 99, 1) == []


def test_quarters_go_by_size_and_unknown_numbers_are_in_none() -> None:
    found = quarters(np.array([10.0, 20.0, 30.0, 40.0, np.nan]))
    assert found == ["first quarter", "second quarter", "third quarter", "fourth quarter", None]
    assert quarters(np.array([np.nan])) == [None]


def test_the_program_reads_the_tables_and_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"c{number:02}" for number in range(40)]
    creators = [{"creator_id": name, "followers": 100 + place} for place, name in enumerate(names)]
    write_table(build_table(creators, CREATORS), tmp_path / "creators.parquet")
    reels = [
        {
            "reel_id": f"{name}-{reel}",
            "creator_id": name,
            "speech_language": "de" if place % 2 else "en",
            "embedding": None if place % 2 and reel else [0.0, 1.0],
        }
        for place, name in enumerate(names)
        for reel in range(3)
    ]
    write_table(build_table(reels, REELS), tmp_path / "reels.parquet")
    clusters = [{"creator_id": name, "cluster": place // 20} for place, name in enumerate(names)]
    write_table(build_table(clusters, CLUSTERS), tmp_path / "clusters.parquet")
    module = importlib.import_module("compare_losses")
    options = [f"--{name}={tmp_path / name}.parquet" for name in ("creators", "reels", "clusters")]
    monkeypatch.setattr("sys.argv", ["compare_losses", *options, f"--output={tmp_path / 'losses.parquet'}"])
    module.main(module.parse())
    rows = pq.read_table(tmp_path / "losses.parquet").to_pylist()
    assert {row["column"] for row in rows} == {"cluster", "language", "followers"}
    german = next(row for row in rows if row["value"] == "de")
    assert (german["n_reels"], german["n_lost"], german["share"]) == (60, 40, pytest.approx(2 / 3))
    assert german["p_value"] < 0.01
    assert "differ by language: 0 to 67 %" in caplog.text
    assert "differ by cluster" not in caplog.text
