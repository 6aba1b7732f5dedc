"""Whether a server showed its model all that it was sent: some leave out frames, or cut the prompt, and say nothing."""

from __future__ import annotations

import functools
import threading
from typing import Any

from common.config import EndpointSection
from common.program import log
from common.states import ReelError
from generation.requests import Answer

# What answers of Ollama are known by.
OLLAMA = "fp_ollama"


class Shown:
    """Compares what was sent with the tokens that the server counted.

    Args:
        settings: address, model, and tokens that a frame takes at least.
        max_new_tokens: of an answer.
    """

    def __init__(self, settings: EndpointSection, max_new_tokens: int) -> None:
        self.settings, self.max_new_tokens = settings, max_new_tokens
        self.asking, self.warned = threading.Lock(), False

    def check(self, found: Any, answer: Answer, text: str) -> None:
        """Compare one answer with what was asked.

        Args:
            found: the answer as the server gave it.
            answer: what was read of it.
            text: that was sent beside the frames.

        Raises:
            ReelError: the model was shown less.
        """
        counted, frames = answer.input_tokens, len(answer.pictures)
        if counted is None:
            self._warn(frames)
            return
        if getattr(found, "system_fingerprint", None) == OLLAMA and counted + self.max_new_tokens > self.window():
            raise ReelError(
                "prompt_cut",
                f"Ollama cuts what does not fit into its context of {self.window():g} tokens: the prompt took "
                f"{counted}, and {self.max_new_tokens} are for the answer. Start it with a larger one: "
                "OLLAMA_CONTEXT_LENGTH=32768 ollama serve",
            )
        least = len(text.split()) + frames * self.settings.tokens_per_frame  # a word takes a token or more
        if frames and self.settings.tokens_per_frame and counted < least:
            raise ReelError(
                "prompt_cut",
                f"the server counted {counted} tokens, and {frames} frames with the text take {least} or more: it left "
                "frames out. Serve a model that sees pictures, with a context that is long enough; where a frame takes "
                "fewer tokens than endpoint.tokens_per_frame, set it to what the model takes",
            )

    def window(self) -> float:
        """Tokens of the context that Ollama gave the model; infinite where it does not say."""
        with self.asking:
            return self._window

    @functools.cached_property
    def _window(self) -> float:
        import requests

        from common.session import Session

        root = self.settings.url.rstrip("/").removesuffix("/v1")
        try:
            loaded = Session().get(f"{root}/api/ps", timeout=10, allow_redirects=False).json()["models"]
            names = {self.settings.model, f"{self.settings.model}:latest"}
            return float(next(one["context_length"] for one in loaded if one["name"] in names))
        except (requests.RequestException, ValueError, LookupError, TypeError, StopIteration) as error:
            log.warning(
                "%s/api/ps: Ollama does not say how long its context is (%s); what is longer is cut. See `ollama ps`",
                root, type(error).__name__,
            )  # fmt: skip
            return float("inf")

    def _warn(self, frames: int) -> None:
        if frames and not self.warned:
            self.warned = True
            log.warning(
                "%s does not count the tokens of a prompt, so nobody knows whether it shows its model all frames",
                self.settings.url,
            )
