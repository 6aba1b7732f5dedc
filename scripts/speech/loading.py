"""Which of the two programs that run Whisper a study takes, and what its settings come to on this machine."""

from __future__ import annotations

from functools import cache

from common.config import TranscriptSection
from common.models import Model
from common.program import UserError, log
from speech.cuda import LIBRARIES, REMEDY, has_cuda12
from speech.engines import Engine


def load_engine(model: Model, settings: TranscriptSection, threads: int) -> Engine:
    """Load the weights into the program that the settings name."""
    device, precision = resolve(settings.backend, settings.device, settings.compute_type)
    if settings.backend == "openai-whisper":
        from speech.original import OriginalWhisper

        return OriginalWhisper(model, settings, device, precision, threads)
    from speech.faster import FasterWhisper

    return FasterWhisper(model, settings, device, precision, threads)


@cache
def resolve(backend: str, device: str, precision: str) -> tuple[str, str]:
    """Device and precision that the settings lead to on this machine.

    Args:
        backend: faster-whisper or openai-whisper.
        device: auto, cpu or cuda.
        precision: auto, int8, float16 or float32.

    Returns:
        cpu or cuda; int8, float16 or float32.

    Raises:
        UserError: the machine or the program cannot do that.
    """
    original = backend == "openai-whisper"
    gpu = device != "cpu" and (_torch_sees_gpu() if original else _ctranslate2_sees_gpu())
    if device == "cuda" and not gpu:
        raise UserError(
            f"transcript.device: cuda: {backend} sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES; docs/models.md); "
            "`device: auto` takes what there is"
        )
    if gpu and not original and not has_cuda12():
        missing = f"faster-whisper needs CUDA 12 on a GPU, and {LIBRARIES[-1]} is not here"
        if device == "cuda":
            raise UserError(f"transcript.device: cuda: {missing}: {REMEDY}")
        log.warning("%s, so the CPU transcribes, which is slower. To use the GPU, %s", missing, REMEDY)
        gpu = False
    found = "cuda" if gpu else "cpu"
    if precision == "auto":
        precision = "float16" if gpu else "float32" if original else "int8"
    possible = _precisions(original, found)
    if precision not in possible:
        raise UserError(
            f"transcript.compute_type: {backend} cannot run in {precision} on this machine's "
            f"{'GPU' if gpu else 'CPU'}; "
            f"possible: auto, {', '.join(possible)}"
        )
    return found, precision


def _precisions(original: bool, device: str) -> list[str]:
    if original:
        return ["float16", "float32"] if device == "cuda" else ["float32"]
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device)
    return [precision for precision in ("int8", "float16", "float32") if precision in supported]


def _torch_sees_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def _ctranslate2_sees_gpu() -> bool:
    import ctranslate2

    return bool(ctranslate2.get_cuda_device_count() > 0)
