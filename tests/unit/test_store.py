"""The store: entries are whole or not there, whoever is killed or races; nothing of them can be changed."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from common.files import append_line, file_sha256, link_or_copy, read_lines, replace_file
from common.machine import Process
from common.parquet import build_table, write_table
from common.program import UserError
from common.states import OK, Outcome
from common.store import ENTRY, Store, digest
from common.tables import STATUS
from study import CHECKOUT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT / "scripts")}


def publish(store: Store, key: str, content: bytes = b"sound", outcome: Outcome = OK, stage: str = "audio"):
    with store.workspace() as workspace:
        folder = workspace / "0"
        folder.mkdir()
        (folder / "reel.wav").write_bytes(content)
        (folder / "reel.json").write_bytes(b"{}")
        return store.publish(stage, key, folder, outcome, "extract_audio 1", {"inputs": key})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_what_was_published_is_found_as_it_was(store):
    made = publish(store, digest("a"), b"sound", Outcome("ok", detail="a complaint"))
    found = store.find("audio", digest("a"))
    assert found == made
    assert found.outcome == Outcome("ok", None, "a complaint")
    assert found.producer == "extract_audio 1"
    assert found.made_from == {"inputs": digest("a")}
    assert found.artifact(".wav").read_bytes() == b"sound"
    assert found.files == {suffix: file_sha256(found.artifact(suffix)) for suffix in (".wav", ".json")}


def test_what_was_not_published_is_not_found(store):
    publish(store, digest("a"))
    assert store.find("audio", digest("b")) is None
    assert store.find("frames", digest("a")) is None


def test_an_entry_without_artifacts_is_an_entry(store):
    with store.workspace() as workspace:
        (workspace / "0").mkdir()
        store.publish("audio", digest("a"), workspace / "0", Outcome("failed", "corrupt", "no sound"), "p", {})
    found = store.find("audio", digest("a"))
    assert found.outcome == Outcome("failed", "corrupt", "no sound")
    assert found.files == {}


@pytest.mark.parametrize(
    ("umask", "folder", "file"), [(0o022, 0o755, 0o444), (0o077, 0o700, 0o400), (0o007, 0o770, 0o440)]
)
def test_files_of_an_entry_are_read_only_and_open_to_whom_the_umask_says(store, umask, folder, file):
    before = os.umask(umask)
    try:
        entry = publish(store, digest("a"))
        replace_file(store.root / "list.json", b"[]")
        write_table(build_table([], STATUS), store.root / "status.parquet")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in entry.folder.iterdir()} == {file}
    assert entry.folder.stat().st_mode & 0o777 == folder
    assert {path.stat().st_mode & 0o777 for path in store.root.glob("*.*")} == {0o666 & ~umask}


def test_a_file_that_is_written_anew_keeps_its_mode_and_is_never_open_to_more(tmp_path, monkeypatch):
    path = tmp_path / "list.jsonl"
    path.touch(0o600)
    modes = []
    write = Path.write_bytes

    def watched(self: Path, content: bytes) -> int:
        modes.append(self.stat().st_mode & 0o777)
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", watched)
    replace_file(path, b"[]")
    assert modes == [0o600]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["list.jsonl"]


def test_the_first_writer_wins(store):
    first = publish(store, digest("a"), b"first")
    second = publish(store, digest("a"), b"second", Outcome("ok", detail="later"))
    assert second == first
    assert first.artifact(".wav").read_bytes() == b"first"
    assert list((store.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("damage", ["missing", "shorter", "longer", "no entry.json", "torn entry.json", "zeros"])
def test_a_damaged_entry_counts_as_none_and_makes_room_for_a_new_one(store, damage):
    entry = publish(store, digest("a"))
    wav, description = entry.artifact(".wav"), entry.folder / ENTRY
    wav.chmod(0o644)
    description.chmod(0o644)
    match damage:
        case "missing":
            wav.unlink()
        case "shorter":
            wav.write_bytes(b"soun")
        case "longer":
            wav.write_bytes(b"sound!")
        case "no entry.json":
            description.unlink()
        case "torn entry.json":
            description.write_text(description.read_text()[:30])
        case "zeros":
            description.write_bytes(bytes(len(description.read_bytes())))
    assert store.find("audio", digest("a")) is None
    assert publish(store, digest("a"), b"again").artifact(".wav").read_bytes() == b"again"
    assert store.find("audio", digest("a")).artifact(".wav").read_bytes() == b"again"


OTHERS = [
    {"state": "failed", "reason": "reason_of_next_year"},
    {"state": "postponed"},
    {"files": {".wav": {"sha256": "0", "parts": 2}}, "sizes": {}},
    {"files": [".wav"]},
    {"sizes": {".wav": "5", ".json": "2"}},
    {"sizes": {".wav": {"bytes": 5}, ".json": {"bytes": 2}}},
    {"sizes": {".wav": 5.0, ".json": 2}},
    {"files": {".wav": ["sha256"], ".json": ["sha256"]}},
    {"producer": {"program": "extract_audio"}},
    {"made_from": "a digest"},
    {"retired": [".mp4"]},
    {"detail": ["several", "texts"]},
    [],
    "state: ok\nproducer: extract_audio 9\n",
    '{"state": "ok"} sha256 of the line',
    "{state: ok}",
    b"\x86\xa5state\xa2ok",
    b"{\xa5state\xa2ok",
    "null",
    "[" * 100_000,
]


@pytest.mark.parametrize("said", OTHERS, ids=lambda said: repr(said)[:40])
def test_what_another_version_wrote_is_refused_and_stays(store, said):
    entry = publish(store, digest("a"))
    description = entry.folder / ENTRY
    description.chmod(0o644)
    if isinstance(said, dict):
        said = json.dumps(json.loads(description.read_text()) | said)
    elif isinstance(said, list):
        said = json.dumps(said)
    description.write_bytes(said if isinstance(said, bytes) else said.encode())
    before = description.read_bytes()
    with pytest.raises(UserError, match=r"entry\.json: another version of Reel Atlas wrote this"):
        store.find("audio", digest("a"))
    with pytest.raises(UserError, match="another version"):
        publish(store, digest("a"), b"again")
    assert description.read_bytes() == before
    assert entry.artifact(".wav").read_bytes() == b"sound"


@pytest.mark.parametrize(
    ("artifact", "description"),
    [("sound.wav", "entry.json"), ("reel.wav", "entry.cbor"), ("reel.wav.zst", "entry.json")],
)
def test_what_lies_under_another_name_is_refused_and_stays(store, artifact, description):
    entry = publish(store, digest("a"))
    (entry.folder / "reel.json").unlink()
    (entry.folder / "reel.wav").rename(entry.folder / artifact)
    (entry.folder / ENTRY).rename(entry.folder / description)
    said = r"another version .* makes no files of this name.*store\.directory"
    if description == ENTRY:
        with pytest.raises(UserError, match=f"{artifact}: {said}"):
            store.find("audio", digest("a"))
    with pytest.raises(UserError, match=said):
        publish(store, digest("a"), b"again")
    assert {path.name for path in entry.folder.iterdir()} == {artifact, description}
    assert (entry.folder / artifact).read_bytes() == b"sound"


@pytest.mark.parametrize("length", range(0, 400, 19))
@pytest.mark.parametrize("lost", [b"", bytes(512)], ids=["cut off", "zeros"])
def test_a_description_that_lost_its_end_counts_as_none(store, length, lost):
    entry = publish(store, digest("a"), outcome=Outcome("ok", detail='a "{detail}" with é'))
    description = entry.folder / ENTRY
    whole = description.read_bytes()
    assert len(whole) > 400
    description.chmod(0o644)
    description.write_bytes(whole[:length] + lost)
    (entry.folder / ".nfs0001").touch()
    assert store.find("audio", digest("a")) is None
    assert publish(store, digest("a"), b"again").artifact(".wav").read_bytes() == b"again"


def test_an_artifact_that_cannot_be_looked_at_is_not_lost(store, monkeypatch):
    entry = publish(store, digest("a"))

    def stale(path: Path):
        raise OSError(errno.ESTALE, "Stale file handle", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", stale)
        with pytest.raises(OSError, match="Stale"):
            store.find("audio", digest("a"))
    assert store.find("audio", digest("a")) == entry


def test_a_forgotten_entry_is_gone_and_others_stay(store):
    publish(store, digest("a"))
    publish(store, digest("b"))
    assert store.forget("audio", digest("a"))
    assert not store.forget("audio", digest("a"))
    assert store.find("audio", digest("a")) is None
    assert store.find("audio", digest("b"))
    assert list((store.root / "tmp").iterdir()) == []


RACER = """
import sys, time
from pathlib import Path
from common.states import OK
from common.store import Store, digest
store, word, start = Store(Path(sys.argv[1])), sys.argv[2], float(sys.argv[3])
time.sleep(max(0.0, start - time.time()))
for number in range(40):
    with store.workspace() as workspace:
        (workspace / "0").mkdir()
        (workspace / "0" / "reel.txt").write_text(f"{word} {number}" * 50)
        entry = store.publish("race", digest(number), workspace / "0", OK, word, {})
        print(entry.producer, entry.artifact(".txt").read_text()[: len(word)])
