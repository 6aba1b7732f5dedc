"""A study that runs on a cluster, and what SLURM says of its jobs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slurm import ACCOUNT, Slurm, wait_for
from study import CHECKOUT, SNAKEMAKE, Study, environment

# One fault at a time on one small machine: all its processes share two cores.
PATIENCE_S = 300
FIELDS = [
    "JobID",
    "JobIDRaw",
    "State",
    "Partition",
    "Comment",
    "ReqMem",
    "TimelimitRaw",
    "AllocTRES",
    "NodeList",
    "Account",
]


@dataclass(frozen=True)
class ClusterStudy(Study):
    """A study that runs with `--profile slurm`.

    Attributes:
        slurm: the cluster.
        arguments: what is said on the command line in addition: tests ask SLURM more often than people should.
    """

    slurm: Slurm = field(kw_only=True)
    arguments: tuple[str, ...] = ("--slurm-init-seconds-before-status-checks", "3")

    @property
    def profile(self) -> Path:
        """The checkout's profile with an account filled in, as a user does, where `--profile slurm` finds it."""
        path = self.folder / "slurm"
        text = (CHECKOUT / "profiles/slurm/config.yaml").read_text()
        line = "# slurm_account: my_project "
        assert line in text
        path.mkdir(exist_ok=True)
        (path / "config.yaml").write_text(text.replace(line, f"slurm_account: {ACCOUNT} "))
        return path

    @property
    def command(self) -> list[str]:
        self.profile  # noqa: B018
        return [*SNAKEMAKE, "--configfile", "study.yaml", "--profile", "slurm", *self.arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {**environment(), **self.slurm.environment}

    def local(self) -> Study:
        """The same study, run on this machine alone."""
        return Study(self.folder)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Snakemake running in the background; killed at the end where it still is."""
        # Tests that run in the background ignore Ctrl-C, and so would the programs they start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*self.command, *arguments], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    @property
    def log(self) -> str:
        """What the runs in the background have printed."""
        return (self.folder / "log").read_text(errors="replace")

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a run's end; it must succeed."""
        assert process.wait(timeout=PATIENCE_S * 2) == 0, self.log[-8000:]

    def queue(self) -> dict[str, tuple[str, str]]:
        """The jobs in the queue of this study's rules: comment and state by id."""
        said = self.slurm.call("squeue", "--noheader", "--format=%i|%k|%T|%Z")
        rows = [line.split("|", 3) for line in said.splitlines()]
        return {job: (comment, state) for job, comment, state, place in rows if Path(place) == self.folder}

    def accounted(self) -> list[dict[str, str]]:
        """This study's jobs as SLURM's accounting knows them: one row for each time a job was started."""
        said = self.slurm.call(
            "sacct", "--allocations", "--duplicates", "--noheader", "--parsable2",
            f"--format={','.join([*FIELDS, 'WorkDir'])}",
        )  # fmt: skip
        rows = [dict(zip([*FIELDS, "WorkDir"], line.split("|"), strict=True)) for line in said.splitlines()]
        return [row for row in rows if Path(row["WorkDir"]) == self.folder]

    def described(self) -> Counter[str]:
        """How often each reel was described, as the journal counts it."""
        return Counter(
            line["reel_id"] for line in self.journal() if line["stage"] == "description" and not line["cached"]
        )

    def wait_until_describing(self, reels: int = 2) -> str:
        """Wait until a job has described some reels and is at work on the next; its id."""

        def at_work() -> bool:
            return len(self.described()) >= reels and bool(self.running_jobs())

        wait_for("a job that describes reels", at_work, PATIENCE_S)
        return self.running_jobs()[0]

    def running_jobs(self) -> list[str]:
        """Ids of the jobs that are describing reels now."""
        return [job for job, (said, state) in self.queue().items() if "describe_reels" in said and state == "RUNNING"]

    def wait_for_state(self, job: str, *states: str) -> None:
        """Wait until the accounting says of a job what is awaited."""

        def reached() -> bool:
            return any(row["JobIDRaw"] == job and row["State"].startswith(states) for row in self.accounted())

        wait_for(f"job {job} to be {' or '.join(states)}", reached, PATIENCE_S)
