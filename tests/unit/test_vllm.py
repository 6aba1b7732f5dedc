"""A vLLM server that a job starts and stops, with a stand-in of the same command line (tests/fake_vllm.py)."""

from __future__ import annotations

import gc
import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest
import requests
from PIL import Image

import describe_reels
import generation.vllm
import prepare_context
from common.config import VllmSection
from common.files import file_sha256
from common.manifest import Row, read_reels, write_manifest
from common.models import Model, write_marker
from common.program import UserError
from generation.requests import Request
from generation.vllm import VllmGenerator, VllmServer
from study import CHECKOUT

COMMAND = shlex.join([sys.executable, str(CHECKOUT / "tests/fake_vllm.py")])
FRAMES = Path("results/frames/0.parquet")
MANIFEST = Path("results/description/0.parquet")
REELS = 5


@pytest.fixture(autouse=True)
def nothing_around(tmp_path, monkeypatch):
    """A folder of the test's own, a proxy that answers nobody, and somebody else's key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "of-another-service")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture
def told(monkeypatch):
    """Tells the stand-in what to do."""

    def tell(**what) -> None:
        monkeypatch.setenv("FAKE_VLLM", json.dumps({"notes": str(Path("notes.json").absolute()), **what}))

    tell()
    return tell


def notes() -> dict:
    return json.loads(Path("notes.json").read_text())


def model(name: str = "tiny") -> Model:
    folder = Path("models", name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}\n")
    files = {"config.json": {"sha256": file_sha256(folder / "config.json"), "size": 3}}
    write_marker(Path("models", f"{name}.json"), name, "test", "random", files)
    return Model(name, "random", "0" * 64, folder)


def generator(**settings) -> VllmGenerator:
    section = VllmSection(**{"command": COMMAND, "attempts": 1, "start_s": 60.0, **settings})
    return VllmGenerator(model(), section, Path("logs/0.vllm.log"), send="video", max_new_tokens=16)


def frames(number: int, count: int) -> Row:
    """A reel's frames, as sample_frames leaves them."""
    path = Path(f"results/frames/0/reel{number}.zip")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        for frame in range(count):
            picture = io.BytesIO()
            Image.new("RGB", (36, 64), (number, frame, 0)).save(picture, "JPEG")
            packed.writestr(f"{frame:02d}.jpg", picture.getvalue())
        listed = [{"file": f"{frame:02d}.jpg", "time_s": frame * 1.5} for frame in range(count)]
        packed.writestr("frames.json", json.dumps({"duration_s": 60.0, "width": 36, "height": 64, "frames": listed}))
    return Row("ada", f"reel{number}", "frames", "ok", None, None, str(path), file_sha256(path))


