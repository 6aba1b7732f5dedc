"""A paid question is asked by one process at a time, and whoever waits takes its answer."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from common import claims
from common.claims import Claims
from common.machine import Process

QUESTION = "0f"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "POLL_S", 0.01)
    return tmp_path / "claims"


def claimed_by(folder, owner: Process) -> None:
    folder.mkdir()
    (folder / QUESTION).write_text(owner.name)


def waits(folder, seconds: float = 0.3) -> bool:
    waiting = threading.Thread(target=Claims(folder).wait, args=(QUESTION,), daemon=True)
    waiting.start()
    waiting.join(seconds)
    return waiting.is_alive()


def test_one_of_many_threads_and_objects_at_a_time(folder):
    under_way, most = [], []

    def ask(own: Claims) -> None:
        with own.hold(QUESTION):
            under_way.append(1)
            most.append(len(under_way))
            time.sleep(0.01)
            under_way.pop()

    shared = Claims(folder)
    threads = [threading.Thread(target=ask, args=(own,)) for own in (shared, shared, Claims(folder), Claims(folder))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]
    assert not list(folder.iterdir())


def test_another_question_is_not_held_up(folder):
    own = Claims(folder)
    assert own.take(QUESTION)
    assert own.take("1f")
    assert not own.take(QUESTION)
    own.release_all()
    assert not list(folder.iterdir())


def test_the_claim_of_a_process_that_has_ended_is_nobodys(folder):
    ended = subprocess.Popen(["true"])
    ended.wait()
    claimed_by(folder, replace(Process.this(), pid=ended.pid))
    assert not waits(folder, 10)
    assert Claims(folder).take(QUESTION)


@pytest.mark.parametrize("elsewhere", [{"machine": "elsewhere"}, {"namespace": "4026532178"}])
def test_the_claim_of_another_machine_holds_as_long_as_its_owner_touches_it(folder, monkeypatch, elsewhere):
    monkeypatch.setattr(claims, "ABANDONED_S", 0.5)
    claimed_by(folder, replace(Process.this(), pid=2**22 + 1, **elsewhere))
    waiting = threading.Thread(target=Claims(folder).wait, args=(QUESTION,), daemon=True)
    waiting.start()
    for second in range(10):
        os.utime(folder / QUESTION, (second, second))  # by a clock that is wrong by years
        time.sleep(0.1)
        assert waiting.is_alive()
    waiting.join(60)
    assert not waiting.is_alive()


def test_a_living_owner_touches_its_claims(folder, monkeypatch):
    monkeypatch.setattr(claims, "TOUCH_S", 0.05)
    own = Claims(folder)
    own.take(QUESTION)
    os.utime(folder / QUESTION, (0, 0))
    end = time.monotonic() + 60
    while (folder / QUESTION).stat().st_mtime == 0 and time.monotonic() < end:
        time.sleep(0.02)
    assert (folder / QUESTION).stat().st_mtime > 0
    assert waits(folder)


def test_who_was_taken_for_ended_does_not_give_up_the_claim_of_another(folder):
    slow = Claims(folder)
    slow.take(QUESTION)
    other = replace(Process.this(), machine="elsewhere").name
    (folder / QUESTION).write_text(other)
    slow.release(QUESTION)
    assert (folder / QUESTION).read_text() == other
