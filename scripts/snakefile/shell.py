"""What the shell commands of all rules begin with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def prefix(variables: Mapping[str, str], own_python: bool) -> str:
    """Shell lines that every rule starts with.

    Args:
        variables: of the environment, for the programs.
        own_python: programs run with the interpreter that runs Snakemake (not with a conda environment's).
    """
    lines = [f"export {name}={_quote(value)};" for name, value in variables.items()]
    if own_python:
        lines.append(f"export PATH={_quote(str(Path(sys.executable).parent))}:$PATH;")
    # `exec` replaces the shell, so $PPID is Snakemake's pid: a program can tell that Snakemake is gone.
    lines.append("export ATLAS_PARENT=$PPID;")
    # Without word splitting and patterns a checkout or a store may lie in a folder with spaces in its name.
    return "set -f -euo pipefail; IFS=; " + " ".join(lines) + " "


def numba_cache(checkout: Path) -> Path:
    """Numba's folder: the checkout's, so that each study does not compile anew, or the study's if that is read-only."""
    shared = checkout / "data" / "numba"
    nearest = next(folder for folder in (shared, *shared.parents) if folder.exists())
    return shared if os.access(nearest, os.W_OK) else Path("data/numba").absolute()


def _quote(text: str) -> str:
    # Snakemake formats the prefix, too: braces must be doubled.
    return "'" + text.replace("'", "'\\''").replace("{", "{{").replace("}", "}}") + "'"
