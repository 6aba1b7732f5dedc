"""Where a real Chromium is, and how it is started without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess

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
