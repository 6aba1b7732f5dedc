"""What models are asked: Markdown files, with `{context}` where what is known of a reel goes."""

from __future__ import annotations

import re
from pathlib import Path

from common.program import UserError

FOLDER = Path(__file__).resolve().parent.parent.parent / "config" / "prompts"


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
