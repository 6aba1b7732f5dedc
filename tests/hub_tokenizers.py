"""Tokenizers with the settings and token ids of those that models on the hub have, trained on a few words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tiny_models import WORDS


def write_json(folder: Path, **files: Any) -> None:
    """Write files of settings, by their names without `.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def llama_tokenizer(folder: Path, **settings: Any) -> None:
    """LLaMA's way: byte fallback, ▁ for spaces, 32,000 words and what is added behind them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first")
    first = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    made.train_from_iterator(
        [WORDS] * 4, trainers.BpeTrainer(vocab_size=600, special_tokens=first, show_progress=False)
    )
    content = json.loads(made.to_str())
    words = content["model"]["vocab"]
    words |= {f"▁unused{number}": number for number in range(len(words), 32_000)}
    added = {0: "<unk>", 1: "<s>", 2: "</s>", 32000: "<video>", 32001: "<image>"}
    content |= {
        "pre_tokenizer": None,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
        ]},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ]},
        "added_tokens": [{"id": number, **_token(name), "special": True} for number, name in added.items()],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
    }  # fmt: skip
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<unk>", "unk_token": "<unk>"}
    write_json(
        folder,
        tokenizer=content,
        added_tokens={"<image>": 32001, "<video>": 32000},
        special_tokens_map={name: _token(text) for name, text in named.items()},
        tokenizer_config={
            **named, "add_bos_token": True, "add_eos_token": False, "add_prefix_space": True, "legacy": False,
            "added_tokens_decoder": {str(n): {**_token(name), "special": True} for n, name in added.items()},
            "clean_up_tokenization_spaces": False, "model_max_length": 4096, "padding_side": "left",
            "extra_special_tokens": {"image_token": "<image>", "video_token": "<video>"}, "image_token": "<image>",
            "video_token": "<video>", "tokenizer_class": "LlamaTokenizer", "sp_model_kwargs": {},
            "use_default_system_prompt": False, **settings,
        },
    )  # fmt: skip


def byte_level_tokenizer(folder: Path, size: int, added: dict[int, str], **settings: Any) -> None:
    """Qwen's way: byte-level, `!` is word 0, each digit a token; special tokens come behind all words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    added = {number: added.get(number, f"<|other_{number}|>") for number in range(size, max(added) + 1)}
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [WORDS] * 4, trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    )
    content = json.loads(made.to_str())
    words = content["model"]["vocab"]
    words |= {f"unused{number}": number for number in range(len(words), size)}
    content["added_tokens"] = [{"id": number, **_token(name), "special": True} for number, name in added.items()]
    write_json(
        folder,
        tokenizer=content,
        tokenizer_config={
            "added_tokens_decoder": {str(n): {**_token(name), "special": True} for n, name in added.items()},
            "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": None,
            "add_prefix_space": False, "clean_up_tokenization_spaces": False, "model_max_length": 131072,
            "tokenizer_class": "Qwen2Tokenizer", **settings,
        },
    )  # fmt: skip


def _token(name: str) -> dict[str, Any]:
    return {"content": name, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
