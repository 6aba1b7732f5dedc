"""Numbers of followers as bands that several creators share, and creators in groups of several.

Who knows the numbers of a public profile knows its band, and no more. Borders are round (1, 2, 5, 10, 20, 50, ...):
borders between the creators' own numbers would tell these.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping

Band = tuple[int | None, int | None]
UNKNOWN: Band = (None, None)
NEXT = {1: 2, 2: 5, 5: 10}  # leading digits of round numbers, and those of the next


def bands(numbers: list[int | None], k: int) -> list[Band]:
    """The band of each number, from and to, both included; every band has at least k of the numbers.

    Bands with fewer are joined with the next. Where all together are fewer, no band is told; where unknown numbers are
    fewer than k, nor are those of the smallest bands, so that nobody is known by being unknown.

    Args:
        numbers: not negative; None where unknown.
        k: at least 1.
    """
    steps = [None if number is None else _step(number) for number in numbers]
    counts = Counter(step for step in steps if step is not None)
    waiting, joined = list[int](), list[list[int]]()
    for step in sorted(counts):
        waiting.append(step)
        if sum(counts[one] for one in waiting) >= k:
            joined.append(waiting)
            waiting = []
    if waiting and joined:
        joined[-1] += waiting
    joined.sort(key=lambda band: sum(counts[one] for one in band))
    unknown = steps.count(None)
    while joined and 0 < unknown < k:
        unknown += sum(counts[one] for one in joined.pop(0))
    band_of = {step: (band[0], _end(band[-1])) for band in joined for step in band}
    return [UNKNOWN if step is None else band_of.get(step, UNKNOWN) for step in steps]


def _step(number: int) -> int:
    """The largest round number that is not larger: 0, 10, 20, 50, 100, ..."""
    scale = 10 ** (len(str(number)) - 1)
    return 0 if number < 10 else max(lead * scale for lead in NEXT if lead * scale <= number)


def _end(step: int) -> int:
    """The last number before the next round one."""
    scale = 10 ** (len(str(step)) - 1)
    return 9 if step == 0 else NEXT[step // scale] * scale - 1


def bands_in_groups(
    numbers: Mapping[str, int | None], groups: Mapping[str, Hashable], k: int
) -> tuple[dict[str, Band], set[str]]:
    """The band of each creator inside of her or his group, and the creators in groups of fewer than k.

    Args:
        numbers: of each creator.
        groups: what else is published of each of these creators.
        k: creators that share group and band at least.
    """
    members = defaultdict[Hashable, list[str]](list)
    for creator in sorted(numbers):
        members[groups[creator]].append(creator)
    found = dict[str, Band]()
    for creators in members.values():
        found.update(zip(creators, bands([numbers[creator] for creator in creators], k), strict=True))
    few = {creator for creators in members.values() if len(creators) < k for creator in creators}
    return found, few
