"""Run the benchmarks one after another: `make bench`. Each compares with the obvious alternative, within one run."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from aims import results

HERE = Path(__file__).resolve().parent
PROGRAMS = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
LIBRARIES = ("numpy", "av", "torch", "sentence-transformers", "snakemake")


def machine() -> str:
    """The processor, and the versions that matter."""
    cpus = Path("/proc/cpuinfo")  # Linux only
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    models = {line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return (
        f"{', '.join(sorted(models)) or platform.machine()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
        f"Python {platform.python_version()}, {versions}"
    )


def run(program: Path) -> tuple[int, str]:
    """Run a benchmark and show what it prints; its exit code, and what it printed."""
    printed = []
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            printed.append(line)
    return process.returncode, "".join(printed)


def table(rows: list[list[str]]) -> str:
    """Rows in columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", metavar="NAME", choices=PROGRAMS, help=f"one of them: {', '.join(PROGRAMS)}")
    only = options.parse_args().only
    print(machine(), flush=True)
    failed = []
    found = [["what", "measured", "aim", "reached"]]
    for name, program in PROGRAMS.items():
        if only in (None, name):
            print(f"\n== {name}", flush=True)
            start, load = time.perf_counter(), os.getloadavg()[0]
            code, output = run(program)
            print(f"({time.perf_counter() - start:.0f} s; load before {load:.1f})")
            found += results(output)
            failed += [f"{name} (exit code {code})"] if code else []
    print(f"\n{table(found)}")
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
