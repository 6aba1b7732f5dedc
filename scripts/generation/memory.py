"""The memory that a batch of answers takes: planned from the model's shape, corrected where it runs out."""

from __future__ import annotations

from typing import Any

# What PyTorch, CUDA, cuBLAS, cuDNN and the CPU's allocators say where memory runs out.
OUT_OF_MEMORY = ("out of memory", "alloc_failed", "allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, in whatever words."""
    text = f"{type(error).__name__} {error}".lower()
    return isinstance(error, MemoryError) or "outofmemoryerror" in text or any(said in text for said in OUT_OF_MEMORY)


def bytes_per_token(config: Any, itemsize: int) -> int:
    """Bytes that each token of a prompt or an answer takes while a batch is answered.

    The keys and values of all layers stay; what one layer computes on the way is there for one layer at a time. (What
    a vision tower computes is gone before the language model begins, and is smaller.)

    Args:
        config: of the language model.
        itemsize: bytes of a number.
    """
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    kept = 2 * config.num_hidden_layers * heads * width
    wide = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    passing = 3 * wide + 6 * config.hidden_size
    return int((kept + passing) * itemsize)


class Allowance:
    """Tokens that a batch may have, as far as a lack of memory has shown.

    A limit in reels would be wrong for the shorter ones after the longest. It grows again, as memory may have been
    short for a while only: with each success a quarter of the way to the number that failed, and at least 2 %.

    Attributes:
        most: tokens of a batch, all of its sequences together.
    """

    def __init__(self) -> None:
        self.most = self.failed = float("inf")

    def lacked(self, tokens: int) -> None:
        """Memory ran out with so many tokens."""
        self.failed, self.most = tokens, tokens / 2

    def sufficed(self, tokens: int) -> None:
        """Memory was enough for so many tokens."""
        if self.failed < float("inf") and tokens > self.most * 2 / 3:  # smaller batches say nothing about the limit
            self.most += max((self.failed - self.most) / 4, self.most / 50)
