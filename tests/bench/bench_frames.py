"""Time sample_video against the obvious way, and against the decoding alone, on the same made videos.

Three ways, in turn on each video, all on the same cores and with as many decoder threads:
decode (PyAV, nothing else), two passes (PySceneDetect's detect(), then cv2.VideoCapture read through once more for the
chosen frames), and ours. Ends with exit code 1 where ours and detect() find other cuts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from aims import report
from common.config import FramesSection

# The same detector as in the other way, so that the cuts can be compared.
SETTINGS = FramesSection(backend="content")
SIZE, RATE = "720x1280", 30
# Pictures that cuts lie between: sources are small and scaled up, as drawing them would take longest of all.
SHOTS = (
    "testsrc2=size=720x1280:rate=30",
    "mandelbrot=size=180x320:rate=30:start_scale=1:end_scale=0.05,scale=720:1280",
    "life=size=90x160:rate=15:mold=10:ratio=0.2:seed=3:death_color=0x802040:life_color=0xf0e060,scale=720:1280,fps=30",
    "gradients=size=180x320:rate=30:seed=5:speed=0.02,scale=720:1280,noise=alls=6:allf=t",
    "color=0x305070:size=720x1280:rate=30,noise=alls=10:allf=t",
    "smptehdbars=size=720x1280:rate=30,hue=s=0.7",
    "gradients=size=90x160:rate=30:seed=9:speed=0.05:nb_colors=6,scale=720:1280:flags=neighbor",
)
# Lengths of the shots in s, and frames between key frames.
VIDEOS = (
    ((3.0, 2.5, 4.0, 5.5), 250),
    ((1.2, 2.0, 0.8, 3.0, 2.4, 4.1, 2.5), 60),
    ((9.0, 6.0, 9.0), 250),
    ((2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0), 60),
    ((12.0, 18.0), 250),
    ((5.0, 4.0, 7.0, 2.0, 3.0), 60),
)


def make_video(path: Path, number: int, lengths: tuple[float, ...], gop: int) -> None:
    """Shots one after another as H.264, as phones and apps encode them."""
    from imageio_ffmpeg import get_ffmpeg_exe

    inputs: list[str] = []
    for shot, length in enumerate(lengths):
        inputs += ["-f", "lavfi", "-t", str(length), "-i", SHOTS[(number + shot) % len(SHOTS)]]
    chain = "".join(f"[{shot}:v]setsar=1,format=yuv420p[s{shot}];" for shot in range(len(lengths)))
    chain += "".join(f"[s{shot}]" for shot in range(len(lengths))) + f"concat=n={len(lengths)}[v]"
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-g", str(gop), "-threads", "1"]
    command = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *inputs, "-filter_complex", chain]
    subprocess.run([*command, "-map", "[v]", *encoder, str(path)], check=True)


def decode_only(path: Path, threads: int) -> None:
    """What no way can do without."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        for _ in container.decode(stream):
            pass


def two_passes(path: Path, threads: int) -> list[float]:
    """Detect the cuts, choose times as we do, and read the video again for the frames; the cuts in s."""
    import cv2
    from scenedetect import ContentDetector, detect

    from media.frames import choose_times, frames_allowed

    detector = ContentDetector(threshold=SETTINGS.threshold, min_scene_len=SETTINGS.min_shot_s)
    scenes = detect(str(path), detector, start_in_scene=True)
    shots = [(start.seconds, end.seconds) for start, end in scenes]
    wanted = choose_times(shots, frames_allowed(shots[-1][1], SETTINGS.budget))
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
    chosen: list[Any] = []
    number = 0
    while len(chosen) < len(wanted) and capture.grab():
        if number >= round(wanted[len(chosen)] * RATE):
            _, frame = capture.retrieve()
            factor = SETTINGS.longest_side / max(frame.shape[:2])
            small = cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
            chosen.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
        number += 1
    capture.release()
    return [start for start, _ in shots[1:]]


def ours(path: Path, threads: int) -> list[float]:
    """sample_video; the cuts in s."""
    from media.frames import sample_video

    return [start for start, _ in sample_video(path, SETTINGS, threads).shots[1:]]


def cells(path: Path, threads: int) -> None:
    """sample_video as it is unless a study says otherwise."""
    from media.frames import sample_video

    sample_video(path, FramesSection(), threads)


def timed(function: Callable[[Path, int], Any], path: Path, threads: int) -> tuple[float, float, Any]:
    """Wall seconds, CPU seconds, and what the function returned."""
    wall, processor = time.perf_counter(), time.process_time()
    found = function(path, threads)
    return time.perf_counter() - wall, time.process_time() - processor, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are compared [%(default)s]")
    parser.add_argument("--videos", type=int, default=len(VIDEOS), help="videos made [%(default)s]")
    parser.add_argument("--threads", type=int, default=1, help="cores, and threads of every decoder [%(default)s]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.mp4" for number in range(arguments.videos)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(make_video, paths, range(len(paths)), *zip(*VIDEOS[: len(paths)], strict=True)))
        sys.exit(0 if compare(paths, arguments.repeats, arguments.threads) else 1)


def compare(paths: list[Path], repeats: int, threads: int) -> bool:
    """Time all ways in turn and print; whether the cuts agree."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
    os.environ["OPENCV_FFMPEG_THREADS"] = str(threads)
    import cv2

    cv2.setNumThreads(threads)
    ways = {"decode": decode_only, "two passes": two_passes, "ours": ours, "cells": cells}
    wall: dict[str, float] = dict.fromkeys(ways, 0.0)
    processor: dict[str, float] = dict.fromkeys(ways, 0.0)
    cuts: dict[str, list[list[float]]] = {name: [] for name in ways}
    for path in paths:
        rounds = [{name: timed(way, path, threads) for name, way in ways.items()} for _ in range(repeats)]
        for name in ways:
            wall[name] += statistics.median(run[name][0] for run in rounds)
            processor[name] += statistics.median(run[name][1] for run in rounds)
            cuts[name].append(rounds[-1][name][2] or [])
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    print(f"sample_frames: {len(paths)} videos of {SIZE}, {size_mb:.0f} MB; {threads} core(s), as many decoder threads")
    print("wall seconds: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in wall.items()))
    ratio, share = wall["two passes"] / wall["ours"], wall["decode"] / wall["ours"]
    print(
        f"in CPU time: {processor['two passes'] / processor['ours']:.2f} times faster, "
        f"{processor['decode'] / processor['ours']:.0%} pure decoding"
    )
    report("sample_frames against detect() and a second decode", f"{ratio:.2f}x", "at least 1.7x", ratio >= 1.7)
    report("sample_frames: share of pure decoding in its time", f"{share:.0%}")
    report("sample_frames with cuts by cells against decoding alone", f"{wall['cells'] / wall['decode']:.2f}x")
    agree = True
    for path, theirs, own in zip(paths, cuts["two passes"], cuts["ours"], strict=True):
        if len(theirs) != len(own) or any(abs(a - b) > 1.5 / RATE for a, b in zip(theirs, own, strict=True)):
            print(f"{path.name}: cuts differ: detect() {theirs}, ours {own}")
            agree = False
    print(f"{sum(map(len, cuts['ours']))} cuts, {'the same as' if agree else 'NOT those of'} detect()")
    return agree


if __name__ == "__main__":
    main()
