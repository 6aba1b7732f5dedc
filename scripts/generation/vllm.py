"""A model that vLLM serves: the server is started by the job that asks it, and stops with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import requests

from common.config import EndpointSection, VllmSection
from common.models import Model
from common.program import UserError, log
from common.session import Session
from common.states import ReelError
from generation.endpoint import EndpointGenerator
from generation.pictures import Fit
from generation.requests import Answer, Request

ATTEND = Path(__file__).with_name("attend.py")
# Times of frames are taken from this version on: earlier ones leave them out and say nothing.
TAKES_TIMES = 18
MOST_PICTURES = 128  # of one reel
STOP_S = 30.0
LINES_SHOWN = 12  # of the server's log, in a message


class VllmServer:
    """A vLLM server of this process: no other user can ask it, and it ends when this process does, however that ends.

    Args:
        model: verified weights.
        settings: how vLLM is started.
        media: what a prompt may hold: the most pictures and videos; empty: texts only.
        log_file: what the server says is kept there.

    Raises:
        UserError: vLLM is missing, cannot serve this model, or is not ready in time.
    """

    def __init__(self, model: Model, settings: VllmSection, media: dict[str, int], log_file: Path) -> None:
        program = shlex.split(settings.command)
        if not program or shutil.which(program[0]) is None:
            raise UserError(
                f"vllm.command: {settings.command}: no such program here. vLLM has an environment of its own "
                "(docs/gpu.md says how it is made); give the path of its `vllm`"
            )
        self.log_file, self.settings = log_file, settings
        self.session = Session()
        self.session.trust_env = False  # proxies are for others
        self.key, port = secrets.token_urlsafe(32), _free_port()
        self.root = f"http://127.0.0.1:{port}"
        command = [
            *program, "serve", str(model.folder.resolve()), "--served-model-name", model.name,
            "--host", "127.0.0.1", "--port", str(port), "--dtype", settings.dtype,
            "--max-model-len", str(settings.max_model_len), "--gpu-memory-utilization", str(settings.gpu_memory),
            *(["--limit-mm-per-prompt", json.dumps(media)] if media else []),  # models of texts do not take it
            "--generation-config", "vllm",  # the model's own would add penalties and sampling
            *settings.arguments,
        ]  # fmt: skip
        log.info("vLLM serves %s: %s", model.name, log_file)
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("wb") as written:
            self.process = subprocess.Popen(
                [sys.executable, str(ATTEND), *command],
                stdin=subprocess.PIPE,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this process, which then ends the server
                # In the environment, which other users cannot read, as they can a command line.
                env=os.environ | {"VLLM_API_KEY": self.key, "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"},
            )
        self.stop = weakref.finalize(self, _stop, self.process)  # at the end of this process at the latest
        try:
            self._wait_until_ready(model.name)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, name: str) -> None:
        """Raise UserError where the server ends, is not ready in time, or is another one."""
        begun = said = time.monotonic()
        while not self._is_healthy():
            self._check_running()
            now = time.monotonic()
            if now - begun > self.settings.start_s:
                raise UserError(f"vLLM was not ready after {now - begun:.0f} s (vllm.start_s). {self._last_lines()}")
            if now - said > 60:
                said = now
                log.info("vLLM is starting, for %.0f s by now", now - begun)
            time.sleep(0.5)
        served = self._get("/v1/models", key=True)
        if self._get("/v1/models").status_code != 401 or name not in served.text:
            raise UserError(f"{self.root}: another server took this port; run again. {self._last_lines()}")
        self.version = str(self._get("/version").json()["version"])
        log.info("vLLM %s is ready after %.0f s", self.version, time.monotonic() - begun)

    def check(self) -> None:
        """Raise UserError where the server has ended or cannot go on."""
        if not self._is_healthy():
            with contextlib.suppress(subprocess.TimeoutExpired):  # it may be about to end
                self.process.wait(5)
            self._check_running()
            raise UserError(f"vLLM no longer answers. {self._last_lines()}")

    def _check_running(self) -> None:
        if self.process.poll() is not None:
            raise UserError(f"vLLM ended with status {self.process.returncode}. {self._last_lines()}")

    def _is_healthy(self) -> bool:
        try:
            return self._get("/health").status_code == 200
        except requests.RequestException:
            return False

    def _get(self, path: str, *, key: bool = False) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"} if key else {}
        return self.session.get(self.root + path, headers=headers, timeout=10, allow_redirects=False)

    def _last_lines(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        said = "\n  ".join(line for line in lines[-LINES_SHOWN:] if line.strip())
        return f"The end of {self.log_file}:\n  {said}"


class VllmGenerator:
    """A `Generator`: a vLLM server of this job, and requests to it, as many at a time as keep the GPU busy.

    Args:
        model: verified weights.
        settings: how vLLM is started and asked.
        log_file: what the server says is kept there.
        send: frames as one video, with their times, or as pictures; None: texts only.
        options: see `EndpointGenerator`.

    Raises:
        UserError: see `VllmServer`.
    """

    def __init__(
        self,
        model: Model,
        settings: VllmSection,
        log_file: Path,
        *,
        send: Literal["images", "video"] | None = None,
        fit: Fit = "letterbox",
        **options: Any,
    ) -> None:
        most = {"images": {"image": MOST_PICTURES, "video": 0}, "video": {"image": 0, "video": 1}}
        self.server = VllmServer(model, settings, most[send] if send else {}, log_file)
        version = self.server.version
        minor = re.match(r"0\.(\d+)\.\d", version)
        if send == "video" and minor and int(minor[1]) < TAKES_TIMES:
            raise UserError(
                f"vLLM {version} cannot be told when the frames of a video are from: install 0.{TAKES_TIMES} or later"
            )
        asked = EndpointSection(
            url=f"{self.server.root}/v1",
            model=model.name,
            connections=settings.connections,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
            extra=settings.extra,
            tokens_per_frame=settings.tokens_per_frame,
        )
        self.endpoint = EndpointGenerator(
            asked, send=send or "images", fit=fit, own_key=self.server.key, stop_server=self.server.stop, **options
        )
        how = {name: getattr(settings, name) for name in ("dtype", "max_model_len", "arguments")}
        self.facts: dict[str, object] = {**self.endpoint.facts, "vllm": version, **how}

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Answer | ReelError]]:
        """See `Generator.generate`."""
        for request, answer in self.endpoint.generate(requests):
            if isinstance(answer, ReelError) and answer.reason == "unavailable":
                self.server.check()
            yield request, answer


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server: its attendant does when the pipe to it ends."""
    if process.stdin:
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
