"""The source `exports`: TikTok as Zeeschuimer and 4CAT leave it.

The samples have the forms of Zeeschuimer 1.14 (modules/tiktok.js) and 4CAT 1.5x (datasources/tiktok, which makes the
CSV, and processors/visualisation/download_videos.py, which makes `.metadata.json`). The people in them do not exist.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config import ExportsSource, SelectSection
from common.program import UserError
from sources.exports import ExportsFolder
from sources.source import SourceCreator, SourceReel

EXPORTS = Path("exports")
POST, NUMBER = "7234567890123456789", "6812345678901234567"
TAKEN_AT, TAKEN_TEXT = 1717243200, "2024-06-01T12:00:00+00:00"
JUNE, SEPTEMBER = 1717250000000, 1725148800000  # 2024, ms
PLAY, SAVE, COVER = (f"https://v16-webapp.example/{name}?expire=1717" for name in ("play", "save", "cover"))


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    EXPORTS.mkdir()
    return tmp_path


def post(**changes) -> dict:
    """A post as an answer to TikTok's website has it."""
    return {
        "id": POST, "desc": "Grüße 🎬 #fyp", "createTime": TAKEN_AT, "scheduleTime": 0, "isAd": False,
        "author": {"id": NUMBER, "uniqueId": "Ada.Film", "nickname": "Ada F", "secUid": "MS4wLjABAAAA",
                   "avatarThumb": COVER, "privateAccount": False},
        "authorStats": {"followerCount": 12500, "followingCount": 80, "heartCount": 7, "videoCount": 3, "diggCount": 1},
        "stats": {"diggCount": 5, "shareCount": 1, "commentCount": 2, "playCount": 99, "collectCount": "4"},
        "statsV2": {"diggCount": "5", "shareCount": "1", "commentCount": "2", "playCount": "99", "repostCount": "0"},
        "video": {"id": POST, "duration": 12, "width": 576, "height": 1024, "playAddr": PLAY, "downloadAddr": SAVE,
                  "cover": COVER, "originCover": COVER + "&o", "shareCover": ["", COVER]},
        "music": {"id": "700", "title": "original sound", "authorName": "Ada F", "original": True},
        "challenges": [{"id": "1", "title": "fyp"}], "textExtra": [{"hashtagName": "fyp", "start": 9, "end": 13}],
        "stickersOnItem": [{"stickerText": ["on the", "picture"], "stickerType": 4}], "duetInfo": {"duetFromId": "0"},
        "diversificationLabels": ["Dance"], "effectStickers": [], "contents": [{"desc": "Grüße 🎬 #fyp"}],
    } | changes  # fmt: skip


def embedded(**changes) -> dict:
    """A post as the page of a video has it (SIGI_STATE): numbers of time and account as texts, the author beside."""
    item = post(author="Ada.Film", nickname="Ada F", authorId=NUMBER, authorSecId="MS4w", createTime=str(TAKEN_AT))
    del item["statsV2"], item["contents"]
    return item | changes


def zeeschuimer(item: dict, at: int = JUNE, platform: str = "tiktok.com") -> dict:
    return {
        "nav_index": "1:7:3", "item_id": item.get("id"), "timestamp_collected": at, "last_updated": at,
        "source_platform": platform, "source_platform_url": "https://www.tiktok.com/@ada.film",
        "source_url": "https://www.tiktok.com/api/post/item_list/", "user_agent": "Mozilla/5.0", "data": item,
    }  # fmt: skip


def fourcat(item: dict) -> dict:
    line = zeeschuimer(item)
    return line.pop("data") | {"__import_meta": line}


def row(**changes) -> dict:
    """A row of the CSV that 4CAT makes of a post."""
    return {
        "collected_from_url": "https://www.tiktok.com/@ada.film", "id": POST, "thread_id": POST, "author": "Ada.Film",
        "author_full": "Ada F", "author_followers": "12500", "author_likes": "7", "author_videos": "3",
        "author_avatar": COVER, "body": "Grüße 🎬 #fyp", "stickers": "on the picture\nand below",
        "timestamp": "2024-06-01 12:00:00", "unix_timestamp": str(TAKEN_AT), "is_duet": "no", "is_ad": "no",
        "is_paid_partnership": "no", "is_sensitive": "no", "is_photosensitive": "no", "music_name": "original sound",
        "music_id": "700", "music_url": PLAY, "music_thumbnail": COVER, "music_author": "Ada F", "video_url": SAVE,
        "tiktok_url": f"https://www.tiktok.com/@Ada.Film/video/{POST}", "thumbnail_url": COVER, "likes": "5",
        "comments": "2", "shares": "1", "plays": "99", "hashtags": "fyp", "challenges": "fyp",
        "diversification_labels": "Dance", "location_created": "DE", "effects": "", "warning": "",
    } | changes  # fmt: skip


