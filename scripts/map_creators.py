"""Lay the creators out on a map by their profiles (UMAP, with PCA and t-SNE beside it)."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from pathlib import Path
from typing import Any

from analysis.layout import map_profiles
from analysis.profiles import OPTIONAL, profiles_of
from common import program
from common.config import MapSection
from common.options import add_section, read_section
from common.parquet import build_table, read_table, write_table
from common.tables import COORDINATES, CREATORS

VERSION = "4"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, MapSection)
    creators = read_table(arguments.creators, CREATORS, OPTIONAL)
    profiles = profiles_of(creators)
    if len(profiles) < creators.num_rows:
        program.log.info("%d of %d creators have a profile", len(profiles), creators.num_rows)
    made = map_profiles(profiles, settings, arguments.seed)
    for note in made.notes:
        program.log.warning("%s", note)
    rows: list[dict[str, Any]] = [{"creator_id": creator_id} for creator_id in profiles.creator_ids]
    layouts = {"x y": made.chosen, "umap_x umap_y": made.umap, "pca_x pca_y": made.pca, "tsne_x tsne_y": made.tsne}
    for names, layout in layouts.items():
        if layout is not None:
            for row, place in zip(rows, layout.tolist(), strict=True):
                row.update(zip(names.split(), place, strict=True))
    write_table(build_table(rows, COORDINATES), arguments.output)
    program.log.info("%s: %d creators, %s", arguments.output, len(rows), made.method)


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet with profiles")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="coordinates.parquet to write")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of UMAP and t-SNE [42]")
    add_section(parser, MapSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
