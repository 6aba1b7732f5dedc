"""Two studies never mix in one folder; a study that was renamed is told what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from common.belonging import check_belonging, record_belonging
from common.config import Config, ConfigError, parse_config


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


HIKERAPI = {
    "study": {"name": "Ferns"},
    "source": {"kind": "hikerapi", "snapshot": "2026-01-01"},
    "hikerapi": {"creators": "people.csv"},
}


def study(name: str = "Ferns", **source: object) -> Config:
    return parse_config({"study": {"name": name}, "source": source}, "study.yaml")


def run(config: Config) -> None:
    check_belonging(config)
    record_belonging(config)
    Path("results/creators").mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize(
    ("other", "shown"),
    [
        (study("Mosses"), "'Mosses' (source files: videos)"),
        (study(files={"videos": "moss/videos"}), "'Ferns' (source files: moss/videos)"),
        (study(kind="exports"), "'Ferns' (source exports: exports)"),
        (study(kind="inst2txt", inst2txt={"database": "x.db"}), "'Ferns' (source inst2txt: x.db)"),
        (study(kind="bundle"), "'Ferns' (source bundle: bundle)"),
        (parse_config(HIKERAPI, "x"), "'Ferns' (source hikerapi: people.csv)"),
    ],
)
def test_another_study_is_refused_with_both_names_and_the_remedy(other, shown):
    run(study())
    with pytest.raises(ConfigError) as error:
        run(other)
    said = str(error.value)
    assert f"{Path('results').absolute()} belongs to the study 'Ferns' (source files: videos)" in said
    assert f"this run is the study {shown}" in said
    assert "--directory FOLDER" in said
    assert "remove results/study.json and run again" in said


def test_the_same_study_goes_on_whatever_else_is_changed():
    run(study())
    run(study(files={"videos": "./videos/", "creators": "creators.csv"}))


def test_a_study_that_was_renamed_goes_on_once_the_record_is_removed():
    run(study())
    Path("results/study.json").unlink()
    run(study("Ferns and mosses"))
    with pytest.raises(ConfigError, match="belongs to the study 'Ferns and mosses'"):
        run(study())


def test_without_results_there_is_nothing_to_mix():
    run(study())
    shutil.rmtree("results")
    run(study("Mosses"))


def test_a_run_that_made_nothing_claims_nothing():
    record_belonging(study())
    run(study("Mosses"))


def test_results_of_an_earlier_version_belong_to_the_configuration_they_have():
    Path("results/tables").mkdir(parents=True)
    Path("results/config.yaml").write_text(yaml.safe_dump(study().model_dump(mode="json")))
    check_belonging(study())
    with pytest.raises(ConfigError, match=r"remove results/config\.yaml and run again"):
        check_belonging(study("Mosses"))


@pytest.mark.parametrize("content", ["", "{", "[]", "name: x", "\0"])
def test_a_record_that_cannot_be_read_is_none(content):
    run(study())
    Path("results/study.json").write_text(content)
    run(study("Mosses"))
