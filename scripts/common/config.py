"""The configuration of a study: one typed model, from which defaults, schema and reference page are made.

Every section of a study file is a class here, named like its stage. A field's description is what the reference page
and a program's ``--help`` show. The defaults are the settings of the first study; ``config/demo.yaml`` chooses what
runs on any CPU.
"""

from __future__ import annotations

import difflib
import math
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from common.strict_yaml import Content, StrictError, read_strictly


class ConfigError(Exception):
    """A study file that cannot be used; the message names the key, what was found and what to do."""


class Section(BaseModel):
    """Strict base: no unknown keys, no silent conversion of one type into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def result_settings(self) -> dict[str, Any]:
        """The settings a result depends on.

        All but those marked ``execution`` (limits, batch sizes), and those that the chosen backend does not look at.
        """
        values = self.model_dump(mode="json")
        backend = values.get("backend")
        found = {}
        for name, field in type(self).model_fields.items():
            marks: Any = field.json_schema_extra or {}
            if not marks.get("execution") and backend in marks.get("backends", [backend]):
                value = getattr(self, name)
                found[name] = value.result_settings() if isinstance(value, Section) else values[name]
        return found

    @property
    def weights(self) -> list[str]:
        """Names of the models that the section asks for, as in config/models.yaml."""
        return []


def execution(default: Any, description: str, **limits: Any) -> Any:
    """A field that decides how something is computed, never what comes out: it is no part of a store key."""
    return Field(default, description=description, json_schema_extra={"execution": True}, **limits)


def setting_of(backends: str | tuple[str, ...], default: Any, description: str, **limits: Any) -> Any:
    """A field that only these backends look at: results of the others do not depend on it."""
    names: list[Any] = [backends] if isinstance(backends, str) else list(backends)
    return Field(default, description=description, json_schema_extra={"backends": names}, **limits)


# What a request consists of, or what its answer's form depends on.
OURS = {"model", "messages", "stream", "n"}


def check_extra(extra: dict[str, Any]) -> dict[str, Any]:
    """Further fields of a request to a server; raises ValueError where they would change what is asked."""
    if wrong := sorted(OURS & extra.keys()):
        raise ValueError(f"extra: {', '.join(wrong)}: set by the program itself; leave it out")
    return extra


AnySection = TypeVar("AnySection", bound=Section)
ExtraFields = Annotated[dict[str, Any], AfterValidator(check_extra)]
Share = Annotated[float, Field(ge=0, le=1)]
AUTO = "auto"
Auto = Literal["auto"]
AtLeastOne = Annotated[int, Field(ge=1)]
AtLeastTwo = Annotated[int, Field(ge=2)]
# From this many creators on, `auto` gives the numbers of the first study, which had 401.
LARGE_COHORT = 100
# Below this many, creators are clustered and drawn by principal components, and figures show each of them.
SMALL_COHORT = 30


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
        """The number of batches for so many creators of the source."""
        if isinstance(self.batches, int):
            return self.batches
        # A power of two changes seldom as a cohort grows: another number moves creators between batches.
        most = max(1.0, min(creators / 50, 8.0), creators / 200)
        return int(2 ** math.floor(math.log2(most)))


class FilesSource(Section):
    """A folder of videos, with optional tables beside it. Paths are relative to the study's directory."""

    videos: str = Field("videos", min_length=1, description="Folder with one folder of videos per creator.")
    creators: str | None = Field(
        None, description="CSV: handle, full_name, followers, following, follows_status; further columns are kept."
    )
    reels: str | None = Field(
        None, description="CSV: handle, file, reel_id, caption, taken_at, plays, views, likes, comments, url."
    )
    follows: str | None = Field(None, description="CSV: source, target (handles).")


class Inst2txtSource(Section):
    """A database of the first study's programs (`instagram_data.db`), read without changing it."""

    database: str = Field("instagram_data.db", min_length=1, description="The SQLite file.")
    videos: str | None = Field(
        None, min_length=1, description="Folder of its videos, named after the reel's pk or code (`<pk>.mp4`)."
    )


