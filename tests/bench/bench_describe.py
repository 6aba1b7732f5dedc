"""Time descriptions in batches against one reel at a time, with a tiny LLaVA-NeXT-Video on the CPU.

What is measured is the code around the model: with random weights of a few hundred thousand parameters the share that
batching saves is not that of a GPU with seven billion. Ends with exit code 1 where the answers differ.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "scripts"), str(CHECKOUT / "tests")]

import tiny_models
from aims import report
from generation.local import LocalGenerator
from generation.requests import Answer, Request


def requests(number: int) -> list[Request]:
    """Reels of 6 to 24 frames with contexts of 0 to 60 words, as the study's frame budget gives them."""
    noise = np.random.default_rng(1)

    def reel(index: int) -> Request:
        frames = [6, 10, 16, 24][index % 4]
        pictures = [Image.fromarray(noise.integers(0, 255, (672, 378, 3), dtype=np.uint8)) for _ in range(frames)]
        return Request(f"{index}", "Known: {context}. Describe.", "light " * (index * 7 % 61), lambda: pictures, frames)

    return [reel(index) for index in range(number)]


def main(arguments: argparse.Namespace) -> int:
    asked = requests(arguments.reels)
    seconds: dict[int, list[float]] = {1: [], arguments.batch: []}
    with tempfile.TemporaryDirectory() as folder:
        model = tiny_models.llava_next_video(Path(folder), window=2048)
        generators = {
            size: LocalGenerator(
                model, quantization="none", dtype="float32", attention="auto", device="cpu", batch_size=size,
                max_new_tokens=arguments.tokens,
            )
            for size in seconds
        }  # fmt: skip
        answers: dict[int, dict[str, Answer]] = {}
        for _ in range(arguments.rounds):
            for size, generator in generators.items():
                started = time.perf_counter()
                answers[size] = {request.name: answer for request, answer in generator.generate(asked)}
                seconds[size].append(time.perf_counter() - started)
    one, many = (statistics.median(taken) for taken in seconds.values())
    same = answers[1] == answers[arguments.batch]
    print(f"one by one:        {len(asked) / one:6.1f} reels/s")
    print(f"batches of {arguments.batch:>2}:     {len(asked) / many:6.1f} reels/s")
    report(f"descriptions in batches of {arguments.batch} against one by one", f"{one / many:.2f} times faster")
    print(f"the same answers: {'yes' if same else 'NO'}")
    return 0 if same else 1


def parse() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reels", type=int, default=32)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--tokens", type=int, default=64)
    options.add_argument("--rounds", type=int, default=3)
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main(parse()))
