"""Computations in worker processes: their order, a worker that is killed, a program that is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.isolation import run_isolated
from common.processes import CONTEXT, in_processes
from common.program import UserError
from common.stage import Work
from common.states import OK, Outcome


def power(base: int, exponent: int) -> int:
    return base**exponent


def end_abruptly(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory runs out
    return number


def report_and_wait(folder: str, number: int) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_tasks(processes):
    assert list(in_processes(power, [(2, place) for place in range(8)], processes)) == [2**place for place in range(8)]
    assert list(in_processes(power, [], processes)) == []


def test_a_killed_worker_ends_the_computation_with_the_remedy():
    with pytest.raises(UserError, match=r"memory.*--processes"):
        list(in_processes(end_abruptly, [(number,) for number in range(6)], 2))


def isolated(function, tasks, *arguments, memory_mb: int = 4096) -> dict:
    return dict(run_isolated(function, tasks, *arguments, workers=2, timeout_s=300, memory_mb=memory_mb))


def end_by(number: int, folder: str, *signals: int) -> Outcome:
    """One task in five ends its worker, each time it is tried by the next of some signals."""
    if number == 2:
        tries = len(list(Path(folder).iterdir()))
        Path(folder, str(tries)).touch()
        if tries < len(signals):
            os.kill(os.getpid(), signals[tries])
            time.sleep(60)
    return OK


def nothing(number: int) -> Outcome:
    return OK


def write_to(place: str) -> Outcome:
    Path(place).write_text("a result")
    return OK


def fail_with(number: int) -> Outcome:
    raise OSError(number, os.strerror(number), "somewhere")


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_task_whose_worker_is_killed_from_outside_is_tried_again(tmp_path, by):
    assert isolated(end_by, range(5), str(tmp_path), by) == dict.fromkeys(range(5), OK)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_task_whose_workers_are_killed_twice_ends_the_program_with_the_remedy(tmp_path, by):
    with pytest.raises(UserError, match=r"^2: .*were killed.*give the same command again"):
        isolated(end_by, range(5), str(tmp_path), by, by)


@pytest.mark.parametrize("by", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_task_that_crashes_its_worker_fails_alone_and_is_tried_once(tmp_path, by):
    found = isolated(end_by, range(5), str(tmp_path), by)
    assert found.pop(2) == Outcome("failed", "crashed", f"exit code {-by}")
    assert found == dict.fromkeys((0, 1, 3, 4), OK)
    assert len(list(tmp_path.iterdir())) == 1


def write_half(work: Work, began: str) -> Outcome:
    """Be killed over a half-written file at the first try; skip the reel at the next."""
    if not Path(began).exists():
        Path(began).touch()
        work.artifact(".wav").write_text("half a")
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome("skipped", "no_audio")


def test_half_a_file_of_a_killed_worker_is_gone_at_the_next_try(tmp_path):
    work = Work("ada", "r1", {}, tmp_path / "work")
    work.folder.mkdir()
    ((_, outcome),) = run_isolated(write_half, [work], str(tmp_path / "began"), workers=1, timeout_s=60, memory_mb=4096)
    assert outcome.reason == "no_audio"
    assert not any(work.folder.iterdir())


@pytest.mark.parametrize("memory_mb", [1, 60], ids=["no interpreter", "no imports"])
def test_workers_that_never_come_to_work_end_the_program(memory_mb):
    with pytest.raises(UserError, match=r"cannot be started.*give the same command again"):
        isolated(nothing, range(50), memory_mb=memory_mb)


def test_workers_that_cannot_be_started_end_the_program(monkeypatch):
    class NoProcess:
        def __getattr__(self, name: str):
            return getattr(CONTEXT, name)

        def Process(self, *_, **__):  # noqa: N802
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("common.isolation.CONTEXT", NoProcess())
    with pytest.raises(UserError, match="cannot be started"):
        isolated(nothing, range(5))


def test_a_full_disk_ends_the_program():
    with pytest.raises(OSError, match="No space left on device"):
        isolated(write_to, ["/dev/full"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE])
def test_a_disk_that_is_at_fault_ends_the_program(number):
    with pytest.raises(OSError, match="somewhere") as caught:
        isolated(fail_with, [number])
    assert caught.value.errno == number


def test_other_errors_of_the_system_are_a_reel_s(tmp_path):
    ((_, outcome),) = isolated(write_to, [str(tmp_path / "none" / "x")]).items()
    assert (outcome.state, outcome.reason) == ("failed", "error")


@pytest.mark.parametrize(
    "call",
    [
        "in_processes(report_and_wait, [(folder, number) for number in range(2)], 2)",
        "run_isolated(report_and_wait, [folder] * 2, 0, workers=2, timeout_s=600, memory_mb=4096)",
    ],
)
def test_a_killed_program_leaves_no_process(tmp_path, call):
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; folder = {str(tmp_path)!r}\n"
        "from test_isolation import report_and_wait\nfrom common.isolation import run_isolated\n"
        "from common.processes import in_processes\n"
        f"list({call})"
    )
    program = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    program.kill()
    program.wait()
    wait_for(lambda: not any(Path("/proc", path.name).exists() for path in tmp_path.iterdir()))


def wait_for(condition, seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
