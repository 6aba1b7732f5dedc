"""Reels and creators by the names that people gave them: a file and a handle, not a hash."""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.handles import normal_handle
from common.manifest import Row, file_stem, read_manifest
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
        """The id of a reel that was given by its id, or by the name of its file, with or without folders before it.

        Files that were not taken in (missing, passed over, not selected) are known by their rows.

        Raises:
            UserError: several reels have files of this name.
        """
        if next(self.creators.glob(f"*/{file_stem(given)}.json"), None):
            return given
        given = unicodedata.normalize("NFC", given)
        meant = (known for known in self._files() if self._is_meant(given, *known[1:]))
        found = sorted({(reel, creator) for reel, creator, _ in meant})
        if len(found) > 1:
            raise UserError(
                f"{given}: {len(found)} reels have a file of this name: "
                + ", ".join(f"{reel} of {creator}" for reel, creator in found[:10])
                + ". Give the id, or the creator's folder with the file: creator/file"
            )
        return found[0][0] if found else given

    def _files(self) -> Iterator[tuple[str, str, str]]:
        """Reel, creator and file of all that the stage knows; where a row's detail says more, each beginning of it."""
        for path in sorted(self.creators.glob("*/*.json")):
            facts = _read_facts(path)
            for name in ("file", "source_path"):
                if name in facts:
                    yield facts["reel_id"], facts["creator_id"], facts[name]
        for manifest in sorted(self.creators.glob("*.parquet")):
            for row in read_manifest(manifest):
                if row.reel_id is not None and row.state != "ok" and row.detail:
                    parts = row.detail.split(": ")
                    for end in range(1, len(parts) + 1):
                        yield row.reel_id, row.creator_id, ": ".join(parts[:end])

    def _is_meant(self, given: str, creator: str, file: str) -> bool:
        """Whether a file is called like this, alone or in the folder of its creator; loose files are in any folder."""
        if given == file:
            return True
        folder, found = given.removesuffix(f"/{file}"), given.endswith(f"/{file}")
        owners = {creator, normal_handle(self._handles.get(creator, creator))}
        return found and (creator.startswith("?") or normal_handle(folder.rpartition("/")[2]) in owners)

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
            facts = _read_facts(path)
            name = facts.get("file") or facts.get("source_path")
            return Path(name).name if name else facts.get("url")
        return None


def _read_facts(path: Path) -> dict[str, Any]:
    """What the stage `creators` says of a reel; nothing where the file is somebody else's."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return facts if file_stem(facts["reel_id"]) == path.stem else {}
    except (ValueError, LookupError, TypeError):
        return {}
