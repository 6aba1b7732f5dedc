"""build_tables and gather_reels on a small results folder, of which the first stage is collect_creators' own work."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import build_tables
import check_coverage
import collect_creators
import gather_reels
from analysis.profiles import add_profiles
from common.files import file_sha256
from common.handles import batch_of
from common.manifest import Row, file_stem, read_reels, write_manifest
from common.own_folder import MARKER
from common.parquet import read_table
from common.program import UserError
from common.tables import COVERAGE, CREATORS, EDGES, FOLLOWS, REELS

BATCHES = ["0", "1"]
DIMENSIONS = 4
STAGES = ["creators", "video", "transcript", "context", "description", "embedding/text"]
VECTORS = {"ada": [[1, 0, 0, 0], [0, 1, 0, 0]], "bob": [[0, 0, 1, 0]], "eve": [[0, 0, 0, 1]] * 2, "zoë": [None]}


@pytest.fixture(autouse=True)
def study(tmp_path, monkeypatch):
    """Four creators with one or two reels; zoë's only reel was described and could not be embedded; sam has no reel."""
    monkeypatch.chdir(tmp_path)
    reels = ["handle;file;reel_id;caption;taken_at;plays;views;url"]
    for handle, vectors in VECTORS.items():
        for number in range(len(vectors)):
            path = Path("videos") / handle / f"{number}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{handle} {number}".encode())
            reels.append(
                f"{handle};{number}.mp4;{handle} {number};hello;2024-05-31;{number + 7};{number};https://x.y/{number}"
            )
    Path("reels.csv").write_text("\n".join(reels))
    Path("creators.csv").write_text("handle,followers,city\nAda,10,Oslo\nsam,5,\n")
    Path("follows.csv").write_text("source,target\nada,Bob\nada,stranger\nbob,ada\nbob,ADA\nzoë,bob\nbob,bob\n")
    for batch in BATCHES:
        options = ["--creators=creators.csv", "--reels=reels.csv", "--follows=follows.csv"]
        manifest = Path(f"results/creators/{batch}.parquet")
        collect_creators.main(
            collect_creators.parse([f"--batch={batch}", "--batches=2", f"--manifest={manifest}", *options])
        )
        later_stages(batch, read_reels(manifest, "creators"))


def later_stages(batch: str, reels: dict[str, Row]) -> None:
    rows: dict[str, list[Row]] = {stage: [] for stage in STAGES[1:]}
    for reel, source in reels.items():
        handle, number = reel.rsplit(" ", 1)

        def made(
            stage: str, suffix: str, content: str | bytes, beside: dict[str, str] | None = None, row: Row = source
        ) -> None:
            folder = Path("results") / stage / batch
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{file_stem(str(row.reel_id))}{suffix}"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            for other, text in (beside or {}).items():
                path.with_suffix(other).write_text(text)
            about = (
                row.creator_id,
                row.reel_id,
                stage.removesuffix("/text"),
                "ok",
                None,
                None,
                str(path),
                file_sha256(path),
            )
            rows[stage].append(Row(*about, f"{stage} 1"))

        made("video", ".mp4", "film", {".json": json.dumps({"duration_s": 6.5, "audio_codec": "aac"})})
        if handle == "ada":
            made("transcript", ".json", "{}")
        else:
            rows["transcript"].append(Row(source.creator_id, reel, "transcript", "skipped", "no_speech"))
        speech = {"speech_language": "es", "speech_text": "hola", "speech_en": "hello"} if handle == "ada" else {}
        made(
            "context", ".json", json.dumps({"caption_language": "en", "caption_en": "hello", "context": "c", **speech})
        )
        made("description", ".txt", f"The video shows {reel}.\n", {".json": "{}"})
        vector = VECTORS[handle][int(number)]
        if vector is None:
            rows["embedding/text"].append(Row(source.creator_id, reel, "embedding", "failed", "no_text"))
        else:
            path = Path("vector.npy")
            np.save(path, np.array(vector, np.float32))
            made("embedding/text", ".npy", path.read_bytes(), {".txt": f"{reel}.\n"})
    for stage, found in rows.items():
        write_manifest(found, Path(f"results/{stage}/{batch}.parquet"))


def build() -> dict[str, list[dict[str, Any]]]:
    check_coverage.main(check_coverage.parse([
        "--stages", *STAGES, "--batches", *BATCHES, "--max-failed=1",
        "--status=results/tables/status.parquet", "--coverage=results/tables/coverage.parquet",
    ]))  # fmt: skip
    build_tables.main(build_tables.parse(["--status=results/tables/status.parquet", "--batches", *BATCHES]))
    schemas = {"reels": REELS, "creators": CREATORS, "follows": FOLLOWS, "edges": EDGES}
    return {
        name: read_table(Path(f"results/tables/{name}.parquet"), schema).to_pylist() for name, schema in schemas.items()
    }


