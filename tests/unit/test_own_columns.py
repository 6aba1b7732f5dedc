"""The researcher's own columns of the creators file: the type that all cells have, and no guess."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from common.config import FilesSource
from common.program import UserError
from common.store import digest
from sources.csv_tables import read_creators_csv
from sources.files import FilesFolder
from sources.own_columns import check_readings, typed


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["yes", "no", "Yes"], [True, False, True]),
        (["ja", "Nein"], [True, False]),
        (["WAHR", "FALSCH"], [True, False]),  # what a German spreadsheet makes of a formula
        (["TRUE", "TRUE"], [True, True]),
        (["0", "1", "1"], [0, 1, 1]),
        (["-3", "0", "150000"], [-3, 0, 150000]),
        (["1.5", "2", "-.25", "1e-3"], [1.5, 2.0, -0.25, 0.001]),
        (["1.234", "0.5"], [1.234, 0.5]),  # the second cell says what the point is
        (["2024-05-31", "1999-01-01"], [date(2024, 5, 31), date(1999, 1, 1)]),
        (
            ["2024-05-31T20:00:00+02:00", "2024-05-31 18:00", "2024-05-31T18:00:00Z"],
            [datetime(2024, 5, 31, 18, tzinfo=UTC)] * 3,
        ),
    ],
)
def test_a_column_has_the_type_that_all_of_its_cells_have(cells, values):
    found, nearly = typed("column", cells)
    assert found == values
    assert [type(one) for one in found] == [type(one) for one in values]
    assert nearly is None


@pytest.mark.parametrize(
    "cells",
    [
        ["north", "south"],
        ["no", "no"],  # Norway; one word of a pair says nothing
        ["no", "se", "dk"],
        ["yes", "ja"],
        ["yes", "no", "unclear"],
        ["007", "042"],
        ["12345678901234567", "1"],
        ["0x10", "١٢"],
        ["31.05.2024", "01.06.2024"],
        ["1,5", "2,5"],
        ["inf", "-inf"],
        ["2024-13-45"],
    ],
)
def test_what_can_be_read_otherwise_stays_as_it_is_written(cells):
    assert typed("column", cells)[0] == cells


@pytest.mark.parametrize("name", ["id", "account_id", "ID"])
def test_ids_are_text(name):
    assert typed(name, ["12", "13"]) == (["12", "13"], None)


def test_a_column_that_is_nearly_of_a_type_is_noted_with_the_cell_that_is_not(tmp_path):
    path = tmp_path / "creators.csv"
    path.write_text("handle;age;income;joined;town\nada;31;1.200;2024-05-31;7\nbob;old;3.450;;x\nzoe;40;9.25;May;y\n")
    notices = []
    creators = read_creators_csv(path, notices)
    assert [str(notice).removeprefix(f"{path}: column ") for notice in notices] == [
        "age is taken as text, because not all of its cells are numbers: 'old' (line 3)",
        "joined is taken as text, because not all of its cells are dates (2024-05-31): 'May' (line 4)",
    ]
    assert creators["ada"][1] == {"age": "31", "income": 1.2, "joined": "2024-05-31", "town": "7"}
    assert "old" not in str(notices[0].counts())


@pytest.mark.parametrize(
    ("header", "cells", "line", "said"),
    [
        ("income", ["850", "1.200", "3.400"], 3, "'1.200' can be read as 1200 and as 1.2"),
        ("income", ["1.200"], 2, "write 1200 if that is meant, and 1.2000 if it is a decimal number"),
        ("income", ["-12,500", "7"], 2, "'-12,500' can be read as -12500 and as -12.5"),
        ("income", ["1.200.000", "850"], 2, "has marks between thousands, and would be taken as text"),
        ("income", ["7", "1'200"], 3, "write 1200"),
        ("score_id", ["7", "1.200"], 3, "'1.200' can be read as 1200"),
        ("income", ["12", "3.41E+18"], 3, "'3.41E+18' can be read as the number 3410000000000000000"),
        ("income", ["2,5e+12", "1,5"], 2, "write all of its digits"),
        ("account_id", ["12", "3.41E+08"], 3, "'3.41E+08' is an id that was taken for a decimal number"),
        ("account", ["x", *(f"17841400000{n}0000000" for n in range(3))], 3, "a spreadsheet has rounded them"),
    ],
)
def test_a_column_that_can_be_read_in_two_ways_is_refused_with_line_and_both_readings(
    header, cells, line, said, tmp_path
):
    path = tmp_path / "creators.csv"
    path.write_text("\n".join([f"handle;{header}", *(f"name{n};{cell}" for n, cell in enumerate(cells))]))
    with pytest.raises(UserError) as error:
        read_creators_csv(path)
    assert str(error.value).startswith(f"{path}, line {line}: {header}: ")
    assert said in str(error.value)


@pytest.mark.parametrize("measured", ["0.125", "12.5", "1234.567", "1e-3", "0.000"])
def test_one_decimal_that_is_like_no_thousands_says_what_the_points_are(measured):
    check_readings("value", ["12.500", "850", measured])
    assert typed("value", ["12.500", "850", measured])[0] == [12.5, 850.0, float(measured)]


def test_short_numbers_in_scientific_form_are_numbers():
    check_readings("value", ["1e+05", "2.5E3"])  # as R writes 100000
    assert typed("value", ["1e+05", "2.5E3"])[0] == [100000.0, 2500.0]


def test_empty_cells_are_unknown_and_a_column_without_any_value_is_left_out(tmp_path):
    path = tmp_path / "creators.csv"
    path.write_text("handle,age,nothing\nada,31,\nbob,,\n")
    assert read_creators_csv(path) == {"ada": ("ada", {"age": 31}), "bob": ("bob", {})}


def test_columns_that_are_called_as_those_of_the_tables_get_another_name(tmp_path):
    path = tmp_path / "creators.csv"
    path.write_text("handle,cluster,X,light_contrast,producer,followers\nada,2,3.5,yes,Max,9\nbob,1,4,no,Eva,8\n")
    assert read_creators_csv(path)["ada"][1] == {
        "given_cluster": 2, "given_X": 3.5, "given_light_contrast": True, "producer": "Max", "followers": 9,
    }  # fmt: skip


def test_a_date_changes_the_creator_s_digest_as_any_other_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("videos/ada").mkdir(parents=True)
    seen = set()
    for cell in ("2024-05-31T18:00Z", "2024-05-31T19:00Z", "2024-05-31"):
        Path("creators.csv").write_text(f"handle,joined\nada,{cell}\n")
        seen.add(FilesFolder(FilesSource(creators="creators.csv")).members()["ada"])
    assert len(seen) == 3
    with pytest.raises(AttributeError):
        digest({"not": object()})
