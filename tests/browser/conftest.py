"""A real Chromium for the atlas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from chromium import open_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as made:
        yield made


@pytest.fixture
def opened(browser: Browser, address: str, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page of the module; at the end nothing may have been said, asked for, or run that should not be."""
    pages: list[Page] = []
    said: list[str] = []
    asked: list[str] = []

    def open_page(hash: str = "", at: str = address, **options: object) -> Page:  # noqa: A002
        page = browser.new_page(**({"viewport": {"width": 1200, "height": 800}} | options))  # type: ignore[arg-type]
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(at + hash)
        page.wait_for_selector("html[data-ready]")
        pages.append(page)
        return page

    yield open_page
    for number, page in enumerate(pages):
        assert page.evaluate("window.hacked") is None
        page.screenshot(path=tmp_path / f"{number}.png")  # kept as pytest keeps its folders
        page.close()
    # SwiftShader tells that it is slow.
    assert [text for text in said if "GPU stall" not in text] == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
