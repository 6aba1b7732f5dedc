"""The source `exports`: what Zeeschuimer, 4CAT, instaloader and yt-dlp leave, and whatever may be wrong with it.

The samples have the forms of Zeeschuimer 1.13 and 4CAT 1.4x (datasources/instagram/search_instagram.py), instaloader
4.16 (structures.py) and yt-dlp 2026.10.26 (extractor/{tiktok,instagram}.py, extractor/youtube/_video.py). The people
in them do not exist.
"""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config import ExportsSource, SelectSection
from common.program import UserError
from opting_out.tombstones import Tombstones
from sources.exports import ExportsFolder
from sources.instagram import media_id
from sources.registry import open_source
from sources.source import SourceCreator

EXPORTS = Path("exports")
CODE, NUMBER = "CuZLd-iMknW", "3141592653589793238"
TAKEN_AT, TAKEN_TEXT = 1717243200, "2024-06-01T12:00:00+00:00"
VIDEO_URL, PICTURE_URL = "https://scontent.example/v.mp4?oe=66", "https://scontent.example/t.jpg"


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    EXPORTS.mkdir()
    return tmp_path


def write(name: str, content) -> Path:
    """Write a file of the export folder: bytes as they are, lists as lines of JSON, anything else as JSON."""
    path = EXPORTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, list):
        content = "".join(json.dumps(line) + "\n" for line in content).encode()
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    path.write_bytes(lzma.compress(content, check=lzma.CHECK_NONE) if name.endswith(".xz") else content)
    return path


def source(only_listed: bool | None = None, **tables) -> ExportsFolder:
    for name, text in tables.items():
        Path(f"{name}.csv").write_text(text)
    paths = {name: f"{name}.csv" for name in tables}
    return ExportsFolder(ExportsSource(folder="exports", only_listed=only_listed, **paths))


def read(only_listed: bool | None = None, **tables) -> dict[str, SourceCreator]:
    exports = source(only_listed, **tables)
    return {creator.creator_id: creator for creator in exports.collect(exports.members(), SelectSection())}


def notices(only_listed: bool | None = None, **tables) -> str:
    """What the source says of what it does not take in, a line each."""
    return "\n".join(map(str, source(only_listed, **tables).notices()))


def only_reel(creators: dict[str, SourceCreator], handle: str):
    (reel,) = creators[handle].reels
    return reel


def outcomes(creator: SourceCreator) -> list[tuple[str, str | None]]:
    return [(reel.outcome.state, reel.outcome.reason) for reel in creator.reels]


# --- samples -------------------------------------------------------------------------------------------------------


def media(**changes) -> dict:
    """An item as Instagram's app and newer website have it."""
    return {
        "pk": NUMBER, "id": f"{NUMBER}_9001", "code": CODE, "media_type": 2, "product_type": "clips",
        "taken_at": TAKEN_AT, "caption": {"text": "Grüße 🎬"}, "like_count": 5, "comment_count": 2, "play_count": 99,
        "view_count": None, "like_and_view_counts_disabled": False, "link": None, "carousel_media": None,
        "image_versions2": {"candidates": [{"url": PICTURE_URL, "height": 1136, "width": 640}]},
        "video_versions": [{"url": VIDEO_URL, "type": 101}, {"url": VIDEO_URL + "&low", "type": 102}],
        "user": {"pk": "9001", "id": "9001", "username": "Ada.Film", "full_name": "Ada F", "is_private": False},
        "owner": {"id": "9001", "username": "Ada.Film"},
    } | changes  # fmt: skip


def graph(**changes) -> dict:
    """A node as Instagram's older website had it."""
    return {
        "__typename": "GraphVideo", "id": NUMBER, "shortcode": CODE, "is_video": True, "taken_at_timestamp": TAKEN_AT,
        "edge_media_to_caption": {"edges": [{"node": {"text": "Grüße 🎬"}}]}, "edge_media_to_comment": {"count": 2},
        "edge_media_preview_like": {"count": 5}, "video_view_count": 99, "video_url": VIDEO_URL,
        "display_url": PICTURE_URL, "owner": {"id": "9001", "username": "Ada.Film", "full_name": "Ada F"},
    } | changes  # fmt: skip


def zeeschuimer(item: dict, platform: str = "instagram.com") -> dict:
    return {
        "nav_index": "1:7:3", "item_id": item.get("id"), "timestamp_collected": 1717250000000,
        "last_updated": 1717250000000, "source_platform": platform, "user_agent": "Mozilla/5.0",
        "source_platform_url": "https://www.instagram.com/ada.film/", "source_url": "https://www.instagram.com/graphql",
        "data": item | {"_zs_partial": False, "_zs_instagram_view": "user_reels"},
    }  # fmt: skip


def fourcat(item: dict, platform: str = "instagram.com") -> dict:
    line = zeeschuimer(item, platform)
    return line.pop("data") | {"__import_meta": line}


def instaloader(node: dict, kind: str = "Post") -> dict:
    return {"node": node, "instaloader": {"version": "4.16", "node_type": kind}}


def from_app(item: dict) -> dict:
    """What Post.from_iphone_struct() makes of an item, as _asdict() saves it."""
    return {
        "shortcode": item["code"], "id": item["pk"], "__typename": "GraphVideo", "is_video": True,
        "date": item["taken_at"], "caption": item["caption"]["text"], "title": None, "viewer_has_liked": False,
        "edge_media_preview_like": {"count": item["like_count"]}, "comments": item["comment_count"],
        "accessibility_caption": None, "iphone_struct": item, "display_url": PICTURE_URL, "video_url": VIDEO_URL,
        "video_view_count": None, "owner": {"id": "9001", "username": "Ada.Film", "iphone_struct": item["user"]},
    }  # fmt: skip


def from_web(item: dict) -> dict:
    """What Post._normalize_post_data() makes of an item."""
    return item | {
        "shortcode": item["code"], "id": item["pk"], "__typename": "GraphVideo", "is_video": True,
        "taken_at_timestamp": item["taken_at"], "owner": {"id": "9001", "username": "Ada.Film", "full_name": "Ada F"},
        "display_url": PICTURE_URL, "video_url": VIDEO_URL, "video_view_count": None, "video_play_count": 99,
        "edge_media_to_caption": {"edges": [{"node": {"text": item["caption"]["text"]}}]},
        "edge_media_preview_like": {"count": item["like_count"] or 0},
        "edge_media_to_parent_comment": {"count": item["comment_count"] or 0, "edges": []},
    }  # fmt: skip


