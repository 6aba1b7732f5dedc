"""The weights of a model of transformers: how precisely they are kept, what is quantised, and whether all are there."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from pathlib import Path
from typing import Any

from common.program import UserError, log
from generation.libraries import transformers_library
from generation.memory import is_out_of_memory

# `dtype: auto` takes float16 for the model of the first study, which computed in it; in other models, Qwen2.5-VL among
# them, numbers become too large for float16 (transformers#33294), and the answer is one sign repeated.
COMPUTED_IN_FLOAT16 = {"llava_next_video"}
# `quantization: auto` keeps the weights as they are where they take at most this share of the GPU's memory.
WEIGHTS_SHARE = 2 / 3
# Tokens at most where a factor of rope allows more than the model was trained with.
LONGEST_BY_ROPE = 8192
QUANTISED = {"Linear4bit", "Linear8bitLt"}


def read_config(folder: Path) -> Any:
    """The model's own configuration; raises UserError where it cannot be read."""
    try:
        return transformers_library().AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder}: the model's configuration cannot be read: {error}") from None


def resolve_device(asked: str) -> str:
    """The device to be used; raises UserError where it is not there."""
    import torch

    if asked == "cuda" and not torch.cuda.is_available():
        raise UserError("device: cuda: PyTorch sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES; docs/models.md)")
    return "cuda" if asked == "cuda" or (asked == "auto" and torch.cuda.is_available()) else "cpu"


def resolve_dtype(asked: str, config: Any, device: str) -> str:
    """The precision to compute in; `auto` is what the model's own configuration says.

    Args:
        asked: auto, float16, bfloat16 or float32.
        config: of the model.
        device: cpu or cuda.
    """
    import torch

    if asked != "auto":
        return asked
    if config.model_type in COMPUTED_IN_FLOAT16:
        return "float16"
    said = config.dtype or config.get_text_config().dtype or torch.float32
    found = str(said).removeprefix("torch.")
    if found == "bfloat16" and device == "cuda" and torch.cuda.get_device_capability()[0] < 8:
        log.warning(
            "the GPU is older than Ampere and has no bfloat16, in which this model was made: computing in float32. "
            "`dtype: float16` is faster; use it if the model is known to answer well in it (docs/models.md)"
        )
        return "float32"
    return found


def resolve_attention(asked: str, device: str, dtype: str) -> str:
    """The attention to be used; `auto` takes flash attention where it can run."""
    import torch

    problem = (
        "it runs on GPUs only" if device != "cuda"
        else "the package flash-attn is not installed" if importlib.util.find_spec("flash_attn") is None
        else "the GPU is older than Ampere" if torch.cuda.get_device_capability()[0] < 8
        else "it computes in float16 or bfloat16 only" if dtype == "float32"
        else None
    )  # fmt: skip
    if asked == "flash_attention_2" and problem:
        raise UserError(f"attention: flash_attention_2: {problem}; docs/models.md says how to get it, or choose sdpa")
    if asked == "auto":
        return "sdpa" if problem else "flash_attention_2"
    return asked


def resolve_quantization(asked: str, skeleton: Any, dtype: str, device: str) -> str:
    """The quantisation to be used; `auto` takes none where the card has room for the weights, else nf4.

    Args:
        asked: auto, nf4, int8 or none.
        skeleton: the model without its numbers.
        dtype: of the weights that are not quantised.
        device: cpu or cuda.
    """
    import torch

    if asked != "auto":
        return asked
    if device == "cpu":
        return "none"
    size = sum(weight.numel() for weight in skeleton.parameters()) * getattr(torch, dtype).itemsize
    # The whole memory of the card, not what is free just now: two jobs of a study choose the same.
    return "none" if size <= torch.cuda.mem_get_info()[1] * WEIGHTS_SHARE else "nf4"


def without_numbers(kind: Any, config: Any) -> Any:
    """The model's layers on the device `meta`, where they take no memory."""
    import torch

    with torch.device("meta"):
        return kind.from_config(config)


