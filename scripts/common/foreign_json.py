"""JSON that other programs and services wrote, which may be absurd."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 100  # objects and lists inside each other; answers of services have about ten


def parse_json(content: bytes) -> Any:
    """The value that a JSON text holds.

    Raises:
        ValueError: it is no JSON (a `json.JSONDecodeError` where the place is known), has a number of thousands of
            digits, or is nested more than `DEEPEST` levels deep, which would end the programs that walk through it.
    """
    try:
        value = json.loads(content)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} levels deep") from None
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return value
    raise ValueError(f"nested more than {DEEPEST} levels deep")
