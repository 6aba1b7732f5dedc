"""The study that a Snakefile is run for, or one clear message why it cannot be used."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common.belonging import check_belonging
from common.config import (
    ConfigError,
)
from common.mishaps import explain_mishap
from common.program import UserError
from snakefile.configuration import refuse_traps, retyped
from snakefile.study import Study
from sources.registry import SECTIONS

# Keys of a source that are paths.
PATHS = ("videos", "creators", "reels", "follows", "folder", "database")


def open_study(
    checkout: Path,
    given: dict[str, Any],
    names: list[str],
    overrides: dict[str, Any],
    planned: dict[str, Any] | None,
    is_module: bool = False,
    typed: Iterable[str] = (),
) -> Study:
    """The study that a Snakefile is run for; ends Snakemake with one clear message where it cannot be used.

    Args:
        checkout: folder of the Snakefile.
        given: the merged configuration that Snakemake read.
        names: the configuration files that were given.
        overrides: what --config said.
        planned: see `Study`.
        is_module: see `Study`.
        typed: the same as it was typed (`section={key: value}`), in which a key may stand twice.
    """
    from snakemake.exceptions import WorkflowError

    try:
        for text in typed:
            section, _, value = text.partition("=")
            refuse_traps(section, value.strip("'\""))  # as Snakemake does
        study = Study(checkout, retyped(given, overrides), names, planned, overrides, is_module)
        if planned is None:
            check_belonging(study.config)
        return study
    except (ConfigError, UserError) as error:
        raise WorkflowError(f"{error}{_meant_directory(given, names)}") from None
    except Exception as error:
        if mishap := explain_mishap(error):
            raise WorkflowError(mishap) from None
        raise


def _meant_directory(given: Mapping[str, Any], names: list[str]) -> str:
    """The option that was forgotten, where files of the source are not here but beside the study file; else nothing.

    Args:
        given: the configuration.
        names: the configuration files that were given.
    """
    source = given.get("source") or {}
    kind = source.get("kind", "files") if isinstance(source, dict) else ""
    section = SECTIONS.get(kind)
    if not names or section is None:
        return ""
    own = (given if kind == "hikerapi" else source).get(kind) or {}
    usual = section().model_dump() | (own if isinstance(own, dict) else {})
    beside = Path(names[-1]).absolute().parent
    places = [Path(usual[key]) for key in PATHS if isinstance(usual.get(key), str)]
    if not any((beside / place).exists() and not place.exists() for place in places):
        return ""
    return (
        f". Paths are relative to the study's directory, which is {Path.cwd()} unless another is given; the study's "
        f"files lie in {beside}: add --directory {shlex.quote(str(beside))}"
    )
