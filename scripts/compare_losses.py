"""Compare what was lost: the share of reels without an embedding by cluster, language and number of followers."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.losses import losses, quarters
from analysis.network import clusters_of, network_of, positions
from analysis.study_tables import as_numbers, languages_of, read_clusters, read_creators, read_reels
from common import program
from common.parquet import write_table
from common.tables import EDGES, LOSSES

VERSION = "1"
NO_CLUSTER = "no cluster"
NOTABLE = 0.05


def main(arguments: argparse.Namespace) -> None:
    creators = read_creators(arguments.creators).sort_by("creator_id")
    reels = read_reels(arguments.reels)
    network = network_of(creators, EDGES.empty_table())
    number = network.n_creators
    owners = positions(reels.column("creator_id"), network.creator_ids)
    without = pc.is_null(reels.column("embedding")).to_numpy()
    own = owners >= 0
    clusters = clusters_of(network, read_clusters(arguments.clusters))
    groups: dict[str, list[str | None]] = {
        "cluster": [NO_CLUSTER if label < 0 else str(label) for label in clusters.tolist()],
        "language": languages_of(creators, reels),
    }
    if "followers" in creators.column_names:
        groups["followers"] = quarters(as_numbers(creators.column("followers")))
    counts = np.bincount(owners[own], minlength=number)
    lost = np.bincount(owners[own & without], minlength=number)
    rows = losses(counts, lost, groups, arguments.draws, arguments.seed)
    write_table(pa.Table.from_pylist(rows, schema=LOSSES), arguments.output)
    for column in groups:
        shares = [row["share"] for row in rows if row["column"] == column]
        p_value = next((row["p_value"] for row in rows if row["column"] == column), None)
        if p_value is not None and p_value <= NOTABLE:
            program.log.warning(
                "reels without an embedding differ by %s: %.0f to %.0f %% (p = %.2g): losses may bias the results",
                column, 100 * min(shares), 100 * max(shares), p_value,
            )  # fmt: skip
    program.log.info("%s: %d of %d reels have no embedding", arguments.output, lost.sum(), counts.sum())


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet: creator_id")
    parser.add_argument("--reels", type=Path, required=True, metavar="FILE", help="reels.parquet: embeddings")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE", help="clusters.parquet")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="losses.parquet to write")
    parser.add_argument("--draws", type=int, default=1999, metavar="N", help="permutations [1999]")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of the permutations [42]")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
