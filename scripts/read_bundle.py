"""Take over the tables of a bundle, after checking them: everything from the tables on can then be made again.

Creators who opted out of the study that reads the bundle are left out, with their reels and follows.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bundle.contents import SCHEMAS, check_files, counted, read_note, read_tables
from bundle.opt_out import without_opted_out
from bundle.study_file import NEEDED, not_remakeable
from common import program
from common.config import ProfileSection
from common.options import add_section, read_section
from common.parquet import build_table, write_table
from common.program import UserError
from opting_out.tombstones import Tombstones

VERSION = "2"


def main(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.bundle
    note = read_note(folder)
    problems = check_files(folder)
    if problems:
        shown = "\n".join(problems[:10])
        raise UserError(f"{folder}: {len(problems)} faults in its files; get the bundle again:\n{shown}")
    if note.synthetic and arguments.synthetic != "true":
        raise UserError(f"{folder}: the bundle's data are synthetic; say so in the study: `study: {{synthetic: true}}`")
    tables = read_tables(folder)
    lacking = [item for item, needed in NEEDED.items() if not set(needed) <= tables.keys()]
    if tables["creators"].column("profile").null_count == tables["creators"].num_rows:
        lacking = ["profiles", *(item for item in lacking if item != "profiles")]
    if lacking:
        raise UserError(not_remakeable(folder, lacking))
    tables = without_opted_out(tables, Tombstones().has)
    tables["creators"] = marked(tables["creators"], read_section(arguments, ProfileSection).min_reels)
    # A public bundle has no measures; whatever reads them finds tables without a row.
    empty = {name: build_table([], SCHEMAS[name]) for name in ("measures", "creator_measures")}
    for name, table in (empty | tables).items():
        write_table(table, arguments.output / f"{name}.parquet")
    program.log.info("%s: bundle of %s, %s inside the cohort", folder, note.name, counted(tables))
    if tables["creators"].column("followers").null_count == tables["creators"].num_rows:
        program.log.warning(
            "%s: has no numbers of followers (publish.allow: [counts]): no test controls for them", folder
        )


def marked(creators: pa.Table, min_reels: int) -> pa.Table:
    """Creators with fewer embedded reels than this study asks for are marked."""
    few = pc.less(pc.fill_null(creators.column("n_embedded"), 0), min_reels)
    return creators.set_column(creators.column_names.index("few_reels"), "few_reels", few)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--bundle", type=Path, required=True, metavar="FOLDER", help="the bundle")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the tables go")
    parser.add_argument(
        "--synthetic", choices=["true", "false"], default="false", help="the study is labelled as synthetic [false]"
    )
    add_section(parser, ProfileSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
