"""The source `inst2txt`: a database of the first study's programs (`instagram_data.db`), read and never changed.

The results it has of a reel are handed over as made elsewhere, so that only what is missing is computed. Accounts that
somebody inserted with nothing but a username are creators like all others. Rows that cannot be used become reels with a
reason; a single value that cannot be used is left out, and the reel's detail says so.

The Snakefile reads the source each time it is parsed: what takes time, or numpy, waits until a creator is collected.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from common.config import Inst2txtSource, SelectSection
from common.handles import derived_id, normal_handle, printable
from common.program import UserError
from common.states import OK, Outcome
from common.store import digest
from common.suffixes import VIDEO_SUFFIXES
from sources import readings
from sources.joins import Notice, notice_unmatched
from sources.readings import moment
from sources.source import UNKNOWN, FollowsStatus, Imported, SourceCreator, SourceReel, file_state

ACCOUNT_COLUMNS = (
    "insta_id", "username", "full_name", "url", "biography", "city_name", "follower_count", "following_count",
    "reels_selected_list", "kmeans_cluster", "hdbscan_cluster", "is_noise_point", "umap_x", "umap_y",
)  # fmt: skip
REEL_COLUMNS = (
    "pk", "id", "user_pk", "code", "taken_at", "comment_count", "like_count", "play_count", "video_duration",
    "thumbnail_url", "video_url", "caption", "video_unavailable", "no_audio", "audio_type", "audio_content",
    "audio_content_short", "caption_english", "caption_english_short", "model_description_text",
    "model_description_processed", "model_description_embeddings",
)  # fmt: skip
FOLLOWING_COLUMNS = ("user_pk", "following_pk", "following_username")
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
KINDS = dict.fromkeys(VIDEO_SUFFIXES, "video") | dict.fromkeys(PICTURES, "thumbnail")

DIMENSIONS = 768  # of all-mpnet-base-v2
# The first study took any answer without the expected field for the end of a list: fewer rows than this share of the
# profile's number are not the whole list.
MIN_FOLLOWS_SHARE = 0.9
# Beyond it neighbouring whole numbers are the same float: an id that was stored as one has lost its last digits.
EXACT_FLOAT = 2**53

Row = dict[str, Any]
Value = TypeVar("Value")


# Values. SQLite lets any type into any column: each of these takes what can be meant and refuses the rest.


def text(value: Any) -> str:
    """A text."""
    found = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    if not found.isascii() and re.search(r"[\ud800-\udfff]", found):
        raise ValueError("is not UTF-8 text")
    return readings.words(found)


def whole(value: Any) -> int:
    """A whole number, however it is written."""
    if isinstance(value, str) and (unsigned := value.strip().removeprefix("-"))[:1].isdecimal():
        return readings.count(unsigned) * (-1 if "-" in value else 1)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT):
        return int(value)
    raise ValueError(f"{_shown(value)} is no whole number")


def count(value: Any) -> int:
    """A number of plays, followers or the like."""
    if (number := whole(value)) < 0:
        raise ValueError(f"{number} is below zero")
    return number


def real(value: Any) -> float:
    """A finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{_shown(value)} is no number")
    return number


def flag(value: Any) -> bool:
    """True or false."""
    known = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
    if (word := str(value).strip().lower()) not in known:
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return known[word]


def when(value: Any) -> str:
    """A time (seconds since 1970, or ISO 8601) as ISO 8601 in UTC."""
    try:
        return moment(str(whole(value)))
    except ValueError:
        return moment(str(value).strip())


def identity(value: Any) -> str:
    """An id, whether it was stored as a number or as text."""
    found = text(value).strip()
    if isinstance(value, str) and readings.FLOAT_ID.fullmatch(found) and "+" in found:
        readings.identity(found)
    if re.fullmatch(r"[0-9]{1,25}", found) and int(found) > 0:
        return str(int(found))
    if not found or re.fullmatch(r"-?([0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?|inf|nan)", found, re.IGNORECASE):
        number = real(value)
        if number >= EXACT_FLOAT:
            raise ValueError(f"{_shown(value)} has lost its last digits: it was stored as a float")
        if number <= 0 or not number.is_integer():
            raise ValueError(f"{_shown(value)} is no id")
        return str(int(number))
    return found