def lines(name: str, *items: dict) -> None:
    (EXPORTS / name).write_text("".join(json.dumps(item) + "\n" for item in items))


def table(name: str, *rows: dict, delimiter: str = ",") -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    (EXPORTS / name).write_text(text.getvalue(), newline="")


def downloaded(folder: str, downloads: dict, *videos: str) -> Path:
    """A zip of 4CAT's downloads, unpacked."""
    place = EXPORTS / folder
    place.mkdir()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(".metadata.json", json.dumps(downloads))
        for video in videos:
            archive.writestr(video, b"film " + video.encode())
    zipfile.ZipFile(packed).extractall(place)
    return place


def download(posts: list, *names: str, **changes) -> dict:
    files = [{"filename": name, "metadata": {}, "success": True} for name in names]
    return {"from_dataset": "abc", "post_ids": posts, "success": True, "retry": True, "files": files} | changes


def source(**tables) -> ExportsFolder:
    for name, text in tables.items():
        Path(f"{name}.csv").write_text(text)
    return ExportsFolder(ExportsSource(folder="exports", **{name: f"{name}.csv" for name in tables}))


def read(**tables) -> dict[str, SourceCreator]:
    exports = source(**tables)
    return {creator.creator_id: creator for creator in exports.collect(exports.members(), SelectSection())}


def only_reel(creators: dict[str, SourceCreator], handle: str = "ada.film") -> SourceReel:
    (reel,) = creators[handle].reels
    return reel


def kept(creators: dict[str, SourceCreator], handle: str = "ada.film") -> SourceReel:
    return next(reel for reel in creators[handle].reels if reel.outcome.state == "ok")


# --- what is taken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [zeeschuimer, fourcat, dict])
@pytest.mark.parametrize("item", [post(), embedded()], ids=["answer", "page"])
def test_posts_of_tiktok_in_all_their_forms(wrap, item):
    lines("x.ndjson", wrap(item))
    creators = read()
    creator, reel = creators["ada.film"], only_reel(creators)
    assert (creator.handle, creator.facts) == (
        "Ada.Film", {"full_name": "Ada F", "followers": 12500, "following": 80},
    )  # fmt: skip
    assert reel.reel_id == POST
    assert reel.facts == {
        "url": f"https://www.tiktok.com/@Ada.Film/video/{POST}", "caption": "Grüße 🎬 #fyp", "taken_at": TAKEN_TEXT,
        "plays": 99, "likes": 5, "comments": 2,
    }  # fmt: skip
    assert (reel.video_url, reel.thumbnail_url, reel.outcome.detail) == (PLAY, COVER, None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_of_4cats_table_says_the_same_as_the_post_it_was_made_of(delimiter):
    lines("x.ndjson", post())
    of_lines = only_reel(read())
    (EXPORTS / "x.ndjson").unlink()
    table("4cat.csv", row(), delimiter=delimiter)
    creators = read()
    reel = only_reel(creators)
    assert (reel.reel_id, reel.facts, reel.thumbnail_url) == (of_lines.reel_id, of_lines.facts, of_lines.thumbnail_url)
    assert reel.video_url == SAVE, "4CAT knows the link with the watermark only"
    assert creators["ada.film"].facts == {"full_name": "Ada F", "followers": 12500}


def test_very_large_numbers_are_those_of_the_newer_form():
    lines("x.ndjson", post(stats={"playCount": -2094967296, "diggCount": 5}, statsV2={"playCount": "2200000000"}))
    assert only_reel(read()).facts["plays"] == 2_200_000_000


@pytest.mark.parametrize(
    "changes",
    [{"stats": None, "statsV2": None}, {"stats": {}, "statsV2": []}, {"stats": {"playCount": -1}, "statsV2": None},
     {"stats": {"playCount": 0, "diggCount": None}, "statsV2": {"diggCount": "5"}}],
)  # fmt: skip
def test_plays_that_are_not_shown_are_unknown(changes):
    lines("x.ndjson", post(**changes))
    reel = only_reel(read())
    assert "plays" not in reel.facts
    assert reel.outcome.detail is None


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"imagePost": {"images": [{"imageURL": {"urlList": [COVER]}}]}}, "a slideshow of pictures"),
        ({"isAd": True}, "an advertisement"),
        ({"liveRoomInfo": {"status": 2}}, "a live stream"),
    ],
)
def test_what_is_no_video_is_a_row_that_says_so(changes, kind):
    lines("x.ndjson", zeeschuimer(post(**changes)))
    assert only_reel(read()).outcome.reason == "not_a_reel"
    assert only_reel(read()).outcome.detail == f"x.ndjson, line 1: {kind}"


