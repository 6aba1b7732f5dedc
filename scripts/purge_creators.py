#!/usr/bin/env python
"""Purge people who asked not to be held: every trace of them in a study, for good.

    python scripts/purge_creators.py                     those whom study.opt_out lists
    python scripts/purge_creators.py --handles ada,bob   these, too
    python scripts/purge_creators.py --dry-run           shows what would be removed and rewritten; changes nothing

Run in the study's folder (or with --study), while no snakemake runs there. The command removes the kept answers about
these people, and their entries in the follow lists of others; their results in the store, and results of others that
name them; their lines, rows, videos and items in lists, tables, databases and exports inside the folder; at last the
lines of study.opt_out itself. `results`, with the journal, and `.snakemake` are removed as a whole: the next run makes
them again from answers and store. Mentions in texts of others become "[opted out]". Files outside of the folder are
listed, never changed.

Keyed hashes (data/opt_out) remain and keep these people out, whoever names them again. At the end the whole folder is
searched; files that still name somebody are listed, and the exit status is 1. Until nothing is left, `pending.json`
beside the hashes says who is meant, so that the command can be given again after whatever stopped it.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

from begin_study import contents
from common.handles import normal_handle
from common.program import UserError, parser, run
from common.study_folder import STUDY_FILE, add_study, enter_study
from opting_out.people import People
from purging.purge import PENDING, SNAKEMAKE, purge
from snakefile.run_lock import running_elsewhere
from sources.opt_out_list import named_lines


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
        here = Path().resolve()
        as_begun = {here / name: text for name, text in contents(here) if here / name != configfile}
        purge(config, configfile, listed, unfinished, as_begun, arguments.dry_run)
    except OSError as error:
        raise UserError(f"{error}; the purge has not ended: mend this, then give the command again") from None


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    add_study(options, (STUDY_FILE,))
    options.add_argument("--handles", default="", metavar="ADA,BOB", help="handles, with commas between them")
    options.add_argument("--ids", default="", metavar="77,78", help="ids of the service, with commas between them")
    options.add_argument("--dry-run", action="store_true", help="show what would be changed; change nothing")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
