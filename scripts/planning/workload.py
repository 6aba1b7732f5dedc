"""What is left to do in a study: its reels, how long their videos are, and which stages have made them already."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common.config import Config
from common.manifest import Row, read_manifest
from media.frames import frames_allowed

# Length of a video that nobody has opened yet, where no other of the study was (minutes).
ASSUMED_MINUTES = 0.5
# Megabytes of a minute of sound (16 kHz, 16 bit), and of a minute of video as services send it.
SOUND_MB, DOWNLOAD_MB = 1.92, 12.0
FRAME_MB, SMALL_FILES_MB = 0.08, 0.01


@dataclass(frozen=True)
class Workload:
    """A study's reels.

    Attributes:
        results: the study's results.
        config: its configuration.
        rows: those of each stage's manifests, by the stage's folder, in pipeline order.
        minutes: length of each reel's video by reel_id, None where it is not known; of the reels that take part.
        creators: how many there are.
        further: reels that may come of creators whom nobody has collected yet.
    """

    results: Path
    config: Config
    rows: dict[str, list[Row]]
    minutes: dict[str, float | None]
    creators: int
    further: int

    @property
    def reels(self) -> int:
        """How many reels there are, and may come."""
        return len(self.minutes) + self.further

    @property
    def known(self) -> list[float]:
        """The lengths that are known (minutes)."""
        return [length for length in self.minutes.values() if length is not None]

    @cached_property
    def usual(self) -> float:
        """Length that a video is taken to have whose length is not known (minutes)."""
        return statistics.fmean(self.known) if self.known else ASSUMED_MINUTES

    def total_minutes(self) -> float:
        """Minutes of video of all reels."""
        return sum(self.known) + (self.reels - len(self.known)) * self.usual

    def left(self, stage: str) -> list[float]:
        """Minutes of each video that a stage has not handled.

        Args:
            stage: its folder in the results.
        """
        done = {row.reel_id for row in self.rows[stage]}
        left = [self.usual if length is None else length for reel, length in self.minutes.items() if reel not in done]
        return left + [self.usual] * self.further

    def megabytes(self, stage: str, downloads: bool) -> float:
        """Room that a stage will take for the reels it has not handled: by what it took so far, else by its kind.

        Args:
            stage: its folder in the results.
            downloads: whether videos are downloaded.
        """
        left = self.left(stage)
        made = {row.reel_id for row in self.rows[stage]}
        if stage == "video":
            return sum(left) * DOWNLOAD_MB * downloads
        if made:
            files = (path for path in (self.results / stage).glob("*/*") if path.is_file())
            return len(left) * sum(path.stat().st_size for path in files) / 1e6 / len(made)
        budget = self.config.frames.budget
        return sum(
            {"audio": SOUND_MB * minutes, "frames": FRAME_MB * frames_allowed(60 * minutes, budget)}.get(
                stage, SMALL_FILES_MB
            )
            for minutes in left
        )

    def costs(self, stage: str) -> list[float]:
        """What each of a stage's answers has cost (US dollars), where that is known."""
        records = [json.loads(path.read_bytes()) for path in sorted((self.results / stage).glob("*/*.json"))]
        return [record["cost_usd"] for record in records if record.get("cost_usd") is not None]


def read_workload(results: Path, config: Config, stages: Sequence[str], listed: int = 0) -> Workload:
    """What the results know of a study's reels.

    Args:
        results: the study's results.
        config: its configuration.
        stages: folders of its stages, `creators` and `video` among them.
        listed: creators in the source, where they are not all collected before a plan is made.
    """
    rows = {stage: [row for path in manifests(results / stage) for row in read_manifest(path)] for stage in stages}
    failed = {row.reel_id for of_stage in rows.values() for row in of_stage if row.state == "failed"}
    chosen = [row for row in rows["creators"] if row.reel_id and row.state == "ok" and row.reel_id not in failed]
    minutes: dict[str, float | None] = {str(row.reel_id): None for row in chosen}
    for row in rows["video"]:
        if row.reel_id in minutes and row.path:
            facts = json.loads(Path(row.path).with_suffix(".json").read_bytes())
            minutes[row.reel_id] = facts["duration_s"] / 60
    asked = [row.state for row in rows["creators"] if row.reel_id is None]
    waiting = max(0, listed - len(asked))
    further = waiting * config.select.reels_per_creator
    return Workload(results, config, rows, minutes, asked.count("ok") + waiting, further)


def manifests(folder: Path) -> list[Path]:
    """The manifests of a stage, of all batches that have one."""
    return sorted(path for path in folder.glob("*.parquet") if path.stem.isdigit())
