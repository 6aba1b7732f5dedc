"""Handles: one normal form, whatever a list, a table or a folder has around a name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.handles import linked_profile, normal_handle, written_handle
from common.program import UserError
from sources.creators_list import read_list
from sources.opt_out_list import named_lines

SPELLINGS = [
    "fern.glass", "@fern.glass", " @Fern.Glass ", "\u200efern.glass", "fern\u200b.glass", "fern.glass\ufeff",
    "\u2066fern.glass\u2069", "\u00a0fern.glass\u00a0", "fern\u00ad.glass", "\uff20fern.glass", "\uff46ern.glass",
    "fern.glass/", "fern.glass.", "https://www.instagram.com/fern.glass", "https://www.instagram.com/Fern.Glass/?hl=en",
    "http://instagram.com/fern.glass/reels/", "instagram.com/fern.glass#x", "www.instagram.com/fern.glass",
    "https://m.instagram.com/fern.glass/tagged/", "https://www.instagram.com/stories/fern.glass/31/",
    "https://instagram.com/_u/fern.glass", "https://www.tiktok.com/@fern.glass?lang=de",
    "tiktok.com/@fern.glass/video/7",
    "https://www.youtube.com/@fern.glass/shorts", "https://youtube.com/c/fern.glass", "//instagram.com/fern.glass",
    "\u200bhttps://www.instagram.com/fern.glass/\u200b", "https://www.instagram.com/%40fern.glass",
    "'fern.glass", "'@fern.glass", '"fern.glass"', "\u201cfern.glass\u201d", "fern.glass,", "@fern.glass;",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_one_person_has_one_normal_form(text):
    assert normal_handle(text) == "fern.glass"
    assert normal_handle(written_handle(text)) == "fern.glass"


@pytest.mark.parametrize(
    "text", ["Zoë", "two words", "-rf", "a..b", "under_score_", "{x}", "日本語", "www.fern", ";", "O'Fern"]
)
def test_what_belongs_to_a_name_stays(text):
    assert written_handle(text) == text
    assert normal_handle(text) == text.lower()


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("https://www.instagram.com/p/Cxyz/", "a link to /p/, not to a profile"),
        ("https://www.instagram.com/reel/Cxyz", "a link to /reel/"),
        ("https://www.youtube.com/watch?v=1", "a link to /watch/"),
        ("https://www.tiktok.com/tag/fern", "a link to /tag/"),
        ("https://www.instagram.com/", "a link to Instagram itself"),
        ("https://example.org/fern", "a link, but not to a profile on instagram.com"),
    ],
)
def test_a_link_to_something_else_names_nobody(link, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        linked_profile(link)


def test_lists_and_lists_of_opt_outs_know_the_same_names(tmp_path: Path):
    path = tmp_path / "list.txt"
    for text in SPELLINGS:
        path.write_text(f"{text}\n", encoding="utf-8")
        assert set(named_lines(path, "files").values()) == {"fern.glass"}, ascii(text)
        # A list of Instagram's creators refuses links to other sites, and names that Instagram does not allow.
        if "tiktok" not in text and "youtube" not in text and not text.endswith((".", "fern.glass/")):
            assert [listed.handle for listed in read_list(path).creators] == ["fern.glass"], ascii(text)


@pytest.mark.parametrize("line", ["https://www.instagram.com/p/Cxyz/", "https://example.org/fern", "NULL", "@"])
def test_a_line_of_the_opt_outs_that_names_nobody_is_refused(tmp_path: Path, line):
    (tmp_path / "out.txt").write_text(f"handle\nfern\n{line}\n")
    with pytest.raises(UserError, match=r"out\.txt: line 3: .*so that nobody is overlooked"):
        named_lines(tmp_path / "out.txt", "files")
