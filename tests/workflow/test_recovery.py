"""A plain second `snakemake --cores 2` finishes what a killed one began; nothing finished is computed again."""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from study import Study, demo_handles, environment, make_study

KILLS = 3


@pytest.fixture(scope="module")
def handles() -> list[str]:
    return demo_handles()[:3]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, handles: list[str]) -> tuple[Study, float]:
    """The same study, run to its end, and how long that took (s)."""
    study = make_study(tmp_path_factory.mktemp("undisturbed"), handles)
    start = time.monotonic()
    study.run()
    return study, time.monotonic() - start


def start_snakemake(study: Study) -> tuple[int, int]:
    """Start snakemake in a terminal of its own; returns its pid and the terminal's other end."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may themselves run under nohup
        os.chdir(study.folder)
        with (study.folder / "terminal.log").open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        command = study.command
        os.execve(command[0], command, environment())
    return pid, terminal


def programs_of(study: Study) -> list[psutil.Process]:
    """The study's programs that are running, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == study.folder and any("/scripts/" in part for part in process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
    return found


def wait_for_end(pid: int, seconds: float) -> None:
    """Wait until a child has ended and reap it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    pytest.fail(f"snakemake was still running {seconds} s after the kill")


def kill_a_program(study: Study, pid: int, _terminal: int) -> None:
    programs = programs_of(study)
    if programs:
        random.choice(programs).kill()
    wait_for_end(pid, 240)  # the other jobs go on (keep-going)


def kill_snakemake(_study: Study, pid: int, _terminal: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid, 10)


def close_the_terminal(_study: Study, pid: int, terminal: int) -> None:
    os.close(terminal)
    wait_for_end(pid, 30)


@pytest.mark.parametrize("kill", [kill_a_program, kill_snakemake, close_the_terminal])
def test_killed_at_random_moments(kill, undisturbed, handles, tmp_path):  # type: ignore[no-untyped-def]
    reference, duration = undisturbed
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    study = make_study(tmp_path / "study", handles)
    for _ in range(KILLS):
        pid, terminal = start_snakemake(study)
        # The first seconds are the reading of the Snakefile; later runs have less left to do.
        time.sleep(moments.uniform(2, 2 + duration / 3))
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        kill(study, pid, terminal)
        end = time.monotonic() + 10
        while programs_of(study) and time.monotonic() < end:
            time.sleep(0.1)
        assert not programs_of(study), "a program outlived its snakemake"
    study.run()
    assert study.contents() == reference.contents()
    again = {key: times for key, times in study.computed().items() if times > 1}
    assert not again, f"computed more than once: {again}"
    # A kill between publishing a result and noting it leaves it without a line, but never twice.
    assert set(study.computed()) <= set(reference.computed())
    assert "Nothing to be done" in study.run()


def test_second_snakemake_is_refused_while_one_runs(undisturbed, handles, tmp_path):  # type: ignore[no-untyped-def]
    study = make_study(tmp_path / "study", handles[:1])
    first = subprocess.Popen(
        study.command, cwd=study.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        locks = study.folder / ".snakemake" / "locks"
        end = time.monotonic() + 60
        while not (locks.exists() and any(locks.iterdir())) and time.monotonic() < end:
            time.sleep(0.05)
        assert "lock" in study.run(succeeds=False).lower()
        assert first.poll() is None, "the first run ended because of the second"
    finally:
        first.kill()
        first.wait()
