"""A change of the source computes what it touches and nothing else; commands that take up, forget and explain."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

import measure_reels
from common.handles import batch_of
from common.manifest import read_manifest, write_manifest
from snakefile.study import installation
from study import CHECKOUT, Study, demo_handles, environment, make_study

STAGES = {"video", "audio", "transcript", "context", "frames", "description", "embedding"}


# Two creators of each of the two batches.
HANDLES = [handle for batch in (0, 1) for handle in [h for h in demo_handles() if batch_of(h, 2) == batch][:2]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished study of three creators in two batches, with captions and follows."""
    handles = HANDLES[:3]
    study = make_study(tmp_path_factory.mktemp("changes"), handles)
    videos = [path for handle in handles for path in sorted((study.folder / "videos" / handle).iterdir())]
    lines = ["handle,file,caption,plays"]
    lines += [
        f"{video.parent.name},{video.name},A caption of reel {number},{number}" for number, video in enumerate(videos)
    ]
    (study.folder / "reels.csv").write_text("\n".join(lines))
    (study.folder / "follows.csv").write_text(f"source,target\n{handles[0]},{handles[1]}\n")
    study.configure(source={"files": {"videos": "videos", "reels": "reels.csv", "follows": "follows.csv"}})
    study.run()
    return study


class Change:
    """What one run after a change did."""

    def __init__(self, study: Study, *arguments: str) -> None:
        before = study.journal()
        self.output = study.run(*arguments)
        seen = {(line["stage"], line["time"], line["reel_id"]) for line in before}
        new = [line for line in study.journal() if (line["stage"], line["time"], line["reel_id"]) not in seen]
        self.computed = {(line["stage"], line["reel_id"]) for line in new if not line["cached"]}
        self.batches = {line["batch"] for line in new}
        self.jobs = set(re.findall(r"^(?:local)?rule (\w+):", study.log(), re.MULTILINE))
        assert "Nothing to be done" in study.run()


def test_a_new_video_of_an_old_creator(study: Study) -> None:
    handle = HANDLES[0]
    known = {row["reel_id"] for row in study.rows("tables/reels")}
    other_batch = study.folder / f"results/description/{1 - batch_of(handle, 2)}.parquet"
    untouched = other_batch.stat().st_mtime_ns
    new = sorted((CHECKOUT / "data/demo/videos" / handle).iterdir())[2]
    shutil.copy(new, study.folder / "videos" / handle)
    change = Change(study)
    added = {row["reel_id"] for row in study.rows("tables/reels")} - known
    assert len(added) == 1
    assert {reel for _, reel in change.computed} == added
    assert {stage for stage, _ in change.computed} >= STAGES - {"transcript"}  # a silent reel has no transcript
    assert change.batches == {str(batch_of(handle, 2))}
    assert other_batch.stat().st_mtime_ns == untouched


def test_a_new_creator(study: Study) -> None:
    handle = HANDLES[3]
    known = {row["reel_id"] for row in study.rows("tables/reels")}
    (study.folder / "videos" / handle).mkdir()
    new = sorted((CHECKOUT / "data/demo/videos" / handle).iterdir())[0]
    shutil.copy(new, study.folder / "videos" / handle)
    change = Change(study)
    assert {reel for _, reel in change.computed} == {row["reel_id"] for row in study.rows("tables/reels")} - known
    assert change.batches == {str(batch_of(handle, 2))}
    assert handle in {row["creator_id"] for row in study.rows("tables/creators")}


def test_a_new_caption_is_noticed_and_decodes_nothing(study: Study) -> None:
    table = study.folder / "reels.csv"
    table.write_text(table.read_text().replace("A caption of reel 0", "Ein ganz anderer Text am Morgen"))
    change = Change(study)
    assert {stage for stage, _ in change.computed} == {"context"}
    assert len(change.computed) == 1
    captions = {row["caption"]: row["caption_language"] for row in study.rows("tables/reels")}
    assert captions["Ein ganz anderer Text am Morgen"] == "de"


def test_a_new_follow_row_is_noticed(study: Study) -> None:
    source, target = HANDLES[1:3]
    with (study.folder / "follows.csv").open("a") as file:
        file.write(f"{source},@{target.upper()}\n")
    change = Change(study)
    assert not change.computed
    assert (source, target) in {(row["source_id"], row["target_id"]) for row in study.rows("tables/edges")}
    assert "test_hypotheses" in change.jobs


def test_renaming_a_file_changes_nothing(study: Study) -> None:
    before = study.contents()
    handle = HANDLES[3]
    video = next((study.folder / "videos" / handle).iterdir())
    video.rename(video.with_name("-a new 'name' 😀 .mp4"))
    change = Change(study)
    assert not change.computed
    after = study.contents()
    # The status table's row of the first stage is about what the source says, the file's name included.
    assert {name for name in after if after[name] != before[name]} <= {"results/tables/status.parquet"}


def test_touching_a_file_changes_nothing(study: Study) -> None:
    video = next((study.folder / "videos" / HANDLES[0]).iterdir())
    before = study.contents()
    video.touch()
    change = Change(study)
    assert not change.computed
    assert study.contents() == before


def test_a_setting_touches_its_stage_only(study: Study) -> None:
    config = (study.folder / "study.yaml").read_text()
    (study.folder / "study.yaml").write_text(config + "cluster: {kmeans: 2}\n")
    change = Change(study)
    assert not change.computed
    assert "cluster_creators" in change.jobs
    assert "map_creators" not in change.jobs


