"""A purge: every step that takes people out of a study, in an order that can be stopped and begun again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from common.config import Config
from common.handles import printable
from common.program import UserError
from opting_out.people import People
from opting_out.search import searches
from opting_out.tombstones import FOLDER as OPT_OUT
from opting_out.tombstones import GONE, Tombstones
from purging.answers import purge_answers, purge_store
from purging.cleaner import Cleaner, say
from purging.database import purge_database
from purging.exports import purge_exports
from purging.known import RESULTS, known_accounts
from purging.leftovers import WORDS, find_leftovers, names
from purging.lists import purge_list, purge_table
from sources.creators_list import read_list
from sources.opt_out_list import named_lines
from sources.registry import RAW

PENDING = OPT_OUT / "pending.json"
SNAKEMAKE = Path(".snakemake")
SHOWN_AT_MOST = 20


def purge(
    config: Config,
    configfile: Path,
    listed: set[str],
    unfinished: People,
    as_begun: Mapping[Path, str],
    dry_run: bool,
) -> None:
    """Take people out of the study in whose folder the process is; after a crash, all steps are taken again.

    Args:
        config: of the study.
        configfile: where it stands; never changed.
        listed: handles of those who are to be purged.
        unfinished: those whose purge was begun and has not ended, and whom an id names.
        as_begun: texts that `make study` wrote, but for the configuration, by their absolute paths.
        dry_run: only say what would be done.

    Raises:
        UserError: something must be mended first, or still names the people.
        OSError: a file cannot be read or changed.
    """
    people, is_resumed, tombstones = unfinished, bool(unfinished.handles), Tombstones()
    number = len(listed or people.handles or people.ids)
    people.handles |= listed
    known = {account for account in known_accounts(config) if account.handle != GONE}
    people.learn(known, tombstones)
    cleaner = Cleaner(people, *searches(people, known, WORDS), _places(config), dry_run)
    if not dry_run:
        # Tombstones first: from now on every run leaves these people out, even if the purge is interrupted. It leaves
        # out the accounts without a name that stand for them, too.
        tombstones.add(people.identified, people.ids, id_known=True)
        tombstones.add({*people.handles, GONE} - people.identified)
        people.write(PENDING)
        for left in OPT_OUT.glob(".*"):  # by a process that was killed while it wrote there
            cleaner.remove(left)
    purge_answers(cleaner)
    for root in (Path(config.store.directory), RAW):
        purge_store(root, cleaner)
    _purge_inputs(config, cleaner)
    is_known = any(people.has(account.handle, account.identity) for account in known)
    if is_resumed or cleaner.removed or cleaner.rewritten or is_known or _is_in_results(cleaner):
        _remove_results(cleaner)
    unknown = listed - {account.handle for account in known}
    _report(config, cleaner, number, len(unknown))
    if not dry_run:
        _finish(config, configfile, cleaner, unknown, as_begun)


def _places(config: Config) -> list[Path]:
    """Return the study's own folders, wherever links or the configuration put them."""
    own = (Path(config.store.directory), RAW, RAW / "hikerapi", RAW / "acrcloud")
    links = [path for folder in own if folder.is_dir() for path in folder.iterdir() if path.is_symlink()]
    return [path.resolve() for path in (Path(), RESULTS, SNAKEMAKE, *own, *links)]


def _purge_inputs(config: Config, cleaner: Cleaner) -> None:
    """Take the people out of the researchers' own files; a bundle is not changed, as its checksums would be wrong."""
    source = config.source
    if source.kind == "hikerapi":
        path, entries = Path(config.hikerapi.creators), dict[range, str]()
        with suppress(UserError):  # nobody is left in it, or it is no list
            entries = read_list(path).entries
        if path.is_file():
            purge_list(path, entries, cleaner)
    elif source.kind == "files":
        for folder in sorted(Path(source.files.videos).glob("*")):
            if cleaner.people.has_handle(folder.name):
                cleaner.remove(folder)
    elif source.kind == "exports":
        purge_exports(source.exports, cleaner)
    elif source.kind == "inst2txt":
        purge_database(source.inst2txt, cleaner)
    for name, columns in (("creators", ["handle"]), ("reels", ["handle"]), ("follows", ["source", "target"])):
        purge_table(getattr(getattr(source, source.kind, None), name, None), columns, cleaner)


