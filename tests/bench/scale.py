"""How the workflow grows: planning for many creators, and its overhead over the bare work for many small reels.

    python tests/bench/scale.py plan      # dry runs of studies of 400 to 400,000 creators with five reels each
    python tests/bench/scale.py run       # 2,000 creators with five tiny reels through the stages without a model

Without a word both (`make bench-scale`). Not a part of `make bench`, because it takes three quarters of an hour and
makes two million files.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import yaml

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("scripts", "tests")]

from aims import report
from study import SMALL, SNAKEMAKE, environment

CORES = 2
REELS = 5
# A batch of 200 creators has 1,000 reels: one to three hours of a GPU (docs/cluster.md).
CREATORS_PER_BATCH = 200
COHORTS = (400, 4_000, 40_000, 400_000)
PLAN_S, PLAN_MB = 30.0, 500.0  # aims, for 40,000 creators
OVERHEAD = 0.15
LINKS = 50_000  # to one file at most: file systems have a limit


def make_videos(folder: Path, creators: int, size: int = 64) -> None:
    """Folders of videos that hold nothing: enough to plan with."""
    for number in range(creators):
        own = folder / "videos" / f"creator{number:06d}"
        own.mkdir(parents=True)
        for reel in range(REELS):
            count = number * REELS + reel
            original = folder / f"{count // LINKS}.mp4"
            if count % LINKS == 0:
                original.write_bytes(os.urandom(size))
            os.link(original, own / f"{reel}.mp4")


def make_tiny_reels(folder: Path, creators: int) -> None:
    """Videos of a second with the same pictures and sound, and a box that says which it is: no two are alike."""
    from imageio_ffmpeg import get_ffmpeg_exe

    source = folder / "tiny.mp4"
    made = ["-f", "lavfi", "-i", "testsrc2=size=96x160:rate=15:duration=1", "-f", "lavfi", "-i", "sine=440:duration=1"]
    subprocess.run(
        [get_ffmpeg_exe(), "-loglevel", "error", *made, "-shortest", "-c:v", "libx264", "-c:a", "aac", str(source)],
        check=True,
    )
    content = source.read_bytes()
    for number in range(creators):
        own = folder / "videos" / f"creator{number:06d}"
        own.mkdir(parents=True)
        for reel in range(REELS):
            label = f"{number}-{reel}".encode()
            (own / f"{reel}.mp4").write_bytes(content + (8 + len(label)).to_bytes(4, "big") + b"free" + label)


def processor_seconds() -> float:
    """What the programs started from here, and theirs, have used so far of the cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def snakemake(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Run a command to its end; seconds, memory at most (MB), and what it printed."""
    start = time.perf_counter()
    with (folder / "printed").open("w+") as printed:
        process = subprocess.Popen(
            [*SNAKEMAKE, "--configfile", "study.yaml", "--cores", str(CORES), *arguments],
            cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode:
        raise RuntimeError(text[-4000:])
    return time.perf_counter() - start, usage.ru_maxrss / 1024, text


def configure(folder: Path, batches: int) -> None:
    """Write study.yaml."""
    config = {**SMALL, "study": {**SMALL["study"], "batches": batches}}
    (folder / "study.yaml").write_text(yaml.safe_dump(config))


def plan(folder: Path, cohorts: list[int]) -> None:
    """Dry runs of ever larger studies."""
    print(f"{'creators':>9} {'reels':>10} {'batches':>8} {'jobs':>7} {'seconds':>8} {'MB':>6}")
    for creators in cohorts:
        study = folder / f"plan{creators}"
        batches = max(1, creators // CREATORS_PER_BATCH)
        make_videos(study, creators)
        configure(study, batches)
        seconds, memory, printed = snakemake(study, "--dry-run", "--quiet", "rules")
        jobs = int(re.findall(r"^total +(\d+)", printed, re.MULTILINE)[-1])
        print(f"{creators:9,} {creators * REELS:10,} {batches:8,} {jobs:7,} {seconds:8.1f} {memory:6.0f}", flush=True)
        reached = seconds <= PLAN_S and memory <= PLAN_MB if creators == 40_000 else None
        aim = f"{PLAN_S:g} s, {PLAN_MB:g} MB" if creators == 40_000 else ""
        report(
            f"planning {creators:,} creators in {batches:,} batches", f"{seconds:.1f} s, {memory:.0f} MB", aim, reached
        )
        shutil.rmtree(study)


class BareWork:
    """What a stage's core asks of the stage runner, and nothing more.

    Args:
        video: the reel.
        folder: where its files go.
    """

    def __init__(self, video: Path, folder: Path) -> None:
        self.reel_id = f"{video.parent.name}-{video.stem}"
        self.folder = folder / self.reel_id
        self.folder.mkdir()
        self.source = self.folder / "video.mp4"
        self.source.symlink_to(video)

    def video(self) -> Path:
        return self.source

    def artifact(self, suffix: str) -> Path:
        return self.folder / f"reel{suffix}"

    def needed(self, _: str) -> Path:
        return self.artifact(".zip")


def bare_work(video: Path, folder: Path) -> None:
    """The very functions that the stages call for a reel, one after another."""
    from common.config import AudioSection, FramesSection, VideoSection
    from extract_audio import extract_audio
    from measure_reels import measure_reel
    from media.probe import probe
    from sample_frames import sample_frames

    work = BareWork(video, folder)
    work.source.with_suffix(".json").write_text(json.dumps(probe(video, VideoSection())))
    extract_audio(work, AudioSection())  # type: ignore[arg-type]
    sample_frames(work, FramesSection())  # type: ignore[arg-type]
    measure_reel(work)  # type: ignore[arg-type]


def run_bare(videos: list[Path], folder: Path) -> tuple[float, float]:
    """The bare work in as many processes as there are cores; seconds, and seconds of the processors."""
    folder.mkdir()
    start, before = time.perf_counter(), processor_seconds()
    with ProcessPoolExecutor(CORES) as pool:
        for future in [pool.submit(bare_work, video, folder) for video in videos]:
            future.result()
    return time.perf_counter() - start, processor_seconds() - before


def run(folder: Path, creators: int) -> None:
    """The stages without a model, by the workflow and bare."""
    study, batches = folder / "run", max(1, creators // CREATORS_PER_BATCH)
    study.mkdir()
    make_tiny_reels(study, creators)
    configure(study, batches)
    videos = sorted(study.glob("videos/*/*.mp4"))
    targets = [f"results/{stage}/{batch}.parquet" for stage in ("audio", "description") for batch in range(batches)]
    # All reels are alike: the bare work of one in eight before the workflow's and of one in eight after it say enough.
    sample = len(videos) // 8
    bare_before = run_bare(videos[:sample], folder / "bare0")
    before = processor_seconds()
    seconds, memory, _ = snakemake(study, *targets)
    busy = processor_seconds() - before
    bare_after = run_bare(videos[-sample:], folder / "bare1")
    bare, bare_busy = ((a + b) * len(videos) / (2 * sample) for a, b in zip(bare_before, bare_after, strict=True))
    logs = "\n".join(path.read_text() for path in (study / "results/logs").rglob("*.log"))
    computed = sum(int(found) for found in re.findall(r"\((\d+) computed in", logs))
    if computed < 4 * len(videos) or "0 failed" not in logs:
        sys.exit(f"{computed} results of {len(videos)} reels in four stages")
    again, _, printed = snakemake(study, *targets)
    print(f"{creators:,} creators, {len(videos):,} reels, {batches} batches, {CORES} cores")
    print(f"workflow {seconds:.0f} s ({len(videos) / seconds:.1f} reels/s), Snakemake at most {memory:.0f} MB")
    print(f"bare work {bare:.0f} s: {sample:,} reels before ({bare_before[0]:.0f} s) and after ({bare_after[0]:.0f} s)")
    print(f"again: {again:.1f} s, {'nothing to be done' if 'Nothing to be done' in printed else 'SOMETHING DONE'}")
    overhead, busy_overhead = seconds / bare - 1, busy / bare_busy - 1
    report(
        f"{len(videos):,} tiny reels through the stages without a model: overhead over the bare work",
        f"{overhead:+.0%} ({seconds:.0f} s, {bare:.0f} s)", f"under {OVERHEAD:.0%}", overhead < OVERHEAD,
    )  # fmt: skip
    report(
        "the same in seconds of the processors (what else runs on the machine matters less)",
        f"{busy_overhead:+.0%} ({busy:.0f} s, {bare_busy:.0f} s)", f"under {OVERHEAD:.0%}", busy_overhead < OVERHEAD,
    )  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="?", choices=["plan", "run"])
    options.add_argument("--creators", type=int, default=2_000, help="of `run` [%(default)s]")
    options.add_argument("--cohorts", type=int, nargs="+", default=COHORTS, help="of `plan` [%(default)s]")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what in (None, "plan"):
            plan(Path(folder), list(arguments.cohorts))
        if arguments.what in (None, "run"):
            run(Path(folder), arguments.creators)


if __name__ == "__main__":
    main()
