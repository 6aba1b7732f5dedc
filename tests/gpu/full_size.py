"""Models of full size with random weights, in the hub's layout, and what they are asked: for check.py and bench.py."""

from __future__ import annotations

import functools
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "scripts"), str(CHECKOUT / "tests")]

from common.prompts import read_prompt
from generation.local import LocalGenerator
from generation.requests import Request

PIN = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
TEMPLATE = (
    "{%- for m in messages -%}{%- if m.role != 'system' -%}{{ m.role | upper }}: {% endif -%}"
    "{%- for c in m.content if c.type == 'image' -%}{{ '<image>\\n' }}{%- endfor -%}"
    "{%- for c in m.content if c.type == 'video' -%}{{ '<video>\\n' }}{%- endfor -%}"
    "{%- for c in m.content if c.type == 'text' -%}{{ c.text + ' ' }}{%- endfor -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ 'ASSISTANT:' }}{%- endif -%}"
)
# What a reel is shown in the study at most, and the captions that come with it.
FRAMES, TINY_FRAMES = 24, 4
CONTEXT = (
    "Caption: Golden morning light falls over the linen table while she arranges dried flowers and pours coffee slowly "
    "into handmade cups. Speech: Today I want to show you how I restore an old wooden chair with beeswax and patience. "
    "Music: Weightless Morning by Some Artist (Ambient, Downtempo)."
)


