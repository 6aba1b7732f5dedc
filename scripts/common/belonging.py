"""Whose results lie in a folder: two studies never mix in one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

from common.config import Config, ConfigError
from common.files import replace_file

RECORD = "study.json"
# What an earlier version of the workflow left, which kept no record: the resolved configuration.
RESOLVED = "config.yaml"
GIVEN = "config.given.yaml"
# Key of the place that a source of each kind is read from.
PLACES = {"files": "videos", "inst2txt": "database", "exports": "folder", "bundle": "folder"}


def check_belonging(config: Config, results: Path = Path("results")) -> None:
    """Refuse results that belong to another study: one of another name, or with another source.

    Args:
        config: of the study that is to be run.
        results: folder of the results.

    Raises:
        ConfigError: the message has both studies and what to do.
    """
    if not any((results / made).exists() for made in ("creators", "tables")):
        return
    ours = study_identity(config.model_dump(mode="json"))
    file, theirs = next(((name, found) for name in (RECORD, RESOLVED) if (found := _read(results / name))), ("", ours))
    if theirs != ours:
        raise ConfigError(
            f"{results.absolute()} belongs to the study {_shown(theirs)}, but this run is the study {_shown(ours)}. "
            "Give each study a folder of its own (--directory FOLDER); or, where it is the same study under another "
            f"name or in another place, remove {results / file} and run again; or remove {results} (what was computed "
            "is kept in the store)"
        )


def record_belonging(config: Config, results: Path = Path("results")) -> None:
    """Write down whose results these are; called when a run begins."""
    replace_file(results / RECORD, json.dumps(study_identity(config.model_dump(mode="json"))).encode() + b"\n")


def record_given(resolved: str, results: Path = Path("results")) -> None:
    """Write down the configuration of a run when it begins, before the cohort's size has decided what is `auto`.

    Args:
        resolved: the configuration with its defaults, as YAML.
        results: folder of the results.
    """
    replace_file(results / GIVEN, resolved.encode())


def study_identity(config: dict[str, Any]) -> dict[str, str]:
    """Name and source of a study, as text.

    Args:
        config: its whole configuration, as JSON has it.
    """
    source = config["source"]
    kind = source["kind"]
    place = config["hikerapi"]["creators"] if kind == "hikerapi" else source[kind][PLACES[kind]]
    return {"name": config["study"]["name"], "source": f"{kind}: {os.path.normpath(place)}"}


def _read(path: Path) -> dict[str, str] | None:
    """What a record says; None where there is none, or none that can be read."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML
        return {name: str(found[name]) for name in ("name", "source")} if path.name == RECORD else study_identity(found)
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        return None


def _shown(identity: dict[str, str]) -> str:
    return f"{identity['name']!r} (source {identity['source']})"
