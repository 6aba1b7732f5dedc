"""Whose run holds a study: Snakemake's lock does not say, and a killed run leaves it behind."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.files import replace_file
from common.machine import Process

RUN = "ATLAS_RUN"  # variable that tells jobs the record of their run


class LockOwner:
    """Who holds Snakemake's lock on a study's directory, so that a lock left by a killed run can be cleared.

    Snakemake's own lock does not say whose it is. Every run that may take it first leaves a record here; the lock is
    stale when every record is of a process that is known to have ended (`Process.is_dead`).

    Args:
        directory: the study's `.snakemake` folder.
    """

    def __init__(self, directory: Path) -> None:
        self.locks = directory / "locks"
        self.records = directory / "owners"
        self.process = Process.this()
        self.mine = self.records / f"{self.process.name}.json"

    def enter(self, plan: dict[str, Any], unlock: bool = False) -> None:
        """Record this process, and clear the lock where all that could hold it are dead.

        Args:
            plan: of the study, for this run's jobs on a cluster (`planned_run`).
            unlock: the user says that no other run is alive (`snakemake --unlock`).
        """
        self.records.mkdir(parents=True, exist_ok=True)
        # A run before may have had the same number: its record is read before it is replaced.
        others = [path for path in self.records.glob("*.json") if path != self.mine or _is_dead(path)]
        replace_file(self.mine, json.dumps({**asdict(self.process), "plan": plan}).encode())
        os.environ[RUN] = str(self.mine)
        dead = [path for path in others if path == self.mine or _is_dead(path, elsewhere=unlock)]
        if len(dead) == len(others) and others:
            shutil.rmtree(self.locks, ignore_errors=True)
        for path in dead:
            if path != self.mine:
                path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Remove this process's record."""
        self.mine.unlink(missing_ok=True)


def planned_run() -> dict[str, Any] | None:
    """The plan (`Study.plan`) of the run that this process makes a job of; None where it is unknown.

    On a cluster each job reads the Snakefile anew. It need not read the whole source again, and must not come to other
    batches than the run whose part it is.
    """
    record = Path(os.environ.get(RUN, ""))
    plan: dict[str, Any] | None = json.loads(record.read_bytes())["plan"] if record.is_file() else None
    return plan


def running_elsewhere(directory: Path) -> bool:
    """Whether a run that is alive, or may be on another machine, has a record here.

    Args:
        directory: the study's `.snakemake` folder.
    """
    return any(not _is_dead(record) for record in (directory / "owners").glob("*.json"))


def _is_dead(record: Path, elsewhere: bool = False) -> bool:
    """Whether a record is of a process that has ended.

    Args:
        record: its file.
        elsewhere: what to think of a process that cannot be seen from here.
    """
    try:
        fields = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):  # just removed by its owner, or torn when the machine lost its power
        return True
    except OSError:  # of somebody whose files are closed to us
        return False
    try:
        process = Process(*(fields[name] for name in Process.__annotations__))
    except (KeyError, TypeError):  # of another version, which knows its processes by other marks
        return elsewhere
    return process.is_dead() or (elsewhere and not process.is_visible())
