"""A real Chromium for the atlas."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from chromium import OPTIONS, chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        reason = "no Chromium here, and none can be installed without root and apt-get"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield made
        made.close()
