"""The source `inst2txt`: databases of the first study as they are, in whole and in part, and never changed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from array import array
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from collect_creators import describe_creator, describe_reel, list_follows, select_reels
from common.config import Inst2txtSource, SelectSection
from common.program import UserError
from common.states import OK, Outcome
from sources.inst2txt import Inst2txtDatabase
from sources.inst2txt.results import parse_music
from sources.inst2txt.values import identity, when
from sources.source import SourceCreator, SourceReel

SCHEMA = """
CREATE TABLE instagram_accounts (
    insta_id INTEGER, username TEXT, full_name TEXT, url TEXT, profile_pic_url TEXT, biography TEXT, city_name TEXT,
    follower_count INTEGER, following_count INTEGER, reels_selected_list TEXT, kmeans_cluster INTEGER,
    hdbscan_cluster INTEGER, is_noise_point BOOLEAN, umap_x REAL, umap_y REAL,
    followed_creators_with_reels_selected_list TEXT);
CREATE TABLE reels (
    pk INTEGER, id TEXT, user_pk INTEGER, code TEXT, taken_at INTEGER, comment_count INTEGER, like_count INTEGER,
    play_count INTEGER, video_duration REAL, thumbnail_url TEXT, video_url TEXT, caption TEXT, downloaded BOOLEAN,
    video_unavailable BOOLEAN, no_audio BOOLEAN, audio_type TEXT, audio_content TEXT, audio_content_short TEXT,
    caption_english TEXT, caption_english_short TEXT, model_description_text TEXT, model_description_processed TEXT,
    model_description_embeddings BLOB);