def options(**vllm) -> list[str]:
    """Options of describe_reels for reels with frames, which are written here."""
    model()
    if not Path("results/frames").exists():
        write_manifest([frames(number, 40 if number == 0 else 4) for number in range(REELS)], FRAMES)
    section = {"command": COMMAND, "attempts": 1, "start_s": 60.0, **vllm}
    return [
        f"--frames={FRAMES}", f"--manifest={MANIFEST}", "--journal=journal.jsonl", "--models=models",
        "--weights", "models/tiny.json", "--model=tiny", "--backend=vllm", f"--vllm={json.dumps(section)}",
        "--context=none", "--max-new-tokens=16",
    ]  # fmt: skip


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(what, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def test_a_batch_is_described_by_a_server_that_ends_with_it(told) -> None:
    arguments = [*options(arguments=["--quantization", "fp8"], max_model_len=16_384), "--log=results/logs/0.log"]
    describe_reels.main(describe_reels.parse(arguments))
    rows = read_reels(MANIFEST, "description")
    assert [row.state for row in rows.values()] == ["ok"] * REELS
    record = json.loads(rows["reel0"].file().with_suffix(".json").read_text())
    assert len(record["frames_shown_s"]) == 40, "vLLM takes 32 frames of a video that does not say how many it has"
    assert record["frames_as"] == "video"
    assert (record["vllm"], record["dtype"], record["model"]) == ("0.33.0", "auto", "tiny")
    assert record["arguments"] == ["--quantization", "fp8"]
    started = notes()
    given = started["arguments"]
    assert given[:4] == ["serve", str(Path("models/tiny").absolute()), "--served-model-name", "tiny"]
    pairs = dict(zip(given[4::2], given[5::2], strict=True))
    assert pairs["--host"] == "127.0.0.1"
    assert pairs["--max-model-len"] == "16384"
    assert json.loads(pairs["--limit-mm-per-prompt"]) == {"image": 0, "video": 1}
    assert pairs["--generation-config"] == "vllm"
    assert "vLLM API server version" in Path("results/logs/0.vllm.log").read_text()
    gc.collect()  # a program would end here
    assert is_gone(started["server"])
    assert is_gone(started["engine"])


def test_all_in_the_store_needs_no_server(told) -> None:
    describe_reels.main(describe_reels.parse(options()))
    Path("notes.json").unlink()
    describe_reels.main(describe_reels.parse(options(connections=2, gpu_memory=0.5)))
    assert not Path("notes.json").exists()


def test_nobody_else_can_ask_the_server(told) -> None:
    made = generator()
    root, key = made.server.root, notes()["key"]
    direct = requests.Session()
    direct.trust_env = False
    assert len(key) >= 32
    assert key not in " ".join(notes()["arguments"]), "other users see command lines"
    assert direct.get(f"{root}/v1/models", timeout=5).status_code == 401
    assert direct.get(f"{root}/v1/models", headers={"Authorization": f"Bearer {key}"}, timeout=5).status_code == 200
    assert key != generator().server.key


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_and_its_engine_end_with_a_killed_job(told, number: signal.Signals) -> None:
    told(slow_s=60.0)
    command = [sys.executable, str(CHECKOUT / "scripts/describe_reels.py"), *options()]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as job:
        log = Path("results/description/0.vllm.log")
        assert wait_until(lambda: log.exists() and Path("notes.json").exists(), 60)
        time.sleep(1)
        started = notes()
        assert not is_gone(started["engine"])
        job.send_signal(number)
        assert job.wait(60) != 0
    assert wait_until(lambda: is_gone(started["server"]))
    assert wait_until(lambda: is_gone(started["engine"]))


def test_the_server_ends_when_its_attendant_is_killed(told) -> None:
    made = generator()
    made.server.process.kill()
    assert wait_until(lambda: is_gone(notes()["server"]))
    assert wait_until(lambda: is_gone(notes()["engine"]))
    with pytest.raises(UserError, match="vLLM ended with status -9"):
        made.server.check()


def test_a_server_that_dies_ends_the_job_with_its_last_words_and_the_next_run_goes_on(told) -> None:
    told(dies_after=3)
    with pytest.raises(UserError, match=r"(?s)vLLM ended with status .*0\.vllm\.log:\n.*API server version"):
        describe_reels.main(describe_reels.parse(options(connections=1)))
    assert wait_until(lambda: is_gone(notes()["engine"])), "what holds the GPU's memory"
    told()
    describe_reels.main(describe_reels.parse(options(connections=1)))
    lines = [json.loads(line) for line in Path("journal.jsonl").read_text().splitlines()]
    assert sorted(line["reel_id"] for line in lines if not line["cached"]) == [f"reel{n}" for n in range(REELS)]


def test_a_server_that_cannot_start_says_why(told) -> None:
    told(fails="ValueError: Free memory on device (3.2/79.1 GiB) is less than desired GPU memory utilization")
    with pytest.raises(UserError, match=r"(?s)ended with status 1\. The end of .*Free memory on device"):
        generator()
    with pytest.raises(UserError, match=r"(?s)ended with status 2\. .*unrecognized arguments: --no-such-thing"):
        generator(arguments=["--no-such-thing"])


def test_a_server_that_is_not_ready_in_time_is_stopped(told) -> None:
    told(ready_s=60.0)
    with pytest.raises(UserError, match=r"not ready after . s \(vllm\.start_s\)"):
        generator(start_s=3.0)
    assert is_gone(notes()["server"])
    assert is_gone(notes()["engine"])


def test_a_port_that_another_took_is_no_server_of_ours(told, monkeypatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(generation.vllm, "_free_port", lambda: taken.getsockname()[1])
        monkeypatch.setattr(VllmServer, "_is_healthy", lambda _: False)
        with pytest.raises(UserError, match=r"(?s)ended with status 1\..*Address already in use"):
            generator()


def test_vllm_that_is_not_installed_is_named() -> None:
    with pytest.raises(UserError, match=r"vllm\.command: /opt/none/bin/vllm: no such program.*docs/gpu\.md"):
        generator(command="/opt/none/bin/vllm")


def test_a_version_that_takes_no_times_is_refused_for_videos(told) -> None:
    told(version="0.17.2")
    with pytest.raises(UserError, match=r"vLLM 0\.17\.2 cannot be told when the frames .* 0\.18 or later"):
        generator()


def test_further_fields_and_arguments_are_part_of_the_result_and_the_rest_is_not() -> None:
    def settings(**vllm) -> dict:
        return VllmSection(**vllm).result_settings()

    assert settings(command="x", gpu_memory=0.5, connections=1, start_s=1.0, timeout_s=1.0, attempts=1) == settings()
    assert settings() == {"dtype": "auto", "max_model_len": 8192, "arguments": [], "extra": {}}
    with pytest.raises(ValueError, match="messages: set by the program itself"):
        VllmSection(extra={"messages": []})


def test_requests_are_under_way_together(told) -> None:
    told(slow_s=1.0)
    made = generator(connections=32)
    asked = [Request(f"reel{number}", "Describe: {context}.", "warm light") for number in range(32)]
    begun = time.monotonic()
    answers = list(made.generate(asked))
    assert len(answers) == 32
    assert time.monotonic() - begun < 24, "32 s one by one"


def test_long_texts_are_condensed_by_a_server_too(told) -> None:
    told(answer="<think>Short.</think> A quiet day at the sea.")
    model("llama")
    caption = "We walk along the sea and look at boats. " * 12
    rows = []
    for number in range(3):
        path = Path(f"results/creators/0/reel{number}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"caption": f"{number} {caption}"}))
        rows.append(Row("ada", f"reel{number}", "creators", "ok", None, None, str(path), file_sha256(path)))
    write_manifest(rows, Path("results/creators/0.parquet"))
    section = {"command": COMMAND, "start_s": 60.0}
    prepare_context.main(prepare_context.parse([
        "--creators=results/creators/0.parquet", "--manifest=results/context/0.parquet", "--journal=journal.jsonl",
        "--models=models", "--weights", "models/llama.json", "--model=llama", "--backend=vllm", "--translate=none",
        f"--vllm={json.dumps(section)}", "--languages=[en, de]",
    ]))  # fmt: skip
    for row in read_reels(Path("results/context/0.parquet"), "context").values():
        made = json.loads(row.file().read_text())
        assert made["condensed"]["caption"]["text"] == "A quiet day at the sea."
    assert "--limit-mm-per-prompt" not in notes()["arguments"], "a model of texts is not started with it"
    gc.collect()  # a program would end here
    assert is_gone(notes()["server"])


def test_the_variable_of_the_key_is_the_servers_alone(told) -> None:
    generator()
    assert "VLLM_API_KEY" not in os.environ
