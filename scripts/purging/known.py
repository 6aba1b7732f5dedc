"""Everybody whom the files of a study describe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from common.config import Config, ExportsSource, FilesSource, SelectSection
from common.files import read_lines
from common.handles import normal_handle
from common.program import UserError
from opting_out.people import Account, accounts
from opting_out.tombstones import FOLDER, Tombstones
from purging.answers import ANSWERS
from purging.cleaner import say
from purging.exports import read_export
from sources.creators_list import read_list
from sources.registry import open_source

RESULTS = Path("results")


def known_accounts(config: Config) -> Iterator[Account]:
    """Yield every account that the study's answers, results and source describe."""
    for path in sorted(ANSWERS.glob("*/*.jsonl")):
        for line in read_lines(path):
            answer = line.get("answer")
            yield from accounts(answer)
            profile = next(accounts(answer.get("user")), None) if isinstance(answer, dict) else None
            if profile:  # the list may have named this account by another handle
                yield profile._replace(handle=path.stem)
    bundle = Path(config.source.bundle.folder).rglob("*.parquet") if config.source.kind == "bundle" else ()
    for path in sorted((*RESULTS.rglob("*.parquet"), *bundle)):
        yield from _accounts_in_table(path)
    if config.source.kind == "hikerapi":
        with suppress(UserError):
            yield from (Account(listed.handle) for listed in read_list(Path(config.hikerapi.creators)).creators)
    elif config.source.kind != "bundle":
        yield from _accounts_in_source(getattr(config.source, config.source.kind))


def _accounts_in_source(section: Any) -> Iterator[Account]:
    """Yield every account that the researchers' own files describe, as far as these can be read."""
    sections = [section]
    if isinstance(section, FilesSource) and section.reels:  # where it cannot be read, the other tables name people
        sections.append(section.model_copy(update={"reels": None}))
    for number, one in enumerate(sections):
        try:
            source = open_source(one, None, tombstones=Tombstones(FOLDER / "none"))  # also who opted out earlier
            for creator in source.collect(source.members(), SelectSection()):
                yield _account(creator.handle, creator.creator_id, creator.facts.get("full_name"))
                yield from (_account(handle, target) for target, handle in creator.follows)
            for _, items in read_export(Path(one.folder)) if isinstance(one, ExportsSource) else ():
                for item in items:
                    if item.handle:
                        yield _account(item.handle, item.number, item.facts.get("full_name"))
            return
        except UserError as error:  # no run of the study can use it either
            if not number:
                say(f"not looked into: {error}")


def _accounts_in_table(path: Path) -> Iterator[Account]:
    """Yield every account in a Parquet table of results or of a bundle."""
    with suppress(OSError, ValueError):  # torn by a crash
        columns = set(pq.read_schema(path).names)
        for wanted in (["handle", "creator_id", "full_name"], ["target_handle", "target_id"]):
            if columns.issuperset(wanted):
                rows = pq.read_table(path, columns=wanted).to_pylist()
                yield from (_account(*(row[column] for column in wanted)) for row in rows if row[wanted[0]])


def _account(handle: str, identity: str | None, name: str | None = None) -> Account:
    """Return an account of a source in which the handle may be the id as well."""
    normal = normal_handle(handle)
    return Account(normal, None if identity == normal else identity, name)
