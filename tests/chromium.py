"""Where a real Chromium is, and how it is started without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

# Drawn by the processor, in a window nobody sees; no connections of the browser's own.
OPTIONS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str | None:
    """Where Chromium is, installed where that can be done (Debian, as root)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        found = shutil.which("chromium")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser; where there is none and none can be installed the test is skipped, or fails with CI=true."""
    path = chromium()
    if path is None:
        reason = "no Chromium here, and none can be installed without root and apt-get"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield made
        made.close()
