#!/usr/bin/env python
"""Purge people who asked not to be held: every trace of them in a study, for good.

    python scripts/purge_creators.py                     those whom study.opt_out lists
    python scripts/purge_creators.py --handles ada,bob   these, too
    python scripts/purge_creators.py --dry-run           shows what would go; changes nothing

Run in the study's folder (or with --study), while no snakemake runs there. Out go: kept answers, also people's
entries in the follow lists of others; results in the store, also those of others that name them; lists, tables,
exports, databases and videos inside the folder, as far as they are theirs; at last the lines of study.opt_out itself.
`results`, with the journal, and `.snakemake` go as a whole: the next run makes them again from answers and store.
Mentions in texts of others become "[opted out]". What lies outside the folder is named, never touched.

Keyed hashes (data/opt_out) remain and keep them out, whoever names them again. At the end the whole folder is
searched; files that still name them are listed, and the exit status is 1. Until nothing is left, `pending.json` beside
the hashes says who they are, so that the command can be given again after whatever stopped it.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
import lzma
import os
import re
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from begin_study import contents
from common.config import Config, FilesSource, SelectSection
from common.program import UserError, parser, run
from common.store import as_line, read_lines, write_bytes
from common.study import running_elsewhere
from common.study_folder import STUDY_FILE, add_study, enter_study
from common.tables import STAGES
from media.suffixes import VIDEO_SUFFIXES
from opting_out.contents import quoted, table_names
from opting_out.csv_tables import clean_table
from opting_out.people import People
from opting_out.scrub import GONE, Account, Scrubber, accounts, identity_of
from opting_out.search import Search, searches
from opting_out.tombstones import FOLDER as OPT_OUT
from opting_out.tombstones import Tombstones
from sources.creators_list import COLUMNS, COMMENT, read_list
from sources.exports import read_items
from sources.exports.folder import PICTURES, Folder
from sources.exports.item import Item
from sources.hikerapi_answers import CLIPS, FOLLOWING, PROFILE, PROFILE_BY_ID
from sources.inst2txt import identity, list_files, open_read_only
from sources.opt_out_list import named_lines, read_text
from sources.registry import RAW, open_source
from sources.source import normal_handle, printable

VERSION = "1"
CHECKOUT = Path(__file__).resolve().parent.parent
PENDING = OPT_OUT / "pending.json"
RESULTS, SNAKEMAKE = Path("results"), Path(".snakemake")
LINES = (".ndjson", ".jsonl")
# Nobody's data: environments and weights, and where the study lies in the checkout, the program itself.
NOT_SEARCHED = (".git", ".venv", "data/models", "data/numba")
PROGRAM = (
    *("scripts", "rules", "tests", "docs", "envs", "profiles", "report", "atlas", "data/demo", "data/paper", ".ci"),
    *("Snakefile", "Makefile", "LICENSE", "CITATION.cff", "README.md", "pyproject.toml"),
    *("requirements.in", "requirements.lock"),
)
# The words of the program's own files, which are not searched for although somebody may be called so.
WORDS = " ".join(
    [
        json.dumps(Config.model_json_schema()), *COLUMNS, *STAGES, "index", "imports", "entry", "calls", "avatars",
        "download", "tombstones", "pending", "journal", "benchmarks", "logs", "figures", "tables", "metadata", "locks",
        PROFILE, PROFILE_BY_ID, CLIPS, FOLLOWING, "collect", "links", "modalities", "distinctions", "summary",
    ]
)  # fmt: skip
# Columns of a follow list that describe who is followed.
ABOUT_SOMEBODY = re.compile(r"name|url|pic|bio|^following_")
SHOWN_AT_MOST = 20
Statement = tuple[str, tuple[Any, ...]]  # of SQL, with its values


def main(arguments: argparse.Namespace) -> None:
    configfile, config = enter_study(arguments, (STUDY_FILE,))
    unfinished = People.read(PENDING)
    listed = {normal_handle(handle) for handle in arguments.handles.split(",")} - {""}
    if config.study.opt_out:
        listed |= set(named_lines(Path(config.study.opt_out), config.source.kind).values())
    unfinished.ids |= {number.strip() for number in arguments.ids.split(",")} - {""}
    if not listed | unfinished.handles | unfinished.ids:
        raise UserError("nobody to purge: study.opt_out lists nobody, and --handles and --ids name nobody")
    if running_elsewhere(SNAKEMAKE):
        raise UserError(
            "snakemake runs in this folder: wait for its end, or stop it. If it was a run on another machine that is "
            "dead, remove .snakemake/owners"
        )
    try:
        Purge(config, configfile, listed, unfinished, arguments.dry_run).run()
    except OSError as error:
        raise UserError(f"{error}; the purge has not ended: mend this, then give the command again") from None


class Purge:
    """One purge of a study, in whose directory the process is.

    Args:
        config: of the study.
        configfile: where it stands; never changed.
        listed: handles of those who are to be purged.
        unfinished: those whose purge was begun and has not ended.
        dry_run: only say what would be done.
    """

    def __init__(self, config: Config, configfile: Path, listed: set[str], unfinished: People, dry_run: bool) -> None:
        self.config, self.configfile, self.dry_run = config, configfile, dry_run
        self.listed, self.people, self.resumed = listed, unfinished, bool(unfinished.handles)
        self.number = len(listed or unfinished.handles or unfinished.ids)
        self.people.handles |= listed
        self.opt_out = Path(config.study.opt_out) if config.study.opt_out else None
        self.store = Path(config.store.directory)
        # The study's own places, wherever links or the configuration put them.
        own = (self.store, RAW, RAW / "hikerapi", RAW / "acrcloud")
        inside = [place for folder in own if folder.is_dir() for place in folder.iterdir() if place.is_symlink()]
        self.roots = [place.resolve() for place in (Path(), RESULTS, SNAKEMAKE, *own, *inside)]
        self.removed: list[Path] = []
        self.rewritten: list[Path] = []
        self.outside: set[Path] = set()
        self.unknown: set[str] = set()

    def run(self) -> None:
        """All steps; whatever stops them, they can be taken again from the first."""
        tombstones = Tombstones()
        known = {account for account in self._known() if account.handle != GONE}
        self.people.learn(known, tombstones)
        self.strict, self.loose = searches(self.people, known, WORDS)
        if not self.dry_run:
            # First of all: from here on a run leaves them out, whatever else happens; and who stands in for them, too.
            tombstones.add(self.people.identified, self.people.ids, id_known=True)
            tombstones.add({*self.people.handles, GONE} - self.people.identified)
            self.people.write(PENDING)
            for left in OPT_OUT.glob(".*"):  # by a process killed while it wrote this
                self._remove(left)
        self._purge_answers()
        self._purge_store()
        self._purge_inputs()
        known_here = any(self.people.has(one.handle, one.identity) for one in known)
        if self.resumed or self.removed or self.rewritten or known_here or self._has_results():
            self._remove_results()
        self.unknown = self.listed - {account.handle for account in known}
        self._report()
        if not self.dry_run:
            self._finish()

    # --- who they are -------------------------------------------------------------------------------------------

    def _known(self) -> Iterator[Account]:
        """Everybody whom the study's files describe."""
        for path in sorted((RAW / "hikerapi").glob("*/*.jsonl")):
            for line in read_lines(path):
                answer = line.get("answer")
                yield from accounts(answer)
                profile = next(accounts(answer.get("user")), None) if isinstance(answer, dict) else None
                if profile:  # under the handle that the list had
                    yield profile._replace(handle=path.stem)
        for path in sorted(RESULTS.rglob("*.parquet")):
            yield from accounts_of_table(path)
        yield from self._known_to_source()

    def _known_to_source(self) -> Iterator[Account]:
        """Everybody in people's own files."""
        kind = self.config.source.kind
        if kind == "hikerapi":  # its list has handles only
            with suppress(UserError):
                yield from (
                    Account(listed.handle) for listed in read_list(Path(self.config.hikerapi.creators)).creators
                )
            return
        section = getattr(self.config.source, kind)
        try:
            yield from self._known_to(section)
        except UserError as error:  # nothing of the study can use it either
            say(f"not looked into: {error}")
            if isinstance(section, FilesSource) and section.reels:  # who people are is in the other tables
                with suppress(UserError):
                    yield from self._known_to(section.model_copy(update={"reels": None}))

    def _known_to(self, section: Any) -> Iterator[Account]:
        nobody = Tombstones(OPT_OUT / "none")  # who was purged before may be there again
        source = open_source(section, None, tombstones=nobody)
        for creator in source.collect(source.members(), SelectSection()):
            yield account_of(creator.handle, creator.creator_id, creator.facts.get("full_name"))
            yield from (account_of(handle, target) for target, handle in creator.follows)
        for _, items in self._export_items:
            for item in items:
                if item.handle:
                    yield account_of(item.handle, item.number, item.facts.get("full_name"))

    # --- answers ------------------------------------------------------------------------------------------------

    def _purge_answers(self) -> None:
        """Answers that were paid for: their own go, in those of others they become nobody."""
        for path in sorted((RAW / "hikerapi").glob("*/*")):
            if path.name.startswith("."):  # a killed process left it
                self._remove(path)
            elif path.suffix == ".jsonl":
                content = b"" if self._is_file_of_theirs(path) else self._clean_answers(path)
                if content:
                    self._rewrite(path, content)
                    continue
                picture = path.parent / "avatars" / f"{path.stem}.jpg"
                if picture.exists():
                    self._remove(picture)
                self._remove(path)
        for picture in sorted((RAW / "hikerapi").glob("*/avatars/*")):
            alone = not picture.parent.with_name(f"{picture.stem}.jsonl").exists()
            if picture.name.startswith(".") or (alone and picture.stem in self.people.handles):
                self._remove(picture)

    def _is_file_of_theirs(self, path: Path) -> bool:
        """Whether the answers of a file are about them: the profile in it decides, where there is one."""
        users = [line["answer"].get("user") for line in read_lines(path) if isinstance(line.get("answer"), dict)]
        owners = {identity_of(user) for user in users if isinstance(user, dict)} - {None}
        return any(self.people.has(path.stem, owner) for owner in owners or {None})

    def _clean_answers(self, path: Path) -> bytes:
        scrubber, kept = Scrubber(self.people, self.strict), []
        for raw in path.read_bytes().splitlines(keepends=True):
            try:
                line = json.loads(raw)
            except ValueError:  # torn by a crash; nothing reads it
                continue
            params = line.get("params") or {}
            if not any(self.people.has_id(params.get(name)) for name in ("id", "user_id")):
                cleaned = line | {part: scrubber.clean(line[part]) for part in ("answer", "text") if part in line}
                kept.append(raw if cleaned == line else as_line(cleaned))
        return b"".join(kept)

    def _is_theirs(self, value: Any) -> bool:
        return self.people.has_handle(value) or self.people.has_id(value)

    # --- store --------------------------------------------------------------------------------------------------

    def _purge_store(self) -> None:
        """Of both stores, that of results and that of answers that were paid for."""
        for root in (self.store, RAW):
            self._purge_entries(root)

    def _purge_entries(self, root: Path) -> None:
        """Their results, unless somebody else has the same, and whatever names them; that is made again without."""
        indexes = {path: read_lines(path) for path in sorted((root / "index").glob("*/*.jsonl"))}
        own, shared = set[tuple[str, str]](), set[tuple[str, str]]()
        for path, lines in indexes.items():
            for line in lines:
                entry = (path.parent.name, line["key"])
                (own if self._is_theirs(line.get("creator_id")) else shared).add(entry)
        gone = own - shared
        for folder in sorted(path for path in root.glob("*/??/*") if path.is_dir()):
            entry = (folder.parts[-3], folder.name)
            if entry in gone or self._is_about_them(folder):
                gone.add(entry)
                self._remove(folder)
        for path, lines in indexes.items():
            kept = [
                as_line(line)
                for line in lines
                if (path.parent.name, line["key"]) not in gone and not self._is_theirs(line.get("creator_id"))
            ]
            if len(kept) < len(lines):
                self._rewrite(path, b"".join(kept)) if kept else self._remove(path)
        if root.resolve().is_relative_to(self.roots[0]):  # elsewhere, another study may be using it
            for left in (root / "tmp").glob("*"):
                self._remove(left)

    def _is_about_them(self, entry: Path) -> bool:
        """Whether an entry of the store was made of them or names them."""
        with suppress(OSError, ValueError, KeyError):  # an entry that lost its description is found by its texts only
            made_from = json.loads((entry / "entry.json").read_bytes())["made_from"]
            if any(map(self._is_theirs, made_from.get("download", [])[:1])):
                return True
        return any(self.strict.in_file(path) for path in entry.iterdir() if path.suffix in (".json", ".txt"))

    # --- people's own files -------------------------------------------------------------------------------------

    def _purge_inputs(self) -> None:
        source = self.config.source
        if source.kind == "hikerapi":
            self._purge_list(Path(self.config.hikerapi.creators))
        elif source.kind == "files":
            for folder in sorted(Path(source.files.videos).glob("*")):
                if self.people.has_handle(folder.name):
                    self._remove(folder)
            self._purge_table(source.files.creators, "handle")
            self._purge_table(source.files.reels, "handle")
            self._purge_table(source.files.follows, "source", "target")
        elif source.kind == "exports":
            self._purge_exports(Path(source.exports.folder))
            self._purge_table(source.exports.creators, "handle")
            self._purge_table(source.exports.follows, "source", "target")
        else:
            self._purge_database(Path(source.inst2txt.database), source.inst2txt.videos)

    def _purge_table(self, name: str | None, *columns: str) -> None:
        if name and Path(name).is_file():
            with suppress(ValueError):  # no table; if it names them, the search at the end says so
                self._rewrite(Path(name), clean_table(Path(name).read_bytes(), columns, self.people, self.strict))

    def _purge_list(self, path: Path) -> None:
        """A list of creators."""
        named: dict[int, str] = {}
        starts: set[int] = set()
        with suppress(UserError):  # nobody is left in it, or it is none
            found = read_list(path)
            named = {listed.line: listed.handle for listed in (*found.creators, *found.repeated)}
            starts = {*named, *(rejected.line for rejected in found.rejected)}
        if path.is_file():
            self._rewrite(path, self._without(path, named, starts))

    def _without(self, path: Path, named: dict[int, str], starts: Collection[int]) -> bytes:
        """A list without their lines.

        Args:
            path: of the list.
            named: handles by line.
            starts: lines in which an entry begins.
        """
        lines, encoding = read_text(path)
        gone = set()
        for number, handle in named.items():
            end, quotes = number, lines[number - 1].count('"')
            while quotes % 2 and end < len(lines) and end + 1 not in starts:  # a quoted cell goes on
                quotes += lines[end].count('"')
                end += 1
            gone |= set(range(number, end + 1)) if handle in self.people.handles else set()
        mark = "\ufeff" if 1 in gone and lines[0].startswith("\ufeff") else ""
        # Who is not known here may be misspelt: that line stays as it is.
        whole = {number for number, handle in named.items() if handle in self.unknown}
        kept = (
            line if number in whole else self._blank_line(line)
            for number, line in enumerate(lines, start=1)
            if number not in gone - whole
        )  # fmt: skip
        return (mark + "".join(kept)).encode(encoding)

    def _blank_line(self, line: str) -> str:
        """A line of a list; what only may be one of them is blanked in its comment only."""
        comment = COMMENT.search(line)
        start = comment.start() if comment else len(line)
        return self.strict.blank(line[:start]) + self.loose.blank(line[start:])

    # --- files of other tools -----------------------------------------------------------------------------------

    @cached_property
    def _export_items(self) -> list[tuple[Path, list[Item]]]:
        """The items of each file of the source `exports`."""
        root = Path(self.config.source.exports.folder)
        if self.config.source.kind != "exports" or not root.is_dir():
            return []
        folder = Folder(root)
        return [(path, list(read_items(path, folder))) for path in folder.files]

    def _purge_exports(self, root: Path) -> None:
        """Items of theirs go with all that lies beside them; those of others lose their mentions."""
        theirs: dict[Path, dict[str, bool]] = defaultdict(dict)
        for path, items in self._export_items:
            if path.name.lower().endswith(LINES):
                self._rewrite(path, self._clean_lines(path, items))
            elif items and items[0].says_something:
                stem = re.sub(r"(\.info)?\.json(\.xz)?$", "", path.name, flags=re.IGNORECASE)
                theirs[path.parent][stem] = any(map(self._owns, items))
            for avatar in {item.avatar for item in items if item.avatar and self._owns(item)}:
                self._remove(avatar)
        folders = [root, *sorted(path for path in root.rglob("*") if path.is_dir())]
        for folder in folders:
            for path in sorted(path for path in folder.iterdir() if path.is_file()):
                if path in self._tables or path.name.lower().endswith(LINES):
                    continue  # of many people; they are cleaned as what they are
                in_her_folder = self.people.has_handle(folder.name) and path.suffix.lower() not in (".csv", ".tsv")
                # Of two items `film` and `film_2` the second owns `film_2.mp4`.
                fitting = [stem for stem in theirs[folder] if path.name.startswith(files_of(stem))]
                goes = theirs[folder][max(fitting, key=len)] if fitting else in_her_folder
                if goes:
                    self._remove(path)
                elif not path.name.lower().endswith((*VIDEO_SUFFIXES, *PICTURES)):
                    with suppress(ValueError):
                        self._rewrite(path, self._clean_file(path))
        for folder in reversed(folders):
            if self.people.has_handle(folder.name) and not any(folder.iterdir()):
                self._remove(folder)

    @property
    def _tables(self) -> list[Path]:
        """The tables beside the exports, which may lie among them."""
        exports = self.config.source.exports
        return [Path(name) for name in (exports.creators, exports.follows) if name]

    def _owns(self, item: Item) -> bool:
        if item.handle:
            return self.people.has(item.handle, None if item.number is None else str(item.number))
        return self.people.has_id(item.number)

    def _clean_lines(self, path: Path, items: list[Item]) -> bytes:
        """NDJSON without their items."""
        scrubber, kept, left = Scrubber(self.people, self.strict), [], iter(items)
        for raw in path.read_bytes().splitlines(keepends=True):
            if raw.strip() and self._owns(next(left)):
                continue
            try:
                value = json.loads(raw)
            except ValueError:
                kept.append(self._blank(raw))
                continue
            cleaned = scrubber.clean(value)
            kept.append(raw if cleaned == value else as_line(cleaned))
        return b"".join(kept)

    def _clean_file(self, path: Path) -> bytes:
        """A text or JSON file, packed or not, without them; ValueError where it is neither."""
        raw = path.read_bytes()
        if not path.name.lower().endswith((".json", ".json.xz")):
            return self._blank(raw)
        try:
            value = json.loads(lzma.decompress(raw) if path.suffix.lower() == ".xz" else raw)
        except lzma.LZMAError as error:
            raise ValueError(str(error)) from None
        cleaned = Scrubber(self.people, self.strict).clean(value)
        if cleaned == value:
            return raw
        return lzma.compress(as_line(cleaned)) if path.suffix.lower() == ".xz" else as_line(cleaned)

    def _blank(self, content: bytes) -> bytes:
        try:
            return self.strict.blank(content.decode()).encode()
        except UnicodeDecodeError:
            return content

    # --- a database of the first study --------------------------------------------------------------------------

    def _purge_database(self, path: Path, videos: str | None) -> None:
        """Their rows, and the videos of their reels."""
        changes: list[Statement] = []
        reels, others = set[str](), set[str]()
        try:
            with open_read_only(path) as database:
                for table in table_names(database):
                    with suppress(sqlite3.OperationalError):  # a table without numbers of rows is none of the study's
                        changes += self._changes(database, table, reels, others)
            for stem, files in list_files(Path(videos)).items() if videos else ():
                for file in files.values() if stem in reels - others else ():
                    self._remove(file)
            if not changes and not self.strict.in_file(path):
                return
            if self._may_change(path.resolve(), self.rewritten, path):
                change_database(path.resolve(), changes)
        except UserError as error:  # nothing of the study can use it either
            say(f"not looked into: {error}")
        except sqlite3.Error as error:
            raise UserError(f"{path}: {error}; mend this, then give the command again") from None

    def _changes(
        self, database: sqlite3.Connection, table: str, reels: set[str], others: set[str]
    ) -> Iterator[Statement]:
        """SQL that takes them out of a table; what files of reels are called is added to `reels`, or to `others`."""
        scrubbers: dict[Any, Scrubber] = defaultdict(lambda: Scrubber(self.people, self.strict))
        rows = database.execute(f"SELECT rowid, * FROM {quoted(table)}")  # noqa: S608 (its own name)
        columns = [column[0].lower() for column in rows.description[1:]]
        for number, *cells in rows:
            row = dict(zip(columns, cells, strict=True))
            goes = any(self._is_cell_of_theirs(row.get(column)) for column in ("insta_id", "user_pk", "username"))
            (reels if goes else others).update(
                str(row[name]) for name in ("pk", "id", "code") if table == "reels" and row.get(name)
            )
            if goes:
                yield f"DELETE FROM {quoted(table)} WHERE rowid = ?", (number,)  # noqa: S608
                continue
            for column, value in self._clean_row(row, scrubbers[row.get("user_pk")]).items():
                if value != row[column]:
                    text = None if value is None else value.encode("utf-8", "surrogateescape")
                    statement = f"UPDATE {quoted(table)} SET {quoted(column)} = CAST(? AS TEXT) WHERE rowid = ?"  # noqa: S608
                    yield statement, (text, number)

    def _clean_row(self, row: dict[str, Any], scrubber: Scrubber) -> dict[str, Any]:
        """A row of somebody else without them; who is followed becomes nobody, so that the list does not end early."""
        cleaned = {column: scrubber.clean_cell(value, column) for column, value in row.items()}
        followed = row.get("following_pk"), row.get("following_username")
        if any(map(self._is_cell_of_theirs, followed)):
            texts = [name for name, value in row.items() if isinstance(value, str)]
            cleaned |= {name: GONE for name in texts if ABOUT_SOMEBODY.search(name)}
            nobody = {"following_pk": scrubber.stand_in(*followed), "following_username": GONE}
            cleaned |= {name: value for name, value in nobody.items() if name in row}
        return cleaned

    def _is_cell_of_theirs(self, value: Any) -> bool:
        """Whether a value of a database is their handle or id; ids may be whole numbers, others, or text."""
        with suppress(ValueError):
            return self.people.has_handle(value) or (value is not None and identity(value) in self.people.ids)
        return False

    # --- results ------------------------------------------------------------------------------------------------

    def _has_results(self) -> bool:
        """Whether anything made may have them, of whom nothing else is known."""
        return any(has(self.loose, path) for place in (RESULTS, SNAKEMAKE) for path in sorted(place.rglob("*")))

    def _remove_results(self) -> None:
        """All that the next run makes again, with the journal; environments stay, as there is nobody in them."""
        for place in (RESULTS, SNAKEMAKE):
            children = sorted(place.iterdir()) if place.is_dir() else []
            going = [child for child in children if place == RESULTS or not child.name.startswith("conda")]
            if place.is_symlink() or len(going) < len(children):
                for child in going:
                    self._remove(child)
            elif place.exists():
                self._remove(place)

    # --- how things go ------------------------------------------------------------------------------------------

    def _remove(self, path: Path) -> None:
        """Delete a file, a folder or a link."""
        if path.is_symlink() and not self._is_inside(path.resolve()):
            self.outside.add(path.resolve())
        if not self._may_change(path.parent.resolve() / path.name, self.removed, path):
            return
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _rewrite(self, path: Path, content: bytes) -> None:
        """Give a file other content, if it is another."""
        place = path.resolve()  # of a link the file, not the link
        if place.read_bytes() != content and self._may_change(place, self.rewritten, path):
            write_bytes(place, content)

    def _may_change(self, place: Path, changed: list[Path], path: Path) -> bool:
        """Note that a file changes; say whether it may: not outside of the study, and not in a dry run."""
        if not self._is_inside(place):
            self.outside.add(path)
            return False
        changed.append(path)
        return not self.dry_run

    def _is_inside(self, place: Path) -> bool:
        return any(place.is_relative_to(root) for root in self.roots)

    # --- what is left -------------------------------------------------------------------------------------------

    def _report(self) -> None:
        if self.dry_run:
            for verb, paths in (("remove", self.removed), ("rewrite", self.rewritten)):
                for path in paths:
                    say(f"{verb:8}{printable(str(path))}")
        removed = counted(len(self.removed), "file or folder", "files or folders")
        changes = f"{removed} removed, {counted(len(self.rewritten), 'file', 'files')} rewritten"
        people = counted(self.number, "creator", "creators")
        say(f"{people}: {'nothing was changed; otherwise ' if self.dry_run else ''}{changes}")
        if self.unknown:
            say(f"{counted(len(self.unknown), 'handle', 'handles')} that nothing in the study knows: mind the spelling")
        lists = [self.opt_out] if self.opt_out and not self._is_inside(self.opt_out.resolve()) else []
        for path in sorted([*self.outside, *lists]):
            say(f"not inside the study, still has the creator: {printable(str(path))}")

    def _finish(self) -> None:
        """Search everything; when nothing is left, forget whom the purge was about."""
        left, perhaps = self._search()
        if self.configfile in left:
            left.remove(self.configfile)
            say(f"yours to change: {self.configfile} still names the creator")
        if perhaps:
            say(f"words that may mean the creator, or something else: {shown(perhaps)}")
        stores = RAW.absolute(), self.store.absolute()
        own = [path for path in self.outside if any(path.absolute().is_relative_to(store) for store in stores)]
        if own:
            raise UserError(
                f"{shown(own)}: links that lead out of the study; purge what they lead to, then give this again"
            )
        if left:
            raise UserError(
                f"the creator is still named in {shown(left)}; "
                "edit these or delete them, they are not the study's own, then give the command again"
            )
        if self.opt_out and self.opt_out.is_file():
            named = named_lines(self.opt_out, self.config.source.kind)
            starts = named if self.config.source.kind == "hikerapi" else range(1, 1 << 30)
            self._rewrite(self.opt_out, self._without(self.opt_out, named, starts))
        PENDING.unlink(missing_ok=True)

    def _search(self) -> tuple[list[Path], list[Path]]:
        """Files that name them, and files that may."""
        left: list[Path] = []
        perhaps: list[Path] = []
        for path in self._everything():
            if path in (PENDING.resolve(), self.opt_out and self.opt_out.resolve()):  # they go when all else has gone
                continue
            try:
                if has(self.loose, path):
                    (left if has(self.strict, path) else perhaps).append(path)
            except OSError:  # who cannot look cannot say that there is nothing
                left.append(path)
        return left, perhaps

    def _everything(self) -> Iterator[Path]:
        """Every file and folder of the study."""
        here, *others = self.roots
        skipped = {place / name for place in (here, CHECKOUT) for name in NOT_SEARCHED}
        skipped |= {CHECKOUT / name for name in PROGRAM}
        # What make study wrote, and nobody has changed since.
        skipped |= {
            path for name, text in contents(here) if (path := here / name) != self.configfile and _is(path, text)
        }
        skipped |= {Path(self.config.models.directory or "data/models").resolve(), *here.glob(".snakemake/conda*")}
        for root in (here, *(root for root in others if not root.is_relative_to(here))):
            for folder, subfolders, files in os.walk(root):
                subfolders[:] = [name for name in sorted(subfolders) if Path(folder, name) not in skipped]
                found = (Path(folder, name) for name in (*subfolders, *sorted(files)))
                yield from (path for path in found if path not in skipped)


