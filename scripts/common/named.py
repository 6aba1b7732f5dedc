"""Reels and creators by the names that people gave them: a file and a handle, not a hash."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from common.manifest import Row, file_stem
from common.program import UserError


class Names:
    """What reels and creators are called.

    Args:
        creators: folder of the stage `creators` in the results; what is not in it is called by its id.
    """

    def __init__(self, creators: Path) -> None:
        self.creators = creators

    def of(self, creator_id: str, reel_id: str | None) -> str:
        """A reel as in "ada: holiday.mp4 (reel r12ab)"; a creator as in "ada"."""
        handle = self._handles.get(creator_id, creator_id)
        if reel_id is None:
            return handle
        file = self._file(reel_id)
        return f"{handle}: {file} (reel {reel_id})" if file else f"{handle}: reel {reel_id}"

    def of_row(self, row: Row) -> str:
        """What a row is about; of a reel that was not taken in, the row's detail has the file."""
        name = self.of(row.creator_id, row.reel_id)
        return f"{name}: {row.detail}" if row.detail else name

    def reel_id(self, given: str) -> str:
        """The id of a reel that was given by its id, or by the name of its file or the file's path.

        Raises:
            UserError: several reels have files of this name.
        """
        if next(self.creators.glob(f"*/{file_stem(given)}.json"), None):
            return given
        found = []
        for path in sorted(self.creators.glob("*/*.json")):
            facts = json.loads(path.read_text(encoding="ascii"))
            if given in (facts.get("file"), facts.get("source_path")):
                found.append((facts["reel_id"], facts["creator_id"]))
        if len(found) > 1:
            raise UserError(
                f"{given}: {len(found)} reels have a file of this name: "
                + ", ".join(f"{reel} of {creator}" for reel, creator in found[:10])
            )
        return str(found[0][0]) if found else given

    @functools.cached_property
    def _handles(self) -> dict[str, str]:
        import pyarrow.parquet as pq  # most batches have nothing to name

        found: dict[str, str] = {}
        for path in sorted(self.creators.glob("*/creators.parquet")):
            table = pq.read_table(path, columns=["creator_id", "handle"])
            found |= {row["creator_id"]: row["handle"] for row in table.to_pylist() if row["handle"]}
        return found

    def _file(self, reel_id: str) -> str | None:
        for path in self.creators.glob(f"*/{file_stem(reel_id)}.json"):
            facts = json.loads(path.read_text(encoding="ascii"))
            name = facts.get("file") or facts.get("source_path")
            return Path(name).name if name else facts.get("url")
        return None
