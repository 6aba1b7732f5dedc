"""transcribe_speech: the same speech in both programs that run Whisper, alone and together, with the same guards.

Real weights: those of faster-whisper-base, converted for openai-whisper here.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import wave
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import markupsafe._speedups
import numpy as np
import pytest
from scipy.signal import resample_poly

import transcribe_speech
from common.config import TranscriptSection
from common.files import file_sha256
from common.manifest import Row, read_reels, write_manifest
from common.models import Model, write_marker
from common.program import UserError
from common.stage import Work
from common.states import OK
from media.sound_track import extract
from media.wav import read_wav
from speech import cuda, loading, original
from speech.cuda import has_cuda12
from speech.engines import Segment
from speech.invented import is_well_known, letters
from speech.loading import load_engine, resolve
from speech.spoken_language import pieces
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
    assert [code for code, _ in engine.languages(clips)] == ["en", "fr"]
    windows = engine.first_windows(clips, "transcribe", ["en", "fr"])
    together = engine.decode(clips[1], "transcribe", "fr", [0.0], 1, windows[1])
    alone = engine.decode(clips[1], "transcribe", "fr", [0.0], 1)
    assert [segment.text for segment in together] == [segment.text for segment in alone]


def write_library(path: Path) -> None:
    """A small library that can be loaded: a copy of one in a package."""
    shutil.copy(markupsafe._speedups.__file__, path)


def write_noise(path: Path, seconds: int) -> None:
    write_sound(path, np.random.default_rng(1).normal(0, 0.01, seconds * 16_000))


def write_sound(path: Path, samples: np.ndarray) -> None:
    """A wav file of samples in [-1, 1], 16 kHz."""
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", None))
        sound.writeframes((samples * 32_767).astype("<i2").tobytes())


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
    first, other, again = (engine.decode(clip, "transcribe", "en", [1.0], seed) for seed in (5, 6, 5))
    assert first == again
    assert first != other
    assert first[0].temperature == 1.0


def test_sampling_is_done_in_one_thread(speech, monkeypatch):
    """Of two threads, either could sample at the next temperature: under load one reel in eight had another text."""
    loaded = []
    real = ctranslate2.models.Whisper

    def load(*arguments, **options):
        loaded.append(options["inter_threads"])
        return real(*arguments, **options)

    monkeypatch.setattr(ctranslate2.models, "Whisper", load)
    settings = TranscriptSection(model="base", device="cpu", compute_type="int8", beam_size=1)
    engine = load_engine(Model("base", "1", "0", speech / "models" / "faster-whisper-base"), settings, 2)
    engine.decode(read_wav(speech / "en.wav"), "transcribe", "en", [0.0], 5)
    engine.decode(read_wav(speech / "en.wav"), "transcribe", "en", [0.2, 0.4], 5)
    assert loaded == [2, 1]


def test_auto_is_resolved_by_program_and_device(monkeypatch):
    resolve.cache_clear()
    assert resolve("faster-whisper", "cpu", "auto") == ("cpu", "int8")
    assert resolve("openai-whisper", "cpu", "auto") == ("cpu", "float32")
    monkeypatch.setattr(loading, "_ctranslate2_sees_gpu", lambda: True)
    monkeypatch.setattr(loading, "has_cuda12", lambda: True)
    monkeypatch.setattr(loading, "_torch_sees_gpu", lambda: True)
    monkeypatch.setattr(loading, "_precisions", lambda *_: ["float16", "float32"])
    assert resolve("faster-whisper", "auto", "auto") == ("cuda", "float16")
    assert resolve("openai-whisper", "auto", "auto") == ("cuda", "float16")
    resolve.cache_clear()


def test_a_gpu_without_cuda_12_is_not_taken_for_faster_whisper(monkeypatch, caplog):
    resolve.cache_clear()
    monkeypatch.setattr(loading, "_ctranslate2_sees_gpu", lambda: True)
    monkeypatch.setattr(loading, "_torch_sees_gpu", lambda: True)
    monkeypatch.setattr(loading, "has_cuda12", lambda: False)
    assert resolve("faster-whisper", "auto", "auto") == ("cpu", "int8")
    assert "libcublas.so.12 is not here, so the CPU transcribes" in caplog.text
    assert "pip install nvidia-cublas-cu12" in caplog.text
    with pytest.raises(UserError, match=r"libcublas\.so\.12 is not here: install them .*openai-whisper"):
        resolve("faster-whisper", "cuda", "auto")
    assert resolve("openai-whisper", "auto", "auto")[0] == "cuda"
    resolve.cache_clear()


def test_cuda_12_is_looked_for_in_the_system_and_in_packages(monkeypatch, tmp_path):
    """Libraries of other names, which no machine has, stand for NVIDIA's."""
    has_cuda12.cache_clear()
    monkeypatch.setattr(cuda, "LIBRARIES", ("libprobe-of-reel-atlasLt.so.12", "libprobe-of-reel-atlas.so.12"))
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda _: ModuleSpec("nvidia", None, is_package=True))
    assert not has_cuda12()
    has_cuda12.cache_clear()
    spec = ModuleSpec("nvidia", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "nvidia")]
    monkeypatch.setattr(cuda.importlib.util, "find_spec", lambda _: spec)
    for name in cuda.LIBRARIES:
        assert not has_cuda12()
        has_cuda12.cache_clear()
        write_library(folder / name)
    assert has_cuda12()
    has_cuda12.cache_clear()


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
    monkeypatch.setattr(loading, "_ctranslate2_sees_gpu", lambda: False)
    monkeypatch.setattr(loading, "_torch_sees_gpu", lambda: False)
    with pytest.raises(UserError, match=message):
        resolve(backend, device, precision)


