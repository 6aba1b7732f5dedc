"""The Whisper weights that lie in CTranslate2's format, for openai-whisper: the same numbers in both programs."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from whisper.model import ModelDimensions, Whisper

DTYPES = ("float32", "int8", "int16", "int32", "float16")  # as numbered in ctranslate2/specs/model_spec.py
# The block that a layer norm stands before, in CTranslate2's words; the last one stands before none.
BEFORE = {
    "attn_ln": ["self_attention"],
    "cross_attn_ln": ["attention"],
    "mlp_ln": ["ffn"],
    "ln": [],
    "ln_post": [],
}


def read_ctranslate2(path: Path) -> dict[str, np.ndarray]:
    """The variables of a model.bin (version 6, see ctranslate2/specs/model_spec.py)."""
    content, place = path.read_bytes(), 0

    def number(kind: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(kind, content, place)
        place += struct.calcsize(kind)
        return int(value)

    def string() -> str:
        nonlocal place
        length = number("<H")
        place += length
        return content[place - length : place - 1].decode()

    assert (number("<I"), string()) == (6, "WhisperSpec")
    number("<I")
    found = {}
    for _ in range(number("<I")):
        name = string()
        shape = [number("<I") for _ in range(number("<B"))]
        dtype, length = np.dtype(DTYPES[number("<B")]), number("<I")
        found[name] = np.frombuffer(content, dtype, length // dtype.itemsize, place).reshape(shape)
        place += length
    return found


def write_checkpoint(weights: Path, checkpoint: Path) -> None:
    """Write openai-whisper's checkpoint with the weights of a model.bin."""
    given = read_ctranslate2(weights)
    state, layers = (
        given["decoder/embeddings/weight"].shape[1],
        len([n for n in given if n.endswith("ffn/linear_0/bias")]),
    )
    sizes = ModelDimensions(
        n_mels=given["encoder/conv1/weight"].shape[1],
        n_audio_ctx=given["encoder/position_encodings/encodings"].shape[0],
        n_audio_state=state,
        n_audio_head=int(given["encoder/num_heads"]),
        n_audio_layer=layers // 2,
        n_vocab=given["decoder/embeddings/weight"].shape[0],
        n_text_ctx=given["decoder/position_encodings/encodings"].shape[0],
        n_text_state=state,
        n_text_head=int(given["decoder/num_heads"]),
        n_text_layer=layers // 2,
    )
    values = {
        name: torch.from_numpy(weight_of(name, given, state).astype(np.float32)) for name in Whisper(sizes).state_dict()
    }
    torch.save({"dims": vars(sizes), "model_state_dict": values}, checkpoint)


def weight_of(name: str, given: dict[str, np.ndarray], state: int) -> np.ndarray:
    """One of openai-whisper's weights.

    Args:
        name: as openai-whisper calls it: decoder.blocks.0.cross_attn.key.weight
        given: as CTranslate2 calls them: decoder/layer_0/attention/linear_1/weight, keys and values in one.
        state: size of the hidden state.
    """
    side, *path, kind = name.split(".")
    if path[:1] == ["token_embedding"]:
        return given["decoder/embeddings/weight"]
    if kind == "positional_embedding":
        return given[f"{side}/position_encodings/encodings"]
    place = [side, *([f"layer_{path[1]}", *path[2:]] if path[0] == "blocks" else path)]
    if place[-1].startswith("ln") or place[-1].endswith("_ln"):
        last = place.pop()
        norm = ["layer_norm", {"weight": "gamma", "bias": "beta"}[kind]]
        return given["/".join([*place, *BEFORE[last], *norm])]
    if place[1].startswith("conv"):
        return given["/".join([*place, kind])]
    *block, part, which = place
    if part == "mlp":
        return given["/".join([*block, "ffn", f"linear_{int(which) // 2}", kind])]
    # CTranslate2 has what is multiplied with the same input in one matrix.
    joined = [["query", "key", "value"], ["out"]] if part == "attn" else [["query"], ["key", "value"], ["out"]]
    (linear,) = (number for number, names in enumerate(joined) if which in names)
    first = joined[linear].index(which) * state
    return given["/".join([*block, *BEFORE[f"{part}_ln"], f"linear_{linear}", kind])][first : first + state]
