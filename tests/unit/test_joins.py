"""What of a source's tables concerns nobody is counted before anything runs; where nothing matches, it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.config import ExportsSource, FilesSource, HikerapiSection
from common.program import UserError
from opting_out.tombstones import Tombstones
from sources.exports import ExportsFolder
from sources.files import FilesFolder
from sources.registry import open_source

ALL_REELS = "handle,file\nfern,one.mp4\nfern,two.mov\nmoss,one.mp4\nmoss,Three.MP4\n"


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two creators with two videos each."""
    monkeypatch.chdir(tmp_path)
    for name in ("fern/one.mp4", "fern/two.mov", "moss/one.mp4", "moss/Three.MP4"):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / name).write_bytes(name.encode())
    return tmp_path


def source(**tables: str) -> FilesFolder:
    for name, text in tables.items():
        Path(f"{name}.csv").write_text(text, encoding="utf-8")
    return FilesFolder(FilesSource(**{name: f"{name}.csv" for name in tables}))


def notices(**tables: str) -> list[str]:
    return [str(notice) for notice in source(**tables).notices()]


def refused(**tables: str) -> str:
    with pytest.raises(UserError) as error:
        source(**tables).members()
    return str(error.value)


def plays(reels: str) -> dict[str, int]:
    """Number of plays of every video of fern that the table knows."""
    found = source(reels=reels)._creators["fern"].reels_found()
    return {str(reel.file): reel.facts["plays"] for reel in found if reel.video and "plays" in reel.facts}


def test_a_study_in_which_all_matches_has_no_notice():
    creators = "handle,followers\n@Fern,5\nhttps://www.instagram.com/moss/,7\n"
    assert notices(creators=creators, reels=ALL_REELS, follows="source,target\nfern,moss\n") == []


def test_creators_without_a_folder_and_folders_without_a_row_are_counted():
    assert notices(creators="handle\nfern\nmos\nlichen\n") == [
        "2 of 3 creators of creators.csv have no folder in videos: mos, lichen",
        "1 of 2 folders in videos have no row in creators.csv: nothing more is known of them: moss",
    ]


def test_reels_of_nobody_and_reels_without_a_video_are_counted():
    found = notices(reels=f"{ALL_REELS}lichen,x.mp4\nmoss,gone.mp4\n")
    assert found == [
        "1 of 6 rows of reels.csv are about creators without a folder in videos: lichen (line 6)",
        "2 of 6 rows of reels.csv name no video that is there: x.mp4 (line 6), gone.mp4 (line 7)",
    ]


def test_videos_without_a_row_are_counted():
    (said,) = notices(reels="handle,file\nfern,one.mp4\n")
    assert said == (
        "3 of 4 videos have no row in reels.csv: nothing more is known of them: "
        "fern/two.mov, moss/Three.MP4, moss/one.mp4"
    )


def test_more_likes_than_plays_are_noted():
    rows = "fern,one.mp4,145,9800\nfern,two.mov,0,3\nmoss,one.mp4,9,9\nmoss,Three.MP4,,5\n"
    (said,) = notices(reels=f"handle,file,plays,likes\n{rows}")
    assert said.startswith("1 of 4 rows of reels.csv have more likes than plays")
    assert said.endswith("one.mp4 (145 plays, 9800 likes)")


def test_lines_of_a_list_of_handles_that_name_nobody_are_counted():
    Path("list.txt").write_text("fern\nmoss garden\nhttps://www.instagram.com/p/x/\n")
    (notice,) = open_source(HikerapiSection(creators="list.txt"), "2026-01-01").notices()
    assert str(notice).startswith("2 of 3 lines of list.txt name no creator: moss garden (line 2)")


def test_follows_of_nobody_are_counted_with_three_examples():
    rows = "".join(f"stranger{number},fern\n" for number in range(5))
    (notice,) = source(follows=f"source,target\nfern,moss\n{rows}").notices()
    assert str(notice) == (
        "5 of 6 accounts in the column source of follows.csv are not in the study (rows left out: 5): "
        "stranger0, stranger1, stranger2"
    )
    assert notice.counts() == {"text": str(notice).partition(": str")[0], "reason": "not_in_study", "creators": 5}


