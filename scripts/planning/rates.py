"""How long a stage takes for a reel: measured in this study's last run, or on another machine."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from common.config import Config

# Fewer results of one process say little: most of their time may be a model that is loaded.
FEWEST = 5
# No reel takes that long (s): the machine was asleep.
ASLEEP_S = 3600.0
GPU_ESTIMATE = "estimated for a GPU with 24 GB (docs/gpu.md)"
MEASURED = "measured on two cores"
MEDIUM = "estimated: 10 times base, as it has 10 times the weights"


@dataclass(frozen=True)
class Rate:
    """How long one reel takes.

    Attributes:
        seconds: for each reel.
        seconds_a_minute: for each minute of its video, besides.
        origin: who says so.
        on_gpu: whether it is the time of a GPU.
    """

    seconds: float
    seconds_a_minute: float
    origin: str
    on_gpu: bool = False


def own_rate(journals: Path) -> Rate | None:
    """The rate of the last process that computed several reels of a stage; None where there was none.

    Results that came from the store took no time and do not count. Loading a model comes before the first result.

    Args:
        journals: folder of the stage's journals, one for each batch.
    """
    processes: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for path in sorted(journals.glob("*.jsonl")):
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:  # the last line, torn when the machine lost its power
                continue
            if not line["cached"] and line["state"] in ("ok", "skipped"):
                processes[path.name, line["pid"]].append(datetime.fromisoformat(line["time"]))
    enough = [sorted(times) for times in processes.values() if len(times) >= FEWEST]
    if not enough:
        return None
    last = max(enough, key=lambda times: times[-1])
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(last)]
    gaps = [gap for gap in gaps if gap < ASLEEP_S] or [ASLEEP_S]
    return Rate(fmean(gaps), 0.0, f"as in this study's run of {last[-1]:%Y-%m-%d}")


def reference_rate(stage: str, config: Config) -> Rate | None:
    """The rate that the benchmarks give a stage with these settings; None where nobody measured it.

    Args:
        stage: its folder in the results, as `embedding/text`.
        config: the study's.
    """
    by_backend: dict[tuple[str, str | None], Rate] = {
        ("video", None): Rate(0.01, 0, MEASURED),
        ("audio", None): Rate(0.03, 0.1, MEASURED),
        ("music", "none"): Rate(0.05, 0.2, MEASURED),
        ("context", "none"): Rate(0.001, 0, MEASURED),
        **{("frames", backend): Rate(0.05, 2, MEASURED) for backend in ("cells", "content")},
        ("measures", None): Rate(0.1, 0, MEASURED),
        ("embedding/text", None): Rate(0.13, 0, MEASURED),
        ("embedding/text+image", None): Rate(0.001, 0, MEASURED),
        ("description", "measured"): Rate(0.1, 0, MEASURED),
        ("description", "transformers"): Rate(3.2, 0, GPU_ESTIMATE, on_gpu=True),
        ("description", "vllm"): Rate(0.3, 0, "estimated for an A100 with 80 GB (docs/gpu.md)", on_gpu=True),
    }
    if stage == "transcript":
        minute = {"base": Rate(0, 10, MEASURED), "medium": Rate(0, 100, MEDIUM)}
        return minute.get(config.transcript.model)
    return by_backend.get((stage, getattr(getattr(config, stage, None), "backend", None)))
