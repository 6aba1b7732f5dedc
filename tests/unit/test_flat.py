"""The flat table of creators: one value in each cell, names and CSV as R, Stata and pandas take them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flatten_creators
from common.columns import measured_columns
from common.parquet import build_table, write_table
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, CREATOR_MEASURES, CREATORS, CREATORS_FLAT, EDGES
from tabulation.flat import flat_names

NAME = re.compile(r"[^\W\d_]\w{0,31}")
LONG = "how often does the creator post, in a usual week of the year?"


@pytest.fixture
def made(tmp_path):
    """Three creators: one in a cluster, one in none with an unfetched list, one without a place on the map."""
    creators = [
        {"creator_id": "100", "handle": "ada", "full_name": "=Ada, \"Zoë\"", "followers": 7,
         "follows_status": "complete", "profile": [1.0, 0.0], "n_reels": 2, "age": 31, "score": 0.25,
         "paid": True, "joined": date(2024, 5, 31), "seen": datetime(2024, 5, 31, 18, tzinfo=UTC),
         "zip code": "01234", LONG: "often", LONG + "!": 5},
        {"creator_id": "20", "handle": "bob", "follows_status": "unfetched", "age": None, "paid": False},
        {"creator_id": "3", "handle": "eve", "follows_status": "complete", "score": -1.5},
    ]  # fmt: skip
    tables = {
        "creators": (creators, CREATORS),
        "coordinates": ([{"creator_id": "100", "x": 0.5, "y": 1.0}], COORDINATES),
        "clusters": ([{"creator_id": "100", "cluster": 0}, {"creator_id": "20", "cluster": -1}], CLUSTERS),
        "names": ([{"cluster": 0, "name": "red, warm"}], CLUSTER_NAMES),
        "edges": ([{"source_id": "100", "target_id": "20"}, {"source_id": "3", "target_id": "20"}], EDGES),
        "measures": ([{"creator_id": "100", "light_lightness": 42.5, "motion_kind": "still"}], CREATOR_MEASURES),
    }  # fmt: skip
    options = ["--parquet", str(tmp_path / "flat.parquet"), "--csv", str(tmp_path / "flat.csv")]
    for name, (rows, schema) in tables.items():
        write_table(build_table(rows, schema, further=name == "creators"), tmp_path / f"{name}.parquet")
        options += [f"--{name}", str(tmp_path / f"{name}.parquet")]
    flatten_creators.main(flatten_creators.parse(options))
    return tmp_path


def test_a_row_has_cluster_place_counts_measures_and_own_columns_with_their_types(made):
    table = pq.read_table(made / "flat.parquet")
    assert table.column_names[: len(CREATORS_FLAT)] == CREATORS_FLAT.names
    assert set(measured_columns()) <= set(table.column_names)
    ada, bob, eve = table.to_pylist()
    assert (ada["cluster"], ada["cluster_name"], ada["x"], ada["light_lightness"]) == (0, "red, warm", 0.5, 42.5)
    assert [row["follows_in_cohort"] for row in (ada, bob, eve)] == [1, None, 1]
    assert [row["followed_in_cohort"] for row in (ada, bob, eve)] == [0, 2, 0]
    assert (bob["cluster"], bob["cluster_name"], eve["cluster"], eve["motion_kind"]) == (-1, None, None, None)
    kinds = {name: table.schema.field(name).type for name in ("age", "score", "paid", "joined", "seen", "zip_code")}
    assert kinds == {
        "age": pa.int64(), "score": pa.float64(), "paid": pa.bool_(), "joined": pa.date32(),
        "seen": pa.timestamp("us", tz="UTC"), "zip_code": pa.string(),
    }  # fmt: skip
    assert not any(pa.types.is_nested(field.type) for field in table.schema)
    assert all(field.metadata[b"description"] for field in table.schema)
    assert table.schema.field("zip_code").metadata[b"description"].startswith(b"column zip code of")


def test_the_csv_is_read_back_with_the_same_values(made):
    table = pq.read_table(made / "flat.parquet")
    text = (made / "flat.csv").read_bytes().decode("utf-8")
    assert "\r" not in text
    read = pd.read_csv(made / "flat.csv", dtype={"creator_id": str, "zip_code": str})
    assert list(read.columns) == table.column_names
    ada = read.iloc[0]
    assert (ada["creator_id"], ada["zip_code"], ada["score"], ada["age"]) == ("100", "01234", 0.25, 31)
    assert (ada["joined"], ada["seen"]) == ("2024-05-31", "2024-05-31T18:00:00+00:00")
    assert ada["full_name"] == '\'=Ada, "Zoë"'  # not run by a spreadsheet
    assert read["paid"].tolist()[:2] == [True, False]
    assert pd.isna(read["paid"][2])


def test_names_are_those_that_stata_takes_and_all_different(made):
    names = pq.read_schema(made / "flat.parquet").names
    assert all(map(NAME.fullmatch, names))
    assert len({name.casefold() for name in names}) == len(names)
    assert flat_names([LONG, LONG + "!", "Age", "2019", "in", "größe", "a.b", "_x", "😀"], ["age"]) == [
        "how_often_does_the_creator_post_", "how_often_does_the_creator_pos_2", "Age_2", "v2019", "in_", "größe", "a_b",
        "v_x", "v_",
    ]  # fmt: skip
