"""Takes people out of a database of the first study."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from common.config import Inst2txtSource
from common.program import UserError
from opting_out.contents import quoted, table_names
from opting_out.people import People
from opting_out.scrub import Scrubber
from opting_out.tombstones import GONE
from purging.cleaner import Cleaner, say
from sources.inst2txt.database import list_files, open_read_only
from sources.inst2txt.values import identity

# Columns of a follow list that describe the account that is followed.
ABOUT_FOLLOWED = re.compile(r"name|url|pic|bio|^following_")
Statement = tuple[str, tuple[Any, ...]]  # of SQL, with its values


def purge_database(settings: Inst2txtSource, cleaner: Cleaner) -> None:
    """Delete the people's rows, and the videos of their reels; blank the people in the rows of others.

    Raises:
        UserError: the database cannot be changed.
    """
    path = Path(settings.database)
    changes: list[Statement] = []
    reels, others = set[str](), set[str]()
    try:
        with open_read_only(path) as database:
            for table in table_names(database):
                with suppress(sqlite3.OperationalError):  # a table without numbers of rows is none of the study's
                    changes += _changes(database, table, cleaner, reels, others)
        for stem, files in list_files(Path(settings.videos)).items() if settings.videos else ():
            for file in files.values() if stem in reels - others else ():
                cleaner.remove(file)
        is_named = bool(changes) or cleaner.certain.in_file(path)
        if is_named and cleaner.may_change(path.resolve(), cleaner.rewritten, path):
            _change(path.resolve(), changes)
    except UserError as error:  # nothing of the study can use it either
        say(f"not looked into: {error}")
    except sqlite3.Error as error:
        raise UserError(f"{path}: {error}; mend this, then give the command again") from None


def _changes(
    database: sqlite3.Connection, table: str, cleaner: Cleaner, reels: set[str], others: set[str]
) -> Iterator[Statement]:
    """Yield the SQL that takes the people out of a table.

    The names that files of the people's reels may have are added to `reels`, those of other reels to `others`.
    """
    scrubbers: dict[Any, Scrubber] = defaultdict(cleaner.scrubber)  # one for each follow list
    rows = database.execute(f"SELECT rowid, * FROM {quoted(table)}")  # noqa: S608 (its own name)
    columns = [column[0].lower() for column in rows.description[1:]]
    for number, *cells in rows:
        row = dict(zip(columns, cells, strict=True))
        goes = any(_is_one_of(cleaner.people, row.get(column)) for column in ("insta_id", "user_pk", "username"))
        names = [str(row[name]) for name in ("pk", "id", "code") if table == "reels" and row.get(name)]
        (reels if goes else others).update(names)
        if goes:
            yield f"DELETE FROM {quoted(table)} WHERE rowid = ?", (number,)  # noqa: S608
            continue
        for column, value in _clean_row(row, cleaner.people, scrubbers[row.get("user_pk")]).items():
            if value != row[column]:
                text = None if value is None else value.encode("utf-8", "surrogateescape")
                statement = f"UPDATE {quoted(table)} SET {quoted(column)} = CAST(? AS TEXT) WHERE rowid = ?"  # noqa: S608
                yield statement, (text, number)


def _clean_row(row: dict[str, Any], people: People, scrubber: Scrubber) -> dict[str, Any]:
    """Return a row about somebody else with the people blanked; a follow list keeps its length."""
    cleaned = {column: scrubber.clean_cell(value, column) for column, value in row.items()}
    followed = row.get("following_pk"), row.get("following_username")
    if any(_is_one_of(people, value) for value in followed):
        texts = [name for name, value in row.items() if isinstance(value, str)]
        cleaned |= {name: GONE for name in texts if ABOUT_FOLLOWED.search(name)}
        nobody = {"following_pk": scrubber.stand_in(*followed), "following_username": GONE}
        cleaned |= {name: value for name, value in nobody.items() if name in row}
    return cleaned


def _is_one_of(people: People, value: Any) -> bool:
    """Whether a value of a database is a handle or an id of the people; ids may be whole numbers, others, or text."""
    with suppress(ValueError):
        return people.has_handle(value) or (value is not None and identity(value) in people.ids)
    return False


def _change(path: Path, changes: list[Statement]) -> None:
    """Change a database, all or nothing, and wipe what it no longer uses."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")
        for statement, values in changes:
            database.execute(statement, values)
        database.execute("COMMIT")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