def test_people_s_files_in_folders_of_results_stay_and_removed_ones_are_made_again(study: Study) -> None:
    results = study.folder / "results"
    own = [
        results / name for name in ("reels/list.txt", "reels/to check/r.txt", "audio/0/notes.txt", "frames/1/a/b.txt")
    ]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_text("dear thesis")
    before = {path for path in results.glob("*/[01]/*.*") if path.is_file()}
    removed = [next((results / "audio/0").glob("*.wav")), next((results / "context/1").glob("*.json"))]
    for path in removed:
        path.unlink()
    shutil.rmtree(results / "frames/0")
    change = Change(study, "-R", "gather_reels", "extract_audio", "sample_frames")
    assert not change.computed
    assert {path for path in results.glob("*/[01]/*.*") if path.is_file()} == before
    assert all(path.read_text() == "dear thesis" for path in own)
    (results / "reels/.reel-atlas").unlink()
    assert "list.txt" in study.run("results/reels", "--forcerun", "gather_reels", succeeds=False)
    assert own[0].read_text() == "dear thesis"
    shutil.rmtree(results / "reels")
    for path in own[2:]:
        path.unlink()
    assert "gather_reels" in Change(study).jobs


def test_removing_results_is_safe(study: Study) -> None:
    before = study.contents()
    shutil.rmtree(study.folder / "results")
    study.run()
    assert study.contents() == before
    assert not study.computed()


def program(study: Study, name: str, *arguments: str, succeeds: bool = True) -> str:
    """Run one of the project's programs in the study's folder."""
    done = subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / name, *arguments],
        cwd=study.folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_redo_forgets_one_result(study: Study) -> None:
    reel = study.rows("tables/reels")[0]["reel_id"]
    assert "1 results of 1 reels forgotten" in program(study, "redo.py", "--reels", reel, "--stage", "description")
    change = Change(study)
    assert change.computed == {("description", reel)}
    wrong = program(study, "redo.py", "--reels", "nobody", "--stage", "description", succeeds=False)
    assert "no reel nobody" in wrong
    assert "Traceback" not in wrong


def test_why_tells_what_was_made_and_what_would_change(study: Study) -> None:
    reel = study.rows("tables/reels")[0]["reel_id"]
    text = program(study, "why.py", reel)
    for stage in STAGES:
        assert f"\n{stage}: " in text
    assert f"measure_reels {measure_reels.VERSION}" in text
    assert "all-mpnet-base-v2@" in text
    assert "changes from" not in text
    (study.folder / "other.yaml").write_text("frames: {min_shot_s: 1.0}\ntranscript: {model: base}\n")
    changed = program(study, "why.py", reel, "--configfile", "other.yaml")
    assert "settings.min_shot_s changes from 0.5 to 1.0" in changed
    assert "its model is not there: results/models/llama-3.1-8b-instruct.json" in changed
    assert "no stage" in program(study, "why.py", "nobody", succeeds=False)


def test_retry_takes_up_what_may_pass(tmp_path) -> None:
    study = make_study(tmp_path, HANDLES[:1], reels=1)
    # No video can be read in a hundredth of a second.
    study.configure(study={"max_failed": 1.0, "batches": 1}, frames={"timeout_s": 0.01})
    hint = "These may succeed on another try: results of reels 1 (timeout: 1)"
    assert hint in "\n".join(study.run().splitlines()[-5:])
    frames = [row for row in study.rows("tables/status") if row["stage"] == "frames"]
    assert [(row["state"], row["reason"]) for row in frames] == [("failed", "timeout")]
    assert [row["reason"] for row in study.rows("tables/status") if row["stage"] == "embedding"] == ["no_input"]
    assert "Nothing to be done" in study.run()
    assert "sample_frames" in study.run("-n", "retry")
    attempts = [line for line in study.journal() if line["stage"] == "frames"]
    study.run("retry")
    assert len([line for line in study.journal() if line["stage"] == "frames"]) == len(attempts) + 1
    assert "Nothing to be done" in study.run()
    study.configure(study={"max_failed": 1.0, "batches": 1})
    study.run()
    assert {row["state"] for row in study.rows("tables/status") if row["stage"] == "embedding"} == {"ok"}
    assert json.loads((study.folder / "results/hypotheses.json").read_text())[0]["verdict"] == "not testable"


def test_an_error_of_another_installation_is_taken_up_by_the_same_command(study: Study) -> None:
    """As a batch looks after a run with a package that has been replaced since."""
    manifest = study.folder / "results/frames/0.parquet"
    before = study.contents()
    rows = read_manifest(manifest)
    failed = replace(
        rows[0], state="failed", reason="error", detail="TypeError: no such argument", path=None, sha256=None
    )
    write_manifest(
        [replace(failed, producer=f"sample_frames 0; installation {installation(CHECKOUT)}"), *rows[1:]], manifest
    )
    assert "sample_frames" not in study.run("-n")
    write_manifest([replace(failed, producer="sample_frames 0; installation 000000000000"), *rows[1:]], manifest)
    assert "sample_frames" in study.run("-n")
    study.run()
    assert read_manifest(manifest) == rows
    assert study.contents() == before
    assert "Nothing to be done" in study.run()
