"""Lists of creators: every form people write handles in, and that no line is misread or lost. Handles are invented."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.handles import SITES, normal_handle
from common.program import UserError
from sources.creators_list import COLUMNS, HOSTS, Listed, Rejected, read_list, report


@pytest.fixture
def listed(tmp_path):
    def read(content):
        path = tmp_path / "creators.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_list(path)

    return read


def handles(found):
    return [creator.handle for creator in found.creators]


FORMS = [
    "{}",
    "@{}",
    "  {}\t",
    "\u200b@{}\u00a0",
    "\u202a{}\u202c",
    '"{}"',
    '"@{}"  # seen at a fair, "liked"',
    "{}  # a friend, from Rome",
    "{},",
    "%40{}",
    "instagram.com/{}",
    "www.instagram.com/{}",
    "m.instagram.com/{}/",
    "instagr.am/{}",
    "//instagram.com/{}",
    "//www.instagram.com/{}/",
    "http://instagram.com/{}",
    "https://instagram.com/{}",
    "https://www.instagram.com/{}",
    "https://www.instagram.com/{}/",
    "https://www.instagram.com/{}//",
    "https://www.instagram.com/@{}",
    "https://www.instagram.com/%40{}/",
    "https://www.instagram.com/{}%20",
    "https://www.instagram.com/{}\u200b",
    "https://www.instagram.com/{}?hl=en",
    "https://www.instagram.com/{}/?hl=en",
    "https://www.instagram.com/{}/?igsh=MzRlODBiNWFlZA%3D%3D&utm_source=qr",
    "https://www.instagram.com/{}#",
    "https://www.instagram.com/{}/#reels  # with a comment",
    "https://www.instagram.com/{}/reels/",
    "https://www.instagram.com/{}/tagged/?hl=de",
    "https://www.instagram.com/{}/p/C0ffee_-123/",
    "https://www.instagram.com/stories/{}/",
    "https://www.instagram.com/stories/{}/3141592653589793238/?hl=en",
    "https://www.instagram.com/_u/{}",
    "HTTPS://WWW.INSTAGRAM.COM/{}",
    "https%3A%2F%2Fwww.instagram.com%2F{}%2F%3Fhl%3Den",
    '"https://www.instagram.com/{}/?a=1,2"',
]
HANDLES = ["ferro.fern", "_moth_loaf_", "42tapirs", "a", "x" * 30, "Quill.And.Oboe", "9.9"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("handle", HANDLES)
def test_a_form_names_its_handle(listed, form, handle):
    found = listed(f"mossy.kettle\n{form.format(handle)}\ntin_heron\n")
    assert handles(found) == ["mossy.kettle", handle.lower(), "tin_heron"]
    assert not found.rejected
    assert not found.repeated


@pytest.mark.parametrize("form", FORMS)
def test_a_form_alone_in_the_file(listed, form):
    assert handles(listed(form.format("ferro.fern"))) == ["ferro.fern"]


@pytest.mark.parametrize(
    "text", ["ferro.\u200bfern", "\uff46erro.fern", "\uff20ferro.fern", "ferro.fern\u2069"], ids=ascii
)
def test_marks_that_nobody_sees_and_full_width_signs_are_no_part_of_a_name(listed, text):
    assert handles(listed(f"mossy.kettle\n{text}\n")) == ["mossy.kettle", "ferro.fern"]


def test_percent_encoding_within_the_name(listed):
    assert handles(listed("https://www.instagram.com/ferro%2Efern%5Fx/")) == ["ferro.fern_x"]


NO_HANDLES = {
    "@ fern": "more than one word",
    "some name": "more than one word",
    "some name, with comma": "2 cells, but the list has 1 a line",
    "somename, with comma": "2 cells, but the list has 1 a line",
    "tin_heron2, mossy_kettle3": "2 cells",
    "@tin_heron2 @mossy_kettle3": "more than one word",
    "tin_heron2\tmossy_kettle3": "more than one word",
    "tin_heron2;mossy_kettle3": "';'",
    "Fern (@ferro.fern)": "more than one word",
    "@ferro.fern - Fern": "more than one word",
    "https://instagram.com/ferro.fern https://instagram.com/tin_heron2": "more than one word",
    "instagram.com/ferro.fern/ instagram.com/tin_heron2/": "more than one word",
    "https://instagram.com/ferro.fern/;https://instagram.com/tin_heron2/": "more than one link",
    "instagram.com/ferro.fern/;instagram.com/tin_heron2/": "more than one link",
    "x" * 31: "31 characters",
    "@": "0 characters",
    ".fern": "period",
    "fern.": "period",
    "fer..rn": "period",
    "fern-ferro": "'-'",
    "fern#ferro": "'#'",
    "férn": "'é'",
    "fe\u2028rn": "more than one word",
    "fern@example.org": "'@'",
    "- fern": "more than one word",
    "fern!": "'!'",
    "/fern": "'/'",
    "fern/oboe": "'/'",
    "instagram.com": "Instagram itself",
    "https://www.instagram.com/": "Instagram itself",
    "https://www.instagram.com/?hl=en": "Instagram itself",
    "https://www.instagram.com/p/C0ffee_-123/": "/p/",
    "https://www.instagram.com/reel/C0ffee_-123/?igsh=x": "/reel/",
    "instagram.com/reels/C0ffee_-123/": "/reels/",
    "https://www.instagram.com/reels/": "/reels/",
    "https://www.instagram.com/explore/tags/ferns/": "/explore/",
    "https://www.instagram.com/tv/C0ffee_-123/": "/tv/",
    "https://www.instagram.com/accounts/login/?next=/ferro.fern/": "/accounts/",
    "https://www.instagram.com/direct/inbox/": "/direct/",
    "https://www.instagram.com/share/reel/BAcoffee/": "/share/",
    "https://www.instagram.com/s/aGlnaGxpZ2h0OjE4?story_media_id=1": "/s/",
    "https://www.instagram.com/stories/": "/stories/",
    "https://www.instagram.com/stories/highlights/17900000000000000/": "/stories/",
    "https://www.instagram.com/ferro%20fern/": "' '",
    "https://www.instagram.com/f%C3%A9rn/": "'é'",
    "https://www.instagram.com/fern%FF/": "'\N{REPLACEMENT CHARACTER}'",
    "https://www.tiktok.com/@ferro.fern": "www.tiktok.com, not to Instagram",
    "tiktok.com/@ferro.fern": "tiktok.com, not to Instagram",
    "www.ferrofern.example": "www.ferrofern.example, not to Instagram",
    "https://help.instagram.com/ferro.fern": "help.instagram.com, not to Instagram",
    "https://l.instagram.com/?u=https%3A%2F%2Fwww.instagram.com%2Fferro.fern": "l.instagram.com, not",
    "https://instagram.com.example.org/ferro.fern": "instagram.com.example.org, not",
    "https://evil.example/instagram.com/ferro.fern": "evil.example, not",
    "instagram://user?username=ferro.fern": "':'",
    "https://www.threads.net/@ferro.fern": "www.threads.net, not",
    '"fern, the ferrous"': "more than one word",
}


@pytest.mark.parametrize(("text", "reason"), NO_HANDLES.items())
def test_what_is_no_handle_is_rejected_with_its_line_and_reason(listed, text, reason):
    found = listed(f"mossy.kettle\n\n{text}\n# comment\ntin_heron\nlamp_oracle\n")
    assert handles(found) == ["mossy.kettle", "tin_heron", "lamp_oracle"]
    assert [(rejected.line, rejected.text) for rejected in found.rejected] == [(3, text)]
    assert reason in found.rejected[0].reason


@pytest.mark.parametrize("text", NO_HANDLES)
def test_what_is_no_handle_alone_in_the_file_is_an_error(listed, text):
    with pytest.raises(UserError, match="no creator in it"):
        listed(text)


def test_a_line_longer_than_the_csv_module_takes(listed):
    found = listed(f"fern\n{'y' * 200_000}\nmoth\n")
    assert handles(found) == ["fern", "moth"]
    assert found.rejected[0].reason == "200000 characters; a handle has 1 to 30"


def test_commas_and_quotation_marks_in_comments_make_no_table(listed):
    found = listed('fern  # a friend, from Rome\nmoth  # a friend, of "Fern"\n"loaf"  # seen at a fair, "liked"\n')
    assert handles(found) == ["fern", "moth", "loaf"]


def test_an_endless_quotation_costs_its_own_line_only(listed):
    found = listed('mossy.kettle\n"tin heron\nlamp_oracle\n"fern\n')
    assert handles(found) == ["mossy.kettle", "lamp_oracle", "fern"]
    assert found.rejected == [Rejected(2, '"tin heron', "more than one word")]


def test_blank_lines_and_comments_and_repetitions(listed):
    found = listed("# ours\n\nTin_Heron  # first\n \t\n  # aside\n@tin_heron\n\u200b\nfern\ninstagram.com/TIN_HERON/\n")
    assert found.creators == [Listed("tin_heron", 3, "Tin_Heron"), Listed("fern", 8, "fern")]
    assert found.repeated == [
        Listed("tin_heron", 6, "@tin_heron"),
        Listed("tin_heron", 9, "instagram.com/TIN_HERON/"),
    ]
    assert not found.rejected


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ended", [False, True])
def test_encodings_and_line_ends(listed, line_end, encoding, ended):
    text = line_end.join(["handle", "@mossy.kettle", "", "not ä handle", "fern"])
    if encoding in ("utf-16-le", "utf-16-be"):
        text = "\ufeff" + text
    found = listed((text + line_end * ended).encode(encoding))
    assert [(creator.handle, creator.line) for creator in found.creators] == [("mossy.kettle", 2), ("fern", 5)]
    assert [rejected.line for rejected in found.rejected] == [4]


def test_a_byte_order_mark_before_a_quoted_header(listed):
    assert handles(listed('\ufeff"Name","Username"\n"Fern","ferro.fern"\n')) == ["ferro.fern"]


@pytest.mark.parametrize("word", [*COLUMNS, "User Name", "INSTAGRAM-URL", "Profile links", " handles ", "@Handle"[1:]])
def test_a_header_word_alone_on_the_first_line_is_a_header(listed, word):
    found = listed(f"# list\n\n{word}  # in any case\nfern\nhandle\n@username\nhandle\n")
    assert handles(found) == ["fern", "handle", "username"]
    assert [again.line for again in found.repeated] == [7]


def test_with_an_at_sign_it_is_a_handle(listed):
    assert handles(listed("@username\nfern\n")) == ["username", "fern"]


TABLES = {
    "comma": "name,handle,followers\nFern,ferro.fern,12\nTin,@tin_heron,7\n",
    "semicolon": "Name;Handle;Followers\nFern;ferro.fern;1,2\nTin;@tin_heron;7,0\n",
    "tab": "Name\tHANDLE\tFollowers\nFern, of Rome\tferro.fern\t12\n\t@tin_heron\n",
    "quoted": '"name","handle"\n"Fern, ""the"" Ferrous","ferro.fern"\n"Tin;", "@tin_heron"\n',
    "index": ",username,bio\n0,ferro.fern,x\n1,tin_heron,y\n",
    "cell over lines": 'username,bio\nferro.fern,"love\n#peace\n\npeace"\n"tin_heron","and\nwar"\n',
    "hashtags in a bio": "bio,username\nlove #cats and dogs,ferro.fern\n# not a row, indeed\nx,tin_heron\n",
    "quotation in a bio": 'username,bio\nferro.fern,5" screen\ntin_heron,the "best"\n',
    "the handle rather than others": "name,url,handle\nfern,https://fern.example,ferro.fern\nx,,tin_heron\n",
    "profile_url": "Full Name,Profile URL\nFern,instagram.com/ferro.fern\nTin,instagram.com/tin_heron/?hl=en\n",
    "url before creator": "creator,url\nFern,https://instagram.com/ferro.fern\nTin,https://instagram.com/tin_heron\n",
    "year columns": "username,2024,2025\nferro.fern,1,2\ntin_heron,3,4\n",
    "blank rows": "username,x,\n,,\nferro.fern,1,\n,,,,,\ntin_heron,2,\n",
    "comments": "username,x  # head\nferro.fern,1  # met, in Rome, twice\ntin_heron  # x, y, z\n",
    "delimiter for Excel": "sep=;\nusername;x\nferro.fern;1\ntin_heron;2\n",
    "few full rows": "username,note,more\nferro.fern\ntin_heron\n",
    "no header, index": "1,ferro.fern,Fern of Rome\n2,tin_heron,Tin\n3,ferro.fern,\n",
    "no header, index and links": "1;food;https://instagram.com/ferro.fern\n2;food;instagram.com/tin_heron/\n",
    "no header, names and @names": "Fern,@ferro.fern\nTin,@tin_heron\n",
    "no header, first column": "ferro.fern,Fern of Rome,1200\ntin_heron,Tin,15\n",
    "no header, first column, kinds": "ferro.fern,food\ntin_heron,food\n",
    "no header, platform": "ferro.fern,instagram\ntin_heron,instagram\n",
    "no header, a creator twice": "@ferro.fern,instagram.com/ferro.fern/\n@tin_heron,instagram.com/Tin_heron\n",
    "no header, other networks": "@ferro.fern,https://tiktok.com/@other\n@tin_heron,https://tiktok.com/@x\n",
    "no header, empty column": ",ferro.fern,1\n,tin_heron,2\n",
    "no header, decimal commas": "ferro.fern;1,5\ntin_heron;2,5\n",
    "no header, semicolon at the end": "ferro.fern;\ntin_heron;\n",
    "no header, comma at the end": "ferro.fern,\ntin_heron,\n",
    "no header, mostly without comma": '"ferro.fern",\n"tin_heron"\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(listed, name):
    found = listed(TABLES[name])
    assert handles(found) == ["ferro.fern", "tin_heron"]
    assert not found.rejected


def test_defects_in_a_table_cost_their_own_line_only(listed):
    found = listed(
        "name,handle\n"
        "Fern, of Rome,ferro.fern\n"  # a comma without quotation marks: "of Rome" or "ferro.fern"?
        "Tin,tin heron\n"
        "Moss,\n"
        "Lamp\n"
        "Oboe,https://tiktok.com/@oboe\n"
        "Loaf,moth_loaf\n"
    )
    assert handles(found) == ["moth_loaf"]
    assert found.rejected == [
        Rejected(2, "Fern, of Rome,ferro.fern", "3 cells, but the list has 2 a line"),
        Rejected(3, "Tin,tin heron", "column 2: more than one word"),
        Rejected(4, "Moss,", "nothing in column 2, which names the creators"),
        Rejected(5, "Lamp", "nothing in column 2, which names the creators"),
        Rejected(6, "Oboe,https://tiktok.com/@oboe", "column 2: a link to tiktok.com, not to Instagram"),
    ]


def test_a_comment_does_not_hide_that_a_row_has_too_many_cells(listed):
    found = listed("name,handle\nFern #1, of Rome,ferro.fern\nTin,tin_heron\n")
    assert handles(found) == ["tin_heron"]
    assert [rejected.line for rejected in found.rejected] == [2]


def test_one_bad_link_does_not_turn_index_numbers_into_handles(listed):
    found = listed("".join(f"{n},instagram.com/{'p/x' if n == 2 else f'fern{n}'}\n" for n in range(9)))
    assert handles(found) == [f"fern{n}" for n in range(9) if n != 2]
    assert [rejected.line for rejected in found.rejected] == [3]


def test_a_comma_after_every_name_makes_no_table(listed):
    found = listed("fern,\nmoth,\nloaf, oboe\n")
    assert handles(found) == ["fern", "moth"]
    assert found.rejected == [Rejected(3, "loaf, oboe", "2 cells, but the list has 1 a line")]


def test_two_creators_in_a_line_without_header(listed):
    found = listed("@fern,x\n@moth,@loaf\n@oboe,y\n")
    assert handles(found) == ["fern", "oboe"]
    assert found.rejected == [Rejected(2, "@moth,@loaf", "more than one creator; write one a line")]


@pytest.mark.parametrize("content", ["fern, moth, loaf", "@fern, @moth\n", "fern;moth", "fern\tmoth\n", "fern,1200"])
def test_several_cells_in_a_single_line_are_not_guessed_at(listed, content):
    with pytest.raises(UserError, match="line 1"):
        listed(content)


@pytest.mark.parametrize("content", ["fern, moth, loaf\noboe, kettle\n", "fern;moth\nloaf;oboe\n"])
def test_a_block_of_possible_handles_needs_a_header(listed, content):
    with pytest.raises(UserError, match="every cell could be a creator"):
        listed(content)


@pytest.mark.parametrize("content", ["Konto,Follower\nfern,12\nmoth,1.5k\n", "Nr;Konto\n1;fern\n2;moth\n"])
def test_an_unknown_header_is_not_taken_for_a_creator(listed, content):
    with pytest.raises(UserError, match=r"line 1: a header, it seems.*Konto"):
        listed(content)


def test_a_column_named_name_gives_no_names_of_people(listed):
    with pytest.raises(UserError, match="more than one word"):
        listed("Name,Followers\nFern of Rome,12\n")


@pytest.mark.parametrize("row", ['fern,"love\nmoth,x\n', 'fern,"5" screen"\nmoth,x\n'])
def test_broken_quotation_in_a_table_is_an_error_with_its_line(listed, row):
    with pytest.raises(UserError, match=r'creators.csv, line 3: .* a cell that begins with "'):
        listed(f"handle,bio\nloaf,x\n{row}")


def test_a_cell_over_several_lines_is_no_handle(listed):
    found = listed('handle,bio\n"fe\nrn",x\nmoth,y\n')
    assert handles(found) == ["moth"]
    assert found.rejected == [Rejected(2, '"fe', "column 1: more than one word")]


@pytest.mark.parametrize(
    "content", ["", "\n\r\n", "# nobody\n", "\ufeff", "handle\n", "handle,name\n,\n", ",,\n,,\n", '"\n#\na,b\nc,d"']
)
def test_a_list_without_creators_is_an_error(listed, content):
    with pytest.raises(UserError, match="no creator in it; write one"):
        listed(content)


def test_the_error_of_an_empty_list_tells_the_rejected_lines(listed):
    with pytest.raises(UserError) as error:
        listed("".join(f"no handle {n}\n" for n in range(50)))
    lines = str(error.value).splitlines()
    assert lines[1] == "  line 1: 'no handle 0': more than one word"
    assert lines[-1] == "  ... and 30 lines more"


def test_files_that_cannot_be_read(tmp_path, listed):
    with pytest.raises(UserError, match=r"missing\.csv: No such file"):
        read_list(tmp_path / "missing.csv")
    with pytest.raises(UserError, match="Is a directory"):
        read_list(tmp_path)
    for content, place in (
        (b"fern\nf\xe9rn\n", ", line 2"),
        (b"fern\rmoth\r\xe9", ", line 3"),
        (b"\xef\xbb\xbffern\n\xe9\n", ", line 2"),
        ("fern\nmoth".encode("utf-16")[:-1], ", line 2"),
        ("fern\nmoth".encode("utf-16-le"), ""),
    ):
        with pytest.raises(UserError, match=f"creators.csv{place}: not UTF-8 text; save"):
            listed(content)


def test_the_report_is_for_people(tmp_path, listed):
    found = listed(f"fern\n@moth\nFERN\nno handle\n{'long ' * 99}\n")
    assert report(found, tmp_path / "list.csv").splitlines() == [
        f"{tmp_path}/list.csv: creators that would be used: 2; repeated lines: 1; rejected lines: 2",
        "line 3: 'FERN': fern is already in line 1",
        "line 4: 'no handle': more than one word",
        f"line 5: '{'long ' * 20}...': more than one word",
        "",
        "fern",
        "moth",
    ]


VALID = st.from_regex(r"[A-Za-z0-9_.]{1,30}", fullmatch=True).filter(
    lambda handle: handle[0] != "." != handle[-1] and ".." not in handle
)
# Words with a meaning of their own: in links, on the first line, or as a host.
WITH_MEANING = {*sum(SITES["instagram.com"], ()), *COLUMNS, *(f"{word}s" for word in COLUMNS), *HOSTS}
WRITTEN = st.tuples(
    VALID.filter(lambda handle: handle.lower() not in WITH_MEANING and not handle.lower().startswith("www.")),
    st.sampled_from(FORMS),
).map(lambda pair: (pair[0], pair[1].format(pair[0])))


@given(
    written=st.lists(WRITTEN, min_size=1, max_size=30),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    extra=st.lists(st.sampled_from(["", "# x", " \u200b", "\t# y, z"]), min_size=30, max_size=30),
)
def test_any_mix_of_forms_gives_exactly_the_handles_in_order(tmp_path_factory, written, line_end, extra):
    path = tmp_path_factory.mktemp("mix") / "list"
    lines = [line for (_, form), between in zip(written, extra, strict=False) for line in (between, form)]
    path.write_bytes(line_end.join(lines).encode())
    found = read_list(path)
    assert handles(found) == list(dict.fromkeys(handle.lower() for handle, _ in written))
    assert not found.rejected
    assert len(found.creators) + len(found.repeated) == len(written)


@given(text=st.text(st.sampled_from('ab.@#,;"/\t\r\n \u200b%:?1é')) | st.text())
def test_no_line_is_lost_whatever_the_text(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "list"
    path.write_text(text, encoding="utf-8", newline="", errors="replace")
    try:
        found = read_list(path)
    except UserError:
        return
    used = sorted(entry.line for entry in [*found.creators, *found.rejected, *found.repeated])
    assert all(before < after for before, after in pairwise(used))
    assert all(normal_handle(creator.handle) == creator.handle for creator in found.creators)
    lines = text.encode(errors="replace").decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if '"' not in text:  # cells in quotation marks may go on over several lines
        content = [n for n, line in enumerate(lines, 1) if any(c.isalnum() for c in line.partition("#")[0])]
        assert set(content) <= set(used)


def test_a_list_as_long_as_that_of_the_first_study(listed):
    chance = random.Random(576)
    names = [f"{chance.choice(['fern', 'moth', 'loaf'])}{chance.choice('._')}Synth{n}" for n in range(576)]
    lines = ["# first wave, 2026"]
    for name in names:
        lines.append(chance.choice(FORMS).format(name))
        lines += [""] * (chance.random() < 0.1)
    for name in chance.sample(names, 20):
        lines.append(chance.choice(FORMS).format(name.upper()))
    lines += ["some name, with comma", "https://www.instagram.com/reel/C0ffee/"]
    found = listed("\ufeff" + "\r\n".join(lines))
    assert handles(found) == [name.lower() for name in names]
    assert len(found.repeated) == 20
    assert [rejected.line for rejected in found.rejected] == [len(lines) - 1, len(lines)]
    for creator in found.creators:
        assert creator.handle in lines[creator.line - 1].lower()
