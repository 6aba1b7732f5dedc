"""Group the creators into communities by their profiles (HDBSCAN, with k-means beside it)."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from analysis.clusters import NOISE, cluster_profiles
from analysis.profiles import OPTIONAL, profiles_of
from common import program
from common.config import ClusterSection
from common.options import add_section, read_section
from common.tables import CLUSTERS, CREATORS, build_table, read_table, write_table

VERSION = "1"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, ClusterSection)
    profiles = profiles_of(read_table(arguments.creators, CREATORS, OPTIONAL))
    found = cluster_profiles(profiles, settings, arguments.seed)
    for note in found.notes:
        program.log.warning("%s", note)
    columns = (profiles.creator_ids, found.clusters, found.membership, found.outlier_scores, found.kmeans)
    values = zip(*(list(column) for column in columns), strict=True)
    rows = [dict(zip(CLUSTERS.names, row, strict=True)) for row in values]
    write_table(build_table(rows, CLUSTERS), arguments.output)
    sizes = Counter(found.clusters.tolist())
    noise = sizes.pop(NOISE, 0)
    shown = ", ".join(str(size) for _, size in sorted(sizes.items())) or "none"
    program.log.info("%s: %d creators, clusters of %s, noise %d", arguments.output, len(rows), shown, noise)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet with profiles")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="clusters.parquet to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of UMAP and k-means [42]")
    add_section(parser, ClusterSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