def profile(**changes) -> dict:
    node = {
        "pk": "9001", "id": "9001", "username": "ada.film", "full_name": "Ada Film", "follower_count": 12500,
        "following_count": 80, "edge_followed_by": {"count": 12500}, "edge_follow": {"count": 80},
    }  # fmt: skip
    return instaloader(node | changes, "Profile")


def tiktok(**changes) -> dict:
    return {
        "id": "7000000000000000001", "title": "a dance #x", "description": "a dance #x", "timestamp": TAKEN_AT,
        "uploader": "Ada.Film", "uploader_id": "6691488", "channel": "Ada F", "channel_id": "MS4wLjAB",
        "view_count": 99, "like_count": 5, "comment_count": 2, "repost_count": 1, "save_count": 0, "ext": "mp4",
        "webpage_url": "https://www.tiktok.com/@Ada.Film/video/7000000000000000001", "url": VIDEO_URL,
        "protocol": "https", "vcodec": "h264", "thumbnail": PICTURE_URL, "extractor": "TikTok",
        "extractor_key": "TikTok", "_type": "video", "epoch": 1717250000,
    } | changes  # fmt: skip


def youtube(**changes) -> dict:
    return {
        "id": "BGQWPY4IigY", "title": "A short", "description": "of mine", "timestamp": TAKEN_AT,
        "uploader": "Ada F", "uploader_id": "@Ada.Film", "channel": "Ada F", "channel_id": "UCDR3RSDPqub28LjZx0v9aA",
        "channel_follower_count": 12500, "view_count": 99, "like_count": 5, "comment_count": 2, "media_type": "short",
        "webpage_url": "https://www.youtube.com/watch?v=BGQWPY4IigY", "protocol": "https+https", "vcodec": "vp9",
        "thumbnail": PICTURE_URL, "extractor": "youtube", "extractor_key": "Youtube", "_type": "video",
    } | changes  # fmt: skip


# --- what is taken -------------------------------------------------------------------------------------------------

FACTS = {
    "code": CODE, "url": f"https://www.instagram.com/reel/{CODE}/", "caption": "Grüße 🎬", "taken_at": TAKEN_TEXT,
    "plays": 99, "likes": 5, "comments": 2,
}  # fmt: skip
OLDER = {name: value for name, value in FACTS.items() if name != "plays"} | {"views": 99}


@pytest.mark.parametrize("wrap", [zeeschuimer, fourcat, dict])
@pytest.mark.parametrize(
    ("item", "facts"),
    [
        (media(), FACTS),
        (graph(), OLDER),
        (graph(__typename="XDTGraphVideo"), OLDER),
        (graph(video_play_count=120), OLDER | {"plays": 120}),
        (media(__typename="XDTMediaDict"), FACTS),
        (media(view_count=7), FACTS | {"views": 7}),
    ],
)
def test_reels_of_instagram_in_all_their_forms(wrap, item, facts):
    write("posts.ndjson", [wrap(item)])
    (creator,) = read().values()
    assert (creator.creator_id, creator.handle, creator.facts) == ("ada.film", "Ada.Film", {"full_name": "Ada F"})
    (reel,) = creator.reels
    assert (reel.reel_id, reel.facts, reel.outcome.state) == (NUMBER, facts, "ok")
    assert (reel.video, reel.video_url, reel.thumbnail_url) == (None, VIDEO_URL, PICTURE_URL)


@pytest.mark.parametrize(("node", "facts"), [(graph(), OLDER), (from_app(media()), FACTS), (from_web(media()), FACTS)])
@pytest.mark.parametrize("name", ["ada.film/2024-06-01_12-00-00_UTC.json.xz", "2024-06-01.12.json"])
def test_posts_of_instaloader_with_their_files(node, facts, name):
    write(name, instaloader(node))
    stem = name.removesuffix(".xz").removesuffix(".json")
    write(f"{stem}.mp4", b"film")
    write(f"{stem}.jpg", b"picture")
    write(f"{stem}.txt", b"caption")
    write(f"{stem}_comments.json", [{"id": 1, "text": "nice"}])
    reel = only_reel(read(), "ada.film")
    assert (reel.reel_id, reel.facts) == (NUMBER, facts)
    assert (reel.video, reel.thumbnail, reel.file) == (EXPORTS / f"{stem}.mp4", EXPORTS / f"{stem}.jpg", f"{stem}.mp4")


def test_profiles_of_instaloader():
    write("ada.film/2024-06-01_12-00-00_UTC.json.xz", instaloader(from_app(media())))
    write("ada.film/ada.film_9001.json.xz", profile())
    for date in ("2023-01-01", "2024-01-01"):
        write(f"ada.film/{date}_00-00-00_UTC_profile_pic.jpg", b"picture")
    write("hopper/hopper_77.json.xz", profile(username="hopper", pk="77", id="77"))
    creators = read()
    assert creators["ada.film"].facts == {"full_name": "Ada Film", "followers": 12500, "following": 80}
    assert creators["ada.film"].avatar == EXPORTS / "ada.film/2024-01-01_00-00-00_UTC_profile_pic.jpg"
    assert (creators["hopper"].reels, creators["hopper"].avatar) == ([], None)


def test_a_picture_of_a_profile_is_nobodys_in_a_shared_folder():
    write("all/ada.film_9001.json.xz", profile())
    write("all/2024-01-01_00-00-00_UTC_profile_pic.jpg", b"somebody")
    assert read()["ada.film"].avatar is None


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".MKV"])
@pytest.mark.parametrize("picture", [".jpg", ".webp", ".image"])
def test_videos_of_yt_dlp_with_their_files(suffix, picture):
    stem = "Ada F/a dance #x 🎬 [7000000000000000001]"
    write(f"{stem}.info.json", tiktok())
    write(f"{stem}{suffix}", b"film")
    write(f"{stem}{picture}", b"picture")
    creators = read()
    assert creators["ada.film"].facts == {"full_name": "Ada F"}
    reel = only_reel(creators, "ada.film")
    assert reel.reel_id == "7000000000000000001"
    assert reel.facts == {
        "url": "https://www.tiktok.com/@Ada.Film/video/7000000000000000001", "caption": "a dance #x",
        "taken_at": TAKEN_TEXT, "plays": 99, "likes": 5, "comments": 2,
    }  # fmt: skip
    assert (reel.video, reel.thumbnail) == (EXPORTS / f"{stem}{suffix}", EXPORTS / f"{stem}{picture}")
    assert (reel.file, reel.video_url) == (f"{stem}{suffix}", VIDEO_URL)


