"""Studies from what people already have: a database of the first study's programs, files that other tools left."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import numpy as np
import pytest

from fake_service import Service, demo_video
from study import CHECKOUT, Study

VIDEOS = sorted((CHECKOUT / "data/demo/videos").glob("*/*.mp4"))


def insert(database: sqlite3.Connection, table: str, rows: list[dict]) -> None:
    columns = sorted({name for row in rows for name in row})
    database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)})")
    for row in rows:
        marks = ", ".join("?" * len(columns))
        database.execute(f"INSERT INTO {table} VALUES ({marks})", [row.get(name) for name in columns])


def vector(seed: int) -> bytes:
    drawn = np.random.default_rng(seed).normal(size=768)
    return (drawn / np.linalg.norm(drawn)).astype("<f4").tobytes()


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Study:
    """Five reels: two whole, one without embedding, one with nothing but a video, one with nothing at all."""
    study = Study(tmp_path_factory.mktemp("imported"))
    accounts = [
        {"insta_id": 11, "username": "ada.synthetic", "follower_count": 12_000, "following_count": 1},
        {"insta_id": 22, "username": "bob.synthetic", "follower_count": 15_000, "following_count": 1},
        {"username": "eve.synthetic"},
    ]
    texts = {
        "caption": "Ein blauer Webstuhl", "caption_english": "A blue loom", "audio_type": "speech",
        "audio_content": "Hello to all of you.", "model_description_text": "The video shows a loom in a blue room.",
        "model_description_processed": "A loom in a blue room.",
    }  # fmt: skip
    reels = [
        {"pk": 101, "user_pk": 11, "code": "C101", **texts, "model_description_embeddings": vector(1)},
        {"pk": 102, "user_pk": 22, "code": "C102", **texts, "model_description_embeddings": vector(2)},
        {"pk": 103, "user_pk": 22, "code": "C103", **texts, "model_description_embeddings": vector(3)[:-2]},
        {"pk": 104, "user_pk": 11, "code": "C104"},
        {"pk": 105, "user_pk": 11, "code": "C105"},
    ]
    follows = [{"user_pk": 11, "following_pk": 22, "following_username": "bob.synthetic"}]
    with closing(sqlite3.connect(study.folder / "instagram_data.db")) as database:
        for table, rows in (("instagram_accounts", accounts), ("reels", reels), ("following", follows)):
            insert(database, table, rows)
        database.commit()
    (study.folder / "media").mkdir()
    shutil.copy(VIDEOS[0], study.folder / "media" / "104.mp4")
    study.configure(source={"kind": "inst2txt", "inst2txt": {"videos": "media"}}, study={"max_failed": 0.4})
    shutil.copy(study.folder / "instagram_data.db", study.folder / "as_it_was")
    study.run("tables")
    return study


def test_what_is_there_is_taken_and_only_gaps_are_computed(imported):
    reels = {row["reel_id"]: row for row in imported.rows("tables/reels")}
    assert sorted(reels) == ["101", "102", "103", "104"]
    assert np.array_equal(np.array(reels["101"]["embedding"], "f4"), np.frombuffer(vector(1), "f4"))
    assert reels["101"]["description"] == "A loom in a blue room."
    assert reels["101"]["caption_en"] == "A blue loom"
    assert reels["101"]["speech_en"] == "Hello to all of you."
    assert {reels["101"][f"{stage}_producer"] for stage in ("description", "embedding", "transcript")} == {"imported"}
    assert reels["103"]["description_producer"] == "imported"
    assert reels["103"]["embedding_producer"].startswith("embed_descriptions")
    assert len(reels["104"]["embedding"]) == 768
    computed = Counter(stage for stage, reel in imported.computed())
    assert computed["embedding"] == 2
    assert computed["description"] == 1
    assert computed["transcript"] == 1


def test_every_reel_is_accounted_for(imported):
    video = {
        row["reel_id"]: (row["state"], row["reason"])
        for row in imported.rows("tables/status")
        if row["stage"] == "video"
    }
    assert video["101"] == video["103"] == ("skipped", "not_needed")
    assert video["104"] == ("ok", None)
    assert "105" not in video
    assert [
        (row["stage"], row["state"], row["reason"]) for row in imported.rows("tables/status") if row["reel_id"] == "105"
    ] == [("creators", "skipped", "no_link")]
    creators = {row["creator_id"]: row for row in imported.rows("tables/creators")}
    assert sorted(creators) == ["11", "22", "eve.synthetic"]
    assert imported.rows("tables/edges") == [{"source_id": "11", "target_id": "22"}]
    broken = next(
        row for row in imported.rows("tables/status") if row["stage"] == "creators" and row["reel_id"] == "103"
    )
    assert "embedding not imported" in broken["detail"]


def test_the_database_is_as_it_was_and_nothing_is_done_twice(imported):
    assert "Nothing to be done" in imported.run("tables")
    assert (imported.folder / "instagram_data.db").read_bytes() == (imported.folder / "as_it_was").read_bytes()
    assert not list(imported.folder.glob("instagram_data.db-*"))


def test_a_result_that_was_added_is_noticed(imported):
    with closing(sqlite3.connect(imported.folder / "instagram_data.db")) as database:
        database.execute("UPDATE reels SET model_description_embeddings = ? WHERE pk = 103", [vector(3)])
        database.commit()
    before = imported.computed()
    imported.run("tables")
    reels = {row["reel_id"]: row for row in imported.rows("tables/reels")}
    assert reels["103"]["embedding_producer"] == "imported"
    # A reel without video or link is looked at again; nothing is computed of it.
    again = imported.computed() - before
    assert set(again) <= {("video", "105")}


def test_a_folder_of_exports_is_a_study(tmp_path):
    """Zeeschuimer's lines give links, yt-dlp's folder has the video: one reel downloaded, one linked to."""
    service = Service(demo_video(CHECKOUT))
    study = Study(tmp_path)
    (tmp_path / "exports/tiktok").mkdir(parents=True)
    shutil.copy(VIDEOS[5], tmp_path / "exports/tiktok/7300000000000000001.mp4")
    info = {
        "id": "7300000000000000001", "extractor_key": "TikTok", "uploader": "ada.synthetic", "timestamp": 1_700_000_000,
        "description": "A synthetic film", "view_count": 9, "like_count": 3, "comment_count": 1, "duration": 7,
        "webpage_url": "https://www.tiktok.com/@ada.synthetic/video/7300000000000000001", "_type": "video",
    }  # fmt: skip
    (tmp_path / "exports/tiktok/7300000000000000001.info.json").write_text(json.dumps(info))
    item = {
        "pk": "3300000000000000001", "id": "3300000000000000001_77", "code": "C_x", "taken_at": 1_700_000_000,
        "media_type": 2, "product_type": "clips", "user": {"pk": "77", "username": "bob.synthetic", "full_name": "B"},
        "caption": {"text": "Ein synthetischer Film"}, "like_count": 5, "comment_count": 0, "play_count": 50,
        "video_versions": [{"url": f"{service.url}/cdn/1.mp4", "width": 720, "height": 1280}],
        "image_versions2": {"candidates": [{"url": f"{service.url}/cdn/1.jpg", "width": 64, "height": 64}]},
    }  # fmt: skip
    line = {"nav_index": "1:1", "item_id": "3300000000000000001", "timestamp_collected": 1_700_000_100_000,
            "source_platform": "instagram.com", "source_url": "https://www.instagram.com/", "data": item}  # fmt: skip
    (tmp_path / "exports/zeeschuimer.ndjson").write_text(json.dumps(line) + "\n")
    (tmp_path / "follows.csv").write_text("source,target\nada.synthetic,bob.synthetic\n")
    study.configure(
        source={"kind": "exports", "exports": {"folder": "exports", "follows": "follows.csv"}},
        video={"allow_private": True},  # the service is on this machine
    )
    study.run("tables")
    service.close()
    reels = {row["creator_id"]: row for row in study.rows("tables/reels")}
    assert sorted(reels) == ["ada.synthetic", "bob.synthetic"]
    assert all(len(reel["embedding"]) == 768 for reel in reels.values())
    assert reels["bob.synthetic"]["plays"] == 50
    assert study.rows("tables/edges") == [{"source_id": "ada.synthetic", "target_id": "bob.synthetic"}]
