"""Computations in worker processes: their order, a worker that is killed, a program that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.isolation import in_processes
from common.program import UserError


def power(base: int, exponent: int) -> int:
    return base**exponent


def end_abruptly(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory runs out
    return number


def report_and_wait(folder: str, number: int) -> None:
    Path(folder, str(os.getpid())).touch()
    time.sleep(120)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_tasks(processes):
    assert list(in_processes(power, [(2, place) for place in range(8)], processes)) == [2**place for place in range(8)]
    assert list(in_processes(power, [], processes)) == []


def test_a_killed_worker_ends_the_computation_with_the_remedy():
    with pytest.raises(UserError, match=r"memory.*--processes"):
        list(in_processes(end_abruptly, [(number,) for number in range(6)], 2))


@pytest.mark.parametrize(
    "call",
    [
        "in_processes(report_and_wait, [(folder, number) for number in range(2)], 2)",
        "run_isolated(report_and_wait, [folder] * 2, 0, workers=2, timeout_s=300, memory_mb=4096)",
    ],
)
def test_a_killed_program_leaves_no_process(tmp_path, call):
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; folder = {str(tmp_path)!r}\n"
        "from test_isolation import report_and_wait\nfrom common.isolation import in_processes, run_isolated\n"
        f"list({call})"
    )
    program = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    program.kill()
    program.wait()
    wait_for(lambda: not any(Path("/proc", path.name).exists() for path in tmp_path.iterdir()))


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
