"""A bundle brings data along, and nothing that a study would run, ask or obey.

Imports stay light: the Snakefile looks here whenever a study reads a bundle.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.config import Config, ConfigError, parse_config
from common.strict_yaml import StrictError, read_strictly

STUDY_FILE = "study.yaml"
# Sections of a study that a reader of the bundle needs to make the same of it.
OF_ANALYSIS = ("profile", "map", "cluster", "hypotheses", "robustness")
OF_STUDY = ("name", "synthetic", "seed")
SOURCE = {"kind": "bundle", "bundle": {"folder": "bundle"}}
# Settings of the tests that name programs, files and columns of the authors' own; empty in a bundle.
OWN = ("own_tests", "compare", "controls")
# Tables that a study is made from; a bundle that keeps people from being found has fewer.
NEEDED = {"profiles": ("reels", "status"), "edges": ("follows", "edges")}


def study_faults(folder: Path) -> list[str]:
    """What a bundle's study.yaml says besides settings of the analysis, each in a sentence; nothing: all is well."""
    path = folder / STUDY_FILE
    if not path.exists():
        return []
    try:
        given = read_strictly(path).data  # a key given twice would hide the first of the two
        parse_config(given, str(path))
    except (OSError, ValueError, StrictError, ConfigError) as error:
        return [f"{path}: is not the study of a bundle: {error}"]
    found = [key for key in given if key not in ("study", "source", *OF_ANALYSIS)]
    found += [f"study.{key}" for key in given.get("study") or {} if key not in OF_STUDY]
    found += [f"hypotheses.{key}" for key in OWN if (given.get("hypotheses") or {}).get(key)]
    if given.get("source") != SOURCE:
        found.append("source")
    return [
        f"{path}: `{key}`: the study of a bundle says how the tables are analysed, and names no programs, files, "
        "addresses or models. Do not run it: ask who published it, or write a study of your own"
        for key in found
    ]


def check_study(config: Config, names: list[str]) -> None:
    """Refuse a study that takes more than data from its bundle.

    Args:
        config: of the study.
        names: its configuration files.

    Raises:
        ConfigError: names the key, the file and the remedy.
    """
    folder = Path(config.source.bundle.folder)
    faults = study_faults(folder)
    for name in names:
        if _inside(folder, name) and Path(name).resolve() != (folder / STUDY_FILE).resolve():
            faults.append(f"{name}: a file of the bundle is no study; write one of your own, or take its {STUDY_FILE}")
    for key, value in _texts(config.model_dump(mode="json"), ""):
        if key not in ("study.name", "source.bundle.folder") and _inside(folder, value):
            faults.append(
                f"`{key}`: {value} is a file of the bundle {folder}, and a bundle is data: nothing of it is run, "
                "followed or written to. Read the file; if you want to use it, copy it to a folder of your own"
            )
    if faults:
        raise ConfigError("\n".join(faults))


def check_remakeable(folder: Path) -> None:
    """Refuse a bundle that was published without what a study is made from.

    Raises:
        ConfigError: says what the bundle lacks, and what it has instead.
    """
    lacking = [
        item
        for item, tables in NEEDED.items()
        if not all((folder / "tables" / f"{table}.parquet").is_file() for table in tables)
    ]
    if lacking:
        raise ConfigError(not_remakeable(folder, lacking))


def not_remakeable(folder: Path, lacking: list[str]) -> str:
    """What to say of a bundle without some of NEEDED."""
    return (
        f"source.bundle.folder: {folder}: this bundle was published without {' and '.join(lacking)}, so that nobody "
        "can be found in it: map, clusters, tests and figures cannot be made again from it. What its authors made is "
        "in it as made: figures/, findings/ (tests, effect sizes, mixing matrix, numbers), and tables of groups of "
        f"creators; {folder / 'README.md'} says what each file is. For a study of it, ask the authors for a bundle "
        "with `publish.allow: [profiles, edges]`"
    )


def _inside(folder: Path, value: str) -> bool:
    """Whether a text names something in a folder, by whatever way."""
    try:
        path = Path(value).expanduser()
        return path.exists() and folder.resolve() in path.resolve().parents
    except (OSError, ValueError, RuntimeError):  # no path at all
        return False


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """All texts of a configuration, with the keys they are under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
