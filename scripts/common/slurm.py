"""Jobs on a SLURM cluster that outlive the Snakemake that submitted them."""

from __future__ import annotations

import logging
import subprocess
import time
from pathlib import Path

from common.program import UserError

log = logging.getLogger(__name__)

ENDING_S = 180.0
POLL_S = 1.0


def end_left_over_jobs(folder: Path, on_slurm: bool) -> None:
    """Cancel this study's jobs of a Snakemake that was killed, and return when they are gone.

    Snakemake does not know the jobs of a run before: it would submit the same again, and two processes would write the
    same results. What the left-over jobs finished is in the store. To be called by the run that holds the study's lock,
    before it submits anything: any job of this study that is still there is then left over.

    Args:
        folder: the study's.
        on_slurm: this run submits jobs, so SLURM must answer; else there may be no SLURM here.

    Raises:
        UserError: they do not end, or SLURM does not say whether there are any.
    """
    jobs = jobs_of(folder, on_slurm)
    if not jobs:
        return
    log.warning(
        "SLURM jobs of an earlier run of this study are still there, but not the Snakemake that waited for them; they "
        "are cancelled (what they finished is kept): %s",
        ", ".join(f"{job} ({comment})" for job, comment in jobs.items()),
    )
    subprocess.run(["scancel", *jobs], check=False)
    end = time.monotonic() + ENDING_S
    while jobs := jobs_of(folder, on_slurm):
        if time.monotonic() > end:
            raise UserError(
                f"SLURM jobs of an earlier run of this study do not end: {', '.join(jobs)}. Two runs at once would "
                "write the same files: wait until `squeue --me` no longer lists them, and start again"
            )
        time.sleep(POLL_S)


def jobs_of(folder: Path, on_slurm: bool) -> dict[str, str]:
    """The user's jobs in the queue that Snakemake submitted from a folder: what their comments say, by job id.

    The executor names the rule in a job's comment and gives it the study's folder as its working directory.
    """
    try:
        asked = subprocess.run(
            ["squeue", "--me", "--noheader", "--format=%i|%k|%Z"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        if on_slurm:
            said = getattr(error, "stderr", None) or error
            raise UserError(
                f"SLURM does not say whether jobs of an earlier run are left ({said}): start again when squeue answers"
            ) from None
        return {}
    lines = [line.split("|", 2) for line in asked.stdout.splitlines()]
    return {job: comment for job, comment, place in lines if comment.startswith("rule_") and Path(place) == folder}
