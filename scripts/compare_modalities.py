"""Compare what was embedded: do texts and pictures see the same creators as neighbours, and the same clusters?

For each pair of modalities: the mean share of a creator's ten nearest neighbours that are the same in both, and the
adjusted Rand index of their clusters, made of each with the study's own settings.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.clusters import Clustering, cluster_profiles
from analysis.modalities import compare_modalities, mean_profiles
from analysis.profiles import Profiles
from analysis.search import chosen_settings
from common.config import ClusterSection
from common.manifest import Row, read_manifest
from common.options import add_section, read_section
from common.parquet import build_table, write_table
from common.program import log, parser, run
from common.tables import MODALITIES, MODALITY_PROFILES

VERSION = "4"


def main(arguments: argparse.Namespace) -> None:
    section = chosen_settings(read_section(arguments, ClusterSection), arguments.search_table)
    rows = read_manifest(arguments.status)
    chosen = arguments.modalities[0]
    profiles = {
        modality: read_profiles(rows, "embedding" if modality == chosen else f"embedding/{modality}")
        for modality in arguments.modalities
    }
    settings = section.for_cohort(len(profiles[chosen]))
    clusters = {}
    for modality, made in profiles.items():
        found = cluster_profiles(made, settings, arguments.seed)
        for note in found.notes:
            log.warning("%s: %s", modality, note)
        clusters[modality] = found
    compared = compare_modalities(profiles, {modality: found.clusters for modality, found in clusters.items()})
    write_table(build_table(compared, MODALITIES), arguments.output)
    if arguments.profiles is not None:
        others = [row for modality in arguments.modalities[1:] for row in rows_of(modality, profiles, clusters)]
        write_table(build_table(others, MODALITY_PROFILES), arguments.profiles)
    for pair in compared:
        log.info("modalities: %s", ", ".join(f"{name} {value}" for name, value in pair.items()))


def rows_of(modality: str, profiles: dict[str, Profiles], clusters: dict[str, Clustering]) -> Iterator[dict[str, Any]]:
    """Profiles and clusters of one modality, as rows."""
    seen, found = profiles[modality], clusters[modality]
    columns = (seen.creator_ids, seen.vectors, found.clusters, found.membership)
    for row in zip(*columns, strict=True):
        yield {"modality": modality} | dict(zip(MODALITY_PROFILES.names[1:], row, strict=True))


def read_profiles(rows: list[Row], stage: str) -> Profiles:
    """The creators' profiles in one modality.

    Args:
        rows: of the status table.
        stage: what they call the modality.
    """
    vectors: dict[str, list[np.ndarray]] = defaultdict(list)
    for row in sorted((row for row in rows if row.stage == stage), key=lambda row: str(row.reel_id)):
        if row.state == "ok":
            vectors[row.creator_id].append(np.load(row.file(), allow_pickle=False))
    return mean_profiles(vectors)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--status", type=Path, required=True, help="status table")
    options.add_argument("--modalities", nargs="+", required=True, help="what was embedded, the chosen one first")
    options.add_argument("--output", type=Path, required=True, help="table to write")
    options.add_argument("--profiles", type=Path, help="also write profiles and clusters of all but the chosen one")
    options.add_argument("--search-table", type=Path, metavar="FILE", help="what cluster.search chose")
    options.add_argument("--seed", type=int, default=42, metavar="N", help="seed of UMAP and k-means [%(default)s]")
    add_section(options, ClusterSection)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
