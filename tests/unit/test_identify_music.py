"""Music: a service on this machine that checks signatures and bills each call; shares of speech and music, measured."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import platform
import shutil
import subprocess
import sys
import threading
import time
import wave
from collections import deque
from dataclasses import replace
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import identify_music
from common.files import file_sha256, read_lines
from common.manifest import Row, read_manifest, read_reels, write_manifest
from common.store import Store
from media.acrcloud import best_hit, piece_of
from media.sound import measure
from media.wav import SAMPLE_RATE, as_wav
from prepare_context import read_music
from study import CHECKOUT

KEY, SECRET = "canary-access-7c1", "canary-hidden-9e4"
HIT = {
    "title": "Blue Looms", "artists": [{"name": "The Weavers"}, {"name": "A Friend"}], "album": {"name": "Threads"},
    "score": 88, "acrid": "abc", "genres": [{"name": "Folk"}, {"name": "Pop"}], "play_offset_ms": 1200,
    "external_ids": {"isrc": "XX1234567890"},
}  # fmt: skip


def answer(code: int, *hits: dict) -> dict[str, Any]:
    said: dict[str, Any] = {"status": {"code": code, "msg": "x", "version": "1.0"}}
    return {**said, "metadata": {"music": list(hits)}} if hits else said


class Service:
    """The service: each request is counted, and answered with the next of `answers`, or the last."""

    def __init__(self) -> None:
        self.answers: deque[Any] = deque([answer(0, HIT)])
        self.forms: list[dict[str, bytes]] = []
        self.delay_s = 0.0
        self.lock, self.under_way, self.most = threading.Lock(), 0, 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
                parts = BytesParser().parsebytes(head + raw).get_payload()
                form = {
                    part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                    for part in parts
                }
                service.forms.append(form)
                with service.lock:
                    service.under_way += 1
                    service.most = max(service.most, service.under_way)
                time.sleep(service.delay_s)
                with service.lock:
                    service.under_way -= 1
                found = service.answers.popleft() if len(service.answers) > 1 else service.answers[0]
                if not service.signed(form, self.path):
                    found = answer(3014)
                status, content = found if isinstance(found, tuple) else (200, json.dumps(found).encode())
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()
                self.wfile.write(content)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.host = f"http://127.0.0.1:{self.server.server_address[1]}"

    @staticmethod
    def signed(form: dict[str, bytes], path: str) -> bool:
        text = "\n".join(
            ["POST", path, KEY, form["data_type"].decode(), "1", form["timestamp"].decode()]
        )  # fmt: skip
        right = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest())
        return (
            path == "/v1/identify"
            and form["access_key"] == KEY.encode()
            and form["signature_version"] == b"1"
            and form["signature"] == right
            and int(form["sample_bytes"]) == len(form["sample"])
        )


@pytest.fixture
def service(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACRCLOUD_ACCESS_KEY", KEY)
    monkeypatch.setenv("ACRCLOUD_ACCESS_SECRET", SECRET)
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def chord(seconds: float, *hertz: float, notes_s: float = 0.5) -> np.ndarray:
    """Notes, one after another, with a few partials each."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    which = (times / notes_s).astype(int) % len(hertz)
    base = np.asarray(hertz)[which]
    within = times % notes_s
    return (0.2 * sum(np.sin(2 * np.pi * base * n * within) / n for n in (1, 2, 3))).astype(np.float32)


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    drawn = np.random.default_rng(5).normal(0, level, round(seconds * SAMPLE_RATE))
    return drawn.astype(np.float32)


