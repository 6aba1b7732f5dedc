"""Lists of HikerAPI, page by page, as far as they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from common.program import log
from sources.hikerapi_answers import Page
from sources.hikerapi_client import Client, Kept, SourceError, check, is_verdict


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
