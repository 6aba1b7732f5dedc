"""The source `files`: anybody's folder of videos and tables, as people really name and write them."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect_creators import find_reels, list_follows, measures_mixed, select_reels
from common.config import FilesSource, SelectSection
from common.handles import batch_of, normal_handle
from common.program import UserError
from common.states import Outcome
from sources.files import FilesFolder, FolderCreator, read_source
from sources.readings import count, moment
from sources.source import UNKNOWN, SourceCreator, SourceReel


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def video(handle: str | bytes, name: str | bytes, content: bytes | None = None) -> Path:
    path = Path("videos") / os.fsdecode(handle) / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.fsencode(name) if content is None else content)
    return path


def read(creators=None, reels=None, follows=None, encoding="utf-8") -> dict[str, FolderCreator]:
    """The source, with tables of the given text beside the folder `videos`."""
    names = {}
    for name, text in (("creators", creators), ("reels", reels), ("follows", follows)):
        if text is not None:
            names[name] = f"{name}.csv"
            Path(f"{name}.csv").write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return read_source(FilesSource(**names))


def refused(**tables) -> str:
    with pytest.raises(UserError) as error:
        read(**tables)
    return str(error.value)


def find(creator: FolderCreator) -> list[tuple[str, str | None, dict]]:
    """State, reason and facts of every reel."""
    given = SourceCreator(creator.creator_id, creator.handle, reels=creator.reels_found())
    return [
        (
            reel.outcome.state,
            reel.outcome.reason,
            {**reel.facts, "reel_id": reel.reel_id, "file": reel.file, "source_path": reel.video},
        )
        for reel in find_reels(given)
    ]


def reel_ids(creator: FolderCreator) -> dict[str, str]:
    return {reel["file"]: reel["reel_id"] for _, _, reel in find(creator)}


def test_a_folder_of_videos_is_enough():
    for name in ("a.mp4", "B.MOV", "c.WebM", "d.mkv", "e.avi", "f.M4V"):
        video("ada", name)
    for name in ("notes.txt", ".hidden.mp4", "mp4", "g.mp4.part"):
        video("ada", name)
    video(".trash", "g.mp4")
    Path("videos/stray.mp4").write_bytes(b"belongs to nobody")
    (Path("videos") / "ada" / "folder.mp4").mkdir()
    cohort = read()
    assert list(cohort) == ["ada"]
    assert sorted(cohort["ada"].videos) == ["B.MOV", "a.mp4", "c.WebM", "d.mkv", "e.avi", "f.M4V"]
    assert cohort["ada"].follows is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("b.mp4.part", "not finished"),
        ("b.f137.mp4.part-Frag3", "not finished"),
        ("b.temp.mp4", "not finished"),
        ("b.mp4.crdownload", "not finished"),
        ("b.f137.mp4", "not merged"),
        ("b.f251-drc.webm", "not merged"),
        ("b.fdash-1733v.mp4", "not merged"),
        ("b.f140.m4a", "not merged"),
        ("b.mp4?oe=67A1", "no suffix of a video"),
        ("b", "no suffix of a video"),
        (".b.mp4.icloud", "not on this machine"),
        ("b.zip", "no suffix of a video"),
        ("2024/b.mp4", "a folder too deep"),
        ("2024/May/b.mkv", "a folder too deep"),
        ("2024/b.f137.mp4", "a folder too deep"),
        ("2024/b.zip", "a folder too deep"),
    ],
)
def test_files_that_are_passed_over_are_rows_that_say_why(name: str, why: str):
    video("ada", "a.mp4")
    video("ada", name)
    (creator,) = read().values()
    ((state, reason, facts),) = [row for row in find(creator) if row[2]["file"] != "a.mp4"]
    assert (state, reason, facts["file"]) == ("skipped", "passed_over", name)
    assert why in creator.passed_over[name]
    assert name in str(creator.outcome().detail)


def test_a_file_that_is_passed_over_keeps_the_id_that_the_reels_file_gives_it():
    video("ada", "a.mp4")
    video("ada", "b.f137.mp4")
    (creator,) = read(reels="handle,file,reel_id\nada,b.f137.mp4,R2\nada,c.mp4,R3\n").values()
    rows = {facts["reel_id"]: (state, reason) for state, reason, facts in find(creator)}
    assert rows.pop("R2") == ("skipped", "passed_over")
    assert rows.pop("R3") == ("skipped", "missing_file")
    assert [state for state, _ in rows.values()] == ["ok"]


BESIDE = ["a.jpg", "a.info.json", "a.json.xz", "a.en.vtt", "Thumbs.db", "._a.mp4", "small/a.jpg"]


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_videos_and_is_none_is_not_worth_a_row(name: str):
    video("ada", "a.mp4")
    video("ada", name)
    (creator,) = read().values()
    assert creator.passed_over == {}
    assert creator.outcome().detail is None


@pytest.mark.parametrize("name", ["b.f2.8.mp4", "trip.part 2.mp4", "b.f4v", "download.mp4", "temp.ts"])
def test_names_that_only_resemble_those_of_downloads_are_videos(name: str):
    video("ada", name)
    (creator,) = read().values()
    assert list(creator.videos) == [name]


def test_loose_videos_belong_to_nobody_and_are_rows(caplog: pytest.LogCaptureFixture):
    video("ada", "a.mp4")
    Path("videos/loose.mp4").write_bytes(b"whose?")
    Path("videos/notes.txt").write_bytes(b"of the collection")
    source = FilesFolder(FilesSource())
    assert sorted(source.members()) == [UNKNOWN, "ada"]
    with caplog.at_level("INFO"):
        nobody, _ = source.collect([UNKNOWN, "ada"], SelectSection())
    ((reel),) = nobody.reels
    assert (reel.file, reel.outcome.reason) == ("loose.mp4", "passed_over")
    assert "1 .mp4" in caplog.text
    assert "1 file passed over: unknown/loose.mp4" in caplog.text
    before = source.members()
    Path("videos/more.mp4").write_bytes(b"and whose?")
    after = FilesFolder(FilesSource()).members()
    assert {name for name in after if after[name] != before[name]} == {UNKNOWN}


def test_what_is_passed_over_is_counted_before_anything_runs():
    video("ada", "a.mp4")
    assert FilesFolder(FilesSource()).notices() == []
    video("ada", "b.mp4.part")
    Path("videos/loose.mp4").write_bytes(b"whose?")
    (said,) = map(str, FilesFolder(FilesSource()).notices())
    assert said == (
        "2 files in videos are passed over: ada/b.mp4.part (a download that was not finished; download it again), "
        "loose.mp4 (in no creator's folder; move it into one)"
    )


@pytest.mark.parametrize("name", ["ada.zip", "a.mp4.part", "a.f137.mp4", ".a.mp4.icloud"])
def test_what_may_hold_a_video_beside_the_folders_is_named(name):
    video("ada", "a.mp4")
    Path("videos", name).write_bytes(b"?")
    (nobody,) = FilesFolder(FilesSource()).collect([UNKNOWN], SelectSection())
    assert [reel.file for reel in nobody.reels] == [name]


@pytest.mark.parametrize("folder", ["__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information"])
def test_folders_that_computers_make_are_no_creators_and_what_is_in_them_is_named(folder):
    video("ada", "a.mp4")
    video(f"{folder}/ada", "a.mp4")
    video(f"{folder}/ada", "._a.mp4")
    source = FilesFolder(FilesSource())
    assert sorted(source.members()) == [UNKNOWN, "ada"]
    (nobody,) = source.collect([UNKNOWN], SelectSection())
    assert [(reel.file, reel.outcome.reason) for reel in nobody.reels] == [(f"{folder}/ada/a.mp4", "passed_over")]


def test_what_a_table_has_no_row_of_is_marked():
    for handle in ("ada", "bob", "cleo"):
        video(handle, "one.mp4")
    read_alone = {handle: creator.digest() for handle, creator in read(follows="source,target\nada,bob\n").items()}
    found = read(creators="handle\nada\nbob\n", reels="handle,file\nada,one.mp4\ncleo,one.mp4\n")
    assert {handle: creator.outcome().reason for handle, creator in found.items()} == {
        "ada": None, "bob": None, "cleo": "no_row",
    }  # fmt: skip
    assert {handle: [reel.outcome for reel in creator.reels_found()] for handle, creator in found.items()} == {
        "ada": [Outcome("ok")], "bob": [Outcome("ok", "no_row")], "cleo": [Outcome("ok")],
    }  # fmt: skip
    assert found["bob"].digest() != read_alone["bob"], "it is collected anew"
    assert {creator.outcome().reason for creator in read().values()} == {None}, "without tables, nothing lacks a row"


def test_folders_that_differ_in_case_or_at_sign_are_one_creator():
    video("Ada", "a.mp4", b"1")
    video("@ada", "a.mp4", b"2")
    video("ada", "a.mp4", b"3")
    video("@ADA", "a.mp4", b"4")
    (creator,) = read().values()
    assert creator.creator_id == "ada"
    assert len(creator.videos) == 4
    assert len(set(reel_ids(creator).values())) == 4


def test_handles_are_compared_in_one_form_everywhere():
    decomposed, composed = unicodedata.normalize("NFD", "zoë"), unicodedata.normalize("NFC", "Zoë")
    video(decomposed, "a.mp4")
    cohort = read(
        creators=f"handle,followers\n@{composed},12\n",
        reels=f"handle,file,plays\n {decomposed.upper()} ,a.mp4,5\n",
        follows=f"source,target\n{composed},bob\n",
    )
    (creator,) = cohort.values()
    assert creator.handle == "Zoë"
    assert creator.facts == {"followers": 12}
    assert creator.follows == [("bob", "bob")]
    assert [reel["plays"] for _, _, reel in find(creator)] == [5]


def test_file_names_match_whatever_their_unicode_form():
    video("ada", unicodedata.normalize("NFD", "café ☕.mp4"), b"film")
    (creator,) = read(reels=f"handle,file,reel_id\nada,{unicodedata.normalize('NFC', 'café ☕.mp4')},R1\n").values()
    assert reel_ids(creator) == {unicodedata.normalize("NFC", "café ☕.mp4"): "R1"}


def test_no_video_is_lost_where_names_differ_in_their_form_only():
    for form in ("NFC", "NFD"):
        for folder in ("ada", "@ada"):
            video(folder, unicodedata.normalize(form, "é.mp4"), f"{form} {folder}".encode())
    (creator,) = read().values()
    assert len(set(reel_ids(creator).values())) == 4


def test_spaces_around_a_file_name_do_no_harm():
    video("ada", " a.mp4", b"film")
    video("ada", " b.mp4", b"with a space")
    video("ada", "b.mp4", b"without")
    (creator,) = read(reels="handle,file,reel_id\nada, a.mp4 ,A\nada,b.mp4,B\n").values()
    found = reel_ids(creator)
    assert found[" a.mp4"] == "A"
    assert found["b.mp4"] == "B"
    assert found[" b.mp4"].startswith("r")


HOSTILE = [
    "a b", " a", "tab\there", "new\nline", "bell\a", "esc\x1b[31m", "quote'", 'double"', "back\\slash", "`id`",
    "$HOME", "$(id)", "{braces}", "{wildcards.batch}", "%s", "-rf", "--help", "*", "?", "[a]", "~", "#", "&",
    ";", "|", "<", ">", "🎬🏳️‍🌈", "مرحبا", "\u202ereversed", "日本語", "x" * 255, "null", "CON", "a..b", "0",
]  # fmt: skip


def test_hostile_names_are_names():
    for name in (*HOSTILE, "..hidden", "..."):
        video(name, f"{name[:251]}.mp4")
    video(b"not \xff text", b"\xfe.mp4")
    cohort = read()
    assert len(cohort) == len(HOSTILE) + 1
    assert "not \\xff text" in cohort
    for creator in cohort.values():
        creator.creator_id.encode()
        assert len(creator.digest()) == 64
        (found,) = find(creator)
        assert found[0] == "ok"
        assert Path(found[2]["source_path"]).exists()
        found[2]["file"].encode()
    assert len({reel_id for creator in cohort.values() for reel_id in reel_ids(creator).values()}) == len(cohort)


@pytest.mark.parametrize("name", ["@", " ", " @ ", "@@", "\u200b"])
def test_a_folder_that_names_nobody_is_refused(name):
    video(name, "a.mp4")
    assert "is not named after a creator" in refused()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_normal_handle_stays_as_it_is(text):
    handle = normal_handle(text)
    assert normal_handle(handle) == handle
    assert handle == unicodedata.normalize("NFC", handle)
    assert normal_handle(f" @{text}\n") == handle


def test_batches_are_those_of_the_design():
    # blake2b of the handle, digest_size=8, big endian, modulo: computed once; users' results lie under them.
    assert [batch_of(handle, 1000) for handle in ("ada", "bob", "zoë")] == [351, 842, 194]
    assert {batch_of(str(number), 4) for number in range(64)} == {0, 1, 2, 3}


CREATORS_ROWS = ["Handle, Full_Name ,followers,following,City", '@Ada,"Ada, L.",1200.0,7,Łódź', "bob,,,,"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n", "\ufeff\r\n"])
def test_tables_are_read_as_spreadsheets_write_them(ending, delimiter, start):
    rows = [row.replace('"Ada, L."', "\0").replace(",", delimiter).replace("\0", '"Ada, L."') for row in CREATORS_ROWS]
    text = start + (ending * 2).join([*rows, delimiter * 4, "   "]) + ending
    cohort = read_tables_only(creators=text)
    assert cohort["ada"].handle == "Ada"
    assert cohort["ada"].facts == {"full_name": "Ada, L.", "followers": 1200, "following": 7, "City": "Łódź"}
    assert cohort["bob"].facts == {}


def read_tables_only(**tables) -> dict[str, FolderCreator]:
    Path("videos").mkdir(exist_ok=True)
    return read(**tables)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"creators": "name,followers\nada,1\n"}, "creators.csv, line 1: column handle missing; found name, followers"),
        ({"creators": "\n\nname\nada\n"}, "creators.csv, line 3: column handle missing; found name"),
        ({"creators": "handle,Handle\na,b\n"}, "creators.csv, line 1: column handle given twice"),
        ({"creators": ""}, "creators.csv: empty; expected a header with the columns handle"),
        ({"creators": "handle\nada\n\n@ADA\n"}, "creators.csv, line 4: ada is already in line 2"),
        ({"creators": "handle,followers\nada,12k\n"}, "creators.csv, line 2: followers: '12k' is not a whole number"),
        ({"creators": "handle,following\nada,1.5\n"}, "creators.csv, line 2: following: '1.5' is not a whole number"),
        ({"creators": "handle,followers\n,5\n"}, "creators.csv, line 2: handle is empty"),
        ({"creators": "handle,followers\nada,1,2\n"}, "creators.csv, line 2: 3 cells, but the header has 2 columns"),
        (
            {"creators": "handle,follows_status\nada,all\n"},
            "creators.csv, line 2: follows_status: 'all' is none of compl",
        ),
        (
            {"creators": "handle\nada\nZo\xeb\n".encode("latin-1")},
            "creators.csv, line 3: not UTF-8 text; save the file",
        ),
        (
            {"creators": 'handle,city\nada,"Rome\nbob,Oslo\n'},
            "creators.csv, line 2: unexpected end of data; a quoted text",
        ),
        ({"reels": "handle\nada\n"}, "reels.csv, line 1: column file missing; found handle"),
        ({"reels": "handle,file,reel_id\na,x.mp4,R\nb,y.mp4,R\n"}, "reels.csv, line 3: 'R' is already in line 2"),
        ({"reels": "handle,file\na,x.mp4\n@A,x.mp4\n"}, "reels.csv, line 3: 'x.mp4' is already in line 2"),
        (
            {"reels": 'handle,file,caption,plays\na,x.mp4,"two\nlines",1\na,y.mp4,"two\nmore",many\n'},
            "reels.csv, line 4: plays: 'many' is not a whole number",
        ),
        (
            {"reels": "handle,file,taken_at\na,x.mp4,31.05.2024\n"},
            "reels.csv, line 2: taken_at: '31.05.2024' is not a time",
        ),
        ({"follows": "source,target\na,\n"}, "follows.csv, line 2: target is empty"),
        ({"follows": "source,target\n@,b\n"}, "follows.csv, line 2: source: '@' names nobody"),
        ({"follows": "from,to\na,b\n"}, "follows.csv, line 1: column source, target missing; found from, to"),
    ],
)
def test_a_defect_is_named_with_file_and_line(tables, message):
    video("someone", "a.mp4")
    assert refused(**tables).startswith(message)


def test_missing_files_and_folders_are_named():
    assert refused() == f"source.files.videos: videos: no such folder ({Path('videos').absolute()})"
    Path("videos").mkdir()
    assert refused().startswith("videos: no creators found. Put each creator's videos (.mp4, .mov, .webm, .mkv) into")
    with pytest.raises(UserError, match=r"^no\.csv: No such file"):
        read_source(FilesSource(creators="no.csv"))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("1200.0", 1200), ("7.", 7), ("007", 7), ("999999999999999999", 10**18 - 1)],
)
def test_counts(text, number):
    assert count(text) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "1e3", "1,200", "1.2", "²", "٣x", "nan", "inf", "9" * 19, "9" * 400, ".", "0x1"]
)
def test_what_is_no_count_is_refused(text):
    with pytest.raises(ValueError, match="not a whole number"):
        count(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-31", "2024-05-31T00:00:00+00:00"),
        ("2024-05-31 18:00", "2024-05-31T18:00:00+00:00"),
        ("2024-05-31T18:00:00Z", "2024-05-31T18:00:00+00:00"),
        ("2024-05-31T18:00:00+02:00", "2024-05-31T16:00:00+00:00"),
        ("20240531", "2024-05-31T00:00:00+00:00"),
        ("1717178400", "2024-05-31T18:00:00+00:00"),
    ],
)
def test_times(text, time):
    assert moment(text) == time


@pytest.mark.parametrize(
    "text", ["yesterday", "2024", "1717178400000", "9" * 30, "0001-01-01T00:00:00+14:00", "²²²²²²²²²"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="is not a time"):
        moment(text)


def test_follows_of_accounts_outside_the_cohort_say_nothing():
    video("ada", "a.mp4")
    cohort = read(follows="source,target\nstranger,ada\nAda,@Stranger\nada,stranger\nada,ADA\n")
    assert list(cohort) == ["ada"]
    (ada,) = FilesFolder(FilesSource(follows="follows.csv")).collect(["ada"], SelectSection())
    assert list_follows(ada) == [{"source_id": "ada", "target_id": "stranger", "target_handle": "Stranger"}]


def test_creators_without_videos_take_part():
    video("ada", "a.mp4")
    cohort = read(creators="handle\nada\nbob\n", reels="handle,file\nada,a.mp4\neve,gone.mp4\n")
    assert list(cohort) == ["ada", "bob", "eve"]
    assert [(state, reason) for state, reason, _ in find(cohort["eve"])] == [("skipped", "missing_file")]


def test_renaming_a_file_changes_no_id():
    path = video("ada", "a.mp4", b"film")
    before = set(reel_ids(read()["ada"]).values())
    path.rename(path.with_name("z z.MOV"))
    assert set(reel_ids(read()["ada"]).values()) == before


def test_the_same_film_of_two_creators_is_two_reels():
    video("ada", "a.mp4", b"film")
    video("bob", "a.mp4", b"film")
    cohort = read()
    assert not set(reel_ids(cohort["ada"]).values()) & set(reel_ids(cohort["bob"]).values())


def test_a_file_under_two_names_is_one_reel_and_the_described_one():
    video("ada", "a.mp4", b"film")
    video("ada", "b.mp4", b"film")
    video("ada", "c.mp4", b"other")
    found = find(read(reels="handle,file,plays\nada,b.mp4,9\n")["ada"])
    states = {reel["file"]: (state, reason) for state, reason, reel in found}
    assert states == {"b.mp4": ("ok", None), "a.mp4": ("skipped", "duplicate"), "c.mp4": ("ok", "no_row")}


def test_ids_that_people_give_are_taken_at_their_word():
    video("ada", "a.mp4", b"film")
    video("ada", "b.mp4", b"film")
    found = find(read(reels="handle,file,reel_id\nada,a.mp4,../A\nada,b.mp4,-b\n")["ada"])
    assert {reel["reel_id"]: state for state, _, reel in found} == {"../A": "ok", "-b": "ok"}


def test_a_listed_reel_without_its_file_is_missing():
    video("ada", "a.mp4", b"film")
    found = find(read(reels="handle,file,reel_id\nada,a.mp4,\nada,gone.mp4,G\nada,,H\nada,away.mp4,\n")["ada"])
    missing = {reel["reel_id"]: reel["file"] for state, reason, reel in found if reason == "missing_file"}
    assert len(missing) == 3
    assert missing["G"] == "gone.mp4"
    assert missing["H"] is None


def batches(count: int = 8, **tables) -> dict[int, list[str]]:
    digests: dict[int, list[str]] = {}
    for creator in read(**tables).values():
        digests.setdefault(batch_of(creator.creator_id, count), []).append(creator.digest())
    return digests


TABLES = {
    "creators": "handle,followers\nada,5\n",
    "reels": "handle,file,caption\nada,a.mp4,hello\n",
    "follows": "source,target\nada,bob\nada,eve\n",
}


@pytest.mark.parametrize(
    "change",
    [
        {"creators": "handle,followers\nada,6\n"},
        {"reels": "handle,file,caption\nada,a.mp4,hello!\n"},
        {"follows": "source,target\nada,bob\nada,eve\nada,x\n"},
        "a new video",
        "a longer video",
        "a touched video",
    ],
    ids=str,
)
def test_a_change_of_one_creator_touches_that_batch_only(change):
    for number in range(20):
        video(f"other{number}", "a.mp4")
    path = video("ada", "a.mp4", b"film")
    before = batches(**TABLES)
    if isinstance(change, str):
        if change == "a new video":
            video("ada", "b.mp4")
        elif change == "a longer video":
            os.utime(path, ns=(7, 7))
            before = batches(**TABLES)
            path.write_bytes(b"longer")
            os.utime(path, ns=(7, 7))
        else:
            os.utime(path, ns=(7, 7))
        after = batches(**TABLES)
    else:
        after = batches(**TABLES | change)
    assert [batch for batch in before if before[batch] != after[batch]] == [batch_of("ada", 8)]


def test_a_new_creator_touches_one_batch_only():
    for number in range(20):
        video(f"other{number}", "a.mp4")
    before = batches()
    video("newcomer", "a.mp4")
    after = batches()
    assert [batch for batch in after if before.get(batch) != after[batch]] == [batch_of("newcomer", 8)]


def test_the_order_of_lines_changes_nothing():
    video("ada", "a.mp4")
    video("ada", "b.mp4")
    first = batches(reels="handle,file,plays\nada,a.mp4,1\nada,b.mp4,2\n", follows="source,target\nada,bob\nada,eve\n")
    again = batches(reels="plays,handle,file\n2,ada,b.mp4\n1,ada,a.mp4\n", follows="source,target\nada,eve\nada,bob\n")
    assert first == again


def reel(reel_id: str, taken_at: str | None = None, plays: int | None = None, views: int | None = None) -> SourceReel:
    return SourceReel(reel_id, {"taken_at": taken_at and moment(taken_at), "plays": plays, "views": views})


def chosen(found: list[SourceReel], **select) -> set[str]:
    fresh = [replace(reel) for reel in found]  # selecting marks the reels
    selected = select_reels(iter(fresh), SelectSection(**select))
    return {str(reel.reel_id) for reel in selected if reel.outcome.state == "ok"}


def test_of_the_latest_reels_the_most_played_are_chosen():
    found = [reel("old hit", "2020-01-01", 10**6)]
    found += [reel(f"new {number}", f"2024-01-0{number + 1}", number) for number in range(5)]
    assert chosen(found, reels_per_creator=2, latest=None) == {"old hit", "new 4"}
    assert chosen(found, reels_per_creator=2, latest=5) == {"new 4", "new 3"}
    assert chosen(found, reels_per_creator=2, latest=3) == {"new 4", "new 3"}
    assert chosen(found, reels_per_creator=9, latest=60) == {reel.reel_id for reel in found}


def test_reels_with_views_only_come_after_those_with_plays_and_it_is_said():
    found = [reel("a", None, 5, 900), reel("b", None, 7, 3), reel("c", None, None, 800), reel("d", None, None, 700)]
    assert chosen(found, reels_per_creator=2) == {"a", "b"}
    assert chosen(found, reels_per_creator=3) == {"a", "b", "c"}
    assert chosen(found[2:], reels_per_creator=1) == {"c"}
    selected = select_reels(iter(found), SelectSection(reels_per_creator=3))
    assert measures_mixed(selected) == (
        "2 of 4 reels have views and no plays: they come after the others in the choice"
    )
    assert measures_mixed([one for one in selected if one.outcome.state == "ok"]) is None, "nothing was left out"
    assert measures_mixed(selected[2:]) is None, "one measure was enough"


def test_fractions_of_a_second_and_time_zones_count():
    found = [reel("a", "2024-01-01T12:00:00.5Z", 1), reel("b", "2024-01-01T12:00:00Z", 2)]
    found.append(reel("c", "2024-01-01T12:30:00+01:00", 3))
    assert chosen(found, reels_per_creator=1, latest=1) == {"a"}
    assert chosen(found, reels_per_creator=1, latest=2) == {"b"}


def test_ties_and_unknown_numbers_are_settled_without_names_and_order():
    found = [reel("c", None, 5), reel("a", None, 5), reel("b", None, 5), reel("d"), reel("e", None, 0)]
    for order in (found, found[::-1]):
        assert chosen(order, reels_per_creator=2) == {"a", "b"}
        assert chosen(order, reels_per_creator=4) == {"a", "b", "c", "e"}


def test_reels_that_cannot_take_part_do_not_use_up_the_selection():
    missing = SourceReel("m", {"plays": 99}, outcome=Outcome("skipped", "missing_file"))
    selected = select_reels(iter([missing, reel("a", None, 1), reel("b", None, 2)]), SelectSection(reels_per_creator=1))
    assert [reel.outcome.reason for reel in selected] == ["missing_file", "not_selected", None]
