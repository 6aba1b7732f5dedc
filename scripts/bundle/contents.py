"""What a bundle is: tables of a study with the columns they have there, checksums, and a note of what they are of.

    BUNDLE/bundle.json                                                     format, name, whether the data are synthetic
    BUNDLE/tables/{creators,coverage}.parquet                              as in docs/tables.md
    BUNDLE/tables/{reels,follows,edges,status}.parquet                     where they are published; paths are null
    BUNDLE/tables/{measures,creator_measures}.parquet                      of bundles with all tables
    BUNDLE/SHA256SUMS                                                      of every other file (sha256sum -c)

Further files may lie beside these. A public bundle has pseudonyms for ids, and nulls where
a study keeps something back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from bundle.kinds import SUMS, files_of, strange_files
from bundle.study_file import study_faults
from common.files import file_sha256, replace_file
from common.parquet import read_table, write_table
from common.program import UserError
from common.tables import COVERAGE, CREATOR_MEASURES, CREATORS, EDGES, FOLLOWS, MEASURES, REELS, STATUS

FORMAT, VERSION = "reel-atlas-bundle", 1
NOTE = "bundle.json"
SCHEMAS = {
    "reels": REELS, "creators": CREATORS, "follows": FOLLOWS, "edges": EDGES, "status": STATUS, "coverage": COVERAGE,
    "measures": MEASURES, "creator_measures": CREATOR_MEASURES,
}  # fmt: skip
ALWAYS = ("creators", "coverage")
# Columns that name a row of another table.
REFERENCES = (
    ("reels", "creator_id", "creators"),
    ("follows", "source_id", "creators"),
    ("edges", "source_id", "creators"),
    ("edges", "target_id", "creators"),
    ("status", "reel_id", "reels"),
    ("measures", "reel_id", "reels"),
    ("creator_measures", "creator_id", "creators"),
)
# Types of columns that the schemas do not know.
FURTHER = (
    kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_boolean, kinds.is_string, kinds.is_large_string,
    kinds.is_temporal, kinds.is_null,
)  # fmt: skip
UNIQUE = {
    "reels": ["reel_id"], "creators": ["creator_id"], "edges": ["source_id", "target_id"],
    "measures": ["reel_id"], "creator_measures": ["creator_id"],
}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """What bundle.json says.

    Attributes:
        name: of the study.
        synthetic: the data are synthetic, and whatever is made of them must say so.
        format: always FORMAT.
        version: of the format.
    """

    name: str
    synthetic: bool
    format: str = FORMAT
    version: int = VERSION


def write_bundle(folder: Path, tables: dict[str, pa.Table], note: Note) -> None:
    """Write tables and note; `write_sums` makes a bundle of them and of all that lies beside them.

    Args:
        folder: made where it is missing.
        tables: by name, of SCHEMAS; those of ALWAYS must be among them.
        note: of the study.
    """
    for name in sorted({*ALWAYS, *SCHEMAS.keys() & tables.keys()}):
        write_table(tables[name], folder / "tables" / f"{name}.parquet")
    replace_file(folder / NOTE, (json.dumps(asdict(note), indent=1, ensure_ascii=False) + "\n").encode())


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over all other files of a folder."""
    lines = [f"{file_sha256(folder / file)}  {file}\n" for file in sorted(files_of(folder)) if file != SUMS]
    replace_file(folder / SUMS, "".join(lines).encode())


def check_files(folder: Path) -> list[str]:
    """What is wrong with the files of a bundle, each in a sentence that begins with the file; nothing: all is well.

    A file of a strange kind is not read any further: it may be a pipe without an end.
    """
    return strange_files(folder) or study_faults(folder) + check_sums(folder)


def check_sums(folder: Path) -> list[str]:
    """Which files differ from SHA256SUMS, are missing or not listed, each in a sentence that begins with the file."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [
            f"{folder / SUMS}: cannot be read ({getattr(error, 'strerror', None) or error}): no bundle, or not whole"
        ]
    expected = dict[str, str]()
    problems = []
    for number, line in enumerate(lines, start=1):
        digest, _, file = line.partition("  ")
        path = PurePosixPath(file)
        if len(digest) != 64 or not file or path.is_absolute() or ".." in path.parts or "\\" in file:
            problems.append(f"{folder / SUMS}: line {number} is not a checksum and a file of the bundle")
        else:
            expected[file] = digest
    there = files_of(folder)
    for file in sorted(expected):
        if file not in there:
            problems.append(f"{folder / file}: is missing")
        elif file_sha256(folder / file) != expected[file]:
            problems.append(f"{folder / file}: is not the file that was published (its sha256 differs)")
    problems += [f"{folder / file}: is not listed in {SUMS}" for file in sorted(there - expected.keys() - {SUMS})]
    return problems


def read_note(folder: Path) -> Note:
    """The note of a bundle.

    Raises:
        UserError: there is none, or none that this version reads.
    """
    path = folder / NOTE
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is no file: no bundle")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}): no bundle") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise UserError(f"{path}: not a bundle of Reel Atlas (format: {FORMAT})")
    if said.get("version") != VERSION:
        raise UserError(f"{path}: version {said.get('version')} of the format; this Reel Atlas reads {VERSION}")
    name = "".join(character for character in str(said.get("name")) if character.isprintable())
    return Note(name, bool(said.get("synthetic")))


def read_tables(folder: Path) -> dict[str, pa.Table]:
    """The tables that a bundle has, by name, with schemas, references and kinds of columns checked.

    Raises:
        TableError: a table is missing or has other columns.
        UserError: ids that occur twice, or that another table does not have; places of files.
    """
    paths = {name: folder / "tables" / f"{name}.parquet" for name in SCHEMAS}
    tables = {
        name: read_table(paths[name], schema)
        for name, schema in SCHEMAS.items()
        if name in ALWAYS or paths[name].exists()
    }
    for name, table in tables.items():
        _check_columns(paths[name], table, SCHEMAS[name])
        columns = UNIQUE.get(name, [])
        if columns and table.select(columns).group_by(columns).aggregate([]).num_rows != table.num_rows:
            raise UserError(f"{paths[name]}: {' and '.join(columns)} more than once")
    for name, column, other in REFERENCES:
        if name not in tables or other not in tables:
            continue
        found, known = tables[name].column(column), tables[other].column(UNIQUE[other][0]).combine_chunks()
        missing = pc.unique(found.filter(pc.invert(pc.is_in(found, known))))
        missing = missing.drop_null()
        if len(missing):
            raise UserError(
                f"{paths[name]}: {column} {missing[0]} is not in {other}.parquet "
                f"({len(missing)} such): the tables are not of one bundle"
            )
    if "status" in tables and tables["status"].column("path").null_count != tables["status"].num_rows:
        raise UserError(
            f"{paths['status']}: path: names files, which a study of the bundle would open; a bundle names none. "
            "Ask who published it"
        )
    return tables


def counted(tables: dict[str, pa.Table]) -> str:
    """How many creators, reels and follows a bundle has, in words; what it has no table of is left out."""
    names = {"creators": "creators", "reels": "reels", "edges": "follows"}
    return ", ".join(f"{tables[name].num_rows} {said}" for name, said in names.items() if name in tables)


def _check_columns(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """Further columns hold numbers, words and times; bytes and objects of a program are no data of a study."""
    for field in table.schema:
        kind = field.type
        while kinds.is_list(kind) or kinds.is_dictionary(kind):
            kind = kind.value_type
        if field.name not in schema.names and not any(allowed(kind) for allowed in FURTHER):
            raise UserError(
                f"{path}: column {field.name} is {field.type}: further columns of a bundle are numbers, words or times"
            )
