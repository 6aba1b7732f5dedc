"""Write reels and creators as embedding-atlas opens them: a place, neighbours and texts for each row.

Reels have a map of their own (UMAP of their embeddings, with the settings of the creators' map); creators are where the
study's map has them. Neighbours are the nearest by cosine similarity, exact.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.layout import MIN_DIFFERENT_PROFILES, pca_layout, scale, umap_layout
from analysis.profiles import FloatArray
from analysis.study_tables import read_names
from common import program
from common.columns import measured_columns
from common.config import MapSection
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.tables import CLUSTERS, COORDINATES, CREATOR_MEASURES, CREATORS, MEASURES, REELS

VERSION = "3"
NEIGHBOURS = 15
Vectors = npt.NDArray[np.float32]
NEIGHBOUR_TYPE = pa.struct([("ids", pa.list_(pa.int64())), ("distances", pa.list_(pa.float64()))])
OF_REELS = (
    "reel_id", "creator_id", "description", "caption", "speech_text", "url", "taken_at", "duration_s", "plays", "likes",
    "comments", "audio_kind", "music_title", "music_artist", "caption_language", "speech_language",
)  # fmt: skip


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, MapSection)
    creators = read_table(arguments.creators, CREATORS)
    names = read_names(arguments.names)
    clusters = {row["creator_id"]: row["cluster"] for row in read_table(arguments.clusters, CLUSTERS).to_pylist()}
    handles = dict(zip(*(creators.column(name).to_pylist() for name in ("creator_id", "handle")), strict=True))

    reels = read_table(arguments.reels, REELS)
    reels = reels.filter(pc.is_valid(reels.column("embedding")))
    vectors = matrix(reels.column("embedding"))
    table = reels.select(list(OF_REELS))
    owners = table.column("creator_id").to_pylist()
    table = table.append_column("handle", pa.array([handles[owner] for owner in owners], pa.string()))
    table = with_measures(table, "reel_id", read_table(arguments.measures, MEASURES))
    where = place(vectors, settings, arguments.seed)
    write_table(complete(table, owners, clusters, names, where, vectors), arguments.output_reels)

    coordinates = read_table(arguments.coordinates, COORDINATES).to_pylist()
    placed = {row["creator_id"]: (row["x"], row["y"]) for row in coordinates if row["x"] is not None}
    kept = pc.is_in(creators.column("creator_id"), pa.array(sorted(placed), pa.string()))
    creators = creators.filter(kept).drop_columns(["profile_spread", "few_reels"])
    ids = creators.column("creator_id").to_pylist()
    where = np.array([placed[creator] for creator in ids]).reshape(-1, 2)
    profiles = matrix(creators.column("profile"))
    creators = with_measures(creators, "creator_id", read_table(arguments.creator_measures, CREATOR_MEASURES))
    table = complete(creators.drop_columns(["profile"]), ids, clusters, names, where, profiles)
    write_table(table, arguments.output_creators)
    program.log.info("%s: %d reels; %d creators", arguments.output_reels, len(owners), len(ids))


def with_measures(table: pa.Table, key: str, measures: pa.Table) -> pa.Table:
    """A table with the measures of each row (of creators their means), null where there are none."""
    rows = {row[key]: row for row in measures.select([key, *measured_columns()]).to_pylist()}
    keys = table.column(key).to_pylist()
    for name in measured_columns():
        field = measures.schema.field(name)
        table = table.append_column(field, pa.array([rows.get(one, {}).get(name) for one in keys], field.type))
    return table


def matrix(column: pa.ChunkedArray) -> Vectors:
    """Vectors of one length as (n, d)."""
    rows = column.to_pylist()
    return np.array(rows, np.float32).reshape(len(rows), -1 if rows else 0)


def place(vectors: Vectors, settings: MapSection, seed: int) -> FloatArray:
    """(n, d) -> (n, 2) in [0, 1]: UMAP, or principal components where there are too few to have neighbours."""
    if len(np.unique(vectors, axis=0)) >= MIN_DIFFERENT_PROFILES:
        neighbours = min(settings.neighbours, len(vectors) - 1)
        layout = umap_layout(vectors, 2, neighbours, min_dist=settings.min_dist, metric=settings.metric, seed=seed)
        if layout is not None:
            return scale(layout)
    return scale(pca_layout(vectors)) if len(vectors) else np.empty((0, 2))


def complete(
    table: pa.Table,
    owners: list[str],
    clusters: dict[str, int],
    names: dict[int, str],
    places: FloatArray,
    vectors: Vectors,
) -> pa.Table:
    """A table with cluster, place and neighbours of each row."""
    labels = [clusters.get(owner) for owner in owners]
    table = table.append_column("cluster", pa.array(labels, pa.int64()))
    called = [names.get(label, "no cluster") if label is not None else None for label in labels]
    table = table.append_column("cluster_name", pa.array(called, pa.string()))
    for axis, values in zip("xy", places.T, strict=True):
        table = table.append_column(axis, pa.array(values, pa.float64()))
    return table.append_column("neighbors", pa.array(nearest(vectors), NEIGHBOUR_TYPE))


def nearest(vectors: Vectors) -> list[dict[str, Any]]:
    """Row numbers and cosine distances of each row's nearest, itself first."""
    from sklearn.neighbors import NearestNeighbors

    if not len(vectors):
        return []
    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(vectors)), metric="cosine", algorithm="brute").fit(vectors)
    distances, ids = index.kneighbors(vectors)
    pairs = zip(ids.tolist(), np.maximum(distances, 0.0).tolist(), strict=True)
    return [{"ids": row, "distances": near} for row, near in pairs]


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "reels", "creators", "coordinates", "clusters", "measures", names="cluster_names")
    parser.add_argument("--creator-measures", type=Path, required=True, metavar="FILE", help="creator_measures.parquet")
    parser.add_argument("--output-reels", type=Path, required=True, metavar="FILE", help="parquet to write")
    parser.add_argument("--output-creators", type=Path, required=True, metavar="FILE", help="parquet to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of UMAP [42]")
    add_section(parser, MapSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