def test_a_result_depends_on_the_precision_that_auto_led_to(monkeypatch):
    settings = TranscriptSection(model="base", device="auto")
    keys = []
    for gpu in (False, True):
        resolve.cache_clear()
        monkeypatch.setattr(loading, "_ctranslate2_sees_gpu", lambda gpu=gpu: gpu)
        monkeypatch.setattr(loading, "has_cuda12", lambda: True)
        monkeypatch.setattr(loading, "_precisions", lambda *_: ["int8", "float16", "float32"])
        keys.append(STAGE.made_from(settings, [], {})["made_with"])
    assert keys == [{"device": "cpu", "precision": "int8"}, {"device": "cuda", "precision": "float16"}]
    resolve.cache_clear()


# --- what is kept, what is dropped, and what is said of it ------------------------------------------------------------


def segment(text: str, end_s: float = 2.0, **changed: float) -> Segment:
    """A segment that no guard objects to, as a program gives it."""
    facts = {"mean_log_probability": -0.3, "compression_ratio": 1.0, "no_speech_probability": 0.05, "temperature": 0.0}
    return Segment(0.0, end_s, text, **facts | changed)


def say(text: str) -> np.ndarray:
    """A voice that says a text in English, with a second of silence before and after it; 16 kHz."""
    made = subprocess.run(
        [sys.executable, "-c", VOICE, str(CHECKOUT / "data/demo"), text], capture_output=True, check=True
    )
    spoken = np.frombuffer(made.stdout, np.float32)
    return np.pad(resample_poly(spoken, 320, 441), 16_000)


# The demo's voice starts a process of its own, which wants a main module that is a file.
VOICE = """
import sys
sys.path.insert(0, sys.argv[1])
from generator.speech import _speak
sys.stdout.buffer.write(_speak(sys.argv[2], "en", 150, 50).tobytes())
"""


ENGLISH = (("en", 0.9),)


class Answers:
    """An engine that knows its answers: the text of a whole clip, and that of a part of it decoded alone."""

    device, parallel = "cpu", 1

    def __init__(self, whole: list[Segment], alone: list[Segment], english: list[Segment], languages: list) -> None:
        self.texts = {"transcribe": whole, "translate": english}
        self.alone, self.told, self.longest = alone, languages, 0

    def decode(self, clip, task, *_) -> list[Segment]:
        self.longest = max(self.longest, len(clip))
        return self.texts[task] if len(clip) == self.longest else self.alone

    def languages(self, clips) -> list:
        return [self.told[min(number, len(self.told) - 1)] for number in range(len(clips))]


