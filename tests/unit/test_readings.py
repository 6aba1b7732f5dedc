"""Cells that can be read in two ways are refused, with both readings; so are dates no reel can have."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from common.config import FilesSource
from common.program import UserError
from sources.csv_tables import read_creators_csv, read_follows_csv
from sources.files import read_source
from sources.readings import MISSING, check_long_ids, count, handle, identity, moment, words


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("145.000", ("145000", "145;")),
        ("12.500", ("12500", "12.5;")),
        ("3,200", ("3200", "3.2;")),
        ("9.999", ("9999",)),
    ],
)
def test_a_mark_between_thousands_may_be_a_decimal_one(text, readings):
    with pytest.raises(ValueError, match="is not a whole number: it can be read as") as error:
        count(text)
    assert all(reading in str(error.value) for reading in readings)


@pytest.mark.parametrize("text", ["1.234.567", "1,234,567", "12 500", "12\u00a0500", "12'500", "1.45E+05", "NA", "-"])
def test_other_ways_to_write_a_number_are_refused_with_the_way_to_write_it(text):
    with pytest.raises(ValueError, match="write 12500"):
        count(text)


@pytest.mark.parametrize(("text", "number"), [("145000", 145000), ("145.0", 145), ("1200.000", 1200), ("0.000", 0)])
def test_what_has_one_reading_is_read(text, number):
    assert count(text) == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("202405311800", "if 2024-05-31T18:00:00Z is meant, write that"),
        ("20240531180000", "if 2024-05-31T18:00:00Z is meant, write that"),
        ("2405311800", "if 2024-05-31T18:00:00Z is meant, write that"),
        ("240531180059", "if 2024-05-31T18:00:59Z is meant, write that"),
        ("1717178400000", "write the seconds: 1717178400"),
        ("0000000000", "it would be 1970-01-01"),
        ("1970-01-01", "it would be 1970-01-01"),
        ("1899-12-31", "it would be 1899-12-31"),
        ("2009-12-31", "it would be 2009-12-31"),
        ("2124-05-31", "it would be 2124-05-31"),
        ("20240230", "is not a time"),
        ("31/05/2024", "is not a time"),
        ("05/06/2024 10:00", "is not a time"),
        ("45443", "is not a time"),
        ("1" * 4300, "is not a time"),
        ("9" * 5000, "is not a time"),
    ],
)
def test_a_time_that_no_reel_can_have_is_refused_with_what_may_be_meant(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        moment(text)


def test_a_reel_of_an_hour_ago_is_no_reel_of_the_future():
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert moment(hour_ago.isoformat()) == hour_ago.isoformat()
    assert moment(str(int(hour_ago.timestamp()))).startswith(f"{hour_ago:%Y-%m-%dT%H:%M}")


@pytest.mark.parametrize("mark", sorted(MISSING))
def test_marks_of_a_missing_value_are_no_texts(mark):
    for read in (words, identity, handle):
        with pytest.raises(ValueError, match="can be read as a missing value and as a text"):
            read(mark)


@pytest.mark.parametrize(
    "shown",
    [
        *("#REF!", "#NV", "#BEZUG!", "#N/D", "#\u00a1DIV/0!", "#\u00bfNOMBRE?", "#VALEUR!", "####", "Err:502"),
        *("#N/A N/A", "#N/A Requesting Data...", "#GETTING_DATA", "-NaN", "NA_real_", "NA_integer_", "-1.#IND"),
    ],
)
def test_what_spreadsheets_of_any_language_show_instead_of_a_value_is_no_text(shown):
    with pytest.raises(ValueError, match="can be read as a missing value and as a text"):
        words(shown)


@pytest.mark.parametrize(
    "text",
    [
        "#Love!",
        "#nyc?",
        "#2024!",
        "#N",
        "Err: 502",
        "Nan",
        "na",
        "Nullarbor",
        "none of it",
        ".",
        "-",
        "#null",
        "#1",
        "N",
        "NATO",
        "🙂",
    ],
)
def test_texts_that_look_a_little_like_marks_are_texts(text):
    assert words(text) == text


def test_who_is_called_like_a_mark_is_written_with_an_at_sign():
    assert handle("@null") == "null"


@pytest.mark.parametrize(
    "text",
    ["3.4E+18", "3,4E+18", "3.4e18", "17e+10", "17841400000000001.0", "17,841,400,000,001", "17 841 400 000 001"],
)
def test_ids_that_went_through_a_decimal_number_are_refused(text):
    for read in (identity, handle):
        with pytest.raises(ValueError, match="which may have lost its last digits; export it as text again"):
            read(text)


@pytest.mark.parametrize("text", ["3400000000000000001", "-wJalrXUtnF", "1e10", "v1.0", "12.5", "r.0", "007"])
def test_other_ids_stay_as_they_are(text):
    assert identity(text) == text


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A creator with three videos."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos" / "fern").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "videos" / "fern" / f"{number}.mp4").write_bytes(b"film %d" % number)
    return tmp_path


def refused(study: Path, column: str, *cells: str) -> str:
    rows = [f"fern,{number}.mp4,{cell}" for number, cell in enumerate(cells)]
    (study / "reels.csv").write_text("\n".join([f"handle,file,{column}", *rows]) + "\n")
    with pytest.raises(UserError) as error:
        read_source(FilesSource(reels="reels.csv"))
    return str(error.value)


@pytest.mark.parametrize(
    ("column", "cell"),
    [("caption", "NA"), ("url", "#N/A"), ("reel_id", "nan"), ("plays", "9.500"), ("taken_at", "202405311800")],
)
def test_a_table_is_refused_with_line_and_column(study, column, cell):
    assert refused(study, column, "", cell).startswith(f"reels.csv, line 3: {column}: '{cell}'")


def test_numbers_that_are_all_seconds_and_all_dates_are_refused(study):
    # 31 May 2014, 18:00, and 14 July 2014; 1 June 2014, 9:30, and 15 July.
    assert "reels.csv: taken_at: '1405311800' can be read as 2014-07-14T" in refused(
        study, "taken_at", "1405311800", "1406010930"
    )
    (study / "reels.csv").write_text("handle,file,taken_at\nfern,0.mp4,1405311800\nfern,1.mp4,1717178400\n")
    assert len(read_source(FilesSource(reels="reels.csv"))["fern"].reels) == 2


@pytest.mark.parametrize("text", ["'3400000000000000001", '="3400000000000000001"'])
def test_marks_by_which_a_spreadsheet_keeps_a_text_are_no_part_of_an_id(text):
    with pytest.raises(ValueError, match="marks by which spreadsheets keep a text as it is; remove them"):
        identity(text)


EXACT = [3401234567890123457, 3411234567890123459, 3421234567890123461]


@pytest.mark.parametrize(
    "rounded",
    [lambda n: f"{n:.15g}", lambda n: f"{n:.14e}", lambda n: repr(float(n)), lambda n: str(int(float(n)))],
    ids=["a spreadsheet's 15 digits", "fewer still", "JavaScript", "pandas"],
)
def test_ids_that_went_through_decimal_numbers_are_refused(study, rounded):
    ids = [str(int(Decimal(rounded(n)))) for n in EXACT]
    assert ids != [str(n) for n in EXACT]
    assert "a spreadsheet has rounded them" in refused(study, "reel_id", *ids)
    check_long_ids([*ids, str(EXACT[0])])
    check_long_ids(ids[:1])


@pytest.mark.parametrize("cell", ["NULL", "#N/A", "nan"])
def test_further_columns_and_follows_are_read_as_strictly(tmp_path, cell):
    (tmp_path / "c.csv").write_text(f"handle,region\nfern,north\nmoss,{cell}\n")
    (tmp_path / "f.csv").write_text(f"source,target\nfern,moss\nfern,{cell}\n")
    with pytest.raises(UserError, match=r"c\.csv, line 3: region: "):
        read_creators_csv(tmp_path / "c.csv")
    with pytest.raises(UserError, match=r"f\.csv, line 3: target: "):
        read_follows_csv(tmp_path / "f.csv")
