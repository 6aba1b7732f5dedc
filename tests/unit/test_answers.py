"""Thoughts are no part of an answer."""

from __future__ import annotations

import pytest

from generation.answers import without_thoughts


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("A quiet street.", "A quiet street."),
        ("<think>\nA street? A lane.\n</think>\n\nA quiet street.", "A quiet street."),
        ("A street? A lane.\n</think>\n\nA quiet street.", "A quiet street."),  # the template wrote the opening mark
        ("<think></think>A quiet street.", "A quiet street."),
        ("<think>One.</think> No. <think>Two.</think> A quiet street.", "A quiet street."),
        ("[THINK]A lane?[/THINK]A quiet street.", "A quiet street."),
        ("◁think▷A lane?◁/think▷A quiet street.", "A quiet street."),
        ("<think>\nThe user wants a description. I see a", ""),
        ("<think>One.</think> No. <think>Two, which never", ""),
        ("<think>All of it.</think>", ""),
        ("", ""),
        ("People think of <b>home</b>.", "People think of <b>home</b>."),
    ],
)
def test_only_the_answer_remains(written: str, answer: str) -> None:
    assert without_thoughts(written) == answer
