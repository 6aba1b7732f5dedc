"""The tables of a study: their columns, and the only two ways to write and to read them.

Tables are parquet files, sorted by id, with strings as ids, so that the same input gives the same bytes. Columns and
types are checked when a table is written and when it is read.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from common.columns import creators_measures, described, measured_columns

STRING, FLOAT, INT = pa.string(), pa.float64(), pa.int64()
TIME = pa.timestamp("us", tz="UTC")
VECTOR = pa.list_(pa.float32())

# Stages with one manifest row per reel, in the order of the way of the data.
STAGES = (
    *("creators", "video", "audio", "music", "transcript", "context", "frames", "measures", "description", "embedding"),
)

MANIFEST = pa.schema(
    [
        ("creator_id", STRING),
        ("reel_id", STRING),  # null: the row is about the creator
        ("stage", STRING),
        ("state", STRING),
        ("reason", STRING),
        ("detail", STRING),
        ("path", STRING),  # relative to the study's directory; null where there is no file
        ("sha256", STRING),
        ("producer", STRING),  # program version, model and revision
    ]
)
STATUS = described("status", list(MANIFEST))
COVERAGE = described(
    "coverage", [("stage", STRING), ("state", STRING), ("reason", STRING), ("reels", INT), ("creators", INT)]
)
REELS = described(
    "reels",
    [
        ("reel_id", STRING),
        ("creator_id", STRING),
        ("code", STRING),
        ("url", STRING),
        ("taken_at", TIME),
        ("duration_s", FLOAT),
        ("plays", INT),
        ("views", INT),
        ("likes", INT),
        ("comments", INT),
        ("caption", STRING),
        ("caption_language", STRING),
        ("caption_en", STRING),
        ("audio_kind", STRING),
        ("music_title", STRING),
        ("music_artist", STRING),
        ("music_genres", STRING),
        ("music_score", FLOAT),
        ("speech_share", FLOAT),
        ("music_share", FLOAT),
        ("speech_language", STRING),
        ("speech_text", STRING),
        ("speech_en", STRING),
        ("context", STRING),
        ("description_raw", STRING),
        ("description", STRING),
        ("embedding", VECTOR),
        *((f"{stage}_producer", STRING) for stage in STAGES if stage not in ("creators", "measures")),
    ],
)
CREATORS = described(
    "creators",
    [
        ("creator_id", STRING),
        ("handle", STRING),
        ("full_name", STRING),
        ("followers", INT),
        ("following", INT),
        ("follows_status", STRING),
        ("n_reels", INT),
        ("n_embedded", INT),
        ("profile", VECTOR),
        ("profile_spread", FLOAT),
        ("few_reels", pa.bool_()),
    ],
)
FOLLOWS = described(
    "follows",
    [("source_id", STRING), ("target_id", STRING), ("target_handle", STRING), ("in_cohort", pa.bool_())],
)
EDGES = described("edges", [("source_id", STRING), ("target_id", STRING)])
MEASURES = described(
    "measures",
    [*((name, STRING) for name in ("reel_id", "creator_id", "producer")), *measured_columns().items()],
)
CREATOR_MEASURES = described("creator_measures", [("creator_id", STRING), ("n_measured", INT), *creators_measures()])
# The means of the measures and the creators file's columns follow.
CREATORS_FLAT = described(
    "creators_flat",
    [
        *((name, STRING) for name in ("creator_id", "handle", "full_name")),
        ("cluster", INT),
        ("cluster_name", STRING),
        *((name, FLOAT) for name in ("membership", "x", "y")),
        *((name, INT) for name in ("followers", "following")),
        ("follows_status", STRING),
        *((name, INT) for name in ("follows_in_cohort", "followed_in_cohort", "n_reels", "n_embedded", "n_measured")),
        ("few_reels", pa.bool_()),
        ("profile_spread", FLOAT),
    ],
)
DISTINCTIONS = described(
    "distinctions",
    [
        *((name, STRING) for name in ("source", "column", "kind")),
        ("cluster", INT),
        ("category", STRING),
        ("effect", STRING),
        *((name, FLOAT) for name in ("value", "ci_low", "ci_high", "p_value", "p_adjusted")),
        *((name, INT) for name in ("n_creators", "n_clusters", "n_adjusted")),
        ("circular", pa.bool_()),
        ("verdict", STRING),
        ("reason", STRING),
    ],
)
COORDINATES = described(
    "coordinates",
    [
        ("creator_id", STRING),
        ("x", FLOAT),
        ("y", FLOAT),
        *((f"{method}_{axis}", FLOAT) for method in ("umap", "pca", "tsne") for axis in "xy"),
    ],
)
CLUSTERS = described(
    "clusters",
    [
        ("creator_id", STRING),
        ("cluster", INT),
        ("membership", FLOAT),
        ("outlier_score", FLOAT),
        ("kmeans_cluster", INT),
    ],
)
MODALITIES = described(
    "modalities",
    [
        ("modality_a", STRING),
        ("modality_b", STRING),
        ("n_creators", INT),
        ("neighbours", INT),
        ("shared_neighbours", FLOAT),
        ("shared_by_chance", FLOAT),
        ("n_clustered", INT),
        ("clusters_a", INT),
        ("clusters_b", INT),
        ("adjusted_rand_index", FLOAT),
    ],
)
SIMILARITY = described(
    "similarity",
    [
        ("similarity_low", FLOAT),
        ("similarity_high", FLOAT),
        ("similarity_mean", FLOAT),
        ("n_pairs", INT),
        ("n_follows", INT),
        ("share", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("expected", FLOAT),
    ],
)
CLUSTER_NAMES = described(
    "cluster_names",
    [
        ("cluster", INT),
        ("name", STRING),
        ("named_by", STRING),
        ("words", pa.list_(STRING)),
        ("weights", pa.list_(pa.float32())),
        ("medoid", STRING),
        ("central_reels", pa.list_(STRING)),
    ],
)
NULLS = described(
    "nulls",
    [
        ("id", STRING),
        ("statistic_low", FLOAT),
        ("statistic_high", FLOAT),
        ("n_draws", INT),
    ],
)
SEARCH = described(
    "search",
    [
        ("dimensions", INT),
        ("neighbours", INT),
        ("min_cluster_size", INT),
        ("min_samples", INT),
        ("selection_method", STRING),
        ("n_clusters", INT),
        ("noise", FLOAT),
        ("largest", FLOAT),
        ("dbcv", FLOAT),
        ("stability", FLOAT),
        ("score", FLOAT),
        ("excluded", STRING),
        ("chosen", pa.bool_()),
    ],
)
RUNS = described(
    "runs",
    [
        ("varied", STRING),
        ("seed", INT),
        ("labels", pa.list_(INT)),
        ("test", pa.list_(STRING)),
        ("verdict", pa.list_(STRING)),
    ],
)
ROBUSTNESS = described(
    "robustness",
    [
        ("variant", STRING),
        ("settings", STRING),
        ("varied", STRING),
        ("n_runs", INT),
        *(
            (f"{runs}_{name}", FLOAT)
            for runs in ("ari", "without_tenth")
            for name in ("low", "lower", "median", "upper", "high")
        ),
        ("agreement", FLOAT),
        *((f"clusters_{name}", FLOAT) for name in ("low", "median", "high")),
        *((f"noise_{name}", FLOAT) for name in ("low", "median", "high")),
        ("test", pa.list_(STRING)),
        ("supported", pa.list_(FLOAT)),
        ("not_testable", pa.list_(FLOAT)),
    ],
)
MODALITY_PROFILES = described(
    "modality_profiles",
    [
        ("modality", STRING),
        ("creator_id", STRING),
        ("profile", VECTOR),
        ("cluster", INT),
        ("membership", FLOAT),
    ],
)
KNOWN_CATEGORIES = described(
    "known_categories",
    [
        ("column", STRING),
        ("n_creators", INT),
        ("n_values", INT),
        ("adjusted_rand", FLOAT),
        ("cramers_v", FLOAT),
        ("warning", pa.bool_()),
    ],
)

EFFECTS = described(
    "effects",
    [
        ("measure", STRING),
        ("cluster", INT),
        ("value", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("n_creators", INT),
        ("n_edges", INT),
        ("p_value", FLOAT),
        ("p_adjusted", FLOAT),
    ],
)

LOSSES = described(
    "losses",
    [
        ("column", STRING),
        ("value", STRING),
        ("n_creators", INT),
        ("n_reels", INT),
        ("n_lost", INT),
        ("share", FLOAT),
        ("p_value", FLOAT),
    ],
)
RELIABILITY = described(
    "reliability",
    [
        ("measure", STRING),
        ("reels", INT),
        ("value", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("n_creators", INT),
        ("n_reels", INT),
    ],
)
TRUTH = described(
    "truth",
    [
        ("creator_id", STRING),
        ("cluster", INT),
        ("popularity", FLOAT),
        ("activity", FLOAT),
    ],
)
POWER = described(
    "power",
    [
        ("test", STRING),
        ("creators", INT),
        ("homophily", FLOAT),
        ("cohorts", INT),
        ("supported", INT),
        ("power", FLOAT),
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("alpha", FLOAT),
        ("clusters", INT),
        ("mean_degree", FLOAT),
        ("popularity_skew", FLOAT),
        ("activity_skew", FLOAT),
        ("reels_per_creator", INT),
        ("separation", FLOAT),
        ("seed", INT),
    ],
)


# Columns that tables of earlier versions, and bundles, do not have; they are null then.
ADDED = {"views"}


class TableError(Exception):
    """A table that does not have the columns or types it must have; the message names file, column and type."""


def build_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema, further: bool = False) -> pa.Table:
    """Rows as a table with exactly the schema's columns, sorted by its leading id columns.

    Args:
        rows: one mapping per row; missing keys become null.
        schema: columns and types.
        further: also keep keys that the schema does not know (their types are inferred), after its columns.

    Raises:
        TableError: a key that the table does not have, or a value that is not of its column's type.
    """
    known = set(schema.names)
    unknown = sorted({key for row in rows for key in row} - known)
    if unknown and not further:
        raise TableError(f"columns that the table does not have: {', '.join(unknown)}")
    ids = [name for name in schema.names if name.endswith("_id") or name in ("stage", "state", "reason")]
    # Ids that occur twice (a duplicate, a missing file) are told apart by the other texts of the row.
    texts = [field.name for field in schema if field.type == STRING and field.name not in ids]
    ordered = sorted(rows, key=lambda row: tuple(str(row.get(name) or "") for name in (*ids, *texts)))
    columns = [_column([row.get(field.name) for row in ordered], field) for field in schema]
    table = pa.Table.from_arrays(columns, schema=schema)
    for name in unknown if further else []:
        table = table.append_column(name, _infer([row.get(name) for row in ordered]))
    return table


def _column(values: list[Any], field: pa.Field) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise TableError(f"column {field.name} cannot be written as {field.type}: {error}") from None


def _infer(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], STRING)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table atomically: a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_table(path: Path, schema: pa.Schema, optional: Sequence[str] = ()) -> pa.Table:
    """Read a table and check it.

    Args:
        path: the parquet file.
        schema: columns that must be there, with types the file's columns can be cast to without loss.
        optional: columns of the schema that may be missing; they are then missing in the result, too.

    Returns:
        The schema's columns first, further columns of the file after them, in the file's order of rows.
    """
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise TableError(f"{path}: no such file") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{path}: not a parquet file: {error}") from None
    for name in ADDED & set(schema.names) - set(table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows, schema.field(name).type))
    missing = [name for name in schema.names if name not in table.column_names and name not in optional]
    if missing:
        raise TableError(
            f"{path}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing; "
            f"found {', '.join(table.column_names)}"
        )
    known = [field for field in schema if field.name in table.column_names]
    further = [field for field in table.schema if field.name not in schema.names]
    columns = []
    for field in known:
        try:
            columns.append(table.column(field.name).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TableError(f"{path}: column {field.name} cannot be read as {field.type}: {error}") from None
    columns += [table.column(field.name) for field in further]
    return pa.Table.from_arrays(columns, schema=pa.schema([*known, *further]))
