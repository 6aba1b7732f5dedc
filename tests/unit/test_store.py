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
from pathlib import Path

import pytest

from common.states import OK, Outcome
from common.store import ENTRY, Store, append_line, digest, file_sha256, place, read_lines
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


def test_files_of_an_entry_are_read_only_and_its_folder_is_open_to_colleagues(store):
    entry = publish(store, digest("a"))
    assert {path.stat().st_mode & 0o777 for path in entry.folder.iterdir()} == {0o444}
    assert entry.folder.stat().st_mode & 0o777 == 0o755


def test_the_first_writer_wins(store):
    first = publish(store, digest("a"), b"first")
    second = publish(store, digest("a"), b"second", Outcome("ok", detail="later"))
    assert second == first
    assert first.artifact(".wav").read_bytes() == b"first"
    assert list((store.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("damage", ["missing", "shorter", "longer", "no entry.json", "torn entry.json", "old reason"])
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
        case "old reason":
            described = json.loads(description.read_text()) | {"state": "failed", "reason": "no_longer_known"}
            description.write_text(json.dumps(described))
    assert store.find("audio", digest("a")) is None
    assert publish(store, digest("a"), b"again").artifact(".wav").read_bytes() == b"again"
    assert store.find("audio", digest("a")).artifact(".wav").read_bytes() == b"again"


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
    host = socket.gethostname()
    tmp = store.root / "tmp"
    for name in (f"{host}-{dead.pid}-abc_1", f"{host}-{os.getpid()}-abc_1", f"elsewhere-{dead.pid}-abc_1"):
        (tmp / name / "0").mkdir(parents=True)
    # The workspace of process 7 on a host whose name only begins like this one's.
    (tmp / f"{host}-{dead.pid}-7-abc_1").mkdir()
    store.sweep()
    assert sorted(path.name for path in tmp.iterdir()) == sorted(
        [f"{host}-{os.getpid()}-abc_1", f"elsewhere-{dead.pid}-abc_1", f"{host}-{dead.pid}-7-abc_1"]
    )


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
    place(entry.artifact(".wav"), target)
    assert target.samefile(entry.artifact(".wav"))


def test_an_output_is_a_copy_where_links_cannot_be_made(store, tmp_path, monkeypatch):
    def no_link(*_):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    entry = publish(store, digest("a"))
    monkeypatch.setattr(os, "link", no_link)
    place(entry.artifact(".wav"), tmp_path / "reel.wav")
    place(entry.artifact(".wav"), tmp_path / "reel.wav")
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
