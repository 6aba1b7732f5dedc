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

STRING, FLOAT, INT = pa.string(), pa.float64(), pa.int64()
TIME = pa.timestamp("us", tz="UTC")
VECTOR = pa.list_(pa.float32())

# Stages with one manifest row per reel, in the order of the way of the data.
STAGES = ("creators", "video", "audio", "music", "transcript", "context", "frames", "description", "embedding")

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
STATUS = MANIFEST
COVERAGE = pa.schema([("stage", STRING), ("state", STRING), ("reason", STRING), ("reels", INT), ("creators", INT)])
REELS = pa.schema(
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
        *((f"{stage}_producer", STRING) for stage in STAGES if stage != "creators"),
    ]
)
CREATORS = pa.schema(
    [
        ("creator_id", STRING),
        ("handle", STRING),
        ("full_name", STRING),
        ("followers", INT),
        ("following", INT),
        ("follows_status", STRING),  # complete, unknown, partial or unfetched
        ("n_reels", INT),
        ("n_embedded", INT),
        ("profile", VECTOR),  # mean of the unit embeddings; null without an embedded reel
        ("profile_spread", FLOAT),  # mean cosine distance of the embeddings to the profile
        ("few_reels", pa.bool_()),  # fewer embedded reels than profile.min_reels
    ]
)
FOLLOWS = pa.schema(
    [("source_id", STRING), ("target_id", STRING), ("target_handle", STRING), ("in_cohort", pa.bool_())]
)
EDGES = pa.schema([("source_id", STRING), ("target_id", STRING)])
COORDINATES = pa.schema(
    [
        ("creator_id", STRING),
        ("x", FLOAT),
        ("y", FLOAT),
        *((f"{method}_{axis}", FLOAT) for method in ("umap", "pca", "tsne") for axis in "xy"),
    ]
)
CLUSTERS = pa.schema(
    [
        ("creator_id", STRING),
        ("cluster", INT),  # -1: noise; numbered by size
        ("membership", FLOAT),
        ("outlier_score", FLOAT),
        ("kmeans_cluster", INT),
    ]
)
MODALITIES = pa.schema(
    [
        ("modality_a", STRING),
        ("modality_b", STRING),
        ("n_creators", INT),  # with a profile in both
        ("neighbours", INT),
        ("shared_neighbours", FLOAT),  # null: too few creators
        ("shared_by_chance", FLOAT),
        ("n_clustered", INT),  # in a cluster, not noise, in both
        ("clusters_a", INT),
        ("clusters_b", INT),
        ("adjusted_rand_index", FLOAT),  # null: fewer than two clusters
    ]
)
SIMILARITY = pa.schema(
    [
        ("similarity_low", FLOAT),  # of the pairs in this bin
        ("similarity_high", FLOAT),
        ("similarity_mean", FLOAT),
        ("n_pairs", INT),
        ("n_follows", INT),
        ("share", FLOAT),  # of the pairs that follow
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("expected", FLOAT),  # by the model without similarity
    ]
)
CLUSTER_NAMES = pa.schema(
    [
        ("cluster", INT),
        ("name", STRING),
        ("named_by", STRING),  # "words", or the model that an endpoint serves
        ("words", pa.list_(STRING)),  # the most characteristic first
        ("weights", pa.list_(pa.float32())),  # of the words: class-based tf-idf
        ("medoid", STRING),  # creator_id nearest to the centroid
        ("central_reels", pa.list_(STRING)),  # reel_ids, the most central first, each of another creator
    ]
)
NULLS = pa.schema(
    [
        ("id", STRING),  # of the hypothesis
        ("statistic_low", FLOAT),
        ("statistic_high", FLOAT),
        ("n_draws", INT),  # between the two
    ]
)
SEARCH = pa.schema(
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
        ("excluded", STRING),  # why these settings are out
        ("chosen", pa.bool_()),
    ]
)
RUNS = pa.schema(
    [
        ("seed", INT),
        ("labels", pa.list_(INT)),  # cluster of each creator with a profile, by creator_id; null: left out of this run
        ("test", pa.list_(STRING)),
        ("verdict", pa.list_(STRING)),  # of each of these tests
    ]
)
ROBUSTNESS = pa.schema(
    [
        ("variant", STRING),
        ("settings", STRING),  # what differs from the study's own, as JSON
        ("varied", STRING),  # between runs: seed or creators
        ("n_runs", INT),
        *((f"ari_{name}", FLOAT) for name in ("low", "lower", "median", "upper", "high")),
        ("agreement", FLOAT),  # median adjusted Rand index with the study's own clusters
        *((f"clusters_{name}", FLOAT) for name in ("low", "median", "high")),
        *((f"noise_{name}", FLOAT) for name in ("low", "median", "high")),
        ("test", pa.list_(STRING)),
        ("supported", pa.list_(FLOAT)),  # share of runs in which the test is supported
        ("not_testable", pa.list_(FLOAT)),
    ]
)
MODALITY_PROFILES = pa.schema(
    [
        ("modality", STRING),  # other than the chosen one
        ("creator_id", STRING),
        ("profile", VECTOR),
        ("cluster", INT),
        ("membership", FLOAT),
    ]
)
# How far clusters repeat what is known of the creators anyway.
KNOWN_CATEGORIES = pa.schema(
    [
        ("column", STRING),
        ("n_creators", INT),  # in a cluster and with a known value
        ("n_values", INT),
        ("adjusted_rand", FLOAT),  # null: one value, or one cluster
        ("cramers_v", FLOAT),  # corrected for chance
        ("warning", pa.bool_()),  # either is above 0.5
    ]
)

EFFECTS = pa.schema(
    [
        ("measure", STRING),
        ("cluster", INT),  # null: of all clusters together
        ("value", FLOAT),  # null: not defined
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("n_creators", INT),  # that took part; coleman: of the cluster
        ("n_edges", INT),  # that took part; coleman: from the cluster
        ("p_value", FLOAT),  # coleman: of the pairs inside the cluster, one-sided
        ("p_adjusted", FLOAT),  # among the clusters (Holm)
    ]
)

TRUTH = pa.schema(
    [
        ("creator_id", STRING),
        ("cluster", INT),  # planted; -1: the cohort has none
        ("popularity", FLOAT),  # log odds of being followed, mean 0
        ("activity", FLOAT),  # log odds of following, mean 0
    ]
)
POWER = pa.schema(
    [
        ("test", STRING),
        ("creators", INT),
        ("homophily", FLOAT),
        ("cohorts", INT),  # that could be tested
        ("supported", INT),
        ("power", FLOAT),  # null: none could be tested
        ("ci_low", FLOAT),
        ("ci_high", FLOAT),
        ("alpha", FLOAT),
        ("clusters", INT),  # planted
        ("mean_degree", FLOAT),
        ("popularity_skew", FLOAT),
        ("activity_skew", FLOAT),
        ("reels_per_creator", INT),
        ("separation", FLOAT),
        ("seed", INT),
    ]
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
    columns, names = [], []
    for field in known:
        try:
            columns.append(table.column(field.name).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise TableError(f"{path}: column {field.name} cannot be read as {field.type}: {error}") from None
        names.append(field.name)
    for name in table.column_names:
        if name not in names:
            columns.append(table.column(name))
            names.append(name)
    return pa.table(columns, names=names)
