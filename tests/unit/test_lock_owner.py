"""LockOwner: a lock that a killed run left is cleared, a living run's lock never is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from common import machine
from common.machine import Process
from snakefile.run_lock import LockOwner, planned_run
from study import CHECKOUT

RUN = """
import sys, time
from pathlib import Path
from snakefile.run_lock import LockOwner
LockOwner(Path(".snakemake")).enter({})
locks = Path(".snakemake/locks")
locks.mkdir(exist_ok=True)
(locks / "0.output.lock").touch()
print("locked", flush=True)
time.sleep(60)
"""
ENTER = "from pathlib import Path; from snakefile.run_lock import LockOwner; LockOwner(Path('.snakemake')).enter({})"
ENTER += "; LockOwner(Path('.snakemake')).leave()"
DEAD = 2**22 + 1  # no process has so high a number
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


def record(**marks: str | int) -> Path:
    """The record of another process; of this one's machine, where the marks do not say otherwise."""
    process = replace(Process.this(), **{"start": "17", **marks})
    path = Path(f".snakemake/owners/{process.name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(process), "batches": {}}))
    return path


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
    record(pid=other_run.pid)  # another process under the same number
    enter()
    assert not LOCK.exists()


def test_the_lock_is_cleared_where_this_process_has_the_dead_one_s_number():
    record()
    lock()
    enter()
    assert not LOCK.exists()


@pytest.mark.parametrize(
    "marks", [{"machine": "elsewhere"}, {"namespace": "4026532178"}, {"boot": "twin", "namespace": "4026532178"}]
)
def test_the_lock_of_another_machine_s_or_container_s_run_is_kept(marks):
    path = record(pid=DEAD, **marks)
    lock()
    enter()
    assert LOCK.exists()
    assert records() == [path]


def test_the_lock_of_a_run_before_the_machine_was_started_anew_is_cleared(monkeypatch):
    monkeypatch.setattr(machine, "_here", lambda: ("m", "second boot", machine.WHOLE_MACHINE))
    record(pid=os.getpid(), boot="first boot")
    lock()
    enter()
    assert not LOCK.exists()


def test_a_container_does_not_judge_what_ran_before_another_start(monkeypatch):
    monkeypatch.setattr(machine, "_here", lambda: ("m", "second boot", "4026532178"))
    record(pid=DEAD, boot="first boot")
    lock()
    enter()
    assert LOCK.exists()


def test_who_unlocks_says_that_runs_elsewhere_are_dead_and_a_living_run_here_stays(other_run):
    record(pid=DEAD, machine="elsewhere")
    record(pid=DEAD, namespace="4026532178")
    LockOwner(Path(".snakemake")).enter({}, unlock=True)
    assert LOCK.exists()  # snakemake itself removes it
    assert {path.stem.rsplit("-", 1)[1] for path in records()} == {str(other_run.pid), str(os.getpid())}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare")
@pytest.mark.parametrize("proc", [["--mount-proc"], []])
def test_in_another_namespace_of_the_same_name_a_living_run_s_lock_is_kept(other_run, proc):
    command = ["unshare", "--pid", "--fork", *proc, sys.executable, "-c", ENTER]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT / "scripts")}, check=True)
    assert LOCK.exists()
    assert len(records()) == 1


@pytest.mark.parametrize("content", ["[]", "{}", '{"host": "x", "pid": 1, "start": "17"}'])
def test_the_record_of_another_version_keeps_the_lock(content):
    record(pid=DEAD).write_text(content)
    lock()
    enter()
    assert LOCK.exists()
    assert len(records()) == 1


def test_a_record_that_may_not_be_read_keeps_the_lock(monkeypatch):
    path = record(pid=DEAD)

    def closed(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", closed)
    lock()
    enter()
    assert LOCK.exists()
    assert records() == [path]


def test_one_living_run_among_dead_ones_keeps_the_lock(other_run):
    record(pid=DEAD)
    enter()
    assert LOCK.exists()
    assert [path.stem.rsplit("-", 1)[1] for path in records()] == [str(other_run.pid)]


@pytest.mark.parametrize("content", ["", '{"machine": "'])
def test_a_torn_record_is_a_dead_run_s(content):
    record(machine="elsewhere").write_text(content)
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
