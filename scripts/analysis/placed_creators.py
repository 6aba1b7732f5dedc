"""Creators with their places on the map and their clusters, joined from the three tables that have them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.network import IntArray, positions
from analysis.profiles import FloatArray, check_unique
from analysis.study_tables import read_clusters, read_creators
from common.parquet import read_table
from common.tables import COORDINATES


@dataclass(frozen=True)
class PlacedCreators:
    """Creators on the map, sorted by id.

    Attributes:
        creator_ids: n ids.
        places: (n, 2) in [0, 1].
        clusters: (n,) cluster numbers; -1: noise or none.
        method: "UMAP" or "PCA".
        n_cohort: creators of the cohort, with or without a place on the map.
    """

    creator_ids: pa.Array
    places: FloatArray
    clusters: IntArray
    method: str
    n_cohort: int

    def __len__(self) -> int:
        return len(self.creator_ids)


def placed_creators(creators: pa.Table, coordinates: pa.Table, clusters: pa.Table) -> PlacedCreators:
    """Join coordinates and clusters by creator.

    Args:
        creators: column creator_id.
        coordinates: columns creator_id, x, y and umap_x.
        clusters: columns creator_id and cluster.

    Raises:
        TableError: a creator twice.
    """
    ordered = coordinates.filter(pc.is_valid(coordinates.column("x"))).sort_by("creator_id").combine_chunks()
    check_unique(ordered.column("creator_id").to_pylist(), "coordinates")
    ids = pa.chunked_array(ordered.column("creator_id").chunks, pa.string()).combine_chunks()
    where = positions(ids, clusters.column("creator_id"))
    labels = np.full(len(ids), -1, np.int64)
    labels[where >= 0] = pc.fill_null(clusters.column("cluster"), -1).to_numpy()[where[where >= 0]]
    places = np.column_stack([ordered.column(axis).to_numpy().astype(np.float64) for axis in "xy"])
    method = "UMAP" if ordered.column("x").equals(ordered.column("umap_x")) else "PCA"
    return PlacedCreators(ids, places, np.maximum(labels, -1), method, creators.num_rows)


def read_placed(arguments: argparse.Namespace) -> PlacedCreators:
    """The creators on the map, from the three tables that the options name."""
    creators = read_creators(arguments.creators)
    coordinates = read_table(arguments.coordinates, COORDINATES, ["pca_x", "pca_y", "tsne_x", "tsne_y"])
    return placed_creators(creators, coordinates, read_clusters(arguments.clusters))
