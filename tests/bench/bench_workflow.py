"""The workflow's overhead over the bare work.

The same small study is run by `snakemake --cores 2`, and by a bare loop that starts the very commands which Snakemake
gave, on two cores, each as soon as its inputs are there: nothing is looked up, checked, recorded or cleaned around
them. Every run has a fresh folder and a fresh store; the two take turns, in the order A B B A, and means are compared.
Ends with exit code 1 where the two make different results.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("scripts", "tests")]

from aims import report
from snakefile.study import Study as WorkflowStudy
from study import CHECKOUT, Study, demo_handles, environment, make_study

CORES = 2
NOTHING_TO_DO_S = 10.0


@dataclass
class Job:
    """A command that Snakemake gave, and what it knew of it.

    Attributes:
        command: as the rule's shell line, with everything filled in.
        started, ended: seconds since the epoch.
        inputs, outputs: paths.
        logs: paths.
    """

    command: str
    started: float
    ended: float
    inputs: list[str]
    logs: list[str]
    outputs: list[str] = field(default_factory=list)

    @property
    def cores(self) -> int:
        """How many cores it claims: what it is told to use, else one."""
        found = re.search(r" --workers (\d+)", self.command)
        return int(found[1]) if found else 1


def jobs_of(study: Study) -> list[Job]:
    """All jobs of a finished run, in the order in which they started, from Snakemake's records of the outputs."""
    found: dict[str, Job] = {}
    for path in (study.folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            facts = json.loads(path.read_text())
            output = base64.b64decode(str(path.relative_to(study.folder / ".snakemake/metadata"))).decode()
            job = found.setdefault(
                facts["shellcmd"],
                Job(facts["shellcmd"], facts["starttime"], facts["endtime"], facts["input"], facts["log"]),
            )
            job.outputs.append(output)
    return sorted(found.values(), key=lambda job: job.started)


def run_bare(study: Study, jobs: list[Job]) -> None:
    """Run the commands as their inputs appear, on CORES cores."""
    config = yaml.safe_load((study.folder / "study.yaml").read_text())
    with contextlib.chdir(study.folder):
        prefix = WorkflowStudy(CHECKOUT, config, ["study.yaml"]).environment(own_python=True).format()
    for path in {path for job in jobs for path in (*job.outputs, *job.logs)}:
        (study.folder / path).parent.mkdir(parents=True, exist_ok=True)

    def run(job: Job) -> None:
        done = subprocess.run(
            ["bash", "-c", prefix + job.command],
            cwd=study.folder,
            env=environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{job.command}\n{done.stderr}")

    missing = {output for job in jobs for output in job.outputs}
    waiting, running = list(jobs), dict[Future[None], Job]()
    with ThreadPoolExecutor(CORES) as pool:
        while waiting or running:
            for job in list(waiting):
                ready = missing.isdisjoint(job.inputs)
                if ready and job.cores + sum(other.cores for other in running.values()) <= CORES:
                    waiting.remove(job)
                    running[pool.submit(run, job)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                missing -= set(running.pop(future).outputs)


def idle_seconds(jobs: list[Job], wall_s: float) -> float:
    """How much of a run no command was running."""
    busy = until = 0.0
    for job in jobs:
        busy += max(0.0, job.ended - max(job.started, until))
        until = max(until, job.ended)
    return wall_s - busy


def core_seconds(study: Study) -> float:
    """Seconds in which the stages' cores worked on reels, models loaded included, as their logs say."""
    logs = [path.read_text() for path in (study.folder / "results/logs").rglob("*.log")]
    return sum(float(found) for found in re.findall(r"computed in ([\d.]+) s", "\n".join(logs)))


def timed(study: Study, *arguments: str) -> float:
    """Wall seconds of a snakemake command."""
    start = time.perf_counter()
    study.run(*arguments)
    return time.perf_counter() - start


class Comparison:
    """The runs of one study: what they took, and whether they made the same."""

    def __init__(self, folder: Path, creators: int, reels: int) -> None:
        handles = demo_handles()
        self.folder, self.reels = folder, reels
        self.handles = handles[:: max(1, len(handles) // creators)][:creators]
        self.jobs: list[Job] = []
        self.results: dict[str, bytes] = {}
        self.same = True
        self.workflow_s, self.bare_s, self.idle_s, self.core_s, self.plan_s, self.nothing_s = (
            list[float]() for _ in range(6)
        )

    def fresh(self, name: str) -> Study:
        return make_study(self.folder / name, self.handles, self.reels)

    def workflow(self, name: str) -> None:
        study = self.fresh(name)
        self.plan_s.append(timed(study, "-n"))
        self.workflow_s.append(timed(study))
        self.nothing_s.append(timed(study))
        self.jobs = jobs_of(study)
        self.idle_s.append(idle_seconds(self.jobs, self.workflow_s[-1]))
        self.core_s.append(core_seconds(study))
        self.compare(study)

    def bare(self, name: str) -> None:
        study = self.fresh(name)
        start = time.perf_counter()
        run_bare(study, self.jobs)
        self.bare_s.append(time.perf_counter() - start)
        self.compare(study)

    def compare(self, study: Study) -> None:
        contents = study.contents()
        self.results = self.results or contents
        for name in [name for name in contents if contents[name] != self.results[name]]:
            print(f"{study.folder.name}: {name} differs from the first run's")
            self.same = False


def seconds(values: list[float]) -> str:
    """A mean, and what it is the mean of."""
    return f"{statistics.mean(values):.1f} s ({', '.join(f'{value:.1f}' for value in values)})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--creators", type=int, default=10, help="creators of the demo [%(default)s]")
    options.add_argument("--reels", type=int, default=3, help="reels of each [%(default)s]")
    options.add_argument("--rounds", type=int, default=2, help="runs of either kind [%(default)s]")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compared = Comparison(Path(folder), arguments.creators, arguments.reels)
        compared.fresh("models").run("fetch_models")
        for number in range(arguments.rounds):
            turns = [(compared.workflow, f"workflow{number}"), (compared.bare, f"bare{number}")]
            for turn, name in turns if number % 2 == 0 else reversed(turns):
                turn(name)
    workflow, bare = statistics.mean(compared.workflow_s), statistics.mean(compared.bare_s)
    core = statistics.mean(compared.core_s)
    print(f"{arguments.creators} creators x {arguments.reels} reels, 2 batches, {len(compared.jobs)} commands, 2 cores")
    print(f"snakemake: {seconds(compared.workflow_s)}; no command was running for {seconds(compared.idle_s)}")
    print(f"bare commands: {seconds(compared.bare_s)}")
    print(f"cores of the stages, models loaded included: {seconds(compared.core_s)}")
    print(f"dry run: {seconds(compared.plan_s)}; nothing to be done: {seconds(compared.nothing_s)}")
    nothing = max(compared.nothing_s)
    report("workflow: overhead over the bare commands", f"{workflow - bare:+.1f} s, {workflow / bare - 1:+.0%}")
    report("workflow: share of the stages' cores in its time", f"{core / workflow:.0%}")
    report("workflow: dry run of a fresh study", f"{statistics.mean(compared.plan_s):.1f} s")
    report("workflow: nothing to be done", f"{nothing:.1f} s", "under 10 s", nothing < NOTHING_TO_DO_S)
    if not compared.same:
        sys.exit("the runs gave different results")


if __name__ == "__main__":
    main()
