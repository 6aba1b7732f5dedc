"""The tables of measures: of every reel with frames, whoever describes it, and of each creator's reels together."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

import measure_reels
from common.columns import measured_columns
from common.files import file_sha256
from common.manifest import Row, read_reels, write_manifest
from common.parquet import build_table
from common.tables import CREATOR_MEASURES, MEASURES
from tabulation.measures import creator_measures, reel_measures

GREYS = {"ada 0": 40, "ada 1": 200, "bob 0": 128}


@pytest.fixture
def frames(tmp_path, monkeypatch) -> Path:
    """The manifest of three reels of one grey frame each."""
    monkeypatch.chdir(tmp_path)
    Path("frames").mkdir()
    rows = []
    for number, (reel, grey) in enumerate(GREYS.items()):
        path = Path(f"frames/{number}.zip")
        facts = {
            "duration_s": 2.0, "frames": [{"file": "00.jpg", "time_s": 0.5}],
            "shots": [{"start_s": 0.0, "end_s": 2.0}], "motion": [],
        }  # fmt: skip
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("00.jpg", cv2.imencode(".jpg", np.full((64, 48, 3), grey, np.uint8))[1].tobytes())
            packed.writestr("frames.json", json.dumps(facts))
        rows.append(Row(reel[:3], reel, "frames", "ok", None, None, str(path), file_sha256(path), "sample_frames 2"))
    write_manifest(rows, Path("frames.parquet"))
    return Path("frames.parquet")


def run(frames: Path, stage: str) -> dict[str, Row]:
    manifest = Path(f"{stage}.parquet")
    options = ["--frames", str(frames), "--manifest", str(manifest), "--workers=1", "--store=store"]
    measure_reels.main(measure_reels.parse(["--stage", stage, *options]))
    return read_reels(manifest, stage)


def test_frames_that_a_model_describes_are_measured_as_those_that_are_described_by_measures(frames):
    """The same numbers from the stage of its own as from beside a measured description, and no words."""
    found = {stage: run(frames, stage) for stage in ("description", "measures")}
    tables = [
        build_table([reel_measures(reel, reel[:3], {stage: row}) for reel, row in rows.items()], MEASURES)
        for stage, rows in found.items()
    ]
    assert tables[0].equals(tables[1])
    by_reel = {row["reel_id"]: row for row in tables[0].to_pylist()}
    assert by_reel["ada 0"]["light_lightness"] < 20 < 60 < by_reel["ada 1"]["light_lightness"]
    assert by_reel["bob 0"]["cutting_shots"] == 1
    assert by_reel["bob 0"]["palette_1_name"] is not None
    assert by_reel["bob 0"]["palette_2_name"] is None  # of one colour
    assert not list(Path("measures").glob("*.txt"))


@pytest.mark.parametrize("damage", ["torn", "a frame is missing", "a frame is no picture", "no facts"])
def test_frames_that_cannot_be_read_are_corrupt_for_the_measures_too(frames, damage):
    with zipfile.ZipFile("frames/0.zip") as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    if damage == "a frame is no picture":
        content["00.jpg"] = b"no picture"
    else:
        del content["frames.json" if damage == "no facts" else "00.jpg"]
    with zipfile.ZipFile("frames/0.zip", "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)
    if damage == "torn":
        Path("frames/0.zip").write_bytes(Path("frames/0.zip").read_bytes()[:100])
    rows = run(frames, "measures")
    assert {(row.state, row.reason) for reel, row in rows.items() if reel == "ada 0"} == {("failed", "corrupt")}
    assert {row.state for reel, row in rows.items() if reel != "ada 0"} == {"ok"}


def test_a_model_s_answer_is_no_measures_and_a_reel_without_frames_has_a_row_of_nulls(tmp_path):
    answer = tmp_path / "a.txt"
    answer.write_text("A street at dusk.")
    answer.with_suffix(".json").write_text('{"state": "ok", "input_tokens": 5}')
    described = Row("ada", "1", "description", "ok", None, None, str(answer), "0", "describe_reels 1; llava@0")
    lost = Row("ada", "1", "measures", "failed", "no_input", "video: corrupt")
    for stages in ({"description": described}, {"description": described, "measures": lost}, {}):
        (row,) = build_table([reel_measures("1", "ada", stages)], MEASURES).to_pylist()
        assert {name for name, value in row.items() if value is not None} == {"reel_id", "creator_id"}


def test_a_creator_has_mean_and_spread_of_numbers_and_the_most_frequent_word():
    light = [{"light_lightness": value} for value in (10.0, 20.0, 60.0)]
    kinds = [{"motion_kind": kind} for kind in ("still", "inside", "still")]
    reels = [{"creator_id": "ada", "producer": "x"} | one | two for one, two in zip(light, kinds, strict=True)]
    reels += [{"creator_id": "bob", "producer": "x", "light_lightness": 7.0, "motion_kind": "zoom in"}]
    reels += [{"creator_id": "ada", "producer": None}]  # without frames
    table = build_table(creator_measures(["ada", "bob", "eve"], reels), CREATOR_MEASURES)
    ada, bob, eve = table.to_pylist()
    assert (ada["n_measured"], bob["n_measured"], eve["n_measured"]) == (3, 1, 0)
    assert (ada["light_lightness"], ada["light_lightness_sd"]) == (30.0, pytest.approx(np.std([10, 20, 60], ddof=1)))
    assert (ada["motion_kind"], ada["motion_kind_share"]) == ("still", pytest.approx(2 / 3))
    assert (bob["light_lightness"], bob["light_lightness_sd"], bob["motion_kind"]) == (7.0, None, "zoom in")
    assert eve["light_lightness"] is None
    assert eve["motion_kind"] is None


def test_every_measure_of_a_reel_is_one_of_its_creator():
    assert set(measured_columns()) <= set(CREATOR_MEASURES.names)
