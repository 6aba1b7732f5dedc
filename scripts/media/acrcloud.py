"""Music identification by ACRCloud, over plain HTTP: one call for each sample, hit or miss, and each is billed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import platform
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import requests

from common.config import MusicSection
from common.foreign_json import parse_json
from common.http import CONNECT_TIMEOUT_S, Pace, TransientError, attempts, body, check_status
from common.program import UserError
from common.secrets import ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET, secret
from common.session import Session
from common.states import ReelError
from media.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

IDENTIFY = "/v1/identify"
# What the service says (docs.acrcloud.com, reference, "Error codes").
FOUND, NOTHING_FOUND, NO_FINGERPRINT = 0, 1001, 2004
REFUSED = {3001: "unauthorized", 3014: "unauthorized", 3003: "quota"}
LATER = {3000: "unavailable", 3015: "throttled"}
# Without them the next call would end the same way.
FINAL = ("no_credentials", "unauthorized", "quota")
CALLS_PER_S = 10
MAX_ANSWER_BYTES = 16 << 20


class UnreadError(ReelError):
    """An answer in another form than expected.

    Attributes:
        content: what came of it.
    """

    def __init__(self, detail: str, content: bytes) -> None:
        super().__init__("changed_format", detail)
        self.content = content


def piece_of(samples: np.ndarray, position: str, seconds: float) -> np.ndarray:
    """The piece of a sound that is sent.

    Args:
        samples: 16 kHz mono.
        position: middle or start.
        seconds: its length; shorter sounds are sent whole.
    """
    length = min(len(samples), round(seconds * SAMPLE_RATE))
    start = (len(samples) - length) // 2 if position == "middle" else 0
    return samples[start : start + length]


def fingerprint(wav: bytes, seconds: float) -> bytes | None:
    """ACRCloud's fingerprint of a sound; None where it has none (silence).

    Raises:
        UserError: its library cannot run here.
    """
    try:
        from acrcloud import acrcloud_extr_tool
    except ImportError as error:
        raise UserError(
            f"music.backend: acrcloud-fingerprint: its library is compiled for Linux on x86-64 only, this is "
            f"{sys.platform} on {platform.machine()} ({error}). Choose `acrcloud`, which sends a piece of the sound"
        ) from None
    found = acrcloud_extr_tool.create_fingerprint_by_filebuffer(wav, 0, round(seconds), False)
    return bytes(found) if found else None


class AcrCloud:
    """Asks the service; shared by the threads of a job.

    Args:
        settings: host, limits, attempts.
    """

    def __init__(self, settings: MusicSection) -> None:
        self.settings = settings
        host = settings.host.rstrip("/")
        self.url = (host if host.startswith("http") else f"https://{host}") + IDENTIFY
        self.pace = Pace(CALLS_PER_S)
        # There are as many threads as sounds are measured at a time, which may be more.
        self.connections = threading.Semaphore(settings.connections)
        self.stopped: ReelError | None = None

    def identify(self, sample: bytes, data_type: str) -> dict[str, Any]:
        """What the service says of a sample: its whole answer, of a hit, a miss or a sound without fingerprint.

        Args:
            sample: a wav file or a fingerprint.
            data_type: audio or fingerprint.

        Raises:
            ReelError: no_credentials, unauthorized, quota, throttled, unavailable, changed_format; an `UnreadError`
                where there is an answer that is not understood.
        """
        with self.connections:
            if self.stopped:
                raise self.stopped
            try:
                return attempts(self.settings.attempts, self.settings.max_wait_s)(self._post, sample, data_type)  # type: ignore[no-any-return]
            except TransientError as error:
                raise ReelError(error.reason, error.detail) from None
            except ReelError as error:
                if error.reason in FINAL:
                    self.stopped = error
                raise

    def _post(self, sample: bytes, data_type: str) -> dict[str, Any]:
        key, hidden = secret(ACRCLOUD_ACCESS_KEY), secret(ACRCLOUD_ACCESS_SECRET)
        if not key or not hidden:
            names = f"{ACRCLOUD_ACCESS_KEY} and {ACRCLOUD_ACCESS_SECRET}"
            raise ReelError("no_credentials", f"{names} are neither in the environment nor in .env")
        self.pace.wait()
        timestamp = str(int(time.time()))
        form = {
            "access_key": key,
            "data_type": data_type,
            "signature_version": "1",
            "signature": sign(hidden, key, data_type, timestamp),
            "sample_bytes": str(len(sample)),
            "timestamp": timestamp,
        }
        deadline = time.monotonic() + 4 * self.settings.timeout_s
        try:
            with (
                Session() as session,
                session.post(
                    self.url,
                    data=form,
                    files={"sample": ("sample", sample, "application/octet-stream")},
                    timeout=(CONNECT_TIMEOUT_S, self.settings.timeout_s),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                check_status(response)
                return _read(response.status_code, body(response, deadline, MAX_ANSWER_BYTES))
        except requests.RequestException as error:
            raise TransientError("unavailable", type(error).__name__) from None


def _read(status: int, pieces: Iterator[bytes]) -> dict[str, Any]:
    """The answer that comes in pieces."""
    content = bytearray()
    try:
        for piece in pieces:
            content += piece
        answer: dict[str, Any] = parse_json(bytes(content))
        code = answer["status"]["code"]
        if not isinstance(code, int):
            raise TypeError(f"status.code: {str(code)[:40]}")
    except (ValueError, KeyError, TypeError) as error:
        said = f"HTTP {status}, an answer without status.code ({type(error).__name__}: {str(error)[:80]})"
        raise UnreadError(said, bytes(content)) from None
    if code in (FOUND, NOTHING_FOUND, NO_FINGERPRINT):
        return answer
    said = f"ACRCloud {code}"
    if code in REFUSED:
        raise ReelError(REFUSED[code], said)
    if code in LATER:
        raise TransientError(LATER[code], said)
    raise UnreadError(f"{said}, which was not expected", bytes(content))


def sign(hidden: str, key: str, data_type: str, timestamp: str) -> str:
    """The signature of a request (ACRCloud's version 1)."""
    text = "\n".join(["POST", IDENTIFY, key, data_type, "1", timestamp])
    return base64.b64encode(hmac.new(hidden.encode(), text.encode(), hashlib.sha1).digest()).decode("ascii")


def best_hit(answer: dict[str, Any], min_score: int) -> dict[str, Any] | None:
    """The best piece of an answer in a few fields; None where none has the score.

    Only the score is needed. What else is null, empty, missing or of another type is unknown; hits without a score
    that can be read do not count.

    Args:
        answer: of the service.
        min_score: of 70 to 100.

    Raises:
        ReelError: changed_format, where no hit has a score.
    """
    hits = _list(_object(answer.get("metadata")).get("music"))
    read = [(score, hit) for hit in map(_object, hits) if (score := _score(hit)) is not None]
    if hits and not read:
        raise ReelError("changed_format", f"metadata.music: none of {len(hits)} hits has a score that can be read")
    scored = [found for found in read if found[0] >= min_score]
    if not scored:
        return None
    score, hit = max(scored, key=lambda found: (found[0], _text(found[1], "title") is not None))
    codes = _object(hit.get("external_ids")).get("isrc")
    return {
        "title": _text(hit, "title"),
        "artist": ", ".join(_names(hit.get("artists"))) or None,
        "album": _text(_object(hit.get("album")), "name"),
        "genres": _names(hit.get("genres")),
        "score": score,
        "acrid": _text(hit, "acrid"),
        "isrc": [code for code in (codes if isinstance(codes, list) else [codes]) if code and isinstance(code, str)],
    }


def _score(hit: dict[str, Any]) -> float | None:
    value = hit.get("score")
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """A list; one object, where a service gives it without a list around it, is a list of one."""
    return value if isinstance(value, list) else [value] if value else []


def _text(part: dict[str, Any], key: str) -> str | None:
    value = part.get(key)
    if not isinstance(value, str):
        return None
    # Half an emoji can be written in JSON and in no file.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip() or None


def _names(parts: Any) -> list[str]:
    return [name for part in map(_object, _list(parts)) if (name := _text(part, "name"))]
