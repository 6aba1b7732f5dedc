"""Time speech decoded in batches against one reel at a time in threads, with faster-whisper base on the CPU.

The sound is the demo's. Ends with exit code 1 where the texts differ.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "scripts"), str(CHECKOUT / "tests")]

from aims import report
from common.config import TranscriptSection
from media.sound_track import extract
from media.wav import read_wav
from speech.engines import Segment
from speech.loading import load_engine
from weights import fetched_model


def sounds(number: int, folder: Path) -> list[Path]:
    """The first of the demo's reels with speech, as wav files."""
    with (CHECKOUT / "tests/workflow/truth/demo_reels.csv").open(encoding="utf-8") as table:
        reels = [reel for reel in csv.DictReader(table) if reel["sound"] == "speech"][:number]
    found = []
    for index, reel in enumerate(reels):
        found.append(folder / f"{index}.wav")
        extract(CHECKOUT / "data/demo/videos" / reel["handle"] / reel["file"], found[-1])
    return found


def main(arguments: argparse.Namespace) -> int:
    settings = TranscriptSection(model="base", device="cpu", beam_size=2, patience=1.0)
    with tempfile.TemporaryDirectory() as folder:
        engine = load_engine(fetched_model("faster-whisper-base", Path(folder)), settings, arguments.threads)
        clips = [read_wav(path) for path in sounds(arguments.reels, Path(folder))]

    def one_by_one() -> list[list[Segment]]:
        with ThreadPoolExecutor(arguments.threads) as pool:
            return list(pool.map(lambda clip: engine.decode(clip, "transcribe", "en", [0.0], 1), clips))

    def batch(part: list) -> list[list[Segment]]:
        windows = engine.first_windows(part, "transcribe", ["en"] * len(part))
        pairs = zip(part, windows, strict=True)
        return [engine.decode(clip, "transcribe", "en", [0.0], 1, window) for clip, window in pairs]

    def in_batches() -> list[list[Segment]]:
        # As many threads as above: each batch is decoded by one.
        size = arguments.batch
        parts = [clips[first : first + size] for first in range(0, len(clips), size)]
        with ThreadPoolExecutor(arguments.threads) as pool:
            return [decoded for part in pool.map(batch, parts) for decoded in part]

    seconds: dict[str, list[float]] = {"one": [], "many": []}
    for _ in range(arguments.rounds):
        found = {}
        for name, way in (("one", one_by_one), ("many", in_batches)):
            started = time.perf_counter()
            found[name] = [[segment.text for segment in decoded] for decoded in way()]
            seconds[name].append(time.perf_counter() - started)
    one, many = (statistics.median(taken) for taken in seconds.values())
    print(f"one by one in {arguments.threads} threads: {len(clips) / one:6.2f} reels/s")
    print(f"batches of {arguments.batch}, as many threads: {len(clips) / many:6.2f} reels/s")
    what = f"speech in batches of {arguments.batch} against one by one, on the CPU"
    report(what, f"{one / many:.2f} times the speed")
    same = found["one"] == found["many"]
    print(f"the same texts: {'yes' if same else 'NO'}")
    return 0 if same else 1


def parse() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reels", type=int, default=16)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=3)
    return options.parse_args()


if __name__ == "__main__":
    sys.exit(main(parse()))