@pytest.mark.parametrize("author", [None, {}, "", {"id": None, "uniqueId": ""}])
def test_a_post_whose_author_is_deleted_is_a_failed_row_of_nobody(author):
    lines("x.ndjson", zeeschuimer(post(author=author)), zeeschuimer(post(id="7")))
    creators = read()
    assert sorted(creators) == ["?unknown", "ada.film"]
    assert creators["?unknown"].reels[0].outcome.reason == "changed_format"


def test_authors_that_4cat_took_out_are_not_one_creator():
    table("4cat.csv", row(author="REDACTED"), row(id="7", author="REDACTED"))
    nobody = {"id": "REDACTED", "uniqueId": "REDACTED", "nickname": "REDACTED"}
    lines("x.ndjson", fourcat(post(author=nobody, authorStats={"followerCount": "REDACTED"})), post(id="8"))
    user = {"pk": "REDACTED", "username": "REDACTED"}
    lines("i.ndjson", *({"pk": str(n), "code": "F", "media_type": 2, "user": user, "owner": user} for n in (5, 6)))
    creators = read()
    assert sorted(creators) == ["?unknown", "ada.film"]
    assert [reel.outcome.reason for reel in creators["?unknown"].reels] == ["changed_format"] * 5
    assert "the author is REDACTED: 4CAT anonymised the data" in str(creators["?unknown"].reels[0].outcome.detail)


def test_comments_and_other_platforms_are_passed_over():
    comment = {"cid": "7", "id": "7", "aweme_id": POST, "user": {"uid": "5", "unique_id": "eve"}, "text": "nice"}
    lines("comments.ndjson", zeeschuimer(comment, platform="tiktok-comments"))
    lines("douyin.ndjson", zeeschuimer(post(), platform="douyin.com"))
    lines("x.ndjson", zeeschuimer(post()))
    assert sorted(read()) == ["ada.film"]
    (passed,) = source().notices()
    assert "comments.ndjson (comments), douyin.ndjson (of douyin.com, which yt-dlp can collect)" in str(passed)


# --- several tools -------------------------------------------------------------------------------------------------


def test_of_two_captures_the_newest_numbers_count():
    newer = post(statsV2={"playCount": "120", "diggCount": None}, stats=None, desc="edited")
    lines("a.ndjson", zeeschuimer(newer, SEPTEMBER))
    lines("b.ndjson", zeeschuimer(post()))
    reel = kept(read())
    assert [reel.facts[name] for name in ("plays", "likes", "caption")] == [120, 5, "edited"]
    assert reel.outcome.detail == "2 captures, 2024-06-01 to 2024-09-01: the newest numbers count"


def test_an_item_that_zeeschuimer_saw_again_is_as_new_as_it_is():
    lines("a.ndjson", zeeschuimer(post(stats=None, statsV2={"playCount": "120"})) | {"last_updated": SEPTEMBER + 1})
    lines("b.ndjson", zeeschuimer(post(), SEPTEMBER))
    assert kept(read()).facts["plays"] == 120


def test_an_account_is_one_creator_under_all_its_handles_in_all_tools():
    lines(
        "x.ndjson",
        zeeschuimer(post(), SEPTEMBER),
        zeeschuimer(post(id="1", author={"id": NUMBER, "uniqueId": "ada.old"})),
    )
    table("4cat.csv", row(id="2", author="ada.old"))
    info = {"id": "3", "extractor_key": "TikTok", "uploader": "ada.old", "uploader_id": NUMBER, "_type": "video"}
    (EXPORTS / "v.info.json").write_text(json.dumps(info))
    assert {name: len(creator.reels) for name, creator in read().items()} == {"ada.film": 4}


