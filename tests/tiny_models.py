"""Models of the same classes as the real ones, with random weights and tokenizers trained here, saved to disk."""

from __future__ import annotations

import shutil
from pathlib import Path

TOWER = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
VISION = {**TOWER, "image_size": 28, "patch_size": 7}
WORDS = """A bright kitchen in warm light; hands knead dough, slow cuts and soft music. Neon streets at night, fast
dancers, blue shadows and a handheld camera. A calm forest, green and misty, filmed from above with long shots."""
CHAT = (
    "{% for message in messages %}{{ message['role'].upper() }}: "
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'video' %}<video>\n{% elif part['type'] == 'image' %}<image>\n"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def _text(words, window: int = 2048, key_value_heads: int = 2) -> dict:
    """Settings of a tiny language model."""
    return {
        **TOWER, "vocab_size": len(words), "num_key_value_heads": key_value_heads, "max_position_embeddings": window,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.2,
    }  # fmt: skip


def tokenizer(*special: str):
    """A byte-level BPE tokenizer of a few hundred tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    names = ["<pad>", "<s>", "</s>", *special]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=names, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator([WORDS] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>", chat_template=CHAT,
        extra_special_tokens=list(special),
    )  # fmt: skip


def llama(folder: Path, window: int = 512) -> Path:
    """A tiny LlamaForCausalLM."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(7)
    words = tokenizer()
    LlamaForCausalLM(LlamaConfig(**_text(words, window))).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def llava_next_video(folder: Path, window: int = 512) -> Path:
    """A tiny LlavaNextVideoForConditionalGeneration: 4 tokens a frame."""
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextImageProcessor,
        LlavaNextVideoConfig,
        LlavaNextVideoForConditionalGeneration,
        LlavaNextVideoProcessor,
        LlavaNextVideoVideoProcessor,
    )

    torch.manual_seed(11)
    words = tokenizer("<image>", "<video>")
    side = {"height": 28, "width": 28}
    config = LlavaNextVideoConfig(
        vision_config=CLIPVisionConfig(**VISION, projection_dim=64),
        text_config=LlamaConfig(**_text(words, window, key_value_heads=4)),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=[[28, 56], [56, 28], [56, 56]],
    )  # fmt: skip
    model = LlavaNextVideoForConditionalGeneration(config)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    LlavaNextVideoProcessor(
        video_processor=LlavaNextVideoVideoProcessor(size={"shortest_edge": 28}, crop_size=side),
        image_processor=LlavaNextImageProcessor(
            size={"shortest_edge": 28}, crop_size=side, image_grid_pinpoints=config.image_grid_pinpoints
        ),
        tokenizer=words,
        chat_template=CHAT,
        patch_size=7,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


def llava_next(folder: Path) -> Path:
    """A tiny LlavaNextForConditionalGeneration: pictures, each in several pieces, no video."""
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextImageProcessor,
        LlavaNextProcessor,
    )

    torch.manual_seed(13)
    words = tokenizer("<image>")
    config = LlavaNextConfig(
        vision_config=CLIPVisionConfig(**VISION, projection_dim=64),
        text_config=LlamaConfig(**_text(words)),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=[[28, 56], [56, 28], [56, 56]],
    )  # fmt: skip
    LlavaNextForConditionalGeneration(config).save_pretrained(folder)
    image_processor = LlavaNextImageProcessor(
        size={"shortest_edge": 28},
        crop_size={"height": 28, "width": 28},
        image_grid_pinpoints=config.image_grid_pinpoints,
    )
    LlavaNextProcessor(
        image_processor=image_processor,
        tokenizer=words,
        chat_template=CHAT,
        patch_size=7,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


def llava_onevision(folder: Path) -> Path:
    """A tiny LlavaOnevisionForConditionalGeneration (SigLIP, Qwen2)."""
    import torch
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessor,
        LlavaOnevisionProcessor,
        LlavaOnevisionVideoProcessor,
        Qwen2Config,
        SiglipVisionConfig,
    )

    torch.manual_seed(17)
    words = tokenizer("<image>", "<video>")
    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**VISION),
        text_config=Qwen2Config(**_text(words)),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=[[28, 28], [56, 56]],
    )  # fmt: skip
    LlavaOnevisionForConditionalGeneration(config).save_pretrained(folder)
    side = {"height": 28, "width": 28}
    LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(size=side, image_grid_pinpoints=config.image_grid_pinpoints),
        video_processor=LlavaOnevisionVideoProcessor(size=side),
        tokenizer=words,
        chat_template=CHAT,
        num_image_tokens=16,
        vision_feature_select_strategy="full",
    ).save_pretrained(folder)
    return folder


