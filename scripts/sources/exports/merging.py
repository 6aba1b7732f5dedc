"""Several items about one reel: one stays, and learns what the others know."""

from __future__ import annotations

from typing import Any

from common.states import Outcome
from sources.exports.item import Item
from sources.source import SourceReel


def merge(found: list[tuple[Item, SourceReel]]) -> list[SourceReel]:
    """The reels of one creator, each once; the others are `duplicate`.

    The one that stays has a video rather than a link, a link rather than none, and is of the newest capture. Of each
    number and text the newest that is known counts; of several captures the row's detail says so.

    Args:
        found: items with their reels, the newest capture last.
    """
    groups: dict[str, list[tuple[Item, SourceReel]]] = {}
    for item, reel in found:
        groups.setdefault(str(reel.reel_id), []).append((item, reel))
    for group in groups.values():
        if len(group) > 1:
            _settle(group)
    return [reel for _, reel in found]


def _settle(group: list[tuple[Item, SourceReel]]) -> None:
    usable = [(item, reel) for item, reel in group if reel.outcome.state == "ok"]
    # Of equal ones the newest.
    _, kept = max(reversed(usable or group), key=lambda pair: (bool(pair[1].video), bool(pair[1].video_url)))
    facts: dict[str, Any] = {}
    for _, reel in usable:
        facts |= reel.facts
        kept.thumbnail = kept.thumbnail or reel.thumbnail
    kept.facts = facts
    # Links expire: the newest one of any capture.
    reels = [reel for _, reel in reversed(usable)]
    kept.video_url = next((reel.video_url for reel in reels if reel.video_url), None)
    kept.thumbnail_url = next((reel.thumbnail_url for reel in reels if reel.thumbnail_url), None)
    for _, reel in group:
        if reel is not kept:
            reel.outcome = Outcome("skipped", "duplicate", reel.file)
    if len(usable) > 1:
        said = "; ".join(filter(None, [kept.outcome.detail, _captures([item for item, _ in usable])]))
        kept.outcome = Outcome("ok", detail=said)


def _captures(items: list[Item]) -> str:
    """How many captures there are of a reel, and which numbers count."""
    days = [item.captured[:10] for item in items if item.captured]
    undated = len(items) - len(days)
    when = f", {days[0]} to {days[-1]}" if len(set(days)) > 1 else f", {days[0]}" if days else ""
    older = f"; {undated} without a date count as older, in the order of their names" if undated else ""
    return f"{len(items)} captures{when}: the newest numbers count{older}"
