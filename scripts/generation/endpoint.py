"""A model that answers behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, hosted services."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, Literal

from common.config import EndpointSection
from common.program import UserError, log
from common.secrets import OPENAI_API_KEY, secret
from common.states import ReelError
from generation.answers import without_thoughts
from generation.pictures import FEWEST_FRAMES, SIDE, Fit, fit_square, thinned
from generation.requests import Answer, Request
from generation.shown import Shown

if TYPE_CHECKING:
    from PIL.Image import Image

# What servers say where a prompt is longer than the model's context window.
TOO_LONG = (
    "context_length", "context length", "context size", "maximum context", "context window", "too many tokens",
    "prompt is too long", "max_model_len",
)  # fmt: skip
# Reels whose frames are decoded at a time: their pixels take 20 MB each, and more threads than cores gain nothing.
DECODED_TOGETHER = 4
# After so many requests in a row without an answer there is no server; a single one may be what it stumbles over.
UNANSWERED = 3


class EndpointGenerator:
    """A `Generator` behind an endpoint.

    Several requests are under way at a time. After a transient failure (throttled, server errors, broken connections)
    the client asks again, after as long as the server wants. Where a prompt is too long, frames are left out: one, then
    two, four, ... more, down to a few; then the context is halved. An answer to less than what was sent is none.

    Args:
        settings: address, model, further fields of a request, limits, prices.
        max_new_tokens: of an answer.
        temperature: 0 is greedy, as far as the server is.
        seed: of sampling, where the server takes one.
        send: frames as pictures, or as one video (vLLM's `video_url`).
        fit: how frames become squares.
        own_key: of a server that this process started, which is asked without a proxy; None: OPENAI_API_KEY.
        stop_server: ends a server that this process started, so that Ctrl-C need not wait for its answers.
    """

    def __init__(
        self,
        settings: EndpointSection,
        *,
        max_new_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        send: Literal["images", "video"] = "images",
        fit: Fit = "letterbox",
        own_key: str | None = None,
        stop_server: Callable[[], object] | None = None,
    ) -> None:
        import openai

        if settings.model is None:
            raise UserError("endpoint.model: give the id that the server knows its model by (its /models lists them)")
        self.settings, self.model, self.send, self.fit = settings, settings.model, send, fit
        self.options: dict[str, Any] = {"max_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
        self.client = openai.OpenAI(
            base_url=settings.url,
            api_key=own_key or secret(OPENAI_API_KEY) or "none",  # servers of one's own seldom want one
            timeout=settings.timeout_s,
            max_retries=settings.attempts - 1,
            # Redirects are not followed: the key would go along.
            http_client=openai.DefaultHttpxClient(follow_redirects=False, trust_env=own_key is None),
        )
        self.stop_server = stop_server
        self.stopped: ReelError | None = None
        self.unanswered = 0
        self.shown = Shown(settings, max_new_tokens)
        self.decoding = threading.Semaphore(DECODED_TOGETHER)
        self.counting, self.tokens_in, self.tokens_out = threading.Lock(), 0, 0
        self.facts: dict[str, object] = {"model": settings.model, "frames_as": send, "fit": fit}
        if settings.extra:
            self.facts["extra"] = settings.extra

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Answer | ReelError]]:
        """See `Generator.generate`."""
        with ThreadPoolExecutor(self.settings.connections) as pool:
            futures = {pool.submit(self._ask, request): request for request in requests}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            except KeyboardInterrupt:
                if self.stop_server:
                    self.stop_server()
                raise
            finally:
                for future in futures:
                    future.cancel()
        cost = self._cost(self.tokens_in, self.tokens_out)
        price = "" if cost is None else f", {cost:.2f} USD"
        log.info("%s: so far %d tokens in, %d out%s", self.settings.model, self.tokens_in, self.tokens_out, price)

    def _ask(self, request: Request) -> Answer | ReelError:
        """One answer; with fewer frames, then less context, where the prompt is too long."""
        try:
            coded = self._coded(request)
        except ReelError as problem:
            return problem
        shown, step, words = len(coded), 1, request.context.split()
        context = request.context
        while True:
            if self.stopped:  # no key, no money, no server: the next request would end the same way
                return self.stopped
            indices = thinned(len(coded), shown)
            try:
                answer = self._answer(request, [coded[index] for index in indices], indices, context)
                self.unanswered = 0
                return answer
            except _TooLongError as problem:
                if shown > FEWEST_FRAMES:
                    shown, step = max(FEWEST_FRAMES, shown - step), 2 * step
                elif words:
                    words = words[: len(words) // 2]
                    context = " ".join(words)
                else:
                    return ReelError("refused", str(problem))
            except ReelError as problem:
                self.unanswered = self.unanswered + 1 if problem.reason == "unavailable" else 0
                if problem.reason in ("unauthorized", "quota") or self.unanswered >= UNANSWERED:
                    self.stopped = problem
                return problem

    def _coded(self, request: Request) -> list[str]:
        """The frames as JPEGs in base64."""
        with self.decoding:
            frames = request.pictures() if request.pictures else []
            return [_base64_jpeg(fit_square(frame, self.fit, SIDE)) for frame in frames]

    def _answer(self, request: Request, coded: list[str], indices: tuple[int, ...], context: str) -> Answer:
        import openai

        text = request.text(context)
        content: Any = [*self._parts(coded), {"type": "text", "text": text}] if coded else text
        fields = self.options | self._times(request, indices) | self.settings.extra
        try:
            found: Any = self.client.chat.completions.create(
                model=self.model,
                messages=[{"role": "user", "content": content}],
                extra_body={name: value for name, value in fields.items() if value is not None},
            )
        except openai.APIStatusError as error:
            raise _problem(error) from None
        except openai.APIConnectionError as error:  # timeouts, too
            raise ReelError("unavailable", f"{self.settings.url}: {type(error.__cause__ or error).__name__}") from None
        except (openai.APIError, ValueError, RecursionError) as error:  # no JSON, or nested absurdly
            raise ReelError("changed_format", f"{self.settings.url}: {type(error).__name__}") from None
        answer = self._read(found, indices, len(context.split()))
        self.shown.check(found, answer, text)
        return answer

    def _times(self, request: Request, indices: tuple[int, ...]) -> dict[str, Any]:
        """When the frames of a video are from, as vLLM takes it: numbers of frames in a video of 1,000 a second."""
        if self.send != "video" or not indices or not request.times:
            return {}
        numbers = [round(request.times[index] * 1000) for index in indices]
        total = max(round(request.duration * 1000), numbers[-1] + 1)
        known = {"fps": 1000.0, "frames_indices": numbers, "total_num_frames": total, "duration": total / 1000}
        # Without `num_frames`, vLLM takes the first 32 and says nothing.
        return {"media_io_kwargs": {"video": known | {"num_frames": len(numbers)}}}

    def _read(self, found: Any, indices: tuple[int, ...], n_words: int) -> Answer:
        # The client does not check answers: servers leave out or nullify what they have nothing for.
        usage = getattr(found, "usage", None)
        tokens_in = _tokens(getattr(usage, "prompt_tokens", None))
        tokens_out = _tokens(getattr(usage, "completion_tokens", None))
        with self.counting:  # an answer that is of no use costs as much
            self.tokens_in += tokens_in or 0
            self.tokens_out += tokens_out or 0
        try:
            choice = found.choices[0]
            written = _text(choice.message.content)
        except (AttributeError, IndexError, KeyError, TypeError):
            raise ReelError("changed_format", f"{self.settings.url}: an answer without choices") from None
        finish_reason = getattr(choice, "finish_reason", None)
        if finish_reason == "content_filter":
            raise ReelError("refused", "the endpoint's filter ended the answer")
        text = without_thoughts(written)
        if not text:
            what = "thoughts only, " if written else ""
            raise ReelError("empty_answer", f"{what}ended with {finish_reason or 'no reason given'}")
        cost = None if tokens_in is None or tokens_out is None else self._cost(tokens_in, tokens_out)
        return Answer(text, finish_reason != "length", indices, n_words, tokens_in, tokens_out, cost)

    def _cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """US dollars; None where no price is given."""
        prices = self.settings.price_per_1m_input_tokens, self.settings.price_per_1m_output_tokens
        return (tokens_in * prices[0] + tokens_out * prices[1]) / 1e6 if any(prices) else None

    def _parts(self, coded: list[str]) -> list[dict[str, Any]]:
        """Frames as parts of a message."""
        if self.send == "video":
            return [{"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{','.join(coded)}"}}]
        return [{"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{one}"}} for one in coded]


class _TooLongError(Exception):
    """A prompt that the model's context window does not take."""


def _text(content: Any) -> str:
    """What a message says: a text, or texts in parts; empty where it says nothing."""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part.get("type") == "text" and part.get("text"))
    if content and not isinstance(content, str):
        raise TypeError(f"content: {type(content).__name__}")
    # Half an emoji, where an answer was cut, cannot be written in UTF-8.
    return (content or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _tokens(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _base64_jpeg(image: Image) -> str:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90)
    return base64.b64encode(data.getvalue()).decode("ascii")


def _problem(error: Any) -> Exception:
    """What a refusal means. Of the server's words only those about the request are quoted: others may quote a key."""
    status, said = error.status_code, str(error.message)
    text = f"{error.code or ''} {said}".lower()
    if status in (401, 403):
        return ReelError("unauthorized", f"HTTP {status}: the endpoint refuses {OPENAI_API_KEY}")
    if status == 402 or "insufficient_quota" in text:
        return ReelError("quota", f"HTTP {status}")
    if status == 429:
        return ReelError("throttled", "HTTP 429")
    if status >= 500:
        return ReelError("unavailable", f"HTTP {status}")
    if any(phrase in text for phrase in TOO_LONG):
        return _TooLongError(f"HTTP {status}: {said[:200]}")
    return ReelError("refused", f"HTTP {status}: {said[:200]}")
