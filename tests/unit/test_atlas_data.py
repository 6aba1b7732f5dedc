"""What the atlas is told of creators, reels and clusters, and what its page does with texts and pictures."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from analysis.homophily import LabelledNetwork
from analysis.mixing import mixing
from analysis.mixing_matrix import mixing_matrix
from atlas import neighbours
from atlas.clusters import distinct, mixing_facts
from atlas.neighbours import as_matrix, nearest
from atlas.pictures import strip
from atlas.reels import reel_columns
from atlas_tables import in_node
from build_atlas import typical
from common.parquet import build_table
from common.tables import DISTINCTIONS, REELS


def matrix(rows: list[list[float] | None]) -> np.ndarray:
    return as_matrix(pa.chunked_array([pa.array(rows, pa.list_(pa.float32()))]))


def test_the_most_alike_come_first_and_ones_own_reels_are_left_out():
    vectors = matrix([[1.0, 0.0], [2.0, 0.2], [0.0, 1.0], None, [1.0, 1.0]])
    found = nearest(vectors, np.array([0, 0, 1, 1, 2]), 2)
    assert [[row for row, _ in one] for one in found] == [[4, 2], [4, 2], [4, 1], [], [1, 0]]
    assert found[0] == [(4, 0.707), (2, 0.0)]
    assert nearest(vectors, np.arange(5), 0) == [[]] * 5
    assert nearest(matrix([None, None]), np.arange(2), 3) == [[], []]


def test_who_is_most_alike_does_not_depend_on_the_size_of_a_block(monkeypatch):
    vectors = np.random.default_rng(3).standard_normal((60, 5)).astype(np.float32)
    vectors[40] = vectors[7]  # equal ones: the first row first
    whole = nearest(vectors, np.arange(60), 4)
    monkeypatch.setattr(neighbours, "PER_BLOCK", 7)
    assert nearest(vectors, np.arange(60), 4) == whole
    assert whole[7][0] == (40, 1.0)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.round(unit @ unit.T, 3) - 2 * np.eye(60)
    assert [one[0][1] for one in whole] == pytest.approx(expected.max(axis=1).tolist(), abs=1e-3)


def test_the_mixing_matrix_keeps_everybodys_degrees_and_agrees_with_the_share_inside():
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 3, 30)
    pairs = np.unique(generator.integers(0, 30, (200, 2)), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found = mixing_matrix(labels, pairs[:, 0], pairs[:, 1], 3)
    assert found.observed.sum() == pytest.approx(found.expected.sum()) == len(pairs)
    network = LabelledNetwork(labels=labels, sources=pairs[:, 0], targets=pairs[:, 1], directed=True)
    assert np.trace(found.expected) / len(pairs) == pytest.approx(mixing(network).by_degrees[0])
    assert np.trace(found.observed) / len(pairs) == pytest.approx(mixing(network).inside[0])


def test_follows_of_creators_in_no_cluster_are_in_no_cell():
    found = mixing_facts([0, 0, 1, -1, None], [[0, 1], [0, 2], [2, 0], [3, 0], [0, 4]])
    assert found["clusters"] == [0, 1]
    assert found["observed"] == [[1, 1], [1, 0]]
    # 0 -> 1, 0 -> 2, 2 -> 0: sent 2, 0, 1; received 1, 1, 1; nobody follows her- or himself.
    assert np.allclose(found["expected"], np.array([[2 * 2 - 2, 2 * 1], [1 * 2, 0]]) * 3 / 6)
    assert mixing_facts([None, -1], [[0, 1]])["clusters"] == []


def test_a_cluster_is_told_its_largest_differences_of_columns_that_differ():
    whole = {"source": "measures", "kind": "number", "effect": "omega squared", "circular": False}
    single = whole | {"effect": "difference in sd", "cluster": 1}
    share = {"source": "creators", "column": "job", "kind": "category", "effect": "difference in share"}
    rows = [
        whole | {"column": "light", "verdict": "different"},
        whole | {"column": "motion", "verdict": "not shown to differ"},
        share | {"verdict": "different", "circular": False},
        single | {"column": "light", "value": -1.5, "ci_low": -2.0, "ci_high": -1.0},
        single | {"column": "motion", "value": 9.0},
        share | {"cluster": 1, "category": "cook", "value": 0.5, "circular": False},
        share | {"cluster": 1, "category": "smith", "value": -0.5, "circular": False},
    ]  # fmt: skip
    found = distinct(build_table(rows, DISTINCTIONS))
    assert [(row["column"], row["category"], row["value"]) for row in found[1]] == [
        ("job", "cook", 0.5),
        ("light", None, -1.5),
    ]
    assert (found[1][1]["low"], found[1][1]["high"]) == (-2.0, -1.0)


def test_reels_say_what_is_most_frequent_in_the_middle_and_first_and_last():
    day = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        {"reel_id": "a", "creator_id": "x", "caption_language": "pt", "plays": 10, "taken_at": day},
        {"reel_id": "b", "creator_id": "x", "caption_language": "en", "plays": 30, "taken_at": day.replace(day=9)},
        {"reel_id": "c", "creator_id": "x", "plays": 1000},
        {"reel_id": "d", "creator_id": "y"},
    ]
    columns = {one["key"]: one["values"] for one in reel_columns(build_table(rows, REELS), [[0, 1, 2], [3], []])}
    seconds = day.timestamp()
    assert columns == {
        "reels_caption_language": ["en", None, None],
        "reels_plays": [30.0, None, None],
        "reels_first_reel": [seconds, None, None],
        "reels_last_reel": [seconds + 8 * 86400, None, None],
    }


def test_the_typical_reel_is_the_one_most_like_the_profile():
    vectors = matrix([[0.0, 1.0], None, [5.0, 1.0], [1.0, 1.0]])
    assert typical(vectors, np.array([1.0, 0.0], np.float32), [11, 12, 13, 14]) == 13
    assert typical(matrix([None]), np.array([1.0, 0.0], np.float32), [11]) is None
    assert typical(vectors, np.array([np.nan, np.nan], np.float32), [11, 12, 13, 14]) is None


def test_the_middle_frame_of_a_strip_is_where_the_page_is_told():
    frames = [Image.new("RGB", (20, 40), colour) for colour in ("red", "lime", "blue", "white")]
    found = strip(frames)
    assert found["middle"] == [22, 20, 40]
    assert strip(frames[:1])["middle"] == [0, 20, 40]


def test_pictures_on_the_map_cover_neither_each_other_nor_a_name():
    boxes = in_node("""
    globalThis.document = {};
    const { placePictures } = await import('./pictures.js');
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const creator = (_, index) => ({ index, reel: index, x: random(), y: random(), ratio: 0.5 });
    const creators = Array.from({ length: 300 }, creator);
    const name = { left: 200, right: 400, top: 200, bottom: 220 };
    const placed = [500, 4000].map((scale) =>
      placePictures(creators, scale, 60, [name]).map(({ index, width, left, top }) =>
        [creators[index].x * scale + left, creators[index].y * scale + top, width, 60]));
    console.log(JSON.stringify(placed));
    """)
    near, far = (np.array(one) for one in boxes)  # type: ignore[attr-defined]
    assert 20 < len(near) < 150
    assert len(far) > 280  # nearly all, once there is room
    for placed in (near, np.vstack([near, [200, 200, 200, 20]])):
        left, top, width, height = placed.T
        beside = (left[:, None] >= (left + width)[None]) | (top[:, None] >= (top + height)[None])
        assert (beside | beside.T | np.eye(len(placed), dtype=bool)).all()


def test_a_query_is_words_and_quoted_words_that_stay_together():
    found = in_node("""
    globalThis.document = {};
    const { words } = await import('./dom.js');
    console.log(JSON.stringify(['  Two words', '"stay together" other', '"not closed', '', '<b>'].map(words)));
    """)
    assert found == [["two", "words"], ["stay together", "other"], ["not closed"], [], ["<b>"]]


def test_a_saved_table_runs_no_formula_and_keeps_every_text():
    saved = in_node("""
    globalThis.document = {};
    const { csv } = await import('./save.js');
    const rows = [['a', 'b,c'], ['=cmd()', -1.5], ['x"y', '@ada'], [null, 'two\\nlines'], ['-5 or so', '+']];
    console.log(JSON.stringify(csv(rows)));
    """)
    assert saved == 'a,"b,c"\r\n\'=cmd(),-1.5\r\n"x""y",@ada\r\n,"two\nlines"\r\n\'-5 or so,+\r\n'
