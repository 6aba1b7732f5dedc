"""Sections on how reels become words and vectors."""

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
from common.config.section import Section, execution, setting_of


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
