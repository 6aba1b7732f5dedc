"""Is what the workflow computes on this GPU right? With random weights of full size, in 3 minutes, without a network.

Batches against single reels, a real lack of memory, kinds of attention, pictures and speech against the CPU. Ends with
status 1 where a part fails. With `--tiny` everything is small and on the CPU, which tells only that this program works.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch

import full_size
import others
from generation.requests import Answer
from parts import Parts, environment, options, read
from speech.cuda import REMEDY, has_cuda12

# Largest difference between two ways to compute the scores of the next token, as a share of their spread.
CLOSE = {"float32": 0.001, "float16": 0.05, "bfloat16": 0.2}


def scores(generator: Any, requests: list, together: int) -> torch.Tensor:
    """Scores of the first token of each answer: (requests, vocabulary), in float32."""
    plans = [generator._plan(request) for request in requests]
    found = []
    for first in range(0, len(plans), together):
        batch = generator._prepare(plans[first : first + together])
        kind = generator.model.dtype
        inputs = {
            name: values.to(generator.device, kind if values.is_floating_point() else None)
            for name, values in batch.inputs.items()
        }
        with torch.inference_mode():
            found.append(generator.model(**inputs, logits_to_keep=1).logits[:, -1].float().cpu())
    return torch.cat(found)


def compare(one: torch.Tensor, other: torch.Tensor, dtype: str) -> dict[str, float]:
    """How far two are apart; raises AssertionError where that is too far, or no numbers."""
    assert torch.isfinite(one).all(), "scores that are not finite"
    assert torch.isfinite(other).all(), "scores that are not finite"
    spread = other.std(dim=1).mean().item()
    assert spread > 0, "all scores are the same"
    apart = (one - other).abs().max().item() / spread
    assert apart <= CLOSE[dtype], f"{apart:.4f} of the spread apart, {CLOSE[dtype]} allowed in {dtype}"
    return {"largest_difference_over_spread": round(apart, 5)}


class Descriptions:
    """A model of full size, loaded once for several parts."""

    def __init__(self, folder: Path, device: str, quantization: str, dtype: str, frames: int, number: int) -> None:
        self.generator = full_size.load(folder, device, quantization, dtype)
        self.device, self.dtype, self.reels = device, dtype, full_size.reels(number, frames)

    def batches(self) -> dict[str, Any]:
        """A reel in a batch has the scores it has alone."""
        alone = scores(self.generator, self.reels, 1)
        return compare(scores(self.generator, self.reels, len(self.reels)), alone, self.dtype) | self.generator.facts

    def lack_of_memory(self) -> dict[str, Any]:
        """A process that may have a third of the card runs out of it, goes on, and answers all reels."""
        sizes, real = [], self.generator._answer

        def noted(batch: Any) -> Any:
            sizes.append([len(batch.plans), "out of memory"])
            answers = real(batch)
            sizes[-1][1] = "ok"
            return answers

        self.generator._answer = noted
        full_size.answer_in(self.generator, 16)
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction(0.3)
        try:
            asked = self.reels * 3
            asked = [type(one)(**{**vars(one), "name": f"{number}"}) for number, one in enumerate(asked)]
            answers = [answer for _, answer in self.generator.generate(asked)]
        finally:
            if self.device == "cuda":
                torch.cuda.set_per_process_memory_fraction(1.0)
            self.generator._answer = real
            full_size.answer_in(self.generator, 256)
        problems = [str(answer) for answer in answers if not isinstance(answer, Answer)]
        assert not problems, problems[:3]
        assert self.device != "cuda" or any(said != "ok" for _, said in sizes), (
            "memory did not run out: nothing is shown"
        )
        return {"batches": sizes, "answered": len(answers)}

    def free(self) -> None:
        del self.generator
        if self.device == "cuda":
            torch.cuda.empty_cache()


def attention(folder: Path, device: str, dtype: str, frames: int) -> dict[str, Any]:
    """PyTorch's attention and flash attention, where it is installed, against the plain one."""
    import importlib.util

    asked, found = full_size.reels(2, frames), {}
    kinds = ["eager", "sdpa", *(["flash_attention_2"] if importlib.util.find_spec("flash_attn") else [])]
    for kind in kinds:
        generator = full_size.load(folder, device, "none", dtype, kind)
        found[kind] = scores(generator, asked, 2)
        del generator
    return {kind: compare(found[kind], found["eager"], dtype) for kind in kinds[1:]}


def pictures(folder: Path, device: str, tiny: bool) -> dict[str, float]:
    """Vectors of frames on the GPU are those of the CPU."""
    others.clip(folder, tiny)
    frames = others.frames()
    here, there = (torch.tensor(others.embedder(folder, where).encode(frames)) for where in (device, "cpu"))
    cosine = torch.cosine_similarity(here.flatten(), there.flatten(), dim=0).item()
    assert cosine > 0.999, cosine
    return {"cosine": round(cosine, 6)}


def speech(folder: Path, device: str, tiny: bool) -> dict[str, Any]:
    """Languages of clips in a batch are those of each alone; which program can use the GPU is said."""
    others.whisper(folder, device, tiny)
    engine, clips = others.transcriber(folder, device), others.clips(2 if tiny else 8)
    together = engine.languages(clips)
    alone = [engine.languages([clip])[0] for clip in clips]
    apart = max(abs(one[1] - other[1]) for one, other in zip(together, alone, strict=True))
    assert apart < 0.02, f"probabilities of languages differ by {apart}"
    return {
        "largest_difference": round(apart, 5),
        "faster-whisper on the GPU": "yes" if has_cuda12() else f"no CUDA 12: {REMEDY}",
    }


def main() -> int:
    given = read(options(__doc__, 200.0), "check")
    parts, tiny, device = Parts(given), given.tiny, given.device
    folder = given.work / ("tiny" if tiny else "llava")
    frames, number = (full_size.TINY_FRAMES, 2) if tiny else (full_size.FRAMES, 8)
    parts.run("environment", 1, lambda: environment(device))
    parts.run("weights", 60, lambda: full_size.make_model(folder, tiny, device))
    for quantization, dtype in [("none", "float32")] if tiny else [("nf4", "float16"), ("none", "bfloat16")]:
        name = f"{quantization} {dtype}"
        model = parts.run(
            f"{name}: loaded",
            25,
            lambda: Descriptions(folder, device, quantization, dtype, frames, number),  # noqa: B023
        )
        if model:
            parts.run(f"{name}: batches", 10, model.batches)
            parts.run(f"{name}: lack of memory", 20, model.lack_of_memory)
            model.free()
            del model
    parts.run("attention", 30, lambda: attention(folder, device, "float32" if tiny else "bfloat16", frames))
    parts.run("pictures", 10, lambda: pictures(given.work / "clip", device, tiny))
    parts.run("speech", 15, lambda: speech(given.work / "whisper", device, tiny))
    return parts.status()


if __name__ == "__main__":
    sys.exit(main())
