"""The follow network inside a cohort, with creators as whole numbers in the order of their sorted ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analysis.profiles import check_unique
from common.tables import STRING

IntArray = npt.NDArray[np.int64]
NO_CLUSTER = -1


@dataclass(frozen=True)
class Network:
    """Follow edges inside a cohort of n creators: each edge once, none from a creator to itself.

    Attributes:
        creator_ids: n ids, ascending; creator i is the i-th.
        sources, targets: m creator numbers each; sorted by source, then target.
        duplicates, self_edges, outside: how many rows were left out (outside: an endpoint is not in the cohort).
        directed: whether an edge has a direction; if not, its source is the smaller number.
    """

    creator_ids: pa.Array
    sources: IntArray
    targets: IntArray
    duplicates: int = 0
    self_edges: int = 0
    outside: int = 0
    directed: bool = True

    @property
    def n_creators(self) -> int:
        """Number of creators, those without edges included."""
        return len(self.creator_ids)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.sources)

    def in_degree(self) -> IntArray:
        """How many creators of the cohort follow each creator, (n,)."""
        return np.bincount(self.targets, minlength=self.n_creators)

    def left_out(self) -> str | None:
        """What was left out, in words, or None."""
        counts = {"duplicate": self.duplicates, "self": self.self_edges, "out-of-cohort": self.outside}
        shown = [f"{number} {name}" for name, number in counts.items() if number]
        return f"left out: {', '.join(shown)} edges" if shown else None


def network_of(creators: pa.Table, edges: pa.Table, directed: bool = True) -> Network:
    """The network of a cohort.

    Args:
        creators: column creator_id, each id once.
        edges: columns source_id and target_id; any order, with any number of duplicates.
        directed: whether edges have a direction; if not, a-b and b-a are duplicates.

    Raises:
        TableError: a creator_id twice or missing.
    """
    ids = _sorted_ids(creators, "creators")
    sources = positions(edges.column("source_id"), ids)
    targets = positions(edges.column("target_id"), ids)
    inside = (sources >= 0) & (targets >= 0)
    if not directed:
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
    different = inside & (sources != targets)
    keys = sources[different] * len(ids) + targets[different]
    unique = np.unique(keys)
    first, second = np.divmod(unique, max(len(ids), 1))
    return Network(
        creator_ids=ids,
        sources=first,
        targets=second,
        duplicates=len(keys) - len(unique),
        self_edges=int(inside.sum() - different.sum()),
        outside=int(len(inside) - inside.sum()),
        directed=directed,
    )


def clusters_of(network: Network, clusters: pa.Table) -> IntArray:
    """The cluster of each creator of a network, (n,); -1 where it is noise or has none.

    Args:
        network: the cohort's.
        clusters: columns creator_id, each id once, and cluster; rows of creators outside the network are ignored.
    """
    _sorted_ids(clusters, "clusters")
    places = positions(network.creator_ids, clusters.column("creator_id"))
    found = np.full(network.n_creators, NO_CLUSTER, np.int64)
    labels = pc.fill_null(clusters.column("cluster"), NO_CLUSTER).to_numpy()
    found[places >= 0] = labels[places[places >= 0]]
    return np.maximum(found, NO_CLUSTER)


def each_alone(clusters: IntArray) -> IntArray:
    """Clusters (n,) in which each creator in no cluster has one of her or his own, numbered after the others."""
    noise = clusters < 0
    alone = clusters.copy()
    alone[noise] = int(clusters.max(initial=NO_CLUSTER)) + 1 + np.arange(int(noise.sum()))
    return alone


def positions(values: pa.Array | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray) -> IntArray:
    """Where each value stands among the ids; -1 where it does not."""
    found: IntArray = pc.fill_null(pc.index_in(values, value_set=ids), -1).to_numpy().astype(np.int64)
    return found


def _sorted_ids(table: pa.Table, name: str) -> pa.Array:
    column = table.column("creator_id").cast(STRING)
    ids = column.take(pc.sort_indices(column)).combine_chunks()
    check_unique(ids.to_pylist(), name)
    return ids
