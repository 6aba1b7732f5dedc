"""Descriptions by a model, pictures embedded beside them: a study with tiny models of its own, of the real classes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import tiny_models
from common.manifest import read_reels
from study import CHECKOUT, Study

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
