"""An OpenAI-compatible endpoint on this machine that answers as it is told, and misbehaves on demand."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "canary-key-00e1"
Fault = Callable[["Handler"], None]


class Endpoint:
    """The server.

    Attributes:
        answers: makes the answer of a question, from its last message.
        faults: what goes wrong, request by request, before anything is answered.
        asked: the bodies of all requests.
        most: how many requests were under way at a time.
        context_tokens: longer prompts are refused, or cut without a word (`cuts`).
        tokens_per_frame: that are counted.
        fingerprint: of the server; Ollama has "fp_ollama".
        loaded: what /api/ps answers, where Ollama says which models it runs.
        looked: path and header Authorization of each GET.
    """

    def __init__(
        self, answers: Callable[[Any], str] = lambda _: "A quiet street.", port: int = 0, handler: Any = None
    ) -> None:
        self.answers, self.faults, self.asked = answers, deque[Fault | None](), list[dict[str, Any]]()
        self.keys: set[str | None] = set()
        self.lock, self.under_way, self.most, self.delay = threading.Lock(), 0, 0, 0.0
        self.context_tokens, self.cuts = 1 << 30, False
        self.tokens_per_frame, self.fingerprint = 100, None
        self.loaded: Any = {"models": []}
        self.looked: list[tuple[str, str | None]] = []
        endpoint = self

        class Bound(handler or Handler):
            def __init__(self, *arguments: Any) -> None:
                self.endpoint = endpoint
                super().__init__(*arguments)

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Bound)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    endpoint: Endpoint

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.endpoint.looked.append((self.path, self.headers.get("Authorization")))
        self.say(*((200, self.endpoint.loaded) if self.path == "/api/ps" else (404, {})))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.endpoint
        with server.lock:
            server.asked.append(body)
            server.keys.add(self.headers.get("Authorization"))
            fault = server.faults.popleft() if server.faults else None
            server.under_way += 1
            server.most = max(server.most, server.under_way)
        try:
            time.sleep(server.delay)
            if fault:
                fault(self)
                return
            if problem := self.problem(body):
                self.say(*problem)
                return
            content = body["messages"][-1]["content"]
            parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
            tokens = sum(
                server.tokens_per_frame * frames_in(part) + len(part.get("text", "").split()) for part in parts
            )
            if server.cuts:
                tokens = min(tokens, server.context_tokens)
            elif tokens > server.context_tokens:
                said = f"This model's maximum context length is {server.context_tokens} tokens, not {tokens}"
                self.say(400, {"error": {"message": said, "code": "context_length_exceeded"}})
                return
            text = server.answers(content)
            finish = "length" if text.endswith("...") else "stop"
            self.say(
                200,
                {
                    "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                    "system_fingerprint": server.fingerprint,
                    "choices": [
                        {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
                    ],
                    "usage": {"prompt_tokens": tokens, "completion_tokens": 10, "total_tokens": tokens + 10},
                },
            )  # fmt: skip
        finally:
            with server.lock:
                server.under_way -= 1

    def problem(self, body: dict[str, Any]) -> tuple[int, Any] | None:
        """Why a request is not taken; None where it is."""

    def say(self, status: int, content: Any, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def frames_in(part: dict[str, Any]) -> int:
    """Frames of one part of a message: a picture is one, a video of JPEGs as many as it lists."""
    if part["type"] == "video_url":
        return part["video_url"]["url"].count(",")
    return int(part["type"] == "image_url")


def says(status: int, content: Any = None, **headers: str) -> Fault:
    """Answer with a status."""
    body = {"error": {"message": f"said {status}"}} if content is None else content
    return lambda handler: handler.say(
        status, body, **{name.replace("_", "-"): value for name, value in headers.items()}
    )


def breaks(handler: Handler) -> None:
    """Close the connection in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id"')
    handler.close_connection = True
