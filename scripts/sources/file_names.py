"""Names of files as tables have them: with folders in front, without a suffix, in another case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import unquote

from common.handles import INVISIBLE, normal_handle


def find_file(written: str, creator: str, there: Collection[str], creators: Collection[str]) -> str | None:
    """The file of a creator that a table means; None where there is none.

    Args:
        written: the cell.
        creator: whose file it is: the handle in its normal form.
        there: names of the creator's files (NFC).
        creators: all creators, by handle in its normal form.

    Raises:
        ValueError: it may be one of several files, or it is in the folder of another creator.
    """
    exact = unicodedata.normalize("NFC", written)
    if exact in there and (others := [name for name in there if name.endswith(f"/{exact}")]):
        remedy = f"write its folder, too, as in {others[0]}"
        raise ValueError(f"{written!r} is the name of several files in folders of {creator}; {remedy}")
    if exact in there or any(name.strip() == exact for name in there):
        return exact
    for spelling in (exact, unquote(exact)):  # file:///home/me/my%20videos/ada/one.mp4
        *folders, last = re.split(r"[\\/]", spelling)
        owner = normal_handle(folders[-1]) if folders else ""
        if owner and owner != creator and owner in creators:
            raise ValueError(f"{written!r} is in the folder of {owner}, but the row is about {creator}")
        wanted = _plain(last)
        same = [name for name in there if _plain(name) == wanted]
        same = same or [name for name in there if _plain(name).rpartition(".")[0] == wanted]
        if len(same) > 1 and last in same:
            same = [last]
        if len(same) > 1:
            raise ValueError(f"{written!r} may be {' or '.join(sorted(same))}; write the whole name")
        if same:
            return same[0]
    return None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", INVISIBLE.sub("", name)).strip().lower()