@pytest.mark.parametrize(
    ("info", "handle", "name", "reel_id"),
    [
        (tiktok(), "Ada.Film", "Ada F", "7000000000000000001"),
        (tiktok(channel=None, creator="Old Name"), "Ada.Film", "Old Name", "7000000000000000001"),
        (youtube(), "Ada.Film", "Ada F", "BGQWPY4IigY"),
        (youtube(uploader_id=None), "UCDR3RSDPqub28LjZx0v9aA", "Ada F", "BGQWPY4IigY"),
        (youtube(uploader_id="@으아-v1k"), "으아-v1k", "Ada F", "BGQWPY4IigY"),
        (tiktok(extractor_key="Instagram", id=CODE, channel="ada", uploader="Ada F"), "ada", "Ada F", media_id(CODE)),
        (
            tiktok(extractor_key="Instagram", id=CODE, channel=None, uploader_id="ada.f", uploader="Ada F"),
            "ada.f",
            "Ada F",
            media_id(CODE),
        ),
        (tiktok(uploader_id=6691488), "Ada.Film", "Ada F", "7000000000000000001"),
        (tiktok(uploader=None, uploader_id="ada.film"), "ada.film", "Ada F", "7000000000000000001"),
        (tiktok(extractor_key="Vimeo", uploader_id="adaf", uploader="Ada F"), "adaf", "Ada F", "7000000000000000001"),
        (tiktok(extractor_key=None, uploader_id=None), "Ada.Film", "Ada.Film", "7000000000000000001"),
    ],
)
def test_the_handle_is_where_the_site_has_it(info, handle, name, reel_id):
    write("x.info.json", info)
    (creator,) = read().values()
    assert (creator.handle, creator.facts["full_name"], creator.reels[0].reel_id) == (handle, name, reel_id)


def test_a_short_of_youtube():
    write("x.info.json", youtube(timestamp=None, upload_date="20240601"))
    creators = read()
    assert creators["ada.film"].facts == {"full_name": "Ada F", "followers": 12500}
    reel = only_reel(creators, "ada.film")
    assert (reel.facts["caption"], reel.facts["taken_at"]) == ("A short\nof mine", "2024-06-01T00:00:00+00:00")
    assert reel.video_url is None  # picture and sound come apart


def test_a_short_without_likes_or_comments_has_none_of_either():
    write("x.info.json", youtube(like_count=None, comment_count=None, comments=None))
    assert not {"likes", "comments"} & only_reel(read(), "ada.film").facts.keys()


def test_comments_that_were_fetched_are_not_all_that_there_are():
    fetched = [{"id": "1", "text": "nice"}, {"id": "2", "text": "!"}]
    write("x.info.json", youtube(comments=fetched, comment_count=2))
    write("y.info.json", youtube(id="2", comments=fetched, comment_count=300))
    facts = {reel.reel_id: reel.facts.get("comments") for reel in read()["ada.film"].reels}
    assert facts == {"BGQWPY4IigY": None, "2": 300}


@pytest.mark.parametrize("status", ["is_live", "is_upcoming"])
def test_a_stream_is_a_reel_once_it_is_over(status):
    write("x.info.json", youtube(live_status=status, media_type="livestream"))
    write("y.info.json", youtube(id="2", live_status="was_live", media_type="livestream"))
    assert sorted(outcomes(read()["ada.film"]), key=str) == [("ok", None), ("skipped", "not_a_reel")]


@pytest.mark.parametrize(
    "listed",
    ["@Ada.Film", "ada.old", "UCDR3RSDPqub28LjZx0v9aA", "https://www.youtube.com/channel/UCDR3RSDPqub28LjZx0v9aA",
     "https://www.youtube.com/@Ada.Film/shorts"],
)  # fmt: skip
def test_channels_of_youtube_are_known_by_handle_former_handle_and_number(listed):
    write("a.info.json", youtube(epoch=1717250000, uploader_id="@ada.old"))
    write("b.info.json", youtube(id="2", epoch=1725148800))
    write("c.info.json", youtube(id="3", epoch=1725148800, uploader_id=None))
    write("d.info.json", youtube(id="4", uploader_id="@bob", channel_id="UC0000000000000000000000"))
    follows = "source,target\nbob,ada.old\nUC0000000000000000000000,UCDR3RSDPqub28LjZx0v9aA\n"
    creators = read(creators=f"handle\n{listed}\nbob\n", follows=follows)
    ada = next(name for name in creators if name != "bob")
    assert {name: len(creator.reels) for name, creator in creators.items()} == {"bob": 1, ada: 3}
    assert [target for target, _ in creators["bob"].follows] == [ada]


def test_lists_of_pieces_are_no_link_to_a_video():
    write("x.info.json", tiktok(protocol="m3u8_native", url="https://x.example/master.m3u8"))
    assert only_reel(read(), "ada.film").video_url is None


def test_codes_and_numbers_of_instagram():
    assert media_id("DXEcB00AFOo") == "3874344850174268328"
    assert media_id("DXEcB00AFOo" + "x" * 28) == "3874344850174268328"
    write("x.ndjson", [media(pk=None, id="17841", code=None), media(pk=None, id=None)])
    assert [reel.reel_id for reel in read()["ada.film"].reels] == ["17841", media_id(CODE)]


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (media(media_type=1), "a picture"),
        (media(media_type=8, carousel_media=[media(), media()]), "an album"),
        (media(media_type="8"), "an album"),
        (graph(__typename="GraphImage", is_video=False), "a picture"),
        (graph(__typename="XDTGraphSidecar", is_video=False), "an album"),
        (graph(__typename=None, is_video=False), "a picture"),
        (media(media_type=None, __typename="XIGPolarisImageMedia"), "a picture"),
        (media(product_type="story"), "a story"),
        (media(product_type="ad"), "an advertisement"),
    ],
)
def test_what_is_no_reel_is_a_row_that_says_so(item, kind):
    write("x.ndjson", [{"note": "a line that moves the next"}, zeeschuimer(item)])
    reel = only_reel(read(), "ada.film")
    assert (reel.reel_id, reel.outcome.state, reel.outcome.reason) == (
        item.get("pk") or NUMBER,
        "skipped",
        "not_a_reel",
    )
    assert reel.outcome.detail == f"x.ndjson, line 2: {kind}"


def test_a_picture_of_nobody_is_no_failure():
    write("x.ndjson", [media(media_type=1, user=None, owner=None, id=None)])
    assert outcomes(read()["?unknown"]) == [("skipped", "not_a_reel")]


