"""A study full of odd and broken files runs to its end: each file gets its reason, and none is touched."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import odd_media
from odd_media import ODD, Odd
from study import Study

ODD_CREATORS, GOOD_CREATORS, GOOD_REELS = 4, 6, 2
# What a study makes in its folder; all else must stay as it was.
MADE_BY_STUDY = ("results", "data", ".snakemake", "models.lock.yaml", "study.yaml")


@dataclass(frozen=True)
class Runs:
    """The study after a run that was refused and one that was not."""

    study: Study
    refused: str
    accepted: str
    computed: tuple[dict, dict]
    before: dict[str, tuple]
    after: dict[str, tuple]

    def reels(self) -> dict[str, str]:
        """The reel_id of each listed file, by its name."""
        described = [json.loads(path.read_text()) for path in (self.study.folder / "results/creators").glob("*/*.json")]
        return {reel["file"]: reel["reel_id"] for reel in described}

    def status(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The status table by reel and stage."""
        return {(row["reel_id"], row["stage"]): row for row in self.study.rows("tables/status") if row["reel_id"]}


def state_of_files(root: Path, study: Path) -> dict[str, tuple]:
    """Mode, time, size, number of links and content of everything that a study has no business to change."""
    found = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == study:
            folders[:] = [name for name in folders if name not in MADE_BY_STUDY]
        for name in (*folders, *files):
            if Path(folder) == study and name in MADE_BY_STUDY:
                continue
            path = Path(folder, name)
            stat = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
            facts = (stat.st_mode, stat.st_mtime_ns, stat.st_size, stat.st_nlink, content)
            found[str(path.relative_to(root))] = facts
    return {name: facts for name, facts in found.items() if name != study.name}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("odd")
    study = Study(root / "study")
    for number, (name, kind) in enumerate(ODD.items()):
        folder = study.folder / "videos" / f"odd_{number % ODD_CREATORS}"
        folder.mkdir(parents=True, exist_ok=True)
        kind.make(folder / name)
    for number in range(GOOD_CREATORS * GOOD_REELS):
        path = study.folder / "videos" / f"good_{number // GOOD_REELS}" / f"good_{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        odd_media.make_video(path, hue=100 + 20 * number, size=("96x160", "120x90")[number % 2])
    (root / "beside.txt").write_text("a file beside the study\n")
    study_settings = {"name": "odd files", "batches": 1}
    further = {
        "select": {"reels_per_creator": 100, "latest": None},
        "cluster": {"min_cluster_size": 3, "min_samples": 2, "dimensions": 3, "neighbours": 4, "kmeans": 2},
    }
    study.configure(study={**study_settings, "max_failed": 0.1}, **further)
    before = state_of_files(root, study.folder)
    refused = study.run(succeeds=False)
    first = dict(study.computed())
    study.configure(study={**study_settings, "max_failed": 1.0}, **further)
    accepted = study.run()
    return Runs(study, refused, accepted, (first, dict(study.computed())), before, state_of_files(root, study.folder))


def expected_states(kind: Odd, video: str, audio: str, frames: str) -> dict[str, set[str]]:
    """What each stage may say of a file, given what the first ones said."""
    if video != "ok":
        later = ("audio", "transcript", "frames", "description", "embedding")
        return {"video": set(kind.video) - {"ok"}, **{stage: {"no_input"} for stage in later}}
    pictures = {"ok"} if frames == "ok" else {"no_input"}
    speech = {"ok": {"ok", "no_speech"}, "no_audio": {"no_audio"}}.get(audio, {"no_input"})
    return {
        "video": set(kind.video) & {"ok"},
        "audio": set(kind.audio),
        "transcript": speech,
        "frames": set(kind.frames),
        "description": pictures,
        "embedding": pictures,
    }


def test_every_odd_file_has_the_state_that_is_right(runs: Runs):
    reels, status = runs.reels(), runs.status()
    wrong = []
    for name, kind in ODD.items():
        assert (name in reels) == kind.listed, name
        if not kind.listed:
            continue
        found = {stage: row for (reel, stage), row in status.items() if reel == reels[name]}
        said = {stage: row["reason"] or row["state"] for stage, row in found.items()}
        for stage, right in expected_states(kind, said["video"], said["audio"], said["frames"]).items():
            if said[stage] not in right:
                wrong.append(f"{name}: {stage}: {said[stage]} ({found[stage]['detail']}), expected {sorted(right)}")
        for stage, row in found.items():
            if row["state"] == "failed" and row["reason"] in ("error", "crashed", "timeout", "out_of_memory"):
                wrong.append(f"{name}: {stage}: {row['reason']}: {row['detail']}")
    assert not wrong, "\n".join(wrong)


def test_every_good_reel_is_embedded(runs: Runs):
    reels, status = runs.reels(), runs.status()
    good = [reel for name, reel in reels.items() if name.startswith("good_")]
    assert len(good) == GOOD_CREATORS * GOOD_REELS
    for reel in good:
        states = {stage: row["state"] for (owner, stage), row in status.items() if owner == reel}
        assert states.pop("transcript") in ("ok", "skipped")
        assert set(states.values()) == {"ok"}, (reel, states)
    embedded = {row["reel_id"] for row in runs.study.rows("tables/reels") if row["embedding"] is not None}
    assert embedded >= set(good)
    assert len(runs.study.rows("tables/creators")) == ODD_CREATORS + GOOD_CREATORS


def test_no_traceback_anywhere(runs: Runs):
    logs = list((runs.study.folder / "results/logs").rglob("*.log"))
    assert len(logs) > 8
    for path in logs:
        assert "Traceback" not in path.read_text(encoding="utf-8", errors="replace"), path
    for printed in (runs.refused, runs.accepted):
        assert "Traceback" not in printed
        assert "Warning: " not in printed


def test_nothing_but_the_results_was_touched(runs: Runs):
    assert runs.after == runs.before


def test_nothing_of_another_file_is_in_the_results(runs: Runs):
    marker = Path(odd_media.ELSEWHERE).read_bytes()[:20]
    for path in (runs.study.folder / "results").rglob("*"):
        if path.is_file() and path.suffix in (".txt", ".json", ".wav", ".log"):
            assert marker not in path.read_bytes(), path


def test_too_many_failures_end_the_run_with_the_table_of_reasons(runs: Runs):
    assert "too much failed" in runs.refused
    assert "study.max_failed allows 10% in each stage" in runs.refused
    for reason in ("truncated", "corrupt", "not_a_video", "no_video", "too_large", "too_long", "empty"):
        assert f"{reason}: " in runs.refused, reason
    failing = [line for line in runs.refused.splitlines() if line.startswith("Error in rule ")]
    assert {line.split()[3].rstrip(":") for line in failing} == {"check_coverage"}


def test_nothing_is_computed_again_once_the_loss_is_accepted(runs: Runs):
    first, second = runs.computed
    assert second == first
    assert set(first.values()) == {1}
    assert {stage for stage, _ in first} >= {"video", "audio", "frames", "description"}
    assert (runs.study.folder / "results/figures/map.png").stat().st_size > 0
