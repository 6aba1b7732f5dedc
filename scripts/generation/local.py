"""A language model, or a model of images or video, that answers on this machine (transformers)."""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.program import UserError, log
from common.states import ReelError
from common.store import digest
from generation.libraries import transformers_library
from generation.pictures import FEWEST_FRAMES, SIDE, Fit, fit_square, thinned
from generation.requests import Answer, Request

if TYPE_CHECKING:
    import torch

# Of the memory that is free after loading, what a batch is planned to take.
PLANNED_SHARE = 0.7


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
    too large is halved. Greedy unless a temperature is given; then each request is sampled with a stream of its own, so
    that an answer does not depend on its neighbours in the batch.

    Args:
        folder: of the model: configuration, tokenizer or processor with a chat template, safetensors.
        quantization: of the weights: nf4 (with double quantisation), int8 or none (bitsandbytes).
        dtype: of the computation: float16, bfloat16 or float32.
        attention: auto, flash_attention_2, sdpa or eager.
        device: auto, cpu or cuda.
        batch_size: requests answered together at most.
        max_new_tokens: of an answer.
        temperature: 0 is greedy.
        seed: of sampling.
        context_tokens: of frames, text and answer at most; None: what the model says.
        fit: how frames become squares.

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
    ) -> None:
        self.folder, self.batch_size, self.fit = folder, batch_size, fit
        self.max_new_tokens, self.temperature, self.seed = max_new_tokens, temperature, seed
        self.device = _device(device)
        attention = _attention(attention, self.device, dtype)
        self.sees = (folder / "preprocessor_config.json").exists() or (folder / "processor_config.json").exists()
        self._load(quantization, dtype, attention)
        self.limit = min(context_tokens or 1 << 30, self._window())
        self.picture_tokens = functools.cache(self._picture_tokens)
        self.facts: dict[str, object] = {
            "quantization": quantization,
            "dtype": dtype,
            "attention": attention,
            "device": self.device,
            "class": type(self.model).__name__,
            **({"frames_as": "video" if self.video else "images", "fit": fit} if self.sees else {}),
        }

    # --- loading ------------------------------------------------------------------------------------------------

    def _load(self, quantization: str, dtype: str, attention: str) -> None:
        import torch

        library = transformers_library()
        kind = library.AutoModelForImageTextToText if self.sees else library.AutoModelForCausalLM
        reader = library.AutoProcessor if self.sees else library.AutoTokenizer
        compute = getattr(torch, dtype)
        config = None
        if quantization == "nf4":
            config = library.BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=compute,
            )
        elif quantization == "int8":
            config = library.BitsAndBytesConfig(load_in_8bit=True)
        if self.device == "cpu":
            log.warning("no GPU is used: a model of 7 billion parameters takes minutes for one answer")
        try:
            self.processor: Any = reader.from_pretrained(self.folder, local_files_only=True)
            self.model: Any = kind.from_pretrained(
                self.folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=compute,
                attn_implementation=attention,
                quantization_config=config,
                device_map={"": self.device},
            ).eval()
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"{self.folder.name} does not fit into the memory of the GPU ({str(error).splitlines()[0]}): choose "
                "`quantization: nf4`, a smaller model, or a GPU with more memory (docs/models.md)"
            ) from None
        except (OSError, ValueError, ImportError) as error:
            raise UserError(f"{self.folder}: the model cannot be loaded: {error}") from None
        self.tokenizer: Any = getattr(self.processor, "tokenizer", self.processor)
        self.tokenizer.padding_side = "left"  # answers begin where the prompts end
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.video = getattr(self.processor, "video_processor", None) is not None
        special = {str(token) for token in self.tokenizer.added_tokens_decoder.values() if token.special}
        names = sorted({*special, *self.tokenizer.all_special_tokens}, key=len, reverse=True)
        self.special = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        if getattr(self.processor, "chat_template", None) is None:
            raise UserError(
                f"{self.folder}: the model has no chat template; choose one that was trained to answer (docs/models.md)"
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
        )

    def _window(self) -> int:
        """Tokens that the model can look at."""
        config = self.model.config.get_text_config()
        found = getattr(config, "max_position_embeddings", None)
        return int(found) if found else 1 << 30

    def _picture_tokens(self, number: int) -> int:
        """What so many frames add to the tokens of a prompt that has places for them; found out with blank ones.

        Models count in their own ways: pairs of frames, tokens between them.
        """
        from PIL import Image

        if not number:
            return 0
        chat = self._chat("x", number)
        blank = [Image.new("RGB", (SIDE, SIDE))] * number
        return int(self._inputs([chat], [blank])["input_ids"].shape[1]) - self._n_tokens(chat)

    # --- what fits ----------------------------------------------------------------------------------------------

    def _chat(self, text: str, n_pictures: int) -> str:
        """A prompt in the model's own chat format, with a place for the frames."""
        places = [{"type": "video"}] if self.video else [{"type": "image"}] * n_pictures
        content: Any = [*(places if n_pictures else []), {"type": "text", "text": text}] if self.sees else text
        chat: str = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        return chat

    def _text(self, request: Request, context: str) -> str:
        """The prompt with its context, as text: what a caption says of `<video>` or `</s>` is no order to the model."""
        return request.text(self.special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", context))

    def _n_tokens(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=not self._begins(text))["input_ids"])

    def _begins(self, chat: str) -> bool:
        """Whether a chat has its beginning-of-text token already."""
        return bool(self.tokenizer.bos_token) and chat.startswith(self.tokenizer.bos_token)

    def _plan(self, request: Request) -> _Plan:
        """What of a request fits: frames are thinned first, then the context is shortened.

        Raises:
            ReelError: not even the prompt alone fits.
        """
        words = request.context.split()
        room = self.limit - self.max_new_tokens

        def tokens(n_pictures: int, context: str) -> int:
            chat = self._chat(self._text(request, context), n_pictures)
            return self._n_tokens(chat) + self.picture_tokens(n_pictures)

        n_pictures = request.n_pictures
        while n_pictures > FEWEST_FRAMES and tokens(n_pictures, request.context) > room:
            over = tokens(n_pictures, request.context) - room
            surely = over * n_pictures // (2 * self.picture_tokens(n_pictures))  # half of what it looks like
            n_pictures = max(FEWEST_FRAMES, n_pictures - max(1, surely))
        kept, context = len(words), request.context
        while kept and tokens(n_pictures, context) > room:
            over = tokens(n_pictures, context) - room
            kept = max(0, min(kept - 1, kept - over // 4))  # a word is seldom more than four tokens
            context = " ".join(words[:kept])
        while n_pictures > 1 and tokens(n_pictures, context) > room:
            n_pictures -= 1
        total = tokens(n_pictures, context)
        if total > room:
            raise ReelError(
                "refused", f"the prompt takes {total} tokens of {self.limit}, {self.max_new_tokens} are for the answer"
            )
        return _Plan(request, thinned(request.n_pictures, n_pictures), self._text(request, context), kept, total)

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
        largest = self.batch_size
        with ThreadPoolExecutor(1) as pool:  # frames are decoded while the model answers the batch before
            coming: Future[_Batch] | None = None
            while coming or waiting:
                batch = coming.result() if coming else self._prepare(self._take(waiting, largest))
                coming = None
                yield from batch.failed
                if len(batch.plans) > largest:  # made before the memory was known to be too small
                    waiting.extendleft(reversed(batch.plans))
                    continue
                if waiting:
                    coming = pool.submit(self._prepare, self._take(waiting, largest))
                try:
                    answers = self._answer(batch) if batch.plans else []
                except MemoryError as error:
                    if len(batch.plans) == 1:
                        yield batch.plans[0].request, ReelError("out_of_memory", str(error))
                        continue
                    largest = len(batch.plans) // 2
                    log.info("out of memory with %d together: going on with %d", len(batch.plans), largest)
                    waiting.extendleft(reversed(batch.plans))
                    continue
                yield from zip([plan.request for plan in batch.plans], answers, strict=True)

    def _take(self, waiting: deque[_Plan], largest: int) -> list[_Plan]:
        """The plans of the next batch; videos of a batch must have as many frames each."""
        first = waiting[0]
        number = min(largest, self._fitting(first.tokens + self.max_new_tokens))
        taken: list[_Plan] = []
        while waiting and len(taken) < number and len(waiting[0].pictures) == len(first.pictures):
            taken.append(waiting.popleft())
        return taken

    def _fitting(self, tokens: int) -> int:
        """How many sequences of so many tokens the GPU's memory should take, from their keys and values."""
        if self.device == "cpu":
            return self.batch_size
        import torch

        config = self.model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        # Twice for keys and values, and as much again for what is computed on the way.
        bytes_each: int = 2 * 2 * config.num_hidden_layers * heads * width * tokens * self.model.dtype.itemsize
        # What PyTorch keeps from the batches before and does not use is free for the next one.
        free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        return max(1, int(free * PLANNED_SHARE) // bytes_each)

    def _prepare(self, plans: list[_Plan]) -> _Batch:
        """Frames decoded, texts as tokens; a request whose frames cannot be read fails alone."""
        good, pictures, failed = [], [], []
        for plan in plans:
            try:
                frames = plan.request.pictures() if plan.request.pictures else []
                shown = [fit_square(frames[index], self.fit, SIDE) for index in plan.pictures]
            except ReelError as problem:
                failed.append((plan.request, problem))
                continue
            good.append(plan)
            pictures.append(shown)
        chats = [self._chat(plan.text, len(plan.pictures)) for plan in good]
        return _Batch(good, self._inputs(chats, pictures) if good else None, failed)

    def _inputs(self, chats: list[str], pictures: list[list[Any]]) -> Any:
        settings: dict[str, Any] = {"padding": True, "return_tensors": "pt"}
        settings["add_special_tokens"] = not (chats and self._begins(chats[0]))
        if not self.sees or not any(pictures):
            return self.tokenizer(chats, **settings)
        if self.video:
            import numpy as np

            videos = [np.stack([np.asarray(picture) for picture in shown]) for shown in pictures]
            return self.processor(text=chats, videos=videos, do_sample_frames=False, **settings)
        return self.processor(text=chats, images=pictures, **settings)

    def _answer(self, batch: _Batch) -> list[Answer | ReelError]:
        """Answers of a batch; raises MemoryError where the memory does not take it."""
        import torch

        inputs = {
            name: values.to(self.device, self.model.dtype if values.is_floating_point() else None)
            for name, values in batch.inputs.items()
        }
        length = inputs["input_ids"].shape[1]
        sampling = [self._sampling(batch.plans)] if self.temperature > 0 else []
        try:
            with torch.inference_mode():
                given = self.model.generate(**inputs, logits_processor=sampling)
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
                raise
            if self.device != "cpu":
                torch.cuda.empty_cache()
            raise MemoryError(str(error).splitlines()[0]) from None
        rows = given[:, length:].tolist()
        return [self._read(plan, row) for plan, row in zip(batch.plans, rows, strict=True)]

    def _read(self, plan: _Plan, row: list[int]) -> Answer | ReelError:
        end = next((n for n, token in enumerate(row) if token in self.ends), None)
        text = self.tokenizer.decode(row[:end], skip_special_tokens=True).strip()
        if not text:
            return ReelError("empty_answer", f"{len(row[:end])} tokens, none of them a word")
        n_tokens = len(row) if end is None else end + 1
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


@dataclass
class _Batch:
    """A batch ready to be answered, and requests that failed while it was made."""

    plans: list[_Plan]
    inputs: Any
    failed: list[tuple[Request, ReelError]]


def _device(asked: str) -> str:
    import torch

    if asked == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda: PyTorch sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES; docs/models.md)")
    return "cuda" if asked == "cuda" or (asked == "auto" and torch.cuda.is_available()) else "cpu"


def _attention(asked: str, device: str, dtype: str) -> str:
    """The attention to be used; `auto` takes flash attention where it can run."""
    import importlib.util

    import torch

    problem = (
        "it runs on GPUs only" if device != "cuda"
        else "the package flash-attn is not installed" if importlib.util.find_spec("flash_attn") is None
        else "the GPU is older than Ampere" if torch.cuda.get_device_capability()[0] < 8
        else "it computes in float16 or bfloat16 only" if dtype == "float32"
        else None
    )  # fmt: skip
    if asked == "flash_attention_2" and problem:
        raise UserError(f"attention: flash_attention_2: {problem}; docs/models.md says how to get it, or choose sdpa")
    if asked == "auto":
        return "sdpa" if problem else "flash_attention_2"
    return asked