def test_what_instaloader_and_yt_dlp_have_beside_reels():
    write("picture.json.xz", instaloader(graph(__typename="GraphImage", is_video=False)))
    write("picture.jpg", b"picture")
    write("story.json.xz", instaloader(graph(id="2", __typename="GraphStoryVideo"), "StoryItem"))
    write("slides.info.json", tiktok(vcodec="none", ext="m4a"))
    write("#film.json.xz", instaloader({"name": "film"}, "Hashtag"))
    write("iterator_abc.json.xz", instaloader({"query_hash": "x"}, "FrozenNodeIterator"))
    write("Ada F [MS4wLjAB].info.json", {"_type": "playlist", "id": "MS4wLjAB", "title": "Ada F", "extractor_key": "X"})
    write("dataset_metadata.json", {"key": "x", "type": "instagram-search"})
    write("notes.md", b"...")
    (creator,) = read().values()
    assert outcomes(creator) == [("skipped", "not_a_reel")] * 3


@pytest.mark.parametrize(
    ("item", "likes"),
    [
        (media(like_count=-1), None),
        (media(like_count=3, like_and_view_counts_disabled=True), None),
        (from_web(media(like_count=None)), None),
        (graph(edge_media_preview_like={"count": -1}), None),
        (graph(edge_media_preview_like=None, edge_liked_by={"count": 7}), 7),
        (media(like_count=0), 0),
    ],
)
def test_hidden_likes_are_unknown(item, likes):
    write("x.ndjson", [item])
    assert only_reel(read(), "ada.film").facts.get("likes") == likes


@pytest.mark.parametrize("name", ["taken_at", "play_count", "like_count", "media_type"])
def test_a_number_of_thousands_of_digits_costs_one_item(name):
    write("x.ndjson", [media(), media(pk="2", id="2_9001", code="C", **{name: int("9" * 4000)})])
    expected = ("failed", "changed_format") if name == "media_type" else ("ok", None)  # what kind it is must be known
    assert sorted(outcomes(read()["ada.film"])) == [expected, ("ok", None)]


def test_sparse_entries_of_grids_get_their_owner_from_others():
    grid = {"__typename": "XIGPolarisVideoMedia", "id": "55_9001", "pk": "55", "code": "B", "display_uri": PICTURE_URL,
            "user": {"id": "9001"}, "play_count": 7}  # fmt: skip
    no_user = {"id": "56_9001", "media_type": 2, "code": "C"}
    write("a.ndjson", [zeeschuimer(grid), zeeschuimer(no_user)])
    assert [*read()] == ["?unknown"]
    write("b.json", profile())
    (creator,) = read().values()
    assert (creator.creator_id, outcomes(creator)) == ("ada.film", [("ok", None)] * 2)
    assert creator.reels[0].facts["plays"] == 7


# --- duplicates ----------------------------------------------------------------------------------------------------


def test_of_several_items_about_one_reel_that_with_a_video_stays():
    write("a.ndjson", [media(video_versions=None), media(), media(play_count=100)])
    write("b/x.info.json", tiktok(extractor_key="Instagram", id=CODE, channel="ada.film", uploader_id=None, url=None))
    creator = read()["ada.film"]
    assert [reel.outcome.reason for reel in creator.reels] == ["duplicate", "duplicate", None, "duplicate"]
    write("b/x.mp4", b"film")
    creator = read()["ada.film"]
    *others, kept = creator.reels
    assert [reel.outcome.reason for reel in others] == ["duplicate"] * 3
    assert (kept.file, kept.outcome.state, kept.reel_id) == ("b/x.mp4", "ok", NUMBER)
    # The plays of the newest item that knows them; what yt-dlp calls views of Instagram are views.
    assert (kept.facts["plays"], kept.facts["views"], kept.facts["caption"]) == (100, 99, "a dance #x")
    assert kept.video_url == VIDEO_URL


def test_one_handle_on_two_sites_is_one_creator():
    write("a.info.json", tiktok())
    write("b.info.json", youtube())
    assert outcomes(read()["ada.film"]) == [("ok", None)] * 2


JUNE, SEPTEMBER = 1717200000000, 1725148800000


def captured(at_ms: int | None, *items: dict) -> list[dict]:
    return [zeeschuimer(item) | {"timestamp_collected": at_ms} for item in items]


def numbers(reel) -> tuple:
    return tuple(reel.facts.get(name) for name in ("plays", "views", "likes"))


