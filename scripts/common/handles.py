"""Handles as people have them: with marks that nobody sees, full-width signs, an @, or inside a link to a profile."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote

# Characters that nobody sees: soft hyphens, zero-width spaces, marks of writing direction, fillers, variation
# selectors, byte order marks. They come along when a name is copied from a web page or a chat.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
# The sites whose links name a profile: the first parts of a path that a profile follows, and those that none follows.
SITES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "instagram.com": (
        ("stories", "_u"),
        (
            *("p", "reel", "reels", "tv", "explore", "accounts", "direct", "s", "share", "about", "legal"),
            *("developer", "web", "api", "graphql", "oauth", "challenge", "directory"),
        ),
    ),
    "tiktok.com": ((), ("t", "v", "tag", "music", "discover", "explore", "foryou", "live", "embed", "search")),
    "youtube.com": (
        ("c", "user", "channel"),
        ("watch", "shorts", "playlist", "results", "feed", "embed", "live", "hashtag", "post"),
    ),
}
SITES["instagr.am"] = SITES["threads.net"] = SITES["threads.com"] = SITES["instagram.com"]
LINK = re.compile(
    rf"(?:(?:https?:)?//)?(?:(?:www|m|l)\.)?(?P<site>{'|'.join(map(re.escape, SITES))})(?::[0-9]+)?"
    r"(?P<path>/[^?#]*)?(?:[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
ANY_LINK = re.compile(r"(?:https?:)?//", re.IGNORECASE)
# What stands around a handle and is no part of it: no site lets a handle end with a period.
AROUND = re.compile(r"^[\s@\uff20\ufe6b/]+|[\s/.]+$")
QUOTED = re.compile('["\u201c\u201d\u201e]')
# By a ' in front spreadsheets keep a text as it is; quotation marks and commas come along from a sentence.
MARKS = re.compile(r"^['\"\u2018\u201c\u201e]+|['\"\u2019\u201c\u201d,;:]+$")
# Handles as services write them have one form only: the usual case, in lists of 100,000 rows.
NORMAL = re.compile(r"[a-z0-9_-](?:[a-z0-9._-]*[a-z0-9_-])?")


def profile_of(site: str, path: str) -> str:
    """The name of the profile that a path on a site leads to; ValueError says why there is none."""
    before, never = SITES[site.lower()]
    parts = [part for part in map(str.strip, unquote(path).split("/")) if part]
    first, second, *_ = [*parts, "", ""]
    if not first:
        raise ValueError(f"a link to {site.partition('.')[0].capitalize()} itself, not to a profile")
    if first.lower() in before and second and second.lower() != "highlights":
        return second
    if first.lower() in (*before, *never):
        raise ValueError(f"a link to /{first.lower()}/, not to a profile")
    return first


def linked_profile(text: str) -> str | None:
    """The name of the profile that a link leads to; None for a text that is no link.

    Raises:
        ValueError: a link to something else; the message says to what.
    """
    if "/" not in text and "\uff0f" not in text:  # the usual case, in lists of 100,000 rows
        return None
    bare = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).strip()
    link = LINK.fullmatch(bare)
    if link and (link["path"] or ANY_LINK.match(bare)):
        return profile_of(link["site"], link["path"] or "")
    if ANY_LINK.match(bare):
        raise ValueError("a link, but not to a profile on " + ", ".join(SITES))
    return None


def written_handle(text: str) -> str:
    """A handle as people write it, without what is no part of it: invisible marks, spaces, @, a link around it."""
    try:
        name = linked_profile(text)
    except ValueError:  # a link to something else is nobody's: it stays as it is
        name = None
    bare = INVISIBLE.sub("", text if name is None else name).strip()
    unmarked = MARKS.sub("", bare)
    # Quotation marks inside belong to the name, and so does the last of them.
    return AROUND.sub("", bare if QUOTED.search(unmarked) else unmarked) or AROUND.sub("", bare)


def normal_handle(text: str) -> str:
    """A handle in the form that ids are made of: `written_handle` in NFKC and lower case.

    NFKC has usual signs for full-width ones. Bytes that are no text become \\xNN.
    """
    if NORMAL.fullmatch(usual := text.lower()):
        return usual
    found = printable(text)
    while not NORMAL.fullmatch(found):  # what one step makes may be what another takes away
        bare = unicodedata.normalize("NFKC", written_handle(found))
        again = unicodedata.normalize("NFKC", bare.lower())
        if again == found:
            break
        found = again
    return found


def printable(name: str) -> str:
    """A name from the file system as text; bytes that are none become \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def batch_of(handle: str, batches: int) -> int:
    """The batch a creator belongs to: stable under any other creator's coming or going.

    Args:
        handle: in its normal form.
        batches: how many there are.
    """
    return int.from_bytes(hashlib.blake2b(handle.encode(), digest_size=8).digest(), "big") % batches


def derived_id(handle: str, content: str) -> str:
    """An id for a reel that has none; the creator is part of it, so a repost is a reel of its own."""
    return "r" + hashlib.blake2b(f"{handle}\n{content}".encode(), digest_size=10).hexdigest()
