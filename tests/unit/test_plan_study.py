"""What `snakemake plan` says of a study: what is left, how long it takes, what it costs, and what nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import plan_study
from common.config import Config, parse_config
from common.manifest import Row, write_manifest
from common.stages import folders
from fake_service import Person
from planning.rates import own_rate, reference_rate

ANY_CPU = {
    "transcript": {"model": "base"}, "music": {"backend": "none"}, "description": {"backend": "measured"},
    "context": {"backend": "none", "translate": "none"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def plan(capsys, sections: dict, *options: str) -> str:
    stages = folders(parse_config(sections, "x")).values()
    plan_study.main(plan_study.parse([f"--config={yaml.safe_dump(sections)}", *options, "--stages", *stages]))
    return capsys.readouterr().out


def videos(seconds: dict[str, float], failed: str | None = None) -> None:
    """The creator ada's reels, whose videos last so long; one more that cannot be read."""
    rows = []
    for reel, duration in seconds.items():
        path = Path(f"results/video/0/{reel}.mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps({"duration_s": duration}))
        rows.append(Row("ada", reel, "video", "ok", path=str(path)))
    broken = [Row("ada", failed, "video", "failed", "corrupt")] if failed else []
    write_manifest(rows + broken, Path("results/video/0.parquet"))
    known = [Row("ada", row.reel_id, "creators", "ok") for row in rows + broken]
    write_manifest([Row("ada", None, "creators", "ok"), *known], Path("results/creators/0.parquet"))


def done(stage: str, *reels: str) -> None:
    write_manifest([Row("ada", reel, stage, "ok") for reel in reels], Path(f"results/{stage}/0.parquet"))


def stage_line(text: str, stage: str) -> str:
    (line,) = [line for line in text.splitlines() if line.split()[:1] == [stage]]
    return " ".join(line.split())


def test_what_is_left_is_what_the_results_lack_and_a_broken_video_is_never_left(capsys):
    videos({f"r{n}": 60.0 for n in range(1, 31)}, failed="torn")
    done("audio", *(f"r{n}" for n in range(1, 31)))
    done("transcript", "r1", "r2")
    said = plan(capsys, ANY_CPU)
    assert said.startswith("study: 1 creators, 30 reels, 30.0 minutes of video\n")
    assert "audio" not in said
    assert stage_line(said, "transcript") == "transcript 28 5 minutes measured on two cores"  # 28 minutes x 10 s
    assert stage_line(said, "frames") == "frames 30 about 1 minute measured on two cores"
    assert "Together 6 minutes.\n" in said  # 280 + 1.5 + 60 + 3 + 3.9 s and what is less
    assert "No service is paid." in said


def test_a_study_that_is_done_has_nothing_left(capsys):
    videos({"r1": 8.0})
    for folder in folders(Config(**ANY_CPU)).values():
        if folder not in ("creators", "video"):
            done(folder, "r1")
    said = plan(capsys, ANY_CPU)
    assert "Nothing is left to do for the reels.\n" in said
    assert "Disk: about 0 MB more" in said


def journal(stage: str, batch: int, pid: int, *times: str, cached: bool = False, state: str = "ok") -> None:
    path = Path(f"results/journal/{stage}/{batch}.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        for time in times:
            line = {"time": f"2026-05-01T{time}.000+00:00", "state": state, "cached": cached, "pid": pid}
            file.write(json.dumps(line) + "\n")


def test_the_last_run_that_computed_several_reels_says_how_long_one_takes(capsys):
    videos({f"r{n}": 60.0 for n in range(10)})
    slow = [f"09:00:{second:02}" for second in (0, 10, 20, 30, 40)]
    fast = [f"10:00:{second:02}" for second in (0, 3, 6, 9, 12)]
    journal("frames", 0, 1, *slow)
    journal("frames", 1, 2, *fast)
    journal("frames", 1, 3, "11:00:00", "11:00:50")  # too few
    journal("frames", 0, 4, *(f"12:00:0{second}" for second in range(9)), cached=True)
    journal("frames", 0, 5, *(f"13:00:0{second}" for second in range(9)), state="failed")
    with Path("results/journal/frames/1.jsonl").open("a") as file:
        file.write('{"time": "2026-05-01T14:')  # the machine lost its power
    rate = own_rate(Path("results/journal/frames"))
    assert rate
    assert rate.seconds == pytest.approx(3.0)
    said = plan(capsys, ANY_CPU)
    assert stage_line(said, "frames") == "frames 10 about 1 minute as in this study's run of 2026-05-01"
    assert own_rate(Path("results/journal/audio")) is None


def test_a_laptop_that_slept_for_a_night_does_not_make_reels_slow():
    journal("frames", 0, 1, "18:00:00", "18:00:02", "18:00:04", "23:59:00", "23:59:02")
    rate = own_rate(Path("results/journal/frames"))
    assert rate
    assert rate.seconds == pytest.approx(2.0)


def test_what_nobody_measured_is_not_guessed(capsys):
    videos({"r1": 30.0, "r2": 30.0})
    said = plan(capsys, {"transcript": {"model": "my-own"}})
    for stage in ("transcript", "music", "context"):
        assert stage_line(said, stage).startswith(f"{stage} 2 not known not measured")
    assert "without music, transcript, context." in said
    assert "ACRCloud: at most 2 questions" in said


def test_hours_of_a_gpu_are_told_apart(capsys):
    videos({f"r{n}": 30.0 for n in range(2000)})
    said = plan(capsys, ANY_CPU | {"description": {"backend": "transformers"}}, "--models", "llava", "llava")
    assert stage_line(said, "description") == "description 2000 1.8 hours estimated for a GPU with 24 GB (docs/gpu.md)"
    assert "and 1.8 hours of a GPU." in said
    assert "To be downloaded first: the models llava (docs/models.md)" in said


def test_the_price_of_answers_is_that_of_those_before(capsys):
    videos({f"r{n}": 30.0 for n in range(10)})
    endpoint = {"model": "some-model", "price_per_1m_input_tokens": 1.0}
    sections = ANY_CPU | {"description": {"backend": "openai", "endpoint": endpoint}}
    assert "some-model (description): 10 requests; describe a few reels first" in plan(capsys, sections)
    done("description", "r0", "r1")
    Path("results/description/0").mkdir()
    for reel, cost in (("r0", 0.01), ("r1", 0.03)):
        Path(f"results/description/0/{reel}.json").write_text(json.dumps({"cost_usd": cost}))
    assert "8 requests, about 0.16 USD, by the 2 answers so far" in plan(capsys, sections)


def test_creators_whom_nobody_has_collected_are_counted_from_the_list_without_a_call(service, capsys):
    Path("creators.csv").write_text("ada\nbob\ncem\n")
    service.add(Person(77, "ada"))
    sections = {
        "source": {"kind": "hikerapi", "snapshot": "2026-05-01"}, "hikerapi": {"creators": "creators.csv"}, **ANY_CPU,
    }  # fmt: skip
    said = plan(capsys, sections)
    assert said.startswith("study: 3 creators, 15 reels, 7.5 minutes of video\n")
    assert "15 of the reels are of creators who are not collected yet" in said
    assert "length known of 0 videos; the other 15 are taken to be half a minute, an assumption" in said
    assert "HikerAPI: 3 to 141 calls, 0.00 to 0.14 USD" in said  # a profile, 5 pages of reels, 41 of follows, each
    assert "Disk: about 117 MB more" in said  # 7.5 minutes x (12 + 1.92) MB, 15 x 10 frames of 80 kB, small files
    assert not service.calls


def test_a_bundle_has_nothing_to_describe(capsys):
    said = plan(capsys, {"source": {"kind": "bundle", "bundle": {"folder": "x"}}})
    assert "A bundle has its results" in said


def test_each_stage_of_the_demo_has_a_reference_rate():
    config = parse_config(
        yaml.safe_load(Path(plan_study.__file__).parents[1].joinpath("config/demo.yaml").read_text()), ""
    )
    assert all(reference_rate(stage, config) for stage in folders(config).values() if stage != "creators")
