"""What a model that answers in words is asked, and what it answers; the same for a model here and for an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.prompts import with_context
from common.states import ReelError

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Request:
    """One question.

    Attributes:
        name: of the reel (or of a text of it).
        prompt: what is asked, with `{context}` where the context goes.
        context: what may be shortened where there are too many tokens.
        pictures: gives the frames (RGB) in order of time, called once, shortly before they are needed; None: text only.
        n_pictures: how many frames there are.
        times: of the frames, in seconds; models that know time are told.
        duration: of the reel, in seconds.
        seed: of sampling, its own; from the content, so that an answer does not depend on other requests.
    """

    name: str
    prompt: str
    context: str = ""
    pictures: Callable[[], list[Image]] | None = None
    n_pictures: int = 0
    seed: int = 0
    times: tuple[float, ...] = ()
    duration: float = 0.0

    def text(self, context: str | None = None) -> str:
        """The prompt with its context, or with another one."""
        return with_context(self.prompt, self.context if context is None else context)


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    Attributes:
        text: without white space around it.
        complete: False: it ended at the limit of tokens.
        pictures: indices of the frames that the model was shown.
        context_words: words of the context that the model was given.
        input_tokens: of text and frames; None where the endpoint does not say.
        output_tokens: of the answer.
        cost_usd: what it cost; None where no price is known.
    """

    text: str
    complete: bool
    pictures: tuple[int, ...]
    context_words: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None = None


class Generator(Protocol):
    """A model that answers questions.

    Attributes:
        facts: how it answers, for the record: model id, precision, attention; nothing that differs between two runs.
    """

    facts: dict[str, object]

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Answer | ReelError]]:
        """Answer all requests, in any order, each as soon as it is there; a ReelError where one has no answer.

        Raises:
            UserError: nothing can be answered: the model or the endpoint cannot be used.
        """
        ...
