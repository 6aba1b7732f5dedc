"""transcribe_speech: the same speech in both programs that run Whisper, alone and together, with the same guards.

Real weights: those of faster-whisper-base, converted for openai-whisper here.
"""

from __future__ import annotations

import csv
import json
import re
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faster_whisper
import numpy as np
import pytest

import transcribe_speech
from common.config import TranscriptSection
from common.manifest import Row, read_reels, write_manifest
from common.models import Model, write_marker
from common.program import UserError
from common.stage import Work
from common.store import file_sha256
from media.sound_track import extract
from media.wav import read_wav
from speech import engines, original
from speech.engines import load_engine, resolve
from study import CHECKOUT
from transcribe_speech import STAGE, Transcriber, main, parse
from whisper_weights import write_checkpoint

BACKENDS = ("faster-whisper", "openai-whisper")
EXACT = ["--device", "cpu", "--compute-type", "float32", "--beam-size", "1", "--temperatures", "[0.0]"]
EXACT += ["--translate", "false", "--min-log-probability=-2.0"]  # all are kept, the poor ones, too


@pytest.fixture(scope="module")
def speech(tmp_path_factory, fetched) -> Path:
    """The weights for both programs, and one of the demo's reels in each of its languages."""
    weights = fetched("faster-whisper-base")
    folder = tmp_path_factory.mktemp("speech")
    models = folder / "models"
    (models / "openai-whisper-base").mkdir(parents=True)
    (models / "faster-whisper-base").symlink_to(weights)
    write_checkpoint(weights / "model.bin", models / "openai-whisper-base" / "base.pt")
    for name, file in (("faster-whisper-base", "model.bin"), ("openai-whisper-base", "base.pt")):
        path = models / name / file
        facts = {file: {"sha256": file_sha256(path), "size": path.stat().st_size}}
        write_marker(folder / f"{name}.json", name, "converted", "1", facts)
    found: dict[str, Path] = {}
    with (CHECKOUT / "tests/workflow/truth/demo_reels.csv").open(encoding="utf-8") as table:
        for reel in csv.DictReader(table):
            if reel["sound"] == "speech" and reel["language"] not in found:
                found[reel["language"]] = CHECKOUT / "data/demo/videos" / reel["handle"] / reel["file"]
    assert len(found) == 6
    for language, video in found.items():
        assert extract(video, folder / f"{language}.wav").notes() == []
    write_manifest([audio_row(folder / f"{language}.wav") for language in found], folder / "audio.parquet")
    return folder


def audio_row(path: Path) -> Row:
    return Row("ada", path.stem, "audio", "ok", path=str(path), sha256=file_sha256(path))


def transcribe(speech: Path, backend: str, folder: Path, audio: Path, *options: str) -> dict[str, dict[str, Any]]:
    """Run the program; the reels' files."""
    command = ["--audio", str(audio), "--manifest", str(folder / "0.parquet"), "--store", str(folder / "store")]
    command += ["--weights", str(speech / f"{backend}-base.json"), "--models", str(speech / "models"), "--workers", "2"]
    main(parse([*command, "--backend", backend, "--model", "base", *options]))
    rows = read_reels(folder / "0.parquet", "transcript")
    return {reel: json.loads(row.file().read_text(encoding="utf-8")) for reel, row in rows.items()}


@pytest.fixture(scope="module")
def transcripts(speech, tmp_path_factory) -> dict[str, dict[str, dict[str, Any]]]:
    """What both programs make of all reels, one by one, in float32 and without sampling."""
    return {
        backend: transcribe(speech, backend, tmp_path_factory.mktemp(backend), speech / "audio.parquet", *EXACT)
        for backend in BACKENDS
    }


def word_errors(first: str, second: str) -> tuple[int, int]:
    """Words to insert, delete or replace to come from the first text to the second, and the words of the first."""
    one, two = (re.findall(r"\w+", text.lower()) for text in (first, second))
    row = list(range(len(two) + 1))
    for number, word in enumerate(one, 1):
        above, row[0] = row[0], number
        for place, other in enumerate(two, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (word != other))
    return row[-1], len(one)


def test_words_that_differ_are_counted():
    assert word_errors("one two three", "One, two three!") == (0, 3)
    assert word_errors("one two three", "one three four five") == (3, 3)
    assert word_errors("a b", "") == (2, 2)


