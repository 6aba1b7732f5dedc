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

from analysis.placed_creators import placed_creators
from analysis.study_tables import read_warning
from bundle.as_made import write_as_made
from bundle.bands import bands_in_groups
from bundle.contents import SCHEMAS, Note, check_files, read_tables, write_bundle, write_sums
from bundle.crate import write_crate
from bundle.datasheet import About, datasheet, readme
from bundle.kinds import LEFT_BEHIND, SUMS
from bundle.opt_out import without_opted_out
from bundle.pseudonyms import Pseudonyms, read_key
from bundle.public import is_open, public_map, public_tables, shared_words, smallest_group, without_small_clusters
from bundle.singling_out import SingledOut, singled_out
from bundle.study_file import OF_ANALYSIS, SOURCE, STUDY_FILE
from check_coverage import count
from common import program
from common.config import PublishSection
from common.files import file_sha256, replace_file
from common.manifest import Row
from common.options import add_section, read_section
from common.own_folder import MARKER, refusal
from common.parquet import build_table, read_table, write_table
from common.program import UserError
from common.tables import CLUSTER_NAMES, CLUSTERS, COORDINATES, COVERAGE
from figures.map import map_figure
from figures.page import save_figure, style
from opting_out.tombstones import Tombstones
from sources.opt_out_list import named_lines

VERSION = "4"
MAP_TABLES = {"coordinates": COORDINATES, "clusters": CLUSTERS, "cluster_names": CLUSTER_NAMES}


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, PublishSection)
    results: Path = arguments.results
    check_replaceable(arguments.output)
    tables = {name: read_table(results / f"tables/{name}.parquet", schema) for name, schema in SCHEMAS.items()}
    tables |= {name: read_table(results / f"map/{name}.parquet", schema) for name, schema in MAP_TABLES.items()}
    tables = without_opted_out(tables, opted_out(arguments.opt_out, arguments.kind_of_source))
    tables["coverage"] = build_table(count([Row(**row) for row in tables["status"].to_pylist()]), COVERAGE)
    if settings.kind == "full":
        published, suppressed = tables | {"status": without_files(tables["status"])}, 0
    else:
        tables["clusters"], tables["cluster_names"], suppressed = without_small_clusters(
            tables["clusters"], tables["cluster_names"], smallest_group(settings)
        )
        if "descriptions" not in settings.allow:
            tables["cluster_names"] = shared_words(tables, settings.k)
        published = public(tables, settings, results)
        check_singled_out(singled_out(published), settings)
    folder: Path = arguments.output
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        made = Path(temporary) / "bundle"
        fill(made, tables, published, settings, arguments, suppressed)
        shutil.copyfile(made / SUMS, made / MARKER)  # Snakemake removes SHA256SUMS before it calls this program
        check_replaceable(folder)  # what came into it meanwhile
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    program.log.info(
        "%s: %s bundle, %d of %d creators, with %s; %d small clusters suppressed",
        folder, settings.kind, published["creators"].num_rows, tables["creators"].num_rows,
        ", ".join(f"{table.num_rows} {name}" for name in ("reels", "edges") if (table := published.get(name)))
        or "no rows of reels or follows", suppressed,
    )  # fmt: skip


def public(tables: dict[str, pa.Table], settings: PublishSection, results: Path) -> dict[str, pa.Table]:
    """The tables of a public bundle.

    Raises:
        UserError: a column that is not there, or nothing that is shared by enough creators.
    """
    known = tables["creators"].column_names[len(SCHEMAS["creators"].names) :]
    missing = sorted(set(settings.columns) - set(known))
    if missing:
        raise UserError(f"publish.columns: {', '.join(missing)}: no such column of the creators; further ones: {known}")
    columns = (tables["creators"][name].to_pylist() for name in ("creator_id", "followers"))
    followers = dict(zip(*columns, strict=True))
    clusters = dict(zip(*(tables["clusters"][name].to_pylist() for name in ("creator_id", "cluster")), strict=True))
    bands, few = bands_in_groups(followers, {one: clusters.get(one) for one in followers}, settings.k)
    if few and not is_open(settings.allow):
        bands = {creator: band for creator, band in bands.items() if creator not in few}
        if not bands:
            raise UserError(
                f"publish.k: no cluster, nor those outside of all clusters together, has {settings.k} creators "
                f"({len(followers)} in all): whatever is published of them may single somebody out. Publish nothing, "
                "or `publish.kind: full` for colleagues who may see who is in it"
            )
        program.log.info("%d creators are left out: fewer than publish.k (%d) share their group", len(few), settings.k)
    pseudonyms = Pseudonyms(read_key(Path(settings.key_file), [results, Path("data")]))
    return public_tables(tables, settings, bands, pseudonyms) | public_map(
        tables, settings.allow, bands.keys(), pseudonyms
    )


