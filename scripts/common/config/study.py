"""A study file as a whole: its sections, what must not contradict itself, and how it is read."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from common.config.analyse import (
    OWN_SETTINGS,
    ClusterSection,
    HypothesesSection,
    MapSection,
    NamesSection,
    PowerSection,
    ProfileSection,
    RobustnessSection,
)
from common.config.collect import POLICIES, HikerapiSection, SelectSection, SourceSection, VideoSection
from common.config.describe import DescriptionSection, EmbeddingSection, MeasuresSection
from common.config.models import ModelsSection
from common.config.perceive import AudioSection, ContextSection, FramesSection, MusicSection, TranscriptSection
from common.config.present import AtlasSection, FiguresSection, PublishSection
from common.config.section import Auto, ConfigError, Places, Section, Share, parse_section
from common.strict_yaml import Content, StrictError, read_strictly


class StudySection(Section):
    """The study as a whole."""

    name: str = Field("study", min_length=1, max_length=80, description="Name shown in figures and reports.")
    synthetic: bool = Field(False, description="The material is synthetic: figures and tables say so.")
    seed: int = Field(42, ge=0, lt=2**32, description="Seed of every random step.")
    batches: Annotated[int, Field(ge=1, le=100_000)] | Auto = Field(
        "auto",
        description="Number of batches creators are spread over (jobs = stages x batches); auto: a power of two, "
        "with at least 50 creators for each batch up to 8 batches (1 below 100 creators, 8 from 400 on), beyond with "
        "at least 200.",
    )
    opt_out: str | None = Field(
        None,
        min_length=1,
        description="List of handles of people who asked not to be held; `python scripts/purge_creators.py` takes them "
        "out of everything.",
    )
    retain_media_days: float | None = Field(
        None,
        ge=0,
        description="Delete downloaded videos this many days after they came, once they were used (null: keep them; "
        "0: at once). People's own videos are never touched.",
    )
    max_failed: Share = Field(
        0.2,
        description="Largest share of reels (in the first stage: of creators, too) that may fail in a stage; with "
        "more the tables are refused.",
    )

    def n_batches(self, creators: int) -> int:
        """The number of batches for this number of creators."""
        if isinstance(self.batches, int):
            return self.batches
        # A power of two changes seldom as a cohort grows: another number moves creators between batches.
        most = max(1.0, min(creators / 50, 8.0), creators / 200)
        return int(2 ** math.floor(math.log2(most)))


class StoreSection(Section):
    """Where computed results are kept."""

    directory: str = Field("data/store", min_length=1, description="Folder of the store; may be a scratch disk.")


class Config(Section):
    """A study file."""

    study: StudySection = StudySection()
    source: SourceSection = SourceSection()
    hikerapi: HikerapiSection = HikerapiSection()
    select: SelectSection = SelectSection()
    video: VideoSection = VideoSection()
    audio: AudioSection = AudioSection()
    music: MusicSection = MusicSection()
    transcript: TranscriptSection = TranscriptSection()
    context: ContextSection = ContextSection()
    frames: FramesSection = FramesSection()
    measures: MeasuresSection = MeasuresSection()
    description: DescriptionSection = DescriptionSection()
    embedding: EmbeddingSection = EmbeddingSection()
    profile: ProfileSection = ProfileSection()
    map: MapSection = MapSection()
    cluster: ClusterSection = ClusterSection()
    names: NamesSection = NamesSection()
    hypotheses: HypothesesSection = HypothesesSection()
    robustness: RobustnessSection = RobustnessSection()
    power: PowerSection = PowerSection()
    figures: FiguresSection = FiguresSection()
    atlas: AtlasSection = AtlasSection()
    publish: PublishSection = PublishSection()
    models: ModelsSection = ModelsSection()
    store: StoreSection = StoreSection()

    @model_validator(mode="before")
    @classmethod
    def _policies_of_the_study(cls, data: Any) -> Any:
        """Apply the first study's limits only to source hikerapi: in the others the user has chosen the creators."""
        if isinstance(data, dict) and isinstance(data.get("source"), dict) and isinstance(data.get("select", {}), dict):
            policies = POLICIES if data["source"].get("kind") == "hikerapi" else {}
            return {**data, "select": {**policies, **data.get("select", {})}}
        return data

    @model_validator(mode="after")
    def _no_contradictions(self) -> Config:
        if self.select.latest is not None and self.select.latest < self.select.reels_per_creator:
            raise ValueError(
                f"select.latest ({self.select.latest}) is smaller than select.reels_per_creator "
                f"({self.select.reels_per_creator}): there would never be enough reels to choose from"
            )
        if self.source.kind == "hikerapi" and self.source.snapshot is None:
            raise ValueError(
                "source.kind: hikerapi needs source.snapshot, the date under which its answers are kept "
                f"(for a new collection: {date.today().isoformat()})"
            )
        if self.source.kind == "bundle" and len(self.embedding.modalities) > 1:
            raise ValueError(
                "embedding.modalities: a bundle has one embedding of each reel, whatever it was made of; name one"
            )
        for name, stage in (("context", self.context), ("description", self.description), ("names", self.names)):
            if stage.backend == "openai" and stage.endpoint.model is None:
                raise ValueError(
                    f"{name}.backend: openai needs {name}.endpoint.model, the id that the server knows its model by "
                    f"(see {stage.endpoint.url}/models)"
                )
        if self.context.translate == "llm" and self.context.backend == "none":
            raise ValueError(
                "context.translate: llm needs a language model: context.backend transformers, vllm or openai"
            )
        for name, settings in self.cluster_variants().items():
            size, samples = settings.min_cluster_size, settings.min_samples
            if isinstance(size, int) and isinstance(samples, int) and samples > size:
                where = "cluster" if name == OWN_SETTINGS else f"robustness.variants.{name}"
                raise ValueError(
                    f"{where}.min_samples ({samples}) is larger than {where}.min_cluster_size ({size}): "
                    f"clusters of the smallest size could never be dense enough"
                )
        if OWN_SETTINGS in self.robustness.variants:
            raise ValueError(f"robustness.variants.{OWN_SETTINGS}: these are the study's own settings; rename yours")
        return self

    def cluster_variants(self) -> dict[str, ClusterSection]:
        """The study's own settings of `cluster`, and those with which its clusters are compared, by name."""
        changed = {name: variant.applied_to(self.cluster) for name, variant in self.robustness.variants.items()}
        return {OWN_SETTINGS: self.cluster, **changed}


