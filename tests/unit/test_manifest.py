"""Manifests: the same rows give the same bytes, and an id from anybody's file is a safe file name."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.manifest import Row, file_stem, read_manifest, read_reels, write_manifest
from common.parquet import TableError
from common.program import UserError

ROWS = [
    Row("ada", None, "creators", "ok", sha256="0" * 64, producer="collect_creators 1"),
    Row("ada", "r1", "creators", "ok", path="results/creators/0/r1.json", sha256="1" * 64),
    Row("ada", "r2", "creators", "skipped", "not_selected", "b.mp4"),
    Row("ada", "r1", "creators", "skipped", "duplicate", "c.mp4"),
    Row("ada", "r1", "creators", "skipped", "duplicate", "a.mp4"),
    Row("\nbob\u202e", "-x/../y", "creators", "failed", "corrupt", 'it said "no"'),
    Row("eve", None, "creators", "skipped", "no_reels"),
]


def test_a_manifest_reads_back_sorted_by_creator_and_reel(tmp_path):
    write_manifest(ROWS, tmp_path / "deep" / "0.parquet")
    found = read_manifest(tmp_path / "deep" / "0.parquet")
    assert set(found) == set(ROWS)
    keys = [(row.creator_id, row.reel_id or "") for row in found]
    assert keys == sorted(keys)


def test_rows_in_another_order_give_the_same_bytes(tmp_path):
    order = list(ROWS)
    made = set()
    for number in range(6):
        random.Random(number).shuffle(order)
        write_manifest(order, tmp_path / "0.parquet")
        made.add((tmp_path / "0.parquet").read_bytes())
    assert len(made) == 1


def test_an_empty_manifest_is_one(tmp_path):
    write_manifest([], tmp_path / "0.parquet")
    assert read_manifest(tmp_path / "0.parquet") == []


def test_only_selected_reels_of_the_first_stage_take_part(tmp_path):
    write_manifest(ROWS, tmp_path / "0.parquet")
    assert {reel: row.state for reel, row in read_reels(tmp_path / "0.parquet", "creators").items()} == {"r1": "ok"}


def test_all_reels_of_later_stages_take_part(tmp_path):
    rows = [Row("ada", "r1", "audio", "skipped", "no_audio"), Row("ada", "r2", "audio", "failed", "corrupt")]
    write_manifest(rows, tmp_path / "0.parquet")
    assert set(read_reels(tmp_path / "0.parquet", "audio")) == {"r1", "r2"}


def test_another_table_is_not_taken_for_a_manifest(tmp_path):
    (tmp_path / "0.parquet").write_text("creator_id,reel_id\n")
    with pytest.raises(TableError, match=r"0.parquet: not a parquet file"):
        read_manifest(tmp_path / "0.parquet")
    with pytest.raises(TableError, match=r"1.parquet: no such file"):
        read_manifest(tmp_path / "1.parquet")


def test_a_row_without_a_file_says_so_when_asked_for_it(tmp_path):
    with pytest.raises(UserError, match="reel r1 of stage audio"):
        Row("ada", "r1", "audio", "failed", "corrupt").file()
    (tmp_path / "r1.wav").touch()
    assert Row("ada", "r1", "audio", "ok", path=str(tmp_path / "r1.wav")).file() == tmp_path / "r1.wav"


@given(st.text(max_size=300))
def test_an_id_is_a_file_name_that_leads_nowhere_else(reel_id):
    stem = file_stem(reel_id)
    assert Path(stem).name == stem
    assert stem not in ("", ".", "..")
    assert stem.isascii()
    assert stem.isprintable()
    assert stem[0] not in ".-"
    assert len(stem) <= 80


@given(st.text(max_size=100), st.text(max_size=100))
def test_different_ids_have_different_file_names(one, other):
    assert (file_stem(one) == file_stem(other)) == (one == other)


@pytest.mark.parametrize("reel_id", ["DAb_c-9", "r0123456789abcdef0123", "x" * 80, "_"])
def test_a_safe_id_is_its_own_file_name(reel_id):
    assert file_stem(reel_id) == reel_id


@pytest.mark.parametrize(
    "reel_id",
    ["", ".", "..", "../../etc/passwd", "-rf", "a/b", "a b", "x" * 81, "id.0", "ü", "a\n", "a\0b", "$HOME", "\udcff"],
)
def test_any_other_id_gets_a_name_that_no_safe_id_has(reel_id):
    assert file_stem(reel_id).startswith("id.")
    assert file_stem(file_stem(reel_id)) != file_stem(reel_id)