def answer(
    monkeypatch, folder: Path, sound: Path, whole, *, alone=(), english=(), languages=(("en", 0.9),), **settings
):
    """Outcome and file of one reel that is decoded by these answers."""
    engine = Answers(list(whole), list(alone), list(english), list(languages))
    monkeypatch.setattr(transcribe_speech, "load_engine", lambda *_: engine)
    section = TranscriptSection(**{"temperatures": [0.0]} | settings)
    work = Work("ada", "one", {"audio": audio_row(sound)}, folder)
    outcome = Transcriber(Model("base", "1", "0", folder), section, 1).transcribe(work)
    return outcome, json.loads(work.artifact(".json").read_text(encoding="utf-8"))


def test_a_refrain_that_is_sung_is_kept(speech, tmp_path):
    """Eight times the same sentence: the guard against loops once dropped most of them, and no row said so."""
    once = read_wav(speech / "en.wav")
    write_sound(tmp_path / "refrain.wav", np.tile(once, 6))
    settings = TranscriptSection(model="base", device="cpu", beam_size=1, temperatures=[0.0], min_log_probability=-2.0)
    transcriber = Transcriber(Model("base", "1", "0", speech / "models" / "faster-whisper-base"), settings, 2)
    work = Work("ada", "one", {"audio": audio_row(tmp_path / "refrain.wav")}, tmp_path)
    outcome = transcriber.transcribe(work)
    made = json.loads(work.artifact(".json").read_text(encoding="utf-8"))
    assert (outcome, made["dropped"], made["dropped_segments"]) == (OK, 0, [])
    said = [letters(part["text"]) for part in made["segments"]]
    assert len(said) == 6
    assert len(set(said)) <= 2


def test_a_loop_that_its_sound_does_not_give_again_is_dropped_and_named(monkeypatch, tmp_path, speech):
    loop = [segment("Round and round it goes.", 2.0, compression_ratio=5.0)]
    good = segment("And this is something else.", 2.5)
    outcome, made = answer(
        monkeypatch, tmp_path, speech / "en.wav", [*loop, good], alone=[segment("A blue loom in the workshop.")]
    )
    assert made["text"] == good.text
    assert [(part["text"], part["dropped"]) for part in made["dropped_segments"]] == [(loop[0].text, "repeated")]
    assert (outcome.state, outcome.reason) == ("ok", "partly_dropped")
    assert outcome.detail == "1 of 2 segments dropped (repeated: 1)"


ENDING = "Thanks for watching!"


@pytest.mark.parametrize(
    ("sound", "alone", "stays"),
    [
        ("voice", segment(ENDING), True),
        ("voice", segment(ENDING, no_speech_probability=0.7), False),
        ("voice", segment("We walked along the river."), False),
        ("noise", segment(ENDING), False),
    ],
)
def test_a_well_known_sentence_stays_where_the_sound_supports_it(monkeypatch, tmp_path, speech, sound, alone, stays):
    write_noise(tmp_path / "noise.wav", 3)
    path = speech / "en.wav" if sound == "voice" else tmp_path / "noise.wav"
    outcome, made = answer(monkeypatch, tmp_path, path, [segment(ENDING)], alone=[alone], vad=False)
    assert outcome.state == ("ok" if stays else "skipped")
    assert made.get("text") == (ENDING if stays else None)
    assert made["dropped"] == (0 if stays else 1)
    if not stays:
        assert outcome.detail == "1 of 1 segments dropped (a sentence that Whisper is known to invent: 1)"


@pytest.mark.parametrize("named", ["[Music]", "♪"])
def test_the_name_of_a_sound_is_never_speech(monkeypatch, tmp_path, speech, named):
    outcome, made = answer(
        monkeypatch, tmp_path, speech / "en.wav", [segment(named)], alone=[segment(named)], vad=False
    )
    assert (outcome.state, made["dropped"]) == ("skipped", 1)


