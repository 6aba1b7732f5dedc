"""Say what collecting a study from HikerAPI has cost so far, and what is left to pay, before a call is made.

    snakemake --cores 1 cost

Counted from the answers that are kept under the snapshot; nothing is asked of the service.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from common.config import HikerapiSection, SelectSection
from common.options import add_section, read_section
from common.program import parser, run
from opting_out.tombstones import Tombstones
from sources.hikerapi import Hikerapi
from sources.hikerapi_answers import (
    CLIPS,
    FOLLOWING,
    PROFILE,
    PROFILE_BY_ID,
    SourceError,
    check,
    is_verdict,
    read_profile,
)
from sources.registry import RAW
from sources.source import excluded

VERSION = "1"
CLIPS_A_PAGE, FOLLOWS_A_PAGE = 12, 25
# Follow lists of unknown length, where no policy bounds them: the first study's bound.
ASSUMED_FOLLOWING = 1001


@dataclass(frozen=True)
class Calls:
    """What creators may still cost: at least, and with pages of the usual size."""

    least: int
    most: int


@dataclass(frozen=True)
class Bill:
    """What a collection costs.

    Attributes:
        creators: in the list, without those who opted out.
        collected: of whom nothing is left to ask.
        spent: calls made so far.
        left: calls still to make.
    """

    creators: int
    collected: int
    spent: int
    left: Calls


def main(arguments: argparse.Namespace) -> None:
    if arguments.source != "hikerapi":
        print(f"The source of this study is `{arguments.source}`: it costs no calls.")  # noqa: T201
        return
    settings, select = read_section(arguments, HikerapiSection), read_section(arguments, SelectSection)
    bill = count_calls(settings, select, arguments.snapshot, arguments.raw)
    spent, least, most = bill.spent, bill.left.least, bill.left.most
    price = settings.price_per_1000_calls / 1000
    bound = (
        f"at most {select.max_following} (select.max_following)"
        if select.max_following
        else f"{ASSUMED_FOLLOWING}, an assumption: select.max_following sets no bound"
    )
    lines = [
        f"HikerAPI, snapshot {arguments.snapshot}: {bill.creators} creators, {bill.collected} of them collected",
        f"  spent so far:   {spent:>8} calls   {spent * price:>10.2f} USD",
        f"  left, at least: {least:>8} calls   {least * price:>10.2f} USD",
        f"  left, about:    {most:>8} calls   {most * price:>10.2f} USD",
        f"  (1 call for a profile, 1 for {CLIPS_A_PAGE} reels, 1 for {FOLLOWS_A_PAGE} accounts followed;",
        f"  follow lists of creators whose profile is not known yet: {bound};",
        f"  hikerapi.price_per_1000_calls: {settings.price_per_1000_calls:g} USD, see your plan)",
    ]
    if settings.max_calls is not None:
        lines.append(
            f"  hikerapi.max_calls: {settings.max_calls}, of which {max(0, settings.max_calls - spent)} are left"
        )
    print("\n".join(lines))  # noqa: T201


def count_calls(settings: HikerapiSection, select: SelectSection, snapshot: str, raw: Path = RAW) -> Bill:
    """What a study has cost and may still cost, from the answers that are kept."""
    tombstones = Tombstones()
    source = Hikerapi(settings, snapshot, raw, tombstones)
    left = [remaining(source, handle, select) for handle in source.members() if not tombstones.has_handle(handle)]
    return Bill(
        creators=len(left),
        collected=sum(calls.most == 0 for calls in left),
        spent=source.client.ledger.spent(),
        left=Calls(sum(calls.least for calls in left), sum(calls.most for calls in left)),
    )


def remaining(source: Hikerapi, handle: str, select: SelectSection) -> Calls:
    """Calls that a creator still costs, by what is kept."""
    kept = source.kept(handle)
    user, refused = None, False
    for line in (*kept.answers(PROFILE), *kept.answers(PROFILE_BY_ID)):
        try:
            user = check(line, read_profile)
        except SourceError as problem:
            refused = is_verdict(problem)
    if user is None and refused:
        return Calls(0, 0)
    if user is None:
        following = ASSUMED_FOLLOWING if select.max_following is None else select.max_following
        return Calls(1, 1 + _pages(select.latest or 0, CLIPS_A_PAGE) + _pages(following, FOLLOWS_A_PAGE))
    if user.is_private or excluded({"followers": user.follower_count, "following": user.following_count}, select):
        return Calls(0, 0)
    reels = min(user.media_count or 0, select.latest or user.media_count or 0)
    left = sum(
        0 if _ended(kept.answers(endpoint), full) else max(1, _pages(full, size) - len(kept.answers(endpoint)))
        for endpoint, full, size in (
            (CLIPS, reels, CLIPS_A_PAGE),
            (FOLLOWING, ASSUMED_FOLLOWING if user.following_count is None else user.following_count, FOLLOWS_A_PAGE),
        )
    )
    return Calls(left, left)


def _ended(lines: list[dict[str, object]], full: int) -> bool:
    """Whether a list is there to its end, or as far as it is wanted."""
    answers = [line["answer"] for line in lines if line["status"] == 200 and isinstance(line.get("answer"), dict)]
    items = 0
    for answer in answers:
        response = answer.get("response") if isinstance(answer, dict) else None
        if isinstance(response, dict):
            items += len(response.get("items") or response.get("users") or [])
    ended = any(isinstance(answer, dict) and answer.get("next_page_id", "") is None for answer in answers)
    return ended or (bool(answers) and items >= full > 0)


def _pages(items: int, size: int) -> int:
    return max(1, math.ceil(items / size))


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--source", default="hikerapi", help="source.kind [%(default)s]")
    options.add_argument("--snapshot", help="source.snapshot")
    options.add_argument("--raw", type=Path, default=RAW, help="folder of paid answers [%(default)s]")
    add_section(options, HikerapiSection)
    add_section(options, SelectSection)
    arguments = options.parse_args(argv)
    if arguments.source == "hikerapi" and not arguments.snapshot:
        options.error("--source hikerapi needs --snapshot DATE")
    return arguments


if __name__ == "__main__":
    run(main, parse())
