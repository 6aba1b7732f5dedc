"""Embed each reel's description as a unit vector (sentence-transformers).

Boiler-plate and the word "video" are removed first; the text that was embedded is written beside the vector.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.config import EmbeddingSection
from common.models import open_model
from common.options import read_section
from common.program import log, run
from common.stage import Stage, Work, in_turn, run_stage, stage_parser
from common.states import OK, Outcome, ReelError

VERSION = "1"
STAGE = Stage("embedding", "embed_descriptions", VERSION, ".npy", inputs=("description",))


def embed(work: Work, model: Any) -> Outcome:
    """The core: one description to a float32 vector of unit length, and the cleaned text.

    Texts are embedded one by one: in a batch, the padding and the shape of the matrices would leave their mark on the
    last digits, and a run that was killed and resumed would no longer give the same bytes.
    """
    import numpy as np

    from texts.descriptions import clean_description

    text = clean_description(work.needed("description").read_text(encoding="utf-8"))
    if not text:
        raise ReelError("no_text")
    vector = model.encode(text, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
    if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise ReelError("error", "the model gave no unit vector")
    np.save(work.artifact(".npy"), vector.astype(np.float32))
    work.artifact(".txt").write_text(text + "\n", encoding="utf-8")
    tokens = len(model.tokenizer(text)["input_ids"])
    if tokens > model.max_seq_length:
        return Outcome("ok", detail=f"{tokens} tokens, of which the first {model.max_seq_length} were embedded")
    return OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, EmbeddingSection)
    weights = open_model(arguments.weights, arguments.models)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        log.info("embedding: loading %s", weights.name)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(arguments.workers)
        model = SentenceTransformer(str(weights.folder), device=settings.device, local_files_only=True)
        yield from in_turn(lambda work: embed(work, model), works)

    run_stage(STAGE, arguments, settings, compute, weights)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, EmbeddingSection, __doc__)
    options.add_argument("--weights", type=Path, required=True, help="marker that fetch_model.py wrote")
    options.add_argument("--models", type=Path, default=Path("data/models"), help="folder of all models [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
