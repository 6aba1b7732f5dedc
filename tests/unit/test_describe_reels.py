"""Descriptions by a model that looks at frames: a tiny model of the real class, through the program of the rule."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import describe_reels
import tiny_models
from common.files import file_sha256, read_lines
from common.manifest import Row, read_reels, write_manifest
from common.models import write_marker
from common.program import UserError
from study import CHECKOUT

MANIFEST, JOURNAL = Path("results/description/0.parquet"), Path("results/journal/description/0.jsonl")
SETTINGS = {
    "model": "tiny-llava",
    "quantization": "none",
    "dtype": "float32",
    "device": "cpu",
    "max-new-tokens": "12",
    "prompt": "prompt.md",
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny_models.llava_next_video(folder / "tiny-llava")
    files = {
        path.name: {"sha256": file_sha256(path), "size": path.stat().st_size}
        for path in sorted((folder / "tiny-llava").iterdir())
    }
    write_marker(folder / "tiny-llava.json", "tiny-llava", "test", "random", files)
    return folder


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Frames and contexts of six reels, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    Path("prompt.md").write_text("<!-- a comment -->\nKnown: {context}\nDescribe the style.\n")
    rows: dict[str, list[Row]] = {"frames": [], "context": []}
    for number in range(6):
        frames = pack(Path(f"results/frames/0/reel{number}.zip"), 4 if number < 4 else 6, seed=number)
        context = Path(f"results/context/0/reel{number}.json")
        context.parent.mkdir(parents=True, exist_ok=True)
        context.write_text(json.dumps({"context": f"Caption: reel number {number}."}))
        for stage, path in (("frames", frames), ("context", context)):
            rows[stage].append(Row("ada", f"reel{number}", stage, "ok", None, None, str(path), file_sha256(path)))
    for stage, found in rows.items():
        write_manifest(found, Path(f"results/{stage}/0.parquet"))
    return tmp_path


def pack(path: Path, number: int, seed: int, first: str = "00.jpg") -> Path:
    """A zip of frames as sample_frames writes it; `first` is what frames.json calls the first one."""
    noise = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for n in range(number):
            picture = io.BytesIO()
            Image.fromarray(noise.integers(0, 255, (64, 36, 3), dtype=np.uint8)).save(picture, "JPEG")
            packed.writestr(f"{n:02d}.jpg", picture.getvalue())
        frames = [{"file": f"{n:02d}.jpg" if n else first, "time_s": n * 1.5} for n in range(number)]
        facts = {"duration_s": number * 1.5, "width": 36, "height": 64, "frames": frames}
        packed.writestr("frames.json", json.dumps(facts))
    return path


def options(weights: Path, *, told: bool = True, **changed: str) -> list[str]:
    given = {**SETTINGS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return [
        "--frames=results/frames/0.parquet",
        *(["--context-manifest=results/context/0.parquet"] if told else []),
        f"--manifest={MANIFEST}", f"--journal={JOURNAL}", f"--models={weights}",
        *(f"--{name}={value}" for name, value in given.items()),
        "--weights", str(weights / "tiny-llava.json"),
    ]  # fmt: skip


def describe(weights: Path, **changed) -> dict[str, Row]:
    describe_reels.main(describe_reels.parse(options(weights, **changed)))
    return read_reels(MANIFEST, "description")


def computed() -> list[str]:
    return [line["reel_id"] for line in read_lines(JOURNAL) if not line["cached"]]


def test_each_reel_has_a_description_and_the_record_of_how_it_was_made(study, weights) -> None:
    rows = describe(weights)
    assert len(rows) == 6
    for row in rows.values():
        assert row.state == "ok"
        assert row.reason == "cut_off", "twelve tokens are few"
        text = row.file().read_text()
        assert text.strip()
        assert len(text.splitlines()) == 1
        record = json.loads(row.file().with_suffix(".json").read_text())
        assert record["attention"] == "sdpa"
        assert (record["quantization"], record["quantized"], record["dtype"]) == ("none", [], "float32")
        assert record["rope"]["rope_type"] == "default"
        assert record["class"] == "LlavaNextVideoForConditionalGeneration"
        assert record["frames_shown_s"] == [n * 1.5 for n in range(record["frames"])]
        assert record["context_words"] == record["context_words_shown"] == 4
        assert record["output_tokens"] == 12
        assert row.producer.startswith("describe_reels 2; tiny-llava@")
        assert f"prompt {record['prompt_sha256'][:12]}" in row.producer
    assert len({row.file().read_text() for row in rows.values()}) == 6


def test_a_sign_repeated_is_a_failure_and_no_description(study, weights, monkeypatch) -> None:
    from generation.local import LocalGenerator
    from generation.requests import Answer

    def overflowed(_, requests):
        for number, request in enumerate(requests):
            yield request, Answer("!" * 40 if number else "A bright kitchen.", True, (0,), 4, 9, 12)

    monkeypatch.setattr(LocalGenerator, "generate", overflowed)
    rows = describe(weights)
    assert sorted((row.state, row.reason) for row in rows.values()) == [("failed", "no_answer")] * 5 + [("ok", None)]
    assert not list(MANIFEST.with_suffix("").glob("reel1*")), "nothing that could be embedded"


def test_what_a_description_depends_on(study, weights) -> None:
    first = describe(weights)
    assert len(computed()) == 6
    describe(weights, batch_size="1")
    describe(weights, timeout_s="5")
    assert len(computed()) == 6, "how it is computed is no part of it"
    Path("prompt.md").rename("other.md")
    describe(weights, prompt="other.md")
    assert len(computed()) == 6, "nor is the prompt's name"
    Path("other.md").write_text("Known: {context}\nDescribe the mood.\n")
    changed = describe(weights, prompt="other.md")
    assert len(computed()) == 12
    assert changed["reel0"].producer != first["reel0"].producer
    path = Path("results/context/0/reel3.json")
    path.write_text(json.dumps({"context": "Caption: something else.", "caption": "x"}))
    describe(weights, prompt="other.md")
    assert computed()[12:] == ["reel3"]
    path.write_text(json.dumps({"context": "Caption: something else.", "caption": "y"}))
    describe(weights, prompt="other.md")
    assert len(computed()) == 13, "only what the model is told counts"


def test_pictures_alone(study, weights) -> None:
    with_context = describe(weights)
    alone = describe(weights, context="none")
    assert any(alone[reel].sha256 != with_context[reel].sha256 for reel in alone)
    records = [json.loads(row.file().with_suffix(".json").read_text()) for row in alone.values()]
    assert {record["context_words"] for record in records} == {1}, "Nothing."
    assert len(computed()) == 12
    Path("results/context/0/reel3.json").write_text(json.dumps({"context": "Caption: something else."}))
    describe_reels.main(describe_reels.parse([*options(weights, told=False), "--context=none"]))
    assert len(computed()) == 12, "neither the context nor whether there is one matters"


def test_a_prompt_without_a_place_for_the_context_is_refused(study, weights) -> None:
    Path("prompt.md").write_text("<!-- {context} -->\nDescribe the style.\n")
    with pytest.raises(UserError, match=r"prompt\.md: no \{context\} in the prompt.*`description\.context: none`"):
        describe(weights)
    assert {row.state for row in describe(weights, context="none").values()} == {"ok"}


def test_a_reel_without_the_context_that_was_wanted_says_so(study, weights) -> None:
    rows = list(read_reels(Path("results/context/0.parquet"), "context").values())
    rows[0] = Row("ada", "reel0", "context", "failed", "quota")
    write_manifest(rows, Path("results/context/0.parquet"))
    made = describe(weights)
    assert (made["reel0"].state, made["reel0"].detail) == ("ok", "no context was there to be told")
    assert made["reel1"].detail is None
    assert describe(weights, context="none")["reel0"].detail is None


def test_what_was_cut_is_said(study, weights) -> None:
    for number in range(6):
        words = "autumn light " * 100
        Path(f"results/context/0/reel{number}.json").write_text(json.dumps({"context": words}))
    rows = describe(weights, context_tokens="240")
    assert all("context cut from 200 to " in row.detail for row in rows.values())
    assert "6 frames thinned to 4" in rows["reel5"].detail
    assert "thinned" not in rows["reel0"].detail
    record = json.loads(rows["reel5"].file().with_suffix(".json").read_text())
    assert len(record["frames_shown_s"]) == 4
    assert record["input_tokens"] + 12 <= 240


def test_frames_that_cannot_be_read_fail_alone(study, weights) -> None:
    broken = Path("results/frames/0/reel1.zip")
    broken.write_bytes(broken.read_bytes()[:300])
    pack(Path("results/frames/0/reel2.zip"), 4, seed=2, first="not_there.jpg")
    rows = describe(weights)
    assert {reel for reel, row in rows.items() if row.state == "failed"} == {"reel1", "reel2"}
    assert {rows[reel].reason for reel in ("reel1", "reel2")} == {"corrupt"}


def test_a_model_that_was_not_fetched(study, weights) -> None:
    given = options(weights)
    with pytest.raises(UserError, match=r"no marker of another-model; make one with python scripts/fetch_model.py"):
        describe_reels.main(describe_reels.parse([*given[:-2], "--model=another-model"]))


def test_killed_in_the_middle_no_reel_is_described_twice(study, weights) -> None:
    command = [sys.executable, str(CHECKOUT / "scripts/describe_reels.py"), *options(weights, batch_size="2")]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "scripts")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as program:
        deadline = time.monotonic() + 60
        while len(read_lines(JOURNAL)) < 2 and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.002)
        program.send_signal(signal.SIGKILL)
    done = len(computed())
    assert 2 <= done <= 6
    killed = {line["reel_id"]: line["key"] for line in read_lines(JOURNAL)}
    rows = describe(weights, batch_size="2")
    assert sorted(computed()) == sorted(rows), "each once, in both runs together"
    assert set(killed) <= set(rows)
    texts = {reel: row.file().read_text() for reel, row in rows.items()}
    rows = describe(weights, batch_size="3", seed="1")  # greedy, but another setting: made anew
    assert {reel: row.file().read_text() for reel, row in rows.items()} == texts
