"""What a model's answer says, without the thoughts that thinking models write before it."""

from __future__ import annotations

# Marks around thoughts, of Qwen, DeepSeek, GLM and most others, and of Magistral and Kimi.
THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
)


def without_thoughts(text: str) -> str:
    """The answer alone; empty where the thoughts did not end before the answer did.

    Chat templates may write the opening mark into the prompt, so that the answer has the closing mark only.

    Args:
        text: what the model wrote.
    """
    for begin, end in THOUGHTS:
        answer = text.rpartition(end)[2]
        text = "" if begin in answer else answer
    return text.strip()
