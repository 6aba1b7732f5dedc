"""Which process on which machine: what locks and temporary folders are marked with, and when their owner is dead.

A host name and a process id do not say it alone: containers on one machine may have the same name, and each counts its
processes from 1. So a mark names the boot of the machine and the namespace of the process ids as well.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

# The namespace of all processes of a machine, on every Linux (PROC_PID_INIT_INO); containers have others.
WHOLE_MACHINE = "4026531836"


@dataclass(frozen=True)
class Process:
    """A process, among all machines and containers that share a disk.

    Attributes:
        machine: a short hash of the host's name and its installation.
        boot: a short hash of the machine's start; empty where the system does not say.
        namespace: number of the namespace that `pid` belongs to; empty where the system does not say.
        pid: process id.
        start: when the process started, in clock ticks since boot; empty where unknown.
    """

    machine: str
    boot: str
    namespace: str
    pid: int
    start: str = ""

    @classmethod
    def this(cls) -> Process:
        """The process that asks."""
        return cls(*_here(), os.getpid(), _start(os.getpid()) or "")

    @property
    def name(self) -> str:
        """Safe as a part of a file name; another process has another one, unless it has taken this one's place."""
        return "-".join((self.machine, self.boot, self.namespace, str(self.pid)))

    @classmethod
    def of_name(cls, name: str) -> Process | None:
        """The process with this name; None where a text is none."""
        parts = name.split("-")
        if len(parts) != 4 or not parts[3].isdecimal():
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]))

    def is_visible(self) -> bool:
        """Whether the process would be among those that this one sees, if it were alive."""
        return (self.machine, self.boot, self.namespace) == _here()

    def is_dead(self) -> bool:
        """Whether the process is known to have ended; False where that cannot be told from here."""
        if not self.is_visible():
            machine, boot, namespace = _here()
            # The machine was started anew since. In containers, this may be a twin of the same name on another machine.
            return self.machine == machine and self.boot != boot and self.namespace == namespace == WHOLE_MACHINE
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):  # somebody else's
            return False
        start = _start(self.pid)
        return start is not None and (start == ENDED or self.start not in ("", start))


ENDED = "ended"


@functools.cache
def _here() -> tuple[str, str, str]:
    def read(path: str) -> str:
        with contextlib.suppress(OSError):
            return Path(path).read_text().strip()
        return ""

    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    boot = read("/proc/sys/kernel/random/boot_id")
    return _short(f"{socket.gethostname()} {read('/etc/machine-id')}"), _short(boot) if boot else "", namespace


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _start(pid: int) -> str | None:
    """When a process started, `ENDED` of one that only waits to be noticed; None where the system does not say."""
    try:
        if Path("/proc/self").readlink().name != str(os.getpid()):  # /proc shows the processes of another namespace
            return None
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return ENDED if fields[0] in "ZX" else fields[19]