def test_videos_that_4cat_downloaded_belong_to_their_posts():
    lines("x.ndjson", zeeschuimer(post()), zeeschuimer(post(id="8")), zeeschuimer(post(id="9")))
    table("4cat.csv", row())
    downloads = {
        PLAY: download([POST], "v16-webapp.example_1.mp4"),
        SAVE: download(["8", "10"], "second.mp4", files=[{"filename": "lost.mp4"}, {"filename": "second.mp4"}]),
        "9": {"success": False, "post_ids": ["9"], "error": "Video not found"},
        "odd": None,
        "away": download(["9"], "../x.mp4"),
    }
    downloaded("videos", downloads, "v16-webapp.example_1.mp4", "second.mp4", "nobody.mp4")
    reels = {reel.reel_id: reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok"}
    assert {name: reel.file for name, reel in reels.items()} == {
        POST: "videos/v16-webapp.example_1.mp4", "8": "videos/second.mp4", "9": None,
    }  # fmt: skip
    assert reels[POST].video.read_bytes() == b"film v16-webapp.example_1.mp4"
    (passed,) = source().notices()
    assert str(passed) == "1 files in exports are passed over: videos/nobody.mp4 (a video without a metadata file)"


def test_videos_that_4cat_downloaded_from_instagram_belong_to_codes():
    user = {"pk": "9001", "username": "bob"}
    lines("i.ndjson", {"pk": "5", "code": "F", "media_type": 2, "user": user})
    downloaded("videos", {"https://scontent.example/v": download(["F"], "a.mp4")}, "a.mp4")
    assert only_reel(read(), "bob").file == "videos/a.mp4"


def test_the_digest_of_a_creator_changes_when_their_video_comes():
    lines("x.ndjson", zeeschuimer(post()), zeeschuimer(post(id="8", author={"id": "5", "uniqueId": "bob"})))
    before = source().members()
    downloaded("videos", {PLAY: download([POST], "a.mp4")}, "a.mp4")
    after = source().members()
    assert before["ada.film"] != after["ada.film"]
    assert before["bob"] == after["bob"]


# --- what is wrong -------------------------------------------------------------------------------------------------


def test_a_zip_is_named_with_what_to_do():
    lines("x.ndjson", zeeschuimer(post()))
    (EXPORTS / "videos.zip").write_bytes(b"PK")
    (passed,) = source().notices()
    assert "videos.zip (packed; unpack it into a folder of its own here, with its .metadata.json, and" in str(passed)


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b"\xff"])
def test_a_torn_list_of_downloads_is_refused(content):
    lines("x.ndjson", zeeschuimer(post()))
    (EXPORTS / "videos").mkdir()
    (EXPORTS / "videos/.metadata.json").write_bytes(content)
    with pytest.raises(UserError, match=r"exports/videos/\.metadata\.json: expected .*; unpack the zip again"):
        source().members()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": None}, "id: expected digits, found nothing"),
        ({"id": "7/../8"}, "id: expected digits, found '7/../8'"),
        ({"video": None, "createTime": 0, "desc": "", "imagePost": {}}, None),
        ({"video": None, "createTime": None, "desc": "", "contents": None}, "video: expected an object, found nothing"),
    ],
)
def test_a_post_without_an_id_or_anything_else_is_a_failed_row(changes, told):
    lines("x.ndjson", zeeschuimer(post(**changes)))
    reel = only_reel(read())
    assert (reel.outcome.state == "ok") == (told is None)
    assert told is None or reel.outcome.detail == f"x.ndjson, line 1: {told}"


def test_a_value_that_cannot_be_read_is_left_out_and_the_row_says_so():
    table("4cat.csv", row(likes="1.2K", video_url="n/a"))
    reel = only_reel(read())
    assert "likes" not in reel.facts
    assert reel.video_url is None
    assert "4cat.csv, line 2: left out: diggCount: expected a count, found '1.2K'" in str(reel.outcome.detail)


def test_ids_that_a_spreadsheet_rounded_are_refused():
    table("4cat.csv", row(id="7.23457E+18"), row(id="8"))
    by_id = {reel.outcome.reason: reel for reel in read()["ada.film"].reels}
    assert "4cat.csv, line 2: id: expected digits, found '7.23457E+18'" in str(by_id["changed_format"].outcome.detail)
    table("4cat.csv", *(row(id=f"72345678901230{n}0000") for n in range(10, 30)))
    with pytest.raises(UserError, match=r"exports/4cat\.csv: id: .* all other long ids"):
        source().members()


def test_other_tables_in_the_folder_are_passed_over():
    lines("x.ndjson", zeeschuimer(post()))
    (EXPORTS / "notes.csv").write_text("id,author,body\n1,ada,x\n")
    (passed,) = source().notices()
    assert str(passed) == "1 files in exports are passed over: notes.csv (not a kind of file that is read)"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([post, embedded]), st.data())
def test_whatever_a_post_holds_it_is_one_row(make, data):
    item = make()
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(item)))
        inner = item[name]
        if isinstance(inner, dict) and inner and data.draw(st.booleans()):
            item[name] = inner | {data.draw(st.sampled_from(sorted(inner))): data.draw(JSON)}
        else:
            item[name] = data.draw(JSON)
    lines("x.ndjson", zeeschuimer(item))
    (creator,) = read().values()
    assert len(creator.reels) == 1
