"""What goes wrong on clusters, done to a real SLURM: the results are the same, no reel is described twice."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cluster_study import PATIENCE_S, ClusterStudy
from slurm import SlurmError, wait_for

REELS = 12


def states(study: ClusterStudy) -> list[str]:
    """How the describing jobs ended, in the order in which they were started."""
    rows = [row for row in study.accounted() if row["Comment"].startswith("rule_describe_reels")]
    return [row["State"].split()[0] for row in rows]


def said_of(study: ClusterStudy, job: str) -> str:
    """What SLURM wrote of a job."""
    return (study.folder / f"results/logs/slurm/rule_describe_reels/0/{job}.log").read_text()


def check(study: ClusterStudy, undisturbed: dict[str, bytes]) -> None:
    """The results are those of an undisturbed run on one machine, and each reel was described once."""
    assert study.descriptions() == undisturbed
    assert sorted(study.described().values()) == [1] * REELS


def test_a_cancelled_job_is_submitted_again(study, undisturbed, slurm):
    with study.running("descriptions") as run:
        job = study.wait_until_describing()
        slurm.call("scancel", job)
        study.finish(run)
    assert states(study) == ["CANCELLED", "COMPLETED"]
    assert f"SLURM-job '{job}' failed, SLURM status is: 'CANCELLED'" in study.log
    check(study, undisturbed)


def test_a_job_that_hangs_is_ended_at_its_time_limit_and_the_next_has_more_time(study, undisturbed):
    with study.running("descriptions", "--set-resources", "describe_reels:runtime=attempt") as run:
        job = study.wait_until_describing()
        os.kill(program_of(study), signal.SIGSTOP)
        study.finish(run)
    assert states(study) == ["TIMEOUT", "COMPLETED"]
    assert [row["TimelimitRaw"] for row in study.accounted()] == ["1", "2"]
    assert f"SLURM-job '{job}' failed, SLURM status is: 'TIMEOUT'" in study.log
    check(study, undisturbed)


def test_a_job_that_runs_out_of_memory_gets_more(study, undisturbed):
    with study.running("descriptions", "--set-resources", "describe_reels:mem_mb=200 if attempt == 1 else 4000") as run:
        study.finish(run)
    assert states(study) == ["OUT_OF_MEMORY", "COMPLETED"]
    assert [row["ReqMem"] for row in study.accounted()] == ["200M", "4000M"]
    assert "SLURM status is: 'OUT_OF_MEMORY'" in study.log
    check(study, undisturbed)


def test_the_controller_is_restarted(study, undisturbed, slurm):
    with study.running("descriptions") as run:
        job = study.wait_until_describing()
        slurm.stop_controller()
        done = len(study.described())
        # Long enough that Snakemake asks in vain, and the job goes on all the same.
        wait_for("progress without a controller", lambda: len(study.described()) > done + 1, PATIENCE_S)
        slurm.start_controller()
        study.finish(run)
    assert [row["JobIDRaw"] for row in study.accounted()] == [job]
    assert states(study) == ["COMPLETED"]
    check(study, undisturbed)


def test_snakemake_is_killed_and_started_again(study, undisturbed):
    """The job that was left over is ended before its work is submitted again: two would write the same files."""
    with study.running("descriptions") as run:
        left = study.wait_until_describing()
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert study.running_jobs() == [left]
    with study.running("descriptions") as run:
        study.finish(run)
    assert states(study) == ["CANCELLED", "COMPLETED"]
    assert "SLURM jobs of an earlier run of this study are still there" in study.log
    assert f"{left} (rule_describe_reels_wildcards_0)" in study.log
    check(study, undisturbed)


def test_snakemake_is_interrupted(study, undisturbed):
    """Ctrl-C: jobs are cancelled with it."""
    with study.running("descriptions") as run:
        study.wait_until_describing()
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(timeout=PATIENCE_S) != 0
    wait_for("the end of the jobs", lambda: not study.queue(), PATIENCE_S)
    assert study.described()
    study.run("descriptions")
    assert states(study) == ["CANCELLED", "COMPLETED"]
    check(study, undisturbed)


def test_a_dry_run_leaves_a_running_job_alone(study, undisturbed):
    with study.running("descriptions") as run:
        job = study.wait_until_describing()
        study.run("--dry-run", "--nolock")
        assert study.running_jobs() == [job]
        study.finish(run)
    assert states(study) == ["COMPLETED"]
    check(study, undisturbed)


def test_the_node_is_drained_and_resumed(study, undisturbed, slurm):
    slurm.call("scontrol", "update", "nodename=gpu1", "state=drain", "reason=maintenance")
    with study.running("descriptions") as run:
        wait_for(
            "a job in the queue", lambda: [state for _, state in study.queue().values()] == ["PENDING"], PATIENCE_S
        )
        time.sleep(10)
        assert [state for _, state in study.queue().values()] == ["PENDING"]
        assert not study.described()
        slurm.call("scontrol", "update", "nodename=gpu1", "state=resume")
        study.finish(run)
    assert states(study) == ["COMPLETED"]
    check(study, undisturbed)


def test_the_node_fails(study, undisturbed, slurm):
    """SLURM puts the job back into the queue by itself."""
    with study.running("descriptions") as run:
        job = study.wait_until_describing()
        slurm.call("scontrol", "update", "nodename=gpu1", "state=down", "reason=broken")
        wait_for(
            "the job to be back in the queue", lambda: study.queue().get(job, ("", ""))[1] == "PENDING", PATIENCE_S
        )
        with suppress(SlurmError):  # its daemon may have registered again
            slurm.call("scontrol", "update", "nodename=gpu1", "state=resume")
        study.finish(run)
    assert {row["JobIDRaw"] for row in study.accounted()} == {job}
    assert states(study) == ["NODE_FAIL", "COMPLETED"]
    assert "DUE TO NODE FAILURE" in said_of(study, job)
    check(study, undisturbed)


def test_a_job_is_preempted_and_requeued(study, undisturbed, slurm):
    with study.running("descriptions") as run:
        job = study.wait_until_describing()
        slurm.call(
            "sbatch",
            "--partition=urgent",
            "--gpus=2",
            "--mem=100",
            "--time=1",
            "--output=/dev/null",
            "--wrap",
            "sleep 5",
        )
        wait_for("the job to be pushed off", lambda: study.queue().get(job, ("", ""))[1] != "RUNNING", PATIENCE_S)
        study.finish(run)
    assert states(study) == ["PREEMPTED", "COMPLETED"]
    assert {row["JobIDRaw"] for row in study.accounted()} == {job}
    assert "DUE TO PREEMPTION" in said_of(study, job)
    check(study, undisturbed)


def program_of(study: ClusterStudy) -> int:
    """The process that describes reels."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            here = (place / "cwd").resolve() == study.folder.resolve()
        except (OSError, RuntimeError):
            continue
        if here and words[0].endswith(b"python") and words[1].endswith(b"describe_reels.py"):
            return int(place.name)
    pytest.fail("no process is describing reels")
