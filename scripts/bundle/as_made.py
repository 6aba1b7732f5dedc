"""What a bundle ships as it was made, because a reader cannot make it again: figures, tests, effect sizes, numbers.

None of it has a row or a dot with a creator's name or pseudonym. Drawn are places on the map, as pixels: the numbers in
a vector graphic would be coordinates.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analysis.evidence import SENSITIVITY
from bundle.public import is_open, smallest_group
from common.config import PublishSection
from common.files import replace_file
from common.parquet import build_table, read_table, write_table
from common.tables import EFFECTS, FLOAT, INT, NULLS, SIMILARITY
from figures.numbers import Number, Tables, study_numbers

FILES = ("hypotheses.json", "hypotheses.md", "robustness.json")
FIGURES = ("hypotheses", "similarity", "robustness", "coverage")
TABLES = {
    "sensitivity": ("sensitivity.parquet", SENSITIVITY), "effects": ("tables/effects.parquet", EFFECTS),
    "similarity": ("tables/similarity.parquet", SIMILARITY), "nulls": ("tables/nulls.parquet", NULLS),
}  # fmt: skip
OF_NUMBERS = ("reels", "creators", "follows", "edges", "coverage", "clusters")
MIXING = pa.schema(
    [
        ("source_cluster", INT),  # -1: in no cluster
        ("target_cluster", INT),
        ("follows", INT),
        ("source_creators", INT),  # of the cluster
        ("target_creators", INT),
        ("density", FLOAT),  # follows by pairs of creators
    ]
)


def write_as_made(
    folder: Path, results: Path, tables: Mapping[str, pa.Table], name: str, synthetic: bool, settings: PublishSection
) -> None:
    """Write findings and figures into a bundle.

    Args:
        folder: the bundle.
        results: of the run.
        tables: of the study without people who opted out, and without small clusters.
        name: of the study.
        synthetic: the data are synthetic.
        settings: what may be published.
    """
    smallest = smallest_group(settings)
    for file in FILES:
        replace_file(folder / "findings" / file, (results / file).read_bytes())
    for figure in FIGURES:
        replace_file(folder / f"figures/{figure}.png", (results / f"figures/{figure}.png").read_bytes())
    for table, (file, schema) in TABLES.items():
        found = read_table(results / file, schema)
        if table == "effects":  # whole cohort, and clusters that are told
            kept = pc.or_kleene(pc.is_null(found["cluster"]), pc.greater_equal(found["n_creators"], smallest))
            found = found.filter(kept)
        write_table(found, folder / f"findings/{table}.parquet")
    write_table(mixing_matrix(tables["edges"], tables["clusters"], smallest), folder / "findings/mixing.parquet")
    numbers = study_numbers(
        Tables(
            **{table: tables[table].to_pandas() for table in OF_NUMBERS},
            hypotheses=json.loads((results / "hypotheses.json").read_text(encoding="utf-8")),
            robustness=json.loads((results / "robustness.json").read_text(encoding="utf-8")),
        )
    )
    if settings.kind == "public" and not is_open(settings.allow):
        numbers = {one: None if _is_few(one, value, settings.k) else value for one, value in numbers.items()}
    labelled = {"study": name, "synthetic": synthetic, **numbers}
    replace_file(
        folder / "findings/numbers.json",
        (json.dumps(labelled, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    )


def _is_few(name: str, value: Number, k: int) -> bool:
    """Whether a number counts from 1 to k - 1 creators or reels, as in coverage.parquet."""
    counts = name.startswith(("creators", "reels", "stage_", "follow_lists"))
    return counts and isinstance(value, int) and 0 < value < k


def mixing_matrix(edges: pa.Table, clusters: pa.Table, smallest: int) -> pa.Table:
    """Follows from each cluster to each, and how many pairs of creators there are (MIXING).

    Args:
        edges: follows inside the cohort.
        clusters: of the creators.
        smallest: creators of a group that is told; of fewer, a row would say whom single people follow.
    """
    cluster_of = dict(zip(clusters["creator_id"].to_pylist(), clusters["cluster"].to_pylist(), strict=True))
    sizes = Counter(cluster_of.values())
    told = sorted(cluster for cluster, size in sizes.items() if size >= smallest)
    ends = zip(edges["source_id"].to_pylist(), edges["target_id"].to_pylist(), strict=True)
    follows = Counter((cluster_of.get(source), cluster_of.get(target)) for source, target in ends)
    rows = []
    for source in told:
        for target in told:
            pairs = sizes[source] * (sizes[target] - (source == target))
            number = follows[source, target]
            rows.append(
                {
                    "source_cluster": source, "target_cluster": target, "follows": number,
                    "source_creators": sizes[source], "target_creators": sizes[target],
                    "density": number / pairs if pairs else None,
                }
            )  # fmt: skip
    return build_table(rows, MIXING)