@pytest.mark.parametrize("names", ["ab", "ba"], ids=["the newest last", "the newest first"])
def test_of_two_captures_the_newest_numbers_count(names):
    write(f"{names[0]}.ndjson", captured(JUNE, media(play_count=100, like_count=10, view_count=7)))
    newest = media(play_count=9000, like_count=None, caption={"text": "new"}, video_versions=[{"url": VIDEO_URL + "2"}])
    write(f"{names[1]}.ndjson", captured(SEPTEMBER, newest))
    kept = next(reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok")
    assert numbers(kept) == (9000, 7, 10), "what the newest does not know is of the one before"
    assert (kept.facts["caption"], kept.video_url) == ("new", VIDEO_URL + "2")
    assert kept.outcome.detail == "2 captures, 2024-06-01 to 2024-09-01: the newest numbers count"


def test_a_capture_whose_time_is_in_seconds_is_as_old_as_it_is():
    write("a.ndjson", [zeeschuimer(media(play_count=7)) | {"timestamp_collected": 1725148800}])
    write("b.ndjson", [zeeschuimer(media(play_count=5))])
    reels = [reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok"]
    assert [reel.facts["plays"] for reel in reels] == [7]
    assert "2 captures, 2024-06-01 to 2024-09-01" in str(reels[0].outcome.detail)


@pytest.mark.parametrize(
    ("item", "unknown"),
    [(media(play_count=0, view_count=0), {"plays", "views"}), (graph(video_view_count=0), {"views"}),
     (media(comments_disabled=True, comment_count=0), {"comments"})],
)  # fmt: skip
def test_a_0_in_the_place_of_a_number_that_is_not_shown_is_unknown(item, unknown):
    write("a.ndjson", [zeeschuimer(item)])
    assert not unknown & only_reel(read(), "ada.film").facts.keys()


@pytest.mark.parametrize("changes", [{"timestamp": 4102444800}, {"timestamp": None, "upload_date": "29991231"}])
def test_a_day_to_come_is_no_time_of_a_video(changes):
    write("v.info.json", tiktok(**changes))
    reel = only_reel(read(), "ada.film")
    assert "taken_at" not in reel.facts
    assert "left out: " in str(reel.outcome.detail)


def test_a_video_that_is_liked_has_not_been_played_0_times():
    write("v.info.json", tiktok(view_count=0))
    assert "plays" not in only_reel(read(), "ada.film").facts


def test_accounts_in_the_follows_file_may_be_given_by_number():
    write(
        "a.ndjson",
        [zeeschuimer(media()), zeeschuimer(media(pk="1", id="1_22", user={"pk": "22", "username": "bob"}, owner=None))],
    )
    assert read(follows="source,target\n9001,bob\nbob,9001\n")["bob"].follows == [("ada.film", "9001")]


def test_captures_without_a_date_count_as_older_in_the_order_of_their_names():
    write("1.ndjson", captured(JUNE, media(play_count=3)))
    write("2.jsonl", [media(play_count=1)])
    write("3.jsonl", [media(play_count=2)])
    (kept,) = (reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok")
    assert kept.facts["plays"] == 3
    assert kept.outcome.detail.endswith("2 without a date count as older, in the order of their names")
    (EXPORTS / "1.ndjson").unlink()
    (kept,) = (reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok")
    assert kept.facts["plays"] == 2


def test_the_video_of_one_tool_and_the_numbers_of_another():
    write("capture.ndjson", captured(JUNE, media(play_count=40_000, like_count=900)))
    write("x.json.xz", instaloader(graph(video_view_count=322, edge_media_preview_like={"count": 5})))
    write("x.mp4", b"film")
    (kept,) = (reel for reel in read()["ada.film"].reels if reel.outcome.state == "ok")
    assert (kept.file, *numbers(kept)) == ("x.mp4", 40_000, 322, 900)


@pytest.mark.parametrize("mark", [True, 1, "true"])
def test_where_counts_are_hidden_those_in_their_place_are_made_up(mark):
    write("x.ndjson", [media(like_and_view_counts_disabled=mark, like_count=3, play_count=0, view_count=0)])
    assert numbers(only_reel(read(), "ada.film")) == (None, None, None)


def user(number: str | None, handle: str | None) -> dict:
    return {"pk": number, "username": handle}


def test_an_account_is_known_by_its_number_whatever_it_is_called():
    posts = [
        media(pk=f"{n}", id=None, user=user(number, handle), owner=owner)
        for n, (number, handle, owner) in enumerate(
            [
                ("11", "ada.old", None),
                ("11", "ada", None),
                ("11", "ada", user("11", "ada.older")),  # one account, described twice
                ("11", None, None),
                (None, "ada.old", None),
                (None, None, user("11", None)),
                ("22", "bob", None),
            ]
        )
    ]
    write("x.ndjson", captured(JUNE, *posts[:1]) + captured(SEPTEMBER, *posts[1:]))
    creators = read()
    assert {name: len(creator.reels) for name, creator in creators.items()} == {"ada": 6, "bob": 1}
    assert creators["ada"].handle == "ada"
    listed = read(creators="handle\nada.old\n", follows="source,target\nada,bob\nada.old,ada\nada.old,eve\n")
    assert {name: len(creator.reels) for name, creator in listed.items()} == {"ada.old": 6}
    assert listed["ada.old"].follows == [("ada.old", "ada"), ("bob", "bob"), ("eve", "eve")]
    with pytest.raises(UserError, match=r"lists ada and ada\.old, which are one account .*11.*leave one of them"):
        read(creators="handle\nada\nada.old\n")


def test_a_handle_that_another_account_took_over():
    old, new = (media(pk=n, id=None, user=user(n, "ada"), owner=None) for n in ("11", "22"))
    write("x.ndjson", captured(SEPTEMBER, new) + captured(JUNE, old))
    creators = read()
    assert {name: creator.reels[0].reel_id for name, creator in creators.items()} == {"ada": "22", "ada#11": "11"}
    listed = read(creators="handle\nada\n")
    assert [reel.reel_id for reel in listed["ada"].reels] == ["22"]
    assert "1 accounts with 1 reels" in notices(creators="handle\nada\n")


def test_who_opted_out_stays_out_under_a_new_handle():
    write("x.ndjson", captured(JUNE, media(user=user("11", "old"), owner=None)))
    write("y.ndjson", captured(SEPTEMBER, media(pk="5", id=None, user=user("11", "new"), owner=None)))
    write("z.ndjson", captured(SEPTEMBER, media(pk="6", id=None, user=user("22", "bob"), owner=None)))
    for handles, ids in ((["old"], []), ([], ["11"])):
        tombstones = Tombstones(Path(f"opt_out{len(ids)}"))
        tombstones.add(handles, ids)
        found = open_source(ExportsSource(folder="exports"), None, tombstones=tombstones)
        assert [creator.creator_id for creator in found.collect(found.members(), SelectSection())] == ["bob"]


def test_a_reel_made_together_is_one_of_each_who_is_studied():
    ada, bob, eve = user("11", "ada"), user("22", "bob"), user("33", "eve")
    together = media(pk="7", id=None, user=ada, owner=bob, coauthor_producers=[bob, eve, None, 3])
    write("x.ndjson", [together])
    creators = read()
    assert {name: [reel.reel_id for reel in creator.reels] for name, creator in creators.items()} == {"ada": ["7"]}
    write("y.ndjson", [media(pk="8", id=None, user=bob, owner=None)])
    creators = read()
    assert [reel.reel_id for reel in creators["bob"].reels] == ["7_bob", "8"]
    listed = read(creators="handle\neve\n")
    assert [(reel.reel_id, reel.video_url) for reel in listed["eve"].reels] == [("7_eve", VIDEO_URL)]
    write("z.ndjson", captured(SEPTEMBER, together | {"user": bob, "owner": ada, "coauthor_producers": [ada]}))
    ids = [reel.reel_id for creator in read().values() for reel in creator.reels if reel.outcome.state == "ok"]
    assert sorted(ids) == ["7", "7_ada", "8"], "in whose name it appears in the newest capture"


# --- what is not taken in ------------------------------------------------------------------------------------------


def test_with_a_list_strangers_are_counted_and_not_taken_in():
    people = [media(pk=n, id=None, user=user(n, f"p{n}"), owner=None) for n in ("11", "22", "33", "44")]
    write("x.ndjson", [*people, media(pk="45", id=None, user=user("44", "p44"), owner=None)])
    listed = "handle\n@P11\np22\nnobody\n"
    assert sorted(read(creators=listed)) == ["nobody", "p11", "p22"]
    strangers, without_item = source(creators=listed).notices()
    assert str(strangers) == "2 accounts with 3 reels, which creators.csv does not list: p33, p44"
    assert (strangers.reason, strangers.creators) == ("not_listed", 2)
    assert str(without_item) == "1 of 3 creators of creators.csv have no item in exports: nobody"
    assert sorted(read(only_listed=False, creators="handle\np11\n")) == ["p11", "p22", "p33", "p44"]
    assert sorted(read()) == ["p11", "p22", "p33", "p44"]
    with pytest.raises(UserError, match=r"creators\.csv: none of its 2 creators has a reel .* 4 others\."):
        read(creators="handle\np_11\np_22\n")
    with pytest.raises(ValueError, match=r"only_listed: true needs source\.exports\.creators"):
        source(only_listed=True)


def test_files_of_other_kinds_are_passed_over_counted_and_named():
    write("a.info.json", tiktok())
    write("a.mp4", b"film")
    write("a.live_chat.json", b'{"replayChatItemAction": {}}\n{"replayChatItemAction": {}}\n')
    write("config.json", {"setting": 1})
    write("list.json", b"[1, 2]")
    write("broken.json", b"{")
    write("deep.json", b"[" * 100_000)
    write("other.info.json", {"title": "no file of yt-dlp"})
    write("tweets.ndjson", [zeeschuimer({"id": "7"}, "x.com"), zeeschuimer({"id": "8"}, "x.com")])
    write("log.jsonl", [{"event": 1}, {"event": 2}])
    write("packed.json.xz", {"some": "tool"})
    write("table.xlsx", b"PK")
    write("a.f137.mp4", b"half of a download")
    write("b/lonely.mov", b"film")
    write("a.en.vtt", b"WEBVTT")
    write("albums/2024.json.xz", instaloader(graph(__typename="GraphSidecar", id="4", shortcode="C")))
    write("albums/2024_1.mp4", b"part of an album")
    creators = read()
    assert sorted(creators) == ["ada.film"]
    assert sorted(outcomes(creators["ada.film"]), key=str) == [("ok", None), ("skipped", "not_a_reel")]
    (passed,) = source().notices()
    assert str(passed).startswith("12 files in exports are passed over: a.live_chat.json (no file of instaloader), ")
    for kept in ("a.live_chat.json", "config.json", "list.json", "broken.json", "deep.json", "other.info.json"):
        (EXPORTS / kept).unlink()
    for named in ("tweets.ndjson (of x.com, which yt-dlp can collect)", "log.jsonl ", "packed.json.xz "):
        assert named in notices()
    for kept in ("tweets.ndjson", "log.jsonl", "packed.json.xz"):
        (EXPORTS / kept).unlink()
    for named in ("a.f137.mp4 (a video without a metadata file)", "b/lonely.mov ", "table.xlsx "):
        assert named in notices()


def test_only_files_of_other_kinds_are_named_in_the_error():
    write("tweets.ndjson", [zeeschuimer({"id": "7"}, "x.com")])
    with pytest.raises(UserError, match=r"no items found\..*; 1 files .* passed over: tweets\.ndjson \(of x\.com"):
        source().members()


# --- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told", "unknown"),
    [
        ({"like_count": "many"}, "like_count: expected a count, found 'many'", "likes"),
        ({"like_count": 1.5}, "like_count: expected a count, found 1.5", "likes"),
        ({"like_count": True}, "like_count: expected a count, found True", "likes"),
        ({"play_count": -7}, "play_count: expected a count, found -7", "plays"),
        ({"comment_count": 2**70}, "comment_count: expected a count, found 11805", "comments"),
        ({"play_count": float("nan")}, "play_count: expected a count, found nan", "plays"),
        ({"taken_at": "yesterday"}, "taken_at: expected seconds since 1970, found 'yesterday'", "taken_at"),
        ({"taken_at": TAKEN_AT * 1000}, "taken_at: expected seconds since 1970, found 1717243200000", "taken_at"),
        ({"taken_at": float("inf")}, "taken_at: expected seconds since 1970, found inf", "taken_at"),
        ({"caption": ["x"]}, "caption: expected a text, found a list", "caption"),
        ({"caption": {"text": 7}}, "caption.text: expected a text, found 7", "caption"),
        ({"code": "../../x"}, "code: expected letters and digits, found '../../x'", "code"),
        ({"user": 7}, "user: expected an object, found 7", None),
        ({"owner": {"pk": {"id": 1}, "username": "@ "}}, "pk: expected a text, found an object; username: ", None),
    ],
)
def test_a_value_that_cannot_be_read_is_left_out_and_the_row_says_so(change, told, unknown):
    write("a/x.ndjson", [zeeschuimer(media(pk="1", id="1_9001")), zeeschuimer(media(**change))])
    good, odd = read()["ada.film"].reels
    assert (good.reel_id, good.outcome.state, good.outcome.detail) == ("1", "ok", None)
    assert (odd.reel_id, odd.outcome.state, odd.video_url) == (NUMBER, "ok", VIDEO_URL)
    assert odd.outcome.detail.startswith(f"a/x.ndjson, line 2: left out: {told}")
    assert odd.facts.keys() == FACTS.keys() - {unknown} - ({"url"} if unknown == "code" else set())


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
@pytest.mark.parametrize(
    "key",
    ["code", "taken_at", "caption", "like_count", "comment_count", "play_count", "image_versions2", "owner",
     "like_and_view_counts_disabled", "product_type", "media_type", "carousel_media", "id"],
)  # fmt: skip
def test_null_and_empty_and_missing_are_all_nothing(nothing, key):
    write("x.ndjson", [media(**{key: nothing}), {name: value for name, value in media(pk="5").items() if name != key}])
    for reel in read()["ada.film"].reels:
        assert (reel.outcome.state, reel.outcome.detail) == ("ok", None)
        assert reel.video_url == VIDEO_URL


@pytest.mark.parametrize("nothing", [None, [], {}, "", "missing"])
@pytest.mark.parametrize(
    "make", [tiktok, youtube, lambda: instaloader(graph()), lambda: instaloader(from_app(media()))]
)
def test_whatever_an_info_file_has_nothing_for_the_video_beside_it_is_used(make, nothing):
    needed = {"id", "uploader", "uploader_id", "extractor_key", "node", "instaloader", "iphone_struct", "shortcode",
              "owner", "__typename", "is_video", "pk", "code", "media_type"}  # fmt: skip
    whole = make()
    inner = whole.get("node", whole)
    for key in sorted(inner.keys() - needed):
        part = {name: value for name, value in inner.items() if name != key}
        part |= {} if nothing == "missing" else {key: nothing}
        write("x.json" if "node" in whole else "x.info.json", whole | {"node": part} if "node" in whole else part)
        write("x.mp4", b"film")
        reel = only_reel(read(), "ada.film")
        assert (reel.outcome.state, reel.outcome.detail, reel.file) == ("ok", None, "x.mp4"), key


@pytest.mark.parametrize(
    "change",
    [{"thumbnail": "//x.example/t.jpg"}, {"webpage_url": 7}, {"description": ["x"]}, {"timestamp": "2024-06-01"},
     {"timestamp": None, "upload_date": "2024"}, {"view_count": "1k"}, {"channel_follower_count": {"n": 1}},
     {"url": "ftp://x.example/v"}, {"epoch": "now"}, {"channel": 7}],
)  # fmt: skip
def test_an_odd_part_of_an_info_file_costs_itself_only(change):
    write("x.info.json", tiktok(**change))
    write("x.mp4", b"film")
    reel = only_reel(read(), "ada.film")
    assert (reel.outcome.state, reel.file) == ("ok", "x.mp4")
    assert reel.outcome.detail.startswith(f"x.info.json: left out: {next(reversed(change))}: expected ")


@pytest.mark.parametrize(
    ("versions", "link", "told"),
    [
        ("x", None, "video_versions: expected a list, found 'x'"),
        ([{"url": "file:///etc/passwd"}], None, "video_versions.0.url: expected an http(s) address, found"),
        ([{"url": "https://x.example/a\nb"}], None, "video_versions.0.url: expected an http(s) address"),
        ([{"url": "//x.example/a"}, {"url": VIDEO_URL}], VIDEO_URL, "video_versions.0.url: expected an http(s) addr"),
        ([7, {"url": VIDEO_URL}], VIDEO_URL, "video_versions.0.url: expected an object, found 7"),
        ([{"url": "https://x.example/s", "width": 9, "height": 16},
          {"url": VIDEO_URL, "width": 720.0, "height": 1280.0},
          {"url": "https://x.example/n", "width": "?"}], VIDEO_URL, None),
    ],
)  # fmt: skip
def test_of_several_links_the_largest_that_can_be_followed(versions, link, told):
    write("x.ndjson", [media(video_versions=versions)])
    reel = only_reel(read(), "ada.film")
    assert (reel.outcome.state, reel.video_url) == ("ok", link)
    assert (reel.outcome.detail or "x.ndjson, line 1: left out: None").startswith(f"x.ndjson, line 1: left out: {told}")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pk": None, "id": None, "code": None}, "pk, id or code: expected one of them, found nothing"),
        ({"pk": {}, "id": [7], "code": "/"}, "pk, id or code: expected one of them, found nothing"),
        ({"media_type": 9}, "media_type: expected 1, 2 or 8, found 9"),
        ({"media_type": None, "video_versions": None}, "media_type: expected 1, 2 or 8, found nothing"),
    ],
)
def test_without_an_id_or_a_kind_an_item_is_a_failed_row_of_its_creator(change, told):
    write("a/x.ndjson", [zeeschuimer(media(pk="1", id="1_9001")), zeeschuimer(media(**change))])
    good, bad = read()["ada.film"].reels
    assert (good.reel_id, good.outcome.state) == ("1", "ok")
    assert (bad.outcome.state, bad.outcome.reason) == ("failed", "changed_format")
    assert bad.outcome.detail.startswith(f"a/x.ndjson, line 2: {told}")
    assert (bad.video_url, bad.thumbnail_url) == (None, None)
    assert bad.reel_id.startswith("r")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"pk": "1", ', "expected JSON, found: "),
        (b"\x00\x00\x00", "expected JSON, found: "),
        (b"\xff\xfe\xfa", "expected JSON, found: "),
        (b"[" * 200_000, "expected JSON, found: "),
        (b"9" * 5000, "expected JSON, found: "),
        (b"[1]", "item: expected an object, found a list"),
        (zeeschuimer({}), "pk, id or code: expected one of them, found nothing"),
        (b'{"pk": ' * 90 + b"1" + b"}" * 90, "pk, id or code: expected one of them, found nothing"),
        (b'{"pk": ' * 101 + b"1" + b"}" * 101, "expected JSON, found: nested more than 100 levels deep"),
        (zeeschuimer(media(user=None, owner=None, id=None)), "owner: expected a handle, found nothing"),
        (media(user={"username": "?unknown"}, owner=None, id=None), "owner: expected a handle, found nothing"),
        (media(user={"username": "@ "}, owner=None, id=None), "owner: expected a handle, found nothing"),
        (zeeschuimer(media()) | {"data": [1]}, "data: expected an object, found a list"),
    ],
)
def test_a_line_without_an_owner_is_a_failed_row_of_nobody(line, told):
    good = json.dumps(media()).encode()
    write(
        "x.jsonl", b"\xef\xbb\xbf" + good + b"\r\n\n" + (line if isinstance(line, bytes) else json.dumps(line).encode())
    )
    creators = read()
    assert outcomes(creators["ada.film"]) == [("ok", None)]
    nobody = creators["?unknown"]
    assert (nobody.handle, nobody.facts, outcomes(nobody)) == ("unknown", {}, [("failed", "changed_format")])
    assert nobody.reels[0].outcome.detail.startswith(f"x.jsonl, line 3: {told}")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.json.xz", instaloader(graph(), "Reel"), "instaloader.node_type: expected Post or Profile, found 'Reel'"),
        ("x.json.xz", instaloader({"username": None}, "Profile"), "username: expected a handle, found nothing"),
        ("x.json", instaloader([]), "pk, id or code: expected one of them, found nothing"),
        ("x.info.json", b"", "expected JSON, found: "),
        ("x.info.json", tiktok(id=None), "id: expected an id, found nothing"),
        ("x.info.json", tiktok(uploader=None, uploader_id=7), "owner: expected a handle, found"),
    ],
)
def test_a_wrong_file_is_a_failed_row(name, content, told):
    write(name, content)
    (creator,) = read().values()
    assert outcomes(creator) == [("failed", "changed_format")]
    assert creator.reels[0].outcome.detail.startswith(f"{name}: {told}")