def quantization_config(quantization: str, quantize_vision: bool, skeleton: Any, dtype: str) -> Any:
    """What bitsandbytes is told; None where nothing is quantised.

    Args:
        quantization: nf4 (with double quantisation), int8 or none.
        quantize_vision: also quantise what stands before the language model, as the first study did.
        skeleton: the model without its numbers.
        dtype: of the computation.
    """
    import torch

    if quantization == "none":
        return None
    spared = None  # the library spares the last layer by itself, but only where nothing is named
    if not quantize_vision:
        language = {id(layer) for layer in skeleton.get_decoder().modules()}
        spared = [
            name
            for name, layer in skeleton.named_modules()
            if isinstance(layer, torch.nn.Linear) and id(layer) not in language
        ]
    library = transformers_library()
    if quantization == "int8":
        return library.BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=spared)
    return library.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
        llm_int8_skip_modules=spared,
    )


def load_weights(kind: Any, folder: Path, *, device: str, dtype: str, attention: str, quantization: Any) -> Any:
    """A model with all of its weights, ready to answer.

    Args:
        kind: the library's Auto class.
        folder: of the model.
        device: cpu or cuda.
        dtype: of what is not quantised.
        attention: flash_attention_2, sdpa or eager.
        quantization: what `quantization_config` gave.

    Raises:
        UserError: the model cannot be loaded, is too large for the GPU, or is not complete.
    """
    import torch

    try:
        model, found = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=getattr(torch, dtype),
            attn_implementation=attention,
            quantization_config=quantization,
            device_map={"": device},
            output_loading_info=True,
        )
    except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
        if is_out_of_memory(error):
            raise UserError(
                f"{folder.name} does not fit into the memory of the GPU ({str(error).splitlines()[0]}): choose "
                "`quantization: nf4`, a smaller model, or a GPU with more memory (docs/models.md)"
            ) from None
        raise UserError(f"{folder}: the model cannot be loaded: {error}") from None
    check_complete(folder, found)
    return model.eval()


def check_complete(folder: Path, found: dict[str, Any]) -> None:
    """Refuse a model whose files lack tensors: the library fills them with random numbers, and the model answers.

    Args:
        folder: of the model.
        found: what the library says of loading it.

    Raises:
        UserError: names the tensors that are missing, unexpected or of another shape.
    """
    problems = [
        f"{what}: {_some(found[name])}"
        for name, what in (
            ("missing_keys", "missing from the files"),
            ("unexpected_keys", "in the files, but not in the model"),
            ("mismatched_keys", "of another shape than in the model"),
        )
        if found[name]
    ]
    if problems:
        raise UserError(
            f"{folder}: these weights are not those of the model that config.json describes, which would answer with "
            f"layers of random numbers. Tensors {'; tensors '.join(problems)}. Fetch the model anew (python "
            "scripts/fetch_model.py --help), or name all of its files in config/models.yaml"
        )


def _some(names: Collection[Any], most: int = 6) -> str:
    """The first names of a list, and how many follow."""
    shown = sorted(str(name) for name in names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def quantised_parts(model: Any) -> list[str]:
    """The parts of a model with quantised layers (`language_model`, `vision_tower`), as the layers themselves tell."""
    names = [name for name, layer in model.named_modules() if type(layer).__name__ in QUANTISED]
    return sorted({name.removeprefix("model.").split(".")[0] for name in names})


def rope(config: Any) -> dict[str, Any]:
    """How a model counts positions, for the record: rope type, factor and base."""
    return dict(getattr(config.get_text_config(), "rope_parameters", None) or {})


def window(config: Any) -> int:
    """Tokens that the model can look at.

    A linear factor of rope lengthens what the language model was trained with: LLaVA-NeXT-Video has 4,096 tokens and
    such a factor. No more than 8,192 tokens are taken then.
    """
    text = config.get_text_config()
    said = getattr(text, "max_position_embeddings", None)
    if not said:
        return 1 << 30
    parameters = rope(config)
    factor = parameters.get("factor") or 1.0 if parameters.get("rope_type") == "linear" else 1.0
    return max(int(said), min(int(said * factor), LONGEST_BY_ROPE))