def test_a_network_that_leads_to_nobody_of_the_study_is_noted():
    assert "none of the 2 accounts in the column target" in notices(follows="source,target\nfern,17\nmoss,18\n")[0]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"creators": "handle\nFern Glass\nMoss Garden\n"}, "2 of 2 creators of creators.csv have no folder in videos"),
        ({"reels": "handle,file\n17,one.mp4\n18,one.mp4\n"}, "2 of 2 rows of reels.csv are about creators without a"),
        ({"reels": "handle,file\nfern,x1.mp4\nmoss,x2.mp4\n"}, "2 of 2 rows of reels.csv name no video that is there"),
        ({"follows": "source,target\n17,fern\n18,moss\n"}, "2 of 2 accounts in the column source of follows.csv"),
    ],
)
def test_a_table_of_which_nothing_matches_is_refused_with_the_remedy(tables, message):
    said = refused(**tables)
    assert said.startswith(message)
    assert "Nothing in it matches: write the " in said


@pytest.mark.parametrize(
    "written",
    ["fern/one.mp4", "videos/fern/one.mp4", "/home/me/videos/fern/one.mp4", "C:\\videos\\fern\\one.mp4", "./one.mp4",
     "one", "ONE.MP4", "file:///home/me/fern/one.mp4", "@Fern/one", "\u200eone.mp4", "%6Fne.mp4"],
)  # fmt: skip
def test_a_file_is_found_however_its_name_is_written(written):
    assert plays(f"handle,file,plays\nfern,{written},9\n") == {"one.mp4": 9}


def test_a_file_that_may_be_one_of_two_is_refused():
    Path("videos/fern/one.mov").write_bytes(b"another")
    said = refused(reels="handle,file\nfern,one\n")
    assert said == "reels.csv, line 2: file: 'one' may be one.mov or one.mp4; write the whole name"


def test_a_name_that_files_in_two_folders_of_one_creator_have_is_refused():
    Path("videos/Fern").mkdir()
    Path("videos/Fern/one.mp4").write_bytes(b"another")
    said = refused(reels="handle,file\nfern,one.mp4\n")
    assert said.endswith(
        "'one.mp4' is the name of several files in folders of fern; write its folder, too, as in fern/one.mp4"
    )
    assert plays("handle,file,plays\nfern,fern/one.mp4,3\nfern,Fern/one.mp4,4\n") == {"fern/one.mp4": 3, "one.mp4": 4}


def test_somebody_called_like_a_column_is_written_with_an_at_sign():
    Path("videos/username").mkdir()
    Path("videos/user1").mkdir()
    assert notices(creators="handle\n@username\nuser1\nfern\nmoss\n") == []


def test_accounts_that_are_followed_and_not_written_like_handles_are_noted():
    (said,) = notices(follows="source,target\nfern,moss\nmoss,Fern Glass (@fern)\nmoss,'@fern\n")
    assert said == (
        "1 of 3 accounts in the column target of follows.csv are not written like handles: whoever of the study is "
        "meant by one has no edge: fern glass (@fern)"
    )


def test_a_file_in_the_folder_of_another_creator_is_refused():
    said = refused(reels="handle,file\nfern,two.mov\nfern,moss/one.mp4\n")
    assert said == "reels.csv, line 3: file: 'moss/one.mp4' is in the folder of moss, but the row is about fern"


def test_two_spellings_of_one_file_are_one_file():
    said = refused(reels="handle,file\nfern,one.mp4\nfern,fern/one.mp4\n")
    assert said == "reels.csv, line 3: 'one.mp4' is already in line 2"


@pytest.mark.parametrize(
    "text",
    ["handle,followers\nhandle,followers\nfern,5\n", "handle,region\nUsername,Region\nfern,north\n",
     "handle,full_name\nfern,F\nhandle,full_name\nmoss,M\n", "handle\nhandle\nfern\n", "handle\nUser name\nfern\n",
     "handle,full_name\nobject,object\nfern,F\n"],
)  # fmt: skip
def test_a_second_header_line_is_no_creator(text):
    assert "a second header line, it seems; remove it" in refused(creators=text)