def _is(path: Path, text: str) -> bool:
    """Whether a file has this text."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def files_of(stem: str) -> tuple[str, ...]:
    """How the names of the files of an item begin; instaloader numbers those of an album."""
    return (f"{stem}.", f"{stem}_") if stem.endswith("_UTC") else (f"{stem}.",)


def has(search: Search, path: Path) -> bool:
    """Whether a file, folder or link has them in its name, target or content."""
    if path.is_symlink():
        return search.in_name(printable(path.name)) or search.found(printable(str(path.readlink())))
    return search.in_name(printable(path.name)) or (path.is_file() and search.in_file(path))


def accounts_of_table(path: Path) -> Iterator[Account]:
    """Everybody in a table of results."""
    try:
        columns = pq.read_schema(path).names
        for wanted in (["handle", "creator_id", "full_name"], ["target_handle", "target_id"]):
            if set(wanted) <= set(columns):
                rows = pq.read_table(path, columns=wanted).to_pylist()
                yield from (account_of(*(row[column] for column in wanted)) for row in rows if row[wanted[0]])
    except (OSError, ValueError):  # torn by a crash
        return


def account_of(handle: str, identity: str | None, name: str | None = None) -> Account:
    """An account of a source for which the handle may be the id as well."""
    normal = normal_handle(handle)
    return Account(normal, None if identity == normal else identity, name)


def change_database(path: Path, changes: list[Statement]) -> None:
    """Change a database, all or nothing, and wipe what is no longer used."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")
        for statement, values in changes:
            database.execute(statement, values)
        database.execute("COMMIT")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def counted(number: int, one: str, several: str) -> str:
    """A number of things, in words."""
    return f"{number} {one if number == 1 else several}"


def shown(paths: list[Path]) -> str:
    """Files, in words."""
    names = [printable(os.path.relpath(path)) for path in paths[:SHOWN_AT_MOST]]
    return ", ".join(names) + (f" and {len(paths) - SHOWN_AT_MOST} more" if len(paths) > SHOWN_AT_MOST else "")


def say(text: str) -> None:
    """Tell the user; nothing of it stays in the study."""
    print(text)  # noqa: T201


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    add_study(options, (STUDY_FILE,))
    options.add_argument("--handles", default="", metavar="ADA,BOB", help="handles, with commas between them")
    options.add_argument("--ids", default="", metavar="77,78", help="ids of the service, with commas between them")
    options.add_argument("--dry-run", action="store_true", help="show what would go; change nothing")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