class ExportsSource(Section):
    """Files that other tools left: Zeeschuimer or 4CAT (NDJSON), instaloader, yt-dlp."""

    folder: str = Field("exports", min_length=1, description="Folder with the files, in subfolders as they are.")
    creators: str | None = Field(
        None, description="CSV: handle, full_name, followers, following, follows_status; further columns are kept."
    )
    follows: str | None = Field(None, description="CSV: source, target (handles).")
    only_listed: bool | None = Field(
        None,
        description="Only creators whom the creators file lists take part; other accounts that the files tell of are "
        "counted (null: yes where there is a creators file).",
    )

    @model_validator(mode="after")
    def _a_list_to_go_by(self) -> ExportsSource:
        if self.only_listed and self.creators is None:
            raise ValueError("source.exports.only_listed: true needs source.exports.creators, the file with the list")
        return self

    @property
    def limited(self) -> bool:
        """Whether only listed creators take part."""
        return self.creators is not None if self.only_listed is None else self.only_listed


class BundleSource(Section):
    """A published bundle: tables of a study, from which everything after them is made, without videos or models."""

    folder: str = Field("bundle", min_length=1, description="Folder of the bundle, with bundle.json in it.")


def _iso_date(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


Snapshot = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), BeforeValidator(_iso_date)]


class SourceSection(Section):
    """Where creators, reels and follow lists come from."""

    kind: Literal["files", "hikerapi", "inst2txt", "exports", "bundle"] = Field("files", description="Kind of source.")
    snapshot: Snapshot | None = Field(
        None,
        description="Date (2026-11-23) under which answers of a service are kept in data/raw. The same date never pays "
        "twice; a new one collects afresh beside the old one. Needed by the source `hikerapi`.",
    )
    files: FilesSource = Field(FilesSource(), description="Settings of the source `files`.")
    inst2txt: Inst2txtSource = Field(Inst2txtSource(), description="Settings of the source `inst2txt`.")
    exports: ExportsSource = Field(ExportsSource(), description="Settings of the source `exports`.")
    bundle: BundleSource = Field(BundleSource(), description="Settings of the source `bundle`.")


class HikerapiSection(Section):
    """The source `hikerapi`. Its token is HIKERAPI_TOKEN, in the environment or in .env."""

    creators: str = Field(
        "config/creators.csv", min_length=1, description="List of handles or profile links, one a line."
    )
    max_calls: int | None = execution(
        None, "Calls that this snapshot may cost at most; collecting stops cleanly there (null: no limit).", ge=0
    )
    calls_per_s: int = execution(15, "Calls a second of the whole run (see also --resources calls_per_s=N).", ge=1)
    connections: int = execution(8, "Calls under way at a time, in one job.", ge=1, le=64)
    timeout_s: float = execution(30.0, "Seconds to wait for an answer to go on.", gt=0)
    attempts: int = execution(5, "Attempts for a call that is throttled or fails in passing.", ge=1)
    max_wait_s: float = execution(120.0, "Longest wait between two attempts, whatever the service asks for.", ge=0)
    max_pages: int = Field(2000, ge=1, description="Pages of one list at most; a list that goes on is `partial`.")
    min_follows_share: Share = Field(
        0.9, description="A follow list that ends with less than this share of the profile's number is `partial`."
    )
    price_per_1000_calls: float = execution(1.0, "Your plan's price (US dollars), for `snakemake cost`.", ge=0)
    url: str = Field("https://api.hikerapi.com", pattern=r"^https?://", description="Where the service is.")


class SelectSection(Section):
    """Which creators and reels take part."""

    reels_per_creator: int = Field(5, ge=1, description="Reels taken of each creator, the most played first.")
    latest: int | None = Field(60, ge=1, description="Choose among this many latest reels of a creator (null: all).")
    min_followers: int | None = Field(
        None,
        ge=0,
        description="Exclude creators known to have fewer followers (hikerapi: 10000 unless given; null: nobody).",
    )
    max_following: int | None = Field(
        None,
        ge=0,
        description="Exclude creators known to follow more accounts (hikerapi: 1001 unless given; null: nobody).",
    )


