"""HTTP as services on the internet need it: limits on time and size, waits, attempts, a shared pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import requests
import tenacity
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

CHUNK = 1 << 16
CONNECT_TIMEOUT_S = 10.0


class TransientError(Exception):
    """A request that failed and may succeed later.

    Attributes:
        reason: throttled, unavailable or timeout.
        detail: what happened.
        wait_s: how long the service asks to wait; None where it does not say.
    """

    def __init__(self, reason: str, detail: str, wait_s: float | None = None) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail, self.wait_s = reason, detail, wait_s


class Pace:
    """At most so many requests a second, over all threads that share it, and none while the service asks to wait.

    Args:
        per_s: requests a second.
    """

    def __init__(self, per_s: float) -> None:
        self.interval_s = 1 / per_s
        self.next = 0.0
        self.lock = threading.Lock()

    def wait(self) -> None:
        """Wait for one's turn."""
        with self.lock:
            now = time.monotonic()
            turn = max(now, self.next)
            self.next = turn + self.interval_s
        time.sleep(turn - now)

    def pause(self, seconds: float) -> None:
        """No further request before this many seconds have gone."""
        with self.lock:
            self.next = max(self.next, time.monotonic() + seconds)


def attempts(count: int, max_wait_s: float) -> tenacity.Retrying:
    """Calls a function again after `TransientError`, when the service says, else after random waits that grow.

    Args:
        count: attempts at most.
        max_wait_s: a service that asks for a longer wait is not asked again.
    """
    growing = tenacity.wait_random_exponential(multiplier=0.5, max=max_wait_s)

    def may_pass(error: BaseException) -> bool:
        return isinstance(error, TransientError) and (error.wait_s or 0) <= max_wait_s

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_s if isinstance(error, TransientError) else None
        return asked if asked is not None else growing(state)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        wait=wait,
        stop=tenacity.stop_after_attempt(count),
        reraise=True,
    )


def check_status(response: requests.Response) -> None:
    """Raise `TransientError` for answers that say "later"."""
    if response.status_code == 429:
        raise TransientError("throttled", "HTTP 429", asked_wait_s(response))
    if response.status_code >= 500:
        raise TransientError("unavailable", f"HTTP {response.status_code}", asked_wait_s(response))


def asked_wait_s(response: requests.Response) -> float | None:
    """The header Retry-After in seconds; it may be a number or a date."""
    value = response.headers.get("Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def body(response: requests.Response, deadline: float, max_bytes: int) -> Iterator[bytes]:
    """The answer's content in pieces.

    Args:
        response: made with ``stream=True``.
        deadline: of `time.monotonic`; a server that drips byte by byte never trips the timeout of a single read.
        max_bytes: of more than this the first come, then ValueError.

    Raises:
        TransientError: the connection broke, the content ended early, or the deadline passed.
    """
    received = 0
    try:
        # read1 returns what is there; read would wait until the piece is full, and never look at the clock.
        while piece := response.raw.read1(CHUNK, decode_content=True):
            yield piece[: max_bytes - received]
            received += len(piece)
            if received > max_bytes:
                raise ValueError(f"more than {max_bytes} bytes")
            if time.monotonic() > deadline:
                raise TransientError("timeout", "the answer came too slowly")
    except (HTTPError, OSError) as error:
        raise TransientError("unavailable", f"the connection broke: {type(error).__name__}") from None
