"""LockOwner: a lock that a killed run left is cleared, a living run's lock never is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from common.study import LockOwner, planned_run
from study import CHECKOUT

RUN = """
import sys, time
from pathlib import Path
from common.study import LockOwner
LockOwner(Path(".snakemake")).enter({})
locks = Path(".snakemake/locks")
locks.mkdir(exist_ok=True)
(locks / "0.output.lock").touch()
print("locked", flush=True)
time.sleep(60)
"""
LOCK = Path(".snakemake/locks/0.output.lock")


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def other_run():
    """A process that holds the lock, as a run of Snakemake does."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "scripts")}
    run = subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, env=environment)
    assert run.stdout.readline() == b"locked\n"
    yield run
    run.kill()
    run.communicate()


def enter() -> None:
    owner = LockOwner(Path(".snakemake"))
    owner.enter({})
    owner.leave()


def records() -> list[Path]:
    return sorted(Path(".snakemake/owners").iterdir())


def record(host: str, pid: int, start: str) -> None:
    Path(".snakemake/owners").mkdir(parents=True, exist_ok=True)
    Path(f".snakemake/owners/{host}-{pid}.json").write_text(json.dumps({"host": host, "pid": pid, "start": start}))


def lock() -> None:
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    LOCK.touch()


def test_the_lock_of_a_living_run_is_kept(other_run):
    enter()
    assert LOCK.exists()
    assert len(records()) == 1


def test_the_lock_of_a_killed_run_is_cleared(other_run):
    other_run.send_signal(signal.SIGKILL)
    other_run.wait()
    enter()
    assert not LOCK.exists()
    assert records() == []


def test_the_lock_of_a_killed_run_that_nobody_has_waited_for_is_cleared(other_run):
    other_run.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other_run.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table of processes
    enter()
    assert not LOCK.exists()


def test_the_lock_is_cleared_where_the_dead_process_s_number_has_been_given_anew(other_run):
    record(socket.gethostname(), other_run.pid, "17")  # another process under the same number
    enter()
    assert not LOCK.exists()


def test_the_lock_is_cleared_where_this_process_has_the_dead_one_s_number():
    record(socket.gethostname(), os.getpid(), "17")  # usual in containers, where numbers begin anew
    lock()
    enter()
    assert not LOCK.exists()


def test_the_lock_of_another_machine_s_run_is_kept():
    record("another-machine", 1, "17")
    lock()
    enter()
    assert LOCK.exists()
    assert [path.name for path in records()] == ["another-machine-1.json"]


def test_one_living_run_among_dead_ones_keeps_the_lock(other_run):
    record(socket.gethostname(), 2**22 + 1, "17")
    enter()
    assert LOCK.exists()
    assert [path.stem.rsplit("-", 1)[1] for path in records()] == [str(other_run.pid)]


@pytest.mark.parametrize("content", ["", '{"host": "', "[]", "{}"])
def test_a_torn_record_is_a_dead_run_s(content):
    record("x", 1, "1")
    records()[0].write_text(content)
    lock()
    enter()
    assert not LOCK.exists()
    assert records() == []


def test_a_lock_without_any_record_is_left_to_snakemake():
    lock()
    enter()
    assert LOCK.exists()


def test_leaving_removes_the_own_record_only(other_run):
    owner = LockOwner(Path(".snakemake"))
    owner.enter({})
    assert len(records()) == 2
    owner.leave()
    owner.leave()
    assert len(records()) == 1


def test_jobs_know_the_batches_that_their_run_was_planned_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATLAS_RUN", raising=False)
    assert planned_run() is None
    owner = LockOwner(Path(".snakemake"))
    owner.enter({"batches": {"0": "a", "3": "b"}, "notices": []})
    assert planned_run() == {"batches": {"0": "a", "3": "b"}, "notices": []}
    owner.leave()
    assert planned_run() is None
