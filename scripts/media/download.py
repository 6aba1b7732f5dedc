"""One file from the internet, complete and of the kind that was asked for, or a reason.

Links of content networks expire, servers break off, repeat, drip and answer with pages of HTML. Nothing that such an
answer says is trusted: not its name, not its type alone, not its length alone.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema, TooManyRedirects
from urllib3.exceptions import LocationParseError

from common.http import CONNECT_TIMEOUT_S, TransientError, attempts, body, check_status
from common.links import PrivateAddressError, open_session
from common.store import ARTIFACT

PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")  # JPEG, PNG, WebP
MAX_PICTURE_BYTES = 32 << 20
HEAD_BYTES = 256


class DownloadError(Exception):
    """A file that cannot be had.

    Attributes:
        reason: from the vocabulary of states.py.
        detail: what happened.
        link: the link is to blame, and another one may do.
    """

    def __init__(self, reason: str, detail: str, link: bool = False) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.link = reason, detail, link


@dataclass(frozen=True)
class Limits:
    """How long and how much.

    Attributes:
        max_bytes: of one file.
        timeout_s: seconds to wait for the next piece.
        total_s: seconds for the whole file, all attempts together.
        attempts: attempts for a download that breaks off; each goes on where the last one ended, if the server lets it.
        max_wait_s: longest wait between two attempts.
        allow_private: also follow links to this machine and the network it is in.
    """

    max_bytes: int
    timeout_s: float
    total_s: float
    attempts: int = 4
    max_wait_s: float = 60.0
    allow_private: bool = False


def fetch_video(url: str, folder: Path, limits: Limits) -> Path:
    """Download a video.

    Args:
        url: http or https.
        folder: where to put it.
        limits: on time and size.

    Returns:
        The file, called as in the store, with the suffix that its content asks for.

    Raises:
        DownloadError: gone, expired, file_too_large, timeout, throttled, unavailable, no_link,
            private_address.
    """
    part = folder / ".part"
    _fetch(url, part, limits)
    suffix = video_suffix(_head(part))
    if suffix is None:
        part.unlink()
        raise DownloadError("unavailable", "the link leads to something that is no video", link=True)
    return part.rename(folder / f"{ARTIFACT}{suffix}")


def fetch_picture(url: str, target: Path, timeout_s: float, allow_private: bool) -> Path:
    """Download a picture; raises DownloadError.

    Args:
        url: http or https.
        target: the file to write.
        timeout_s: seconds to wait for the next piece.
        allow_private: see `Limits`.
    """
    part = target.with_name(f".{secrets.token_hex(8)}")
    limits = Limits(MAX_PICTURE_BYTES, timeout_s, 4 * timeout_s, 2, max_wait_s=5.0, allow_private=allow_private)
    try:
        _fetch(url, part, limits)
        if not _head(part).startswith(PICTURES):
            raise DownloadError("unavailable", "the link leads to something that is no picture", link=True)
        return part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def video_suffix(head: bytes) -> str | None:
    """A file's suffix by its first bytes; None where it is no container that holds videos."""
    if head[4:8] in (b"ftyp", b"moov", b"styp", b"wide", b"free", b"mdat"):
        return ".mov" if head[8:12] == b"qt  " or head[4:8] in (b"moov", b"wide", b"mdat") else ".mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return ".webm" if b"webm" in head[:64] else ".mkv"
    if head[:1] == head[188:189] == b"G":
        return ".ts"
    kinds = {b"FLV\x01": ".flv", b"OggS": ".ogv", b"\x00\x00\x01\xba": ".mpg", b"\x30\x26\xb2\x75": ".wmv"}
    return ".avi" if head[:4] == b"RIFF" and head[8:12] == b"AVI " else kinds.get(head[:4])


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


@dataclass
class _Transfer:
    """A download under way: what is known of the file across attempts."""

    url: str
    target: Path
    limits: Limits
    deadline: float
    validator: str | None = None

    def attempt(self) -> None:
        """Receive the file, or what is missing of it."""
        have = self.target.stat().st_size if self.target.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if have and self.validator:
            # If-Range: a file that has changed since comes whole, not as a part that does not fit.
            headers |= {"Range": f"bytes={have}-", "If-Range": self.validator}
        try:
            with open_session(self.limits.allow_private).get(
                self.url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT_S, self.limits.timeout_s)
            ) as response:
                self._receive(response, have)
        except (InvalidSchema, InvalidURL, MissingSchema, LocationParseError):
            raise DownloadError("no_link", "not a link that can be followed") from None
        except PrivateAddressError as error:
            raise DownloadError("private_address", str(error)) from None
        except TooManyRedirects:
            raise DownloadError("unavailable", "the link leads from one place to the next without end") from None
        except requests.RequestException as error:
            raise TransientError("unavailable", type(error).__name__) from None

    def _receive(self, response: requests.Response, have: int) -> None:
        self._check_answer(response)
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
        start, total = _content_range(response)
        # A server that ignores If-Range sends a part of the new version.
        resumed = response.status_code == 206 and start == have > 0 and validator == self.validator
        if response.status_code == 206 and not resumed:
            self.target.unlink(missing_ok=True)
            raise TransientError("unavailable", "the server sent another part than asked for")
        length = response.headers.get("Content-Length", "")
        expected = total if resumed else int(length) if length.isdigit() else None
        self._check_size(expected or 0)
        # A weak one (W/) may stand for other bytes.
        self.validator = None if validator and validator.startswith("W/") else validator
        with self.target.open("ab" if resumed else "wb") as file:
            room = self.limits.max_bytes - (have if resumed else 0)
            try:
                for piece in body(response, self.deadline, room):
                    file.write(piece)
            except ValueError:
                self._check_size(self.limits.max_bytes + 1)
        size = self.target.stat().st_size
        if expected is not None and size != expected:
            raise TransientError("unavailable", f"{size} of {expected} bytes came")

    def _check_answer(self, response: requests.Response) -> None:
        status = response.status_code
        check_status(response)
        if status == 416:  # the part that is here is no beginning of that file
            self.target.unlink(missing_ok=True)
            raise TransientError("unavailable", "HTTP 416")
        if status in (404, 451):
            raise DownloadError("gone", f"HTTP {status}")
        if status in (401, 403, 410):
            raise DownloadError("expired", f"HTTP {status}", link=True)
        if status not in (200, 206):
            raise DownloadError("unavailable", f"HTTP {status}")
        kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind.startswith("text/") or kind in ("application/json", "application/xhtml+xml", "application/xml"):
            raise DownloadError("unavailable", f"{kind} instead of a file", link=True)

    def _check_size(self, size: int) -> None:
        if size > self.limits.max_bytes:
            raise DownloadError("file_too_large", f"more than {self.limits.max_bytes >> 20} MB")


def _fetch(url: str, target: Path, limits: Limits) -> None:
    transfer = _Transfer(url, target, limits, time.monotonic() + limits.total_s)

    def attempt() -> None:
        try:
            transfer.attempt()
        except TransientError as error:
            late = time.monotonic() + (error.wait_s or 0) > transfer.deadline
            if error.reason == "timeout" or late:
                raise DownloadError("timeout", f"not complete within {limits.total_s:g} s ({error.detail})") from None
            raise

    try:
        attempts(limits.attempts, limits.max_wait_s)(attempt)
    except TransientError as error:
        raise DownloadError(error.reason, error.detail) from None


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """Where a part begins, and the size of the whole: header `Content-Range: bytes 100-199/200`."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found:
        return None, None
    return int(found[1]), None if found[2] == "*" else int(found[2])
