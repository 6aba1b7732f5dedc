"""Tables: exactly the columns of the schema, the same bytes for the same rows, any writer's types read."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common import tables
from common.parquet import TableError, build_table, read_table, write_table
from common.tables import CLUSTERS, CREATORS, EDGES, FOLLOWS, REELS

SCHEMAS = {name: value for name, value in vars(tables).items() if isinstance(value, pa.Schema)}


def creators() -> list[dict[str, object]]:
    return [
        {"creator_id": "zoë", "handle": "Zoë", "followers": 12, "profile": [0.5, -0.5], "profile_spread": 0.1},
        {"creator_id": "ada", "handle": "ada", "follows_status": "complete", "n_reels": 2, "n_embedded": 0},
        {"creator_id": "Ada", "handle": "Ada", "full_name": "", "profile": np.array([1, 0], np.float32)},
    ]


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_empty_table_of_each_kind_reads_back(name, tmp_path):
    write_table(build_table([], SCHEMAS[name]), tmp_path / "empty.parquet")
    assert read_table(tmp_path / "empty.parquet", SCHEMAS[name]).schema.equals(SCHEMAS[name])


def test_rows_are_sorted_by_id_and_complete(tmp_path):
    write_table(build_table(creators(), CREATORS), tmp_path / "creators.parquet")
    table = read_table(tmp_path / "creators.parquet", CREATORS)
    assert table.column_names == CREATORS.names
    assert table["creator_id"].to_pylist() == ["Ada", "ada", "zoë"]
    assert table["profile"].to_pylist() == [[1.0, 0.0], None, [0.5, -0.5]]
    assert table["followers"].to_pylist() == [None, None, 12]


def test_the_same_rows_in_any_order_are_the_same_bytes(tmp_path):
    follows = [
        {"source_id": source, "target_id": target, "target_handle": target.upper(), "in_cohort": True}
        for source in "abc"
        for target in "bcd"
    ]
    # One pair twice, told apart by the handle only.
    follows.append({"source_id": "a", "target_id": "b", "target_handle": "b", "in_cohort": True})
    made = set()
    for number in range(6):
        random.Random(number).shuffle(follows)
        write_table(build_table(follows, FOLLOWS), tmp_path / "follows.parquet")
        made.add((tmp_path / "follows.parquet").read_bytes())
    assert len(made) == 1


def test_further_columns_are_kept_only_where_they_are_wanted():
    rows = [{"creator_id": "a", "city": "Lagos", "score": 1}, {"creator_id": "b", "score": 2.5, "mixed": "x"}]
    rows.append({"creator_id": "c", "mixed": 3})
    table = build_table(rows, CREATORS, further=True)
    assert table.column_names == [*CREATORS.names, "city", "mixed", "score"]
    assert table["city"].to_pylist() == ["Lagos", None, None]
    assert table["score"].to_pylist() == [1.0, 2.5, None]
    assert table["mixed"].to_pylist() == [None, "x", "3"]
    with pytest.raises(TableError, match="columns that the table does not have: city, mixed, score"):
        build_table(rows, CREATORS)


def test_a_value_of_the_wrong_type_is_named_when_written():
    with pytest.raises(TableError, match=r"column followers cannot be written as int64.*many"):
        build_table([{"creator_id": "a", "followers": "many"}], CREATORS)
    with pytest.raises(TableError, match="column creator_id cannot be written as string"):
        build_table([{"creator_id": 7}], CREATORS)
    with pytest.raises(TableError, match="column followers"):
        build_table([{"creator_id": "a", "followers": 2**70}], CREATORS)


def test_times_are_utc(tmp_path):
    row = {"reel_id": "r", "creator_id": "a", "taken_at": datetime.fromisoformat("2024-05-31T18:00:00+02:00")}
    write_table(build_table([row], REELS), tmp_path / "reels.parquet")
    taken_at = read_table(tmp_path / "reels.parquet", REELS)["taken_at"].to_pylist()
    assert taken_at == [datetime(2024, 5, 31, 16, tzinfo=UTC)]


def test_types_of_other_writers_are_read(tmp_path):
    table = pa.table(
        {
            "reel_id": pa.array(["r"], pa.large_string()),
            "creator_id": pa.array(["a"]).dictionary_encode(),
            "plays": pa.array([3], pa.int32()),
            "likes": pa.array([4.0], pa.float64()),
            "comments": pa.nulls(1),
            "duration_s": pa.array([7], pa.int64()),
            "caption": pa.nulls(1),
            "embedding": pa.array([[0.5, 0.25]], pa.large_list(pa.float64())),
            "taken_at": pa.array([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("ms", tz="Europe/Madrid")),
        }
    )
    pq.write_table(table, tmp_path / "reels.parquet")
    read = read_table(tmp_path / "reels.parquet", REELS, optional=REELS.names)
    for field in read.schema:
        assert field.type == REELS.field(field.name).type
    assert read.to_pylist() == [
        {
            "reel_id": "r", "creator_id": "a", "plays": 3, "views": None, "likes": 4, "comments": None,
            "duration_s": 7.0, "caption": None, "embedding": [0.5, 0.25], "taken_at": datetime(2024, 1, 1, tzinfo=UTC),
        }
    ]  # fmt: skip


def test_what_pandas_writes_is_read(tmp_path):
    frame = pd.DataFrame(
        {
            "creator_id": ["a", "b"],
            "followers": [1.0, np.nan],
            "handle": pd.Categorical(["A", "B"]),
            "profile": [[1.0], None],
        }
    )
    frame.to_parquet(tmp_path / "creators.parquet")
    read = read_table(tmp_path / "creators.parquet", CREATORS, optional=CREATORS.names)
    assert read["followers"].to_pylist() == [1, None]
    assert read["handle"].to_pylist() == ["A", "B"]
    assert read["profile"].to_pylist() == [[1.0], None]


def test_columns_that_nobody_knows_are_read_along_behind_the_others(tmp_path):
    table = pa.table({"note": ["x"], "target_id": ["b"], "source_id": ["a"]})
    pq.write_table(table, tmp_path / "edges.parquet")
    read = read_table(tmp_path / "edges.parquet", EDGES)
    assert read.column_names == ["source_id", "target_id", "note"]


def test_missing_columns_are_named(tmp_path):
    pq.write_table(pa.table({"creator_id": ["a"], "cluster": [1]}), tmp_path / "clusters.parquet")
    with pytest.raises(TableError) as error:
        read_table(tmp_path / "clusters.parquet", CLUSTERS, optional=("membership",))
    expected = f"{tmp_path}/clusters.parquet: columns outlier_score, kmeans_cluster missing; found creator_id, cluster"
    assert str(error.value) == expected


@pytest.mark.parametrize(
    ("column", "values"), [("cluster", ["one"]), ("cluster", [1.5]), ("membership", ["much"]), ("creator_id", [[1]])]
)
def test_a_column_of_another_type_is_named(tmp_path, column, values):
    table = build_table([{"creator_id": "a", "cluster": 1, "membership": 1.0}], CLUSTERS)
    table = table.set_column(table.column_names.index(column), column, pa.array(values))
    pq.write_table(table, tmp_path / "clusters.parquet")
    with pytest.raises(TableError, match=f"clusters.parquet: column {column} cannot be read as"):
        read_table(tmp_path / "clusters.parquet", CLUSTERS)


@pytest.mark.parametrize("content", [b"", b"creator_id,cluster\na,1\n", b"PAR1 and no more", b"<html>"])
def test_what_is_no_parquet_file_is_named(tmp_path, content):
    (tmp_path / "clusters.parquet").write_bytes(content)
    with pytest.raises(TableError, match=r"clusters.parquet: not a parquet file"):
        read_table(tmp_path / "clusters.parquet", CLUSTERS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError, match=r"clusters.parquet: no such file"):
        read_table(tmp_path / "clusters.parquet", CLUSTERS)


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "edges.parquet"
    write_table(build_table([{"source_id": "a", "target_id": "b"}], EDGES), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_table(build_table([], EDGES), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["edges.parquet"]


def test_a_table_has_the_permissions_that_the_user_wants(tmp_path):
    before = os.umask(0o027)
    try:
        write_table(build_table([], EDGES), tmp_path / "edges.parquet")
    finally:
        os.umask(before)
    assert (tmp_path / "edges.parquet").stat().st_mode & 0o777 == 0o640