class VideoSection(Section):
    """Downloads, and the check of every video file before anything decodes it."""

    max_pixels: int = Field(8192 * 4352, ge=1, description="Largest frame (width x height) that is decoded.")
    max_minutes: float = Field(60.0, gt=0, description="Longer videos are refused as `too_long`.")
    timeout_s: float = execution(120.0, "Seconds one file may take.", gt=0)
    memory_mb: int = execution(4096, "Address space a decoding process may use.", ge=1024)
    connections: int = execution(5, "Downloads at a time, in one job.", ge=1, le=64)
    max_download_mb: int = execution(1000, "Larger files are not downloaded (`too_large`).", ge=1)
    read_timeout_s: float = execution(30.0, "Download: seconds to wait for the next piece.", gt=0)
    download_timeout_s: float = execution(600.0, "Download: seconds for a whole file, all attempts together.", gt=0)
    attempts: int = execution(4, "Download: attempts for a file that breaks off.", ge=1)
    allow_private: bool = execution(
        False,
        "Also follow links to this machine and the network it is in (localhost, 10.0.0.1): for a server of your own. "
        "Leave it off for links that come from other people's files.",
    )


class AudioSection(Section):
    """Audio track as 16 kHz mono wav (what Whisper and the music service take)."""

    timeout_s: float = execution(300.0, "Seconds one file may take.", gt=0)


class EndpointSection(Section):
    """An OpenAI-compatible server: vLLM, SGLang, Ollama, hosted. Its key is OPENAI_API_KEY, where it wants one."""

    url: str = execution("http://localhost:8000/v1", "Where the server is.", pattern=r"^https?://")
    model: str | None = Field(
        None, min_length=1, description="Model id as the server knows it (its /models lists them); must be given."
    )
    connections: int = execution(8, "Requests under way at a time, in one job.", ge=1, le=256)
    timeout_s: float = execution(180.0, "Seconds to wait for an answer.", gt=0)
    attempts: int = execution(5, "Attempts for a request that is throttled or fails in passing.", ge=1)
    extra: ExtraFields = Field(
        {},
        description="Further fields of each request, as the server takes them; null leaves a field out: "
        "`{max_tokens: null, max_completion_tokens: 1024, temperature: null}`. No secrets: results repeat them.",
    )
    tokens_per_frame: int = execution(
        32,
        "Tokens that a frame takes at least: where the server counts fewer, it left frames out, and the answer is "
        "refused. 0: the number of frames is not checked.",
        ge=0,
    )
    price_per_1m_input_tokens: float = execution(0.0, "Price (US dollars), for what a run says it cost.", ge=0)
    price_per_1m_output_tokens: float = execution(0.0, "Price (US dollars), for what a run says it cost.", ge=0)

    def result_settings(self) -> dict[str, Any]:
        """See `Section.result_settings`: where there are no further fields, older answers are found again."""
        return {name: value for name, value in super().result_settings().items() if name != "extra" or value}


Quantization = Literal["auto", "nf4", "int8", "none"]
Attention = Literal["auto", "flash_attention_2", "sdpa", "eager"]
Precision = Literal["auto", "float16", "bfloat16", "float32"]
QUANTIZATION = (
    "Precision of the weights in memory; `auto`: as they are where they take at most two thirds of the GPU's memory, "
    "else nf4."
)
PRECISION = (
    "Precision of the computation; `auto`: what the model's own configuration says (float16 for LLaVA-NeXT-Video, as "
    "in the first study; float32 where that is bfloat16 and the GPU is older than Ampere)."
)


class VllmSection(Section):
    """A vLLM server that the job starts on its GPU and stops. vLLM is installed apart (docs/gpu.md)."""

    command: str = execution(
        "vllm",
        "Program, by its path, with words before it where it needs some: `apptainer exec --nv vllm.sif vllm`.",
        min_length=1,
    )
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = Field(
        "auto", description="Precision of the computation; `auto`: what the model's own configuration says."
    )
    max_model_len: int = Field(8192, ge=512, description="Tokens of frames, text and answer at most.")
    arguments: list[str] = Field(
        [], description='Further arguments of `vllm serve`: `["--quantization", "fp8", "--tensor-parallel-size", "2"]`.'
    )
    extra: ExtraFields = Field({}, description="Further fields of each request; see `endpoint.extra`.")
    tokens_per_frame: int = execution(32, "Tokens that a frame takes at least; see `endpoint.tokens_per_frame`.", ge=0)
    gpu_memory: float = execution(0.9, "Share of the GPU's memory that the server takes.", gt=0, le=1)
    connections: int = execution(64, "Requests under way at a time.", ge=1, le=1024)
    start_s: float = execution(1800.0, "Seconds that the server may take to be ready.", gt=0)
    timeout_s: float = execution(600.0, "Seconds to wait for an answer.", gt=0)
    attempts: int = execution(3, "Attempts for a request that fails in passing.", ge=1)


