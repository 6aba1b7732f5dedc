"""Sections and settings of models, whatever stage they work for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from common.config.section import Section, execution

# What a request consists of, or what its answer's form depends on.
OURS = {"model", "messages", "stream", "n"}


def check_extra(extra: dict[str, Any]) -> dict[str, Any]:
    """Further fields of a request to a server; raises ValueError where they would change what is asked."""
    if wrong := sorted(OURS & extra.keys()):
        raise ValueError(f"extra: {', '.join(wrong)}: set by the program itself; leave it out")
    return extra


ExtraFields = Annotated[dict[str, Any], AfterValidator(check_extra)]


class EndpointSection(Section):
    """An OpenAI-compatible server: vLLM, SGLang, Ollama, hosted. Its key is OPENAI_API_KEY, where it wants one."""

    url: str = execution("http://localhost:8000/v1", "Where the server is.", pattern=r"^https?://")
    model: str | None = Field(
        None, min_length=1, description="Model id as the server knows it (its /models lists them); must be given."
    )
    connections: int = execution(8, "Requests under way at a time, in one job.", ge=1, le=256)
    timeout_s: float = execution(180.0, "Seconds to wait for an answer.", gt=0)
    attempts: int = execution(5, "Attempts for a request that is throttled or fails for the moment.", ge=1)
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
    attempts: int = execution(3, "Attempts for a request that fails for the moment.", ge=1)


# Backends that run a model here, and all that answer in words.
MODELS_HERE = ("transformers", "vllm")
GENERATORS = (*MODELS_HERE, "openai")


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
