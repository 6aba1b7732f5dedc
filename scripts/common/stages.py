"""The stages of a study, in pipeline order: the one list of them.

Rules, the tables' columns, `redo`, `why`, the figure of coverage, the page and docs/tour.md go by it.
"""

from __future__ import annotations

from common.config import Config

# Stage -> the program that makes it, in pipeline order.
PROGRAMS = {
    "creators": "collect_creators",
    "video": "download_reels",
    "audio": "extract_audio",
    "music": "identify_music",
    "transcript": "transcribe_speech",
    "context": "prepare_context",
    "frames": "sample_frames",
    "measures": "measure_reels",
    "description": "describe_reels",
    "embedding": "embed_descriptions",
}
STAGES = tuple(PROGRAMS)


def programs(config: Config) -> dict[str, str]:
    """Stage -> program, in pipeline order; empty if the study reads a bundle (its tables exist already)."""
    if config.source.kind == "bundle":
        return {}
    used = dict(PROGRAMS)
    if config.description.backend == "measured":  # such a description has its measures beside it
        used["description"] = used.pop("measures")
    return used | dict.fromkeys(embeddings(config), used["embedding"])


def embeddings(config: Config) -> dict[str, str]:
    """Stage -> folder of the stages that embed: the chosen modality is `embedding`, others `embedding/<modality>`."""
    chosen, *further = config.embedding.modalities
    if config.source.kind == "bundle":
        return {}
    return {"embedding": f"embedding/{chosen}"} | {f"embedding/{name}": f"embedding/{name}" for name in further}


def folders(config: Config) -> dict[str, str]:
    """Stage -> folder in the results with its manifests, in pipeline order."""
    return {stage: stage for stage in programs(config)} | embeddings(config)


def pipeline_order(stage: str) -> tuple[int, str]:
    """A key to sort stages by; a further modality follows the chosen one, names that are no stage come last.

    Args:
        stage: as rows of the status table name it.
    """
    first = stage.partition("/")[0]
    return (STAGES.index(first) if first in STAGES else len(STAGES), stage)
