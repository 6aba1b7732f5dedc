"""Make a synthetic cohort: creators with planted communities, descriptions made of words, and a follow network.

The folder is a bundle, which a study reads (source.kind: bundle): the tables that the programs of the analysis read lie
in tables/. truth.parquet has what was planted and can be given to test_hypotheses.py as --clusters.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from analysis.simulation import Cohort, CohortSection, Embed, bag_of_words, simulate_cohort
from bundle.contents import Note, write_bundle, write_sums
from bundle.public import coarse
from check_coverage import count
from common import program
from common.config import EmbeddingSection
from common.files import replace_file
from common.manifest import Row
from common.models import add_weights, read_weights
from common.options import add_section, read_section, section_options
from common.parquet import build_table, write_table
from common.tables import COVERAGE, FOLLOWS, STATUS, VECTOR

VERSION = "2"
BAG = "bag"

README = """# Synthetic cohort

Synthetic data: the creators do not exist, their follows and descriptions were drawn at random by
`scripts/simulate_study.py`, version {version}. A study of them is to be labelled as synthetic (`study.synthetic: true`,
`--synthetic true`). `source.kind: bundle` reads this folder.

    python scripts/simulate_study.py --output FOLDER {options}

`truth.parquet` has the planted community of each creator (-1: there are none), and the log of popularity and activity.
"""


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, CohortSection)
    producer = f"simulate_study {VERSION} {arguments.embedding}"
    cohort = simulate_cohort(settings, arguments.seed, embedding(arguments), producer)
    folder: Path = arguments.output
    write_table(cohort.truth, folder / "truth.parquet")
    options = f"{section_options(settings)} --embedding {shlex.quote(arguments.embedding)} --seed {arguments.seed}"
    options += f" --half {arguments.half} --name {shlex.quote(arguments.name)}"
    replace_file(folder / "README.md", README.format(version=VERSION, options=options).encode())
    tables = tables_of(cohort, producer)
    if arguments.half == "true":
        tables["reels"] = halved(tables["reels"], "embedding")
        tables["creators"] = halved(tables["creators"], "profile")
    write_bundle(folder, tables, Note(arguments.name, synthetic=True))
    write_sums(folder)
    program.log.info(
        "%s: synthetic cohort of %d creators, %d reels, %d follows",
        folder, cohort.creators.num_rows, cohort.reels.num_rows, cohort.edges.num_rows,
    )  # fmt: skip


def tables_of(cohort: Cohort, producer: str) -> dict[str, pa.Table]:
    """All tables of a study of the cohort, whose reels had their descriptions and embeddings from the beginning."""
    creators = cohort.creators.column("creator_id").to_pylist()
    reels = cohort.reels.select(["creator_id", "reel_id"]).to_pylist()
    rows = [Row(creator, None, "creators", "ok", producer=producer) for creator in creators]
    made = ["creators", "description"] + ["embedding"] * (cohort.reels.column("embedding").null_count == 0)
    rows += [Row(**reel, stage=stage, state="ok", producer=producer) for stage in made for reel in reels]
    follows = [
        edge | {"target_handle": edge["target_id"], "in_cohort": True} for edge in cohort.edges.to_pylist()
    ]  # handles are ids
    return {
        "creators": cohort.creators,
        "reels": cohort.reels,
        "edges": cohort.edges,
        "follows": build_table(follows, FOLLOWS),
        "status": build_table([asdict(row) for row in rows], STATUS),
        "coverage": build_table(count(rows), COVERAGE),
    }


def halved(table: pa.Table, column: str) -> pa.Table:
    """A table whose vectors are half the size on disk."""
    vectors = [None if vector is None else coarse(vector) for vector in table.column(column).to_pylist()]
    return table.set_column(table.column_names.index(column), column, pa.array(vectors, VECTOR))


def embedding(arguments: argparse.Namespace) -> Embed:
    """What embeds texts: the bag of words, or a model as embed_descriptions.py runs it."""
    if arguments.embedding == BAG:
        return bag_of_words
    # Here, because it loads slowly.
    from embed_descriptions import Embedder

    (model,) = read_weights(arguments, [arguments.embedding])
    embedder = Embedder(model, EmbeddingSection(model=arguments.embedding, device=arguments.device))

    def embed(texts: list[str]) -> np.ndarray:
        with ThreadPoolExecutor(arguments.workers) as pool:
            return np.stack(list(pool.map(embedder.encode, texts)))

    return embed


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder to write to")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of every random step [42]")
    parser.add_argument(
        "--embedding",
        default=BAG,
        metavar="NAME",
        help=f"{BAG}: a random vector for each word, fast, for calibration; or a text model of config/models.yaml, "
        f"e.g. all-mpnet-base-v2, with --weights [{BAG}]",
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where the model runs [cpu]")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="texts embedded at a time [1]")
    parser.add_argument("--name", default="Synthetic cohort", metavar="TEXT", help="name of the study [%(default)s]")
    parser.add_argument(
        "--half",
        choices=["true", "false"],
        default="false",
        help="embeddings and profiles with the precision of float16, to be half as large [false]",
    )
    add_weights(parser)
    add_section(parser, CohortSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
