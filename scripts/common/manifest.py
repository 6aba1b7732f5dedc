"""Manifests: what became of every reel of a batch in one stage, as a small sorted table."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from common.parquet import build_table, read_table, write_table
from common.program import UserError
from common.tables import MANIFEST


@dataclass(frozen=True)
class Row:
    """One row of a manifest.

    Attributes:
        creator_id: whose reel it is.
        reel_id: None where the row is about the creator.
        stage: name of the stage.
        state: ok, skipped or failed.
        reason: from the vocabulary of states.py; None where ok.
        detail: what else is known about the reason.
        path: the reel's file, relative to the study's directory.
        sha256: of that file's content.
        producer: program version, model and revision.
    """

    creator_id: str
    reel_id: str | None
    stage: str
    state: str
    reason: str | None = None
    detail: str | None = None
    path: str | None = None
    sha256: str | None = None
    producer: str | None = None

    def file(self) -> Path:
        """The row's file; raises UserError where it is gone although it was made."""
        if self.path is None or not Path(self.path).exists():
            raise UserError(
                f"{self.path}: reel {self.reel_id} of stage {self.stage} is listed as made, but the file is not there. "
                f"Make it again: python scripts/redo.py --reels {self.reel_id} --stage {self.stage}, then snakemake"
            )
        return Path(self.path)


def write_manifest(rows: Sequence[Row], path: Path) -> None:
    """Write a manifest, sorted by creator and reel."""
    write_table(build_table([asdict(row) for row in rows], MANIFEST), path)


def read_manifest(path: Path) -> list[Row]:
    """Read a manifest."""
    return [Row(**row) for row in read_table(path, MANIFEST).select(MANIFEST.names).to_pylist()]


def read_reels(path: Path, stage: str) -> dict[str, Row]:
    """The rows about reels that take part, by reel_id; of the first stage's rows only the selected ones."""
    rows = [row for row in read_manifest(path) if stage != "creators" or row.state == "ok"]
    reels: dict[str, Row] = {}
    for row in rows:
        if row.reel_id is not None:
            other = reels.setdefault(row.reel_id, row)
            if other is not row:
                raise UserError(
                    f"{path}: reel {row.reel_id} is listed twice, for the creators {other.creator_id} and "
                    f"{row.creator_id}: give each reel an id of its own"
                )
    return reels


def check_unique(rows: list[Row]) -> None:
    """Refuse ids that occur twice: a creator listed under two handles would count twice in every test.

    Args:
        rows: of one batch or of all; creators without a reel are in the tables, too.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.stage == "creators" and (row.state == "ok" or row.reason == "no_reels"):
            seen["creator" if row.reel_id is None else "reel", row.reel_id or row.creator_id] += 1
    twice = [f"{kind} {name}" for (kind, name), times in sorted(seen.items()) if times > 1]
    if twice:
        raise UserError(
            f"listed more than once: {', '.join(twice[:10])}. One account under two handles (renamed), or one id given "
            "to two reels: leave one of them in the source's list"
        )


def file_stem(reel_id: str) -> str:
    """A reel_id as a file name: itself where that is safe, else a hash of it.

    Ids may come from anybody's files: `../x`, 255 bytes, control characters or a leading dash must not reach a path.
    """
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}", reel_id):
        return reel_id
    # The dot cannot occur in a safe id, so the two kinds of names never meet.
    return "id." + hashlib.blake2b(reel_id.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
