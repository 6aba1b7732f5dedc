"""Searches a study for files that still name people."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from common.config import Config
from common.handles import printable
from common.stages import STAGES
from opting_out.search import Search
from purging.cleaner import Cleaner
from sources.creators_list import COLUMNS
from sources.hikerapi_answers import CLIPS, FOLLOWING, PROFILE, PROFILE_BY_ID

CHECKOUT = Path(__file__).resolve().parents[2]
# Nobody's data: environments and weights, and where the study lies in the checkout, the program itself.
NOT_SEARCHED = (".git", ".venv", "data/models", "data/numba")
PROGRAM = (
    *("scripts", "rules", "tests", "docs", "envs", "profiles", "slurm", "report", "atlas", "data/demo", "data/paper"),
    *(".ci", ".github", ".gitignore", ".dockerignore", "Dockerfile", "apptainer.def", "Snakefile", "Makefile"),
    *("workflow", ".snakemake-workflow-catalog.yml", "codemeta.json"),
    *("LICENSE", "CITATION.cff", "README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("pyproject.toml", "requirements.in", "requirements.lock", "requirements-flash-attn.txt", "requirements-vllm.txt"),
)
# The words of the program's own files, which are not searched for although somebody may be called so.
WORDS = " ".join(
    [
        json.dumps(Config.model_json_schema()), *COLUMNS, *STAGES, "index", "imports", "entry", "calls", "avatars",
        "download", "tombstones", "pending", "journal", "benchmarks", "logs", "figures", "tables", "metadata", "locks",
        PROFILE, PROFILE_BY_ID, CLIPS, FOLLOWING, "collect", "links", "modalities", "distinctions", "summary",
    ]
)  # fmt: skip


def find_leftovers(
    cleaner: Cleaner, config: Config, as_begun: Mapping[Path, str], passed_over: Collection[Path]
) -> tuple[list[Path], list[Path]]:
    """Return the files and folders that name the people, and those that possibly do.

    Args:
        cleaner: knows the people, and the places of the study.
        config: of the study.
        as_begun: texts that `make study` wrote: files that nobody has changed since are not searched.
        passed_over: files that are not searched.
    """
    certain: list[Path] = []
    possible: list[Path] = []
    for path in _all_files(cleaner.places, config, as_begun):
        if path not in passed_over:
            try:
                if names(cleaner.possible, path):
                    (certain if names(cleaner.certain, path) else possible).append(path)
            except OSError:  # a file that cannot be read may name anybody
                certain.append(path)
    return certain, possible


def names(search: Search, path: Path) -> bool:
    """Whether the name, target or content of a file, folder or link names the people; raises OSError."""
    if path.is_symlink():
        return search.in_name(printable(path.name)) or search.in_text(printable(str(path.readlink())))
    return search.in_name(printable(path.name)) or (path.is_file() and search.in_file(path))


def _all_files(places: list[Path], config: Config, as_begun: Mapping[Path, str]) -> Iterator[Path]:
    """Yield every file and folder of the study that may hold data of people."""
    here, *others = places
    skipped = {place / name for place in (here, CHECKOUT) for name in NOT_SEARCHED}
    skipped |= {CHECKOUT / name for name in PROGRAM}
    skipped |= {path for path, text in as_begun.items() if _has_text(path, text)}
    skipped |= {Path(config.models.directory or "data/models").resolve(), *here.glob(".snakemake/conda*")}
    for root in (here, *(root for root in others if not root.is_relative_to(here))):
        for folder, subfolders, files in os.walk(root):
            subfolders[:] = [name for name in sorted(subfolders) if Path(folder, name) not in skipped]
            paths = (Path(folder, name) for name in (*subfolders, *sorted(files)))
            yield from (path for path in paths if path not in skipped)


def _has_text(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
