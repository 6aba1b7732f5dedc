"""A HikerAPI and a content network on this machine, with synthetic people, that misbehave when told to.

Answers have the form of the real service's (client 1.8): what is read is there, next to much that is not.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "canary-token-3f9ac1"
PICTURE = b"\xff\xd8\xff\xe0" + b"synthetic picture" * 20 + b"\xff\xd9"


@dataclass
class Person:
    """A synthetic account."""

    pk: int
    username: str
    followers: int = 20_000
    follows: list[tuple[int, str]] = field(default_factory=list)
    reels: list[dict[str, Any]] = field(default_factory=list)
    private: bool = False
    following_count: int | None = None

    @property
    def following(self) -> int:
        return len(self.follows) if self.following_count is None else self.following_count


Fault = Callable[["Handler"], bool]


class Service:
    """The server.

    Attributes:
        people: by username.
        faults: what to do instead of an answer, one after the other, by path ("/v2/user/clips", "/cdn/<pk>.mp4").
        calls: path, parameters and status of every request that got an answer.
        links_from: links of an earlier edition than this one are answered with 403.
        edition: of the links that are given out.
    """

    def __init__(self, video: bytes, clips_page: int = 12, follows_page: int = 25) -> None:
        self.video, self.clips_page, self.follows_page = video, clips_page, follows_page
        self.people: dict[str, Person] = {}
        self.by_pk: dict[int, Person] = {}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.calls: list[tuple[str, dict[str, str], int]] = []
        self.tokens_elsewhere: list[str] = []
        self.edition = self.links_from = 1
        self.accept_ranges = True
        self.etag = '"one"'
        self.videos: dict[str, bytes] = {}
        self.lock = threading.Lock()
        service = self

        class Bound(Handler):
            def __init__(self, *arguments: Any) -> None:
                self.service = service
                super().__init__(*arguments)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:  # connections are broken on purpose
                pass

        self.server = Server(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, person: Person, reels: int = 6) -> Person:
        """An account with this many synthetic reels."""
        person.reels = person.reels or [
            {"pk": person.pk * 1000 + n, "plays": n * 7919 % 1000, "taken_at": 1_700_000_000 - n * 86_400}
            for n in range(reels)
        ]
        self.people[person.username], self.by_pk[person.pk] = person, person
        return person

    def rename(self, old: str, new: str) -> None:
        """Give an account another handle."""
        person = self.people.pop(old)
        person.username = new
        self.people[new] = person

    def collect_options(self, *further: str, snapshot: str = "2026-11-23") -> list[str]:
        """Options of collect_creators.py for a study of one batch from this service; further ones come on top."""
        return [
            "--source=hikerapi", f"--snapshot={snapshot}", "--creators=creators.csv", f"--url={self.url}",
            "--batch=0", "--batches=1", "--manifest=results/creators/0.parquet", "--calls-per-s=1000",
            "--allow-private", *further,
        ]  # fmt: skip

    def count(self, path: str) -> int:
        """Requests to a path that were answered."""
        return sum(called == path for called, _, _ in self.calls)

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next requests to a path go wrong."""
        self.faults[path].extend(faults)


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    service: Service

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.params = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.place = parts.path
        with self.service.lock:
            faults = self.service.faults.get(parts.path)
            fault = faults.popleft() if faults else None
        if fault and fault(self):
            return
        if parts.path.startswith("/cdn/"):
            self.content()
        elif self.headers.get("x-access-key") != TOKEN:
            self.answer(401, {"detail": "Unauthorized", "exc_type": "Unauthorized"})
        else:
            self.api(parts.path)

    def api(self, path: str) -> None:
        service = self.service
        if path == "/v2/user/by/username":
            person = service.people.get(self.params["username"])
        else:
            person = service.by_pk.get(int(self.params.get("id") or self.params.get("user_id") or 0))
        if person is None:
            self.answer(404, {"detail": "Target user not found", "exc_type": "UserNotFound"})
        elif path in ("/v2/user/by/username", "/v2/user/by/id"):
            self.answer(200, {"user": profile(person, service), "status": "ok"})
        elif person.private:
            self.answer(403, {"detail": "Private account", "exc_type": "PrivateAccount"})
        elif path == "/v2/user/clips":
            page = [{"media": media(reel, person, service)} for reel in person.reels]
            items, following = self.cut(page, service.clips_page)
            paging = {"max_id": following, "more_available": following is not None}
            self.answer(200, {"response": {"items": items, "paging_info": paging}, "next_page_id": following})
        elif path == "/v2/user/following":
            users = [followed(pk, name) for pk, name in person.follows]
            items, following = self.cut(users, service.follows_page)
            response = {
                "users": items,
                "big_list": following is not None,
                "page_size": service.follows_page,
                "status": "ok",
            }
            self.answer(200, {"response": response, "next_page_id": following})
        else:
            self.answer(404, {"detail": "Not Found"})

    def cut(self, items: list[Any], size: int) -> tuple[list[Any], str | None]:
        start = int(self.params.get("page_id") or 0)
        end = start + size
        return items[start:end], str(end) if end < len(items) else None

    def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> bool:
        """Send JSON; True, so that it can stand for a fault."""
        text = json.dumps(content).encode()
        return self.send(
            status, text, {"Content-Type": "application/json", "x-hiker-info": "reqs=1", **(headers or {})}
        )

    def send(self, status: int, text: bytes, headers: dict[str, str], length: int | None = None) -> bool:
        with self.service.lock:
            self.service.calls.append((self.place, self.params, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text) if length is None else length))
        self.end_headers()
        self.wfile.write(text)
        return True

    def content(self) -> None:
        service = self.service
        if "x-access-key" in self.headers:
            service.tokens_elsewhere.append(self.path)
        if int(self.params.get("edition", 1)) < service.links_from:
            self.send(403, b"URL signature expired", {"Content-Type": "text/plain"})
            return
        name = self.place.removeprefix("/cdn/")
        video = name.endswith(".mp4")
        text = service.videos.get(name, service.video) if video else PICTURE
        headers = {"Content-Type": "video/mp4" if video else "image/jpeg", "ETag": service.etag}
        asked = self.headers.get("Range")
        fits = self.headers.get("If-Range") in (None, service.etag)
        if asked and service.accept_ranges and fits:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(text) - 1}/{len(text)}"
            self.send(206, text[start:], headers)
        else:
            self.send(200, text, headers)


