"""Embed each reel's description as a unit vector (sentence-transformers).

Boiler-plate and the word "video" are removed first; the text that was embedded is written beside the vector.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from common.config import EmbeddingSection
from common.models import Model, add_weights, read_weights
from common.options import read_section
from common.program import log, run
from common.stage import Stage, Work, in_threads, run_stage, stage_parser
from common.states import OK, Outcome, ReelError

if TYPE_CHECKING:
    import numpy as np

VERSION = "1"
STAGE = Stage("embedding", "embed_descriptions", VERSION, ".npy", inputs=("description",))


class Embedder:
    """A sentence-transformers model that several threads share.

    Texts are embedded one by one, by one thread each: in a batch, the padding and the shape of the matrices leave their
    mark on the last digits, and a run that was killed and resumed would no longer give the same bytes.

    Args:
        model: verified weights.
        settings: where the model runs.
    """

    def __init__(self, model: Model, settings: EmbeddingSection) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.util import batch_to_device

        torch.set_num_threads(1)
        self.torch, self.to_device = torch, batch_to_device
        self.model = SentenceTransformer(str(model.folder), device=settings.device, local_files_only=True)
        self.model.eval()
        self.max_tokens = int(self.model.max_seq_length or 512)
        self.tokenizing = threading.Lock()  # tokenizers keep state while they truncate

    def encode(self, text: str) -> np.ndarray:
        """The text's embedding: float32 (dimensions,), unit length."""
        with self.tokenizing:
            features = self.model.preprocess([text])
        features = self.to_device(features, self.model.device)
        with self.torch.inference_mode():
            pooled = self.model(features)["sentence_embedding"]
            vector: np.ndarray = self.torch.nn.functional.normalize(pooled, dim=1)[0].float().cpu().numpy()
        return vector

    def tokens(self, text: str) -> int:
        """Length of a text in the model's tokens, before it is cut."""
        with self.tokenizing:
            return len(self.model.tokenizer(text, truncation=False)["input_ids"])

    def embed(self, work: Work) -> Outcome:
        """The core: one description to a vector, and the cleaned text."""
        import numpy as np

        from texts.descriptions import clean_description

        text = clean_description(work.needed("description").read_text(encoding="utf-8"))
        if not text:
            raise ReelError("no_text")
        vector = self.encode(text)
        if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
            raise ReelError("error", "the model gave no unit vector")
        np.save(work.artifact(".npy"), vector)
        work.artifact(".txt").write_text(text + "\n", encoding="utf-8")
        tokens = self.tokens(text)
        if tokens > self.max_tokens:
            return Outcome("ok", detail=f"{tokens} tokens, of which the first {self.max_tokens} were embedded")
        return OK


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, EmbeddingSection)
    (weights,) = read_weights(arguments, settings.weights)

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        log.info("embedding: loading %s", weights.name)
        yield from in_threads(Embedder(weights, settings).embed, works, arguments.workers)

    run_stage(STAGE, arguments, settings, compute, [weights])


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = stage_parser(STAGE, EmbeddingSection, __doc__)
    add_weights(options)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
