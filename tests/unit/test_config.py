"""The configuration: every mistake gets one message that names the key and the remedy; all study files parse."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from common.config import Config, ConfigError, parse_config, read_config
from study import CHECKOUT

STUDY_FILES = sorted(path for path in (CHECKOUT / "config").glob("*.yaml") if path.name != "models.yaml")


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as error:
        parse_config(yaml.safe_load(text), "study.yaml")
    message = str(error.value)
    assert all(line.startswith("study.yaml: ") for line in message.splitlines())
    return message


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("stdy: {}", "stdy", "study"),
        ("study: {bacthes: 4}", "study.bacthes", "batches"),
        ("source: {file: {}}", "source.file", "files"),
        ("source: {files: {video: here}}", "source.files.video", "videos"),
        ("transcript: {beamsize: 2}", "transcript.beamsize", "beam_size"),
        ("frames: {budget: [{up_to: null, up_to_s: null, frames: 6}]}", "frames.budget.0.up_to", "up_to_s"),
        ("cluster: {neighbors: 8}", "cluster.neighbors", "neighbours"),
    ],
)
def test_a_misspelt_key_gets_the_nearest_valid_one(text, key, meant):
    assert refused(text) == f"study.yaml: unknown key `{key}`: did you mean `{meant}`?"


def test_a_key_like_no_other_gets_the_list_of_valid_ones():
    message = refused("store: {xyzzy: 1}")
    assert "unknown key `store.xyzzy`: valid keys here: directory" in message


def test_all_problems_are_told_at_once():
    message = refused("study: {seed: [1]}\nmap: {neighbour: 3}\naudio: {timeout_s: 0}")
    assert len(message.splitlines()) == 3
    assert "`study.seed`" in message
    assert "`map.neighbour`" in message
    assert "`audio.timeout_s`" in message


@pytest.mark.parametrize(
    ("text", "key", "expected", "found"),
    [
        ("study: {batches: '8'}", "study.batches", "integer", "'8'"),
        ("study: {batches: 2.0}", "study.batches", "integer", "2.0"),
        ("study: {batches: true}", "study.batches", "integer", "True"),
        ("study: {name: 5}", "study.name", "string", "5"),
        ("study: {max_failed: 1.5}", "study.max_failed", "less than or equal to 1", "1.5"),
        ("study: {max_failed: true}", "study.max_failed", "number", "True"),
        ("transcript: {vad: 'yes please'}", "transcript.vad", "boolean", "'yes please'"),
        ("transcript: {temperatures: []}", "transcript.temperatures", "at least 1 item", "[]"),
        ("context: {languages: en}", "context.languages", "list", "'en'"),
        ("source: {files: {videos: null}}", "source.files.videos", "string", "None"),
        ("study: 5", "study", "dictionary", "5"),
        ("map: {metric: manhattan}", "map.metric", "'euclidean' or 'cosine'", "'manhattan'"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected_and_found(text, key, expected, found):
    message = refused(text)
    assert message.startswith(f"study.yaml: `{key}`: ")
    assert expected in message
    assert message.endswith(f"found {found}")


def test_a_missing_key_is_named():
    assert refused("frames: {budget: [{frames: 6}]}") == "study.yaml: `frames.budget.0.up_to_s` is missing"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select: {latest: 3, reels_per_creator: 5}", ("select.latest (3)", "select.reels_per_creator (5)")),
        ("cluster: {min_samples: 9, min_cluster_size: 8}", ("cluster.min_samples (9)", "cluster.min_cluster_size (8)")),
        ("frames: {budget: [{up_to_s: 9, frames: 6}]}", ("frames.budget", "up_to_s: null")),
        (
            "frames: {budget: [{up_to_s: 9, frames: 6}, {up_to_s: 5, frames: 8}, {up_to_s: null, frames: 9}]}",
            ("frames.budget", "must rise"),
        ),
    ],
)
def test_contradictions_name_both_sides(text, words):
    message = refused(text)
    assert len(message.splitlines()) == 1
    assert all(word in message for word in words)


def test_an_empty_section_has_its_defaults():
    assert parse_config(yaml.safe_load("study:\naudio:\nframes: {}\n"), "study.yaml") == Config()


@pytest.mark.parametrize("data", [None, [], "study", 3])
def test_a_file_that_is_no_mapping_is_refused(data):
    with pytest.raises(ConfigError, match=r"study.yaml: expected sections like `study:`"):
        parse_config(data, "study.yaml")


def test_the_defaults_are_valid_and_survive_being_written_out():
    written = yaml.safe_dump(Config().model_dump(mode="json"), allow_unicode=True)
    assert parse_config(yaml.safe_load(written), "defaults") == Config()


@pytest.mark.parametrize("path", STUDY_FILES, ids=lambda path: path.name)
def test_the_study_files_of_the_checkout_are_valid(path):
    config = read_config(path)
    written = yaml.safe_dump(config.model_dump(mode="json"), allow_unicode=True)
    assert parse_config(yaml.safe_load(written), path.name) == config


def test_the_demo_is_among_the_study_files():
    assert "demo.yaml" in [path.name for path in STUDY_FILES]
    demo = read_config(CHECKOUT / "config" / "demo.yaml")
    assert demo.study.synthetic
    assert Path(CHECKOUT / demo.source.files.videos).is_dir()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere.yaml: No such file"):
        read_config(tmp_path / "nowhere.yaml")
    (tmp_path / "torn.yaml").write_text("study: {name: 'x")
    with pytest.raises(ConfigError, match=r"torn.yaml: not YAML"):
        read_config(tmp_path / "torn.yaml")
    (tmp_path / "latin.yaml").write_bytes("study: {name: Café}".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.yaml: not YAML"):
        read_config(tmp_path / "latin.yaml")


def test_an_empty_file_is_a_study_with_all_defaults(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    assert read_config(tmp_path / "empty.yaml") == Config()


def test_whole_numbers_do_for_decimal_settings_and_mean_the_same():
    whole, decimal = (parse_config({"transcript": {"patience": value}}, "x").transcript for value in (1, 1.0))
    assert whole.result_settings() == decimal.result_settings()
    assert repr(whole.patience) == "1.0"


def test_settings_of_execution_are_no_part_of_a_result():
    settings = Config().frames.result_settings()
    assert "min_shot_s" in settings
    assert not {"timeout_s", "memory_mb"} & settings.keys()


def test_the_first_studys_policies_hold_for_handles_and_not_for_peoples_own_files():
    service = {"kind": "hikerapi", "snapshot": "2026-11-23"}
    assert parse_config({"source": service}, "x").select.min_followers == 10_000
    assert parse_config({"source": service}, "x").select.max_following == 1001
    assert parse_config({"source": service, "select": {"max_following": None}}, "x").select.max_following is None
    assert parse_config({"source": service, "select": None}, "x").select.min_followers == 10_000
    assert parse_config({}, "x").select.min_followers is None


def test_a_paid_source_needs_the_date_of_its_snapshot():
    assert "source.snapshot" in refused("source: {kind: hikerapi}")
    assert "source.snapshot" in refused("source: {kind: hikerapi, snapshot: today}")
    for text in ("2026-11-23", "'2026-11-23'"):
        found = parse_config(yaml.safe_load(f"source: {{kind: hikerapi, snapshot: {text}}}"), "x")
        assert found.source.snapshot == "2026-11-23"
