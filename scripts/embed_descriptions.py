"""Embed each reel as a unit vector: its description, its frames, or both.

text: the description, without boiler-plate and the word "video", by a sentence-transformers model; the text that was
embedded is written beside the vector. image: the mean of the frames' embeddings by CLIP, SigLIP or ImageBind, made unit
length again. text+image: both vectors side by side, divided by the square root of two.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from common.batch import run_stage, stage_parser
from common.config import EmbeddingSection
from common.isolation import in_threads
from common.models import Model, read_weights
from common.options import read_section
from common.program import UserError, log, run
from common.stage import Stage, Work
from common.states import OK, Outcome, ReelError
from generation.libraries import transformers_library

if TYPE_CHECKING:
    import numpy as np

VERSION = "1"
TEXT = Stage("embedding", "embed_descriptions", VERSION, ".npy", inputs=("description",))
# Of each modality, by the folder of its results.
STAGES = {
    "embedding/text": TEXT,
    "embedding/image": replace(TEXT, inputs=("frames",)),
    "embedding/text+image": replace(TEXT, inputs=("text", "image")),
}
IMAGEBIND = "imagebind"


def save_unit_vector(vector: np.ndarray, work: Work) -> None:
    """Write an embedding; refuse one that is not of unit length."""
    import numpy as np

    if not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise ReelError("error", "the model gave no unit vector")
    np.save(work.artifact(".npy"), vector)


def half_precision(model: Any, settings: EmbeddingSection) -> Callable[[], AbstractContextManager[Any]]:
    """What a model computes within, in the precision of the settings.

    Args:
        model: its linear layers, where nearly all the time goes, are converted once; autocast would convert them anew
            for every reel, to the same numbers.
        settings: precision and device.
    """
    import torch

    if settings.precision == "bfloat16":
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.to(torch.bfloat16)
    return functools.partial(
        torch.autocast, settings.device, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16"
    )


class Embedder:
    """A sentence-transformers model that several threads share.

    Texts are embedded one by one, by one thread each: in a batch, the padding and the shape of the matrices leave their
    mark on the last digits, and a run that was killed and resumed would no longer give the same bytes.

    Args:
        model: verified weights.
        settings: where the model runs, and in which precision.
    """

    def __init__(self, model: Model, settings: EmbeddingSection) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.util import batch_to_device

        transformers_library()
        torch.set_num_threads(1)
        self.torch, self.to_device = torch, batch_to_device
        self.model = SentenceTransformer(str(model.folder), device=settings.device, local_files_only=True)
        self.model.eval()
        self.precision = half_precision(self.model, settings)
        self.max_tokens = int(self.model.max_seq_length or 512)
        self.tokenizing = threading.Lock()  # tokenizers keep state while they truncate

    def encode(self, text: str) -> np.ndarray:
        """The text's embedding: float32 (dimensions,), unit length."""
        with self.tokenizing:
            features = self.model.preprocess([text])
        features = self.to_device(features, self.model.device)
        with self.torch.inference_mode(), self.precision():
            pooled = self.model(features)["sentence_embedding"].float()
            vector: np.ndarray = self.torch.nn.functional.normalize(pooled, dim=1)[0].cpu().numpy()
        return vector

    def tokens(self, text: str) -> int:
        """Length of a text in the model's tokens, before it is cut."""
        with self.tokenizing:
            return len(self.model.tokenizer(text, truncation=False)["input_ids"])

    def embed(self, work: Work) -> Outcome:
        """The core: one description to a vector, and the cleaned text."""
        from texts.descriptions import clean_description

        text = clean_description(work.needed("description").read_text(encoding="utf-8"))
        if not text:
            raise ReelError("no_text")
        save_unit_vector(self.encode(text), work)
        work.artifact(".txt").write_text(text + "\n", encoding="utf-8")
        tokens = self.tokens(text)
        if tokens > self.max_tokens:
            return Outcome("ok", detail=f"{tokens} tokens, of which the first {self.max_tokens} were embedded")
        return OK


