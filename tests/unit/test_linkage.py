"""What a public bundle tells somebody who knows the numbers of public profiles: no more than chance."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import publish_bundle
from bundle.bands import UNKNOWN, bands, bands_in_groups
from bundle.pseudonyms import Pseudonyms
from bundle.singling_out import singled_out
from common.config import PublishSection
from common.parquet import build_table
from common.program import UserError
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, COVERAGE, CREATORS, EDGES, FOLLOWS, REELS, STATUS
from linkage import known_numbers, linked, most_by_chance

KEY = "ab" * 32
CREATORS_KNOWN = 200


@pytest.fixture
def cohort(monkeypatch: pytest.MonkeyPatch) -> dict[str, pa.Table]:
    """Two hundred creators in seven clusters, some in none and some without followers that are known."""
    monkeypatch.setenv("ATLAS_PUBLISH_KEY", KEY)
    draw = np.random.default_rng(3)
    ids = [f"somebody_{n}" for n in range(CREATORS_KNOWN)]
    followers = np.exp(draw.normal(10, 1.5, CREATORS_KNOWN)).astype(int).tolist()
    creators = [
        {
            "creator_id": one, "handle": one, "followers": None if n % 60 == 7 else followers[n], "n_reels": 5,
            "following": int(draw.integers(50, 2000)), "profile": draw.normal(size=4).tolist(),
            "town": f"town {n % 2}", "hobby": f"hobby {n}",
        }
        for n, one in enumerate(ids)
    ]  # fmt: skip
    reels = [
        {"creator_id": one, "reel_id": f"{one}_{n}", "plays": int(views), "likes": int(views / 9), "comments": 3}
        for one in ids
        for n, views in enumerate(np.exp(draw.normal(9, 2, 5)))
    ]
    clusters = [{"creator_id": one, "cluster": int(draw.integers(-1, 7))} for one in ids[3:]]
    edges = {tuple(draw.choice(ids, 2, replace=False)) for _ in range(600)}
    return {
        "creators": build_table(creators, CREATORS, further=True),
        "reels": build_table(reels, REELS),
        "edges": build_table([dict(zip(EDGES.names, map(str, edge), strict=True)) for edge in edges], EDGES),
        "follows": build_table([], FOLLOWS),
        "status": build_table([], STATUS),
        "coverage": build_table([{"stage": "video", "state": "ok", "reels": 900, "creators": 4}], COVERAGE),
        "clusters": build_table(clusters, CLUSTERS),
        "cluster_names": build_table([], CLUSTER_NAMES),
        "coordinates": build_table([{"creator_id": one, "x": draw.random(), "y": 0.5} for one in ids], COORDINATES),
    }


def published(cohort: dict[str, pa.Table], **settings: object) -> dict[str, pa.Table]:
    return publish_bundle.public(cohort, PublishSection(**settings), Path("results"))


def hits(cohort: dict[str, pa.Table], tables: dict[str, pa.Table]) -> int:
    """Creators whom somebody finds who knows the numbers of the public profiles, and no more."""
    found = linked(known_numbers(cohort["creators"], cohort["reels"]), tables)
    pseudonyms = Pseudonyms(bytes.fromhex(KEY))
    return sum(pseudonyms.creator(known) == row for known, row in found.items())


def test_who_knows_everybodys_public_numbers_finds_nobody_but_by_chance(cohort: dict[str, pa.Table]) -> None:
    for k in (5, 12):
        assert hits(cohort, published(cohort, k=k)) <= most_by_chance(CREATORS_KNOWN, k)
    # The same search finds people where numbers are published: it is no straw man.
    assert hits(cohort, published(cohort, allow=["counts"])) > 0.9 * CREATORS_KNOWN


@pytest.mark.parametrize("k", [2, 5, 12])
def test_at_least_k_creators_share_everything_that_is_published(cohort: dict[str, pa.Table], k: int) -> None:
    tables = published(cohort, k=k)
    assert set(tables) == {"creators", "coverage", "clusters", "cluster_names"}
    cluster = dict(zip(*(tables["clusters"][name].to_pylist() for name in ("creator_id", "cluster")), strict=True))
    rows = tables["creators"].to_pylist()
    told = {name for row in rows for name, value in row.items() if value is not None}
    assert told == {"creator_id", "followers_from", "followers_to"}
    groups = Counter((cluster.get(row["creator_id"]), row["followers_from"], row["followers_to"]) for row in rows)
    assert min(groups.values()) >= k
    assert len(groups) > 8 or k > 5  # and something is told
    found = singled_out(tables)
    assert (found.unique, found.smallest) == (0, min(groups.values()))
    assert (len(rows) < CREATORS_KNOWN) == (k > 3)  # three creators are in no cluster's table
    assert tables["coverage"].to_pylist()[0]["creators"] == (None if k > 4 else 4)


def test_a_band_holds_its_numbers_and_enough_of_them() -> None:
    draw = np.random.default_rng(1)
    for n in range(200):
        k = int(draw.integers(2, 9))
        numbers = [int(one) for one in np.exp(draw.uniform(0, 15, n % 40))] + [None] * int(draw.integers(0, 7))
        found = bands(numbers, k)
        shared = Counter(found)
        assert len(numbers) < k or min(shared.values()) >= k, numbers
        for number, (low, high) in zip(numbers, found, strict=True):
            assert (low, high) == UNKNOWN or low <= number <= high


@pytest.mark.parametrize(
    ("k", "numbers", "expected"),
    [
        (3, [0, 9, 9, 10, 20, 20], [(0, 9)] * 3 + [(10, 49)] * 3),
        (2, [1000, 1999, 2000, 4999, 5000, 9999], [(1000, 1999)] * 2 + [(2000, 4999)] * 2 + [(5000, 9999)] * 2),
        (2, [1000, 1999, 2000, 4999, 70_000], [(1000, 1999)] * 2 + [(2000, 99_999)] * 3),
        (3, [5, 60_000], [UNKNOWN] * 2),
        (3, [5, 6, 7, None], [UNKNOWN] * 4),
        (3, [5, 6, 7, None, None, None], [(0, 9)] * 3 + [UNKNOWN] * 3),
    ],
)
def test_bands_have_round_borders_and_are_joined_or_dropped_until_k_share_them(k, numbers, expected) -> None:
    assert bands(numbers, k) == expected


def test_creators_in_groups_of_too_few_are_named() -> None:
    found, few = bands_in_groups({"a": 1, "b": 2, "c": 3}, {"a": 0, "b": 0, "c": 1}, 2)
    assert few == {"c"}
    assert found["a"] == found["b"] == (0, 9)


def test_what_singles_people_out_is_counted_by_column_and_ends_the_publication(
    cohort: dict[str, pa.Table], caplog: pytest.LogCaptureFixture
) -> None:
    for settings, column, unique in (
        ({"allow": ["counts"]}, "reels.plays", CREATORS_KNOWN),
        ({"allow": ["profiles"]}, "creators.profile", CREATORS_KNOWN),
        ({"allow": ["handles"]}, "creators.handle", CREATORS_KNOWN),
        ({"columns": ["hobby"]}, "creators.hobby", None),
        ({"allow": ["edges"]}, "edges", None),
    ):
        section = PublishSection(**settings)
        found = singled_out(published(cohort, **settings))
        assert found.columns[column] > 0.4 * CREATORS_KNOWN, column
        assert unique in (None, found.unique)
        item = next(iter(settings.values()))[0]
        with pytest.raises(
            UserError, match=rf"{found.unique} of \d+ creators are unique.*{column}.*take {item} out of"
        ):
            publish_bundle.check_singled_out(found, section)
        for enough in (found.unique, None):
            with caplog.at_level("INFO", "atlas"):
                publish_bundle.check_singled_out(found, section.model_copy(update={"max_unique": enough}))
            assert f"{found.unique} of" in caplog.text


def test_columns_that_single_out_only_together_are_all_named(cohort: dict[str, pa.Table]) -> None:
    creators = [{"creator_id": f"c{n}", "town": n // 2, "age": n % 2} for n in range(4)]
    found = singled_out({"creators": build_table(creators, CREATORS, further=True)})
    assert (found.unique, found.columns) == (4, {"creators.age": 0, "creators.town": 0})
    with pytest.raises(UserError, match=r"by columns together: creators\.age, creators\.town"):
        publish_bundle.check_singled_out(found, PublishSection(columns=["town", "age"]))


def test_a_cohort_of_fewer_than_k_is_not_published(cohort: dict[str, pa.Table]) -> None:
    few = {name: table.slice(0, 4) if "creator_id" in table.column_names else table for name, table in cohort.items()}
    with pytest.raises(UserError, match=r"publish\.k: no cluster.*4 in all.*Publish nothing"):
        published(few)
