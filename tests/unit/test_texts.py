"""Texts: captions without emoji and invisible marks, languages of short captions, descriptions without boiler-plate."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.program import UserError
from texts.captions import clean_caption, words_only
from texts.descriptions import clean_description
from texts.languages import LanguageDetector

ZWNJ, ZWJ = "\u200c", "\u200d"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Morning run 🏃", "Morning run"),
        ("family 👨‍👩‍👧‍👦 first", "family first"),
        ("hi👩‍🚀there", "hithere"),
        ("pride 🏳️‍🌈 and fire ❤️‍🔥", "pride and fire"),
        ("from 🇵🇹 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "from and"),
        ("hands 👋🏽👍🏿", "hands"),
        ("1️⃣ wash 2️⃣ rinse #️⃣", "1 wash 2 rinse #"),
        ("yes ✔️ no ✖️ ‼️ ↔️ ◽◾▪️", "yes no"),
        ("new 🫨 emoji", "new emoji"),
        ("21°C © 2024 Studio™ №5", "21°C © 2024 Studio™ №5"),
        ("Studio™️ ©️", "Studio™ ©"),
        ("5 € for 3 £ + tax", "5 € for 3 £ + tax"),
        ("🎬🎬🎬", ""),
        ("", ""),
    ],
)
def test_emoji_are_removed_and_text_stays(text, clean):
    assert clean_caption(text) == clean


def test_line_breaks_and_control_characters_become_spaces():
    assert clean_caption("a\nb\r\nc\td\u2028e\u2029f\0g\x1b[31m") == "a b c d e f g [31m"
    assert clean_caption("  a\u00a0\u3000b  ") == "a b"


def test_direction_marks_and_other_invisible_characters_are_removed():
    hidden = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u00ad\u200b"
    assert clean_caption(f"{hidden}سلام{hidden}") == "سلام"


@pytest.mark.parametrize(
    "text",
    [f"می{ZWNJ}خواهم", f"کتاب{ZWNJ}ها", f"क्{ZWJ}ष", f"क्{ZWNJ}ष", f"ශ්{ZWJ}රී", "हिन्दी में", "ภาษาไทย", "Łódź", "Ελλάδα"],
)
def test_joiners_and_marks_inside_words_are_kept(text):
    assert clean_caption(text) == unicodedata.normalize("NFC", text)


def test_joiners_outside_words_are_removed():
    assert clean_caption(f"{ZWNJ}سلام{ZWNJ} {ZWJ}x{ZWJ}") == "سلام x"


def test_captions_are_composed():
    assert clean_caption("cafe\u0301") == "café"


@given(st.text(st.characters()))
def test_a_clean_caption_stays_as_it_is(text):
    clean = clean_caption(text)
    assert clean_caption(clean) == clean
    assert clean == " ".join(clean.split())
    clean.encode()
    categories = {unicodedata.category(character) for character in clean} - {"Cf"}
    assert not categories & {"Cc", "Cs", "Co", "Cn"}


def test_links_mentions_hashtags_and_digits_say_nothing_about_a_language():
    assert words_only("Merci @ami.e_1 #ootd2024 https://x.y/z?q=1 www.a.b 100% l'été !") == "Merci l été"
    assert words_only("हिन्दी में #tag") == "हिन्दी में"
    assert words_only("#only #tags 123 🎬") == ""


@pytest.fixture(scope="module")
def six():
    return LanguageDetector(["en", "es", "de", "fr", "it", "pt"], 0.15)


@pytest.mark.parametrize(
    ("caption", "language"),
    [
        ("Slow mornings and good coffee", "en"),
        ("My favourite corner of the studio #art", "en"),
        ("Las mañanas en el pueblo son así", "es"),
        ("Heute backen wir wieder Brot", "de"),
        ("Un dimanche à la campagne avec les enfants", "fr"),
        ("Questa è la mia ricetta della domenica", "it"),
        ("Não há nada melhor do que o mar de manhã", "pt"),
    ],
)
def test_short_captions_are_told_apart(six, caption, language):
    assert six.detect(caption) == language


@pytest.mark.parametrize("caption", ["", "#fyp #viral", "@someone", "https://example.org", "12:30", "🎬", "ok"])
def test_captions_that_do_not_tell_get_no_language(six, caption):
    assert six.detect(clean_caption(caption)) is None


def test_languages_are_chosen_among_those_of_the_study():
    assert LanguageDetector(["fa", "ar"], 0.15).detect("می‌خواهم امروز به دریا بروم") == "fa"
    assert LanguageDetector(["EN", "de"], 1.0).detect("The quick brown fox jumps over the lazy dog") in ("en", None)


def test_a_language_that_cannot_be_told_is_named():
    with pytest.raises(UserError, match=r"context\.languages: xx, klingon: not among .*: af, "):
        LanguageDetector(["en", "xx", "klingon"], 0.15)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("The video shows a woman in a red coat.", "A woman in a red coat."),
        ("In this video, we can see a garden. The video then features a cat.", "A garden. A cat."),
        ("This is a short video of waves at dusk.", "Waves at dusk."),
        ("The overall aesthetic of the video is calm and muted.", "Calm and muted."),
        ("Colours are warm throughout the video.", "Colours are warm."),
        ("The reel opens with a close-up of hands", "A close-up of hands"),
        ("A video game console stands on a shelf.", "Game console stands on a shelf."),
        ("The video's palette is warm. Videos like this calm.", "Palette is warm. Like this calm."),
        ("The VIDEO depicts a dog!  The clip captures rain?", "A dog! Rain?"),
        ("Her videography is steady.", "Her videography is steady."),
        ("This video.", ""),
        ("Video", ""),
        ("", ""),
    ],
)
def test_boiler_plate_is_removed(text, clean):
    assert clean_description(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Muted greens and soft light. The camera rests; two slow cuts.",
        "a paperclip and an eclipse, lower case ,oddly spaced",
        "Numbers like 3.5 stay. So does U.S. spelling: colour, grey.",
    ],
)
def test_texts_without_boiler_plate_are_unchanged(text):
    assert clean_description(text) == text


WORDS = st.sampled_from(
    [
        "the", "The", "this", "a", "video", "Video", "videos", "video's", "reel", "clip", "of", "in",
        "throughout", "shows", "shows,", "is", "aesthetic", ",", ".", "!", "?", "-", "'s", "In", "This",
        "overall", "style", "showing", "then", "also", "vi", "deo", "woman", "calm",
    ]
)  # fmt: skip
sentences = st.lists(WORDS, max_size=25).map(" ".join)


@settings(max_examples=300)
@given(sentences | st.text(max_size=60))
@example("video'svideo")
@example("In the video, this is a video of the video's video")
@example("videovideo video-video video’s.video")
def test_no_description_speaks_of_a_video_and_cleaning_twice_changes_nothing(text):
    clean = clean_description(text)
    assert not re.search(r"\bvideos?\b", clean, re.IGNORECASE)
    assert clean_description(clean) == clean
    assert "  " not in clean
