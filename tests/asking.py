"""Questions to a model of one's own, and its answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from common.states import ReelError
from generation.local import LocalGenerator
from generation.requests import Answer, Request

SETTINGS = {
    "quantization": "none",
    "dtype": "float32",
    "attention": "auto",
    "device": "cpu",
    "batch_size": 1,
    "max_new_tokens": 16,
}


def load(folder: Path, **settings) -> LocalGenerator:
    """A model on the CPU in float32, unless other settings are given."""
    return LocalGenerator(folder, **{**SETTINGS, **settings})


def frames(number: int, seed: int = 0) -> Callable[[], list[Image.Image]]:
    """What gives frames of noise."""
    noise = np.random.default_rng(seed)
    shown = [Image.fromarray(noise.integers(0, 255, (64, 36, 3), dtype=np.uint8)) for _ in range(number)]
    return lambda: shown


def reels(*numbers: int) -> list[Request]:
    """Questions about reels with so many frames each."""
    return [
        Request(f"reel {n}", "Describe: {context}.", "warm light " * (3 * n), frames(number, n), number, seed=n)
        for n, number in enumerate(numbers)
    ]


def texts(*lengths: int) -> list[Request]:
    """Questions about texts alone."""
    return [Request(f"text {n}", "Shorten: {context}", "neon streets " * length) for n, length in enumerate(lengths)]


def ask(generator: LocalGenerator, requests: list[Request]) -> dict[str, Answer | ReelError]:
    """The answers, by the names of the questions."""
    answers = {request.name: answer for request, answer in generator.generate(requests)}
    assert set(answers) == {request.name for request in requests}
    return answers
