"""`--whole`: the demo and the unit tests on each Python, in place of a small study."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run the demo and the unit tests on each Python")
