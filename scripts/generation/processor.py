"""What a model is given: its chat format, its tokens, its frames with their times."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.program import UserError
from generation.answers import THOUGHTS, without_thoughts
from generation.libraries import transformers_library
from generation.pictures import SIDE, Fit, fit_square
from generation.requests import Request

if TYPE_CHECKING:
    from PIL.Image import Image

MILLISECONDS = 1000
# Variables of chat templates that switch thinking: of Qwen, GLM and SmolLM; of DeepSeek, Granite and Kimi.
SWITCHES = ("enable_thinking", "thinking")


@dataclass(frozen=True)
class Shown:
    """Frames of one reel as a model is shown them.

    Attributes:
        pictures: RGB, in order of time.
        times: of the frames, in seconds; empty where nobody knows them.
        duration: of the reel, in seconds.
    """

    pictures: Sequence[Image]
    times: tuple[float, ...] = ()
    duration: float = 0.0

    def metadata(self) -> dict[str, Any]:
        """The times as transformers wants them: each frame's number in a video of 1,000 frames a second."""
        numbers = [round(time * MILLISECONDS) for time in self.times]
        total = max([round(self.duration * MILLISECONDS), *(number + 1 for number in numbers)])
        return {
            "total_num_frames": total,
            "fps": float(MILLISECONDS),
            "frames_indices": numbers,
            "duration": total / MILLISECONDS,
        }


