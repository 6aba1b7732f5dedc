"""The configuration that Snakemake read, compared with what the files and --config say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from common.config import (
    ConfigError,
    Places,
    read_content,
)
from common.strict_yaml import StrictError, differences, load_strictly


def retyped(given: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the types that command-line values mean.

    Snakemake reads nested values of --config as text ({seed: 7} becomes {"seed": "7"}).
    """
    found = dict(given)
    for key, value in overrides.items():
        if isinstance(value, dict):
            found[key] = retyped(found.get(key) or {}, value)
        elif isinstance(value, str):
            try:
                found[key] = yaml.safe_load(value)
            except (yaml.YAMLError, ValueError):  # text that only looks like YAML
                found[key] = value
            else:
                refuse_traps(key, value)
    return found


def refuse_traps(key: str, value: str) -> None:
    try:
        load_strictly(value)
    except StrictError as error:
        raise ConfigError(f"--config: {key}: {error}") from None


def config_files(workflow: Any, given: dict[str, Any]) -> list[str]:
    """The files that a configuration was read from, later ones before earlier ones.

    Args:
        workflow: Snakemake's.
        given: the configuration that the Snakefile got.

    Returns:
        Files that a Snakefile names (`configfile:`), then those of --configfile, which change what the former say.
        Nothing where a Snakefile that uses the workflow as a module has made its configuration in another way.
    """
    if given is not workflow.modifier_stack[0].globals["config"]:
        return []
    last = [str(name) for name in workflow.config_settings.configfiles]
    return [name for name in map(str, workflow.configfiles) if name not in last] + last


def check_files(names: list[str], given: Mapping[str, Any], overrides: Mapping[str, Any]) -> Places:
    """Read the configuration files again, strictly, and compare what they say with what Snakemake read.

    Args:
        names: the files, later ones before earlier ones.
        given: the configuration that is in force.
        overrides: what --config said.

    Returns:
        Where in the file each key is, if there is one file; nothing for several.

    Raises:
        ConfigError: a file can be misunderstood, or something else is in force than it says.
    """
    from snakemake.utils import update_config

    contents = [read_content(Path(name), os.path.relpath(name)) for name in names]
    said: dict[str, Any] = {}
    for name, content in zip(names, contents, strict=True):
        if not isinstance(content.data, dict | None):
            raise ConfigError(f"{os.path.relpath(name)}: expected sections like `study:` and `source:`")
        update_config(said, content.data or {})
    update_config(said, overrides)
    differing = differences(retyped(said, dict(overrides)), given)
    if differing:
        raise ConfigError(
            f"{', '.join(os.path.relpath(name) for name in names)}: {', '.join(f'`{key}`' for key in differing)}: "
            "Snakemake has read something else than the file says; write it in plain YAML, without templates"
        )
    return contents[0].places if len(contents) == 1 else {}