def test_the_same_weights_give_the_same_text_in_both_programs(transcripts):
    faster, authors = (transcripts[backend] for backend in BACKENDS)
    assert faster.keys() == authors.keys() == {"de", "en", "es", "fr", "it", "pt"}
    errors = words = 0
    for reel, transcript in faster.items():
        other = authors[reel]
        assert transcript.keys() == other.keys()
        assert transcript["state"] == "ok"
        assert (transcript["language"], transcript["speech_s"]) == (other["language"], other["speech_s"])
        assert transcript["segments"][0].keys() == other["segments"][0].keys()
        assert transcript["segments"][0]["start_s"] == pytest.approx(other["segments"][0]["start_s"], abs=0.1)
        some, all_of_them = word_errors(transcript["text"], other["text"])
        errors, words = errors + some, words + all_of_them
    assert words > 50
    assert errors / words <= 0.05


def works_of(speech: Path, folder: Path, reels: list[str]) -> list[Work]:
    works = []
    for reel in reels:
        (folder / reel).mkdir(parents=True)
        works.append(Work("ada", reel, {"audio": audio_row(speech / f"{reel}.wav")}, folder / reel))
    return works


@pytest.mark.parametrize("backend", BACKENDS)
def test_reels_decoded_together_have_the_text_they_have_alone(speech, transcripts, tmp_path, monkeypatch, backend):
    works = works_of(speech, tmp_path, ["en", "fr"])
    settings = TranscriptSection(
        backend=backend, model="base", device="cpu", compute_type="float32", beam_size=1, temperatures=[0.0],
        translate=False, min_log_probability=-2.0,
    )  # fmt: skip
    transcriber = Transcriber(Model("base", "1", "0", speech / "models" / f"{backend}-base"), settings, 2)
    transcriber.engine.device = "cuda"  # where reels are decoded together
    monkeypatch.setattr(transcriber, "transcribe", None)  # what would take them one by one
    assert [(work.reel_id, outcome.state) for work, outcome in transcriber.run(works)] == [("en", "ok"), ("fr", "ok")]
    for work in works:
        together = json.loads(work.artifact(".json").read_text(encoding="utf-8"))
        alone = transcripts[backend][work.reel_id]
        probabilities = [[part.pop("mean_log_probability") for part in made["segments"]] for made in (together, alone)]
        assert probabilities[0] == pytest.approx(probabilities[1], abs=2e-4)
        assert together["language_probability"] == pytest.approx(alone["language_probability"], abs=2e-3)
        assert together["text"] == alone["text"]
        assert [part["start_s"] for part in together["segments"]] == [part["start_s"] for part in alone["segments"]]


def test_beams_of_openai_whisper_in_a_batch(speech, tmp_path):
    settings = TranscriptSection(
        backend="openai-whisper", model="base", device="cpu", compute_type="float32", beam_size=2, patience=1.0,
        temperatures=[0.0], translate=False, min_log_probability=-2.0,
    )  # fmt: skip
    engine = load_engine(Model("base", "1", "0", speech / "models" / "openai-whisper-base"), settings, 2)
    clips = [read_wav(speech / f"{reel}.wav") for reel in ("en", "fr")]
    windows = engine.first_windows(clips, "transcribe", [None, "fr"])
    assert [window.language for window in windows] == ["en", "fr"]
    together = engine.decode(clips[1], "transcribe", "fr", [0.0], 1, windows[1])
    alone = engine.decode(clips[1], "transcribe", "fr", [0.0], 1)
    assert [segment.text for segment in together.segments] == [segment.text for segment in alone.segments]


def write_noise(path: Path, seconds: int) -> None:
    noise = np.random.default_rng(1).normal(0, 300, seconds * 16_000).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", None))
        sound.writeframes(noise.tobytes())


def test_a_reel_that_breaks_a_batch_fails_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(transcribe_speech, "load_engine", lambda *_: SimpleNamespace(device="cuda", parallel=1))
    write_noise(tmp_path / "hiss.wav", 3)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    works = works_of(tmp_path, tmp_path / "works", ["hiss", "broken"])
    transcriber = Transcriber(Model("base", "1", "0", tmp_path), TranscriptSection(), 2)
    found = {work.reel_id: (outcome.state, outcome.reason) for work, outcome in transcriber.run(works)}
    assert found == {"hiss": ("skipped", "no_speech"), "broken": ("failed", "error")}