def says(status: int, content: Any = None, **headers: str) -> Fault:
    """Another answer than the right one."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, {"detail": "made to fail"} if content is None else content, named)


def html(status: int = 200) -> Fault:
    """A page of HTML."""
    return lambda handler: handler.send(status, b"<!DOCTYPE html><title>Log in</title>", {"Content-Type": "text/html"})


def breaks_off(share: float = 0.5, content_length: bool = True) -> Fault:
    """The body ends early: by a reset where its length was said, else as if that were all."""

    def fault(handler: Handler) -> bool:
        text = handler.service.video if handler.place.startswith("/cdn/") else b'{"user": {"pk": 1, "username"'
        kind = "video/mp4" if handler.place.startswith("/cdn/") else "application/json"
        with handler.service.lock:
            handler.service.calls.append((handler.place, handler.params, 200))
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("ETag", handler.service.etag)
        if content_length:
            handler.send_header("Content-Length", str(len(text)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(text[: int(len(text) * share)])
        handler.wfile.flush()
        handler.close_connection = True
        if content_length:  # a reset, not an orderly end
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
        return True

    return fault


def drips(seconds: float) -> Fault:
    """One byte every tenth of a second."""

    def fault(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Type", "video/mp4" if handler.place.startswith("/cdn/") else "application/json")
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            handler.wfile.write(b"\0")
            handler.wfile.flush()
            time.sleep(0.1)
        handler.close_connection = True
        return True

    return fault


def redirects(target: str) -> Fault:
    """To another place."""
    return lambda handler: handler.answer(302, {}, {"Location": target})


def passes(_: Handler) -> bool:
    """No fault: for the requests between two faults."""
    return False


def profile(person: Person, service: Service) -> dict[str, Any]:
    return {
        "pk": person.pk,
        "pk_id": str(person.pk),
        "username": person.username,
        "full_name": f"Synthetic {person.username.title()}",
        "is_private": person.private,
        "is_verified": False,
        "profile_pic_url": f"{service.url}/cdn/{person.pk}.jpg?edition={service.edition}",
        "media_count": len(person.reels),
        "follower_count": person.followers,
        "following_count": person.following,
        "biography": "a synthetic account",
        "bio_links": [],
        "account_type": 3,
    }


def media(reel: dict[str, Any], person: Person, service: Service) -> dict[str, Any]:
    pk = reel["pk"]
    link = f"{service.url}/cdn/{pk}.mp4?edition={service.edition}"
    owner = service.by_pk[reel.get("owner", person.pk)]
    return {
        "pk": str(pk) if pk % 2 else pk,
        "id": f"{pk}_{person.pk}",
        "code": reel.get("code", f"C{pk}"),
        "taken_at": reel["taken_at"],
        "media_type": 2,
        "product_type": "clips",
        "play_count": reel["plays"],
        "like_count": reel["plays"] // 10,
        "comment_count": 3,
        "video_duration": 7.0,
        "has_audio": True,
        "video_url": link,
        "video_versions": [{"url": link, "width": 720, "height": 1280, "type": 101}],
        "image_versions2": {
            "candidates": [
                {"url": f"{service.url}/cdn/{pk}.jpg?edition={service.edition}", "width": 640, "height": 1136}
            ]
        },
        "caption": {"pk": "1", "text": reel.get("caption", f"A synthetic caption, number {pk}")} if pk % 3 else None,
        "user": {"pk": str(owner.pk), "username": owner.username},
    }


def followed(pk: int, name: str) -> dict[str, Any]:
    return {
        "pk": str(pk),
        "pk_id": str(pk),
        "username": name,
        "full_name": f"Synthetic {name}",
        "is_private": False,
        "profile_pic_url": "https://pictures.invalid/x.jpg",
    }


def cohort(service: Service, size: int, follows: int, reels: int = 6, seed: int = 1) -> list[str]:
    """A cohort of synthetic people who follow each other and others; their handles."""
    draw = random.Random(seed)
    names = [f"synth.person_{number:03d}" for number in range(size)]
    others = [(10_000 + number, f"outside_{number:05d}") for number in range(max(follows * 3, 100))]
    inside = [(1_000 + number, name) for number, name in enumerate(names)]
    for number, name in enumerate(names):
        chosen = [one for one in draw.sample(inside, min(size, max(1, size // 8))) if one[1] != name]
        chosen += draw.sample(others, max(0, follows - len(chosen)))
        service.add(Person(1_000 + number, name, follows=chosen), reels)
    return names


def demo_video(checkout: Path) -> bytes:
    """One of the demo study's videos."""
    return next(iter(sorted((checkout / "data/demo/videos").glob("*/*.mp4")))).read_bytes()
