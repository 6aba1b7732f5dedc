"""Sections on what is shown and what is published."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from common.config.collect import Snapshot
from common.config.section import Section


class AtlasSection(Section):
    """The interactive atlas, which holds what the tables do: pictures, captions and speech of people."""

    pictures: bool = Field(True, description="Show frames of the reels.")
    captions: bool = Field(True, description="Show captions.")
    transcripts: bool = Field(True, description="Show what is said.")
    frames: int = Field(3, ge=1, le=12, description="Frames of a reel.")
    height: int = Field(96, ge=16, le=480, description="Their height (pixels).")
    nearest: int = Field(5, ge=0, le=50, description="Most alike creators and reels listed with each; 0: none.")
    max_mb: float = Field(60.0, gt=0, description="Largest size of the page (MB); more is refused.")


Publishable = Literal[
    "words", "profiles", "edges", "counts", "reels",
    "embeddings", "descriptions", "music", "captions", "transcripts", "links", "names", "handles",
]  # fmt: skip


class FiguresSection(Section):
    """The figures as a journal prints them."""

    width: Literal[89, 120, 183] = Field(
        183,
        description="Width of each figure (mm): one column of a journal, one and a half, or two. No letter is smaller "
        "than 6 points.",
    )
    titles: bool = Field(
        True,
        description="Write the study's name and what is shown above each figure; `results/paper/captions.md` has the "
        "same words in both cases.",
    )


class PublishSection(Section):
    """What `snakemake publish` puts into a bundle for others."""

    kind: Literal["public", "full"] = Field(
        "public",
        description="`public`: creators under pseudonyms, in groups of at least `publish.k`, and besides only what "
        "`publish.allow` names; `full`: the tables as they are, for colleagues who may see them.",
    )
    k: int = Field(
        5,
        ge=2,
        description="Creators who share cluster and band of followers at least; creators with fewer are left out of "
        "the tables unless `publish.allow` names more than `words`.",
    )
    max_unique: int | None = Field(
        0,
        ge=0,
        description="How many creators may be unique on what is published; with more, nothing is published "
        "(null: any number, for people who do not exist or who agreed).",
    )
    allow: list[Publishable] = Field(
        ["words"],
        description="What a public bundle has besides: `words` (of the clusters); `profiles` (mean vectors, map) and "
        "`edges` (follows inside the cohort), with which a study can be made again; `counts` (followers, follows, "
        "reels; plays, likes and comments of reels); `reels` (month, length, languages, sound); `embeddings` (of "
        "reels), `descriptions`, `music`, `captions`, `transcripts`, `links`, `names`, `handles`.",
    )
    columns: list[str] = Field([], description="Further columns of the creators' file that may be published.")
    smallest_cluster: int = Field(
        5, ge=1, description="Creators of smaller clusters are published as in none, and the cluster without a name."
    )
    key_file: str = Field(
        "~/.config/reel-atlas/publish.key",
        min_length=1,
        description="Secret key of the pseudonyms, made where it is missing (ATLAS_PUBLISH_KEY comes before it); must "
        "lie outside of results and data.",
    )
    licence: str | None = Field(
        None, min_length=1, description="Address of the bundle's licence (null: none is given, and the bundle says so)."
    )
    date: Snapshot | None = Field(None, description="Date of publication (null: today).")
