"""Time the embedding of texts one by one in threads of one core each, as embed_descriptions does it.

Against sentence-transformers' own encode(), with both cores in each operation: all texts in one batch, and one text at
a time; and bfloat16 against float32. The texts are the measured descriptions of the demo's reels. The ways take turns,
and medians are compared. Ends with exit code 1 where the vectors are not those of encode(), or where bfloat16 gives a
text a cosine below 0.999 to float32 or another nearest neighbour.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "scripts"), str(CHECKOUT / "tests")]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from aims import report
from common.config import EmbeddingSection, FramesSection
from embed_descriptions import Embedder
from weights import fetched_model

TOLERANCE = 1e-5
LEAST_COSINE = 0.999
TIE = 1e-3  # neighbours whose cosines differ by less are equally near


def describe_video(path: Path) -> str:
    """What is embedded of a video: its measured description, cleaned."""
    from measures import SampledReel, describe, measure
    from media.frames import sample_video
    from texts.descriptions import clean_description

    sample = sample_video(path, FramesSection())
    decoded = sample.decoded
    reel = SampledReel(sample.frames, sample.times_s, sample.shots, decoded.motion, decoded.duration_s)
    return clean_description(describe(measure(reel)))


class Ways:
    """The ways to embed the same texts; each leaves the number of torch's threads as it needs it."""

    def __init__(self, embedder: Embedder, rounding: Embedder, threads: int) -> None:
        self.embedder, self.rounding, self.threads = embedder, rounding, threads
        self.set_threads = embedder.torch.set_num_threads

    def in_threads(self, texts: list[str]) -> np.ndarray:
        """As embed_descriptions: several texts at a time, one core for each."""
        return self._each(self.embedder, texts)

    def in_bfloat16(self, texts: list[str]) -> np.ndarray:
        """The same with embedding.precision bfloat16."""
        return self._each(self.rounding, texts)

    def _each(self, embedder: Embedder, texts: list[str]) -> np.ndarray:
        self.set_threads(1)
        with ThreadPoolExecutor(self.threads) as pool:
            return np.stack(list(pool.map(embedder.encode, texts)))

    def in_one_batch(self, texts: list[str]) -> np.ndarray:
        """encode() of all texts in one batch."""
        self.set_threads(self.threads)
        vectors: np.ndarray = self.embedder.model.encode(
            texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return vectors

    def one_by_one(self, texts: list[str]) -> np.ndarray:
        """encode() of one text after another."""
        self.set_threads(self.threads)
        encode = self.embedder.model.encode
        return np.stack([encode(text, normalize_embeddings=True, show_progress_bar=False) for text in texts])


def timed(way: Callable[[list[str]], np.ndarray], texts: list[str]) -> tuple[float, np.ndarray]:
    """Wall seconds, and the vectors."""
    start = time.perf_counter()
    vectors = way(texts)
    return time.perf_counter() - start, vectors


def agreement(exact: np.ndarray, rounded: np.ndarray) -> tuple[float, float]:
    """The least cosine of a text's two vectors, and by how much its nearest neighbour in the second is farther away.

    Args:
        exact: unit vectors (n, dimensions).
        rounded: unit vectors of the same texts.
    """
    similar, similar_rounded = (vectors @ vectors.T - 2 * np.eye(len(vectors)) for vectors in (exact, rounded))
    found = similar[np.arange(len(exact)), similar_rounded.argmax(axis=1)]
    return float((exact * rounded).sum(axis=1).min()), float((similar.max(axis=1) - found).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=40, help="texts embedded [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="medians of these are compared [%(default)s]")
    parser.add_argument("--threads", type=int, default=2, help="cores that every way may use [%(default)s]")
    arguments = parser.parse_args()
    videos = sorted((CHECKOUT / "data" / "demo" / "videos").glob("*/*"))
    with ThreadPoolExecutor(arguments.threads) as pool:
        texts = list(pool.map(describe_video, videos[:: max(1, len(videos) // arguments.texts)][: arguments.texts]))
    settings = EmbeddingSection()
    with tempfile.TemporaryDirectory() as folder:
        model = fetched_model(settings.model, Path(folder))
        embedder, rounding = Embedder(model, settings), Embedder(model, EmbeddingSection(precision="bfloat16"))
    ways = Ways(embedder, rounding, arguments.threads)
    compared = {
        f"{arguments.threads} threads, a text each": ways.in_threads,
        "encode(), one batch": ways.in_one_batch,
        "encode(), one by one": ways.one_by_one,
        "bfloat16": ways.in_bfloat16,
    }
    for way in compared.values():  # the first call of each is slower
        way(texts[:4])
    rounds = [{name: timed(way, texts) for name, way in compared.items()} for _ in range(arguments.rounds)]
    medians = {name: statistics.median(taken[name][0] for taken in rounds) for name in compared}
    vectors = {name: rounds[-1][name][1] for name in compared}
    ours, batch, single, rounded = compared
    words = [len(text.split()) for text in texts]
    print(f"{len(texts)} texts of {min(words)} to {max(words)} words, {arguments.threads} cores, all-mpnet-base-v2")
    for name, seconds in medians.items():
        spread = [taken[name][0] for taken in rounds]
        print(
            f"{name}: {len(texts) / seconds:.1f} texts/s "
            f"({len(texts) / max(spread):.1f} to {len(texts) / min(spread):.1f}), "
            f"largest difference of a vector's element to ours {np.abs(vectors[name] - vectors[ours]).max():.1e}"
        )
    repeated = all(np.array_equal(taken[ours][1], vectors[ours]) for taken in rounds)
    print(f"ours: the same bytes in every round: {'yes' if repeated else 'NO'}")
    report("embedding in threads against encode() of one batch", f"{medians[batch] / medians[ours]:.2f}x")
    report("embedding in threads against encode() one by one", f"{medians[single] / medians[ours]:.2f}x")
    cosine, neighbour = agreement(vectors[ours], vectors[rounded])
    print(f"bfloat16: least cosine to float32 {cosine:.5f}, nearest neighbours at most {neighbour:.1e} farther")
    report("embedding in bfloat16 against float32", f"{medians[ours] / medians[rounded]:.2f}x")
    if cosine < LEAST_COSINE or neighbour > TIE:
        sys.exit("bfloat16 does not give the vectors of float32")
    if not repeated or max(np.abs(vectors[name] - vectors[ours]).max() for name in (batch, single)) > TOLERANCE:
        sys.exit("the vectors are not those of encode()")


if __name__ == "__main__":
    main()
