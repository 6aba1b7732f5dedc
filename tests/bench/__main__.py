"""Run the benchmarks one after another: `make bench`. Ratios against the obvious alternative, measured in one run."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def machine() -> str:
    """The processor and the versions that matter."""
    names = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "av", "torch", "scenedetect-headless")
    )
    return (
        f"{len(names)} x {names[0] if names else platform.processor()}, Python {platform.python_version()}, {versions}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", metavar="NAME", help="one of them: frames, permutation, workflow")
    wanted = options.parse_args().only
    print(machine(), f"load {os.getloadavg()[0]:.1f}", flush=True)
    failed = []
    for program in sorted(HERE.glob("bench_*.py")):
        name = program.stem.removeprefix("bench_")
        if wanted in (None, name):
            print(f"\n== {name}", flush=True)
            if subprocess.run([sys.executable, program], check=False).returncode:
                failed.append(name)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