@pytest.mark.parametrize(
    ("column", "meant"),
    [("playCount", "plays"), ("likes_count", "likes"),
     ("Num Likes", "likes"),
     ("commentsCount", "comments"), ("captoin", "caption"), ("timestamp", "taken_at"), ("upload_date", "taken_at"),
     ("video_id", "reel_id"), ("permalink", "url")],
)  # fmt: skip
def test_a_column_that_seems_to_be_a_known_one_is_asked_about(column, meant):
    said = refused(reels=f"handle,file,{column}\nfern,one.mp4,5\n")
    assert said.startswith(f"reels.csv, line 1: column {column!r}: is this {meant}? Then call it {meant}")


@pytest.mark.parametrize("column", ["follower_count", "Subscribers", "folowers", "followees", "followStatus"])
def test_so_are_columns_of_creators(column):
    assert "creators.csv, line 1: column " in refused(creators=f"handle,{column}\nfern,5\n")


@pytest.mark.parametrize("column", ["view_count", "viewCount", "views_count", "ViewsCount", "videoViewCount"])
def test_a_column_of_views_may_be_either_of_two_measures(column):
    said = refused(reels=f"handle,file,{column}\nfern,one.mp4,5\n")
    assert f"column {column!r}: is this plays or views? Then call it plays or views" in said
    said = refused(reels=f"handle,file,plays,{column}\nfern,one.mp4,5,6\n")
    assert f"column {column!r}: is this views? Then call it views" in said


def test_a_column_beside_the_known_one_is_a_column_of_its_own():
    facts = source(creators="handle,followers,follower_count,region\nfern,5,6,north\n")._creators["fern"].facts
    assert facts == {"followers": 5, "follower_count": 6, "region": "north"}


def test_columns_that_are_not_used_are_noted():
    said, _ = notices(reels="handle,file,plays,sound\nfern,one.mp4,5,loud\n")
    assert said == "reels.csv: columns that are not used: sound"


def test_columns_that_the_study_makes_itself_are_kept_under_another_name():
    facts = (
        source(creators="handle,profile,creator_id,N_reels\nfern,https://example.org,17,3\n")._creators["fern"].facts
    )
    assert facts == {"given_profile": "https://example.org", "given_creator_id": "17", "given_N_reels": 3}


def test_people_who_opted_out_are_no_examples():
    Tombstones().add(["lichen"])
    for name, text in (("creators", "handle\nfern\nlichen\n"), ("follows", "source,target\nfern,moss\nlichen,fern\n")):
        Path(f"{name}.csv").write_text(text)
    opened = open_source(FilesSource(creators="creators.csv"), None)
    assert str(opened.notices()[0]) == "1 of 2 creators of creators.csv have no folder in videos"


def test_files_of_people_who_opted_out_are_no_examples():
    Path("videos/fern/one.mp4.part").touch()
    Path("videos/moss/one.mp4.part").touch()
    Tombstones().add(["fern"])
    said = [str(notice) for notice in open_source(FilesSource(), None).notices()]
    assert said == [
        "2 files in videos are passed over: moss/one.mp4.part (a download that was not finished; download it again)"
    ]


def test_exports_are_counted_alike():
    Path("exports").mkdir()
    item = '{"source_platform": "instagram.com", "data": {"pk": "1", "media_type": 2, "user": {"username": "fern"}}}\n'
    Path("exports/x.ndjson").write_text(item)
    Path("creators.csv").write_text("handle\nfern\nlichen\n")
    Path("follows.csv").write_text("source,target\nfern,moss\n17,fern\n")
    said = [str(one) for one in ExportsFolder(ExportsSource(creators="creators.csv", follows="follows.csv")).notices()]
    assert said[0] == "1 of 2 creators of creators.csv have no item in exports: lichen"
    assert said[1].startswith("1 of 2 accounts in the column source of follows.csv are not in the study")
    Path("follows.csv").write_text("source,target\n17,fern\n")
    with pytest.raises(UserError, match="Nothing in it matches"):
        ExportsFolder(ExportsSource(follows="follows.csv")).members()