@pytest.mark.parametrize("backend", BACKENDS)
def test_reels_without_speech_and_long_ones_are_skipped_with_a_reason(speech, tmp_path, backend):
    write_noise(tmp_path / "hiss.wav", 3)
    write_noise(tmp_path / "long.wav", 9)
    write_manifest([audio_row(tmp_path / f"{name}.wav") for name in ("hiss", "long")], tmp_path / "audio.parquet")
    found = transcribe(speech, backend, tmp_path, tmp_path / "audio.parquet", *EXACT, "--max-minutes", "0.1")
    assert {reel: (made["state"], made["reason"]) for reel, made in found.items()} == {
        "hiss": ("skipped", "no_speech"),
        "long": ("skipped", "too_long"),
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sampled_text_depends_on_its_own_seed_only(speech, backend, monkeypatch):
    monkeypatch.setattr(original, "BEST_OF", 1)
    settings = TranscriptSection(backend=backend, model="base", device="cpu", compute_type="float32", beam_size=1)
    engine = load_engine(Model("base", "1", "0", speech / "models" / f"{backend}-base"), settings, 2)
    clip = read_wav(speech / "en.wav")
    first, other, again = (engine.decode(clip, "transcribe", "en", [1.0], seed).segments for seed in (5, 6, 5))
    assert first == again
    assert first != other
    assert first[0].temperature == 1.0


def test_sampling_is_done_in_one_thread(speech, monkeypatch):
    """Of two threads, either could sample at the next temperature: under load one reel in eight had another text."""
    loaded = []
    real = faster_whisper.WhisperModel

    def load(*arguments, **options):
        loaded.append(options["num_workers"])
        return real(*arguments, **options)

    monkeypatch.setattr(faster_whisper, "WhisperModel", load)
    settings = TranscriptSection(model="base", device="cpu", compute_type="int8", beam_size=1)
    engine = load_engine(Model("base", "1", "0", speech / "models" / "faster-whisper-base"), settings, 2)
    engine.decode(read_wav(speech / "en.wav"), "transcribe", "en", [0.0], 5)
    engine.decode(read_wav(speech / "en.wav"), "transcribe", "en", [0.2, 0.4], 5)
    assert loaded == [2, 1]


def test_auto_is_resolved_by_program_and_device(monkeypatch):
    resolve.cache_clear()
    assert resolve("faster-whisper", "cpu", "auto") == ("cpu", "int8")
    assert resolve("openai-whisper", "cpu", "auto") == ("cpu", "float32")
    monkeypatch.setattr(engines, "_ctranslate2_sees_gpu", lambda: True)
    monkeypatch.setattr(engines, "_torch_sees_gpu", lambda: True)
    monkeypatch.setattr(engines, "_precisions", lambda *_: ["float16", "float32"])
    assert resolve("faster-whisper", "auto", "auto") == ("cuda", "float16")
    assert resolve("openai-whisper", "auto", "auto") == ("cuda", "float16")
    resolve.cache_clear()


@pytest.mark.parametrize(
    ("backend", "device", "precision", "message"),
    [
        ("openai-whisper", "cpu", "int8", r"openai-whisper cannot run in int8 .*CPU; possible: auto, float32$"),
        ("openai-whisper", "cpu", "float16", r"openai-whisper cannot run in float16 .*CPU; possible: auto, float32$"),
        ("faster-whisper", "cpu", "float16", r"faster-whisper cannot run in float16 .*possible: auto, int8, float32$"),
        ("faster-whisper", "cuda", "auto", "faster-whisper sees no GPU here .*`device: auto` takes what there is"),
        ("openai-whisper", "cuda", "auto", "openai-whisper sees no GPU here"),
    ],
)
def test_what_the_machine_cannot_do_is_said_with_the_remedy(monkeypatch, backend, device, precision, message):
    monkeypatch.setattr(engines, "_ctranslate2_sees_gpu", lambda: False)
    monkeypatch.setattr(engines, "_torch_sees_gpu", lambda: False)
    with pytest.raises(UserError, match=message):
        resolve(backend, device, precision)


def test_a_result_depends_on_the_precision_that_auto_led_to(monkeypatch):
    settings = TranscriptSection(model="base", device="auto")
    keys = []
    for gpu in (False, True):
        resolve.cache_clear()
        monkeypatch.setattr(engines, "_ctranslate2_sees_gpu", lambda gpu=gpu: gpu)
        monkeypatch.setattr(engines, "_precisions", lambda *_: ["int8", "float16", "float32"])
        keys.append(STAGE.made_from(settings, [], {})["made_with"])
    assert keys == [{"device": "cpu", "precision": "int8"}, {"device": "cuda", "precision": "float16"}]
    resolve.cache_clear()