"""


def test_two_processes_that_publish_the_same_keys_agree_on_every_entry(tmp_path):
    start = str(time.time() + 0.7)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path / "store"), word, start],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for word in ("cats", "dogs")
    ]
    first, second = (racer.communicate(timeout=60)[0].splitlines() for racer in racers)
    assert [racer.returncode for racer in racers] == [0, 0]
    assert first == second
    assert len(first) == 40
    assert set(first) <= {"cats cats", "dogs dogs"}
    store = Store(tmp_path / "store")
    for number in range(40):
        entry = store.find("race", digest(number))
        assert entry.files[".txt"] == file_sha256(entry.artifact(".txt"))


ENDLESS = """
import itertools, os, sys
from pathlib import Path
from common.states import OK
from common.store import Store, digest
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for number in itertools.count():
    with store.workspace() as workspace:
        (workspace / "0").mkdir()
        for suffix in (".txt", ".json", ".npy"):
            (workspace / "0" / f"reel{suffix}").write_bytes(os.urandom(3000))
        store.publish("endless", digest([sys.argv[2], number]), workspace / "0", OK, "endless", {"number": number})
        store.note_owner("endless", "0", "creator", str(number), digest([sys.argv[2], number]))
"""


def test_a_killed_process_leaves_whole_entries_or_none(tmp_path):
    store = Store(tmp_path / "store")
    moments = random.Random(2)
    for life in range(12):
        child = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(store.root), str(life)], stdout=subprocess.PIPE, env=ENVIRONMENT
        )
        child.stdout.readline()
        time.sleep(moments.uniform(0, 0.04))
        child.send_signal(signal.SIGKILL)
        child.communicate()
    folders = list((store.root / "endless").glob("*/*"))
    assert folders
    for folder in folders:
        entry = store.find("endless", folder.name)
        assert entry is not None
        assert set(entry.files) == {".txt", ".json", ".npy"}
        assert all(file_sha256(entry.artifact(suffix)) == sha256 for suffix, sha256 in entry.files.items())
    owned = {key for _, _, key in store.owners("endless", "0")}
    assert owned <= {folder.name for folder in folders}
    assert len(folders) - len(owned) <= 12
    store.sweep()
    assert list((store.root / "tmp").iterdir()) == []


def test_only_workspaces_of_dead_processes_of_this_machine_are_swept(store):
    dead = subprocess.Popen(["true"])
    dead.wait()
    here = Process.this()
    tmp = store.root / "tmp"
    gone = f"{replace(here, pid=dead.pid).name}.abc"
    stay = [
        f"{here.name}.abc",
        f"{replace(here, pid=dead.pid, machine='elsewhere').name}.abc",
        f"{replace(here, pid=dead.pid, namespace='1').name}.abc",  # of a container with this machine's name
        f"{socket.gethostname()}-{dead.pid}-abc_1",  # of another version
        "notes of somebody.abc",
    ]
    for name in (gone, *stay):
        (tmp / name / "0").mkdir(parents=True)
    store.sweep()
    assert sorted(path.name for path in tmp.iterdir()) == sorted(stay)


def test_a_workspace_vanishes_also_after_an_error(store):
    def fails():
        with store.workspace() as workspace:
            (workspace / "half").write_text("written")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert list((store.root / "tmp").iterdir()) == []


def test_keys_do_not_depend_on_the_order_of_settings():
    one = {"stage": "audio", "settings": {"a": 1, "b": [1, 2]}, "model": None}
    other = {"model": None, "settings": {"b": [1, 2], "a": 1}, "stage": "audio"}
    assert digest(one) == digest(other)
    assert digest(one) != digest(one | {"settings": {"a": 1, "b": [2, 1]}})
    assert len(digest("ü\n\ud800")) == 64


def test_an_output_is_a_link_into_the_store(store, tmp_path):
    entry = publish(store, digest("a"))
    target = tmp_path / "reel.wav"
    target.write_bytes(b"what lay there before")
    link_or_copy(entry.artifact(".wav"), target)
    assert target.samefile(entry.artifact(".wav"))


def test_an_output_is_a_copy_where_links_cannot_be_made(store, tmp_path, monkeypatch):
    def no_link(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    entry = publish(store, digest("a"))
    monkeypatch.setattr(os, "link", no_link)
    link_or_copy(entry.artifact(".wav"), tmp_path / "reel.wav")
    link_or_copy(entry.artifact(".wav"), tmp_path / "reel.wav")
    assert (tmp_path / "reel.wav").read_bytes() == b"sound"
    assert not (tmp_path / "reel.wav").samefile(entry.artifact(".wav"))


def test_a_torn_last_line_is_left_out_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    append_line(path, {"reel_id": "a\nb\u2028c", "state": "ok"})
    append_line(path, {"reel_id": "🎬"})
    with path.open("ab") as file:
        file.write('{"reel_id": "torn, in the middle of ü'.encode()[:-1])
    assert [line["reel_id"] for line in read_lines(path)] == ["a\nb\u2028c", "🎬"]
    append_line(path, {"reel_id": "next"})
    assert [line["reel_id"] for line in read_lines(path)] == ["a\nb\u2028c", "🎬", "next"]
    assert read_lines(tmp_path / "none.jsonl") == []


def test_the_owners_of_entries_are_kept_by_batch(store):
    store.note_owner("audio", "3", "ada", "r1", "k1")
    store.note_owner("audio", "3", "bob", "r2", "k1")
    assert store.owners("audio", "3") == {("ada", "r1", "k1"), ("bob", "r2", "k1")}
    assert store.owners("audio", "4") == set()


def test_the_store_may_lie_where_nothing_is_yet(tmp_path):
    assert publish(Store(tmp_path / "scratch disk" / "a" / "store"), digest("a")).folder.is_relative_to(Path(tmp_path))
