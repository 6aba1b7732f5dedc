"""Models in the file layouts of their repositories, with their own settings, random weights and little depth.

Old names of tensors, shards, precision, tokenizer settings, rope, picture sizes and token ids are those that the public
configurations of these models give; depth and width are not, nor is the text that their tokenizers were trained on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub_tokenizers import byte_level_tokenizer, llama_tokenizer, write_json

DEPTH = {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
LLAVA_PINPOINTS = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
# What a chat looks like, in words of our own: USER: <video>\nDescribe. ASSISTANT:
VICUNA = (
    "{% for m in messages %}{{ m.role | upper }}: "
    "{% for c in m.content if c.type == 'image' %}<image>\n{% endfor %}"
    "{% for c in m.content if c.type == 'video' %}<video>\n{% endfor %}"
    "{% for c in m.content if c.type == 'text' %}{{ c.text + ' ' }}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'image' %}IMAGE{% elif c.type == 'video' %}VIDEO{% else %}{{ c.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QWEN = {
    151643: "<|endoftext|>", 151644: "<|im_start|>", 151645: "<|im_end|>", 151652: "<|vision_start|>",
    151653: "<|vision_end|>", 151654: "<|vision_pad|>", 151655: "<|image_pad|>", 151656: "<|video_pad|>",
}  # fmt: skip
QWEN_CHAT = CHATML.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>").replace(
    "VIDEO", "<|vision_start|><|video_pad|><|vision_end|>"
)


# --- weights ------------------------------------------------------------------------------------------------------


def _weights(folder: Path, rename: Callable[[str], str | None], shards: int = 1) -> None:
    """Random weights in bfloat16 under the repository's names, in as many files."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForImageTextToText

    torch.manual_seed(29)
    config = AutoConfig.from_pretrained(folder)
    config.initializer_range = config.get_text_config().initializer_range = 0.2
    model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)
    found = {rename(name): value.contiguous() for name, value in model.state_dict().items()}
    named = sorted((name, value) for name, value in found.items() if name)
    if shards == 1:
        save_file(dict(named), folder / "model.safetensors", metadata={"format": "pt"})
        return
    places = {}
    for number in range(shards):
        file = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
        part = dict(named[number::shards])
        save_file(part, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(part, file)
    write_json(folder, **{"model.safetensors.index": {"metadata": {"total_size": 1}, "weight_map": places}})


def _old_llava(name: str) -> str:
    """Names of 2024: the language model is a whole model of its own, the vision tower has its own prefix."""
    name = name.removeprefix("model.")
    if name.startswith(("lm_head", "language_model.")):
        return re.sub(r"^(language_model\.)?", lambda m: "language_model.model." if m[1] else "language_model.", name)
    return re.sub(r"^vision_tower\.(?!vision_model)", "vision_tower.vision_model.", name)


def _old_internvl(name: str) -> str:
    return _old_llava(name).replace("vision_tower.vision_model.", "vision_tower.")


def _old_qwen(name: str) -> str | None:
    """Names of Qwen2.5-VL: without `language_model`; the last layer is the first one (tied), so it is not there."""
    if name == "lm_head.weight":
        return None
    return name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")


# --- models -------------------------------------------------------------------------------------------------------


def llava_next_video(
    folder: Path, *, old: bool = True, rope: dict[str, Any] | None = None, weights: bool = True
) -> Path:
    """llava-hf/LLaVA-NeXT-Video-7B-hf and -DPO-hf.

    Args:
        folder: to be filled.
        old: as it was until November 2025: no file about videos.
        rope: as the configuration says it; None: linear, 2.5.
        weights: False leaves them out.
    """
    prepared = {
        "crop_size": {"height": 336, "width": 336}, "do_center_crop": True, "do_convert_rgb": True,
        "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": CLIP_MEAN,
        "image_std": CLIP_STD, "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 336},
        "processor_class": "LlavaNextVideoProcessor",
    }  # fmt: skip
    write_json(
        folder,
        config={
            "architectures": ["LlavaNextVideoForConditionalGeneration"], "ignore_index": -100,
            "image_grid_pinpoints": LLAVA_PINPOINTS, "image_token_index": 32001, "model_type": "llava_next_video",
            "projector_hidden_act": "gelu", "spatial_pool_mode": "average", "spatial_pool_out_channels": 1024,
            "spatial_pool_stride": 2, "torch_dtype": "bfloat16", "transformers_version": "4.42.0.dev0",
            "use_image_newline_parameter": True, "video_token_index": 32000, "vision_feature_layer": -2,
            "vision_feature_select_strategy": "default",
            "text_config": {
                "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 4096, "model_type": "llama",
                "pad_token_id": 0, "rms_norm_eps": 1e-05, "torch_dtype": "float16", "vocab_size": 32064,
                "rope_scaling": rope or {"factor": 2.5, "type": "linear"}, **DEPTH, "num_key_value_heads": 4,
            },
            "vision_config": {
                "image_size": 336, "model_type": "clip_vision_model", "patch_size": 14, "projection_dim": 768,
                "vocab_size": 32000, **DEPTH, "num_hidden_layers": 3,
            },
        },
        generation_config={
            "_from_model_config": True, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
            "transformers_version": "4.42.0.dev0",
        },
        preprocessor_config={
            **prepared, "do_pad": True, "image_grid_pinpoints": LLAVA_PINPOINTS,
            "image_processor_type": "LlavaNextImageProcessor",
        },
        processor_config={
            "image_token": "<image>", "video_token": "<video>", "num_additional_image_tokens": 1, "patch_size": 14,
            "processor_class": "LlavaNextVideoProcessor", "vision_feature_select_strategy": "default",
        },
        chat_template={"chat_template": VICUNA},
    )  # fmt: skip
    if not old:
        write_json(
            folder, video_preprocessor_config={**prepared, "video_processor_type": "LlavaNextVideoVideoProcessor"}
        )
    llama_tokenizer(folder, processor_class="LlavaNextVideoProcessor")
    if weights:
        _weights(folder, _old_llava, shards=3)
    return folder


def llava_onevision(folder: Path) -> Path:
    """llava-hf/llava-onevision-qwen2-0.5b-ov-hf."""
    sides = range(384, 2305, 384)
    added = {n: name for n, name in QWEN.items() if n < 151646} | {151646: "<image>", 151647: "<video>"}
    prepared = {
        "do_convert_rgb": True, "do_normalize": True, "do_pad": True, "do_rescale": True, "do_resize": True,
        "image_grid_pinpoints": [[height, width] for height in sides for width in sides],
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "image_processor_type": "LlavaOnevisionImageProcessor",
        "processor_class": "LlavaOnevisionProcessor", "resample": 3, "rescale_factor": 0.00392156862745098,
        "size": {"height": 384, "width": 384},
    }  # fmt: skip
    write_json(
        folder,
        config={
            "architectures": ["LlavaOnevisionForConditionalGeneration"], "image_token_index": 151646,
            "image_grid_pinpoints": prepared["image_grid_pinpoints"], "model_type": "llava_onevision",
            "projector_hidden_act": "gelu", "tie_word_embeddings": False, "torch_dtype": "float16",
            "use_image_newline_parameter": True, "video_token_index": 151647, "vision_aspect_ratio": "anyres_max_9",
            "vision_feature_layer": -1, "vision_feature_select_strategy": "full",
            "text_config": {
                "bos_token_id": 151643, "eos_token_id": 151645, "max_window_layers": 24, "model_type": "qwen2",
                "max_position_embeddings": 32768, "rope_theta": 1000000.0, "sliding_window": 32768,
                "use_sliding_window": False, "vocab_size": 152000, "torch_dtype": "bfloat16", **DEPTH,
                "num_key_value_heads": 2,
            },
            "vision_config": {
                "image_size": 384, "model_type": "siglip_vision_model", "patch_size": 14, "vision_use_head": False,
                **DEPTH,
            },
        },
        generation_config={"bos_token_id": 151643, "eos_token_id": 151645, "pad_token_id": 151643},
        preprocessor_config=prepared,
        processor_config={
            "image_token": "<image>", "num_image_tokens": 729, "processor_class": "LlavaOnevisionProcessor",
            "video_token": "<video>", "vision_feature_select_strategy": "full",
        },
        chat_template={"chat_template": CHATML.replace("IMAGE", "<image>").replace("VIDEO", "<video>")},
    )  # fmt: skip
    byte_level_tokenizer(folder, 151643, added, processor_class="LlavaOnevisionProcessor")
    _weights(folder, _old_llava)
    return folder


def qwen2_5_vl(folder: Path) -> Path:
    """Qwen/Qwen2.5-VL-3B-Instruct: the language model's settings stand beside `vision_config`."""
    write_json(
        folder,
        config={
            "architectures": ["Qwen2_5_VLForConditionalGeneration"], "bos_token_id": 151643, "eos_token_id": 151645,
            "vision_start_token_id": 151652, "vision_end_token_id": 151653, "vision_token_id": 151654,
            "image_token_id": 151655, "video_token_id": 151656, "hidden_act": "silu", "model_type": "qwen2_5_vl",
            "max_position_embeddings": 128000, "max_window_layers": 70, "rms_norm_eps": 1e-06,
            "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
            "use_cache": True, "use_sliding_window": False, "vocab_size": 151936, **DEPTH, "num_key_value_heads": 2,
            "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
            "vision_config": {
                "depth": 2, "hidden_act": "silu", "hidden_size": 64, "intermediate_size": 128, "num_heads": 4,
                "in_chans": 3, "out_hidden_size": 64, "patch_size": 14, "spatial_merge_size": 2,
                "spatial_patch_size": 14, "window_size": 112, "fullatt_block_indexes": [1], "tokens_per_second": 2,
                "temporal_patch_size": 2,
            },
        },
        generation_config={
            "bos_token_id": 151643, "pad_token_id": 151643, "do_sample": True, "eos_token_id": [151645, 151643],
            "repetition_penalty": 1.05, "temperature": 1e-06,
        },
        preprocessor_config={
            "min_pixels": 3136, "max_pixels": 12845056, "patch_size": 14, "temporal_patch_size": 2, "merge_size": 2,
            "image_mean": CLIP_MEAN, "image_std": CLIP_STD, "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": "Qwen2_5_VLProcessor",
        },
        chat_template={"chat_template": QWEN_CHAT},
    )  # fmt: skip
    byte_level_tokenizer(folder, 151643, QWEN)
    _weights(folder, _old_qwen, shards=2)
    return folder


def qwen3_vl(folder: Path) -> Path:
    """Qwen/Qwen3-VL-2B-Instruct."""
    prepared = {
        "patch_size": 16, "temporal_patch_size": 2, "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
        "processor_class": "Qwen3VLProcessor",
    }  # fmt: skip
    write_json(
        folder,
        config={
            "architectures": ["Qwen3VLForConditionalGeneration"], "image_token_id": 151655, "model_type": "qwen3_vl",
            "tie_word_embeddings": True, "transformers_version": "4.57.0.dev0", "video_token_id": 151656,
            "vision_start_token_id": 151652, "vision_end_token_id": 151653,
            "text_config": {
                "attention_bias": False, "bos_token_id": 151643, "dtype": "bfloat16", "eos_token_id": 151645,
                "max_position_embeddings": 262144, "model_type": "qwen3_vl_text", "rms_norm_eps": 1e-06,
                "rope_scaling": {"mrope_interleaved": True, "mrope_section": [2, 3, 3], "rope_type": "default"},
                "rope_theta": 5000000, "tie_word_embeddings": True, "vocab_size": 151936, **DEPTH, "head_dim": 16,
                "num_key_value_heads": 2,
            },
            "vision_config": {
                "deepstack_visual_indexes": [0, 1], "depth": 3, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 64,
                "in_channels": 3, "intermediate_size": 128, "model_type": "qwen3_vl", "num_heads": 4,
                "num_position_embeddings": 2304, "out_hidden_size": 64, "patch_size": 16, "spatial_merge_size": 2,
                "temporal_patch_size": 2,
            },
        },
        generation_config={"bos_token_id": 151643, "pad_token_id": 151643, "eos_token_id": [151645, 151643]},
        preprocessor_config={
            **prepared, "image_processor_type": "Qwen2VLImageProcessorFast",
            "size": {"longest_edge": 16777216, "shortest_edge": 65536},
        },
        video_preprocessor_config={
            **prepared, "video_processor_type": "Qwen3VLVideoProcessor",
            "size": {"longest_edge": 25165824, "shortest_edge": 4096},
        },
    )  # fmt: skip
    (folder / "chat_template.jinja").write_text(QWEN_CHAT)
    byte_level_tokenizer(folder, 151643, QWEN)
    _weights(folder, lambda name: None if name == "lm_head.weight" else name)
    return folder


def internvl3(folder: Path) -> Path:
    """OpenGVLab/InternVL3-1B-hf."""
    added = {n: name for n, name in QWEN.items() if n < 151646} | {
        151665: "<img>", 151666: "</img>", 151667: "<IMG_CONTEXT>", 151668: "<video>"
    }  # fmt: skip
    prepared = {
        "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 3,
        "image_mean": IMAGENET_MEAN, "image_std": IMAGENET_STD, "processor_class": "InternVLProcessor",
        "rescale_factor": 0.00392156862745098, "size": {"height": 448, "width": 448},
    }  # fmt: skip
    write_json(
        folder,
        config={
            "architectures": ["InternVLForConditionalGeneration"], "downsample_ratio": 0.5, "image_seq_length": 256,
            "image_token_id": 151667, "model_type": "internvl", "projector_hidden_act": "gelu",
            "torch_dtype": "bfloat16", "vision_feature_layer": -1, "vision_feature_select_strategy": "default",
            "tie_word_embeddings": False,
            "text_config": {
                "bos_token_id": 151643, "eos_token_id": 151645, "max_position_embeddings": 32768,
                "tie_word_embeddings": False,
                "max_window_layers": 21, "model_type": "qwen2", "rope_theta": 1000000.0, "vocab_size": 151674,
                "rope_scaling": {"factor": 2.0, "rope_type": "dynamic", "type": "dynamic"}, "torch_dtype": "bfloat16",
                "use_sliding_window": False, **DEPTH, "num_key_value_heads": 2,
            },
            "vision_config": {
                "attention_bias": True, "image_size": [448, 448], "layer_scale_init_value": 0.1,
                "model_type": "internvl_vision", "norm_type": "layer_norm", "num_channels": 3, "patch_size": [14, 14],
                "use_absolute_position_embeddings": True, "use_mask_token": False, "use_mean_pooling": True,
                "use_qk_norm": False, "torch_dtype": "bfloat16", **DEPTH,
            },
        },
        generation_config={"bos_token_id": 151643, "eos_token_id": 151645, "pad_token_id": 151643},
        preprocessor_config={
            **prepared, "crop_size": None, "crop_to_patches": False, "data_format": "channels_first",
            "image_processor_type": "GotOcr2ImageProcessorFast", "max_patches": 12, "min_patches": 1,
        },
        processor_config={"image_seq_length": 256, "processor_class": "InternVLProcessor"},
        video_preprocessor_config={**prepared, "video_processor_type": "InternVLVideoProcessor"},
    )  # fmt: skip
    (folder / "chat_template.jinja").write_text(
        CHATML.replace("IMAGE", "<IMG_CONTEXT>\n").replace("VIDEO", "<video>\n")
    )
    tokens = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    tokens["video_token"] = "<video>"
    byte_level_tokenizer(folder, 151643, added, extra_special_tokens=tokens, **tokens)
    _weights(folder, _old_internvl)
    return folder


def smolvlm2(folder: Path) -> Path:
    """HuggingFaceTB/SmolVLM2-500M-Video-Instruct."""
    added = {
        49152: "<global-img>", 49153: "<|im_start|>", 49154: "<|endoftext|>", 49189: "<fake_token_around_image>",
        49190: "<image>", 49279: "<end_of_utterance>",
    }  # fmt: skip
    prepared = {
        "do_convert_rgb": True, "do_normalize": True, "do_pad": True, "do_rescale": True, "do_resize": True,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "max_image_size": {"longest_edge": 512}, "resample": 1,
        "rescale_factor": 0.00392156862745098, "size": {"longest_edge": 2048},
    }  # fmt: skip
    write_json(
        folder,
        config={
            "architectures": ["SmolVLMForConditionalGeneration"], "image_token_id": 49190, "model_type": "smolvlm",
            "scale_factor": 4, "tie_word_embeddings": False, "torch_dtype": "bfloat16", "vocab_size": 49280,
            "text_config": {
                "max_position_embeddings": 8192, "model_type": "llama", "rope_theta": 100000, "vocab_size": 49280,
                "pad_token_id": 2, "torch_dtype": "bfloat16", **DEPTH, "num_key_value_heads": 2,
            },
            "vision_config": {"image_size": 512, "model_type": "smolvlm_vision", "patch_size": 16, **DEPTH},
        },
        generation_config={"bos_token_id": 49153, "eos_token_id": 49279, "pad_token_id": 49154},
        preprocessor_config={
            **prepared, "do_image_splitting": True, "image_processor_type": "SmolVLMImageProcessor",
            "processor_class": "SmolVLMProcessor",
            "video_sampling": {"fps": 1, "max_frames": 64, "video_size": {"longest_edge": 512}},
        },
        processor_config={"image_seq_len": 64, "processor_class": "SmolVLMProcessor"},
        chat_template={"chat_template": (
            "<|im_start|>{% for m in messages %}{{ m.role | capitalize }}: {% for c in m.content %}"
            "{% if c.type == 'image' %}<image>{% elif c.type == 'video' %}<video>{% else %}{{ c.text }}{% endif %}"
            "{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
        )},
    )  # fmt: skip
    tokens = {"image_token": "<image>", "fake_image_token": "<fake_token_around_image>",
              "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>"}  # fmt: skip
    byte_level_tokenizer(
        folder, 49152, added, eos_token="<end_of_utterance>", bos_token="<|im_start|>", extra_special_tokens=tokens,
        tokenizer_class="GPT2Tokenizer", **tokens,
    )  # fmt: skip
    _weights(folder, lambda name: name)
    return folder