# Backends that look at the same settings.
ACRCLOUD = ("acrcloud", "acrcloud-fingerprint")
MODELS_HERE = ("transformers", "vllm")
GENERATORS = (*MODELS_HERE, "openai")


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
    attempts: int = execution(5, "Attempts for a request that is throttled or fails in passing.", ge=1)
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


class MeasuresSection(Section):
    """What the frames look like, as numbers, where a model describes them (`measured` descriptions bring theirs)."""

    timeout_s: float = execution(300.0, "Seconds the measures of one reel may take.", gt=0)
    memory_mb: int = execution(4096, "Address space a measuring process may use.", ge=512)


class DescriptionSection(Section):
    """What the pictures show, as text."""

    backend: Literal["transformers", "vllm", "openai", "measured"] = Field(
        "transformers",
        description="`transformers`: a model of images or video on a GPU; `vllm`: the same, on a vLLM server that the "
        "job starts (docs/gpu.md says when); `openai`: one behind an endpoint; "
        "`measured`: palette, light, texture, composition, motion and cutting, on any CPU.",
    )
    model: str = setting_of(
        MODELS_HERE, "llava-next-video-7b-dpo", "Image or video chat model (config/models.yaml).", min_length=1
    )
    prompt: str | None = execution(
        None,
        "Markdown file with the prompt, `{context}` in it (null: config/prompts/aesthetics.md of the checkout). Its "
        "content, not its name, is what a description depends on.",
        min_length=1,
    )
    context: Literal["all", "none"] = setting_of(
        GENERATORS,
        "all",
        "`none`: the model sees the pictures alone, so that language and topic cannot pass for visual style.",
    )
    fit: Literal["letterbox", "crop", "none"] = setting_of(
        GENERATORS,
        "letterbox",
        "How a frame becomes the square that models look at: with bars, or its centre (a 9:16 reel loses 44 %). "
        "`none`: frames keep their shape, for models of native resolution (Qwen-VL); others cut or squeeze them.",
    )
    max_new_tokens: int = setting_of(GENERATORS, 256, "Longest answer (tokens).", ge=1)
    temperature: float = setting_of(GENERATORS, 0.0, "0: greedy; above, sampled with the seed.", ge=0)
    seed: int = setting_of(GENERATORS, 42, "Seed of sampling.", ge=0, lt=2**32)
    quantization: Quantization = setting_of("transformers", "nf4", QUANTIZATION)
    dtype: Precision = setting_of("transformers", "auto", PRECISION)
    quantize_vision: bool = setting_of(
        "transformers",
        False,
        "Also quantise what makes tokens of the frames, as the first study did: 0.5 GB less for LLaVA-NeXT-Video, and "
        "less detail.",
    )
    attention: Attention = setting_of(
        "transformers", "auto", "`auto`: flash_attention_2 where it is installed and the GPU allows it, else sdpa."
    )
    context_tokens: int | None = setting_of(
        "transformers", None, "Tokens of frames, text and answer at most (null: what the model says).", ge=64
    )
    device: Literal["auto", "cpu", "cuda"] = execution("auto", "Where the model runs.")
    batch_size: int = execution(32, "Reels described together at most; fewer where they do not fit in memory.", ge=1)
    send: Literal["auto", "images", "video"] = setting_of(
        ("vllm", "openai"),
        "auto",
        "How frames are sent: one by one, or as one video with their times (vLLM). `auto`: as a video with "
        "`backend: vllm`, else one by one.",
    )
    vllm: VllmSection = setting_of("vllm", VllmSection(), "The server of the backend `vllm`.")
    endpoint: EndpointSection = setting_of("openai", EndpointSection(), "The server of the backend `openai`.")
    timeout_s: float = execution(120.0, "`measured`: seconds one reel may take.", gt=0)
    memory_mb: int = execution(4096, "`measured`: address space a process may use.", ge=1024)

    @property
    def weights(self) -> list[str]:
        """See `Section.weights`."""
        return [self.model] if self.backend in MODELS_HERE else []