class ChatProcessor:
    """Makes a model's input of texts and frames.

    Args:
        folder: of the model.
        fit: how frames become what the model looks at.

    Attributes:
        sees: whether the model looks at pictures.
        video: whether it takes the frames of a reel as one video.
        tokenizer: of the library.

    Raises:
        UserError: the files cannot be used; the message says what to do.
    """

    def __init__(self, folder: Path, fit: Fit) -> None:
        self.fit = fit
        self.sees = (folder / "preprocessor_config.json").exists() or (folder / "processor_config.json").exists()
        self.processor: Any = _read_processor(folder, self.sees)
        self.tokenizer: Any = getattr(self.processor, "tokenizer", self.processor)
        self.tokenizer.padding_side = "left"  # answers begin where the prompts end
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if getattr(self.processor, "chat_template", None) is None:
            raise UserError(
                f"{folder}: the model has no chat template; choose one that was trained to answer (docs/models.md)"
            )
        self.video = getattr(self.processor, "video_processor", None) is not None
        special = {str(token) for token in self.tokenizer.added_tokens_decoder.values() if token.special}
        names = sorted({*special, *self.tokenizer.all_special_tokens}, key=len, reverse=True)
        self.special = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        template = str(self.processor.chat_template)
        self.without_thinking = {name: False for name in SWITCHES if re.search(rf"(?<![\w.'\"]){name}\b", template)}
        self.side = self._side()
        self.picture_tokens = functools.cache(self._picture_tokens)
        before, _, after = self.chat("\0", 0).partition("\0")
        # Some templates open the thoughts themselves; the answer has the closing mark only.
        self.opened = next((begin for begin, _ in THOUGHTS if after.rstrip().endswith(begin)), "")
        # Some write turns in plain words: `USER:`. Words without such a sign are no turn by themselves.
        last = {word for part in (before, after) for word in self.special.split(part)[-1].split()[-1:]}
        turns = [word for word in last if not word[-1].isalnum()]
        self.turns = re.compile("|".join(map(re.escape, turns)) or r"(?!)", re.IGNORECASE)

    # --- text -----------------------------------------------------------------------------------------------------

    def chat(self, text: str, n_pictures: int) -> str:
        """A prompt in the model's own chat format, with a place for the frames and without thoughts to come."""
        places = [{"type": "video"}] if self.video else [{"type": "image"}] * n_pictures
        content: Any = [*(places if n_pictures else []), {"type": "text", "text": text}] if self.sees else text
        chat: str = self.processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=False,
            **self.without_thinking,
        )
        return chat

    def text(self, request: Request, context: str) -> str:
        """The prompt with its context, as text: a caption's `<video>`, `</s>` or `USER:` is no order to the model."""
        context = self.turns.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", context)
        return request.text(self.special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", context))

    def n_tokens(self, text: str) -> int:
        """Tokens of a chat."""
        return len(self.tokenizer(text, add_special_tokens=not self._begins(text))["input_ids"])

    def read(self, tokens: list[int]) -> str:
        """What an answer's tokens say, without thoughts and signs of the chat format."""
        # Marks of thoughts are special tokens in some models: they must not go before the thoughts do.
        said = self.opened + self.tokenizer.decode(tokens, skip_special_tokens=False)
        return self.special.sub("", without_thoughts(said)).strip()

    def _begins(self, chat: str) -> bool:
        """Whether a chat has its beginning-of-text token already."""
        return bool(self.tokenizer.bos_token) and chat.startswith(self.tokenizer.bos_token)

    # --- frames ---------------------------------------------------------------------------------------------------

    def _side(self) -> int:
        """Side of the squares that the model looks at (pixels), where it has one; frames are made that size at once."""
        video = getattr(self.processor, "video_processor", None)
        cropped = getattr(video, "do_center_crop", False)
        size = dict(getattr(video, "crop_size" if cropped else "size", None) or {})
        height, width = size.get("height"), size.get("width")
        return int(height) if height and height == width else SIDE

    def fitted(self, frame: Image) -> Image:
        """A frame as the model is shown it."""
        return fit_square(frame, self.fit, self.side)

    def tokens_of_pictures(self, request: Request, indices: tuple[int, ...]) -> int:
        """What frames of a reel add to the tokens of a prompt that has places for them.

        Args:
            request: the reel.
            indices: of the frames.
        """
        if not indices:
            return 0
        size = request.size if self.fit == "none" and request.size else (self.side, self.side)
        if not (request.times and self.tells_time):
            return self.picture_tokens(len(indices), size, ())
        return self.picture_tokens(len(indices), size, self._digits([request.times[index] for index in indices]))

    def _digits(self, times: list[float]) -> tuple[int, ...]:
        """Digits before the point of each frame's time, as a prompt says it: times with as many take as many tokens.

        Of frames that are looked at together, the prompt has the middle of the first and the last time.
        """
        together = self._together()
        groups = [times[start : start + together] for start in range(0, len(times), together)]
        said = [f"{(group[0] + group[-1]) / 2:.1f}" for group in groups]
        return tuple(len(text) - 2 for text in said for _ in range(together))[: len(times)]

    @functools.cached_property
    def tells_time(self) -> bool:
        """Whether the times of frames stand in the prompt."""
        return self.video and len({self.picture_tokens(4, (self.side, self.side), (n,) * 4) for n in (1, 5)}) > 1

    def _picture_tokens(self, number: int, size: tuple[int, int], digits: tuple[int, ...]) -> int:
        """What frames add to a prompt's tokens; found out with blank ones, as models count in their own ways."""
        from PIL import Image

        chat = self.chat("x", number)
        times = tuple(10.0 ** (n - 1) for n in digits)
        shown = Shown([Image.new("RGB", size)] * number, times, max(times, default=0.0))
        return int(self.inputs([chat], [shown])["input_ids"].shape[1]) - self.n_tokens(chat)

    def inputs(self, chats: list[str], shown: list[Shown]) -> Any:
        """Tensors of a batch.

        Args:
            chats: prompts in the model's chat format.
            shown: the frames of each; of a batch, as many each.
        """
        settings: dict[str, Any] = {"padding": True, "return_tensors": "pt"}
        settings["add_special_tokens"] = not (chats and self._begins(chats[0]))
        if not self.sees or not any(reel.pictures for reel in shown):
            return self.tokenizer(chats, **settings)
        if not self.video:
            return self.processor(text=chats, images=[list(reel.pictures) for reel in shown], **settings)
        import numpy as np

        shown = [self._long_enough(reel) for reel in shown]
        if all(reel.times for reel in shown):
            settings["video_metadata"] = [reel.metadata() for reel in shown]
        videos = [np.stack([np.asarray(picture) for picture in reel.pictures]) for reel in shown]
        return self.processor(text=chats, videos=videos, do_sample_frames=False, **settings)

    def _together(self) -> int:
        """How many frames the model looks at together."""
        return getattr(getattr(self.processor, "video_processor", None), "temporal_patch_size", None) or 1

    def _long_enough(self, reel: Shown) -> Shown:
        """A reel's frames, a single one as often as the model looks at together: some refuse a video of one."""
        if len(reel.pictures) > 1:
            return reel
        return Shown(list(reel.pictures) * self._together(), reel.times * self._together(), reel.duration)


def _read_processor(folder: Path, sees: bool) -> Any:
    """The library's processor, or the tokenizer of a model without eyes."""
    library = transformers_library()
    try:
        if sees:
            _know_old_layouts(library)
        reader = library.AutoProcessor if sees else library.AutoTokenizer
        return reader.from_pretrained(folder, local_files_only=True)
    except RecursionError:
        raise UserError(
            f"{folder}: the files that say how frames are prepared have an older layout than transformers reads. "
            "Add the file video_preprocessor_config.json of the model's current revision (docs/models.md)"
        ) from None
    except (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder}: the model's processor cannot be loaded: {error}") from None


def _know_old_layouts(library: Any) -> None:
    """Let transformers read LLaVA-NeXT-Video as its repositories were until November 2025.

    They had no file about videos. From the class of their image processor the library infers the name of a video
    processor, which is that of the whole processor, and loads that one within itself without end (transformers#42142).
    """

    class LlavaNextVideoProcessor(library.LlavaNextVideoVideoProcessor):  # type: ignore[misc]
        """The video processor, under the name that is inferred."""

    library.AutoVideoProcessor.register(library.LlavaNextVideoConfig, LlavaNextVideoProcessor, exist_ok=True)