def test_the_creators_are_spread_over_both_batches():
    assert {batch_of(handle, 2) for handle in VECTORS} == {0, 1}


def test_every_selected_reel_has_a_row_with_what_each_stage_found():
    reels = {reel["reel_id"]: reel for reel in build()["reels"]}
    assert list(reels) == ["ada 0", "ada 1", "bob 0", "eve 0", "eve 1", "zoë 0"]
    ada = reels["ada 1"]
    vector = ada.pop("embedding")
    assert vector == [0, 1, 0, 0]
    known = {name: value for name, value in ada.items() if value is not None and not name.endswith("_producer")}
    assert known == {
        "reel_id": "ada 1", "creator_id": "ada", "url": "https://x.y/1", "taken_at": datetime(2024, 5, 31, tzinfo=UTC),
        "duration_s": 6.5, "plays": 8, "views": 1, "caption": "hello", "caption_language": "en", "caption_en": "hello",
        "audio_kind": "speech", "speech_language": "es", "speech_text": "hola", "speech_en": "hello", "context": "c",
        "description_raw": "The video shows ada 1.", "description": "ada 1.",
    }  # fmt: skip
    assert ada["description_producer"] == "description 1"
    assert ada["embedding_producer"] == "embedding/text 1"
    assert reels["bob 0"]["audio_kind"] == "no_speech"
    assert reels["bob 0"]["speech_text"] is None


def test_a_reel_that_failed_late_has_a_row_with_what_there_is():
    zoe = build()["reels"][-1]
    assert zoe["description_raw"] == "The video shows zoë 0."
    assert zoe["description"] is None
    assert zoe["embedding"] is None


def test_a_profile_is_the_mean_of_the_unit_vectors_and_its_spread_their_distance_to_it():
    creators = {creator["creator_id"]: creator for creator in build()["creators"]}
    assert list(creators) == ["ada", "bob", "eve", "sam", "zoë"]
    assert creators["ada"]["profile"] == [0.5, 0.5, 0, 0]
    # Both vectors are 45 degrees from their mean.
    assert creators["ada"]["profile_spread"] == pytest.approx(1 - np.sqrt(0.5))
    assert creators["eve"]["profile"] == [0, 0, 0, 1]
    assert creators["eve"]["profile_spread"] == pytest.approx(0)
    assert creators["bob"]["profile"] == [0, 0, 1, 0]
    assert creators["bob"]["profile_spread"] is None
    assert creators["zoë"]["profile"] is None
    counts = {handle: (creator["n_reels"], creator["n_embedded"]) for handle, creator in creators.items()}
    assert counts == {"ada": (2, 2), "bob": (1, 1), "eve": (2, 2), "sam": (0, 0), "zoë": (1, 0)}


def test_opposite_vectors_have_a_profile_and_no_spread():
    creators = [{"creator_id": "a"}]
    reels = [{"creator_id": "a", "embedding": np.array(vector, np.float32)} for vector in ([1, 0], [-1, 0])]
    add_profiles(creators, reels, 3)
    assert creators[0]["profile"].tolist() == [0, 0]
    assert "profile_spread" not in creators[0]


def test_what_the_creators_file_says_is_kept():
    creators = {creator["creator_id"]: creator for creator in build()["creators"]}
    assert (creators["ada"]["handle"], creators["ada"]["followers"], creators["ada"]["city"]) == ("Ada", 10, "Oslo")
    assert creators["eve"]["city"] is None
    assert {handle: creator["follows_status"] for handle, creator in creators.items()} == {
        "ada": "complete", "bob": "complete", "eve": "unfetched", "sam": "unfetched", "zoë": "complete",
    }  # fmt: skip


def test_follows_say_who_is_in_the_cohort_and_edges_are_those_inside():
    tables = build()
    follows = [
        (row["source_id"], row["target_id"], row["target_handle"], row["in_cohort"]) for row in tables["follows"]
    ]
    assert follows == [
        ("ada", "bob", "Bob", True),
        ("ada", "stranger", "stranger", False),
        ("bob", "ada", "ada", True),
        ("zoë", "bob", "bob", True),
    ]
    edges = [(row["source_id"], row["target_id"]) for row in tables["edges"]]
    assert edges == [("ada", "bob"), ("bob", "ada"), ("zoë", "bob")]


def test_the_tables_have_the_same_bytes_each_time():
    build()
    first = {path.name: path.read_bytes() for path in Path("results/tables").iterdir()}
    BATCHES.reverse()
    try:
        build()
    finally:
        BATCHES.reverse()
    assert {path.name: path.read_bytes() for path in Path("results/tables").iterdir()} == first


def test_a_listed_file_that_is_gone_is_an_error():
    (gone,) = Path("results/context").rglob(f"{file_stem('zoë 0')}.json")
    gone.unlink()
    with pytest.raises(UserError, match=r"reel zoë 0 of stage context is listed as made.*--stage context"):
        build()


