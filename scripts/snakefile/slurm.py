"""Jobs on a SLURM cluster that outlive the Snakemake that submitted them."""

from __future__ import annotations

import logging
import subprocess
import time
from pathlib import Path

from common.program import UserError

log = logging.getLogger(__name__)

RUNS = "slurm_runs"  # names of this study's runs whose jobs may still be in the queue
ENDING_S = 180.0
POLL_S = 1.0


def end_left_over_jobs(directory: Path, run: str | None) -> None:
    """Cancel this study's jobs of a Snakemake that was killed, return when they are gone, and note this run's name.

    Snakemake does not know the jobs of a run before: it would submit the same again, and two processes would write the
    same results. What the left-over jobs finished is in the store. To be called by the run that holds the study's lock,
    before it submits anything: any job of an earlier run that is still there is then left over.

    Args:
        directory: the study's `.snakemake` folder.
        run: name that this run's jobs will have; None where it submits none, and there may be no SLURM.

    Raises:
        UserError: they do not end, or SLURM does not say whether there are any.
    """
    noted = directory / RUNS
    before = noted.read_text(encoding="utf-8").split() if noted.exists() else []
    if before:
        try:
            _end_jobs(before)
            before = []
        except (OSError, subprocess.CalledProcessError) as error:
            if run is not None:
                said = getattr(error, "stderr", None) or error
                raise UserError(
                    f"SLURM does not say whether jobs of an earlier run are left ({said}): start again when it does"
                ) from None
    if run is not None:
        noted.write_text("".join(f"{name}\n" for name in [*before, run]), encoding="utf-8")


def _end_jobs(runs: list[str]) -> None:
    jobs = jobs_of(runs)
    if not jobs:
        return
    log.warning(
        "SLURM jobs of an earlier run of this study are still there, but not the Snakemake that waited for them; they "
        "are cancelled (what they finished is kept): %s",
        ", ".join(f"{job} ({comment})" for job, comment in jobs.items()),
    )
    subprocess.run(["scancel", *jobs], check=False)
    end = time.monotonic() + ENDING_S
    while jobs := jobs_of(runs):
        if time.monotonic() > end:
            raise UserError(
                f"SLURM jobs of an earlier run of this study do not end: {', '.join(jobs)}. Two runs at once would "
                "write the same files: wait until `squeue --me` no longer lists them, and start again"
            )
        time.sleep(POLL_S)


def jobs_of(runs: list[str]) -> dict[str, str]:
    """The jobs in the queue that runs of Snakemake submitted: what their comments say (rule and batch), by job id.

    Raises:
        OSError: there is no SLURM here.
        subprocess.CalledProcessError: it does not answer.
    """
    asked = subprocess.run(
        ["squeue", "--me", "--noheader", f"--name={','.join(runs)}", "--format=%i|%k"],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("|", 1) for line in asked.stdout.splitlines())