CREATE TABLE following (user_pk INTEGER, following_pk INTEGER, following_username TEXT, full_name TEXT);
CREATE TABLE requests (id INTEGER PRIMARY KEY, url TEXT, answer TEXT);
"""
# Without types of columns, SQLite keeps whatever was inserted; with them it makes an integer of 3.1e18.
UNTYPED = SCHEMA.replace("INTEGER", "").replace("TEXT", "").replace("BOOLEAN", "")
PK = 3_141_592_653_589_793_238  # 62 bits, like the service's own


def unit(seed: int = 0) -> bytes:
    vector = np.random.default_rng(seed).normal(size=768).astype("<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


ADA = {
    "insta_id": 11, "username": "Ada", "full_name": "Ada Example", "url": "https://www.instagram.com/ada/",
    "biography": "makes things", "city_name": "Turin", "follower_count": 12000, "following_count": 2,
    "reels_selected_list": json.dumps([PK, PK + 1]), "kmeans_cluster": 3, "hdbscan_cluster": -1, "is_noise_point": 1,
    "umap_x": 0.25, "umap_y": 0.5,
}  # fmt: skip
SPEECH = {
    "pk": PK, "id": f"{PK}_11", "user_pk": 11, "code": "Cab_-1", "taken_at": 1717178400, "comment_count": 1,
    "like_count": 20, "play_count": 300, "video_duration": 12.5, "thumbnail_url": "https://cdn.example/t.jpg",
    "video_url": "https://cdn.example/v.mp4", "caption": "Ciao 👋\nmondo", "downloaded": 1, "video_unavailable": 0,
    "no_audio": 0, "audio_type": "speech", "audio_content": "Hello to all of you.", "audio_content_short": "Hello.",
    "caption_english": "Hello world", "caption_english_short": None,
    "model_description_text": "The video shows a loom.", "model_description_processed": "A loom.",
    "model_description_embeddings": unit(),
}  # fmt: skip
MUSIC = SPEECH | {
    "pk": PK + 1, "id": f"{PK + 1}_11", "code": "Cab2", "audio_type": "music",
    "audio_content": "Blue - Radio Edit - The Pigments (genre: Pop, Electronic)", "audio_content_short": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def insert(database: sqlite3.Connection, table: str, **row) -> None:
    marks = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def make(accounts=(), reels=(), follows=(), path="instagram_data.db", schema=SCHEMA) -> Path:
    """A database with these rows; follows are (user_pk, following_pk, following_username)."""
    Path(path).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(schema)
        for row in accounts:
            insert(database, "instagram_accounts", **row)
        for row in reels:
            insert(database, "reels", **row)
        for source, target, name in follows:
            insert(database, "following", user_pk=source, following_pk=target, following_username=name)
        database.commit()
    return Path(path)


def change(*statements: str, path="instagram_data.db") -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def members(path="instagram_data.db", videos=None) -> dict[str, str]:
    return Inst2txtDatabase(Inst2txtSource(database=str(path), videos=videos)).members()


def read(path="instagram_data.db", videos=None) -> dict[str, SourceCreator]:
    source = Inst2txtDatabase(Inst2txtSource(database=str(path), videos=videos))
    handles = list(source.members())
    return dict(zip(handles, source.collect(handles, SelectSection()), strict=True))


def refused(path="instagram_data.db", videos=None) -> str:
    with pytest.raises(UserError) as error:
        members(path, videos)
    return str(error.value)


def one_reel(**changed) -> SourceReel:
    make([ADA | {"reels_selected_list": None}], [SPEECH | changed], schema=UNTYPED)
    return read()["ada"].reels[0]


def content(reel: SourceReel, stage: str) -> dict:
    return json.loads(reel.imported[stage].files[".json"])


def test_a_creator_comes_with_everything_that_is_known():
    make([ADA], [SPEECH, MUSIC], [(11, 22, "bob"), (11, "33", "Cleo")])
    ada = read()["ada"]
    assert (ada.creator_id, ada.handle, ada.outcome) == ("11", "Ada", OK)
    assert ada.facts == {
        "full_name": "Ada Example", "followers": 12000, "following": 2, "biography": "makes things",
        "city_name": "Turin", "url": "https://www.instagram.com/ada/", "inst2txt_kmeans_cluster": 3,
        "inst2txt_hdbscan_cluster": -1, "inst2txt_is_noise_point": True, "inst2txt_umap_x": 0.25,
        "inst2txt_umap_y": 0.5,
    }  # fmt: skip
    assert ada.follows == [("22", "bob"), ("33", "Cleo")]
    assert ada.follows_status == "complete"
    speech, music = ada.reels
    assert (speech.reel_id, speech.outcome) == (str(PK), OK)
    assert speech.facts == {
        "code": "Cab_-1", "url": "https://www.instagram.com/reel/Cab_-1/", "caption": "Ciao 👋\nmondo",
        "taken_at": "2024-05-31T18:00:00+00:00", "plays": 300, "likes": 20, "comments": 1, "duration_s": 12.5,
    }  # fmt: skip
    assert speech.video_url == "https://cdn.example/v.mp4"
    assert speech.thumbnail_url == "https://cdn.example/t.jpg"
    assert list(speech.imported) == ["transcript", "context", "description", "embedding"]
    assert list(music.imported) == ["context", "description", "embedding"]
    assert {result.outcome for result in speech.imported.values()} == {OK}


def test_a_database_whose_pks_a_statistics_program_has_rounded_is_refused():
    rounded = [{"pk": int(float(PK + n * 10**15)), "user_pk": ADA["insta_id"]} for n in range(3)]
    make([ADA], rounded)
    assert "reels.pk: " in refused()
    assert "or a statistics program; export them as text again" in refused()


@pytest.mark.parametrize("as_stored", [int, float, str])
def test_a_database_whose_times_can_all_be_read_as_digits_of_dates_is_refused(as_stored):
    digits = [1405311800, 1406011200, 1512241805]
    ada = ADA | {"reels_selected_list": None}
    make([ada], [SPEECH | {"pk": PK + n, "taken_at": as_stored(time)} for n, time in enumerate(digits)])
    assert "reels.taken_at: '1405311800' can be read as 2014-07-14T04:23:20+00:00" in refused()
    change(f"UPDATE reels SET taken_at = 1717178400 WHERE pk = {PK}")  # seconds, as no date has such digits
    assert [reel.facts["taken_at"][:10] for reel in read()["ada"].reels] == ["2024-05-31", "2014-07-22", "2017-12-02"]


def test_the_collector_takes_what_the_source_gives():
    make([ADA], [SPEECH, MUSIC, SPEECH | {"pk": PK + 2}], [(11, 22, "bob")])
    ada = read()["ada"]
    assert describe_creator(ada)["inst2txt_kmeans_cluster"] == 3
    assert list_follows(ada) == [{"source_id": "11", "target_id": "22", "target_handle": "bob"}]
    reels = select_reels(iter(ada.reels), SelectSection())
    assert [reel.outcome.reason for reel in reels] == [None, None, "not_selected"]
    described = describe_reel(ada, reels[1])
    assert described["music_artist"] == "The Pigments"
    json.dumps(described).encode("ascii")


def test_transcript_has_the_form_of_the_stage():
    transcript = content(one_reel(), "transcript")
    assert transcript == {
        "state": "ok", "duration_s": None, "speech_s": None, "language": None, "language_probability": None,
        "dropped": None, "text": None, "text_en": "Hello to all of you.", "segments": None,
    }  # fmt: skip


def test_context_is_made_of_the_short_texts_and_says_so():
    context = content(one_reel(), "context")
    assert context == {
        "state": "ok", "caption": "Ciao mondo", "caption_language": None, "caption_en": "Hello world",
        "caption_translation": "imported", "speech_language": None, "speech_text": None,
        "speech_en": "Hello to all of you.", "condensed": "speech",
        "context": "Caption: Hello world\nSpeech: Hello.",
    }  # fmt: skip
    context = content(one_reel(caption_english_short="Hi", audio_content_short="Hello to all of you."), "context")
    assert (context["condensed"], context["context"]) == ("caption", "Caption: Hi\nSpeech: Hello to all of you.")


def test_context_is_left_to_be_computed_where_the_study_has_none():
    nothing = {"caption_english": None, "audio_type": None, "audio_content": None, "audio_content_short": ""}
    assert list(one_reel(**nothing).imported) == ["description", "embedding"]
    assert "context" in one_reel(**nothing | {"caption_english_short": "Hi"}).imported
    only_speech = content(one_reel(caption_english=None), "context")
    assert only_speech["context"] == "Caption: Ciao mondo\nSpeech: Hello."
    assert only_speech["caption_translation"] == "not translated"


def test_description_and_embedding_have_the_form_of_their_stages():
    imported = one_reel().imported
    assert imported["description"].files == {".txt": b"The video shows a loom.\n"}
    assert imported["embedding"].files[".txt"] == b"A loom.\n"
    vector = np.load(io.BytesIO(imported["embedding"].files[".npy"]), allow_pickle=False)
    assert vector.dtype == np.float32
    assert vector.tobytes() == unit()
    unprocessed = one_reel(model_description_processed=None).imported["embedding"]
    assert unprocessed.files[".txt"] == b"The video shows a loom.\n"


def test_an_embedding_without_its_text_is_taken_and_said_to_be():
    reel = one_reel(model_description_processed=None, model_description_text=" ")
    assert "description" not in reel.imported
    assert reel.imported["embedding"].files[".txt"] == b""
    assert reel.outcome == Outcome("ok", detail="embedding imported without the text it was made of")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (unit()[:-2], "3070 bytes are no float32 vector of 768"),
        (unit()[:-4], "3068 bytes are no float32 vector of 768"),
        (unit() * 2, "6144 bytes are no float32 vector of 768"),
        ("[0.1, 0.2]", "'[0.1, 0.2]' is no float32 vector of 768"),
        (7, "7 is no float32 vector of 768"),
        (bytes(3072), "its length is 0, not 1"),
        ((np.frombuffer(unit(), "<f4") * 1.01).tobytes(), "its length is 1.01, not 1"),
        (unit()[:-4] + np.float32("nan").tobytes(), "some of its numbers are not finite"),
    ],
)
def test_what_is_no_unit_vector_is_left_to_be_computed(given, reason):
    reel = one_reel(model_description_embeddings=given)
    assert list(reel.imported) == ["transcript", "context", "description"]
    assert reel.outcome == Outcome("ok", detail=f"embedding not imported: {reason}")


def test_no_audio_is_a_result():
    reel = one_reel(no_audio=1, audio_type=None, audio_content=None, audio_content_short=None)
    assert reel.imported["transcript"].files == {}
    assert reel.imported["transcript"].outcome == Outcome("skipped", "no_audio")
    assert content(reel, "context")["context"] == "Caption: Hello world\nSpeech: none (no audio)."


def test_failures_that_were_stored_as_speech_are_no_transcripts():
    for empty in (None, "", "  \n"):
        reel = one_reel(audio_content=empty, audio_content_short=None)
        assert "transcript" not in reel.imported
        assert "transcript not imported" in str(reel.outcome.detail)
    reel = one_reel(audio_type="hum")
    assert "transcript" not in reel.imported
    assert "audio_type is hum" in str(reel.outcome.detail)


def test_music_is_told_apart_from_speech():
    make([ADA], [MUSIC | {"pk": PK}])
    (reel, _) = read()["ada"].reels
    assert "transcript" not in reel.imported
    assert content(reel, "context")["context"].splitlines() == [
        "Caption: Hello world",
        "Speech: none (music).",
        "Music: Blue - Radio Edit - The Pigments (genre: Pop, Electronic)",
    ]
    assert {name: value for name, value in reel.facts.items() if name.startswith("music")} == {
        "music_title": "Blue - Radio Edit", "music_artist": "The Pigments", "music_genres": "Pop, Electronic",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("Blue - Ann", ("Blue", "Ann", None)),
        ("Blue (Live) - Ann (genre: None)", ("Blue (Live)", "Ann", None)),
        ("Blue - Ann (genre: )", ("Blue", "Ann", None)),
        ("Blue - Ann (genre: Hip-Hop - Rap (old))", ("Blue", "Ann", "Hip-Hop - Rap (old)")),
        ("Blue", ("Blue", None, None)),
        ("", (None, None, None)),
    ],
)
def test_music_as_the_study_wrote_it(given, parts):
    assert tuple(parse_music(given).values()) == parts


def test_what_was_unavailable_is_not_downloaded_again():
    reel = one_reel(video_unavailable=1)
    assert reel.video_url is None
    assert reel.outcome.state == "ok"
    assert "unavailable" in str(reel.outcome.detail)
    assert "embedding" in reel.imported


def test_videos_are_found_by_pk_code_or_id():
    Path("videos").mkdir()
    names = (f"{PK}.mp4", f"{PK}.jpg", "Cab2.WEBM", f"{PK + 2}_11.mov", "None.mp4", f"{PK + 3}.txt", "..mp4")
    for name in names:
        Path("videos", name).write_bytes(b"film")
    Path("videos", f"{PK + 3}.mp4").mkdir()
    third = SPEECH | {"pk": PK + 2, "id": f"{PK + 2}_11", "code": None}
    fourth = SPEECH | {"pk": PK + 3, "id": "../instagram_data", "code": "../videos/None"}
    make([ADA | {"reels_selected_list": None}], [SPEECH, MUSIC, third, fourth])
    reels = read(videos="videos")["ada"].reels
    assert [reel.file for reel in reels] == [f"{PK}.mp4", "Cab2.WEBM", f"{PK + 2}_11.mov", None]
    assert reels[0].video == Path("videos", f"{PK}.mp4")
    assert [reel.thumbnail for reel in reels] == [Path("videos", f"{PK}.jpg"), None, None, None]
    assert "no code" in str(reels[3].outcome.detail)
    assert "videos: nowhere" in refused(videos="nowhere")


def test_reels_that_the_study_did_not_choose_are_named():
    make([ADA | {"reels_selected_list": f'["{PK}", {PK + 7}]'}], [SPEECH, MUSIC])
    chosen, other, lost = read()["ada"].reels
    assert chosen.outcome == OK
    assert other.outcome.reason == "not_selected"
    assert lost.reel_id == str(PK + 7)
    assert (lost.outcome.state, lost.imported) == ("ok", {})
    assert "no such row" in str(lost.outcome.detail)


@pytest.mark.parametrize(
    "given", ["[1, 2", "{}", "17", "[[1]]", "[null]", "[true]", "[3.1e18]", b"\xff", 17, "[" * 9999]
)
def test_a_broken_list_of_chosen_reels_loses_none(given):
    make([ADA | {"reels_selected_list": given}], [SPEECH, MUSIC])
    ada = read()["ada"]
    assert [reel.outcome.state for reel in ada.reels] == ["ok", "ok"]
    assert ada.outcome.state == "ok"
    assert "all reels are candidates" in str(ada.outcome.detail)


@pytest.mark.parametrize("given", [None, "", "[]"])
def test_where_nothing_was_chosen_all_reels_are_candidates(given):
    make([ADA | {"reels_selected_list": given}], [SPEECH, MUSIC], [(11, 1, "a"), (11, 2, "b")])
    ada = read()["ada"]
    assert [reel.outcome.state for reel in ada.reels] == ["ok", "ok"]
    assert ada.outcome == OK


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"pk": None}, "no pk"),
        ({"pk": ""}, "no pk"),
        ({"pk": 3.1e18}, "pk 3.1e+18 has lost its last digits: it was stored as a float"),
        ({"pk": -5}, "pk -5 is no id"),
        ({"pk": 0.5}, "pk 0.5 is no id"),
        ({"pk": b"\xff\xfe"}, "pk is not UTF-8 text"),
    ],
)
def test_a_reel_without_a_usable_pk_has_a_reason(changed, detail):
    reel = one_reel(**changed)
    assert reel.outcome == Outcome("failed", "changed_format", detail)
    assert str(reel.reel_id).startswith("r")
    assert one_reel(**changed).reel_id == reel.reel_id


@pytest.mark.parametrize(
    ("column", "value", "fact", "detail"),
    [
        ("play_count", "abc", "plays", "play_count 'abc' is no whole number"),
        ("play_count", b"\x00", "plays", "play_count b'\\x00' is no whole number"),
        ("like_count", -1, "likes", "like_count -1 is below zero"),
        ("comment_count", 1.5, "comments", "comment_count 1.5 is no whole number"),
        ("taken_at", "soon", "taken_at", "taken_at 'soon' is not a time (write 2024-05-31T18:00:00Z)"),
        ("video_duration", "long", "duration_s", "video_duration 'long' is no number"),
        ("caption", b"caf\xe9", "caption", "caption is not UTF-8 text"),
        ("code", "../x", "code", "code '../x' is no code of a reel"),
        (
            "play_count",
            "12.500",
            "plays",
            "play_count '12.500' is not a whole number: it can be read as 12500 and as 12.5; "
            "write 12500 if that is meant",
        ),
        (
            "caption",
            "nan",
            "caption",
            "caption 'nan' can be read as a missing value and as a text; leave the cell empty "
            "where nothing is known, or write the text in other words",
        ),
        (
            "taken_at",
            202405311800,
            "taken_at",
            "taken_at '202405311800' is not a time that a reel can have: it would be "
            "8383-12-21 (write 2024-05-31T18:00:00Z); if 2024-05-31T18:00:00Z is meant, write that",
        ),
    ],
)
def test_a_broken_value_does_not_lose_the_reel(column, value, fact, detail):
    reel = one_reel(**{column: value})
    assert reel.facts[fact] is None
    assert reel.outcome == Outcome("ok", detail=detail)
    assert "embedding" in reel.imported


def test_ids_that_were_rounded_as_text_are_refused():
    assert "which may have lost its last digits" in str(one_reel(pk="3.1e+10").outcome.detail)


def test_a_username_may_be_a_link_to_the_profile_or_have_marks_that_nobody_sees():
    make([{"username": "https://www.instagram.com/ada/?hl=en"}, {"username": "\u200ebob"}])
    assert list(read()) == ["ada", "bob"]


def test_follow_rows_of_accounts_that_are_not_there_are_counted():
    make([ADA], [SPEECH], [(11, 22, "bob"), (99, 11, "ada"), (98, 11, "ada")])
    (notice,) = Inst2txtDatabase(Inst2txtSource()).notices()
    assert str(notice).startswith("2 of 3 accounts in following.user_pk are no insta_id of instagram_accounts")
    assert (notice.reason, notice.creators) == ("not_in_study", 2)


def test_videos_that_belong_to_no_reel_are_counted():
    make([ADA], [SPEECH])
    Path("media").mkdir()
    for name in (f"{PK}.mp4", "holiday.mp4", "other.jpg"):
        Path("media", name).write_bytes(b"film")
    (notice,) = Inst2txtDatabase(Inst2txtSource(videos="media")).notices()
    assert str(notice) == "1 of 2 videos in media belong to no reel of the database: holiday.mp4"
    Path("media", f"{PK}.mp4").unlink()
    with pytest.raises(UserError, match=r"1 of 1 videos in media .*call the files as the database calls the reels"):
        Inst2txtDatabase(Inst2txtSource(videos="media")).members()


def test_text_that_is_not_utf_8_is_found_in_text_columns_too():
    make([ADA | {"reels_selected_list": None}], [SPEECH], [(11, 22, "bob"), (11, 33, "cleo")])
    broken = "CAST(X'636166E9' AS TEXT)"
    change(
        f"UPDATE reels SET caption = {broken}, model_description_text = {broken}, video_url = 'file:///etc/passwd'",
        f"UPDATE instagram_accounts SET full_name = {broken}",
        f"UPDATE following SET following_username = {broken}",
        f"INSERT INTO instagram_accounts (username, follower_count) VALUES ({broken}, 5)",
    )
    found = read()
    assert "full_name" not in found["ada"].facts
    assert found["ada"].outcome.detail == "full_name is not UTF-8 text"
    assert found["ada"].follows == [("22", r"caf\xe9"), ("33", r"caf\xe9")]
    (reel,) = found["ada"].reels
    assert reel.facts["caption"] is None
    assert reel.video_url is None
    assert list(reel.imported) == ["transcript", "context", "embedding"]
    assert str(reel.outcome.detail).count("is not UTF-8 text") == 2
    assert "no link" in str(reel.outcome.detail)
    assert found["?row 2"].outcome.state == "failed"


def test_reels_of_nobody_are_not_dropped():
    orphans = [SPEECH | {"pk": PK + 5, "user_pk": owner} for owner in (99, None, 3.1e18, "x")]
    make([ADA, {"username": "unknown"}], [SPEECH, *orphans], schema=UNTYPED)
    found = read()
    assert list(found) == ["?unknown", "ada", "unknown"]
    nobody = found["?unknown"]
    assert (nobody.creator_id, nobody.handle) == ("?unknown", "unknown")
    assert nobody.outcome == Outcome("ok", detail="4 reels belong to no account")
    assert {(reel.outcome.state, reel.outcome.reason) for reel in nobody.reels} == {("failed", "changed_format")}
    assert [reel.outcome.detail for reel in nobody.reels] == [
        "user_pk 99 is no account's insta_id",
        "no user_pk",
        "user_pk 3.1e+18 has lost its last digits: it was stored as a float",
        "user_pk x is no account's insta_id",
    ]
    assert found["unknown"].reels == []


def test_a_reel_that_is_there_twice_is_a_duplicate():
    make([ADA, {"insta_id": 12, "username": "bob"}], [SPEECH, SPEECH, SPEECH | {"user_pk": 12}])
    found = read()
    assert [reel.outcome.reason for reel in found["ada"].reels[:2]] == [None, "duplicate"]
    assert [reel.outcome.reason for reel in found["bob"].reels] == ["duplicate"]


def test_ids_may_be_stored_in_any_type():
    rows = [SPEECH | {"pk": str(PK), "user_pk": "11"}, MUSIC | {"user_pk": 11.0}]
    make([ADA | {"insta_id": " 11"}], rows, [("11", 22.0, "b"), (11, "33", "c")], schema=UNTYPED)
    ada = read()["ada"]
    assert ada.creator_id == "11"
    assert [reel.reel_id for reel in ada.reels] == [str(PK), str(PK + 1)]
    assert [target for target, _ in ada.follows] == ["22", "33"]
    assert identity("17_4") == "17_4"


@pytest.mark.parametrize("given", [1717178400, "1717178400", 1717178400.0, "1717178400.0", "2024-05-31T18:00:00"])
def test_times_may_be_stored_in_any_type(given):
    assert when(given) == "2024-05-31T18:00:00+00:00"


@pytest.mark.parametrize("given", [1717178400000, 10**17, 1.5, b"1717178400", "abc"])
def test_times_that_cannot_be(given):
    with pytest.raises(ValueError, match="is not a time"):
        when(given)


@pytest.mark.parametrize(
    ("rows", "following", "status"),
    [
        (9, 10, "complete"),
        (12, 10, "complete"),
        (8, 10, "partial"),
        (8, None, "unknown"),
        (8, "many", "unknown"),
        (0, 10, "unfetched"),
        (0, None, "unfetched"),
        (0, 0, "complete"),
        (3, 0, "complete"),
    ],
)
def test_follow_lists_may_have_been_cut(rows, following, status):
    follows = [(11, number, f"user{number}") for number in range(1, rows + 1)]
    make([ADA | {"following_count": following}], [], [*follows, *follows[:5]])
    ada = read()["ada"]
    assert ada.follows_status == status
    assert len(ada.follows) == rows
    assert ada.outcome.reason == ("follows_partial" if status == "partial" else None)
    if status in ("partial", "unknown"):
        said = f"{rows} of {following} follows" if status == "partial" else "does not say how many there should be"
        assert said in str(ada.outcome.detail)


def test_follows_have_the_ids_that_the_creators_have():
    accounts = [ADA, {"insta_id": 22, "username": "bob"}, {"username": "@Cleo"}]
    follows = [
        (11, 22, "bob"),
        (11, 33, "cleo"),  # whose insta_id is not in the table of accounts
        (11, 44, "dora"),
        (11, None, "Bob "),
        (11, 3.1e18, "eve"),
        (11, None, None),
        (99, 11, "ada"),
    ]
    make(accounts, [], follows, schema=UNTYPED)
    ada = read()["ada"]
    assert ada.follows == [("22", "Bob "), ("22", "bob"), ("44", "dora"), ("cleo", "cleo"), ("eve", "eve")]
    assert "1 follow rows without a usable" in str(ada.outcome.detail)


@pytest.mark.parametrize("names", ["username TEXT", "username TEXT, biography TEXT, other BLOB"])
def test_usernames_are_enough(names):
    make(schema=f"CREATE TABLE Instagram_Accounts ({names})")
    for handle in ("Ada", " @bob.b", "cleo_"):
        change(f"INSERT INTO instagram_accounts (username) VALUES ('{handle}')")
    found = read()
    assert {(c.creator_id, c.handle, c.follows_status, c.outcome) for c in found.values()} == {
        ("ada", "Ada", "unfetched", OK), ("bob.b", "bob.b", "unfetched", OK), ("cleo_", "cleo_", "unfetched", OK),
    }  # fmt: skip
    assert [creator.reels for creator in found.values()] == [[], [], []]


@pytest.mark.parametrize("key", ["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT", "BIGINT UNIQUE"])
def test_accounts_inserted_by_name_into_a_full_database(key):
    schema = SCHEMA.replace("insta_id INTEGER", f"insta_id {key}")
    make([ADA, {"insta_id": 5000, "username": "bob"}], [SPEECH], [(11, 22, "x")], schema=schema)
    before = members()
    change(
        "INSERT INTO instagram_accounts (username) VALUES ('cleo')",
        "INSERT INTO instagram_accounts (username) VALUES ('dora')",
    )
    found = read()
    assert {handle: creator.creator_id for handle, creator in found.items()} == {
        "ada": "11", "bob": "5000", "cleo": "cleo", "dora": "dora",
    }  # fmt: skip
    assert {handle: members()[handle] for handle in before} == before
    # A number that other tables know is no accident.
    change(
        "UPDATE following SET following_pk = 5001",
        "UPDATE instagram_accounts SET insta_id = 5001 WHERE username = 'cleo'",
    )
    assert read()["cleo"].creator_id == "5001"


def test_accounts_that_cannot_be_used_have_a_reason():
    rows = [
        ADA,
        {"insta_id": 5},
        {"username": "https://www.instagram.com/p/x/"},
        {"username": "a b"},
        {"username": b"\xff"},
    ]
    make(
        [
            *rows,
            {"username": "?unknown"},
            {"insta_id": 11, "username": "renamed"},
            {"insta_id": 3.1e18, "username": "lost"},
        ],
        schema=UNTYPED,
    )
    found = read()
    assert [(handle, c.outcome.state, c.outcome.reason) for handle, c in found.items()] == [
        ("?row 2", "failed", "changed_format"), ("?row 3", "failed", "changed_format"),
        ("?row 4", "failed", "changed_format"), ("?row 5", "failed", "changed_format"),
        ("?row 6", "failed", "changed_format"), ("ada", "ok", None),
        ("lost", "ok", None), ("renamed", "failed", "changed_format"),
    ]  # fmt: skip
    assert found["?row 2"].outcome.detail == "instagram_accounts, row 2: no username"
    assert "'a b' is no username" in str(found["?row 4"].outcome.detail)
    assert "Ada has the same insta_id (11)" in str(found["renamed"].outcome.detail)
    assert len({creator.creator_id for creator in found.values()}) == len(found)
    assert found["lost"].creator_id == "lost"
    assert "lost its last digits" in str(found["lost"].outcome.detail)


def test_of_two_rows_for_one_account_the_first_counts():
    rows = [ADA, {"insta_id": 77, "username": "ADA", "follower_count": 1}, {"username": "@ada"}]
    make(rows, [SPEECH, SPEECH | {"pk": PK + 9, "user_pk": 77}], [(77, 22, "bob")])
    (ada,) = read().values()
    assert (ada.creator_id, ada.handle, ada.facts["followers"], ada.follows) == ("11", "Ada", 12000, [])
    assert "left out: a second row (ADA, insta_id 77); left out: a second row (ada, insta_id None)" in str(
        ada.outcome.detail
    )
    assert [reel.outcome.detail for reel in ada.reels] == [
        None,
        "user_pk 77 is that of a second row of Ada",
        "in reels_selected_list, but no such row in the table reels",
    ]


def test_broken_values_of_an_account_are_left_out():
    make([ADA | {"follower_count": "12k", "following_count": None, "is_noise_point": "maybe", "umap_x": b"x"}])
    ada = read()["ada"]
    assert not {"followers", "following", "inst2txt_is_noise_point", "inst2txt_umap_x"} & set(ada.facts)
    assert ada.outcome.state == "ok"
    for part in ("follower_count '12k'", "is_noise_point 'maybe'", "umap_x b'x'"):
        assert part in str(ada.outcome.detail)


def test_older_files_lack_columns_and_tables():
    schema = """
    CREATE TABLE instagram_accounts (insta_id INTEGER, username TEXT);
    CREATE TABLE reels (pk INTEGER, user_pk INTEGER, caption TEXT, model_description_embeddings BLOB);
    """
    embedded = {"pk": PK, "user_pk": 11, "caption": "x", "model_description_embeddings": unit()}
    make([{"insta_id": 11, "username": "ada"}], [embedded], schema=schema)
    (ada,) = read().values()
    (reel,) = ada.reels
    assert reel.facts["caption"] == "x"
    assert list(reel.imported) == ["embedding"]
    assert ada.follows_status == "unfetched"
    change("DROP TABLE reels")
    assert read()["ada"].reels == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "it is empty"),
        (b"PK\3\4 and so on, an archive", "begins with b'PK"),
        (b"SQLite format 3\0rest", "cannot be read"),
    ],
)
def test_what_is_no_database_is_refused(content, found):
    Path("instagram_data.db").write_bytes(content)
    message = refused()
    assert message.startswith("source.inst2txt.database: ")
    assert "instagram_data.db" in message
    assert found in message


def test_what_is_not_that_database_is_refused():
    assert "nowhere.db: No such file" in refused("nowhere.db")
    Path("folder.db").mkdir()
    assert "Is a directory" in refused("folder.db")
    make(schema="CREATE TABLE people (name TEXT); CREATE TABLE pets (name TEXT)")
    assert "no table instagram_accounts; found people, pets" in refused()
    make(schema="CREATE TABLE instagram_accounts (insta_id, handle)")
    assert "no column username; found handle, insta_id" in refused()
    make()
    assert "instagram_accounts is empty" in refused()


def test_a_damaged_database_is_refused():
    path = make([ADA | {"username": f"user{n}", "insta_id": n} for n in range(2000)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    assert "cannot be read" in refused()


# Nothing is changed


def snapshot(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Name, content, mode and time of all files."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.iterdir())
    }


WRITER = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode = wal")
database.execute("INSERT INTO instagram_accounts (username) VALUES ('early')")
database.commit()
database.execute("PRAGMA wal_checkpoint")
database.execute("INSERT INTO instagram_accounts (username) VALUES ('late')")
database.commit()
database.execute("INSERT INTO instagram_accounts (username) VALUES ('uncommitted')")
print(flush=True)
if sys.argv[2] == "killed":
    os._exit(1)
sys.stdin.read()
database.rollback()
database.close()
"""