def check_singled_out(found: SingledOut, settings: PublishSection) -> None:
    """Say how many creators can be told from all others; end where they are more than the study allows.

    Raises:
        UserError: names the columns and the remedies.
    """
    shown = f"{found.unique} of {found.creators} creators are unique on what is published"
    telling = [f"{name} {number}" for name, number in found.columns.items() if number]
    if telling:
        shown += f"; by one column alone: {', '.join(telling)}"
    elif found.unique:
        shown += f"; by columns together: {', '.join(found.columns)}"
    shown += f"; the smallest group of whom the same is said has {found.smallest}"
    if settings.max_unique is not None and found.unique > settings.max_unique:
        allowed = [item for item in settings.allow if is_open([item])]
        remedies = [f"take {', '.join(allowed)} out of publish.allow"] if allowed else []
        remedies += [f"take {', '.join(settings.columns)} out of publish.columns"] if settings.columns else []
        raise UserError(
            f"{shown}. publish.max_unique is {settings.max_unique}: nothing is published. Who knows these facts of a "
            f"person finds her or his row. Either {' or '.join(remedies) or 'raise publish.k'}; or, where these people "
            f"do not exist or have agreed to be found, set publish.max_unique: {found.unique} (null: any number)"
        )
    program.log.info("%s", shown)


def check_replaceable(folder: Path) -> None:
    """Raise UserError where a folder has other files than those of a bundle that was made here, as they were made.

    A bundle is replaced as a whole, and people keep notes or a `.git` in one, or correct its README.
    """
    if not folder.exists():
        return
    made = read_sums(folder / MARKER) if (folder / MARKER).is_file() else {}
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    foreign = [
        name
        for name, path in sorted(files.items())
        if path.name not in (SUMS, *LEFT_BEHIND) and (path.is_symlink() or made.get(name) != file_sha256(path))
    ]
    if foreign:
        raise refusal(folder, foreign, "--output")


def read_sums(path: Path) -> dict[str, str]:
    """The sha256 of each file that a list of checksums names."""
    lines = [line.partition("  ") for line in path.read_text(encoding="utf-8").splitlines()]
    return {file: sha256 for sha256, _, file in lines}


def fill(
    folder: Path,
    tables: dict[str, pa.Table],
    published: dict[str, pa.Table],
    settings: PublishSection,
    arguments: argparse.Namespace,
    suppressed: int,
) -> None:
    """Write all files of the bundle.

    Args:
        folder: to make.
        tables: of the study, without people who opted out and without small clusters.
        published: what the bundle has of them.
        settings: what may be published.
        arguments: of the program.
        suppressed: clusters that were too small to be shown.
    """
    synthetic = arguments.synthetic == "true"
    for name in MAP_TABLES.keys() & published.keys():
        write_table(published[name], folder / "map" / f"{name}.parquet")
    # Drawn in the order of pseudonyms where the order could be read from a vector graphic.
    drawn = published if "coordinates" in published else tables
    placed = placed_creators(drawn["creators"], drawn["coordinates"], drawn["clusters"])
    names = {row["cluster"]: row["name"] for row in published["cluster_names"].to_pylist()}
    warning = read_warning(arguments.results / "robustness.json")
    # Where there are no coordinates, there is no vector graphic, which has these as numbers.
    suffixes = ("png", "pdf") if "coordinates" in published else ("png",)
    with style():
        figure = map_figure(placed, arguments.name, synthetic, warning, names)
        (folder / "figures").mkdir()
        save_figure(figure, *(folder / f"figures/map.{suffix}" for suffix in suffixes))
    write_as_made(folder, arguments.results, tables, arguments.name, synthetic, settings)
    config = yaml.safe_load((arguments.results / "config.yaml").read_text(encoding="utf-8"))
    study = {
        "study": {"name": arguments.name, "synthetic": synthetic, "seed": config["study"]["seed"]},
        "source": SOURCE,
        **{section: config[section] for section in OF_ANALYSIS},
    }
    study["hypotheses"] |= {"compare": {}, "own_tests": [], "controls": None}  # OWN: the study's files and columns
    replace_file(folder / STUDY_FILE, yaml.safe_dump(study, sort_keys=False, allow_unicode=True).encode())
    published_on = date.fromisoformat(settings.date) if settings.date else datetime.now(UTC).date()
    about = About(arguments.name, synthetic, settings, tables, published, suppressed, published_on)
    write_bundle(folder, published, Note(arguments.name, synthetic))
    replace_file(folder / "datasheet.md", datasheet(about).encode())
    replace_file(folder / "README.md", readme(about, folder).encode())
    write_crate(folder, arguments.name, synthetic, settings.licence, published_on)
    write_sums(folder)
    faults = check_files(folder)
    if faults:  # nothing is published that its reader refuses
        raise UserError("\n".join(faults))
    read_tables(folder)


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
