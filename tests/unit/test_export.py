"""Exports: other programs read them again, and nothing is lost or run that should not be."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import export_4cat
import export_csv
import export_embedding_atlas
import export_network
import export_sqlite
from common.config import Inst2txtSource, SelectSection
from common.parquet import build_table, write_table
from common.tables import (
    CLUSTER_NAMES,
    CLUSTERS,
    COORDINATES,
    CREATOR_MEASURES,
    CREATORS,
    EDGES,
    FOLLOWS,
    MEASURES,
    REELS,
    STATUS,
)
from sources.inst2txt import Inst2txtDatabase

HOSTILE = ["=HYPERLINK(1)", "<script>alert(1)</script>", "a\x00b\x0bc", "\u202eevil 🎬", "x" * 10_000, 'quo"te,\nline']
N = len(HOSTILE)


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=768)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def tables(tmp_path):
    """A study whose names and captions are hostile; the last creator has no reel, no profile and no place."""
    ids = [str(100 + n) for n in range(N)]
    creators = [
        {
            "creator_id": creator, "handle": f"user_{n}", "full_name": HOSTILE[n], "followers": 10 * n, "n_reels": 1,
            "following": None if n == 0 else 2, "follows_status": "complete", "n_embedded": int(n < N - 1),
            "profile": unit(n) if n < N - 1 else None, "biography": f"bio {n}",
            "age": 30 + n if n else None, "paid": n % 2 == 0, "joined": date(2024, 5, 1 + n), "start": f"at {n}",
        }
        for n, creator in enumerate(ids)
    ]  # fmt: skip
    reels = [
        {
            "reel_id": str(10**18 + n), "creator_id": creator, "code": f"C_{n}", "caption": HOSTILE[n],
            "taken_at": datetime(2024, 5, 17, 12, n, tzinfo=UTC), "plays": n, "likes": 2 * n, "comments": 0,
            "duration_s": 7.5, "caption_en": f"english {n}", "description_raw": f"A street, {n}.",
            "description": f"street {n}", "embedding": unit(n), "audio_kind": "no_audio" if n == 3 else None,
            "speech_en": "hello" if n == 1 else None, "music_title": "Blue" if n == 2 else None,
            "music_artist": "The Pigments" if n == 2 else None, "music_genres": "Pop" if n == 2 else None,
        }
        for n, creator in enumerate(ids[:-1])
    ]  # fmt: skip
    edges = [{"source_id": ids[n], "target_id": ids[(n + k) % N]} for n in range(N) for k in (1, 2)]
    handle = {creator["creator_id"]: creator["handle"] for creator in creators}
    follows = [edge | {"target_handle": handle[edge["target_id"]], "in_cohort": True} for edge in edges]
    made = {
        "creators": (creators, CREATORS),
        "reels": (reels, REELS),
        "edges": (edges, EDGES),
        "follows": (follows, FOLLOWS),
        "status": (
            [
                {"creator_id": r["creator_id"], "reel_id": r["reel_id"], "stage": "video", "state": "ok"}
                for r in reels
            ],
            STATUS,
        ),
        "coordinates": ([{"creator_id": c, "x": n / N, "y": 0.25, "umap_x": n / N, "umap_y": 0.25}
                         for n, c in enumerate(ids[:-1])], COORDINATES),
        "clusters": ([{"creator_id": c, "cluster": n % 2 - int(n == 4), "membership": 0.5, "kmeans_cluster": n % 3}
                      for n, c in enumerate(ids[:-1])], CLUSTERS),
        "names": ([{"cluster": k, "name": f"name {k}", "words": ["a", "b"], "weights": [0.5, 0.25], "central_reels": []}
                   for k in (0, 1)], CLUSTER_NAMES),
        "measures": ([{"reel_id": r["reel_id"], "creator_id": r["creator_id"], "light_lightness": 10.5 * n,
                       "motion_kind": "still", "cutting_shots": n, "producer": "measure_reels 1"}
                      for n, r in enumerate(reels)], MEASURES),
        "creator_measures": ([{"creator_id": c, "n_measured": 1, "light_lightness": 10.5 * n, "motion_kind": "still"}
                              for n, c in enumerate(ids[:-1])], CREATOR_MEASURES),
    }  # fmt: skip
    paths = {}
    for name, (rows, schema) in made.items():
        paths[name] = tmp_path / f"{name}.parquet"
        write_table(build_table(rows, schema, further=name == "creators"), paths[name])
    return paths


def run(program, monkeypatch, *arguments) -> None:
    monkeypatch.setattr("sys.argv", ["export", *map(str, arguments)])
    program.main(program.parse())


def options(tables: dict[str, Path], *names: str) -> list[object]:
    return [part for name in names for part in (f"--{name.replace('_', '-')}", tables[name])]


MEASURED = ("measures", "creator_measures")


def test_the_network_is_read_again_with_all_attributes_and_their_types(tables, tmp_path, monkeypatch):
    target = {"gexf": tmp_path / "n.gexf", "graphml": tmp_path / "n.graphml"}
    given = [*options(tables, "creators", "coordinates", "clusters", "names", "edges"), "--synthetic=true"]
    given += ["--measures", tables["creator_measures"]]
    run(export_network, monkeypatch, *given, "--gexf", target["gexf"], "--graphml", target["graphml"])
    for kind, path in target.items():
        graph = nx.read_gexf(path) if kind == "gexf" else nx.read_graphml(path)
        assert graph.is_directed()
        assert (graph.number_of_nodes(), graph.number_of_edges()) == (N, 2 * N)
        assert graph.has_edge("100", "101")
        first, last = graph.nodes["101"], graph.nodes[str(100 + N - 1)]
        assert (first["handle"], first["followers"], first["cluster"], first["cluster_name"]) == (
            "user_1",
            10,
            1,
            "name 1",
        )
        assert (first["x"], first["y"], first["membership"]) == (pytest.approx(1 / N), 0.25, 0.5)
        assert [graph.nodes[str(100 + n)]["full_name"] for n in (0, 1, 3, 4)] == [HOSTILE[n] for n in (0, 1, 3, 4)]
        assert graph.nodes["102"]["full_name"] == "a\ufffdb\ufffdc"
        assert "x" not in last
        assert "cluster" not in last
        assert graph.nodes["104"]["cluster_name"] == "no cluster"
        assert (first["light_lightness"], first["motion_kind"]) == (10.5, "still")
        assert "light_lightness" not in last
        assert (first["age"], first["paid"], first["joined"], first["own_start"]) == (31, False, "2024-05-02", "at 1")
        assert "age" not in graph.nodes["100"]
    position = nx.read_gexf(target["gexf"]).nodes["101"]["viz"]["position"]
    assert (position["x"], position["y"]) == (pytest.approx(1000 / N), 250.0)
    assert "synthetic data" in target["gexf"].read_text()
    before = {path: path.read_bytes() for path in target.values()}
    run(export_network, monkeypatch, *given, "--gexf", target["gexf"], "--graphml", target["graphml"])
    assert before == {path: path.read_bytes() for path in target.values()}


def test_csv_has_every_column_but_vectors_and_no_formulas(tables, tmp_path, monkeypatch):
    run(export_csv, monkeypatch, "--tables", *tables.values(), "--output", tmp_path / "csv")
    creators = pd.read_csv(tmp_path / "csv/creators.csv", dtype={"creator_id": str}, keep_default_na=False)
    assert creators["full_name"].tolist() == [f"'{HOSTILE[0]}", *HOSTILE[1:]]
    assert list(creators) == [name for name in pq.read_table(tables["creators"]).column_names if name != "profile"]
    reels = pd.read_csv(tmp_path / "csv/reels.csv", dtype={"reel_id": str})
    assert reels["reel_id"].tolist() == [str(10**18 + n) for n in range(N - 1)]
    assert reels["taken_at"][1] == "2024-05-17T12:01:00+00:00"
    assert "embedding" not in reels
    names = pd.read_csv(tmp_path / "csv/names.csv")
    assert json.loads(names["words"][0]) == ["a", "b"]
    assert json.loads(names["weights"][0]) == [0.5, 0.25]


@pytest.mark.parametrize("name", ["-wJalrXUtnF", "@fern", "=1.5", "+49_fern", "_-", "--"])
def test_csv_has_ids_as_the_tables_have_them(name):
    rows = [{"source_id": name, "target_id": "moss", "target_handle": name}]
    (line,) = csv.DictReader(io.StringIO(export_csv.as_csv(build_table(rows, FOLLOWS))))
    assert (line["source_id"], line["target_handle"]) == (name, name)


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x.example";"1")', "=cmd|'/C calc'!A0", "\t=1", "-1 (x)"])
def test_csv_has_no_id_that_runs_as_a_formula(name):
    (line,) = csv.DictReader(io.StringIO(export_csv.as_csv(build_table([{"source_id": name}], FOLLOWS)), newline=""))
    assert line["source_id"] == f"'{name}"


def test_the_first_studys_database_is_read_again_by_the_importer(tables, tmp_path, monkeypatch):
    path = tmp_path / "export" / "instagram_data.db"
    given = options(tables, "creators", "reels", "follows", "status", "clusters", "coordinates", *MEASURED)
    run(export_sqlite, monkeypatch, *given, "--output", path)
    first = path.read_bytes()
    run(export_sqlite, monkeypatch, *given, "--output", path)
    assert path.read_bytes() == first
    source = Inst2txtDatabase(Inst2txtSource(database=str(path)))
    read = {creator.creator_id: creator for creator in source.collect(list(source.members()), SelectSection())}
    originals = pq.read_table(tables["creators"]).to_pylist()
    assert sorted(read) == [row["creator_id"] for row in originals]
    for row in originals:
        again = read[row["creator_id"]]
        assert (again.handle, again.facts["followers"], again.follows_status) == (
            row["handle"],
            row["followers"],
            "complete",
        )
        assert (again.facts["full_name"], again.facts["biography"]) == (row["full_name"], row["biography"])
        assert len(again.follows) == 2
    reels = {reel.reel_id: reel for creator in read.values() for reel in creator.reels}
    for row in pq.read_table(tables["reels"]).to_pylist():
        again = reels[row["reel_id"]]
        assert again.outcome.state == "ok"
        kept = ("caption", "plays", "likes", "comments", "duration_s", "code")
        assert {name: again.facts[name] for name in kept} == {name: row[name] for name in kept}
        assert datetime.fromisoformat(again.facts["taken_at"]) == row["taken_at"]
        assert again.imported["description"].files[".txt"].decode().strip() == row["description_raw"]
        assert again.imported["embedding"].files[".txt"].decode().strip() == row["description"]
    assert reels[str(10**18 + 2)].facts["music_artist"] == "The Pigments"
    assert json.loads(reels[str(10**18 + 1)].imported["transcript"].files[".json"])["text_en"] == "hello"
    assert reels[str(10**18 + 3)].imported["transcript"].outcome.reason == "no_audio"


def test_queries_of_the_first_study_still_work(tables, tmp_path, monkeypatch):
    path = tmp_path / "instagram_data.db"
    run(
        export_sqlite, monkeypatch, "--output", path,
        *options(tables, "creators", "reels", "follows", "status", "clusters", "coordinates", *MEASURED),
    )  # fmt: skip
    with closing(sqlite3.connect(path)) as database:
        inside = database.execute(
            "SELECT COUNT(*) FROM following f JOIN instagram_accounts a ON a.insta_id = f.user_pk "
            "JOIN instagram_accounts b ON b.insta_id = f.following_pk WHERE a.hdbscan_cluster = b.hdbscan_cluster "
            "AND NOT a.is_noise_point"
        ).fetchone()[0]
        vector = database.execute("SELECT model_description_embeddings FROM reels ORDER BY pk").fetchone()[0]
        selected = database.execute(
            "SELECT reels_selected_list, followed_creators_with_reels_selected_list, umap_x FROM instagram_accounts"
        ).fetchone()
        assert database.execute("SELECT COUNT(*) FROM requests").fetchone() == (0,)
        measured = database.execute(
            "SELECT r.code, m.light_lightness, m.cutting_shots, c.motion_kind, m.motion_kind FROM reels r "
            "JOIN measures m ON m.reel_id = r.pk JOIN creator_measures c ON c.creator_id = r.user_pk ORDER BY r.pk"
        ).fetchall()
    assert measured == [(f"C_{n}", 10.5 * n, n, "still", "still") for n in range(N - 1)]
    labels = {row["creator_id"]: row["cluster"] for row in pq.read_table(tables["clusters"]).to_pylist()}
    edges = pq.read_table(tables["edges"]).to_pylist()
    pairs = [(labels.get(edge["source_id"]), labels.get(edge["target_id"])) for edge in edges]
    assert inside == sum(a == b and a is not None and a >= 0 for a, b in pairs) > 0
    assert np.array_equal(np.frombuffer(vector, np.float32), unit(0))
    assert json.loads(selected[0]) == [str(10**18)]
    assert json.loads(selected[1]) == ["101", "102"]
    assert selected[2] == 0.0


def test_embedding_atlas_finds_places_neighbours_and_texts(tables, tmp_path, monkeypatch):
    """Columns as its command line asks for them: --x, --y, --text, and --neighbors with row numbers and distances."""
    reels, creators = tmp_path / "r.parquet", tmp_path / "c.parquet"
    given = options(tables, "reels", "creators", "coordinates", "clusters", "names", *MEASURED)
    run(export_embedding_atlas, monkeypatch, *given, "--output-reels", reels, "--output-creators", creators)
    rows = pq.read_table(reels).to_pylist()
    assert len(rows) == N - 1
    vectors = np.stack([unit(n) for n in range(N - 1)]).astype(np.float64)
    for number, row in enumerate(rows):
        assert 0 <= row["x"] <= 1
        assert row["neighbors"]["ids"][0] == number
        second = row["neighbors"]["ids"][1]
        assert second == np.argsort(-vectors[number] @ vectors.T)[1]
        assert row["neighbors"]["distances"][1] == pytest.approx(1 - vectors[number] @ vectors[second], abs=1e-5)
        assert (row["description"], row["handle"], row["cluster_name"]) == (
            f"street {number}", f"user_{number}", "no cluster" if number == 4 else f"name {number % 2}",
        )  # fmt: skip
    placed = pq.read_table(creators).to_pylist()
    assert [(row["creator_id"], row["x"]) for row in placed] == [
        (str(100 + n), pytest.approx(n / N)) for n in range(N - 1)
    ]
    assert "profile" not in placed[0]
    assert [row["light_lightness"] for row in placed] == [row["light_lightness"] for row in rows]
    assert (rows[2]["light_lightness"], rows[2]["cutting_shots"], placed[2]["age"]) == (21.0, 2, 32)


def test_a_study_without_an_embedded_reel_has_empty_maps(tables, tmp_path, monkeypatch):
    bare = pq.read_table(tables["reels"]).slice(0, 0)
    write_table(bare, tables["reels"])
    write_table(pq.read_table(tables["coordinates"]).slice(0, 0), tables["coordinates"])
    reels, creators = tmp_path / "r.parquet", tmp_path / "c.parquet"
    given = options(tables, "reels", "creators", "coordinates", "clusters", "names", *MEASURED)
    run(export_embedding_atlas, monkeypatch, *given, "--output-reels", reels, "--output-creators", creators)
    assert (pq.read_table(reels).num_rows, pq.read_table(creators).num_rows) == (0, 0)


def test_4cat_takes_the_reels_back(tables, tmp_path, monkeypatch):
    target = tmp_path / "4cat.csv"
    run(export_4cat, monkeypatch, *options(tables, "reels", "creators", "clusters", "names"), "--output", target)
    # As 4CAT's custom upload reads a file: it guesses the dialect, and asks for these columns.
    text = target.read_bytes().decode()
    reader = csv.DictReader(io.StringIO(text, newline=""), dialect=csv.Sniffer().sniff(text, delimiters=",;\t"))
    rows = list(reader)
    assert reader.fieldnames[:5] == ["id", "thread_id", "author", "body", "timestamp"]
    assert all(None not in row and None not in row.values() for row in rows), "each row has its cells"
    assert [row["body"] for row in rows] == [
        "'=HYPERLINK(1)", "<script>alert(1)</script>", "ab\x0bc", "\u202eevil 🎬", "x" * 10_000,
    ]  # fmt: skip
    first = rows[0]
    assert (first["id"], first["author"], first["timestamp"]) == (str(10**18), "user_0", "2024-05-17 12:00:00")
    assert (first["plays"], first["likes"], first["description"]) == ("0", "0", "street 0")
    assert [(row["cluster"], row["cluster_name"]) for row in rows] == [
        ("0", "name 0"), ("1", "name 1"), ("0", "name 0"), ("1", "name 1"), ("-1", ""),
    ]  # fmt: skip
    assert rows[2]["music_name"] == "Blue"
    assert rows[1]["speech_en"] == "hello"
    # 4CAT changes columns that begin with `author` where it makes pseudonyms: no other one names a creator.
    elsewhere = {name: value for name, value in first.items() if not name.startswith("author")}
    assert not any("user_0" in str(value) for value in elsewhere.values())


def test_quotation_marks_in_a_text_break_no_row_of_4cats():
    caption = 'say "no", then\n"go"; \t"stop",""'
    reel = dict.fromkeys(REELS.names) | {"reel_id": "1", "creator_id": "a", "caption": caption}
    creator = dict.fromkeys(CREATORS.names) | {"creator_id": "a", "handle": "ada"}
    text = export_4cat.as_4cat([reel] * 3, [creator], [], {})
    rows = list(csv.DictReader(io.StringIO(text, newline=""), dialect=csv.Sniffer().sniff(text, delimiters=",;\t")))
    assert [row["body"] for row in rows] == ["say 'no', then\n'go'; \t'stop',''"] * 3
    assert {(row["id"], row["cluster"], row["timestamp"]) for row in rows} == {("1", "", "")}
