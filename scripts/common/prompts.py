"""What models are asked: Markdown files, with `{context}` where what is known of a reel goes."""

from __future__ import annotations

import re
from pathlib import Path

from common.config import DescriptionSection
from common.program import UserError

FOLDER = Path(__file__).resolve().parent.parent.parent / "config" / "prompts"


CONTEXT = "{context}"


def description_prompt(settings: DescriptionSection) -> str:
    """What the description model is asked; raises UserError where what it is to be told has no place in it."""
    prompt = read_prompt(settings.prompt)
    if settings.context == "all" and CONTEXT not in prompt:
        raise UserError(
            f"{settings.prompt}: no {CONTEXT} in the prompt, so the model would not be told what is known besides the "
            "pictures: put it in, or choose `description.context: none`"
        )
    return prompt


def read_prompt(name: str | None, default: str = "aesthetics") -> str:
    """A prompt without its comments.

    Args:
        name: a file, relative to the study's directory; None: one that comes with Reel Atlas.
        default: which one.

    Raises:
        UserError: there is no such file, or it is empty.
    """
    path = Path(name) if name else FOLDER / f"{default}.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: the prompt cannot be read: {getattr(error, 'strerror', None) or error}") from None
    prompt = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).strip()
    if not prompt:
        raise UserError(f"{path}: the prompt is empty")
    return prompt
