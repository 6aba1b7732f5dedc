"""Descriptions by a model, through the workflow: a study with a model of its own, tiny and of the real class."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

import tiny_models
from common.manifest import read_reels
from study import CHECKOUT, Study

VIDEOS = sorted((CHECKOUT / "data/demo/videos").glob("*/*.mp4"))
SETTINGS = {
    "models": {"directory": "models", "registry": "models.yaml"},
    "description": {
        "backend": "transformers", "model": "tiny-llava", "quantization": "nf4", "dtype": "float32",
        "max_new_tokens": 8, "prompt": "prompt.md",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory, fetched) -> Study:
    """Two creators with a reel each, and a tiny model put into the study's own folder of models by hand."""
    made = Study(tmp_path_factory.mktemp("described"))
    for number, handle in enumerate(("ada.synthetic", "bob.synthetic")):
        (made.folder / "videos" / handle).mkdir(parents=True)
        shutil.copy(VIDEOS[number * 7], made.folder / "videos" / handle / "film.mp4")
    (made.folder / "prompt.md").write_text("Known: {context}\nDescribe the style.\n")
    tiny_models.llava_next_video(made.folder / "models" / "tiny-llava")
    entry = {
        "repository": "nobody/tiny-llava", "licence": "none", "memory_mb": 10,
        "files": {path.name: None for path in sorted((made.folder / "models" / "tiny-llava").iterdir())},
    }  # fmt: skip
    (made.folder / "models.yaml").write_text(yaml.safe_dump({"models": {"tiny-llava": entry}}))
    (made.folder / "models" / "faster-whisper-base").symlink_to(fetched("faster-whisper-base"))
    made.configure(**SETTINGS, study={"batches": 1})
    return made


def test_a_model_of_the_studys_own_describes_its_reels(study: Study) -> None:
    said = study.run("descriptions")
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
    assert study.run("descriptions", "--dry-run").count("Nothing to be done") == 1


def test_another_prompt_describes_anew_and_touches_nothing_else(study: Study) -> None:
    (study.folder / "prompt.md").write_text("Known: {context}\nDescribe the mood.\n")
    planned = study.run("descriptions", "--dry-run")
    assert "describe_reels" in planned
    assert not [rule for rule in ("sample_frames", "prepare_context", "fetch_model") if f"rule {rule}:" in planned]