Modality = Literal["text", "image", "text+image"]


class EmbeddingSection(Section):
    """Descriptions, pictures, or both as vectors."""

    modality: Modality | list[Modality] = Field(
        "text",
        description="What is embedded. Of several, the first is mapped, clustered and tested; a table compares them.",
    )
    model: str = Field("all-mpnet-base-v2", description="Sentence-transformers model of texts (config/models.yaml).")
    image_model: str = Field(
        "clip-vit-base-patch32", description="Model of pictures: CLIP, SigLIP 2 or `imagebind` (config/models.yaml)."
    )
    fit: Literal["crop", "letterbox"] = Field(
        "crop",
        description="How a frame becomes the square that models of pictures look at: its centre (a 9:16 reel loses "
        "44 %), or whole with bars, which draw reels of the same shape together.",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="Precision of the computation; bfloat16 is faster where the processor has it."
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="Where the model runs.")

    @model_validator(mode="after")
    def _some_once_each(self) -> EmbeddingSection:
        given = [self.modality] if isinstance(self.modality, str) else self.modality
        if not given or len(set(given)) < len(given):
            raise ValueError(f"embedding.modality: name at least one, and each once; found {given}")
        return self

    @property
    def modalities(self) -> list[Modality]:
        """What is embedded, the chosen one first; with text+image also the two that it is put together from."""
        given = [self.modality] if isinstance(self.modality, str) else self.modality
        parts: list[Modality] = ["text", "image"] if "text+image" in given else []
        return list(dict.fromkeys([*given, *parts]))

    def only(self, modality: Modality) -> OneEmbedding:
        """The settings of one modality alone."""
        return OneEmbedding(**self.model_dump() | {"modality": modality})

    @property
    def weights(self) -> list[str]:
        """See `Section.weights`."""
        return [self.model] * ("text" in self.modalities) + [self.image_model] * ("image" in self.modalities)


class OneEmbedding(EmbeddingSection):
    """One modality of those that are embedded."""

    @property
    def modalities(self) -> list[Modality]:
        """That one: text+image is put together from what was embedded before."""
        return self.modality if isinstance(self.modality, list) else [self.modality]

    def result_settings(self) -> dict[str, Any]:
        """See `Section.result_settings`: without what only the other modalities look at."""
        unused = {
            "text": {"image_model", "fit"},
            "image": {"model"},
            "text+image": {"model", "image_model", "fit", "precision", "device"},
        }[self.modalities[0]]
        return {name: value for name, value in super().result_settings().items() if name not in unused}


class MapSection(Section):
    """Creators in two dimensions (UMAP, with PCA and t-SNE beside it)."""

    neighbours: int = Field(15, ge=2, description="UMAP: size of the neighbourhood (n_neighbors).")
    min_dist: float = Field(0.1, ge=0, le=1, description="UMAP: how close points may lie.")
    metric: Literal["euclidean", "cosine"] = Field("euclidean", description="UMAP: distance between profiles.")


class ProfileSection(Section):
    """A creator's profile: the mean of the embeddings of her or his reels."""

    min_reels: int = Field(
        3, ge=1, description="Creators with fewer embedded reels are marked (`few_reels`); a variant leaves them out."
    )


class ClusterGrid(Section):
    """What `cluster.search` tries: every combination of these."""

    dimensions: list[int] = Field([5, 10, 50], min_length=1, description="Values of `cluster.dimensions`.")
    neighbours: list[int] = Field([10, 15, 30], min_length=1, description="Values of `cluster.neighbours`.")
    min_cluster_size: list[int] = Field([5, 8, 12], min_length=1, description="Values of `cluster.min_cluster_size`.")
    min_samples: list[int] = Field([2, 4, 8], min_length=1, description="Values of `cluster.min_samples`.")
    selection_method: list[Literal["eom", "leaf"]] = Field(
        ["eom", "leaf"], min_length=1, description="Values of `cluster.selection_method`."
    )