def _is_in_results(cleaner: Cleaner) -> bool:
    """Whether results may name people of whom the study knows nothing else."""
    return any(names(cleaner.possible, path) for place in (RESULTS, SNAKEMAKE) for path in sorted(place.rglob("*")))


def _remove_results(cleaner: Cleaner) -> None:
    """Remove all that the next run makes again, with the journal; environments stay, as they hold nobody's data."""
    for place in (RESULTS, SNAKEMAKE):
        children = sorted(place.iterdir()) if place.is_dir() else []
        going = [child for child in children if place == RESULTS or not child.name.startswith("conda")]
        if place.is_symlink() or len(going) < len(children):
            for child in going:
                cleaner.remove(child)
        elif place.exists():
            cleaner.remove(place)


def _report(config: Config, cleaner: Cleaner, people: int, unknown: int) -> None:
    """Tell the user how much was changed, for how many people; of `unknown` of these the study holds nothing."""
    if cleaner.dry_run:
        for verb, paths in (("remove", cleaner.removed), ("rewrite", cleaner.rewritten)):
            for path in paths:
                say(f"{verb:8}{printable(str(path))}")
    removed = _counted(len(cleaner.removed), "file or folder", "files or folders")
    changes = f"{removed} removed, {_counted(len(cleaner.rewritten), 'file', 'files')} rewritten"
    otherwise = "nothing was changed; otherwise " if cleaner.dry_run else ""
    say(f"{_counted(people, 'creator', 'creators')}: {otherwise}{changes}")
    if unknown:
        say(f"{_counted(unknown, 'handle', 'handles')} that nothing in the study knows: mind the spelling")
    if config.study.opt_out and not cleaner.is_inside(Path(config.study.opt_out).resolve()):
        cleaner.outside.add(Path(config.study.opt_out))
    for path in sorted(cleaner.outside):
        say(f"not inside the study, still has the creator: {printable(str(path))}")


def _finish(
    config: Config, configfile: Path, cleaner: Cleaner, unknown: set[str], as_begun: Mapping[Path, str]
) -> None:
    """Search the whole study; when nothing names the people any more, forget whom the purge was about.

    Handles of which the study holds nothing may be misspelt: their entries stay in `study.opt_out`.

    Raises:
        UserError: some files still name the people.
    """
    opt_out = Path(config.study.opt_out) if config.study.opt_out else None
    later = [path.resolve() for path in (PENDING, opt_out) if path]
    left, possible = find_leftovers(cleaner, config, as_begun, later)
    if configfile in left:
        left.remove(configfile)
        say(f"yours to change: {configfile} still names the creator")
    if possible:
        say(f"words that may mean the creator, or something else: {_shown(possible)}")
    stores = RAW.absolute(), Path(config.store.directory).absolute()
    own = [path for path in cleaner.outside if any(path.absolute().is_relative_to(store) for store in stores)]
    if own:
        raise UserError(
            f"{_shown(own)}: links that lead out of the study; purge what they lead to, then give this again"
        )
    if left:
        raise UserError(
            f"the creator is still named in {_shown(left)}; "
            "edit these or delete them, they are not the study's own, then give the command again"
        )
    if opt_out and opt_out.is_file():
        purge_list(opt_out, named_lines(opt_out, config.source.kind), cleaner, unknown)
    PENDING.unlink(missing_ok=True)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _shown(paths: Iterable[Path]) -> str:
    """Return the paths for a message, the first of them by name."""
    names = [printable(os.path.relpath(path)) for path in paths]
    further = f" and {len(names) - SHOWN_AT_MOST} more" if len(names) > SHOWN_AT_MOST else ""
    return ", ".join(names[:SHOWN_AT_MOST]) + further