def study(**sounds: np.ndarray | None) -> None:
    rows = []
    for reel, samples in sounds.items():
        if samples is None:
            rows.append(Row("ada", reel, "audio", "skipped", "no_audio"))
            continue
        path = Path(f"results/audio/0/{reel}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_wav(samples))
        rows.append(Row("ada", reel, "audio", "ok", None, None, str(path), file_sha256(path)))
    write_manifest(rows, Path("results/audio/0.parquet"))


def identify(service: Service | None = None, *options: str) -> dict[str, tuple[Row, dict]]:
    host = [f"--host={service.host}"] if service else ["--backend=none"]
    limits = ["--attempts=2", "--max-wait-s=1", "--timeout-s=60", "--connections=1", "--workers=1"]
    places = ["--audio=results/audio/0.parquet", "--manifest=results/music/0.parquet"]
    identify_music.main(identify_music.parse([*places, *limits, *host, *options]))
    rows = read_reels(Path("results/music/0.parquet"), "music")
    return {reel: (row, json.loads(row.file().read_text()) if row.state == "ok" else {}) for reel, row in rows.items()}


# --- the service ----------------------------------------------------------------------------------------------------


def test_a_hit_is_kept_with_all_its_fields(service: Service) -> None:
    study(a=chord(30, 262, 330, 392))
    row, music = identify(service)["a"]
    assert row.state == "ok"
    assert music["identified"] == {
        "title": "Blue Looms", "artist": "The Weavers, A Friend", "album": "Threads", "genres": ["Folk", "Pop"],
        "score": 88.0, "acrid": "abc", "isrc": ["XX1234567890"],
    }  # fmt: skip
    assert music["answer"] == answer(0, HIT)
    assert music["sound"] == "music"
    (form,) = service.forms
    assert form["data_type"] == b"audio"
    with wave.open(io.BytesIO(form["sample"])) as sent:
        assert (sent.getnframes(), sent.getframerate()) == (15 * SAMPLE_RATE, SAMPLE_RATE)


def test_two_processes_that_have_the_same_sound_pay_once(service: Service) -> None:
    study(a=chord(20, 262, 330))
    Path("results/audio/1").mkdir()
    table = Path("results/audio/1.parquet")
    write_manifest([replace(row, reel_id="b") for row in read_manifest(Path("results/audio/0.parquet"))], table)
    service.delay_s = 6.0  # longer than the programs' start takes
    command = [sys.executable, str(CHECKOUT / "scripts/identify_music.py"), f"--host={service.host}", "--timeout-s=60"]
    places = [(f"--audio=results/audio/{n}.parquet", f"--manifest=results/music/{n}.parquet") for n in (0, 1)]
    jobs = [subprocess.Popen([*command, *place]) for place in places]
    assert [job.wait(120) for job in jobs] == [0, 0]
    assert len(service.forms) == 1
    found = [read_reels(Path(f"results/music/{batch}.parquet"), "music") for batch in (0, 1)]
    assert found[0]["a"].sha256 == found[1]["b"].sha256
    assert {owner[1] for batch in "01" for owner in Store(Path("data/raw")).owners("acrcloud", batch)} == {"a", "b"}


def test_the_piece_is_from_the_middle() -> None:
    samples = np.arange(40 * SAMPLE_RATE, dtype=np.float32)
    assert piece_of(samples, "middle", 10)[0] == 15 * SAMPLE_RATE
    assert piece_of(samples, "start", 10)[0] == 0
    assert len(piece_of(samples[:100], "middle", 10)) == 100


@pytest.mark.parametrize("code", [1001, 2004], ids=["nothing found", "no fingerprint"])
def test_no_music_is_a_result_and_is_not_paid_for_twice(service: Service, code: int) -> None:
    service.answers = deque([answer(code)])
    study(a=noise(20))
    row, music = identify(service)["a"]
    assert (row.state, music["identified"]) == ("ok", None)
    assert music["answer"]["status"]["code"] == code
    identify(service)
    shutil.rmtree("data/store")
    identify(service)
    shutil.rmtree("results/music")
    identify(service, "--min-score=90")
    assert len(service.forms) == 1


def test_a_score_that_is_too_low_does_not_count_and_is_kept(service: Service) -> None:
    study(a=chord(20, 262, 392))
    assert identify(service, "--min-score=90")["a"][1]["identified"] is None
    music = identify(service, "--min-score=88")["a"][1]
    assert music["identified"]["title"] == "Blue Looms"
    assert len(service.forms) == 1, "another threshold reads the kept answer"


@pytest.mark.parametrize(
    ("said", "reason", "calls"),
    [
        (answer(3001), "unauthorized", 1),
        (answer(3014), "unauthorized", 1),
        (answer(3003), "quota", 1),
        (answer(3015), "throttled", 2),
        (answer(3000), "unavailable", 2),
        ((500, b"oops"), "unavailable", 2),
        ((429, b""), "throttled", 2),
        (answer(3042), "changed_format", 1),
        ((200, b"<html>"), "changed_format", 1),
        ((302, b""), "changed_format", 1),
        (answer(0, {"title": "without a score"}), "changed_format", 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_service_that_fails_is_never_no_music(service: Service, said, reason: str, calls: int) -> None:
    service.answers = deque([said])
    study(a=chord(20, 262, 392))
    row, _ = identify(service)["a"]
    assert (row.state, row.reason) == ("failed", reason)
    assert len(service.forms) == calls


def test_what_passes_is_asked_again(service: Service) -> None:
    service.answers = deque([answer(3015), answer(0, HIT)])
    study(a=chord(20, 262, 392))
    assert identify(service)["a"][0].state == "ok"
    assert len(service.forms) == 2


@pytest.mark.parametrize("code", [3001, 3003])
def test_after_a_refusal_nothing_more_is_asked(service: Service, code: int) -> None:
    service.answers = deque([answer(code)])
    study(**{f"r{number}": chord(20, 262 + number, 392) for number in range(4)})
    rows = identify(service)
    assert len({row.reason for row, _ in rows.values()}) == 1
    assert all(row.state == "failed" for row, _ in rows.values())
    assert len(service.forms) == 1


def test_without_keys_nothing_is_asked(service: Service, monkeypatch) -> None:
    monkeypatch.delenv("ACRCLOUD_ACCESS_SECRET")
    study(a=chord(20, 262, 392))
    row, _ = identify(service)["a"]
    assert row.reason == "no_credentials"
    assert "ACRCLOUD_ACCESS_SECRET" in row.detail
    assert service.forms == []
    Path(".env").write_text(f"ACRCLOUD_ACCESS_SECRET={SECRET}\n")
    assert identify(service)["a"][0].state == "ok"
    Path(".env").unlink()
    kept = b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())
    assert KEY.encode() not in kept
    assert SECRET.encode() not in kept


def test_silence_and_no_sound_cost_nothing(service: Service) -> None:
    study(a=np.zeros(20 * SAMPLE_RATE, np.float32), b=None)
    rows = identify(service)
    assert rows["a"][1]["sound"] == "silence"
    assert (rows["a"][1]["answer"], rows["a"][1]["not_asked"]) == (None, "silence")
    assert (rows["b"][0].state, rows["b"][0].reason) == ("skipped", "no_audio")
    assert service.forms == []


def test_the_same_sound_at_the_same_time_is_paid_once(service: Service) -> None:
    service.delay_s = 0.5
    study(**{f"r{number}": chord(6, 262, 392) for number in range(4)})
    rows = identify(service, "--connections=4")
    assert {row.state for row, _ in rows.values()} == {"ok"}
    assert len(service.forms) == 1


def test_so_many_requests_are_under_way(service: Service) -> None:
    service.delay_s = 0.2
    study(**{f"r{number}": chord(3, 262 + 10 * number, 392) for number in range(4)})
    identify(service, "--workers=4", "--connections=2")
    assert len(service.forms) == 4
    assert service.most == 2


def test_the_same_sound_in_two_reels_is_paid_once_and_belongs_to_both(service: Service) -> None:
    study(a=chord(20, 262, 392), b=chord(20, 262, 392), c=np.concatenate([chord(20, 262, 392), noise(0.01)]))
    identify(service)
    assert 1 <= len(service.forms) <= 2
    owners = {line["reel_id"] for line in read_lines(Path("data/raw/index/acrcloud/0.jsonl"))}
    assert {"a", "c"} <= owners
    assert Store(Path("data/raw")).owners("acrcloud", "0")


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the fingerprint library is compiled for it only"
)
def test_a_fingerprint_is_sent_instead_of_the_sound(service: Service) -> None:
    study(a=chord(20, 262, 330, 392, 523), b=np.zeros(20 * SAMPLE_RATE, np.float32))
    rows = identify(service, "--backend=acrcloud-fingerprint")
    assert rows["a"][1]["identified"]["title"] == "Blue Looms"
    assert rows["b"][1]["answer"] is None
    (form,) = service.forms
    assert form["data_type"] == b"fingerprint"
    assert 100 < len(form["sample"]) < 20_000
    assert not form["sample"].startswith(b"RIFF")
    identify(service)
    assert len(service.forms) == 2, "a piece of the sound is another question"


def test_a_machine_without_the_library_is_told_so(service: Service, monkeypatch) -> None:
    from common.program import UserError

    monkeypatch.setitem(sys.modules, "acrcloud", None)
    study(a=chord(20, 262, 392))
    with pytest.raises(UserError, match=r"compiled for Linux on x86-64 only.* Choose `acrcloud`"):
        identify(service, "--backend=acrcloud-fingerprint")


@pytest.mark.parametrize("ids", [{"isrc": ["A", "B"]}, {"isrc": "A"}, {}])
def test_hits_have_what_they_have(ids: dict) -> None:
    bare = {"title": "x", "score": "100", "external_ids": ids}
    found = best_hit(answer(0, {**HIT, "score": 71}, bare), 70)
    assert (found["title"], found["artist"], found["genres"]) == ("x", None, [])
    assert found["isrc"] == ([ids["isrc"]] if isinstance(ids.get("isrc"), str) else ids.get("isrc", []))


# --- what is measured -----------------------------------------------------------------------------------------------


def test_without_a_service_the_sound_has_a_kind(service: Service) -> None:
    study(a=chord(12, 262, 330, 392), b=noise(12))
    rows = identify()
    assert {reel: music["sound"] for reel, (_, music) in rows.items()} == {"a": "music", "b": "other"}
    assert rows["a"][1]["music_share"] > 0.9
    assert rows["a"][1]["backend"] == "none"
    assert service.forms == []


@pytest.mark.parametrize("level", [0.01, 0.1, 1.0])
def test_loudness_makes_no_difference(level: float) -> None:
    assert measure(level * chord(8, 262, 330, 392)).kind == "music"
    assert measure(level * noise(8)).kind == "other"


def test_shares_are_of_the_duration() -> None:
    sound = measure(np.concatenate([np.zeros(6 * SAMPLE_RATE, np.float32), chord(4, 262, 330, 392)]))
    assert sound.silence_share == pytest.approx(0.6, abs=0.01)
    assert sound.music_share == pytest.approx(0.4, abs=0.11)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.9])
