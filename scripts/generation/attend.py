"""Run a server for as long as the program lives that started this one: python attend.py COMMAND ...

The other program holds the standard input of this one open. When that ends, for whatever reason (a program that is
killed has no time to stop anything), the server is asked to end, and whatever it leaves behind is killed. vLLM makes
that necessary: its engine, a process of its own that holds the memory of the GPU, goes on where the server is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import select
import signal
import subprocess
import sys

import psutil  # type: ignore[import-untyped]

GRACE_S = 10.0
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # sys/prctl.h


def attend(command: list[str]) -> int:
    """Start the server, and end it with all its processes when the standard input ends; its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    ended_with_this = None
    if sys.platform.startswith("linux"):
        control = ctypes.CDLL(None).prctl
        control(SET_CHILD_SUBREAPER, 1)  # the server's orphans become children of this process
        ended_with_this = functools.partial(control, SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=ended_with_this)  # noqa: PLW1509 (one thread)
    try:
        while server.poll() is None and not select.select([sys.stdin], [], [], 0.5)[0]:
            pass
        return 0 if server.returncode is None else server.returncode
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """End a server, and kill what is left of its processes."""
    this = psutil.Process()
    if server.poll() is None:
        processes = this.children(recursive=True)
        server.terminate()
        psutil.wait_procs(processes, GRACE_S)
    while left := this.children(recursive=True):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 1.0)


if __name__ == "__main__":
    sys.exit(attend(sys.argv[1:]))