def make_tokenizer(folder: Path, texts: list[str]) -> None:
    """LLaMA's kind of tokenizer: 32,000 BPE entries with byte fallback, `<video>` 32000 and `<image>` 32001."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=True)
    first = ["<unk>", "<s>", "</s>", *(f"<0x{number:02X}>" for number in range(256))]
    made.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=31_000, special_tokens=first, show_progress=False))
    data = json.loads(made.to_str())
    vocabulary = data["model"]["vocab"]
    while len(vocabulary) < 32_000:
        vocabulary[f"▁unused{len(vocabulary)}"] = len(vocabulary)
    special = [(0, "<unk>"), (1, "<s>"), (2, "</s>"), (32_000, "<video>"), (32_001, "<image>")]
    data |= {
        "pre_tokenizer": None,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "added_tokens": [{"id": number, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for number, name in special],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(data, ensure_ascii=False))


def make_model(folder: Path, tiny: bool, device: str, rope: float = 2.0) -> dict:
    """Configuration of llava-hf/LLaVA-NeXT-Video-7B-DPO-hf (public pages), random weights made on the GPU.

    A folder that has them already is left as it is: check.py and bench.py may share one.
    """
    from transformers import AutoConfig, LlavaNextVideoForConditionalGeneration

    if (folder / "model.safetensors.index.json").exists() or (folder / "model.safetensors").exists():
        return {"made": "before"}
    folder.mkdir(parents=True, exist_ok=True)

    def put(name: str, content: dict) -> None:
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")

    text = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 4096, "model_type": "llama",
            "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "rms_norm_eps": 1e-5, "vocab_size": 32_064,
            "rope_scaling": {"factor": rope, "type": "linear"}}  # fmt: skip
    vision = {"hidden_size": 1024, "image_size": 336, "intermediate_size": 4096, "model_type": "clip_vision_model",
              "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14, "projection_dim": 768}  # fmt: skip
    if tiny:
        text |= {"hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 4}  # fmt: skip
        vision |= {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 3}
    put("config.json", {
        "architectures": ["LlavaNextVideoForConditionalGeneration"], "image_grid_pinpoints": PIN,
        "image_token_index": 32_001, "video_token_index": 32_000, "model_type": "llava_next_video",
        "projector_hidden_act": "gelu", "spatial_pool_mode": "average", "spatial_pool_stride": 2, "text_config": text,
        "vision_config": vision, "vision_feature_layer": -2, "vision_feature_select_strategy": "default",
        "torch_dtype": "bfloat16"})  # fmt: skip
    put("generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0})
    pictures = {
        "crop_size": {"height": 336, "width": 336}, "do_center_crop": True, "do_convert_rgb": True,
        "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "rescale_factor": 1 / 255,
        "size": {"shortest_edge": 336}, "processor_class": "LlavaNextVideoProcessor"}  # fmt: skip
    put(
        "preprocessor_config.json",
        {**pictures, "image_processor_type": "LlavaNextImageProcessor", "image_grid_pinpoints": PIN, "do_pad": True},
    )
    put("video_preprocessor_config.json", {**pictures, "video_processor_type": "LlavaNextVideoVideoProcessor"})
    put("processor_config.json", {
        "image_token": "<image>", "video_token": "<video>", "num_additional_image_tokens": 1, "patch_size": 14,
        "processor_class": "LlavaNextVideoProcessor", "vision_feature_select_strategy": "default"})  # fmt: skip
    put("chat_template.json", {"chat_template": TEMPLATE})
    put("tokenizer_config.json", {
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<unk>", "padding_side": "left",
        "tokenizer_class": "LlamaTokenizer", "legacy": False, "model_max_length": 4096,
        "processor_class": "LlavaNextVideoProcessor"})  # fmt: skip
    make_tokenizer(folder, [path.read_text(errors="ignore") for path in sorted((CHECKOUT / "docs").glob("*.md"))])

    start = time.monotonic()
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            model = LlavaNextVideoForConditionalGeneration(AutoConfig.from_pretrained(folder))
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.no_grad():  # answers must not end by chance before the last token
        model.get_output_embeddings().weight[2] = 0
    wait(device)
    made, start = time.monotonic() - start, time.monotonic()
    model.save_pretrained(folder)
    parameters = sum(one.numel() for one in model.parameters())
    del model
    if device == "cuda":
        torch.cuda.empty_cache()
    return {"parameters_1e9": round(parameters / 1e9, 2), "made_s": round(made, 1),
            "saved_s": round(time.monotonic() - start, 1)}  # fmt: skip


def pictures(number: int, seed: int) -> Callable[[], list[Image.Image]]:
    """Frames as sample_frames stores them: 378 x 672, JPEG; decoded when they are asked for."""
    coded = jpegs(number, seed % 4)
    return lambda: [Image.open(io.BytesIO(one)).convert("RGB") for one in coded]


@functools.cache
def jpegs(number: int, seed: int) -> list[bytes]:
    noise, coded = np.random.default_rng(seed), []
    for _ in range(number):
        data = io.BytesIO()
        small = Image.fromarray(noise.integers(0, 255, (84, 48, 3), dtype=np.uint8))
        small.resize((378, 672), Image.Resampling.BICUBIC).save(data, "JPEG", quality=90)
        coded.append(data.getvalue())
    return coded


def reels(number: int, frames: int) -> list[Request]:
    """Reels of noise, with contexts of differing length, so that batches have padding."""
    prompt, words = read_prompt(None), CONTEXT.split()
    times = tuple(1.0 + 2.5 * frame for frame in range(frames))
    return [
        Request(
            f"r{n}", prompt, " ".join(words[: len(words) - n % 7]), pictures(frames, n), frames, seed=n, times=times,
            duration=60.0,
        )
        for n in range(number)
    ]  # fmt: skip


def load(folder: Path, device: str, quantization: str, dtype: str, attention: str = "auto") -> LocalGenerator:
    """The weights, as describe_reels loads them."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    return LocalGenerator(
        folder, quantization=quantization, dtype=dtype, attention=attention, device=device, batch_size=32,
        max_new_tokens=256,
    )  # fmt: skip


def answer_in(generator: LocalGenerator, tokens: int) -> None:
    """Let answers have so many tokens."""
    generator.max_new_tokens = generator.model.generation_config.max_new_tokens = tokens


def wait(device: str) -> None:
    """Until the GPU has done what it was told."""
    if device == "cuda":
        torch.cuda.synchronize()


def gigabytes(number: float) -> float:
    return round(number / 1e9, 2)
