"""Cells of tables as spreadsheets and statistics programs leave them: what can be read in two ways is refused.

Each function takes the text of a cell; a ValueError says what is wrong with it, with both readings where there are two.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.handles import NORMAL, linked_profile, normal_handle, written_handle

# What R, SQL, Excel, pandas and JavaScript write where nothing is known.
MISSING = {
    *("NA", "<NA>", "N/A", "n/a", "#N/A", "#NA", "NaN", "nan", "NAN", "-NaN", "-nan", "-NAN", "NaT", "<NaN>", "<nan>"),
    *("NULL", "Null", "null", "(null)", "(NULL)", "<null>", "<NULL>", "[null]", "[NULL]", "\\N", "nil", "undefined"),
    *("None", "NONE", "<None>", "NA_character_", "NA_real_", "NA_integer_", "NA_complex_", "n.a.", "N.A."),
}
# What spreadsheets of any language show instead of a value: #REF!, #BEZUG!, #¿NOMBRE?, #NV, #####, Err:502.
BROKEN = re.compile(
    r"#[¡¿]?[^\W\d_a-zß-ÿ][^\W_a-zß-ÿ/]*(/[0-9])?[!?]|#N/?[ABDV]|#N/A .*|#GETTING_DATA|#Н/Д|#{3,}|Err:[0-9]{3}|"
    r"-?1\.#[A-Z]+"
)
# No short video is older: the first service for them began in 2010.
EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
# How unlikely it is that ids are so by chance: 1 in 2 to the power of this.
SURE_BITS = 16
# A number that went through a column of numbers: 3.4E+18, 3,4e18, 17841400000000001.0, 17,841,400,000,001.
FLOAT_ID = re.compile(
    r"[0-9]+[eE]\+[0-9]+|[0-9]+[.,][0-9]+[eE]\+?[0-9]+|[0-9]{2,}\.0+|"
    r"[0-9]{1,3}(?:[.,'\u2019 \xa0\u202f][0-9]{3}){3,}"
)
# By 'x and ="x" people keep a spreadsheet from changing a cell.
KEPT_AS_TEXT = re.compile(r"(?:'|=\").*", re.DOTALL)


def count(text: str) -> int:
    """A number of followers, plays or the like. Spreadsheets like to write 1200.0."""
    grouped = re.fullmatch(r"([0-9]{1,3})[.,]([0-9]{3})", text)
    if grouped and (text.strip("0.,") or "," in text):
        thousands = int(grouped[1] + grouped[2])
        raise ValueError(
            f"{text!r} is not a whole number: it can be read as {thousands} and as {float(text.replace(',', '.')):g}; "
            f"write {thousands} if that is meant"
        )
    whole = re.fullmatch(r"([0-9]{1,18})(?:\.0*)?", text)
    if not whole:
        raise ValueError(
            f"{text[:40]!r} is not a whole number (write 12500, not 12.5k or 12,500; leave the cell empty where it is "
            "not known)"
        )
    return int(whole[1])


def moment(text: str) -> str:
    """A time as ISO 8601 in UTC; takes ISO 8601 (UTC where no zone is given) and seconds since 1970.

    Times in the future and before 2010 are refused: they are numbers of another kind.
    """
    try:
        if re.fullmatch(r"[0-9]{9,}", text):  # eight digits are a date: 20240531
            found = datetime.fromtimestamp(int(text), UTC)
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text[:40]!r} is not a time (write 2024-05-31T18:00:00Z){_digits(text)}") from None
    if not EARLIEST <= found <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError(
            f"{text!r} is not a time that a reel can have: it would be {found:%Y-%m-%d} (write 2024-05-31T18:00:00Z)"
            f"{_digits(text)}"
        )
    return found.isoformat()


def as_date_digits(text: str) -> str | None:
    """A time that digits without signs between them stand for (YYYYMMDDHHMM, YYMMDDHHMM, with or without SS)."""
    for full in (text, f"20{text}"):
        if len(full) in (12, 14) and full.isdecimal():
            try:
                found = datetime.fromisoformat(f"{full[:8]}T{full[8:]}").replace(tzinfo=UTC)
            except ValueError:
                continue
            if EARLIEST <= found <= datetime.now(UTC) + timedelta(days=1):
                return f"{found:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _digits(text: str) -> str:
    """What else such a text can mean, for a message."""
    if meant := as_date_digits(text):
        return f"; if {meant} is meant, write that"
    if len(text) == 13 and text.isdecimal():
        return f"; if milliseconds since 1970 are meant, write the seconds: {text[:-3]}"
    return ""


def words(text: str) -> str:
    """A text; marks of a missing value are refused, as nobody can tell them from the text itself."""
    if text in MISSING or BROKEN.fullmatch(text):
        raise ValueError(
            f"{text!r} can be read as a missing value and as a text; leave the cell empty where nothing is known, or "
            "write the text in other words"
        )
    return text


def identity(text: str) -> str:
    """An id; a number that a spreadsheet or a statistics program has rounded is refused."""
    if FLOAT_ID.fullmatch(text):
        raise ValueError(
            f"{text!r} is an id that was taken for a decimal number, which may have lost its last digits; export it as "
            "text again"
        )
    if KEPT_AS_TEXT.fullmatch(text):
        raise ValueError(f"{text!r} has marks by which spreadsheets keep a text as it is; remove them")
    return words(text)


def handle(text: str) -> str:
    """A handle as written, without @ or a link around it (`written_handle`)."""
    usual = NORMAL.fullmatch(text.lower())
    if usual and text not in MISSING and not (text[0].isdecimal() and FLOAT_ID.fullmatch(text)):
        return text  # most are, in lists of 100,000 rows
    if not text.startswith("@"):  # @null is somebody
        identity(text.removeprefix("'"))
    linked_profile(text)
    written = written_handle(text)
    if not normal_handle(written):
        raise ValueError(f"{text!r} names nobody")
    return written


def check_long_ids(ids: list[Any]) -> None:
    """Refuse ids that went through floating-point numbers, which have room for some 16 digits.

    A spreadsheet leaves zeros from the 16th digit on, JavaScript from the 18th on; pandas leaves what the nearest such
    number is. One id may be so by chance, of 19 digits one in some 250.
    """
    long = [one for one in ids if isinstance(one, str) and re.fullmatch(r"[0-9]{17,25}", one)]
    rounded = [one for one in long if int(one) in (int(float(one)), int(Decimal(repr(float(one)))))]
    if len(rounded) == len(long) and sum(int(one).bit_length() - 54 for one in long) >= SURE_BITS:
        raise ValueError(
            f"{long[0]!r} and all other long ids have no more digits than a decimal number has room for: a spreadsheet "
            "has rounded them, or a statistics program; export them as text again"
        )


def check_digits(times: list[str]) -> None:
    """Refuse numbers that can all be read as seconds since 1970 and as digits of a date (YYMMDDHHMM)."""
    digits = [one for one in times if re.fullmatch(r"[0-9]{10}", one)]
    if digits and all(map(as_date_digits, digits)):
        raise ValueError(
            f"{digits[0]!r} can be read as {moment(digits[0])} (seconds since 1970) and as "
            f"{as_date_digits(digits[0])}; write 2024-05-31T18:00:00Z"
        )