def test_a_torn_file_is_a_failed_row():
    path = write("x.json.xz", instaloader(graph()))
    whole = path.read_bytes()
    for torn in (whole[:-20], whole[:3], whole[:40] + b"\0\0\0\0" + whole[44:]):
        path.write_bytes(torn)
        detail = only_reel(read(), "?unknown").outcome.detail
        assert detail.startswith(("x.json.xz: expected a whole xz file, found", "x.json.xz: expected JSON, found"))


def test_half_an_emoji_does_not_stop_anything():
    write("x.ndjson", json.dumps(media(caption={"text": "cut 🎬"[:-1] + "\ud83c"})).encode())
    caption = only_reel(read(), "ada.film").facts["caption"]
    assert caption == "cut \ufffd"
    assert caption.encode()


def test_names_from_the_data_are_no_paths():
    Path("secret.mp4").write_bytes(b"film")
    write("x.info.json", tiktok(id="../secret", _filename="../secret.mp4", filepath="../secret.mp4", title="../secret"))
    reel = only_reel(read(), "ada.film")
    assert (reel.reel_id, reel.video) == ("../secret", None)


def test_odd_names_and_links_in_the_folder():
    write("sub/x.info.json", tiktok())
    (EXPORTS / "sub/up").symlink_to("..")
    (EXPORTS / "elsewhere").symlink_to(Path("beside").absolute())
    Path("beside").mkdir()
    odd = Path("beside") / os.fsdecode(b"caf\xe9.ndjson")
    odd.write_text("{}\n")
    write(".hidden/x.info.json", tiktok(id="1"))
    write("._x.info.json", b"\x00\x05\x16\x07")
    (EXPORTS / "x.ndjson").mkdir()
    (EXPORTS / "sub/x.mp4").symlink_to("gone.mp4")
    creators = read()
    assert outcomes(creators["ada.film"]) == [("ok", None)]
    assert only_reel(creators, "ada.film").video is None
    assert "elsewhere/caf\\xe9.ndjson (no item of Instagram or TikTok)" in notices()


