"""What is kept of a service that is paid for: the answers, and the count of the calls that they cost."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from common.files import append_line
from opting_out.people import accounts
from opting_out.scrub import Scrubber
from opting_out.tombstones import Tombstones
from sources.hikerapi_answers import OptedOutError, Read, SourceError, check


class Ledger:
    """Calls counted as they are made, by all jobs of a study, so that a budget holds across them and across crashes.

    Args:
        path: a file of JSON lines, each with a number of calls to add.
        max_calls: the budget; None: no limit.
    """

    def __init__(self, path: Path, max_calls: int | None) -> None:
        self.path, self.max_calls = path, max_calls
        self.lock = threading.Lock()
        self.offset = self.total = 0

    def take(self) -> None:
        """Count a call that is about to be made; raises SourceError where it would exceed the budget."""
        with self.lock:
            # Counted first: a process killed in the middle of a call has paid for it.
            self._add(1)
            if self.max_calls is not None and self.spent() > self.max_calls:
                self._add(-1)
                raise SourceError("budget", f"hikerapi.max_calls ({self.max_calls}) is used up")

    def correct(self, calls: int) -> None:
        """Take back a call that was not charged, or add what it cost beyond one."""
        if calls:
            with self.lock:
                self._add(calls)

    def _add(self, calls: int) -> None:
        append_line(self.path, {"time": datetime.now(UTC).isoformat(timespec="seconds"), "calls": calls})

    def spent(self) -> int:
        """Calls counted so far, those of other jobs included."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self.offset)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self.offset += len(whole)
            for line in whole.splitlines():
                with contextlib.suppress(ValueError, KeyError):  # torn by a kill or a full disk
                    self.total += json.loads(line)["calls"]
        return self.total


class Kept:
    """The answers that are kept of one creator, read once; for one thread at a time.

    Args:
        path: JSON lines: time, endpoint, params, status, answer.
        tombstones: of people who opted out, of whom nothing is kept.
    """

    def __init__(self, path: Path, tombstones: Tombstones) -> None:
        self.path, self.tombstones = path, tombstones
        self.scrubber = Scrubber(tombstones, tombstones.blank) if tombstones.hashes else None
        self.offset = self.before = 0

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """All lines, in the order they were received."""
        found = self._read_on()
        self.before = len(found)
        return found

    def added(self) -> list[dict[str, Any]]:
        """The lines that this process and others have added since this one read them first."""
        lines = self.lines
        lines.extend(self._read_on())
        return lines[self.before :]

    def _read_on(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self.offset)
            pieces = file.read().splitlines(keepends=True)
        found = []
        for piece in pieces:
            try:
                found.append(json.loads(piece))
            except ValueError:
                if not piece.endswith(b"\n"):  # another process is writing it
                    break
            self.offset += len(piece)
        return found

    def answers(self, endpoint: str, purpose: str = "collect") -> list[dict[str, Any]]:
        """Lines of an endpoint, in the order they were received."""
        return [line for line in self.lines if line.get("endpoint") == endpoint and line.get("purpose") == purpose]

    def understood(
        self, endpoint: str, read: Callable[[Any], Read], purpose: str = "collect"
    ) -> Iterator[tuple[dict[str, Any], Read]]:
        """Those of them that have the expected form: the line, and what `read` makes of the answer."""
        for line in self.answers(endpoint, purpose):
            with contextlib.suppress(SourceError):
                yield line, check(line, read)

    def add(self, line: dict[str, Any]) -> dict[str, Any]:
        """Keep an answer; it is on the disk when this returns.

        Returns:
            The line as it is kept, without people who opted out.

        Raises:
            OptedOutError: it is the profile of one of them; nothing is kept.
        """
        kept = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **line}
        if self.scrubber:
            answer = line.get("answer")
            # Also record new handles of people known by id, so that this answer's texts are cleaned of them.
            self.tombstones.add(
                (one.handle for one in accounts(answer) if one.identity and self.tombstones.has_id(one.identity)),
                id_known=True,
            )
            if isinstance(answer, dict) and self.scrubber.describes(answer.get("user")):
                raise OptedOutError
            kept |= {part: self.scrubber.clean(line[part]) for part in ("answer", "text") if part in line}
        append_line(self.path, kept, sync=True)
        self.added()
        return kept