class FrameEmbedder:
    """A model of pictures that several threads share: CLIP, SigLIP and others of transformers with image features.

    Args:
        model: verified weights.
        settings: where the model runs, in which precision, and how frames become squares.
    """

    model: Any
    prepare: Callable[[list[Any]], Any]  # RGB squares to what `features` takes
    side: int  # of these squares, in pixels

    def __init__(self, model: Model, settings: EmbeddingSection) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.settings = torch, settings
        self.load(model)
        self.model.to(settings.device).eval()
        self.precision = half_precision(self.model, settings)

    def load(self, model: Model) -> None:
        """Load the model, and what makes its input of pictures."""
        from generation.weights import check_complete

        library = transformers_library()
        self.model, found = library.AutoModel.from_pretrained(
            model.folder, local_files_only=True, dtype=self.torch.float32, output_loading_info=True
        )
        if not hasattr(self.model, "get_image_features"):
            raise UserError(f"{model.name} has no embedding of pictures; embedding.image_model needs one like CLIP")
        check_complete(model.folder, found)
        processor = library.AutoImageProcessor.from_pretrained(model.folder, local_files_only=True)
        self.side = self.model.config.vision_config.image_size
        self.prepare = lambda images: processor(images=images, return_tensors="pt")["pixel_values"]

    def features(self, pixels: Any) -> Any:
        """Pictures (n, 3, side, side) to embeddings of any length (n, dimensions)."""
        return self.model.get_image_features(pixel_values=pixels).pooler_output

    def encode(self, frames: list[Any]) -> np.ndarray:
        """The mean of the frames' unit embeddings, made unit length again: float32 (dimensions,).

        Args:
            frames: RGB images of any size, at least one.
        """
        from generation.pictures import fit_square

        squares = [fit_square(frame, self.settings.fit, self.side) for frame in frames]
        pixels = self.prepare(squares).to(self.settings.device)
        normalize = self.torch.nn.functional.normalize
        with self.torch.inference_mode(), self.precision():
            units = normalize(self.features(pixels).double(), dim=1)
            # In float64, the order of the frames leaves no mark.
            vector: np.ndarray = normalize(units.mean(dim=0), dim=0).float().cpu().numpy()
        return vector

    def embed(self, work: Work) -> Outcome:
        """The core: a reel's frames to a vector."""
        from media.frame_zip import read_facts, read_frames

        path = work.needed("frames")
        names = [frame["file"] for frame in read_facts(path)["frames"]]
        if not names:
            raise ReelError("corrupt", f"{path.name}: no frames")
        save_unit_vector(self.encode(read_frames(path, names)), work)
        return OK


class ImageBindEmbedder(FrameEmbedder):
    """Pictures by ImageBind, where its package is installed."""

    def load(self, model: Model) -> None:
        """See `FrameEmbedder.load`."""
        try:
            package = importlib.import_module("imagebind.models.imagebind_model")
        except ModuleNotFoundError as error:
            raise UserError(
                f"embedding.image_model: imagebind needs the package of that name ({error}). Its licence forbids "
                "commercial use (CC-BY-NC 4.0). If you may use it: pip install --no-deps "
                "git+https://github.com/facebookresearch/ImageBind, and what it then misses; or choose CLIP or SigLIP"
            ) from None
        from safetensors.torch import load_model
        from torchvision.transforms import v2

        self.model = package.imagebind_huge(pretrained=False)
        load_model(self.model, model.folder / "model.safetensors")
        self.side = 224
        self.vision = package.ModalityType.VISION
        # What ImageBind was trained with, which is what CLIP was.
        normalize = v2.Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
        prepare = v2.Compose([v2.ToImage(), v2.ToDtype(self.torch.float32, scale=True), normalize])
        self.prepare = lambda images: self.torch.stack([prepare(image) for image in images])

    def features(self, pixels: Any) -> Any:
        """See `FrameEmbedder.features`."""
        return self.model({self.vision: pixels})[self.vision]


def join(work: Work) -> Outcome:
    """The core of text+image: both vectors side by side, of unit length together; each counts the same."""
    import numpy as np

    parts = [np.load(work.needed(name), allow_pickle=False) for name in ("text", "image")]
    save_unit_vector((np.concatenate(parts) / np.sqrt(2)).astype(np.float32), work)
    return OK


def open_core(settings: EmbeddingSection, models: list[Model]) -> Callable[[Work], Outcome]:
    """What embeds one reel in the modality of the settings."""
    if not models:
        return join
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "embedding.device: cuda: PyTorch sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES; docs/models.md); "
            "`device: cpu` needs none"
        )
    log.info("embedding: loading %s", models[0].name)
    if settings.modality == "text":
        return Embedder(models[0], settings).embed
    return (ImageBindEmbedder if models[0].name == IMAGEBIND else FrameEmbedder)(models[0], settings).embed


def main(arguments: argparse.Namespace) -> None:
    section = read_section(arguments, EmbeddingSection)
    if not isinstance(section.modality, str):
        raise UserError("--modality: one at a time; what text+image is put together from is made before")
    settings = section.only(section.modality)
    stage = replace(STAGES[f"embedding/{settings.modality}"], rows=arguments.rows)
    missing = [name for name in stage.inputs if getattr(arguments, f"{name}_manifest") is None]
    if missing:
        raise UserError(f"--modality {settings.modality} needs --{' and --'.join(missing)}")
    models = read_weights(arguments, settings.weights)
    if settings.modality != "text":
        arguments.imports = None  # what sources bring along are embeddings of descriptions

    def compute(works: list[Work]) -> Iterator[tuple[Work, Outcome]]:
        yield from in_threads(open_core(settings, models), works, arguments.workers)

    run_stage(stage, arguments, settings, compute, models)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    inputs = tuple(name for stage in STAGES.values() for name in stage.inputs)
    options = stage_parser(replace(TEXT, inputs=(), optional=inputs), EmbeddingSection, __doc__, weights=True)
    options.add_argument("--rows", metavar="NAME", help="what rows call the stage, if not `embedding`")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
