"""Sections on what is heard, said and seen in a reel."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from common.config.models import (
    GENERATORS,
    MODELS_HERE,
    PRECISION,
    QUANTIZATION,
    Attention,
    EndpointSection,
    Precision,
    Quantization,
    VllmSection,
)
from common.config.section import Section, Share, execution, setting_of


class AudioSection(Section):
    """Audio track as 16 kHz mono wav (what Whisper and the music service take)."""

    timeout_s: float = execution(300.0, "Seconds one file may take.", gt=0)


# Backends that look at the same settings.
ACRCLOUD = ("acrcloud", "acrcloud-fingerprint")


class MusicSection(Section):
    """Music identification, and how much of the sound is speech and music (measured here, whatever the backend).

    Keys: ACRCLOUD_ACCESS_KEY and ACRCLOUD_ACCESS_SECRET.
    """

    backend: Literal["acrcloud", "acrcloud-fingerprint", "none"] = Field(
        "acrcloud",
        description="`acrcloud` sends a piece of the sound, `acrcloud-fingerprint` its fingerprint only (x86-64 "
        "Linux); `none`: music is not identified, and the tables say so.",
    )
    host: str = setting_of(
        ACRCLOUD,
        "identify-eu-west-1.acrcloud.com",
        "Host of your ACRCloud project; https unless it begins with http://.",
        min_length=1,
    )
    position: Literal["middle", "start"] = setting_of(ACRCLOUD, "middle", "Which piece of the sound is sent.")
    seconds: float = setting_of(ACRCLOUD, 15.0, "Length of the piece (s).", gt=1, le=60)
    min_score: int = setting_of(ACRCLOUD, 70, "Hits with a lower score (70 to 100) do not count.", ge=0, le=100)
    connections: int = execution(4, "Requests under way at a time, in one job.", ge=1, le=64)
    timeout_s: float = execution(30.0, "Seconds to wait for an answer.", gt=0)
    attempts: int = execution(5, "Attempts for a request that is throttled or fails for the moment.", ge=1)
    max_wait_s: float = execution(120.0, "Longest wait between two attempts.", ge=0)


class TranscriptSection(Section):
    """Speech to text, as spoken and in English."""

    backend: Literal["faster-whisper", "openai-whisper"] = Field(
        "faster-whisper", description="Program that transcribes; the first study used `openai-whisper`."
    )
    model: str = Field("medium", description="Whisper weights: base or medium (config/models.yaml).")
    translate: bool = Field(True, description="Also translate speech in other languages into English.")
    beam_size: int = Field(5, ge=1, description="Beams of the decoder.")
    patience: float = Field(2.0, gt=0, description="Patience of the beam search.")
    temperatures: list[float] = Field(
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], min_length=1, description="Tried in turn until the guards below accept."
    )
    vad: bool = Field(True, description="Only stretches that the Silero voice detector takes for speech are decoded.")
    vad_threshold: Share = Field(0.5, description="Probability above which a stretch counts as speech.")
    min_speech_s: float = Field(0.5, ge=0, description="Less detected speech than this counts as `no_speech` (s).")
    min_log_probability: float = Field(
        -1.0, le=0, description="Segments with a lower mean log probability are dropped."
    )
    max_compression_ratio: float = Field(2.4, gt=0, description="Segments that repeat themselves more are dropped.")
    max_no_speech_probability: Share = Field(
        0.6, description="Segments above it are dropped where their log probability is low, too."
    )
    min_language_probability: Share = Field(
        0.5, description="A reel whose language is less probable is marked as `unsure_language`."
    )
    max_minutes: float = Field(10.0, gt=0, description="Longer audio is skipped as `too_long`.")
    compute_type: Literal["auto", "int8", "float16", "float32"] = Field(
        "auto",
        description="Precision of the weights; `auto`: float16 on a GPU, else int8 (openai-whisper: float32).",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the model runs; `auto`: on a GPU if there is one."
    )
    batch_size: int = execution(16, "On a GPU: reels whose first 30 s of speech are decoded together.", ge=1)

    @property
    def weights(self) -> list[str]:
        """See `Section.weights`."""
        return [f"{self.backend}-{self.model}"]


class ContextSection(Section):
    """Caption and speech prepared for the description: cleaned, translated into English, condensed."""

    backend: Literal["transformers", "vllm", "openai", "none"] = Field(
        "transformers",
        description="What condenses long texts: a language model here (`transformers`; `vllm`: on a server that the "
        "job starts) or behind an endpoint (`openai`). `none`: texts stay as they are, and the file says so.",
    )
    translate: Literal["argos", "llm", "none"] = Field(
        "argos",
        description="What translates captions into English: Argos Translate's models, or the language model that "
        "condenses (`llm`).",
    )
    argos_languages: list[str] = Field(
        ["de", "es", "fr", "it", "pt"],
        description="Languages that `argos` translates from (config/models.yaml: argos-<language>-en).",
    )
    max_words: int = setting_of(GENERATORS, 60, "Longer texts are condensed to this many words.", ge=10)
    model: str = setting_of(MODELS_HERE, "llama-3.1-8b-instruct", "Language model (config/models.yaml).", min_length=1)
    quantization: Quantization = setting_of("transformers", "nf4", QUANTIZATION)
    dtype: Precision = setting_of("transformers", "auto", PRECISION)
    attention: Attention = setting_of(
        "transformers", "auto", "`auto`: flash_attention_2 where it is installed and the GPU allows it, else sdpa."
    )
    device: Literal["auto", "cpu", "cuda"] = execution("auto", "Where the model runs.")
    batch_size: int = execution(16, "Texts handled together at most.", ge=1)
    vllm: VllmSection = setting_of("vllm", VllmSection(), "The server of the backend `vllm`.")
    endpoint: EndpointSection = setting_of("openai", EndpointSection(), "The server of the backend `openai`.")
    languages: list[str] | None = Field(
        None, min_length=2, description="ISO 639-1 codes captions may be in (null: any; fewer are told apart better)."
    )
    min_language_lead: Share = Field(
        0.15, description="How far the likeliest language must lead; captions that do not tell get none."
    )

    def result_settings(self) -> dict[str, Any]:
        """See `Section.result_settings`: without the languages of `argos` where it is not used."""
        unused = set() if self.translate == "argos" else {"argos_languages"}
        return {name: value for name, value in super().result_settings().items() if name not in unused}

    @property
    def weights(self) -> list[str]:
        """See `Section.weights`."""
        argos = [f"argos-{language}-en" for language in self.argos_languages] if self.translate == "argos" else []
        return [self.model] * (self.backend in MODELS_HERE) + argos


class FrameBudget(Section):
    """One step of the frame budget."""

    up_to_s: float | None = Field(gt=0, description="Videos up to this duration (s; null: any longer).")
    frames: int = Field(ge=1, description="Frames at most.")


class FramesSection(Section):
    """Frames chosen by scene, from one decode of the video."""

    backend: Literal["cells", "content"] = Field(
        "cells",
        description="How cuts are found. `cells`: hard cuts, also in a part of the picture, dissolves and fades; "
        "`content`: as PySceneDetect's ContentDetector does, which takes flashes for cuts and misses those in a part.",
    )
    threshold: float = setting_of("content", 32.0, "Change of hue, saturation and value that counts as a cut.", gt=0)
    min_shot_s: float = Field(
        0.5, gt=0, description="Cuts closer together than this are one; shorter shots are none (s)."
    )
    budget: list[FrameBudget] = Field(
        [
            FrameBudget(up_to_s=limit, frames=frames)
            for limit, frames in ((15.0, 6), (30.0, 10), (60.0, 16), (120.0, 20), (None, 24))
        ],
        min_length=1,
        description="Frames at most, by duration.",
    )
    longest_side: int = Field(672, ge=32, le=4096, description="Frames are scaled down to this many pixels.")
    jpeg_quality: int = Field(90, ge=1, le=100, description="Quality of the stored JPEGs.")
    max_bad_share: Share = Field(0.5, description="Larger shares of undecodable packets make a video `corrupt`.")
    timeout_s: float = execution(600.0, "Seconds one video may take.", gt=0)
    memory_mb: int = execution(4096, "Address space a decoding process may use.", ge=1024)

    @model_validator(mode="after")
    def _rising(self) -> FramesSection:
        limits = [step.up_to_s for step in self.budget]
        if limits[-1] is not None or None in limits[:-1]:
            raise ValueError("the last step of frames.budget, and only it, must have `up_to_s: null`")
        known = [limit for limit in limits if limit is not None]
        if known != sorted(set(known)):
            raise ValueError("the durations (up_to_s) of frames.budget must rise")
        return self