def write_ahead(folder: Path, case: str) -> subprocess.Popen[str]:
    """A database in WAL mode whose last row is, unless it was closed properly, in the log only."""
    path = make([ADA], [SPEECH], [(11, 22, "bob")], path=folder / "instagram_data.db")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), case], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    writer.stdout.readline()
    if case != "open":
        writer.communicate()
    return writer


def read_as_nobody(folder: Path) -> list[str]:
    """The handles, read by somebody who may not write there."""
    program = (
        "import os; from common.config import Inst2txtSource; from sources.inst2txt import Inst2txtDatabase\n"
        "os.getuid() or os.setuid(65534)  # root may always write\n"
        "print(*Inst2txtDatabase(Inst2txtSource(database='instagram_data.db')).members(), sep='\\n')"
    )
    scripts = str(Path(__file__).parents[2] / "scripts")
    environment = os.environ | {"PYTHONPATH": scripts, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("case", ["closed", "killed", "no index", "open", "rollback"])
def test_neither_file_nor_folder_is_changed(case, read_only):
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    folder.chmod(0o755)
    writer = None
    try:
        if case == "rollback":
            make([ADA, {"username": "early"}, {"username": "late"}], path=folder / "instagram_data.db")
        else:
            writer = write_ahead(folder, "killed" if case == "no index" else case)
        if case == "no index":
            (folder / "instagram_data.db-shm").unlink()
        for file in folder.iterdir():
            file.chmod(0o444 if read_only else 0o666)
        folder.chmod(0o555 if read_only else 0o777)
        before = snapshot(folder)
        assert ("instagram_data.db-wal" in before) == (case in ("killed", "no index", "open"))
        assert list(read(folder / "instagram_data.db")) == ["ada", "early", "late"]
        assert read_as_nobody(folder) == ["ada", "early", "late"]
        assert snapshot(folder) == before
    finally:
        if writer and case == "open":
            writer.communicate()
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_the_log_is_found_beside_the_file_that_a_link_leads_to(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    write_ahead(folder, "killed")
    Path("link.db").symlink_to(folder / "instagram_data.db")
    assert list(members("link.db")) == ["ada", "early", "late"]


def test_odd_paths():
    for name in ("a?mode=rwc#b%20.db", "späce d.db", "*[a]'\".db"):
        make([ADA], path=name)
        assert list(members(name)) == ["ada"]


def test_a_writer_that_was_stopped_is_named():
    make([ADA])
    program = (
        "import os, sqlite3; d = sqlite3.connect('instagram_data.db'); d.execute('PRAGMA cache_size = 1')\n"
        "d.execute('BEGIN'); d.executemany('INSERT INTO instagram_accounts (username) VALUES (?)',"
        " [(f'{n:09}' * 40,) for n in range(3000)]); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    before = snapshot(Path())
    assert "instagram_data.db-journal" in before
    assert "if one was stopped" in refused()
    assert snapshot(Path()) == before


# Digests


COHORT = [ADA, {"insta_id": 12, "username": "bob"}, {"username": "cleo"}]


def changed_by(*statements: str) -> set[str]:
    """Whose digests a change of the database changes."""
    make(COHORT, [SPEECH, MUSIC, MUSIC | {"pk": PK + 20, "user_pk": 12}], [(11, 12, "bob"), (12, 11, "ada")])
    before = members()
    change(*statements)
    after = members()
    return {handle for handle in before | after if before.get(handle) != after.get(handle)}


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("UPDATE instagram_accounts SET biography = 'new' WHERE username = 'bob'", {"bob"}),
        ("UPDATE reels SET play_count = 7 WHERE pk = {pk}", {"ada"}),
        ("UPDATE reels SET caption_english_short = 'x' WHERE pk = {pk}", {"ada"}),
        ("UPDATE reels SET model_description_embeddings = zeroblob(3072) WHERE user_pk = 12", {"bob"}),
        ("INSERT INTO following (user_pk, following_pk) VALUES (12, 99)", {"bob"}),
        ("UPDATE following SET following_username = 'b' WHERE user_pk = 11", {"ada"}),
        ("INSERT INTO instagram_accounts (username) VALUES ('dora')", {"dora"}),
        ("INSERT INTO instagram_accounts (username) VALUES ('CLEO')", {"cleo"}),
        ("DELETE FROM reels WHERE pk = {pk}", {"ada"}),
        ("INSERT INTO reels (pk, user_pk) VALUES (5, 99)", {"?unknown"}),
        ("INSERT INTO reels (pk, user_pk) VALUES (NULL, 12)", {"bob"}),
        ("UPDATE reels SET downloaded = 0", set()),
        ("INSERT INTO following (user_pk, following_pk) VALUES (99, 11)", set()),
        ("INSERT INTO requests (url) VALUES ('https://example.org')", set()),
        ("VACUUM", set()),
    ],
)
def test_a_digest_changes_for_the_creators_concerned(statement, changed):
    assert changed_by(statement.format(pk=PK)) == changed


def test_a_digest_does_not_depend_on_the_order_of_rows():
    reels = [SPEECH, MUSIC, SPEECH | {"pk": None}, SPEECH | {"pk": 99, "user_pk": 98}]
    follows = [(11, 12, "bob"), (11, 13, "x"), (12, 11, "ada")]
    make(COHORT, reels, follows)
    before = members()
    make(COHORT[::-1], reels[::-1], follows[::-1])
    assert members() == before


def test_a_digest_knows_the_videos():
    Path("videos").mkdir()
    make(COHORT, [SPEECH])
    before = members(videos="videos")
    Path("videos", f"{PK}.mp4").write_bytes(b"film")
    after = members(videos="videos")
    assert {handle for handle in before if before[handle] != after[handle]} == {"ada"}
    Path("videos", "other.mp4").write_bytes(b"film")
    assert members(videos="videos") == after


def test_the_size_of_the_first_study(capsys):
    """No limit is set on time here; the number is for people."""
    chance = random.Random(1)
    vector = array("f", np.frombuffer(unit(), "<f4").tolist()).tobytes()
    accounts = [ADA | {"insta_id": 1000 + n, "username": f"user{n}", "reels_selected_list": None} for n in range(401)]
    reels = [SPEECH | {"pk": PK + n, "user_pk": 1000 + n % 401, "caption": "x" * 500} for n in range(2005)]
    reels = [reel | {"model_description_embeddings": vector} for reel in reels]
    path = make(accounts, reels)
    follows = [(1000 + chance.randrange(401), chance.randrange(1, 10**10), f"name_{n}") for n in range(250_000)]
    with closing(sqlite3.connect(path)) as database:
        columns = "user_pk, following_pk, following_username"
        database.executemany(f"INSERT INTO following ({columns}) VALUES (?, ?, ?)", follows)
        database.commit()
    start = time.perf_counter()
    found = members()
    seconds = time.perf_counter() - start
    with capsys.disabled():
        print(f" members() of 401 creators, 2,005 reels, 250,000 follows: {seconds:.2f} s ", end="")
    creators = read().values()
    assert len(found) == 401
    assert sum(len(creator.follows) for creator in creators) > 249_000
    assert sum("embedding" in reel.imported for creator in creators for reel in creator.reels) == 2005