def test_a_voice_that_thanks_for_watching_is_heard(speech, tmp_path):
    write_sound(tmp_path / "voice.wav", say("Thank you for watching."))
    settings = TranscriptSection(model="base", device="cpu", beam_size=1)
    transcriber = Transcriber(Model("base", "1", "0", speech / "models" / "faster-whisper-base"), settings, 2)
    work = Work("ada", "one", {"audio": audio_row(tmp_path / "voice.wav")}, tmp_path)
    assert transcriber.transcribe(work).state == "ok"
    assert letters(json.loads(work.artifact(".json").read_text())["text"]) == "thank you for watching"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you for watching. Please subscribe to my channel.",
        "Subtitles by the Amara.org community",
        "Untertitel der Amara.org-Community",
        "Vielen Dank für's Zuschauen!",
        "Untertitelung des ZDF, 2020",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Sous-titrage Société Radio-Canada",
        "¡Gracias por ver el video!",
        "Subtítulos realizados por la comunidad de Amara.org",
        "Legendas pela comunidade Amara.org",
        "Grazie per la visione!",
        "Sottotitoli e revisione a cura di QTSS",
        "Продолжение следует...",
        "Субтитры сделал DimaTorzok",
        "ご視聴ありがとうございました",
        "ご清聴ありがとうございました。",
        "시청해주셔서 감사합니다.",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕by索兰娅",
        "İzlediğiniz için teşekkürler.",
        "Altyazı M.K.",
    ],
)
def test_sentences_that_whisper_invents_are_known(text):
    assert is_well_known(text)


@pytest.mark.parametrize(
    "texts",
    [
        ["Bye.", "Bye-bye!", "Okay. Thank you.", "So, thank you for watching.", "I'll see you guys in the next one."],
        ["Don't forget to like and subscribe.", "Thanks, everyone. See you later, bye!", "Have a great day."],
        ["[Music]", "(upbeat music)", "♪", "♪ ♪", "*applause*", "[Musik] Tschüss!", "【音楽】"],
        ["Teksting av Nicolai Winther", "Titulky vytvořil JohnyX", "Υπότιτλοι AUTHORWAVE", "Felirat: Nagy János"],
        ["Vielen Dank.", "Tschüß!", "Bis zum nächsten Mal.", "Danke fürs Zuschauen und bis bald."],
        ["Merci à tous.", "Au revoir !", "Merci d'avoir regardé cette vidéo."],
        ["Muchas gracias.", "¡Hasta luego!", "Gracias. ¡Nos vemos!", "Obrigada, gente. Tchau, tchau!"],
        ["Grazie a tutti.", "Ciao, ciao!", "Dank je wel.", "Dziękuję bardzo.", "Děkuji za pozornost."],
        ["Takk for at du så på.", "Tack så mycket!", "Kiitos.", "Köszönöm a figyelmet!", "Hvala vam."],
        ["Спасибо за внимание!", "Всем пока!", "Дякую.", "Ευχαριστώ πολύ."],
        ["Teşekkür ederim.", "Abone olmayı unutmayın.", "شكرًا لكم", "תודה רבה", "धन्यवाद"],
        ["ありがとう。", "バイバイ", "안녕히 계세요.", "谢谢大家。", "再见。"],
        ["Cảm ơn các bạn.", "Terima kasih.", "ขอบคุณครับ"],
    ],
)  # fmt: skip
def test_last_words_credits_and_names_of_sounds_are_known_in_the_languages_of_people(texts):
    assert [text for text in texts if not is_well_known(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "Thank you for watching my dog while we were away last summer.",
        "He gave the film a good watching, thanks for asking.",
        "I made this in the morning. Thanks for watching!",
        "Mi hermano siempre me dice gracias.",
        "Heute geht es um Untertitel in Filmen.",
        "Okay. Yes.",
        "So, today we paint the door. Bye!",
        "[Music] First you cut the paper.",
        "♪ The river runs so slow ♪",
        "Goodbye is the title of her second book.",
        "Gracias a la lluvia tenemos flores este año en todo el jardín.",
    ],
)
def test_what_people_say_is_not_taken_for_them(text):
    assert not is_well_known(text)