class ClusterSection(Section):
    """Communities of creators: HDBSCAN on UMAP-reduced profiles, k-means beside it."""

    space: Literal["umap", "pca", "cosine", "auto"] = Field(
        "auto",
        description="What HDBSCAN sees: profiles reduced by UMAP, reduced by PCA, or the cosine distance between them; "
        "auto: umap, below 30 creators pca, as UMAP draws so few together whether they are alike or not.",
    )
    dimensions: int = Field(
        50, ge=2, description="UMAP and PCA: dimensions the profiles are reduced to before HDBSCAN."
    )
    neighbours: AtLeastTwo | Auto = Field(
        "auto",
        description="UMAP: size of the neighbourhood (n_neighbors); auto: 15, below 100 creators 1.5 times the square "
        "root of their number.",
    )
    min_dist: float = Field(0.1, ge=0, le=1, description="UMAP: how close points may lie.")
    min_cluster_size: AtLeastTwo | Auto = Field(
        "auto",
        description="HDBSCAN: smallest cluster; auto: 8, below 100 creators 0.8 times the square root of their "
        "number, but at least 3.",
    )
    min_samples: AtLeastOne | Auto = Field(
        "auto",
        description="HDBSCAN: how conservative; more gives more noise; auto: half of min_cluster_size, rounded up.",
    )
    selection_method: Literal["eom", "leaf"] = Field("eom", description="HDBSCAN: how clusters are picked.")
    kmeans: AtLeastOne | Auto = Field(
        "auto",
        description="Number of k-means clusters; auto: 5, below 100 creators half the square root of their number, but "
        "at least 2.",
    )
    search: bool = Field(
        False,
        description="Experimental: try `cluster.grid` and take the settings with the best score (DBCV and stability).",
    )
    grid: ClusterGrid = Field(ClusterGrid(), description="What `cluster.search` tries.")
    max_noise: Share = Field(0.5, description="`cluster.search`: settings that leave more creators as noise are out.")
    max_largest: Share = Field(
        0.6, description="`cluster.search`: settings whose largest cluster has a larger share of creators are out."
    )

    def for_cohort(self, creators: int) -> ClusterSettings:
        """The settings with a value for each `auto`.

        The numbers are those of the first study; in a cohort below 100 they shrink with the square root of its size,
        so that a community may be a larger share of a small cohort. Two creators alike are no community: 3 are.
        (docs/analysis.md says how often clusters are found with them where there are none.)

        Args:
            creators: number of creators that have a profile.
        """

        def shrunk(number: int, least: int) -> int:
            return max(least, min(number, round(number * math.sqrt(creators / LARGE_COHORT))))

        first = ClusterSettings()
        # A size that is given bounds the samples, and samples that are given bound the size.
        samples = self.min_samples if isinstance(self.min_samples, int) else 1
        size = max(shrunk(first.min_cluster_size, 3), samples)
        size = self.min_cluster_size if isinstance(self.min_cluster_size, int) else size
        numbers = {
            "space": "umap" if creators >= SMALL_COHORT else "pca",
            "neighbours": shrunk(first.neighbours, 2),
            "min_cluster_size": size,
            "min_samples": math.ceil(size / 2),
            "kmeans": shrunk(first.kmeans, 2),
        }
        return ClusterSettings(**self.model_dump() | {name: numbers[name] for name in self.automatic})

    @property
    def automatic(self) -> list[str]:
        """Keys that the size of the cohort decides."""
        return [name for name, value in self if value == AUTO]


class ClusterSettings(ClusterSection):
    """The settings that one cohort is clustered with, without `auto`; by default those of the first study."""

    space: Literal["umap", "pca", "cosine"] = Field("umap")
    neighbours: int = Field(15, ge=2)
    min_cluster_size: int = Field(8, ge=2)
    min_samples: int = Field(4, ge=1)
    kmeans: int = Field(5, ge=1)


class NamesSection(Section):
    """What clusters are called."""

    backend: Literal["words", "openai"] = Field(
        "words",
        description="`words`: the three words that tell a cluster from the others best; `openai`: a name by a language "
        "model behind an endpoint, which is given the words and the descriptions of the most central reels.",
    )
    endpoint: EndpointSection = setting_of("openai", EndpointSection(), "The server of the backend `openai`.")