def test_short_sounds(seconds: float) -> None:
    sound = measure(chord(seconds, 262))
    assert 0 <= sound.music_share <= 1
    assert sound.kind != "speech"


# --- parts that are not there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
@pytest.mark.parametrize("part", ["title", "artists", "album", "genres", "acrid", "external_ids", "play_offset_ms"])
def test_what_the_service_has_nothing_for_is_unknown(part: str, nothing: object) -> None:
    found = best_hit(answer(0, {**HIT, part: nothing}), 70)
    whole = best_hit(answer(0, HIT), 70)
    key = {"artists": "artist", "external_ids": "isrc"}.get(part, part)
    empty = [] if key in ("genres", "isrc") else None
    assert found == (whole if part == "play_offset_ms" else whole | {key: empty})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"artists": [{"name": None}, None, {"name": "A"}, {"names": "B"}, 7]}, {"artist": "A"}),
        ({"artists": {"name": "A"}}, {"artist": "A"}),
        ({"artists": "A"}, {"artist": None}),
        ({"album": {"name": None}}, {"album": None}),
        ({"genres": ["Pop", {"name": "Folk"}]}, {"genres": ["Folk"]}),
        ({"external_ids": {"isrc": [None, "X", ""]}}, {"isrc": ["X"]}),
        ({"external_ids": "X"}, {"isrc": []}),
        ({"title": "half \ud83c"}, {"title": "half \ufffd"}),
        ({"title": 7}, {"title": None}),
        ({"score": "88.0"}, {"score": 88.0}),
    ],
)
def test_parts_of_other_types_cost_themselves_only(change: dict, expected: dict) -> None:
    assert best_hit(answer(0, {**HIT, **change}), 70) == best_hit(answer(0, HIT), 70) | expected