def qwen2_5_vl(folder: Path) -> Path:
    """A tiny Qwen2_5_VLForConditionalGeneration: frames in pairs, in their own resolution."""
    import torch
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    torch.manual_seed(19)
    start, end, image, video = names = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    words = tokenizer(*names)
    words.image_token, words.video_token = image, video
    chat = CHAT.replace("<video>", start + video + end).replace("<image>", start + image + end)
    numbers = words.convert_tokens_to_ids(list(names))
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10_000.0}
    config = Qwen2_5_VLConfig(
        vision_config={
            "depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 64,
            "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        text_config={**_text(words), "rope_parameters": rope},
        vision_start_token_id=numbers[0],
        vision_end_token_id=numbers[1],
        image_token_id=numbers[2],
        video_token_id=numbers[3],
    )  # fmt: skip
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(min_pixels=56 * 56, max_pixels=84 * 84),
        video_processor=Qwen2VLVideoProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 84 * 84 * 2}),
        tokenizer=words,
        chat_template=chat,
    ).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    """A tiny CLIPModel with its image processor: pictures of 32 x 32."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(13)
    config = CLIPConfig(
        vision_config={**TOWER, "image_size": 32, "patch_size": 8, "initializer_range": 0.2},
        text_config={**TOWER, "vocab_size": 100},
        projection_dim=48,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    """A tiny SiglipModel with its image processor: pictures of 32 x 32."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    torch.manual_seed(17)
    config = SiglipConfig(
        vision_config={**TOWER, "image_size": 32, "patch_size": 8}, text_config={**TOWER, "vocab_size": 100}
    )
    SiglipModel(config).save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def argos(folder: Path, texts: list[str]) -> Path:
    """A tiny translation package as Argos Translate has them: CTranslate2, SentencePiece, metadata."""
    import io
    import json

    import ctranslate2
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True)
    pieces = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=pieces, vocab_size=90, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    (folder / "sentencepiece.model").write_bytes(pieces.getvalue())
    words = sentencepiece.SentencePieceProcessor(model_proto=pieces.getvalue())
    source = folder / "marian"
    source.mkdir()
    for name in ("source.spm", "target.spm"):
        (source / name).write_bytes(pieces.getvalue())
    vocabulary = {words.id_to_piece(number): number for number in range(words.get_piece_size())}
    vocabulary["<pad>"] = len(vocabulary)  # the last, as in Marian's own
    (source / "vocab.json").write_text(json.dumps(vocabulary))
    torch.manual_seed(23)
    size, pad = len(vocabulary), vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=size, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, pad_token_id=pad,
        decoder_start_token_id=pad, eos_token_id=vocabulary["</s>"], max_position_embeddings=512, init_std=0.3,
        forced_eos_token_id=vocabulary["</s>"],
    )  # fmt: skip
    MarianMTModel(config).save_pretrained(source)
    MarianTokenizer(
        str(source / "source.spm"), str(source / "target.spm"), str(source / "vocab.json"), "de", "en"
    ).save_pretrained(source)
    ctranslate2.converters.TransformersConverter(str(source)).convert(str(folder / "model"), quantization="float32")
    shutil.rmtree(source)
    metadata = {"package_version": "0.1", "from_code": "de", "to_code": "en", "target_prefix": ""}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


def sentence(folder: Path) -> Path:
    """A tiny sentence-transformers model: BERT, mean pooling."""
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel

    words = tokenizer()
    settings = BertConfig(**TOWER, vocab_size=len(words), max_position_embeddings=512, pad_token_id=0)
    BertModel(settings).save_pretrained(folder)
    words.save_pretrained(folder)
    SentenceTransformer(str(folder), device="cpu").save(str(folder))
    return folder
