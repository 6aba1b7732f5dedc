"""A language model, or a model of images or video, that answers on this machine (transformers)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.program import log
from common.states import ReelError
from common.store import digest
from generation.libraries import transformers_library
from generation.memory import Allowance, bytes_per_token, is_out_of_memory
from generation.pictures import FEWEST_FRAMES, Fit, thinned
from generation.processor import ChatProcessor, Shown
from generation.requests import Answer, Request
from generation.weights import (
    load_weights,
    quantised_parts,
    quantization_config,
    read_config,
    resolve_attention,
    resolve_device,
    resolve_dtype,
    resolve_quantization,
    rope,
    window,
    without_numbers,
)

if TYPE_CHECKING:
    import torch

# Of the memory that is free after loading, what a batch is planned to take.
PLANNED_SHARE = 0.9


@dataclass(frozen=True)
class _Plan:
    """A request with what fits into the context window."""

    request: Request
    pictures: tuple[int, ...]
    text: str
    context_words: int
    tokens: int


class LocalGenerator:
    """A `Generator` on this machine.

    Requests are sorted by their number of tokens and answered in batches as large as the memory takes; a batch that is
    too large is halved, and a reel that does not fit alone is shown with fewer frames. Greedy unless a temperature is
    given; then each request is sampled with a stream of its own, so that an answer does not depend on its neighbours in
    the batch.

    Args:
        folder: of the model: configuration, tokenizer or processor with a chat template, safetensors.
        quantization: of the weights: auto (none where the card has room for them, else nf4), nf4 (with double
            quantisation), int8 or none (bitsandbytes).
        dtype: of the computation: auto (what the model's configuration says), float16, bfloat16 or float32.
        attention: auto, flash_attention_2, sdpa or eager.
        device: auto, cpu or cuda.
        batch_size: requests answered together at most.
        max_new_tokens: of an answer.
        temperature: 0 is greedy.
        seed: of sampling.
        context_tokens: of frames, text and answer at most; None: what the model says.
        fit: how frames become what the model looks at.
        quantize_vision: also quantise the vision tower and the projector.
        threads: reels whose frames are decoded at a time.

    Raises:
        UserError: the model cannot be used as asked; the message says what to do.
    """

    def __init__(
        self,
        folder: Path,
        *,
        quantization: str,
        dtype: str,
        attention: str,
        device: str,
        batch_size: int,
        max_new_tokens: int,
        temperature: float = 0.0,
        seed: int = 0,
        context_tokens: int | None = None,
        fit: Fit = "letterbox",
        quantize_vision: bool = False,
        threads: int = 1,
    ) -> None:
        self.folder, self.batch_size, self.threads = folder, batch_size, threads
        self.max_new_tokens, self.temperature, self.seed = max_new_tokens, temperature, seed
        self.device = resolve_device(device)
        self.input = ChatProcessor(folder, fit)
        self.processor, self.tokenizer = self.input.processor, self.input.tokenizer
        config = read_config(folder)
        dtype = resolve_dtype(dtype, config, self.device)
        attention = resolve_attention(attention, self.device, dtype)
        quantization = self._load(config, quantization, quantize_vision, dtype, attention)
        self.limit = min(context_tokens or 1 << 30, window(self.model.config))
        self.allowance = Allowance()
        self.facts: dict[str, object] = {
            "quantization": quantization,
            "quantized": quantised_parts(self.model),
            "dtype": dtype,
            "attention": attention,
            "device": self.device,
            "class": type(self.model).__name__,
            "rope": rope(self.model.config),
            **({"frames_as": "video" if self.input.video else "images", "fit": fit} if self.input.sees else {}),
        }

    def _load(self, config: Any, quantization: str, quantize_vision: bool, dtype: str, attention: str) -> str:
        """Load the weights; returns the quantisation that was used."""
        library = transformers_library()
        kind = library.AutoModelForImageTextToText if self.input.sees else library.AutoModelForCausalLM
        if self.device == "cpu":
            log.warning("no GPU is used: a model of 7 billion parameters takes minutes for one answer")
        skeleton = without_numbers(kind, config)
        quantization = resolve_quantization(quantization, skeleton, dtype, self.device)
        self.model: Any = load_weights(
            kind,
            self.folder,
            device=self.device,
            dtype=dtype,
            attention=attention,
            quantization=quantization_config(quantization, quantize_vision, skeleton, dtype),
        )
        ends = self.model.generation_config.eos_token_id
        ends = self.tokenizer.eos_token_id if ends is None else ends
        self.ends = set(ends if isinstance(ends, list) else [ends])
        # The model's own settings may sample; an answer is to depend on ours alone.
        self.model.generation_config = library.GenerationConfig(
            do_sample=False,
            max_new_tokens=self.max_new_tokens,
            eos_token_id=sorted(self.ends),
            pad_token_id=self.tokenizer.pad_token_id,
            disable_compile=True,
        )
        return quantization

    # --- what fits ----------------------------------------------------------------------------------------------

    def _plan(self, request: Request, most: int | None = None) -> _Plan:
        """What of a request fits: frames are thinned first, then the context is shortened.

        Args:
            request: the question.
            most: frames at most; None: all.

        Raises:
            ReelError: not even the prompt alone fits.
        """
        words = request.context.split()
        room = self.limit - self.max_new_tokens

        def frames(number: int) -> tuple[int, ...]:
            return thinned(request.n_pictures, number)

        def tokens(number: int, context: str) -> int:
            chat = self.input.chat(self.input.text(request, context), number)
            return self.input.n_tokens(chat) + self.input.tokens_of_pictures(request, frames(number))

        n_pictures = min(request.n_pictures, most or request.n_pictures)
        while n_pictures > FEWEST_FRAMES and (over := tokens(n_pictures, request.context) - room) > 0:
            # Half of what it looks like.
            surely = over * n_pictures // (2 * self.input.tokens_of_pictures(request, frames(n_pictures)))
            n_pictures = max(FEWEST_FRAMES, n_pictures - max(1, surely))
        kept, context = len(words), request.context
        while kept and (over := tokens(n_pictures, context) - room) > 0:
            kept = max(0, min(kept - 1, kept - over // 4))  # a word is seldom more than four tokens
            context = " ".join(words[:kept])
        while n_pictures > 1 and tokens(n_pictures, context) > room:
            n_pictures -= 1
        total = tokens(n_pictures, context)
        if total > room:
            raise ReelError(
                "refused", f"the prompt takes {total} tokens of {self.limit}, {self.max_new_tokens} are for the answer"
            )
        return _Plan(request, frames(n_pictures), self.input.text(request, context), kept, total)

    # --- answering ----------------------------------------------------------------------------------------------

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Answer | ReelError]]:
        """See `Generator.generate`."""
        plans = []
        for request in requests:
            try:
                plans.append(self._plan(request))
            except ReelError as problem:
                yield request, problem
        # The longest first: what does not fit in memory shows at once, and neighbours have little padding.
        waiting = deque(sorted(plans, key=lambda plan: (-len(plan.pictures), -plan.tokens)))
        with ThreadPoolExecutor(1) as ahead:  # frames are decoded while the model answers the batch before
            coming: Future[_Batch] | None = None
            while coming or waiting:
                batch = coming.result() if coming else self._prepare(self._take(waiting))
                coming = ahead.submit(self._prepare, self._take(waiting)) if waiting else None
                yield from batch.failed
                if not batch.plans:
                    continue
                try:
                    answers = self._answer(batch)
                except MemoryError as error:
                    if coming:  # made before the memory was known to be too small
                        made = coming.result()
                        yield from made.failed
                        waiting.extendleft(reversed(made.plans))
                        coming = None
                    try:
                        waiting.extendleft(reversed(self._smaller(batch.plans, error)))
                    except ReelError as problem:
                        yield batch.plans[0].request, problem
                    continue
                self.allowance.sufficed(self._tokens(batch.plans))
                yield from zip([plan.request for plan in batch.plans], answers, strict=True)

    def _smaller(self, plans: list[_Plan], error: MemoryError) -> list[_Plan]:
        """Plans to be tried again after memory ran out: the same in smaller batches, or one reel with fewer frames.

        Raises:
            ReelError: one reel with few frames does not fit alone.
        """
        self.allowance.lacked(self._tokens(plans))
        if len(plans) > 1:
            log.info("out of memory with %d reels together: going on with fewer", len(plans))
            return plans
        (plan,) = plans
        number = len(plan.pictures)
        if number <= FEWEST_FRAMES:
            raise ReelError("out_of_memory", str(error))
        log.info("out of memory with %s alone: fewer than its %d frames are shown", plan.request.name, number)
        return [self._plan(plan.request, max(FEWEST_FRAMES, number // 2))]

    def _tokens(self, plans: list[_Plan]) -> int:
        """Tokens of a batch: prompts with their padding, and answers."""
        return len(plans) * (max(plan.tokens for plan in plans) + self.max_new_tokens)

    def _take(self, waiting: deque[_Plan]) -> list[_Plan]:
        """The plans of the next batch; videos of a batch must have as many frames each."""
        first = waiting[0]
        number = min(self.batch_size, self._fitting(first.tokens + self.max_new_tokens))
        taken: list[_Plan] = []
        while waiting and len(taken) < number and len(waiting[0].pictures) == len(first.pictures):
            taken.append(waiting.popleft())
        return taken

    def _fitting(self, tokens: int) -> int:
        """How many sequences of so many tokens the memory should take."""
        most = self.allowance.most
        if self.device != "cpu":
            import torch

            # What PyTorch keeps from the batches before and does not use is free for the next one.
            free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
            config = self.model.config.get_text_config()
            most = min(most, free * PLANNED_SHARE / bytes_per_token(config, self.model.dtype.itemsize))
        return int(max(1, min(self.batch_size, most // tokens)))

    def _prepare(self, plans: list[_Plan]) -> _Batch:
        """Frames decoded, texts as tokens; a request whose frames cannot be read fails alone."""
        good, shown, failed = [], [], []
        with ThreadPoolExecutor(self.threads) as pool:
            for plan, found in zip(plans, pool.map(self._show, plans), strict=True):
                if isinstance(found, ReelError):
                    failed.append((plan.request, found))
                else:
                    good.append(plan)
                    shown.append(found)
        chats = [self.input.chat(plan.text, len(plan.pictures)) for plan in good]
        return _Batch(good, self.input.inputs(chats, shown) if good else None, failed)

    def _show(self, plan: _Plan) -> Shown | ReelError:
        """The frames of a reel that the model is shown, decoded."""
        request = plan.request
        try:
            frames = request.pictures() if request.pictures else []
        except ReelError as problem:
            return problem
        times = tuple(request.times[index] for index in plan.pictures) if request.times else ()
        return Shown([self.input.fitted(frames[index]) for index in plan.pictures], times, request.duration)

    def _answer(self, batch: _Batch) -> list[Answer | ReelError]:
        """Answers of a batch; raises MemoryError where the memory does not take it."""
        import torch

        scores = _FiniteScores()
        sampling = [self._sampling(batch.plans)] if self.temperature > 0 else []
        try:
            inputs = {
                name: values.to(self.device, self.model.dtype if values.is_floating_point() else None)
                for name, values in batch.inputs.items()
            }
            length = inputs["input_ids"].shape[1]
            with torch.inference_mode():
                given = self.model.generate(
                    **inputs, **self._room_for_keys(length), logits_processor=[scores, *sampling]
                )
            rows = given[:, length:].tolist()
            finite = scores.rows() or [[]] * len(rows)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            said = str(error).splitlines()[0]
        else:
            return [self._read(plan, *found) for plan, *found in zip(batch.plans, rows, finite, strict=True)]
        if self.device != "cpu":
            torch.cuda.empty_cache()  # after the exception, whose traceback holds what was computed
        raise MemoryError(said)

    def _room_for_keys(self, length: int) -> dict[str, Any]:
        """Room for keys and values, taken once: the library's default copies all of them at every step."""
        if not self.model._supports_default_dynamic_cache():  # a model with a memory of its own kind
            return {}
        from transformers import StaticCache

        config = self.model.config.get_text_config(decoder=True)
        return {"past_key_values": StaticCache(config=config, max_cache_len=length + self.max_new_tokens)}

    def _read(self, plan: _Plan, row: list[int], finite: list[bool]) -> Answer | ReelError:
        end = next((n for n, token in enumerate(row) if token in self.ends), None)
        n_tokens = len(row) if end is None else end + 1
        if not all(finite[:n_tokens]):
            return ReelError(
                "no_answer",
                f"the model's scores are not finite numbers in {self.facts['dtype']}: choose `dtype: auto` or bfloat16",
            )
        text = self.input.read(row[:end])
        if not text:
            return ReelError("empty_answer", f"{len(row[:end])} tokens, none of them a word of an answer")
        return Answer(text, end is not None, plan.pictures, plan.context_words, plan.tokens, n_tokens)

    def _sampling(self, plans: list[_Plan]) -> Any:
        import torch

        # On the CPU a generator looks at the lower half of its seed only.
        seeds = [int(digest([self.seed, plan.request.seed])[:8], 16) for plan in plans]
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        temperature = self.temperature

        def sample(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            """The largest of logits with Gumbel noise is a sample of their softmax, one stream of noise a row."""
            noise = [torch.empty(scores.shape[1]).exponential_(generator=one).log() for one in generators]
            return scores.float() / temperature - torch.stack(noise).to(scores.device)

        return sample


class _FiniteScores:
    """Notes, token by token, whether the scores that a model gives its vocabulary are numbers at all."""

    def __init__(self) -> None:
        self.steps: list[torch.Tensor] = []

    def __call__(self, _: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.steps.append(scores.amax(dim=1).isfinite())
        return scores

    def rows(self) -> list[list[bool]]:
        """Of each sequence, of each token."""
        return [list(row) for row in zip(*(step.tolist() for step in self.steps), strict=True)]


@dataclass
class _Batch:
    """A batch ready to be answered, and requests that failed while it was made."""

    plans: list[_Plan]
    inputs: Any
    failed: list[tuple[Request, ReelError]]