class HypothesesSection(Section):
    """Tests of the map against the follow network."""

    draws: int = Field(10_000, ge=99, description="Permutations of each test.")
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Largest p value that counts as support; adjusted in the family."
    )
    family: list[str] = Field(
        ["H1-dyadic", "H1-degree", "H2", "H3"],
        description="Tests whose p values are adjusted together (Holm 1979) once the primary test, dyadic, is "
        "supported; tests of your own count by their id. H2 and H3 do not count where cluster.space is umap: they "
        "have no power.",
    )
    max_incomplete: Share = Field(
        0.5, description="Larger shares of incomplete follow lists make the tests of the network not testable."
    )
    min_correlation: Share = Field(0.2, description="H2, H3: smallest rank correlation that counts as support.")
    nearest: int = Field(5, ge=1, description="H2: members of the own cluster that the distance is averaged over.")
    confidence: float = Field(0.95, gt=0, lt=1, description="Level of the intervals.")
    resamples: int = Field(1000, ge=99, description="Resamples of creators behind the intervals.")
    swaps_per_edge: float = Field(
        5.0, gt=0, description="H1-degree: attempted edge swaps between two draws, as a multiple of the edges."
    )
    max_swaps: int = Field(
        250_000_000,
        ge=1,
        description="H1-degree: attempted edge swaps in all. Large networks get fewer between two draws.",
    )
    splits: int = Field(5, ge=1, description="H2, H3: random halvings of each creator's reels.")
    reference_draws: int = Field(
        199, ge=19, description="H2, H3: cohorts without clusters to compare with; each is clustered `splits` times."
    )
    controls: list[str] | None = Field(
        None,
        description="Tests of pairs: columns of the creators file: texts and yes/no, which creators may share; "
        "numbers, dates and times, in which they differ (null: language, and every column of yes/no or of texts with "
        "two to twenty values).",
    )
    own_tests: list[str] = Field(
        [], description="Python files with tests of your own (docs/analysis.md), relative to the study's directory."
    )
    compare: dict[str, str] = Field(
        {},
        description="Results folders of other runs of the same creators, by a name for the tables of sensitivity: "
        "`pictures alone: ../pictures/results` for one with description.context: none.",
    )


class ClusterVariant(Section):
    """Settings of `cluster` that differ in a variant; what is not given stays as configured."""

    space: Literal["umap", "pca", "cosine"] | None = None
    dimensions: int | None = Field(None, ge=2)
    neighbours: int | None = Field(None, ge=2)
    min_dist: float | None = Field(None, ge=0, le=1)
    min_cluster_size: int | None = Field(None, ge=2)
    min_samples: int | None = Field(None, ge=1)
    selection_method: Literal["eom", "leaf"] | None = None

    def applied_to(self, settings: ClusterSection) -> ClusterSection:
        """The settings with what this variant changes; `auto` stays."""
        return ClusterSection(**settings.model_dump() | self.model_dump(exclude_none=True))


VariantName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
OWN_SETTINGS = "as_configured"


class RobustnessSection(Section):
    """Clusters and verdicts over many seeds and settings."""

    seeds: int = Field(50, ge=2, description="Seeds that each variant of the settings is run with.")
    variants: dict[VariantName, ClusterVariant] = Field(
        {
            "few_neighbours": ClusterVariant(neighbours=10),
            "many_neighbours": ClusterVariant(neighbours=30),
            "few_dimensions": ClusterVariant(dimensions=5),
            "pca": ClusterVariant(space="pca"),
            "leaves": ClusterVariant(selection_method="leaf"),
        },
        description="Settings of `cluster` to change, by the variant's name (letters, digits, _); beside them the "
        "study's own are run, as `as_configured`.",
    )
    draws: int = Field(199, ge=19, description="Permutations of each test in each run.")
    min_stability: Share = Field(
        0.6, description="Clusters whose median adjusted Rand index between seeds is lower are called unstable."
    )


