"""Descriptions by a model, pictures embedded beside them: a study with tiny models of its own, of the real classes."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

import tiny_models
from common.manifest import read_reels
from study import CHECKOUT, Study, environment

VIDEOS = sorted((CHECKOUT / "data/demo/videos").glob("*/*.mp4"))
SETTINGS = {
    "description": {
        "backend": "transformers", "model": "tiny-llava", "quantization": "nf4", "dtype": "float32",
        "max_new_tokens": 8, "prompt": "prompt.md",
    },
    "embedding": {"modality": ["text", "image"], "image_model": "tiny-clip"},
}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory, fetched) -> Study:
    """Two creators with a reel each, and tiny models put into the study's own folder of models by hand."""
    made = Study(tmp_path_factory.mktemp("described"))
    for number, handle in enumerate(("ada.synthetic", "bob.synthetic")):
        (made.folder / "videos" / handle).mkdir(parents=True)
        shutil.copy(VIDEOS[number * 7], made.folder / "videos" / handle / "film.mp4")
    (made.folder / "prompt.md").write_text("Known: {context}\nDescribe the style.\n")
    models = made.own_models(
        {"tiny-llava": tiny_models.llava_next_video, "tiny-clip": tiny_models.clip},
        {name: fetched(name) for name in ("faster-whisper-base", "all-mpnet-base-v2")},
    )
    made.configure(**SETTINGS, models=models, study={"batches": 1})
    return made


def test_a_model_of_the_studys_own_describes_its_reels(study: Study) -> None:
    said = study.run()
    assert "describe_reels" in said
    assert "measure_reels" not in said
    rows = read_reels(study.folder / "results/description/0.parquet", "description")
    assert len(rows) == 2
    for row in rows.values():
        assert row.state == "ok"
        assert "tiny-llava@" in row.producer
        record = json.loads((study.folder / row.path).with_suffix(".json").read_text())
        assert record["quantization"] == "nf4"
        assert (study.folder / row.path).read_text().strip()
    assert study.run("--dry-run").count("Nothing to be done") == 1


def test_reels_that_a_model_describes_are_measured_in_the_same_frames(study: Study) -> None:
    measured = study.rows("tables/measures")
    assert [row["producer"].partition(" ")[0] for row in measured] == ["measure_reels"] * 2
    assert all(0 < row["light_lightness"] < 100 and row["cutting_shots"] >= 1 for row in measured)
    of_creators = {row["creator_id"]: row for row in study.rows("tables/creator_measures")}
    for row in measured:
        assert of_creators[row["creator_id"]]["light_lightness"] == row["light_lightness"]
        kept = json.loads((study.folder / file_of(study, row["reel_id"])).read_text())
        assert kept["light_range"] == row["light_range"]
    distinctions = study.rows("tables/distinctions")
    assert {row["verdict"] for row in distinctions} == {"not testable"}  # two creators
    assert not any(row["circular"] for row in distinctions)
    said = subprocess.run(
        ["python", CHECKOUT / "scripts/why.py", measured[0]["reel_id"]],
        cwd=study.folder, env=environment(), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "measures: ok by measure_reels" in said
    assert "it would be computed" not in said


def file_of(study: Study, reel: str) -> str:
    """The file of a reel's measures."""
    (path,) = [
        row["path"] for row in study.rows("tables/status") if (row["stage"], row["reel_id"]) == ("measures", reel)
    ]
    return str(path)


def test_texts_and_pictures_are_embedded_and_compared(study: Study) -> None:
    """The text is the chosen modality: its embeddings make the profiles."""
    status = study.rows("tables/status")
    for stage, length in (("embedding", 768), ("embedding/image", 48)):
        paths = [row["path"] for row in status if row["stage"] == stage]
        vectors = [np.load(study.folder / path) for path in paths]
        assert [vector.shape for vector in vectors] == [(length,)] * 2
    assert [len(row["profile"]) for row in study.rows("tables/creators")] == [768] * 2
    (compared,) = study.rows("tables/modalities")
    assert (compared["modality_a"], compared["modality_b"], compared["n_creators"]) == ("text", "image", 2)


def test_another_prompt_describes_anew_and_touches_nothing_else(study: Study) -> None:
    (study.folder / "prompt.md").write_text("Known: {context}\nDescribe the mood.\n")
    planned = study.run("descriptions", "--dry-run")
    assert "describe_reels" in planned
    assert not [rule for rule in ("sample_frames", "prepare_context", "fetch_model") if f"rule {rule}:" in planned]