KEYS = st.sampled_from(["text", "url", "username", "pk", "count", "edges", "node"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(VIDEO_URL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([media, graph, lambda: zeeschuimer(media()), lambda: fourcat(graph())]),
    st.data(),
)
def test_whatever_a_line_holds_it_is_one_row(make, data):
    item = make()
    for key in data.draw(st.lists(st.sampled_from(sorted(item)), max_size=3)):
        item[key] = data.draw(ANYTHING)
    write("x.ndjson", [item, media(pk="1", id="1_9001", code="B")])
    creators = read()
    passed = "passed over" in notices()  # of another platform
    assert sum(len(creator.reels) for creator in creators.values()) == 2 - passed
    assert ("1", "ok") in [(reel.reel_id, reel.outcome.state) for reel in creators["ada.film"].reels]
    for creator in creators.values():
        json.dumps([creator.handle, creator.facts, [reel.facts for reel in creator.reels]], ensure_ascii=False).encode()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([tiktok, youtube, lambda: instaloader(graph()), profile]), st.data())
def test_whatever_a_file_holds_it_is_one_row_at_most(make, data):
    item = make()
    for key in data.draw(st.lists(st.sampled_from(sorted(item)), max_size=3)):
        item[key] = data.draw(ANYTHING)
    write("a.info.json" if "epoch" in item or "media_type" in item else "a.json", item)
    write("x.ndjson", [media()])
    rows = sum(len(creator.reels) for creator in read().values())
    assert rows in (1, 2)
    for name in ("a.info.json", "a.json"):
        (EXPORTS / name).unlink(missing_ok=True)


# --- folder and tables ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_an_empty_folder_is_refused(content):
    write("notes.txt", b"nothing of use")
    if content is not None:
        write("x.ndjson", content)
    with pytest.raises(UserError, match=r"exports: no items found\. Put the files there .*--write-info-json"):
        source().members()


def test_a_missing_folder_is_refused():
    with pytest.raises(UserError, match=r"source\.exports\.folder: nowhere: no such folder"):
        ExportsFolder(ExportsSource(folder="nowhere")).members()


def test_a_file_that_is_not_there_is_refused():
    (EXPORTS / "x.info.json").symlink_to("gone")
    with pytest.raises(UserError, match=r"exports/x\.info\.json: No such file.*; mend it, or remove it"):
        source().members()


def test_tables_say_more_of_creators():
    write("a.info.json", tiktok(channel_follower_count=7))
    write("b.info.json", tiktok(id="2", uploader="eve", uploader_id="5"))
    write("c.info.json", tiktok(id="3", uploader="mallory", uploader_id="6"))
    creators = read(
        only_listed=False,
        creators="handle,full_name,followers,city,follows_status\n@ADA.film,Ada Lovelace,,London,\nHopper,,9,,\n"
        "eve,,,,partial\n",
        follows="source,target\nada.film,Eve\nada.film,@eve\nada.film,ada.film\neve,hopper\nstranger,eve\n",
    )
    assert sorted(creators) == ["ada.film", "eve", "hopper", "mallory"]
    ada, eve = creators["ada.film"], creators["eve"]
    assert (ada.handle, ada.follows, ada.follows_status) == ("ADA.film", [("eve", "Eve")], "complete")
    assert ada.facts == {"full_name": "Ada Lovelace", "followers": 7, "city": "London"}
    assert (eve.follows, eve.follows_status) == ([("hopper", "hopper")], "partial")
    assert (creators["hopper"].reels, creators["hopper"].facts) == ([], {"followers": 9})
    assert creators["mallory"].follows_status == creators["hopper"].follows_status == "unfetched"


def test_the_digest_changes_with_the_creator_and_only_then():
    write("a.info.json", tiktok())
    write("z.ndjson", [media(user={"username": "eve"}, owner=None, id=None)])
    video, tables = write("a.mp4", b"film"), {"creators": "handle,city\nada.film,\n", "follows": "source,target\n"}
    before = source(False, **tables).members()
    assert source(False, **tables).members() == before

    def changed() -> set[str]:
        nonlocal before
        after = source(False, **tables).members()
        found = {handle for handle in after.keys() | before.keys() if after.get(handle) != before.get(handle)}
        before = after
        return found

    os.utime(video, ns=(1, 1))
    assert changed() == {"ada.film"}
    video.write_bytes(b"other film")
    os.utime(video, ns=(1, 1))
    assert changed() == {"ada.film"}
    write("a.webp", b"picture")
    assert changed() == {"ada.film"}
    write("a.info.json", tiktok(like_count=6))
    assert changed() == {"ada.film"}
    write("a.info.json", tiktok(like_count=6, repost_count=77))  # nothing that is used
    assert changed() == set()
    tables["creators"] = "handle,city\nada.film,London\n"
    assert changed() == {"ada.film"}
    tables["follows"] = "source,target\nada.film,eve\nstranger,eve\n"
    assert changed() == {"ada.film"}
    write("b.ndjson", [media(user={"username": "hopper"}, owner=None, id=None)])
    assert changed() == {"hopper"}
    write("b.ndjson", [media(user={"username": "hopper"}, owner=None, id=None), {}])
    assert changed() == set()
    (EXPORTS / "z.ndjson").unlink()
    assert changed() == {"eve"}


def test_callers_may_change_what_they_get():
    write("a.info.json", tiktok())
    exports = source()
    before = exports.members()
    (creator,) = exports.collect(["ada.film"], SelectSection())
    creator.facts["x"] = creator.reels[0].facts["x"] = creator.reels[0].reel_id = "changed"
    assert exports.members() == before
