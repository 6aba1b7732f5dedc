"""Parts that are run one after another: what one finds is kept, one that fails or would end too late stops no other."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


class Parts:
    """Runs parts in the time there is, and keeps what they found in a JSON file.

    Attributes:
        found: by part.
        failed: names of parts that failed.
        left_out: names of parts for which there was no time.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.begun = options, time.monotonic()
        self.found: dict[str, Any] = {}
        self.failed, self.left_out = list[str](), list[str]()

    @property
    def left_s(self) -> float:
        return self.options.seconds - (time.monotonic() - self.begun)

    def run(self, name: str, needs_s: float, work: Callable[[], Any]) -> Any:
        """What a part finds; None where it failed or was left out."""
        if self.left_s < needs_s and not self.options.tiny:
            self.left_out.append(name)
            self.found[name] = f"left out: {self.left_s:.0f} s left, {needs_s:.0f} wanted"
            return None
        begun, result = time.monotonic(), None
        try:
            result = self.found[name] = work()
        except Exception as error:  # the other parts must still be run
            self.failed.append(name)
            self.found[name] = f"FAILED {type(error).__name__}: {str(error)[:300]}"
            traceback.print_exc()
        took = time.monotonic() - begun
        print(f"{name} ({took:.1f} s): {json.dumps(self.found[name], default=str)[:1500]}", flush=True)
        self.options.out.parent.mkdir(parents=True, exist_ok=True)
        self.options.out.write_text(json.dumps(self.found, indent=1, default=str) + "\n")
        return result

    def status(self) -> int:
        """Exit status: 1 where a part failed or was left out, as nothing is known of it then."""
        for kind, names in (("failed", self.failed), ("left out, for want of time", self.left_out)):
            if names:
                print(f"{kind}: {', '.join(names)}")
        return int(bool(self.failed or self.left_out))


def options(description: str | None, seconds: float) -> argparse.ArgumentParser:
    """What both programs take."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seconds", type=float, default=seconds, help="stop in time [%(default)s]")
    made.add_argument("--work", type=Path, default=Path("data/gpu"), help="folder for 15 GB of weights [%(default)s]")
    made.add_argument("--out", type=Path, default=None, help="JSON file to write [WORK/<program>.json]")
    made.add_argument("--tiny", action="store_true", help="all is small and on the CPU: does this program work?")
    return made


def read(made: argparse.ArgumentParser, name: str) -> argparse.Namespace:
    """The options; ends the program where there is no GPU."""
    given = made.parse_args()
    if not given.tiny and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here (nvidia-smi; CUDA_VISIBLE_DEVICES). On a CPU: --tiny")
    given.device = "cpu" if given.tiny else "cuda"
    given.work.mkdir(parents=True, exist_ok=True)
    given.out = given.out or given.work / f"{name}.json"
    return given


def environment(device: str) -> dict[str, Any]:
    """Card, driver and versions."""
    found: dict[str, Any] = {"python": sys.version.split()[0], "cores": os.cpu_count(), "cuda": torch.version.cuda}
    for name in ("torch", "transformers", "bitsandbytes", "flash_attn", "openai-whisper", "faster-whisper"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    if device == "cuda":
        found |= {"gpu": torch.cuda.get_device_name(), "memory_gb": round(torch.cuda.mem_get_info()[1] / 1e9, 1)}
        if shutil.which("nvidia-smi"):
            asked = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
            found["driver"] = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split("\n")[0]
    return found
