"""Music identification by ACRCloud, over plain HTTP: one call for each sample, hit or miss, and each is billed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import platform
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import requests

from common.config import MusicSection
from common.http import CONNECT_TIMEOUT_S, Pace, PassingError, attempts, check_status
from common.program import UserError
from common.secrets import ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET, secret
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
            ReelError: no_credentials, unauthorized, quota, throttled, unavailable, changed_format.
        """
        with self.connections:
            if self.stopped:
                raise self.stopped
            try:
                return attempts(self.settings.attempts, self.settings.max_wait_s)(self._post, sample, data_type)  # type: ignore[no-any-return]
            except PassingError as error:
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
        try:
            response = requests.post(
                self.url,
                data=form,
                files={"sample": ("sample", sample, "application/octet-stream")},
                timeout=(CONNECT_TIMEOUT_S, self.settings.timeout_s),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise PassingError("unavailable", type(error).__name__) from None
        check_status(response)
        return self._read(response)

    def _read(self, response: requests.Response) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(response.content)
            code = answer["status"]["code"]
        except (ValueError, KeyError, TypeError):
            raise ReelError("changed_format", f"HTTP {response.status_code}, an answer without status.code") from None
        if code in (FOUND, NOTHING_FOUND, NO_FINGERPRINT):
            return answer
        said = f"ACRCloud {code}"
        if code in REFUSED:
            raise ReelError(REFUSED[code], said)
        if code in LATER:
            raise PassingError(LATER[code], said)
        raise ReelError("changed_format", f"{said}, which was not expected")


def sign(hidden: str, key: str, data_type: str, timestamp: str) -> str:
    """The signature of a request (ACRCloud's version 1)."""
    text = "\n".join(["POST", IDENTIFY, key, data_type, "1", timestamp])
    return base64.b64encode(hmac.new(hidden.encode(), text.encode(), hashlib.sha1).digest()).decode("ascii")


def best_hit(answer: dict[str, Any], min_score: int) -> dict[str, Any] | None:
    """The best piece of an answer in a few fields; None where none has the score.

    Args:
        answer: of the service.
        min_score: of 70 to 100.

    Raises:
        ReelError: changed_format.
    """
    try:
        hits = answer.get("metadata", {}).get("music", [])
        scored = [hit for hit in hits if float(hit["score"]) >= min_score]
        if not scored:
            return None
        hit = max(scored, key=lambda found: float(found["score"]))
        codes = hit.get("external_ids", {}).get("isrc")
        return {
            "title": str(hit["title"]),
            "artist": ", ".join(str(artist["name"]) for artist in hit.get("artists", [])) or None,
            "album": hit.get("album", {}).get("name"),
            "genres": [str(genre["name"]) for genre in hit.get("genres", [])],
            "score": float(hit["score"]),
            "acrid": hit.get("acrid"),
            "isrc": codes if isinstance(codes, list) else [codes] if codes else [],
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReelError("changed_format", f"a hit in another form: {type(error).__name__}: {error}") from None
