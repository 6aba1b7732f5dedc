"""How the workflow grows: planning for many creators, and its overhead over the bare work for many small reels.

    python tests/bench/scale.py plan      # dry runs of studies of 400 to 400,000 creators with five reels each
    python tests/bench/scale.py run       # 2,000 creators with five tiny reels through the stages without a model

Without a word both (`make bench-scale`). Not a part of `make bench`, because it takes half an hour and makes two
million files.
"""

from __future__ import annotations

import argparse
import json
import os
import re
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
from common.files import file_sha256
from common.manifest import Row
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
    """Videos of a second with the same sound and the same pictures but for their number in black and white squares."""
    from imageio_ffmpeg import get_ffmpeg_exe

    source = folder / "tiny.mp4"
    made = ["-f", "lavfi", "-i", "testsrc2=size=96x160:rate=15:duration=1", "-f", "lavfi", "-i", "sine=440:duration=1"]
    subprocess.run(
        [get_ffmpeg_exe(), "-loglevel", "error", *made, "-shortest", "-c:v", "libx264", "-c:a", "aac", str(source)],
        check=True,
    )
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(make_creator, [source] * creators, range(creators), chunksize=50))


def make_creator(source: Path, number: int) -> None:
    """The reels of one creator."""
    own = source.parent / "videos" / f"creator{number:06d}"
    own.mkdir(parents=True)
    for reel in range(REELS):
        write_numbered(source, own / f"{reel}.mp4", number * REELS + reel)


def write_numbered(source: Path, path: Path, number: int) -> None:
    """A copy of a video with a number in its pictures: 24 squares of eight pixels, black or white."""
    import av
    import numpy as np

    bits = np.array([number >> bit & 1 for bit in range(24)], np.uint8).reshape(2, 12) * 255
    squares = np.kron(bits, np.ones((8, 8), np.uint8))[..., None]
    with av.open(str(source)) as original, av.open(str(path), "w") as copy:
        pictures, sound = original.streams.video[0], original.streams.audio[0]
        video = copy.add_stream("libx264", rate=15, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = pictures.width, pictures.height, "yuv420p"
        audio = copy.add_stream_from_template(sound)
        for packet in original.demux(pictures, sound):
            if packet.stream is sound and packet.dts is not None:
                packet.stream = audio
                copy.mux(packet)
            elif packet.stream is pictures:
                for frame in packet.decode():
                    picture = frame.to_ndarray(format="rgb24")
                    picture[:16, :96] = squares
                    copy.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        copy.mux(video.encode())


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
        self.inputs = {"video": Row("bare", self.reel_id, "video", "ok", sha256=file_sha256(video))}

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


def run_bare(videos: list[Path], folder: Path) -> float:
    """The bare work in as many processes as there are cores; seconds."""
    folder.mkdir()
    start = time.perf_counter()
    with ProcessPoolExecutor(CORES) as pool:
        for future in [pool.submit(bare_work, video, folder) for video in videos]:
            future.result()
    return time.perf_counter() - start


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
    seconds, memory, _ = snakemake(study, *targets)
    bare_after = run_bare(videos[-sample:], folder / "bare1")
    bare = (bare_before + bare_after) * len(videos) / (2 * sample)
    logs = "\n".join(path.read_text() for path in (study / "results/logs").rglob("*.log"))
    computed = sum(int(found) for found in re.findall(r"\((\d+) computed in", logs))
    if computed < 4 * len(videos) or "0 failed" not in logs:
        sys.exit(f"{computed} results of {len(videos)} reels in four stages")
    again, _, printed = snakemake(study, *targets)
    print(f"{creators:,} creators, {len(videos):,} reels, {batches} batches, {CORES} cores")
    print(f"workflow {seconds:.0f} s ({len(videos) / seconds:.1f} reels/s), Snakemake at most {memory:.0f} MB")
    print(f"bare work {bare:.0f} s: {sample:,} reels before ({bare_before:.0f} s) and after ({bare_after:.0f} s)")
    print(f"again: {again:.1f} s, {'nothing to be done' if 'Nothing to be done' in printed else 'SOMETHING DONE'}")
    overhead = seconds / bare - 1
    report(
        f"{len(videos):,} tiny reels through the stages without a model: overhead over the bare work",
        f"{overhead:+.0%} ({seconds:.0f} s, {bare:.0f} s)", f"under {OVERHEAD:.0%}", overhead < OVERHEAD,
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
