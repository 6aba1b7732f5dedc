"""The configuration of a study: one typed model, from which defaults, schema and reference page are made.

Every section of a study file is a class here, named like its stage. A field's description is what the reference page
and a program's ``--help`` show. The defaults are the settings of the first study; ``config/demo.yaml`` chooses what
runs on any CPU.
"""

from common.config.analyse import (
    OWN_SETTINGS,
    SMALL_COHORT,
    ClusterGrid,
    ClusterSection,
    ClusterSettings,
    ClusterVariant,
    HypothesesSection,
    MapSection,
    NamesSection,
    PowerSection,
    ProfileSection,
    RobustnessSection,
)
from common.config.collect import (
    ExportsSource,
    FilesSource,
    HikerapiSection,
    Inst2txtSource,
    SelectSection,
    VideoSection,
)
from common.config.describe import DescriptionSection, EmbeddingSection, MeasuresSection, Modality, OneEmbedding
from common.config.models import EndpointSection, VllmSection
from common.config.perceive import (
    AudioSection,
    ContextSection,
    FrameBudget,
    FramesSection,
    MusicSection,
    TranscriptSection,
)
from common.config.present import AtlasSection, FiguresSection, Publishable, PublishSection
from common.config.section import AnySection, ConfigError, Places, Section, Share, execution, parse_section
from common.config.study import Config, StudySection, parse_config, read_config, read_content

__all__ = [
    "OWN_SETTINGS",
    "SMALL_COHORT",
    "AnySection",
    "AtlasSection",
    "AudioSection",
    "ClusterGrid",
    "ClusterSection",
    "ClusterSettings",
    "ClusterVariant",
    "Config",
    "ConfigError",
    "ContextSection",
    "DescriptionSection",
    "EmbeddingSection",
    "EndpointSection",
    "ExportsSource",
    "FiguresSection",
    "FilesSource",
    "FrameBudget",
    "FramesSection",
    "HikerapiSection",
    "HypothesesSection",
    "Inst2txtSource",
    "MapSection",
    "MeasuresSection",
    "Modality",
    "MusicSection",
    "NamesSection",
    "OneEmbedding",
    "Places",
    "PowerSection",
    "ProfileSection",
    "PublishSection",
    "Publishable",
    "RobustnessSection",
    "Section",
    "SelectSection",
    "Share",
    "StudySection",
    "TranscriptSection",
    "VideoSection",
    "VllmSection",
    "execution",
    "parse_config",
    "parse_section",
    "read_config",
    "read_content",
]
