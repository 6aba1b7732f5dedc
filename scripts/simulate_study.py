"""Make a synthetic cohort: creators with planted communities, descriptions made of words, and a follow network.

The folder holds the tables of a study that the programs of the analysis read (creators, reels, edges), and
truth.parquet with what was planted, which can be given to test_hypotheses.py as --clusters.
"""

from __future__ import annotations

import argparse
import shlex
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.files import replace_file
from analysis.simulation import CohortSection, Embed, bag_of_words, simulate_cohort
from common import program
from common.config import EmbeddingSection
from common.models import add_weights, read_weights
from common.options import add_section, read_section, section_options
from common.tables import write_table

if TYPE_CHECKING:
    import numpy as np

VERSION = "1"
BAG = "bag"

README = """# Synthetic cohort

Synthetic data: the creators do not exist, their follows and descriptions were drawn at random by
`scripts/simulate_study.py`, version {version}. A study of them is to be labelled as synthetic (`study.synthetic: true`,
`--synthetic true`).

    python scripts/simulate_study.py --output FOLDER {options}

`truth.parquet` has the planted community of each creator (-1: there are none), and the log of popularity and activity.
"""


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, CohortSection)
    producer = f"simulate_study {VERSION} {arguments.embedding}"
    cohort = simulate_cohort(settings, arguments.seed, embedding(arguments), producer)
    folder: Path = arguments.output
    for name in ("creators", "reels", "edges", "truth"):
        write_table(getattr(cohort, name), folder / f"{name}.parquet")
    options = f"{section_options(settings)} --embedding {shlex.quote(arguments.embedding)} --seed {arguments.seed}"
    replace_file(folder / "README.md", README.format(version=VERSION, options=options).encode())
    program.log.info(
        "%s: synthetic cohort of %d creators, %d reels, %d follows",
        folder, cohort.creators.num_rows, cohort.reels.num_rows, cohort.edges.num_rows,
    )  # fmt: skip


def embedding(arguments: argparse.Namespace) -> Embed:
    """What embeds texts: the bag of words, or a model as embed_descriptions.py runs it."""
    if arguments.embedding == BAG:
        return bag_of_words
    # Here, because they load slowly.
    import numpy as np

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
    add_weights(parser)
    add_section(parser, CohortSection)
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
