"""Publish a study: a folder that says what was found and not who it was found of, or all tables for colleagues.

The folder can be read as a source (source.kind: bundle) and checked (verify_bundle.py).
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import yaml

from analysis.figures import save_figure, style
from analysis.files import replace_file
from analysis.map_figure import map_figure, placed_creators
from analysis.study_tables import read_warning
from bundle.contents import SCHEMAS, Note, write_bundle, write_sums
from bundle.crate import write_crate
from bundle.datasheet import datasheet, readme
from bundle.opt_out import without_opted_out
from bundle.pseudonyms import Pseudonyms, read_key
from bundle.public import public_map, public_tables
from check_coverage import count
from common import program
from common.config import PublishSection
from common.manifest import Row
from common.options import add_section, read_section
from common.program import UserError
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, COVERAGE, build_table, read_table, write_table
from common.tombstones import Tombstones
from sources.opt_out_list import named_lines

VERSION = "2"
MAP_TABLES = {"coordinates": COORDINATES, "clusters": CLUSTERS, "cluster_names": CLUSTER_NAMES}
RESULTS = ("hypotheses.json", "robustness.json")
# Sections of a study that a reader of the bundle needs to make the same of it.
OF_ANALYSIS = ("profile", "map", "cluster", "hypotheses", "robustness")


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, PublishSection)
    results: Path = arguments.results
    tables = {name: read_table(results / f"tables/{name}.parquet", schema) for name, schema in SCHEMAS.items()}
    tables |= {name: read_table(results / f"map/{name}.parquet", schema) for name, schema in MAP_TABLES.items()}
    tables = without_opted_out(tables, opted_out(arguments.opt_out, arguments.kind_of_source))
    if settings.kind == "full":
        tables["status"] = without_files(tables["status"])
        suppressed = 0
    else:
        known = tables["creators"].column_names[len(SCHEMAS["creators"].names) :]
        missing = sorted(set(settings.columns) - set(known))
        if missing:
            raise UserError(
                f"publish.columns: {', '.join(missing)}: no such column of the creators; further ones: {known}"
            )
        key = read_key(Path(settings.key_file), [results, Path("data")])
        pseudonyms = Pseudonyms(key)
        mapped, suppressed = public_map(tables, settings.smallest_cluster, "words" in settings.allow, pseudonyms)
        tables = public_tables(tables, settings.allow, settings.columns, pseudonyms) | mapped
    tables["coverage"] = build_table(count([Row(**row) for row in tables["status"].to_pylist()]), COVERAGE)
    folder: Path = arguments.output
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        made = Path(temporary) / "bundle"
        fill(made, tables, settings, arguments, suppressed)
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
    program.log.info(
        "%s: %s bundle, %d creators, %d reels, %d follows, %d small clusters suppressed",
        folder, settings.kind, tables["creators"].num_rows, tables["reels"].num_rows, tables["edges"].num_rows,
        suppressed,
    )  # fmt: skip


def fill(
    folder: Path, tables: dict[str, pa.Table], settings: PublishSection, arguments: argparse.Namespace, suppressed: int
) -> None:
    """Write all files of the bundle."""
    synthetic = arguments.synthetic == "true"
    for name in MAP_TABLES:
        write_table(tables[name], folder / "map" / f"{name}.parquet")
    placed = placed_creators(tables["creators"], tables["coordinates"], tables["clusters"])
    names = {row["cluster"]: row["name"] for row in tables["cluster_names"].to_pylist()}
    warning = read_warning(arguments.results / "robustness.json")
    with style():
        figure = map_figure(placed, arguments.name, synthetic, warning, names)
        (folder / "figures").mkdir()
        save_figure(figure, *(folder / f"figures/map.{kind}" for kind in ("png", "pdf")))
    for name in RESULTS:
        replace_file(folder / "findings" / name, (arguments.results / name).read_bytes())
    config = yaml.safe_load((arguments.results / "config.yaml").read_text(encoding="utf-8"))
    study = {
        "study": {"name": arguments.name, "synthetic": synthetic, "seed": config["study"]["seed"]},
        "source": {"kind": "bundle", "bundle": {"folder": "bundle"}},
        **{section: config[section] for section in OF_ANALYSIS},
    }
    study["hypotheses"] |= {"compare": {}, "own_tests": [], "controls": None}  # files and columns of the study's own
    replace_file(folder / "study.yaml", yaml.safe_dump(study, sort_keys=False, allow_unicode=True).encode())
    published = date.fromisoformat(settings.date) if settings.date else datetime.now(UTC).date()
    replace_file(folder / "README.md", readme(arguments.name, synthetic, settings).encode())
    replace_file(
        folder / "datasheet.md", datasheet(arguments.name, synthetic, settings, tables, suppressed, published).encode()
    )
    write_bundle(folder, tables, Note(arguments.name, synthetic))
    write_crate(folder, arguments.name, synthetic, settings.licence, published)
    write_sums(folder)


def opted_out(path: Path | None, kind: str) -> Callable[[str, str], bool]:
    """Whether an account (handle in its normal form, id) has a tombstone, or is on the list of the study."""
    listed = set() if path is None else set(named_lines(path, kind).values())
    tombstones = Tombstones()
    return lambda handle, identity: handle in listed or identity in listed or tombstones.has(handle, identity)


def without_files(status: pa.Table) -> pa.Table:
    """The status table without the places of files, which stay behind."""
    return status.set_column(status.column_names.index("path"), "path", pa.nulls(len(status), pa.string()))


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER", help="of the run")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="the bundle; replaced as a whole")
    parser.add_argument("--opt-out", type=Path, metavar="FILE", help="list of people to leave out (study.opt_out)")
    parser.add_argument("--kind-of-source", default="files", help="source.kind, which says what the list may name")
    program.add_labels(parser)
    add_section(parser, PublishSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
