"""How fast is this GPU? With random weights of full size, in four minutes, without a network: a table for docs/gpu.md.

NF4 and bfloat16, 1 to 32 reels of 24 frames together, peak memory against the plan, a whole run, pictures, speech, and
vLLM where its program is given (`--vllm`). With `--tiny` everything is small and on the CPU: those numbers say nothing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch

import full_size
import others
from common.config import VllmSection
from common.models import Model
from generation.requests import Answer
from generation.vllm import VllmGenerator
from parts import Parts, environment, options, read

SIZES = (1, 2, 4, 8, 16, 32)
SHORT, LONG = 1, 65  # tokens of answers whose times are subtracted
TYPICAL = 150  # tokens of a description


def seconds(device: str, work: Any) -> float:
    full_size.wait(device)
    begun = time.monotonic()
    work()
    full_size.wait(device)
    return time.monotonic() - begun


def answered(generator: Any, requests: list) -> None:
    for request, answer in generator.generate(requests):
        assert isinstance(answer, Answer), f"{request.name}: {answer}"


class Local:
    """Descriptions by transformers, in one precision."""

    def __init__(self, folder: Path, device: str, quantization: str, dtype: str, frames: int, long: int) -> None:
        begun = time.monotonic()
        self.generator = full_size.load(folder, device, quantization, dtype)
        full_size.wait(device)
        self.device, self.frames, self.long = device, frames, long
        self.facts: dict[str, Any] = {"load_s": round(time.monotonic() - begun, 1), **self.generator.facts}
        if device == "cuda":
            self.facts["weights_gb"] = full_size.gigabytes(torch.cuda.memory_allocated())
        full_size.answer_in(self.generator, 2)
        answered(self.generator, full_size.reels(1, frames))  # the very first one warms up

    def together(self, size: int) -> dict[str, Any]:
        """Seconds until the first token, of each further one, and memory, with so many reels together."""
        asked, took = full_size.reels(size, self.frames), {}
        self.generator.batch_size = size
        before = peak = 0
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
        for tokens in (SHORT, self.long):
            full_size.answer_in(self.generator, tokens)
            took[tokens] = seconds(self.device, lambda: answered(self.generator, asked))
        if self.device == "cuda":
            peak = torch.cuda.max_memory_allocated() - before
        step = (took[self.long] - took[SHORT]) / (self.long - SHORT)
        tokens = self.generator._plan(asked[0]).tokens + 256
        self.generator.batch_size = max(SIZES)
        return {
            "reels": size, "first_s": round(took[SHORT], 3), "step_ms": round(1000 * step, 2),
            "reel_s": round((took[SHORT] + (TYPICAL - SHORT) * step) / size, 3),
            "peak_gb": full_size.gigabytes(peak), "planned_together": self.generator._fitting(tokens),
        }  # fmt: skip

    def whole_run(self, number: int, tokens: int) -> dict[str, Any]:
        """As the program does it: as many together as are planned, frames of the next batch decoded meanwhile."""
        full_size.answer_in(self.generator, tokens)
        took = seconds(self.device, lambda: answered(self.generator, full_size.reels(number, self.frames)))
        return {"reels": number, "tokens": tokens, "reel_s": round(took / number, 3)}


def vllm(folder: Path, command: str, number: int, tokens: int, frames: int, log_file: Path) -> dict[str, Any]:
    """The same reels on a vLLM server."""
    begun = time.monotonic()
    model = Model("llava", "random", "0" * 64, folder)
    made = VllmGenerator(model, VllmSection(command=command), log_file, send="video", max_new_tokens=tokens)
    ready = time.monotonic() - begun
    took = seconds("cpu", lambda: answered(made, full_size.reels(number, frames)))
    made.server.stop()
    return {
        "reels": number,
        "tokens": tokens,
        "reel_s": round(took / number, 3),
        "load_s": round(ready, 1),
        **made.facts,
    }


def pictures(folder: Path, device: str, tiny: bool) -> dict[str, float]:
    """Seconds for the frames of a reel."""
    others.clip(folder, tiny)
    frames, found = others.frames(), {}
    for precision in ("float32", "bfloat16"):
        made = others.embedder(folder, device, precision)
        made.encode(frames)
        found[precision] = round(min(seconds(device, lambda: made.encode(frames)) for _ in range(3)), 4)  # noqa: B023
    return found


def speech(folder: Path, device: str, tiny: bool) -> dict[str, float]:
    """Seconds for a clip of 30 s, alone and together."""
    others.whisper(folder, device, tiny)
    clips, found = others.clips(2 if tiny else 16), {}
    engine = others.transcriber(folder, device)
    for number in (1, len(clips)):
        part = clips[:number]
        took = seconds(device, lambda: engine.first_windows(part, "transcribe", ["en"] * len(part)))  # noqa: B023
        found[f"{number} together"] = round(took / number, 3)
    return found


def table(found: dict[str, Any]) -> str:
    """Markdown of what was measured."""
    machine = found.get("environment", {})
    lines = [
        f"Measured on {machine.get('gpu', 'a CPU, with tiny models (these numbers say nothing)')}, driver "
        f"{machine.get('driver')}, CUDA {machine.get('cuda')}, PyTorch {machine.get('torch')}, transformers "
        f"{machine.get('transformers')}, bitsandbytes {machine.get('bitsandbytes')}; random weights of full size, "
        f"{full_size.FRAMES} frames a reel, {TYPICAL} tokens an answer.",
        "",
        "| precision | reels | first token (s) | each further one (ms) | a reel (s) | memory (GB) | planned together |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in found.items():
        if isinstance(row, dict) and "step_ms" in row:
            cells = [row[key] for key in ("reels", "first_s", "step_ms", "reel_s", "peak_gb", "planned_together")]
            lines.append(f"| {name.split(':')[0]} | " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| what | measured |", "| --- | --- |"]
    for name, row in found.items():
        if isinstance(row, dict) and "step_ms" not in row and name not in ("environment", "weights"):
            lines.append(f"| {name} | " + ", ".join(f"{key} {value}" for key, value in row.items()) + " |")
        elif isinstance(row, str):
            lines.append(f"| {name} | {row} |")
    return "\n".join(lines)


def main() -> int:
    made = options(__doc__, 240.0)
    made.add_argument("--vllm", metavar="COMMAND", help="also measure vLLM: the path of its program")
    given = read(made, "bench")
    parts, tiny, device = Parts(given), given.tiny, given.device
    folder = given.work / ("tiny" if tiny else "llava")
    frames = full_size.TINY_FRAMES if tiny else full_size.FRAMES
    number, tokens = (3, 8) if tiny else (24, 256)
    parts.run("environment", 1, lambda: environment(device))
    parts.run("weights", 60, lambda: full_size.make_model(folder, tiny, device))
    for quantization, dtype in [("none", "float32")] if tiny else [("nf4", "float16"), ("none", "bfloat16")]:
        name, models = f"{quantization} {dtype}", []

        def loaded(quantization: str = quantization, dtype: str = dtype, models: list = models) -> dict[str, Any]:
            models.append(Local(folder, device, quantization, dtype, frames, 5 if tiny else LONG))
            return models[0].facts

        parts.run(f"{name}: loaded", 25, loaded)
        for model in models:
            parts.run(f"{name}: whole run", 25, lambda model=model: model.whole_run(number, tokens))
            for size in SIZES[:2] if tiny else SIZES:
                parts.run(f"{name}: {size}", 8 + size / 2, lambda size=size, model=model: model.together(size))
            del model.generator
        models.clear()
        if device == "cuda":
            torch.cuda.empty_cache()
    parts.run("pictures, s a reel", 10, lambda: pictures(given.work / "clip", device, tiny))
    parts.run("speech, s a clip of 30 s", 15, lambda: speech(given.work / "whisper", device, tiny))
    if given.vllm:
        log_file = given.work / "vllm.log"
        parts.run("vLLM", 60, lambda: vllm(folder, given.vllm, 3 if tiny else 96, tokens, frames, log_file))
    print(f"\n{table(parts.found)}\n")
    return parts.status()


if __name__ == "__main__":
    sys.exit(main())