def test_the_tables_are_those_of_the_first_modality():
    for batch in BATCHES:
        texts = read_reels(Path(f"results/embedding/text/{batch}.parquet"), "embedding")
        write_manifest(
            [replace(row, stage="embedding/text") for row in texts.values()],
            Path(f"results/embedding/text/{batch}.parquet"),
        )
        pictures = []
        for row in read_reels(Path(f"results/description/{batch}.parquet"), "description").values():
            path = Path("results/embedding/image") / batch / f"{file_stem(str(row.reel_id))}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, np.array([0.6, 0.8], np.float32))
            made_of = {"path": str(path), "sha256": file_sha256(path), "producer": "image 1"}
            pictures.append(replace(row, stage="embedding", **made_of))
        write_manifest(pictures, Path(f"results/embedding/image/{batch}.parquet"))

    def tables(*texts: str) -> dict[str, list[dict[str, Any]]]:
        check_coverage.main(check_coverage.parse([
            "--stages", *STAGES[:-1], "embedding/image", *texts, "--batches", *BATCHES, "--max-failed=1",
            "--status=results/tables/status.parquet", "--coverage=results/tables/coverage.parquet",
        ]))  # fmt: skip
        options = ["--status=results/tables/status.parquet", "--modality=image", "--batches", *BATCHES]
        build_tables.main(build_tables.parse(options))
        schemas = {"reels": REELS, "creators": CREATORS, "coverage": COVERAGE}
        return {
            name: read_table(Path(f"results/tables/{name}.parquet"), made).to_pylist() for name, made in schemas.items()
        }

    made = tables("embedding/text")
    reels = {reel["reel_id"]: reel for reel in made["reels"]}
    assert {tuple(np.round(reel["embedding"], 6)) for reel in reels.values()} == {(0.6, 0.8)}
    assert {reel["embedding_producer"] for reel in reels.values()} == {"image 1"}
    assert reels["ada 1"]["description"] == "ada 1."  # as it was embedded
    assert reels["zoë 0"]["description"] is None  # it could not be embedded
    assert {creator["n_embedded"] for creator in made["creators"] if creator["n_reels"]} == {1, 2}
    counted = {(row["stage"], row["state"]): row["reels"] for row in made["coverage"] if "embedding" in row["stage"]}
    assert counted == {("embedding", "ok"): 6, ("embedding/text", "ok"): 5, ("embedding/text", "failed"): 1}
    assert {"embedding.npy", "embedding-text.npy", "embedding-text.txt"} <= gather()[file_stem("ada 0")]
    # Without any text embedded, the description is cleaned as it would have been.
    assert {reel["description"] for reel in tables()["reels"]} == {f"{reel[0].upper()}{reel[1:]}." for reel in reels}


def test_manifests_of_different_runs_are_an_error():
    batch = batch_of("bob", 2)
    path = Path(f"results/creators/{batch}.parquet")
    write_manifest([row for row in read_reels(path, "creators").values() if row.creator_id != "bob"], path)
    with pytest.raises(UserError, match="reel bob 0 is in stage context but not among the collected reels"):
        build()


def gather() -> dict[str, set[str]]:
    gather_reels.list_by_stem.cache_clear()
    gather_reels.main(gather_reels.parse(["--status=results/tables/status.parquet"]))
    return {folder.name: {path.name for path in folder.iterdir()} for folder in Path("results/reels").glob("[!.]*")}


def test_each_reel_has_a_folder_of_links_to_all_of_its_files():
    build()
    found = gather()
    assert set(found) == {
        file_stem(f"{handle} {n}") for handle, vectors in VECTORS.items() for n in range(len(vectors))
    }
    assert found[file_stem("ada 0")] == {
        "creators.json", "video.mp4", "video.json", "transcript.json", "context.json", "description.txt",
        "description.json", "embedding.npy", "embedding.txt",
    }  # fmt: skip
    assert "embedding.npy" not in found[file_stem("zoë 0")]
    for link in Path("results/reels").rglob("*.*"):
        if link.is_symlink():
            assert link.exists()
            assert not link.readlink().is_absolute()
    assert Path(f"results/reels/{file_stem('zoë 0')}/description.txt").read_text() == "The video shows zoë 0.\n"


def test_links_survive_the_move_of_a_study_and_old_folders_go():
    build()
    gather()
    old = Path("results/reels/of_yesterday/video.mp4")
    old.parent.mkdir()
    old.symlink_to("nowhere")
    with (old.parents[1] / MARKER).open("a") as marker:
        marker.write("of_yesterday/video.mp4\n")
    assert "of_yesterday" not in gather()
    Path("results").rename("elsewhere")
    links = [link for link in Path("elsewhere/reels").rglob("*.*") if link.is_symlink()]
    assert links
    assert all(link.exists() for link in links)
