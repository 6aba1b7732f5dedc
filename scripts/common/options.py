"""Command-line options of the programs, made from the configuration's sections.

A rule passes a whole section as options (``section_options``), the program reads it back (``read_section``) through
the same strict model: no program reads a configuration file, and each is complete with its ``--help``.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
from typing import Any

import yaml

from common.config import AnySection, ConfigError, Section, parse_section
from common.strict_yaml import StrictError, load_strictly


def section_options(section: Section, prefix: str = "") -> str:
    """The section as shell-quoted options, e.g. ``--beam-size=5 --vad=true``, in the order of the model's fields.

    Args:
        section: values.
        prefix: in front of each option's name, for programs that take two sections with fields of the same name.
    """
    # With the equals sign: argparse would take a value with a leading dash for another option.
    return " ".join(
        f"{_option(name, prefix)}={shlex.quote(_as_text(value))}"
        for name, value in section.model_dump(mode="json").items()
    )


def _option(name: str, prefix: str) -> str:
    return f"--{prefix}-{name}".replace("_", "-") if prefix else f"--{name}".replace("_", "-")


def _as_text(value: Any) -> str:
    # Plain words stay readable without quotes; what would be read back as something else is written as JSON.
    # (argparse drops a value that is two dashes.)
    plain = isinstance(value, str) and value.isprintable() and value != "--" and _is_itself(value)
    return value if plain else json.dumps(value)


def _is_itself(text: str) -> bool:
    try:
        return bool(_read(text) == text)
    except StrictError:
        return False


def add_section(parser: argparse.ArgumentParser, model: type[Section], prefix: str = "") -> None:
    """Add one option for each field of a section, with its default and description."""
    group = parser.add_argument_group(f"settings ({model.__doc__ or model.__name__})".replace("\n", " "))
    defaults = model().model_dump(mode="json")
    for name, field in model.model_fields.items():
        text = f"{field.description} [{_as_text(defaults[name])}]".replace("%", "%%")
        group.add_argument(_option(name, prefix), metavar="VALUE", help=text)


def read_section(arguments: argparse.Namespace, model: type[AnySection], prefix: str = "") -> AnySection:
    """The section that the options say; raises ConfigError as for a study file."""
    given = {name: getattr(arguments, f"{prefix}_{name}" if prefix else name) for name in model.model_fields}
    values: dict[str, Any] = {}
    for name, text in given.items():
        try:
            values |= {} if text is None else {name: _read(text)}
        except StrictError as error:
            raise ConfigError(f"{_option(name, prefix)}: {error}") from None
    return parse_section(model, values, "options")


def _read(text: str) -> Any:
    # JSON first: YAML takes 1e-05 for a word, and the two halves of an escaped emoji for two characters.
    try:
        found = json.loads(text)
        if isinstance(found, float) and math.isfinite(found):
            load_strictly(text)  # 1.500
        return found
    except (ValueError, RecursionError):
        pass
    if "#" in text:  # options have no comments
        return text
    try:
        yaml.safe_load(text)
    except Exception:  # not YAMLError alone: PyYAML stumbles over 2024-13-45. "[old] videos" is meant as it stands
        return text
    return load_strictly(text).data  # 010, 1:30 and the like are refused, as in a study file
