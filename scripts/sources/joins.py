"""What of a source's tables concerns nobody: counted before anything is run, so that no row is lost without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from common.program import UserError

SHOWN = 3  # examples in a message


@dataclass(frozen=True)
class Notice:
    """Something in a source that the study cannot use, or does without.

    Attributes:
        text: what it is, with counts and without names.
        reason: of the row in the table of coverage; None where other rows count it already.
        creators: how many accounts that row is about.
        examples: names of accounts or files, and where each stands. Parameters of rules have `text` only.
    """

    text: str
    reason: str | None = None
    creators: int = 0
    examples: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(f"{name} ({place})" if place else name for name, place in self.examples)
        return f"{self.text}: {shown}" if shown else self.text

    def without_people(self, is_gone: Callable[[str], bool]) -> Notice:
        """The notice without examples that are handles of people who opted out, or files in their folders."""
        kept = tuple(one for one in self.examples if not is_gone(one[0]) and not is_gone(one[0].partition("/")[0]))
        return replace(self, examples=kept)

    def counts(self) -> dict[str, Any]:
        """All but the examples, as a JSON value."""
        return {name: value for name, value in asdict(self).items() if name != "examples"}


def notice_unmatched(
    notices: list[Notice], what: str, total: int, unmatched: Sequence[tuple[str, str]], remedy: str, **row: Any
) -> None:
    """Note what of a table matches nothing; refuse a table of which nothing matches.

    Args:
        notices: to which it is added.
        what: the rows that are counted, as in "{n} of {total} rows of follows.csv ...".
        total: how many there are.
        unmatched: what matches nothing: its name, and where it stands.
        remedy: how the names are to be written.
        row: `reason` and `creators` of the notice.

    Raises:
        UserError: nothing matches.
    """
    if not unmatched:
        return
    notice = Notice(what.format(n=f"{len(unmatched):,}", total=f"{total:,}"), examples=tuple(unmatched[:SHOWN]), **row)
    if len(unmatched) >= total:
        raise UserError(f"{notice}. Nothing in it matches: {remedy}")
    notices.append(notice)


def notice_passed_over(found: Sequence[tuple[str, str]], folder: str) -> list[Notice]:
    """The files of a source that are not taken, counted and named; nothing where there are none.

    Args:
        found: their names, and why.
        folder: in which they are.
    """
    text = f"{len(found)} files in {folder} are passed over"
    return [Notice(text, examples=tuple(found[:SHOWN]))] if found else []


def notice_follows(
    notices: list[Notice], table: str, follows: Mapping[str, list[tuple[str, str]]], creators: Collection[str]
) -> None:
    """Note follow lists of accounts that are no creators of the study, and lists that lead to none of them.

    Args:
        notices: to which it is added.
        table: name of the table.
        follows: whom each account follows: handle in its normal form, and as written.
        creators: of the study.

    Raises:
        UserError: all lists are of others.
    """
    strangers = [(source, "") for source in follows if source not in creators]
    rows = sum(len(follows[source]) for source, _ in strangers)
    what = f"{{n}} of {{total}} accounts in the column source of {table} are not in the study (rows left out: {rows:,})"
    remedy = "write the handles of the study's creators into the columns source and target"
    notice_unmatched(notices, what, len(follows), strangers, remedy, reason="not_in_study", creators=len(strangers))
    targets = {target: "" for source, listed in follows.items() if source in creators for target, _ in listed}
    odd = [(target, "") for target in targets if target not in creators and re.search(r"[^\w.-]", target)]
    if odd:
        text = f"{len(odd):,} of {len(targets):,} accounts in the column target of {table} are not written like handles"
        notices.append(Notice(f"{text}: whoever of the study is meant by one has no edge", examples=tuple(odd[:SHOWN])))
    if targets and targets.keys().isdisjoint(creators):
        text = f"{table}: none of the {len(targets):,} accounts in the column target is a creator of the study"
        notices.append(Notice(f"{text}: the network has no edge", examples=tuple(targets.items())[:SHOWN]))
