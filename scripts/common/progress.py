"""How far a batch is, said every few seconds."""

from __future__ import annotations

import time

from common.program import log


class Progress:
    """Says, every few seconds, how far a batch is and how long it still takes."""

    INTERVAL_S = 5.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = self.done = self.cached = self.failed = self.pending = 0
        self.started = self.said = time.monotonic()

    def start(self, total: int, pending: int) -> None:
        """Begin with this many reels, of which `pending` must be computed."""
        self.total, self.pending = total, pending
        self.started = self.said = time.monotonic()
        self.done = total - pending
        log.info("%s: %d reels, %d to compute", self.name, total, pending)

    def step(self, cached: bool, failed: bool) -> None:
        """Count one reel: from the store or computed, failed or not."""
        self.cached += cached
        self.failed += failed
        if cached:
            return
        self.done += 1
        now = time.monotonic()
        if now - self.said >= self.INTERVAL_S:
            self.said = now
            computed = self.done - (self.total - self.pending)
            left = (now - self.started) / computed * (self.pending - computed)
            log.info(
                "%s: %d of %d reels, %d failed, about %.0f s left", self.name, self.done, self.total, self.failed, left
            )

    def end(self) -> None:
        """Say what became of the batch."""
        seconds = time.monotonic() - self.started
        log.info(
            "%s: done, %d reels (%d computed in %.1f s, %d from the store, %d failed)",
            self.name, self.total, self.pending, seconds, self.cached, self.failed,
        )  # fmt: skip
