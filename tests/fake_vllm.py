"""A stand-in for vLLM: its command line, routes, key, errors and processes; no model. A real program and a real server.

Like vLLM's, its engine is a process of its own that goes on when the server is killed. The variable FAKE_VLLM tells it
what to do, as JSON: `version`; `ready_s`, seconds until it answers; `fails`, a line it says before it ends at the
start; `dies_after`, a number of answers; `slow_s`, seconds for each; `answer`, the text; `notes`, a file for what it
was started with.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fake_endpoint import Endpoint, Handler, frames_in

TOLD: dict[str, Any] = json.loads(os.environ.get("FAKE_VLLM", "{}"))
# Ignores the request to end, as an engine in the middle of a long operation may.
ENGINE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
SEEN_AT_MOST = 32  # frames of a video, where the request does not say how many it has


def read_command(arguments: list[str]) -> argparse.Namespace:
    """What vLLM's own parser takes of the options that a study may give; others end it with status 2."""
    parser = argparse.ArgumentParser("vllm")
    serve = parser.add_subparsers(dest="command", required=True).add_parser("serve", allow_abbrev=False)
    serve.add_argument("model_tag")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--api-key", nargs="*")
    serve.add_argument("--served-model-name", nargs="+")
    serve.add_argument("--dtype", choices=["auto", "bfloat16", "float", "float16", "float32", "half"], default="auto")
    serve.add_argument("--max-model-len", type=int, default=4096)
    serve.add_argument("--gpu-memory-utilization", type=float, default=0.9)
    serve.add_argument("--limit-mm-per-prompt", type=json.loads, default={})
    serve.add_argument("--generation-config", default="auto")
    serve.add_argument("--quantization", "-q")
    serve.add_argument("--tensor-parallel-size", "-tp", type=int, default=1)
    serve.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


class Routes(Handler):
    """The routes of vLLM; those below /v1 want the key."""

    options: argparse.Namespace
    keys: list[str]

    def do_GET(self) -> None:  # noqa: N802
        if self.path.startswith("/v1") and self.is_refused():
            return
        if self.path == "/health":
            self.say(200, b"")
        elif self.path == "/version":
            self.say(200, {"version": TOLD.get("version", "0.33.0")})
        elif self.path == "/v1/models":
            card = {"id": self.options.served_model_name[0], "object": "model", "owned_by": "vllm",
                    "root": self.options.model_tag, "max_model_len": self.options.max_model_len}  # fmt: skip
            self.say(200, {"object": "list", "data": [card]})
        else:
            self.say(404, {"detail": "Not Found"})

    def do_POST(self) -> None:  # noqa: N802
        if self.is_refused():
            return
        super().do_POST()
        if len(self.endpoint.asked) == TOLD.get("dies_after"):
            os.kill(os.getpid(), signal.SIGKILL)

    def is_refused(self) -> bool:
        refused = bool(self.keys) and self.headers.get("Authorization") not in [f"Bearer {key}" for key in self.keys]
        if refused:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.say(401, {"error": "Unauthorized"})
        return refused

    def problem(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        """What vLLM says to a request that it does not take."""

        def said(status: int, kind: str, message: str) -> tuple[int, dict[str, Any]]:
            return status, {"error": {"message": message, "type": kind, "param": None, "code": status}}

        if body["model"] not in self.options.served_model_name:
            return said(404, "NotFoundError", f"The model `{body['model']}` does not exist.")
        content = body["messages"][-1]["content"]
        parts = content if isinstance(content, list) else []
        for kind in ("image", "video"):
            most = self.options.limit_mm_per_prompt.get(kind, 999)
            if sum(part["type"] == f"{kind}_url" for part in parts) > most:
                return said(400, "BadRequestError", f"At most {most} {kind}(s) may be provided in one prompt.")
        told = (body.get("media_io_kwargs") or {}).get("video", {})
        for part in parts:
            seen = min(frames_in(part), told.get("num_frames", SEEN_AT_MOST))
            if part["type"] == "video_url" and len(told.get("frames_indices", range(seen))) != seen:
                return said(400, "BadRequestError", "frames_indices length must match number of frames sent")
        return None


def main() -> int:
    options = read_command(sys.argv[1:])
    print("INFO vLLM API server version", TOLD.get("version", "0.33.0"), flush=True)
    if "fails" in TOLD:
        print(TOLD["fails"], flush=True)
        return 1
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: (engine.kill(), os._exit(0)))
    key = os.environ.get("VLLM_API_KEY")
    Routes.options, Routes.keys = options, options.api_key or ([key] if key else [])
    if "notes" in TOLD:
        noted = {"arguments": sys.argv[1:], "server": os.getpid(), "engine": engine.pid, "key": key}
        Path(TOLD["notes"]).write_text(json.dumps(noted))
    time.sleep(TOLD.get("ready_s", 0.0))
    served = Endpoint(lambda _: TOLD.get("answer", "A quiet street."), options.port, Routes)
    served.context_tokens = options.max_model_len
    if "slow_s" in TOLD:
        served.delay = TOLD["slow_s"]
    while True:
        time.sleep(60)


if __name__ == "__main__":
    sys.exit(main())