class PowerSection(Section):
    """`snakemake power`: how often tests find a homophily of a given strength in cohorts like this one."""

    creators: list[Annotated[int, Field(ge=10, le=5000)]] | None = Field(
        None, min_length=1, description="Cohort sizes (null: half, once and twice the study's own)."
    )
    homophily: list[Annotated[float, Field(gt=0)]] = Field(
        [1.0, 1.1, 1.25, 1.5, 2.0],
        min_length=1,
        description="How many times larger the odds of a follow are inside a community than between two; 1: none.",
    )
    separation: Share = Field(
        0.75, description="How far the communities' vocabularies are apart: 0 the same words, 1 words of their own."
    )
    cohorts: int = Field(100, ge=10, description="Simulated cohorts for each point.")
    draws: int = Field(99, ge=99, description="Permutations of each test in each cohort.")


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


class ModelsSection(Section):
    """Where model weights lie."""

    directory: str | None = Field(
        None, min_length=1, description="Folder of the weights (null: data/models of the checkout, for all studies)."
    )
    registry: str | None = Field(
        None,
        min_length=1,
        description="File with further models of the study's own, in the form of config/models.yaml.",
    )


class StoreSection(Section):
    """Where computed results are kept."""

    directory: str = Field("data/store", min_length=1, description="Folder of the store; may be a scratch disk.")


Places = dict[tuple[str, ...], tuple[int, str]]
EXPONENT = re.compile(r"[0-9]+(\.[0-9]*)?e[-+]?[0-9]+", re.IGNORECASE)
# The first study's, for creators collected by their handles.
POLICIES = {"min_followers": 10_000, "max_following": 1001}


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
    atlas: AtlasSection = AtlasSection()
    publish: PublishSection = PublishSection()
    models: ModelsSection = ModelsSection()
    store: StoreSection = StoreSection()

    @model_validator(mode="before")
    @classmethod
    def _policies_of_the_study(cls, data: Any) -> Any:
        """A list of handles names anybody; people's own files name those they chose already."""
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
    """An empty section ("audio:") is what remains when all its lines are commented out: the defaults hold."""
    filled = dict(data)
    for name, field in model.model_fields.items():
        section = field.annotation
        if name in data and isinstance(section, type) and issubclass(section, BaseModel):
            value = {} if data[name] is None else data[name]
            filled[name] = _fill(value, section) if isinstance(value, dict) else value
    return filled


def parse_section(model: type[AnySection], data: Any, name: str, places: Places | None = None) -> AnySection:
    """The same check for one section, as programs use it for their options."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # Where a number or `auto` may stand, pydantic says of each why it does not fit: the first says enough.
        problems = [problem for problem in error.errors() if problem["loc"][-1:] != ("literal['auto']",)]
        raise ConfigError(
            "\n".join(f"{name}: {_explain(problem, model)}{_where(problem, places or {})}" for problem in problems)
        ) from None


def _where(problem: Any, places: Places) -> str:
    """The line of a problem, and what is written there where YAML took a text for something else."""
    path = tuple(str(part) for part in problem["loc"] if part != "constrained-int")
    if path not in places or not path:
        return ""
    line, written = places[path]
    if problem["type"] == "string_type" and written:
        return f" (line {line}: {written}); put it in quotes if a text is meant"
    return f" (line {line})"


def _explain(problem: Any, model: type[Section]) -> str:
    """One problem found by pydantic, in words that name the key, what was found and the remedy."""
    path = [str(part) for part in problem["loc"] if part != "constrained-int"]
    key = ".".join(path)
    found = problem["input"]
    if problem["type"] == "extra_forbidden":
        valid = _fields_at(model, path[:-1])
        near = difflib.get_close_matches(path[-1], valid, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"valid keys here: {', '.join(valid)}"
        return f"unknown key `{key}`: {hint}"
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "missing":
        return f"`{key}` is missing"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    message += " or `auto`" if problem["loc"][-1] == "constrained-int" else ""
    remedy = " (in YAML a text: write 1.0e-5)" if isinstance(found, str) and EXPONENT.fullmatch(found) else ""
    return f"`{key}`: {message.removeprefix('input ')}, found {found!r}{remedy}"


def _fields_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Names of the keys that are valid under a path of section names."""
    for name in path:
        field = model.model_fields.get(name)
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner:
            model = inner[0]
    return list(model.model_fields)


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
