"""What a file holds that its bytes do not show."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

PACKED: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}


def unescaped(text: str) -> str:
    """Undo the escapes of JSON in a text, so that `\\nada` does not look like `nada`."""

    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else {"n": "\n", "t": "\t", "r": "\r"}.get(match[0][1], match[0][1])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|.)", character, text)


def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Yield what an archive, a database or a Parquet table holds and its bytes do not show."""
    with path.open("rb") as file:
        head = file.read(16)
    for magic, opened in PACKED.items():
        if head.startswith(magic):
            with opened(path) as stream:
                yield stream
    if head.startswith(b"PK\3\4"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                yield io.BytesIO(member.filename.encode("utf-8", "replace"))
                with archive.open(member) as stream:
                    yield stream
    elif head.startswith(b"PAR1"):
        table = pq.ParquetFile(path)
        lists = {column.name: column.type for column in table.schema_arrow if pa.types.is_list(column.type)}
        vectors = {name for name, kind in lists.items() if pa.types.is_floating(kind.value_type)}
        columns = [name for name in table.schema_arrow.names if name not in vectors]
        for batch in table.iter_batches(columns=columns):
            yield io.BytesIO(_as_json(batch.to_pylist()))
    elif head == b"SQLite format 3\0":
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for table in table_names(database):
                rows = database.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608 (its own name)
                while some := rows.fetchmany(1000):
                    yield io.BytesIO(_as_json(some))


def _as_json(rows: list[Any]) -> bytes:
    return json.dumps(rows, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass")


def table_names(database: sqlite3.Connection) -> list[str]:
    """Return the names of a database's tables, without SQLite's own."""
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [str(name) for (name,) in rows if not str(name).startswith("sqlite_")]


def quoted(name: str) -> str:
    """Return the name of a table or column as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'
