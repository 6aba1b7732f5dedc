"""Build the tables of reels, creators, follows, edges and measures from what the stages left."""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.profiles import add_profiles
from common.config import ProfileSection
from common.manifest import Row, read_manifest
from common.options import add_section, read_section
from common.parquet import build_table, read_table, write_table
from common.program import UserError, log, parser, run
from common.tables import CREATOR_MEASURES, CREATORS, EDGES, FOLLOWS, MEASURES, REELS
from tabulation.measures import creator_measures, reel_measures
from texts.descriptions import clean_description

VERSION = "3"
OF_PROFILES = ("profile", "profile_spread", "few_reels")  # columns that are filled here


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, ProfileSection)
    rows = read_manifest(arguments.status)
    by_reel: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.reel_id is not None and (row.stage != "creators" or row.state == "ok"):
            by_reel[row.reel_id][row.stage] = row
    reels = []
    for number, (_, stages) in enumerate(sorted(by_reel.items()), start=1):
        reels.append(describe_reel(stages, arguments.modality))
        if number % 5000 == 0:
            log.info("tables: %d of %d reels", number, len(by_reel))
    creators, follows = read_creators(arguments.creators, arguments.batches)
    cohort = {creator["creator_id"] for creator in creators}
    for follow in follows:
        follow["in_cohort"] = follow["target_id"] in cohort
    add_profiles(creators, reels, settings.min_reels)
    output: Path = arguments.output
    write_table(build_table(reels, REELS), output / "reels.parquet")
    write_table(build_table(creators, CREATORS, further=True), output / "creators.parquet")
    measures = [reel_measures(reel["reel_id"], reel["creator_id"], by_reel[reel["reel_id"]]) for reel in reels]
    write_table(build_table(measures, MEASURES), output / "measures.parquet")
    together = creator_measures(sorted(cohort), measures)
    write_table(build_table(together, CREATOR_MEASURES), output / "creator_measures.parquet")
    write_table(build_table(follows, FOLLOWS), output / "follows.parquet")
    inside = [{name: follow[name] for name in EDGES.names} for follow in follows if follow["in_cohort"]]
    write_table(build_table(inside, EDGES), output / "edges.parquet")
    embedded = sum(reel["embedding"] is not None for reel in reels)
    log.info(
        "tables: %d creators, %d reels (%d embedded), %d follows, %d of them inside the cohort",
        len(creators), len(reels), embedded, len(follows), len(inside),
    )  # fmt: skip


def describe_reel(stages: dict[str, Row], modality: str = "text") -> dict[str, Any]:
    """One reel's row of the reels table.

    Args:
        stages: the reel's status rows, by stage.
        modality: what the stage `embedding` embedded.
    """
    if "creators" not in stages:
        row = next(iter(stages.values()))
        raise UserError(
            f"reel {row.reel_id} is in stage {row.stage} but not among the collected reels: run snakemake again"
        )
    source = read_json(stages["creators"])
    video = read_json(stages.get("video"), ".json")
    context = read_json(stages.get("context"))
    music = read_json(stages.get("music"))
    taken_at = source.get("taken_at")
    description = read_text(stages.get("description"))
    text = stages.get("embedding" if modality == "text" else "embedding/text")
    return {
        "reel_id": stages["creators"].reel_id,
        "creator_id": stages["creators"].creator_id,
        **{name: source.get(name) for name in ("code", "url", "plays", "views", "likes", "comments", "caption")},
        "taken_at": datetime.fromisoformat(taken_at) if taken_at else None,
        "duration_s": video.get("duration_s", source.get("duration_s")),
        **describe_music(music, source),
        **{name: music.get(name) for name in ("speech_share", "music_share")},
        **{name: context.get(name) for name in ("caption_language", "caption_en", "context")},
        **{name: context.get(name) for name in ("speech_language", "speech_text", "speech_en")},
        "audio_kind": audio_kind(stages, music),
        "description_raw": description,
        # Where no text was embedded, as it would have been.
        "description": read_text(text, ".txt") if text else clean_description(description or "") or None,
        "embedding": read_vector(stages.get("embedding")),
        **{f"{stage}_producer": row.producer for stage, row in stages.items() if f"{stage}_producer" in REELS.names},
    }


def describe_music(music: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """The piece that was identified; else what the source knows of it."""
    piece = music.get("identified")
    if not piece:
        return {name: source.get(name) for name in ("music_title", "music_artist", "music_genres")}
    return {
        "music_title": piece["title"],
        "music_artist": piece["artist"],
        "music_genres": "; ".join(piece["genres"]) or None,
        "music_score": piece["score"],
    }


def audio_kind(stages: dict[str, Row], music: dict[str, Any]) -> str | None:
    """What the sound was measured to be; else speech, no_speech or no_audio, as far as other stages know."""
    if music.get("sound"):
        return str(music["sound"])
    transcript = stages.get("transcript")
    if transcript is None or transcript.state == "failed":
        return None
    if transcript.state == "ok":
        return "speech"
    return transcript.reason if transcript.reason in ("no_speech", "no_audio") else None


def read_json(row: Row | None, suffix: str | None = None) -> dict[str, Any]:
    """A reel's JSON file of a stage, empty where the stage made none."""
    if row is None or row.state != "ok":
        return {}
    path = row.file() if suffix is None else row.file().with_suffix(suffix)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def read_text(row: Row | None, suffix: str | None = None) -> str | None:
    """A reel's text of a stage."""
    if row is None or row.state != "ok":
        return None
    path = row.file() if suffix is None else row.file().with_suffix(suffix)
    return path.read_text(encoding="utf-8").strip() or None


def read_vector(row: Row | None) -> np.ndarray | None:
    """A reel's embedding: float32 (dimensions,)."""
    if row is None or row.state != "ok":
        return None
    vector: np.ndarray = np.load(row.file(), allow_pickle=False)
    return vector


def read_creators(folder: Path, batches: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Creators and follows of all batches."""
    creators, follows = [], []
    for batch in batches:
        creators.extend(read_table(folder / batch / "creators.parquet", CREATORS, OF_PROFILES).to_pylist())
        follows.extend(read_table(folder / batch / "follows.parquet", FOLLOWS).to_pylist())
    return creators, follows


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--status", type=Path, required=True, help="status table")
    options.add_argument("--modality", default="text", help="what the stage `embedding` embedded [%(default)s]")
    options.add_argument("--creators", type=Path, default=Path("results/creators"), help="folder of the first stage")
    options.add_argument("--batches", nargs="+", required=True, help="numbers of the batches")
    options.add_argument("--output", type=Path, default=Path("results/tables"), help="folder to write to [%(default)s]")
    add_section(options, ProfileSection)
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
