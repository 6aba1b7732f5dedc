"""Write the tables as the first study's database (`instagram_data.db`), so that queries written for it still work.

`source.kind: inst2txt` reads it again. What that database has no column for stays behind; a creator whose list of
follows is complete and whose number of follows is not known gets the length of the list, so that it is complete again
when read.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from common import program
from common.files import replacing
from common.parquet import read_table
from common.tables import CLUSTERS, COORDINATES, CREATOR_MEASURES, CREATORS, FOLLOWS, MEASURES, REELS, STATUS

VERSION = "2"
SCHEMA = """
CREATE TABLE instagram_accounts (
    insta_id TEXT PRIMARY KEY, username TEXT, full_name TEXT, url TEXT, profile_pic_url TEXT, biography TEXT,
    city_name TEXT, follower_count INTEGER, following_count INTEGER, reels_selected_list TEXT, kmeans_cluster INTEGER,
    hdbscan_cluster INTEGER, is_noise_point BOOLEAN, umap_x REAL, umap_y REAL,
    followed_creators_with_reels_selected_list TEXT);
CREATE TABLE reels (
    pk TEXT PRIMARY KEY, id TEXT, user_pk TEXT, code TEXT, taken_at INTEGER, comment_count INTEGER,
    like_count INTEGER, play_count INTEGER, video_duration REAL, thumbnail_url TEXT, video_url TEXT, caption TEXT,
    downloaded BOOLEAN, video_unavailable BOOLEAN, no_audio BOOLEAN, audio_type TEXT, audio_content TEXT,
    audio_content_short TEXT, caption_english TEXT, caption_english_short TEXT, model_description_text TEXT,
    model_description_processed TEXT, model_description_embeddings BLOB);
