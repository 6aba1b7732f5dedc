"""What the database of the first study has: accounts with their reels and follows, and files beside it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.config import Inst2txtSource
from common.handles import derived_id, normal_handle, printable
from common.program import UserError
from common.states import OK, Outcome
from common.store import digest
from common.suffixes import VIDEO_SUFFIXES
from sources import readings
from sources.inst2txt.values import Record, Values, identity, plain, shown, username
from sources.joins import Notice, notice_unmatched
from sources.source import UNKNOWN, file_state

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

    row: Record
    reel_id: str
    files: dict[str, Path] = field(default_factory=dict)
    outcome: Outcome = OK
    note: str | None = None

    def state(self) -> list[Any]:
        """All that is known of the reel, as a JSON value."""
        files = [file_state(path) for path in self.files.values()]
        said = [self.outcome.reason, self.outcome.detail, self.note]
        return [self.reel_id, said, sorted(files), {name: plain(value) for name, value in self.row.items()}]


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
    row: Record = field(default_factory=dict)
    selection: set[str] | None = None
    reels: list[Reel] = field(default_factory=list)
    follows: set[tuple[str, str]] = field(default_factory=set)
    lost_follows: int = 0
    notes: list[str] = field(default_factory=list)
    outcome: Outcome = OK

    def digest(self) -> str:
        """Changes when anything about this creator does; the order of the rows does not matter."""
        said = [self.creator_id, self.handle, self.outcome.detail, self.lost_follows, sorted(self.notes)]
        row = {name: plain(value) for name, value in self.row.items()}
        reels = sorted(json.dumps(reel.state()) for reel in self.reels)
        return digest([said, row, reels, sorted(self.follows)])


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
    rows = [reel.row for account in accounts.values() for reel in account.reels if reel.row]
    ids = [reel.reel_id for account in accounts.values() for reel in account.reels if reel.row]
    times = [str(row["taken_at"]).strip().removesuffix(".0") for row in rows]
    for column, check, values in (
        ("pk", readings.check_long_ids, ids), ("taken_at", readings.check_digits, times),
    ):  # fmt: skip
        try:
            check(values)
        except ValueError as error:
            raise UserError(f"source.inst2txt.database: {path}: reels.{column}: {error}") from None
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
        account.notes.append(f"reels_selected_list {shown(given)} is no JSON list of pks: all reels are candidates")
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
        reel = Reel(values.row, reel_id or derived_id(owner.creator_id, digest([plain(cell) for cell in cells])))
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
