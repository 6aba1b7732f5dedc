"""The results of a study, as far as they are those of the run that is told of."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.evidence import SENSITIVITY, Hypothesis, read_hypotheses
from analysis.study_tables import read_clusters, read_names
from common.another_try import manifest_files
from common.parquet import read_table
from common.tables import MANIFEST

LOST = ("creator_id", "reel_id", "stage", "state", "reason", "detail")


@dataclass(frozen=True)
class Results:
    """A folder of results, of which some may be left from an earlier run with other videos or settings.

    Attributes:
        folder: of the results.
        current: names of the files in it that are in step with the run; None: all that exist.
    """

    folder: Path
    current: Collection[str] | None = None

    def file(self, name: str) -> Path | None:
        """A file by its name in the folder; None where it is missing or of an earlier run."""
        path = self.folder / name
        return path if (self.current is None or name in self.current) and path.exists() else None

    def json(self, name: str) -> Any:
        """What a JSON file says; None as in `file`."""
        path = self.file(name)
        return None if path is None else json.loads(path.read_text(encoding="utf-8"))

    def table(self, name: str, schema: pa.Schema) -> pa.Table | None:
        """A table; None as in `file`."""
        path = self.file(name)
        return None if path is None else read_table(path, schema)

    @functools.cached_property
    def manifests(self) -> pa.Table:
        """The rows of all manifests, with the columns LOST."""
        paths = [path for path in manifest_files(self.folder) if self.file(path.relative_to(self.folder).as_posix())]
        schema = pa.schema([MANIFEST.field(name) for name in LOST])
        return pa.concat_tables([schema.empty_table(), *(pq.read_table(path, columns=list(LOST)) for path in paths)])

    def hypotheses(self) -> Sequence[Hypothesis]:
        """The results of the tests; none where nothing was tested."""
        path = self.file("hypotheses.json")
        return [] if path is None else read_hypotheses(path)

    def sensitivity(self) -> list[dict[str, Any]]:
        """The tests under other choices; none where nothing was tested."""
        table = self.table("sensitivity.parquet", SENSITIVITY)
        rows: list[dict[str, Any]] = [] if table is None else table.to_pylist()
        return rows

    def clusters(self) -> list[int] | None:
        """The cluster of each creator who has a profile, -1 for none; None where there was no clustering."""
        path = self.file("map/clusters.parquet")
        found: list[int] | None = None if path is None else read_clusters(path)["cluster"].to_pylist()
        return found

    def cluster_names(self) -> dict[int, str]:
        """The names of the clusters by number, in the order of their size."""
        path = self.file("map/cluster_names.parquet")
        return {} if path is None else dict(sorted(read_names(path).items()))