def parse_config(data: Any, name: str, places: Places | None = None) -> Config:
    """Check a study file's content; raise ConfigError with one line per problem.

    Args:
        data: what YAML made of the file.
        name: how messages call the file.
        places: where in the file each key is (`strict_yaml.Content`).
    """
    if not isinstance(data, dict):
        raise ConfigError(f"{name}: expected sections like `study:` and `source:`, found {type(data).__name__}")
    return parse_section(Config, _fill(data, Config), name, places)


def _fill(data: dict[Any, Any], model: type[BaseModel]) -> dict[Any, Any]:
    """Fill empty sections ("audio:") with their defaults: they remain where all lines of one are commented out."""
    filled = dict(data)
    for name, field in model.model_fields.items():
        section = field.annotation
        if name in data and isinstance(section, type) and issubclass(section, BaseModel):
            value = {} if data[name] is None else data[name]
            filled[name] = _fill(value, section) if isinstance(value, dict) else value
    return filled


def read_content(path: Path, name: str | None = None) -> Content:
    """What a study file says; raises ConfigError where it cannot be read, or can be misunderstood.

    Args:
        path: the file, YAML or JSON.
        name: how messages call it.
    """
    try:
        return read_strictly(path)
    except OSError as error:
        raise ConfigError(f"{name or path}: {error.strerror or error}") from None
    except StrictError as error:
        raise ConfigError(f"{name or path}: {error}") from None


def read_config(path: Path) -> Config:
    """Read and check a study file."""
    content = read_content(path)
    return parse_config({} if content.data is None else content.data, str(path), content.places)
