"""Agreement of modalities on planted vectors, and through the program and its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import cluster_creators
import compare_modalities
from analysis.modalities import adjusted_rand_index, mean_profiles, shared_neighbours
from analysis.modalities import compare_modalities as compare
from analysis.profiles import add_profiles
from common.manifest import Row, write_manifest
from common.parquet import build_table, read_table, write_table
from common.tables import CREATORS, MODALITIES

GROUPS = 4
EACH = 15


def planted(seed: int, order: np.ndarray | None = None, dimensions: int = 24) -> np.ndarray:
    """Unit vectors of creators in four tight groups; `order` says who is in which place of the groups."""
    noise = np.random.default_rng(seed)
    groups = np.repeat(np.arange(GROUPS), EACH)[np.arange(GROUPS * EACH) if order is None else order]
    made = np.eye(dimensions)[groups] + 0.05 * noise.normal(size=(len(groups), dimensions))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_the_same_neighbours_are_shared_and_others_only_by_chance():
    noise = np.random.default_rng(5)
    one, other = noise.normal(size=(2, 400, 16))
    assert shared_neighbours(one, one * 3.0) == 1  # cosine: length does not matter
    assert shared_neighbours(one, other) == pytest.approx(10 / 399, abs=0.01)
    mirrored = one @ np.linalg.qr(noise.normal(size=(16, 16)))[0]  # turned as a whole
    assert shared_neighbours(one, mirrored) > 0.999


def test_the_adjusted_rand_index_is_the_known_one():
    # 2 pairs together in both; 6 and 3 in each, of 15: 1.2 expected, 4.5 at most.
    a, b = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    expected = (2 - 6 * 3 / 15) / ((6 + 3) / 2 - 6 * 3 / 15)
    assert adjusted_rand_index(a, b) == pytest.approx(expected)
    assert adjusted_rand_index(a, 1 - a) == 1
    assert adjusted_rand_index(a, np.zeros(6, int)) is None
    assert adjusted_rand_index(a[:0], b[:0]) is None


def test_only_creators_of_both_are_compared_and_noise_is_left_out():
    vectors = planted(1)
    ids = [f"c{number:02d}" for number in range(len(vectors))]
    text = mean_profiles({name: [vector] for name, vector in zip(ids, vectors, strict=True)})
    image = mean_profiles({name: [vector] for name, vector in zip(ids[20:], vectors[20:], strict=True)})
    labels = np.repeat(np.arange(GROUPS), EACH)
    noisy = labels[20:].copy()
    noisy[:5] = -1
    (pair,) = compare({"text": text, "image": image}, {"text": labels, "image": noisy})
    assert pair == {
        "modality_a": "text", "modality_b": "image", "n_creators": 40, "neighbours": 10, "shared_neighbours": 1.0,
        "shared_by_chance": 10 / 39, "n_clustered": 35, "clusters_a": 4, "clusters_b": 3, "adjusted_rand_index": 1.0,
    }  # fmt: skip
    few = mean_profiles({name: [vector] for name, vector in zip(ids[:11], vectors, strict=False)})
    nobody = mean_profiles({})
    rows = compare({"text": text, "few": few, "none": nobody}, {"text": labels, "few": labels[:11], "none": labels[:0]})
    assert [row["n_creators"] for row in rows] == [11, 0, 0]
    assert not any("shared_neighbours" in row for row in rows)
    assert [row["adjusted_rand_index"] for row in rows] == [None] * 3


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Creators with two reels each: image sees the groups that text sees, the shuffled modality others."""
    monkeypatch.chdir(tmp_path)
    shuffled = np.random.default_rng(8).permutation(GROUPS * EACH)
    rows = []
    for modality, order in (("text", None), ("image", None), ("text+image", shuffled)):
        stage = "embedding" if modality == "text" else f"embedding/{modality}"
        folder = tmp_path / "results/embedding" / modality
        folder.mkdir(parents=True)
        for number, (first, second) in enumerate(zip(planted(2, order), planted(3, order), strict=True)):
            for reel, vector in enumerate((first, second)):
                path = folder / f"r{number}-{reel}.npy"
                np.save(path, vector)
                rows.append(Row(f"c{number:02d}", f"r{number}-{reel}", stage, "ok", path=str(path), sha256="0"))
    rows.append(Row("c99", "lost", "embedding/image", "failed", "corrupt"))
    write_manifest(rows, tmp_path / "status.parquet")
    return rows


def test_planted_agreement_is_found_and_the_chosen_clusters_are_the_studys(study, monkeypatch):
    made = {}

    def kept(profiles, settings, seed):
        made[len(made)] = found = cluster_creators.cluster_profiles(profiles, settings, seed)
        return found

    monkeypatch.setattr(compare_modalities, "cluster_profiles", kept)
    options = ["--status=status.parquet", "--modalities", "text", "image", "text+image", "--output=modalities.parquet"]
    compare_modalities.main(compare_modalities.parse([*options, "--seed=7", "--dimensions=5"]))
    table = read_table("modalities.parquet", MODALITIES)
    pairs = {(row["modality_a"], row["modality_b"]): row for row in table.to_pylist()}
    assert set(pairs) == {("text", "image"), ("text", "text+image"), ("image", "text+image")}
    same, other = pairs["text", "image"], pairs["text", "text+image"]
    assert (same["n_creators"], same["clusters_a"], same["clusters_b"]) == (60, 4, 4)
    assert same["adjusted_rand_index"] == 1
    assert same["shared_neighbours"] > 0.6 > 0.2 > same["shared_by_chance"]
    assert abs(other["adjusted_rand_index"]) < 0.1
    assert other["shared_neighbours"] == pytest.approx(other["shared_by_chance"], abs=0.07)
    # The chosen modality's clusters are those of the study's tables.
    reels = [
        {"creator_id": row.creator_id, "embedding": np.load(row.path)} for row in study if row.stage == "embedding"
    ]
    creators = [{"creator_id": name} for name in sorted({reel["creator_id"] for reel in reels})]
    add_profiles(creators, reels, 3)
    write_table(build_table(creators, CREATORS), Path("creators.parquet"))
    command = ["cluster_creators.py", "--creators", "creators.parquet", "--output", "clusters.parquet", "--seed=7"]
    monkeypatch.setattr("sys.argv", [*command, "--dimensions=5"])
    cluster_creators.main(cluster_creators.parse())
    assert pq.read_table("clusters.parquet")["cluster"].to_pylist() == made[0].clusters.tolist()
