"""How people who opted out are found in texts, and what JSON values and tables look like without them."""

from __future__ import annotations

import csv

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opting_out.csv_tables import clean_table
from opting_out.people import Account, People
from opting_out.scrub import Scrubber
from opting_out.search import searches
from opting_out.tombstones import Tombstones

ADA = People({"ada"}, {"77", "900077001"}, {"Ada Lovelace"})


@pytest.mark.parametrize(
    ("people", "text", "left"),
    [
        (
            People({"art"}),
            "art by @art, @ART. and @artist, me@art.com",
            "art by [opted out], [opted out]. and @artist, me@art.com",
        ),
        (People({"a.b"}), "a.b, a.b.c, xa.b, x.a.b @a.b.", "[opted out], a.b.c, xa.b, x.a.b [opted out]."),
        (People({"2024"}), "in 2024 with @2024", "in 2024 with [opted out]"),
        (People({"zoë"}), "zoë, @zoë @ZOË @zoe\u0308 @zoëe", "zoë, [opted out] [opted out] [opted out] @zoëe"),
        (ADA, "www.instagram.com/ada/ instagram.com/ada.b", "www.instagram.com/[opted out]/ instagram.com/ada.b"),
        (ADA, "77 900077001 5_900077001 1900077001 0.900077001", "77 [opted out] 5_[opted out] 1900077001 0.900077001"),
        (ADA, "by ADA  lovelace's Ada", "by [opted out]'s Ada"),
        (ADA, "Ada Lovelacee, xAda Lovelace", "Ada Lovelacee, xAda Lovelace"),
        (People({"a.b"}, names={"王小明"}), "a.b王小明", "[opted out][opted out]"),
        (People({"out"}, names={"Opted Out"}), "Opted out: [opted out], @out", "[opted out]: [opted out], [opted out]"),
    ],
)
def test_what_is_blanked_in_texts(people, text, left):
    assert searches(people, [], "")[0].blank(text) == left


PIECES = ["ada_7", "@", ".", " ", "b", "_", "Ada", "Lovelace", "\n", "900077001", "instagram.com/", '"', "é"]


@given(st.lists(st.sampled_from(PIECES)))
@example(["ada_7", "Ada", "\n", "Lovelace"])
def test_what_was_blanked_is_not_found_again(pieces):
    text = "".join(pieces)
    for search in searches(People({"ada_7"}, {"900077001"}, {"Ada Lovelace"}), [], ""):
        left = search.blank(text)
        assert not search.in_text(left)
        assert search.blank(left) == left
        assert (left == text) == (not search.in_text(text))


def test_words_are_found_by_the_second_search_only():
    people = People({"photography", "ada", "sunset"}, names={"Maria Garcia", "Painter", "Ada Lovelace"})
    known = [
        Account("x", "1", "Best Photography"),
        Account("y", "2", "maria garcia"),
        Account("z", "3", "Ada Lovelace Fans"),
    ]
    certain, possible = searches(people, known, "configuration of a painter")
    for word in ("photography", "Maria Garcia", "painter", "ada", "sunset"):
        assert not certain.in_text(f"some {word} here")
        assert possible.in_text(f"some {word} here")
    assert certain.in_text("Ada Lovelace")
    assert certain.blank("A sunset in Rome with @sunset") == "A sunset in Rome with [opted out]"


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("王小明", "今天和王小明一起吃饭", "今天和[opted out]一起吃饭"),
        ("김민지수정하", "김민지수정하와 함께", "[opted out]와 함께"),
        ("Ada Lovelace", "_Ada Lovelace_ and Ada  Lovelaces", None),
        ("Ada", "_canary.ada_7_, canary.ada_7.jpg", None),
    ],
)
def test_names_beside_letters_are_blanked_or_at_least_listed(name, text, left):
    people = People({"canary.ada_7"}, names={name})
    certain, possible = searches(people, [Account("xcanary.ada_7"), Account("bob")], "")
    assert certain.blank(text) == (left or text)
    assert left or possible.in_text(text)
    assert not possible.in_text("by xcanary.ada_7"), "that is somebody else"


def test_somebody_whose_handle_contains_hers_is_somebody_else():
    certain, _ = searches(People({"ada lovelace"}), [Account("ada lovelace 2")], "")
    assert certain.blank("Ada Lovelace, ada lovelace 2") == "[opted out], ada lovelace 2"


def scrub(value):
    return Scrubber(ADA, searches(ADA, [], "")[0].blank).clean(value)


def test_answers_without_her():
    her, bob = {"pk": "77", "username": "ada"}, {"pk": "78", "username": "bob"}
    page = {"users": [her, bob, {"pk": 77}], "next_page_id": "77_a"}
    cleaned = scrub(page)
    assert cleaned["users"][1] == bob
    assert cleaned["users"][0] == cleaned["users"][2]
    assert cleaned["users"][0]["username"] == "[opted out]"
    assert cleaned["next_page_id"] == "77_a"
    assert scrub(page)["users"][0]["pk"] != cleaned["users"][0]["pk"], "nobody can be told to be the same"


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"media": {"pk": 77, "code": "x", "like_count": 77}}, {"media": {"pk": 77, "code": "x", "like_count": 77}}),
        ({"tags": [{"user": {"pk": 77}, "at": 1}, {"user": {"pk": 78}}]}, {"tags": [{"user": {"pk": 78}}]}),
        ({"by_id": {"77": {"following": True}, "78": {}}}, {"by_id": {"78": {}}}),
        ({"owner_id": 77, "id": "5_77", "n": 77, "on": True}, {"owner_id": None, "id": "5", "n": 77, "on": True}),
        ({"ids": [77, 78], "numbers": [77, 78]}, {"ids": [78], "numbers": [77, 78]}),
        ({"username": "ada.b", "text": "@ada.b"}, {"username": "ada.b", "text": "@ada.b"}),
    ],
)
def test_json_without_her(value, left):
    assert scrub(value) == left


@pytest.mark.parametrize("content", [b'handle,x\n"never ended\n', b"handle\n\xff\n"])
def test_tables_that_cannot_be_read_are_not_changed(content):
    with pytest.raises((ValueError, csv.Error), match=r"unexpected end|codec can't decode"):
        clean_table(content, ["handle"], ADA, searches(ADA, [], "")[0])


def test_numbers_in_tables_are_nobodys():
    people = People({"12", "handle"})
    table = b"handle,plays\nbob,12\n12,5\nhandle,1\n"
    assert clean_table(table, ["handle"], people, searches(people, [], "")[0]) == b"handle,plays\nbob,12\n"


def test_former_handles_and_names_are_learnt_in_whatever_order_they_are_known(tmp_path):
    known = [Account("ada", "77"), Account("old", "77"), Account("old", "78"), Account("older", "77")]
    known += [Account("older", None, "Canaria Adamantia")]
    for order in (known, known[::-1]):
        people = People({"ada"})
        people.learn(order, Tombstones(tmp_path))
        # `old` was somebody else's, too: it tells nobody.
        assert (people.handles, people.ids, people.names) == ({"ada", "older"}, {"77"}, {"Canaria Adamantia"})