CREATE TABLE following (user_pk TEXT, following_pk TEXT, following_username TEXT);
CREATE TABLE requests (id INTEGER PRIMARY KEY, url TEXT, answer TEXT);
"""
# Tables of the study beside them; their types by those of their columns.
BESIDE = {"measures": MEASURES, "creator_measures": CREATOR_MEASURES}
TYPES = {pa.string(): "TEXT", pa.int64(): "INTEGER", pa.float64(): "REAL"}
OWN_COLUMNS = ("url", "profile_pic_url", "biography", "city_name")  # further columns that the database has a place for


def main(arguments: argparse.Namespace) -> None:
    creators = read_table(arguments.creators, CREATORS).to_pylist()
    reels = read_table(arguments.reels, REELS).to_pylist()
    follows = read_table(arguments.follows, FOLLOWS).to_pylist()
    clusters = {row["creator_id"]: row for row in read_table(arguments.clusters, CLUSTERS).to_pylist()}
    places = {row["creator_id"]: row for row in read_table(arguments.coordinates, COORDINATES).to_pylist()}
    videos = {
        row["reel_id"]: row["state"]
        for row in read_table(arguments.status, STATUS).to_pylist()
        if row["stage"] == "video" and row["reel_id"] is not None
    }
    selected: dict[str, list[str]] = defaultdict(list)
    for reel in reels:
        selected[reel["creator_id"]].append(reel["reel_id"])
    followed: dict[str, list[str]] = defaultdict(list)
    listed: dict[str, int] = defaultdict(int)
    for follow in follows:
        listed[follow["source_id"]] += 1
        if follow["in_cohort"] and selected[follow["target_id"]]:
            followed[follow["source_id"]].append(follow["target_id"])
    accounts = [
        account_row(
            creator, selected[creator["creator_id"]], followed[creator["creator_id"]], listed[creator["creator_id"]],
            clusters.get(creator["creator_id"], {}), places.get(creator["creator_id"], {}),
        )
        for creator in creators
    ]  # fmt: skip
    rows = {
        "instagram_accounts": accounts,
        "reels": [reel_row(reel, videos.get(reel["reel_id"])) for reel in reels],
        "following": [
            {"user_pk": row["source_id"], "following_pk": row["target_id"], "following_username": row["target_handle"]}
            for row in follows
        ],
        **{name: read_table(getattr(arguments, name), schema).to_pylist() for name, schema in BESIDE.items()},
    }
    write_database(arguments.output, rows)
    program.log.info("%s: %d accounts, %d reels, %d follows", arguments.output, len(accounts), len(reels), len(follows))


def account_row(
    creator: dict[str, Any],
    reels: list[str],
    followed: list[str],
    listed: int,
    cluster: dict[str, Any],
    place: dict[str, Any],
) -> dict[str, Any]:
    """A row of instagram_accounts."""
    following = creator["following"]
    if following is None and creator["follows_status"] == "complete":
        following = listed
    return {
        "insta_id": creator["creator_id"],
        "username": creator["handle"],
        "full_name": creator["full_name"],
        **{name: creator.get(name) for name in OWN_COLUMNS},
        "follower_count": creator["followers"],
        "following_count": following,
        "reels_selected_list": json.dumps(reels),
        "kmeans_cluster": cluster.get("kmeans_cluster"),
        "hdbscan_cluster": cluster.get("cluster"),
        "is_noise_point": None if cluster.get("cluster") is None else int(cluster["cluster"] < 0),
        "umap_x": place.get("umap_x"),
        "umap_y": place.get("umap_y"),
        "followed_creators_with_reels_selected_list": json.dumps(followed),
    }


def reel_row(reel: dict[str, Any], video: str | None) -> dict[str, Any]:
    """A row of the table reels; of speech and music it holds one, speech where there is some."""
    speech = reel["speech_en"] or reel["speech_text"]
    music = music_text(reel)
    vector = reel["embedding"]
    return {
        "pk": reel["reel_id"],
        "id": f"{reel['reel_id']}_{reel['creator_id']}",
        "user_pk": reel["creator_id"],
        "code": reel["code"],
        "taken_at": None if reel["taken_at"] is None else int(reel["taken_at"].timestamp()),
        "comment_count": reel["comments"],
        "like_count": reel["likes"],
        "play_count": reel["plays"],
        "video_duration": reel["duration_s"],
        "caption": reel["caption"],
        "downloaded": int(video == "ok"),
        "video_unavailable": int(video == "failed"),
        "no_audio": int(reel["audio_kind"] == "no_audio"),
        "audio_type": "speech" if speech else "music" if music else None,
        "audio_content": speech or music,
        "caption_english": reel["caption_en"],
        "model_description_text": reel["description_raw"],
        "model_description_processed": reel["description"],
        "model_description_embeddings": None if vector is None else np.asarray(vector, "<f4").tobytes(),
    }


def music_text(reel: dict[str, Any]) -> str | None:
    """Title, artist and genres as that study wrote them."""
    if not reel["music_title"]:
        return None
    artist = f" - {reel['music_artist']}" if reel["music_artist"] else ""
    genres = f" (genre: {reel['music_genres']})" if reel["music_genres"] else ""
    return f"{reel['music_title']}{artist}{genres}"


def write_database(path: Path, rows: dict[str, list[dict[str, Any]]]) -> None:
    """A new database with these tables, whole or not there."""
    with replacing(path) as temporary, closing(sqlite3.connect(temporary)) as database:
        database.executescript(SCHEMA)
        for name, schema in BESIDE.items():
            columns = ", ".join(f"{field.name} {TYPES[field.type]}" for field in schema)
            database.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({schema.names[0]}))")
        for table, found in rows.items():
            if found:
                names, marks = ", ".join(found[0]), ", ".join(f":{name}" for name in found[0])
                database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", found)  # noqa: S608 (names of ours)
        database.commit()


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    program.add_tables(parser, "creators", "reels", "follows", "status", "clusters", "coordinates", "measures")
    parser.add_argument("--creator-measures", type=Path, required=True, metavar="FILE", help="creator_measures.parquet")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="database to write")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