def username(value: Any) -> str:
    """A username, without @ or a link around it."""
    found = readings.handle(text(value).strip())
    if not re.fullmatch(r"[^\s@/?#:]+", found) or not found.isprintable():
        raise ValueError(f"{_shown(value)} is no username")
    return found


def link(value: Any) -> str:
    """An address on the web."""
    found = text(value).strip()
    if not re.match(r"https?://", found):
        raise ValueError(f"{_shown(value)} is no link")
    return found


def shortcode(value: Any) -> str:
    """What a reel's address ends in."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(value)):
        raise ValueError(f"{_shown(value)} is no code of a reel")
    return str(value)


def _shown(value: Any) -> str:
    """A value as messages show it."""
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


@dataclass
class Values:
    """The values of one row; what is not as expected is None, and noted.

    Attributes:
        row: the values as they stand in the table, by column.
        notes: what was not as expected.
    """

    row: Row
    notes: list[str] = field(default_factory=list)

    def take(self, column: str, convert: Callable[[Any], Value]) -> Value | None:
        """A value converted; None where there is none or it cannot be used."""
        if self._lacks(column):
            return None
        try:
            return convert(self.row[column])
        except ValueError as error:
            self.notes.append(f"{column} {error}")
            return None

    def need(self, column: str, convert: Callable[[Any], Value]) -> Value | None:
        """The same for a value that must be there."""
        if self._lacks(column):
            self.notes.append(f"no {column}")
        return self.take(column, convert)

    def _lacks(self, column: str) -> bool:
        value = self.row.get(column)
        return value is None or (isinstance(value, str | bytes) and not value.strip())

    def remarks(self) -> str | None:
        """All notes as one text, each once."""
        return "; ".join(dict.fromkeys(self.notes)) or None


# What the database has.


@dataclass
class Reel:
    """A row of the table `reels`.

    Attributes:
        row: the values, by column.
        reel_id: from `pk`; derived from the whole row where that cannot be used.
        files: its video and its thumbnail.
        outcome: not ok where the reel cannot take part.
        note: what else is to be said of it.
    """

    row: Row
    reel_id: str
    files: dict[str, Path] = field(default_factory=dict)
    outcome: Outcome = OK
    note: str | None = None

    def state(self) -> list[Any]:
        """All that is known of the reel, as a JSON value."""
        files = [file_state(path) for path in self.files.values()]
        said = [self.outcome.reason, self.outcome.detail, self.note]
        return [self.reel_id, said, sorted(files), {name: _plain(value) for name, value in self.row.items()}]


@dataclass
class Account:
    """A row of the table `instagram_accounts`, and what the other tables have of the account.

    Attributes:
        creator_id: from `insta_id`, else the handle in its normal form.
        handle: as it stands in the table.
        row: the values, by column.
        selection: the reels that the first study chose; None where it chose none.
        reels: its reels.
        follows: id and handle of every account followed.
        lost_follows: number of follow rows that do not say who is followed.
        notes: what is to be said of it.
        outcome: not ok where the account cannot take part.
    """

    creator_id: str
    handle: str
    row: Row = field(default_factory=dict)
    selection: set[str] | None = None
    reels: list[Reel] = field(default_factory=list)
    follows: set[tuple[str, str]] = field(default_factory=set)
    lost_follows: int = 0
    notes: list[str] = field(default_factory=list)
    outcome: Outcome = OK

    def digest(self) -> str:
        """Changes when anything about this creator does; the order of the rows does not matter."""
        said = [self.creator_id, self.handle, self.outcome.detail, self.lost_follows, sorted(self.notes)]
        row = {name: _plain(value) for name, value in self.row.items()}
        reels = sorted(json.dumps(reel.state()) for reel in self.reels)
        return digest([said, row, reels, sorted(self.follows)])


class Inst2txtDatabase:
    """The source `inst2txt`.

    Args:
        settings: where database and videos are.
    """

    def __init__(self, settings: Inst2txtSource) -> None:
        self.settings = settings

    def members(self) -> dict[str, str]:
        """See `Source.members`."""
        return {handle: account.digest() for handle, account in self._accounts.items()}

    def collect(self, handles: Iterable[str], _select: SelectSection) -> Iterator[SourceCreator]:
        """See `Source.collect`."""
        for handle in handles:
            yield source_creator(self._accounts[handle])

    def notices(self) -> list[Notice]:
        """See `Source.notices`."""
        return self._read[1]

    @property
    def _accounts(self) -> dict[str, Account]:
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[dict[str, Account], list[Notice]]:
        notices: list[Notice] = []
        return read_accounts(self.settings, notices), notices


def read_accounts(settings: Inst2txtSource, notices: list[Notice] | None = None) -> dict[str, Account]:
    """Everything the source has, by the handle's normal form, sorted; raises UserError where it cannot be read.

    Args:
        settings: where database and videos are.
        notices: what concerns nobody is added here.
    """
    path = Path(settings.database)
    files = list_files(Path(settings.videos)) if settings.videos else {}
    try:
        with open_read_only(path) as database:
            _check_tables(database, path)
            account_rows = _read(database, "instagram_accounts", ACCOUNT_COLUMNS)
            reel_rows = _read(database, "reels", REEL_COLUMNS)
            follow_rows = _read(database, "following", FOLLOWING_COLUMNS)
    except (sqlite3.Error, OSError) as error:
        raise UserError(
            f"source.inst2txt.database: {path}: cannot be read: {error}. If another program is writing to it, let it "
            "finish; if one was stopped while it did, open the file once with that program or with sqlite3; if it is "
            "damaged, sqlite3 has .recover"
        ) from None
    _forget_made_up(account_rows, reel_rows, follow_rows)
    accounts, owners = _find_accounts(account_rows)
    _add_follows(accounts, owners, follow_rows, [] if notices is None else notices)
    _add_reels(accounts, owners, reel_rows, files)
    try:
        readings.check_long_ids([reel.reel_id for one in accounts.values() for reel in one.reels if reel.row])
    except ValueError as error:
        raise UserError(f"source.inst2txt.database: {path}: reels.pk: {error}") from None
    used = {file for account in accounts.values() for reel in account.reels for file in reel.files.values()}
    videos = [kinds["video"] for kinds in files.values() if "video" in kinds]
    unused = [(printable(video.name), "") for video in videos if video not in used]
    what = f"{{n}} of {{total}} videos in {settings.videos} belong to no reel of the database"
    remedy = "call the files as the database calls the reels: <pk>.mp4, <id>.mp4 or <code>.mp4"
    notice_unmatched([] if notices is None else notices, what, len(videos), unused, remedy)
    if not accounts:
        raise UserError(
            f"source.inst2txt.database: {path}: no creators found: the table instagram_accounts is empty; insert at "
            "least a username"
        )
    return dict(sorted(accounts.items()))


@contextmanager
def open_read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes neither the file nor its folder; all it reads is of one moment.

    A database in WAL mode is read with a log (-wal) and an index of it (-shm), and SQLite makes those that are missing.
    So where there is no log, the file is declared immutable; where only the index is missing, a copy is read.

    Raises:
        UserError: there is no such file, or it is no SQLite database.
        sqlite3.Error: it cannot be read.
    """
    try:
        path = path.resolve(strict=True)  # SQLite looks for the log beside the file, not beside a link to it
        with path.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        raise UserError(f"source.inst2txt.database: {path}: {error.strerror or error}") from None
    if not head.startswith(b"SQLite format 3\0"):
        raise UserError(
            f"source.inst2txt.database: {path}: not a SQLite database, "
            f"{f'it begins with {head[:16]!r}' if head else 'it is empty'}; give the first study's instagram_data.db"
        )
    log, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    mode = "mode=ro&readonly_shm=1"
    with tempfile.TemporaryDirectory() as folder:
        if log.exists() and log.stat().st_size and not index.exists():
            shutil.copyfile(log, Path(folder, log.name))
            path = Path(shutil.copyfile(path, Path(folder, path.name)))
            mode = "mode=ro"
        elif head[18:20] == b"\2\2" and not (log.exists() and index.exists()):
            mode = "mode=ro&immutable=1"
        with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, isolation_level=None)) as database:
            # Text that is not UTF-8 must neither stop the reading nor pass for text.
            database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            database.execute("BEGIN")
            yield database


