"""A real SLURM for the tests, and studies to run on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import tiny_models
from cluster_study import ClusterStudy
from slurm import Slurm, SlurmError, install
from study import Study, demo_handles, make_study


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    """A SLURM with a login node and two compute nodes; stopped at the end."""
    made = Slurm(tmp_path_factory.mktemp("slurm"))
    try:
        install()
        made.start()
    except SlurmError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no SLURM: {error}")
        pytest.skip(f"no SLURM: {error}")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def template(tmp_path_factory, fetched) -> Path:
    """A study of a few creators in one batch, all made but the descriptions; tests copy it.

    The model is tiny and takes its time. Each reel is described on its own, so that the texts do not depend on which
    reels a job that was killed had left.
    """
    study = make_study(tmp_path_factory.mktemp("template") / "study", demo_handles()[:4], reels=3)
    models = study.own_models(
        {"tiny-llava": lambda place: tiny_models.llava_next_video(place, window=4096)},
        {name: fetched(name) for name in ("faster-whisper-base", "all-mpnet-base-v2")},
    )
    study.configure(
        models=models,
        study={"batches": 1},
        description={
            "backend": "transformers", "model": "tiny-llava", "quantization": "none", "dtype": "float32",
            "batch_size": 1, "max_new_tokens": 500,
        },
    )  # fmt: skip
    study.run("results/frames/0.parquet", "results/context/0.parquet", "results/models/tiny-llava.json")
    return study.folder


@pytest.fixture
def study(tmp_path, template, slurm) -> ClusterStudy:
    """A study of a test's own, whose reels are ready to be described."""
    return ClusterStudy(shutil.copytree(template, tmp_path / "study", symlinks=True), slurm=slurm)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, template) -> dict[str, bytes]:
    """The descriptions where nothing goes wrong and no cluster is used."""
    study = Study(shutil.copytree(template, tmp_path_factory.mktemp("undisturbed") / "study", symlinks=True))
    study.run("descriptions")
    return study.descriptions()
