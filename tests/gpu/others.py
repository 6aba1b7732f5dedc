"""Speech and embedding in their full sizes with random weights, as the stages' own classes run them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel
from whisper.model import ModelDimensions
from whisper.model import Whisper as Network

from common.config import EmbeddingSection, TranscriptSection
from common.models import Model
from embed_descriptions import FrameEmbedder
from full_size import FRAMES, pictures
from speech.original import OriginalWhisper

SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}


def clip(folder: Path, tiny: bool) -> Path:
    """CLIP ViT-B/32."""
    torch.manual_seed(1)
    text = {**SMALL, "vocab_size": 100}
    CLIPModel(CLIPConfig(vision_config=SMALL if tiny else {}, text_config=text)).save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    return folder


def embedder(folder: Path, device: str, precision: str = "float32") -> FrameEmbedder:
    settings = EmbeddingSection(modality="image", device=device, precision=precision)
    return FrameEmbedder(Model("clip", "random", "0" * 64, folder), settings)


def frames() -> list:
    return pictures(FRAMES, 1)()


def whisper(folder: Path, device: str, tiny: bool) -> Path:
    """Whisper medium, as its authors publish weights."""
    folder.mkdir(parents=True, exist_ok=True)
    size = (64, 4, 2) if tiny else (1024, 16, 24)
    sizes = ModelDimensions(80, 1500, *size, 51_865, 32 if tiny else 448, *size)
    torch.manual_seed(1)
    with torch.device(device):
        network = Network(sizes)
    torch.nn.init.normal_(network.decoder.positional_embedding, std=0.02)  # the library leaves it as memory was
    torch.save({"dims": vars(sizes), "model_state_dict": network.half().state_dict()}, folder / "medium.pt")
    return folder


def transcriber(folder: Path, device: str, beams: int = 1) -> OriginalWhisper:
    settings = TranscriptSection(backend="openai-whisper", beam_size=beams, device=device)
    precision = "float16" if device == "cuda" else "float32"
    return OriginalWhisper(Model("whisper", "random", "0" * 64, folder), settings, device, precision, 2)


def clips(number: int) -> list[np.ndarray]:
    """Noise of 30 s each."""
    noise = np.random.default_rng(0)
    return [(noise.standard_normal(16_000 * 30) * 0.05).astype(np.float32) for _ in range(number)]