def _check_tables(database: sqlite3.Connection, path: Path) -> None:
    columns = _columns(database, "instagram_accounts")
    if not columns:
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        tables = ", ".join(printable(name) for (name,) in rows)
        raise UserError(
            f"source.inst2txt.database: {path}: no table instagram_accounts; found {tables or 'no table at all'}; "
            "give the first study's instagram_data.db"
        )
    if "username" not in columns:
        raise UserError(
            f"source.inst2txt.database: {path}: instagram_accounts has no column username; found "
            + ", ".join(printable(name) for name in sorted(columns))
        )


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {name.lower() for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _read(database: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> list[Any]:
    """A table's rows in the order they were inserted: rowid and columns; None for a column that is not there."""
    there = _columns(database, table)
    if not there:
        return []
    names = ", ".join(name if name in there else "NULL" for name in columns)
    query = f"SELECT rowid, {names} FROM {table} ORDER BY rowid"  # noqa: S608 - names of this file, not of the database
    return database.execute(query).fetchall()


def _forget_made_up(accounts: list[Any], reels: list[Any], follows: list[Any]) -> None:
    """Take away ids that nobody gave: as INTEGER PRIMARY KEY, insta_id becomes the next free number by itself."""
    numbers = {number for number, *_ in accounts}
    suspects = {}
    for position, (number, insta_id, _, *others) in enumerate(accounts):
        if number == insta_id and not any(others) and (number == 1 or number - 1 in numbers):
            suspects[insta_id] = position
    if not suspects:
        return
    spoken_of = {row[1 + REEL_COLUMNS.index("user_pk")] for row in reels} | {id_ for row in follows for id_ in row[1:3]}
    spoken_of = {_id_or_none(value) for value in spoken_of}
    for insta_id, position in suspects.items():
        if str(insta_id) not in spoken_of:
            number, _, *rest = accounts[position]
            accounts[position] = (number, None, *rest)


def _find_accounts(rows: list[Any]) -> tuple[dict[str, Account], dict[str, Account]]:
    """The accounts by handle, and by each insta_id that leads to them."""
    accounts: dict[str, Account] = {}
    owners: dict[str, Account] = {}
    for number, *cells in rows:
        values = Values(dict(zip(ACCOUNT_COLUMNS, cells, strict=True)))
        insta_id, name = values.take("insta_id", identity), values.need("username", username)
        # The key of a row without a username is one that no username has.
        handle = normal_handle(name) if name else f"?row {number}"
        account = Account(insta_id or handle, name or handle, values.row, notes=values.notes)
        if handle in accounts:
            accounts[handle].notes.append(f"left out: a second row ({account.handle}, insta_id {insta_id})")
            owners.setdefault(account.creator_id, accounts[handle])
            continue
        accounts[handle] = account
        first = owners.setdefault(account.creator_id, account)
        if name is None:
            account.outcome = _unusable(f"instagram_accounts, row {number}: {values.remarks()}")
        elif first is not account:
            account.creator_id = handle
            account.outcome = _unusable(f"{first.handle} has the same insta_id ({insta_id}); remove one of the two")
        account.selection = _selection(account)
    return accounts, owners


def _selection(account: Account) -> set[str] | None:
    """The reels that the first study chose; None where it chose none, or where its list cannot be read."""
    given = account.row["reels_selected_list"]
    if given is None or given == "":
        return None
    try:
        chosen = json.loads(given)
        if not isinstance(chosen, list) or not all(type(pk) in (int, float, str) for pk in chosen):
            raise TypeError
        return {identity(pk) for pk in chosen} or None
    except (ValueError, TypeError, RecursionError):
        account.notes.append(f"reels_selected_list {_shown(given)} is no JSON list of pks: all reels are candidates")
        return None


def list_files(folder: Path) -> dict[str, dict[str, Path]]:
    """The videos and thumbnails in a folder, by name without suffix; names from the database are looked up here."""
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"source.inst2txt.videos: {folder}: {error.strerror or error}") from None
    for name in names:
        file = folder / name
        kind = KINDS.get(file.suffix.lower())
        if kind and file.is_file():
            found[file.stem].setdefault(kind, file)
    return found


def _files_of(reel: Reel, files: dict[str, dict[str, Path]]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name in (reel.row.get("id"), reel.row.get("code"), reel.reel_id):  # the surest name last: it wins
        found |= files.get(str(name), {}) if name is not None else {}
    return found


def _add_reels(
    accounts: dict[str, Account], owners: dict[str, Account], rows: list[Any], files: dict[str, dict[str, Path]]
) -> None:
    unknown = Account(UNKNOWN, UNKNOWN.removeprefix("?"))
    ids: set[str] = set()
    for _, *cells in rows:
        values = Values(dict(zip(REEL_COLUMNS, cells, strict=True)))
        owner_id, reel_id = values.need("user_pk", identity), values.need("pk", identity)
        owner = owners.get(owner_id or "", unknown)
        reel = Reel(values.row, reel_id or derived_id(owner.creator_id, digest([_plain(cell) for cell in cells])))
        reel.files = _files_of(reel, files)
        reel.outcome = _reel_outcome(reel, owner, owner_id, ids)
        if reel_id is None or owner_id is None:
            reel.outcome = _unusable(str(values.remarks()))
        owner.reels.append(reel)
        if reel.outcome.state == "ok":
            ids.add(reel.reel_id)
    for account in accounts.values():
        for reel_id in sorted((account.selection or set()) - {reel.reel_id for reel in account.reels}):
            reel = Reel({}, reel_id, note="in reels_selected_list, but no such row in the table reels")
            reel.files = _files_of(reel, files)
            if reel_id in ids:
                reel.outcome = Outcome("skipped", "duplicate", "in reels_selected_list, but another account's reel")
            account.reels.append(reel)
            ids.add(reel_id)
    if unknown.reels:
        unknown.notes.append(f"{len(unknown.reels)} reels belong to no account")
        accounts[UNKNOWN] = unknown


def _reel_outcome(reel: Reel, owner: Account, owner_id: str | None, ids: set[str]) -> Outcome:
    """Whether a reel can take part, given whose it is and the ids of the reels before it."""
    if owner.creator_id == UNKNOWN:
        return _unusable(f"user_pk {owner_id} is no account's insta_id")
    if owner_id != owner.creator_id:
        return _unusable(f"user_pk {owner_id} is that of a second row of {owner.handle}")
    if reel.reel_id in ids:
        return Outcome("skipped", "duplicate", "another row has the same pk")
    if owner.selection is not None and reel.reel_id not in owner.selection:
        return Outcome("skipped", "not_selected", "not in reels_selected_list")
    return OK


def _unusable(detail: str) -> Outcome:
    return Outcome("failed", "changed_format", detail)


def _add_follows(
    accounts: dict[str, Account], owners: dict[str, Account], rows: list[Any], notices: list[Notice]
) -> None:
    # Accounts that were inserted by name alone are followed under an id all the same.
    by_name_only = {handle for handle, account in accounts.items() if account.creator_id == handle}
    followers: dict[Any, Account | None] = {}
    for _, source, target, name in rows:
        if source not in followers:
            followers[source] = _follower(owners, source)
        account = followers[source]
        if account is None:  # not studied: its list says nothing about the cohort
            continue
        target_id = _id_or_none(target)
        handle = printable(name) if isinstance(name, str) else ""
        if target_id is None or (by_name_only and target_id not in owners):
            bare = normal_handle(handle)
            if target_id is None or bare in by_name_only:
                target_id = accounts[bare].creator_id if bare in accounts else bare
        if target_id:
            account.follows.add((target_id, handle))
        else:
            account.lost_follows += 1
    strangers = [(str(source), "") for source in followers if (_id_or_none(source) or "") not in owners]
    what = "{n} of {total} accounts in following.user_pk are no insta_id of instagram_accounts (their rows left out)"
    remedy = "insert the insta_id of the accounts whose follows are listed"
    notice_unmatched(notices, what, len(followers), strangers, remedy, reason="not_in_study", creators=len(strangers))


def _id_or_none(value: Any) -> str | None:
    plain = str(value)
    if plain.isascii() and plain.isdigit() and plain[0] != "0":  # nearly all of some 100,000 rows
        return plain
    return Values({"id": value}).take("id", identity)


def _follower(owners: dict[str, Account], source: Any) -> Account | None:
    insta_id = _id_or_none(source)
    account = owners.get(insta_id or "")
    return account if account and account.creator_id == insta_id else None


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    return {"sha256": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes) else value


# What is handed over.


def source_creator(account: Account) -> SourceCreator:
    """An account in the form all sources have."""
    values = Values(account.row, list(account.notes))
    facts: dict[str, Any] = {
        "full_name": values.take("full_name", text),
        "followers": values.take("follower_count", count),
        "following": values.take("following_count", count),
        **{name: values.take(name, text) for name in ("biography", "city_name", "url")},
        # The first study's results, named so that nobody takes them for this one's.
        **{f"inst2txt_{name}": values.take(name, whole) for name in ("kmeans_cluster", "hdbscan_cluster")},
        "inst2txt_is_noise_point": values.take("is_noise_point", flag),
        **{f"inst2txt_{name}": values.take(name, real) for name in ("umap_x", "umap_y")},
    }
    facts = {name: value for name, value in facts.items() if value is not None}
    status, followed = follows_status(account, facts.get("following"))
    if account.lost_follows:
        values.notes.append(f"{account.lost_follows} follow rows without a usable following_pk or following_username")
    if status == "partial":
        values.notes.append(f"{followed} of {facts['following']} follows are there")
    if status == "unknown":
        values.notes.append(f"{followed} follows are there; the database does not say how many there should be")
    outcome = account.outcome
    if outcome.state == "ok":
        outcome = Outcome("ok", "follows_partial" if status == "partial" else None, values.remarks())
    reels = [source_reel(reel) for reel in account.reels]
    return SourceCreator(
        account.creator_id, account.handle, facts, status, sorted(account.follows), reels, outcome=outcome
    )


def follows_status(account: Account, following: int | None) -> tuple[FollowsStatus, int]:
    """How much of a follow list is there, and how many accounts that are.

    Args:
        account: with its follows.
        following: how many accounts it follows, as its profile says.
    """
    followed = len({target for target, _ in account.follows})
    if following is not None and followed >= MIN_FOLLOWS_SHARE * following:
        return "complete", followed
    if followed and following is None:
        return "unknown", followed
    return ("partial" if followed else "unfetched"), followed


def source_reel(reel: Reel) -> SourceReel:
    """A reel in the form all sources have."""
    if reel.outcome.state != "ok":
        return SourceReel(reel.reel_id, outcome=reel.outcome)
    values = Values(reel.row, [reel.note] if reel.note else [])
    code = values.take("code", shortcode)
    facts = {
        "code": code,
        "url": f"https://www.instagram.com/reel/{code}/" if code else None,
        "caption": values.take("caption", text),
        "taken_at": values.take("taken_at", when),
        "plays": values.take("play_count", count),
        "likes": values.take("like_count", count),
        "comments": values.take("comment_count", count),
        "duration_s": values.take("video_duration", real),
    }
    video_url = values.take("video_url", link)
    if values.take("video_unavailable", flag):
        video_url = None  # nothing is to try again what is known to fail
        values.notes.append("the video was unavailable to the first study")
    sound = take_sound(values)
    video = reel.files.get("video")
    imported = {
        "transcript": transcript_of(sound),
        "context": context_of(values, sound),
        "description": description_of(values),
        "embedding": embedding_of(values),
    }
    return SourceReel(
        reel.reel_id,
        facts | sound.music,
        video=video,
        thumbnail=reel.files.get("thumbnail"),
        video_url=video_url,
        thumbnail_url=values.take("thumbnail_url", link),
        file=printable(video.name) if video else None,
        imported={stage: result for stage, result in imported.items() if result},
        outcome=Outcome("ok", detail=values.remarks()),
    )


@dataclass(frozen=True)
class Sound:
    """What the first study heard in a reel: speech or music, never both.

    Attributes:
        silent: the video has no audio track.
        speech: what is said, in English.
        speech_short: the same, condensed.
        music: title, artist and genres, named like the columns of the reels table.
        music_text: the three in one text.
    """

    silent: bool = False
    speech: str | None = None
    speech_short: str | None = None
    music: dict[str, str | None] = field(default_factory=dict)
    music_text: str | None = None


def take_sound(values: Values) -> Sound:
    """What `no_audio`, `audio_type` and the texts that belong to them say."""
    kind = (values.take("audio_type", text) or "").strip().lower()
    content, short = values.take("audio_content", text), values.take("audio_content_short", text)
    if values.take("no_audio", flag):
        return Sound(silent=True)
    if kind == "speech":
        if content is None:
            # The first study also filed failures of its music service as speech.
            values.notes.append("transcript not imported: audio_type is speech, but there is no text")
        return Sound(speech=content, speech_short=short)
    if kind == "music" and content:
        return Sound(music=parse_music(content), music_text=content)
    if kind or content or short:
        values.notes.append(f"audio_content not imported: audio_type is {kind or 'not given'}")
    return Sound()


def parse_music(content: str) -> dict[str, str | None]:
    """Title, artist and genres of "title - artist (genre: ...)"."""
    parts = re.fullmatch(r"(.*?)(?:\(genres?:(.*)\))?", content.strip(), re.DOTALL | re.IGNORECASE)
    named, genres = parts.groups() if parts else (content, None)
    title, dash, artist = named.rpartition(" - ")  # titles have dashes in them, artists rarely
    if not dash:
        title, artist = named, ""
    found = {"music_title": title, "music_artist": artist, "music_genres": genres or ""}
    # Where the service gave no genre, the first study's text says "None".
    return {name: None if value.strip() in ("", "None") else value.strip() for name, value in found.items()}


def transcript_of(sound: Sound) -> Imported | None:
    """The transcript as transcribe_speech writes it; what the first study did not keep is null."""
    if sound.silent:
        return Imported({}, Outcome("skipped", "no_audio"))
    if sound.speech is None:
        return None
    unknown = ("duration_s", "speech_s", "language", "language_probability", "dropped", "text")
    content = {"state": "ok", **dict.fromkeys(unknown), "text_en": sound.speech.strip(), "segments": None}
    return Imported({".json": _json(content)})


def context_of(values: Values, sound: Sound) -> Imported | None:
    """The context as prepare_context writes it, its lines made of the condensed texts where there are any."""
    from texts.captions import clean_caption

    caption, english, short = (
        clean_caption(values.take(name, text) or "") or None
        for name in ("caption", "caption_english", "caption_english_short")
    )
    if not (english or short or sound.speech or sound.speech_short or sound.music_text):
        return None
    told = short or english or caption
    speech = sound.speech_short or sound.speech
    missing = "no audio" if sound.silent else "music" if sound.music_text else "no text"
    lines = [
        f"Caption: {told}" if told else "Caption: none.",
        f"Speech: {' '.join(speech.split())}" if speech else f"Speech: none ({missing}).",
    ]
    if sound.music_text:
        lines.append(f"Music: {' '.join(sound.music_text.split())}")
    condensed = {
        "caption": short not in (None, english),
        "speech": sound.speech_short not in (None, sound.speech),
    }
    content = {
        "state": "ok",
        "caption": caption,
        "caption_language": None,
        "caption_en": english,
        "caption_translation": None if english == caption else "imported" if english else "not translated",
        "speech_language": None,
        "speech_text": None,
        "speech_en": sound.speech,
        "condensed": ", ".join(name for name, is_so in condensed.items() if is_so) or "none",
        "context": "\n".join(lines),
    }
    return Imported({".json": _json(content)})


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def description_of(values: Values) -> Imported | None:
    """The description as the first study's model gave it."""
    description = values.take("model_description_text", text)
    return Imported({".txt": f"{description.strip()}\n".encode()}) if description else None


def embedding_of(values: Values) -> Imported | None:
    """The embedding as embed_descriptions writes it, with the text it was made of; None where it is no unit vector."""
    import numpy as np

    given = values.row.get("model_description_embeddings")
    if given is None or given == b"":
        return None
    try:
        vector = unit_vector(given)
    except ValueError as error:
        values.notes.append(f"embedding not imported: {error}")
        return None
    buffer = io.BytesIO()
    np.save(buffer, vector)
    embedded = values.take("model_description_processed", text) or values.take("model_description_text", text)
    if embedded is None:
        values.notes.append("embedding imported without the text it was made of")
    return Imported({".npy": buffer.getvalue(), ".txt": f"{embedded.strip()}\n".encode() if embedded else b""})


def unit_vector(given: Any) -> Any:
    """Bytes as a float32 vector of unit length; raises ValueError where they are none."""
    import numpy as np

    if not isinstance(given, bytes) or len(given) != 4 * DIMENSIONS:
        found = f"{len(given)} bytes are" if isinstance(given, bytes) else f"{_shown(given)} is"
        raise ValueError(f"{found} no float32 vector of {DIMENSIONS}")
    vector = np.frombuffer(given, "<f4").astype(np.float32)
    if not np.isfinite(vector).all():
        raise ValueError("some of its numbers are not finite")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if abs(length - 1) > 1e-3:
        raise ValueError(f"its length is {length:.3g}, not 1")
    return vector
