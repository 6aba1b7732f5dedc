"""Headers of tables: which columns seem to be known ones under another name, and which lines are headers again."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

# What people and other tools call a column: patterns of `_word`.
_WHEN = "date|time|datetime|timestamp"
_MADE = "upload|uploaded|post|posted|publish|published|create|created|taken"
OTHER_NAMES = {
    # "Views" is what services call either of the two measures.
    "plays": "view|viewcnt|play|playback",
    "views": "view|viewcnt",
    "likes": "like|heart|digg|favou?rite",
    "comments": "comment",
    "caption": "(caption)?text|caption|description|title",
    "taken_at": f"{_WHEN}|uploaded|posted|published|created|({_MADE})({_WHEN})|date({_MADE})",
    "reel_id": "(reel|video|post|media)?id|pk",
    "url": "(post|reel)?(url|link)|permalink",
    "followers": "follower|subscriber|fan",
    "following": "following|followee|followed",
    "follows_status": "follow(ing)?status",
}
# Words of a column's name that say nothing about what is in it.
FILLING = {"count", "number", "num", "nr", "no", "n", "of", "total", "at", "on", "the", "ig", "video", "utc"}
# What else stands in headers.
HEADS = "handle|(user|full|file)?name|user|account|creator|profile"
TITLES = f"{HEADS}|file|from|to|source|target|string|number|integer|object|(var)?char|chr|float|double|dbl"


def asked_about(names: Collection[str], optional: Collection[str]) -> dict[str, str]:
    """Columns that seem to be optional ones that are not there, with what each seems to be ("plays or views").

    Args:
        names: of the table's columns.
        optional: columns that are known.
    """
    missing = [name for name in optional if name not in names and name in OTHER_NAMES]
    found = {}
    for name in names:
        word = _word(name)
        near = difflib.get_close_matches(name.lower(), missing, n=1, cutoff=0.85)
        meant = [one for one in missing if re.fullmatch(OTHER_NAMES[one], word)] or near
        if meant and name not in optional:
            found[name] = " or ".join(meant)
    return found


def repeats_header(values: Mapping[str, str]) -> bool:
    """Whether a line is the header again: under every column stands its own name."""
    return bool(values) and all(value.lower() == name.lower() for name, value in values.items())


def has_titles(values: Mapping[str, str], known: Collection[str]) -> bool:
    """Whether a line below the header is a header in other words: under every column stands what columns are called.

    Args:
        values: by column.
        known: columns that are known.
    """
    if not values or any(re.search("[@0-9]", value) for value in values.values()):  # @name and user1 are somebody
        return False
    titles = "|".join([TITLES, *OTHER_NAMES.values()] if len(values) > 1 else [HEADS])
    return all(
        value.lower() in (name.lower(), *known) or re.fullmatch(titles, _word(value)) for name, value in values.items()
    )


def _word(name: str) -> str:
    """A column's name without signs, filling words and endings of the plural: likesCount and likes_count are `like`."""
    parts = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    singular = [part if len(part) < 4 else part.removesuffix("s") for part in parts]
    return "".join(part for part in singular if part not in FILLING)
