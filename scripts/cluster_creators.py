"""Group the creators into communities by their profiles (HDBSCAN, with k-means beside it)."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.clusters import NOISE, cluster_profiles, fewest_creators
from analysis.profiles import OPTIONAL, profiles_of
from analysis.search import KEYS, search_settings
from common import program
from common.config import ClusterSection
from common.files import replace_file
from common.options import add_section, read_section
from common.parquet import build_table, read_table, write_table
from common.tables import CLUSTERS, CREATORS, SEARCH

VERSION = "4"


def main(arguments: argparse.Namespace) -> None:
    section = read_section(arguments, ClusterSection)
    profiles = profiles_of(read_table(arguments.creators, CREATORS, OPTIONAL))
    settings = section.for_cohort(len(profiles))
    searched = KEYS if section.search else ()
    automatic = {name: getattr(settings, name) for name in section.automatic if name not in searched}
    if automatic:
        decided = ", ".join(f"{name} {value}" for name, value in automatic.items())
        program.log.info("decided for %d creators with a profile: %s", len(profiles), decided)
    tried: list[dict[str, Any]] = []
    if settings.search:
        settings, tried, notes = search_settings(profiles, settings, arguments.seed)
        for note in notes:
            program.log.warning("%s", note)
        if arguments.search_table is not None:
            write_table(pa.Table.from_pylist(tried, schema=SEARCH), arguments.search_table)
        chosen = ", ".join(f"{name} {getattr(settings, name)}" for name in KEYS)
        program.log.info("tried %d settings; used: %s", len(tried), chosen)
    found = cluster_profiles(profiles, settings, arguments.seed)
    for note in found.notes:
        program.log.warning("%s", note)
    if arguments.settings is not None:
        used = {
            "creators": len(profiles),
            "fewest_creators": fewest_creators(settings),
            "automatic": automatic,
            "cluster": settings.model_dump(mode="json"),
            "tried": len(tried),
            "notes": found.notes,
        }
        replace_file(arguments.settings, (json.dumps(used, indent=2) + "\n").encode())
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
    parser.add_argument("--search-table", type=Path, metavar="FILE", help="write what cluster.search tried")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="write the settings in numbers: settings.json")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of UMAP and k-means [42]")
    add_section(parser, ClusterSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