@pytest.mark.parametrize(
    "metadata", [None, [], {}, {"music": None}, {"music": []}, {"music": {}}, {"humming": [{"score": 90}]}]
)
def test_an_answer_without_music_has_none(metadata: object) -> None:
    assert best_hit({"status": {"code": 0}, "metadata": metadata}, 70) is None


def test_a_hit_without_a_score_does_not_hide_one_with_it() -> None:
    hits = [None, {**HIT, "score": None}, {**HIT, "score": "high"}, {**HIT, "score": True}, {**HIT, "title": "found"}]
    assert best_hit(answer(0, *hits), 70)["title"] == "found"
    assert best_hit(answer(0, {**HIT, "title": None}, HIT), 70)["title"] == "Blue Looms", (
        "of equal ones that with a title"
    )


def test_half_an_emoji_does_not_lose_an_answer_that_was_paid_for(service: Service) -> None:
    service.answers = deque([answer(0, {**HIT, "title": "cut \ud83c"})])
    study(a=chord(20, 262, 392))
    row, music = identify(service)["a"]
    assert (row.state, music["identified"]["title"]) == ("ok", "cut \ufffd")
    identify(service, "--min-score=80")
    assert len(service.forms) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"status": ' + b"[" * 150 + b"]" * 150 + b"}", "nested more than 100 levels deep"),
        (b"[" * 100_000, "nested more than 100 levels deep"),
        (b'{"status": {"code": 0}, "metadata": "' + b"x" * 300_000 + b'"}', "more than 200000 bytes"),
        (b'{"status": {"code": [0]}}', "status.code"),
        (b'{"status": {"code": 4711}}', "ACRCloud 4711, which was not expected"),
        (b'{"status": []}', "an answer without status.code"),
        (b"null", "an answer without status.code"),
    ],
    ids=["deep", "very deep", "large", "a list as code", "unknown code", "a list", "null"],
)
def test_absurd_answers_are_kept_and_fail_with_a_reason(
    service: Service, monkeypatch, content: bytes, told: str
) -> None:
    monkeypatch.setattr("media.acrcloud.MAX_ANSWER_BYTES", 200_000)
    service.answers = deque([(200, content), answer(0, HIT)])
    study(a=chord(20, 262, 392))
    row, _ = identify(service)["a"]
    assert (row.state, row.reason) == ("failed", "changed_format")
    assert told in row.detail
    (kept,) = Path("data/raw/acrcloud_unread").glob("*/*/reel.txt")
    assert kept.read_bytes() == content[:200_000]
    assert str(kept) in row.detail
    assert Store(Path("data/raw")).owners("acrcloud_unread", "0")
    assert identify(service)["a"][0].state == "ok", "asked again when the batch is made again"


def test_a_piece_without_a_title_is_said_to_have_none(service: Service) -> None:
    service.answers = deque([answer(0, {**HIT, "title": None})])
    study(a=chord(20, 262, 392))
    row, _ = identify(service)["a"]
    assert read_music(row) == "a piece without a title by The Weavers, A Friend (Folk, Pop)."
