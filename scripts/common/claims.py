"""Questions that cost money, each asked by one process at a time: others wait for its answer instead of paying again.

A claim is a file that only one process can make. Its owner touches it again and again; where the owner has ended, or
has not touched it for long, another takes its place. No file locks are needed, which some cluster file systems ignore.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from common.machine import Process
from common.program import log

TOUCH_S = 15.0
ABANDONED_S = 180.0
POLL_S = 0.1


class Claims:
    """The claims of a folder; shared by the threads of a process.

    Args:
        folder: made when it is first needed. All who might ask the same use the same one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mine = Process.this().name
        self.held: set[Path] = set()
        self.touching: threading.Thread | None = None
        self.lock = threading.Lock()

    def take(self, name: str) -> bool:
        """Claim a question; False where somebody else has claimed it.

        Args:
            name: of the question, safe as a file name; its digest.
        """
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x") as file:
                file.write(self.mine)
        except FileExistsError:
            return False
        with self.lock:
            self.held.add(path)
            if self.touching is None:
                self.touching = threading.Thread(target=self._touch, daemon=True)
                self.touching.start()
        return True

    def release(self, name: str) -> None:
        """Give up a claim; nothing where it is not held."""
        path = self.folder / name
        with self.lock:
            if path not in self.held:
                return
            self.held.remove(path)
        if _owner(path) == self.mine:  # nobody has taken it over from a process that seemed to have ended
            path.unlink(missing_ok=True)

    def release_all(self) -> None:
        """Give up all claims."""
        for path in list(self.held):
            self.release(path.name)

    def wait(self, name: str) -> None:
        """Return when nobody claims a question; what its owner left unfinished when it ended is nobody's."""
        path = self.folder / name
        touched, since, said = None, time.monotonic(), False
        while path.exists():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime_ns != touched:
                    touched, since = path.stat().st_mtime_ns, time.monotonic()
            owner = _owner(path)
            process = Process.of_name(owner)
            if (process and process.is_dead()) or time.monotonic() - since > ABANDONED_S:
                log.info("%s: its owner has ended; what it asked is asked again", path)
                if _owner(path) == owner:
                    path.unlink(missing_ok=True)
                return
            if not said:
                log.info("another process asks the same (%s); waiting for its answer", path)
                said = True
            time.sleep(POLL_S)

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Claim a question, once nobody else does, and give it up afterwards. See `take`."""
        while not self.take(name):
            self.wait(name)
        try:
            yield
        finally:
            self.release(name)

    def _touch(self) -> None:
        while True:
            time.sleep(TOUCH_S)
            with self.lock:
                held = list(self.held)
            for path in held:
                with contextlib.suppress(OSError):
                    os.utime(path)


def _owner(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""
