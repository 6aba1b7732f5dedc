"""Calls to HikerAPI, each answer kept: what was paid for is never asked again under the same snapshot.

The service's own client (`hikerapi` on PyPI) is not used: it does not look at HTTP statuses, its paging helpers stop
after one page, and it follows redirects with the token. Three endpoints are all that is needed:

    /v2/user/by/username   profile            1 call
    /v2/user/clips         reels              1 call a page of about 12
    /v2/user/following     accounts followed  1 call a page of about 25
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from common.claims import Claims
from common.config import HikerapiSection
from common.foreign_json import parse_json
from common.http import CONNECT_TIMEOUT_S, Pace, TransientError, attempts, body, check_status
from common.program import log
from common.secrets import HIKERAPI_TOKEN as TOKEN
from common.secrets import secret
from common.session import Session
from common.store import digest
from sources.hikerapi_answers import Page, Read, SourceError, check, is_verdict
from sources.hikerapi_kept import Kept, Ledger

MAX_ANSWER_BYTES = 64 << 20


class Client:
    """Asks the service; shared by the threads of a job.

    Args:
        settings: address, limits, attempts.
        ledger: where calls are counted.
    """

    def __init__(self, settings: HikerapiSection, ledger: Ledger) -> None:
        self.settings, self.ledger = settings, ledger
        self.pace = Pace(settings.calls_per_s)
        self.local = threading.local()
        self.stopped: SourceError | None = None
        self.claims = Claims(ledger.path.with_name("claims"))

    def ask(
        self,
        kept: Kept,
        endpoint: str,
        params: dict[str, str],
        read: Callable[[Any], Read],
        purpose: str = "collect",
    ) -> Read:
        """What `read` makes of an answer; kept whatever it says, without people who opted out.

        Raises:
            SourceError: with a reason: not_found, private, unauthorized, balance, budget, throttled, unavailable,
                changed_format, no_credentials.
            OptedOutError: it is the profile of somebody who opted out; nothing is kept.
        """
        with self.claims.hold(digest([endpoint, params, purpose])):
            for line in kept.added():  # by another process that asked the same
                if (line.get("endpoint"), line.get("params"), line.get("purpose")) == (endpoint, params, purpose):
                    return check(line, read)
            return check(self._asked(kept, endpoint, params, purpose), read)

    def _asked(self, kept: Kept, endpoint: str, params: dict[str, str], purpose: str) -> dict[str, Any]:
        """The line of an answer that is asked for now. See `ask`."""
        if self.stopped:  # no token, no money: the next call would end the same way
            raise self.stopped
        try:
            status, text = attempts(self.settings.attempts, self.settings.max_wait_s)(self._get, endpoint, params)
        except TransientError as error:
            problem = SourceError(error.reason, f"{endpoint}: {error.detail}")
            if (error.wait_s or 0) > self.settings.max_wait_s:
                self.stopped = problem
            raise problem from None
        except SourceError as error:
            if error.reason in ("unauthorized", "balance", "budget", "no_credentials"):
                self.stopped = error
            raise
        line: dict[str, Any] = {"endpoint": endpoint, "purpose": purpose, "params": params, "status": status}
        try:
            if len(text) > MAX_ANSWER_BYTES:
                raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes, of which the first are kept")
            line["answer"] = parse_json(text)
        except ValueError as error:
            line["problem"] = str(error)[:200]
            line["text"] = text[:MAX_ANSWER_BYTES].decode("utf-8", "backslashreplace")
        return kept.add(line)

    def _get(self, endpoint: str, params: dict[str, str]) -> tuple[int, bytes]:
        token = secret(TOKEN)
        if token is None:
            raise SourceError("no_credentials", f"{TOKEN} is neither in the environment nor in .env")
        if not (token.isascii() and token.isprintable()):
            raise SourceError("unauthorized", f"{TOKEN} has characters that no token has; copy it again")
        self.pace.wait()
        self.ledger.take()
        deadline = time.monotonic() + 4 * self.settings.timeout_s
        try:
            # Redirects are not followed: the token would go along, to whatever host they name.
            with self._session().get(
                self.settings.url.rstrip("/") + endpoint,
                params=params,
                headers={"x-access-key": token, "accept": "application/json"},
                timeout=(CONNECT_TIMEOUT_S, self.settings.timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._read(response, deadline)
        except requests.RequestException as error:
            if _never_sent(error):
                self.ledger.correct(-1)
            raise TransientError("unavailable", type(error).__name__) from None
        except TransientError as error:
            if error.wait_s and error.wait_s <= self.settings.max_wait_s:
                self.pace.pause(error.wait_s)
            raise

    def _read(self, response: requests.Response, deadline: float) -> tuple[int, bytes]:
        status = response.status_code
        if status == 429 or status >= 500 or status in (401, 402):
            self.ledger.correct(-1)  # not charged
        check_status(response)
        if status == 401:
            raise SourceError("unauthorized", f"HTTP 401: the service refuses {TOKEN}")
        if status == 402:
            raise SourceError("balance", "HTTP 402: the account's calls are used up")
        self.ledger.correct(_charged(response) - 1)
        content = bytearray()
        with contextlib.suppress(ValueError):  # longer than any answer, which its length says
            for piece in body(response, deadline, MAX_ANSWER_BYTES + 1):
                content += piece
        return status, bytes(content)

    def _session(self) -> Session:
        if not hasattr(self.local, "session"):
            self.local.session = Session()  # one a thread: sessions are not safe to share
        session: Session = self.local.session
        return session


def _never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that nothing can have been charged."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _charged(response: requests.Response) -> int:
    """What a call cost: header `x-hiker-info: reqs=2`."""
    for part in response.headers.get("x-hiker-info", "").replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "reqs" and value.isdigit():
            return int(value)
    return 1


@dataclass
class Paged:
    """A list as far as its pages go.

    Attributes:
        items: in the order received, each id once.
        ended: the service said that there is no further page.
        problem: why paging stopped before the end.
    """

    items: list[Any]
    ended: bool
    problem: SourceError | None = None


MAX_IDLE_PAGES = 5


def read_pages(
    client: Client, kept: Kept, endpoint: str, user_id: str, read: Callable[[Any], Page],
    items: Callable[[Page], Iterable[tuple[str, Any]]],
    *, enough: int | None = None, purpose: str = "collect", fresh: bool = False,
) -> Paged:  # fmt: skip
    """A list page by page: first the pages that are kept, then from their cursor on.

    Args:
        client: asks for what is not kept.
        kept: the creator's answers.
        endpoint: CLIPS or FOLLOWING.
        user_id: whose list.
        read: takes an answer.
        items: what the entries of a page are, with their ids.
        enough: stop after this many items.
        purpose: what the pages are for; pages for another purpose are not read.
        fresh: ask for all pages anew.

    Raises:
        SourceError: `changed_format`; other problems end the list, see `Paged.problem`.
    """
    found: dict[str, Any] = {}
    pages = {} if fresh else _kept_pages(kept, endpoint, read, purpose)
    cursor, asked, idle = "", set[str](), 0
    while True:
        asked.add(cursor)
        try:
            answer = pages.get(cursor)
            if answer is None:
                answer = client.ask(kept, endpoint, {"user_id": user_id, "page_id": cursor}, read, purpose)
            elif isinstance(answer, SourceError):
                raise answer
        except SourceError as problem:
            if problem.reason == "changed_format":
                raise
            return Paged(list(found.values()), ended=False, problem=problem)
        before = len(found)
        for name, item in items(answer):
            found.setdefault(name, item)
        if enough is not None and len(found) >= enough:
            return Paged(list(found.values()), ended=not answer.next_page_id)
        if not answer.next_page_id:
            return Paged(list(found.values()), ended=True)
        idle = 0 if len(found) > before else idle + 1
        cursor = answer.next_page_id
        ended_oddly = (
            "the service repeats a page" if cursor in asked
            else f"{idle} pages in a row brought nothing new" if idle >= MAX_IDLE_PAGES
            else f"more than hikerapi.max_pages ({client.settings.max_pages}) pages"
            if len(asked) >= client.settings.max_pages
            else None
        )  # fmt: skip
        if ended_oddly:
            log.warning("%s: a list without end: %s", endpoint, ended_oddly)
            return Paged(list(found.values()), ended=False, problem=SourceError("changed_format", ended_oddly))


def _kept_pages(kept: Kept, endpoint: str, read: Callable[[Any], Page], purpose: str) -> dict[str, Any]:
    """Kept answers, or what they refuse, by the cursor they were asked with; the last one where there are several."""
    found: dict[str, Any] = {}
    for line in kept.answers(endpoint, purpose):
        try:
            found[line["params"]["page_id"]] = check(line, read)
        except SourceError as problem:
            if is_verdict(problem):
                found[line["params"]["page_id"]] = problem
    return found