@pytest.mark.parametrize(
    ("told", "code", "reason"),
    [
        ([("hi", 0.3), ("es", 0.9)], "es", None),
        ([("es", 0.9), ("hi", 0.3)], "es", None),
        ([("hi", 0.3), ("es", 0.25)], "hi", "unsure_language"),
    ],
)
def test_the_likelier_language_is_taken_and_an_unlikely_one_marked(monkeypatch, tmp_path, speech, told, code, reason):
    outcome, made = answer(
        monkeypatch, tmp_path, speech / "es.wav", [segment("Hola a todos.")], english=[segment("Hello, all.")],
        languages=told,
    )  # fmt: skip
    assert (made["language"], outcome.reason) == (code, reason)
    assert ("language hi with a probability of 0.30 only" in (outcome.detail or "")) == (reason is not None)


def test_a_second_language_is_marked_with_its_place(speech, tmp_path):
    parts = [read_wav(speech / f"{language}.wav") for language in ("de", "es")]
    write_sound(tmp_path / "mixed.wav", np.concatenate(parts))
    settings = TranscriptSection(model="base", device="cpu", beam_size=1, temperatures=[0.0], translate=False)
    transcriber = Transcriber(Model("base", "1", "0", speech / "models" / "faster-whisper-base"), settings, 2)
    works = [Work("ada", name, {"audio": audio_row(path)}, tmp_path / name) for name, path in
             (("mixed", tmp_path / "mixed.wav"), ("de", speech / "de.wav"))]  # fmt: skip
    found = {}
    for work in works:
        work.folder.mkdir()
        language = transcriber.language(transcriber.listen(work))
        found[work.reel_id] = language.others
    assert found["de"] == []
    (other,) = found["mixed"]
    assert {language for language, _ in transcriber.engine.languages(parts)} == {"de", "es"}
    beginning = len(parts[0]) / 16_000
    if other["language"] == "es":
        assert other["start_s"] == pytest.approx(beginning, abs=2.5)
    else:
        assert other["end_s"] == pytest.approx(beginning, abs=2.5)


@pytest.mark.parametrize(
    ("seconds", "ends", "expected"),
    [
        (7.0, [3.5, 7.0], []),
        (9.0, [4.5, 9.0], [(0.0, 4.5), (4.5, 9.0)]),
        (12.0, [12.0], [(0.0, 4.0), (4.0, 8.0), (8.0, 12.0)]),
        (9.0, [2.0, 5.0, 9.0], [(0.0, 5.0), (5.0, 9.0)]),
        (10.0, [8.0, 10.0], [(0.0, 4.0), (4.0, 10.0)]),
        (80.0, [], [(start, start + 10.0) for start in range(0, 80, 10)]),
    ],
)
def test_languages_are_compared_in_pieces_that_end_where_a_voice_pauses(seconds, ends, expected):
    found = pieces(round(seconds * 16_000), [round(end * 16_000) for end in ends])
    assert [(start / 16_000, end / 16_000) for start, end in found] == expected


@pytest.mark.parametrize(
    ("english", "translate", "missing"),
    [
        ([], True, "the model translated nothing"),
        ([segment("Hm.", mean_log_probability=-3.0)], True, "1 of 1 segments dropped (improbable: 1)"),
        ([], False, "transcript.translate is off"),
    ],
)
def test_english_text_that_is_missing_has_its_reason(monkeypatch, tmp_path, speech, english, translate, missing):
    outcome, made = answer(
        monkeypatch, tmp_path, speech / "es.wav", [segment("Hola a todos.")], english=english, translate=translate,
        languages=[("es", 0.9)],
    )  # fmt: skip
    assert (made["text_en"], made["text_en_missing"]) == (None, missing)
    assert outcome.detail == f"no English text: {missing}"
    assert outcome.reason == ("not_translated" if translate else None)
