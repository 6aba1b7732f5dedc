"""The end of a run of the workflow: what Snakemake knows of it becomes its summary and, where it failed, its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from common.config import Config, parse_config
from reporting.page import write_page
from reporting.results import Results
from reporting.summary import PAGE, Ended, FailedStep, write_summary

RESULTS = Path("results")


def tell_end(
    config: Config,
    made: Sequence[str],
    failed: Sequence[tuple[str, Mapping[str, str], Sequence[str]]],
    notices: Sequence[str],
    finished: bool,
) -> str:
    """Write the summary, and the page of a run that failed; returns the summary's lines.

    Args:
        config: of the study, as it was given.
        made: paths of the results that are in step with the run.
        failed: name, wildcards and logs of each job that failed.
        notices: what in the source concerns nobody.
        finished: whether all jobs succeeded.
    """
    current = {Path(path).relative_to(RESULTS).as_posix() for path in made if Path(path).is_relative_to(RESULTS)}
    results = Results(RESULTS, current)
    steps = [
        FailedStep(
            " ".join([name, *(f"{key} {value}" for key, value in wildcards.items())]), Path(logs[0]) if logs else None
        )
        for name, wildcards, logs in failed
    ]
    resolved = results.file("config.yaml")
    if resolved is not None:  # with a number for each `auto`
        config = parse_config(yaml.safe_load(resolved.read_text(encoding="utf-8")), str(resolved))
    ended = Ended(results, config, finished, steps, notices)
    if not finished:
        write_page(RESULTS / PAGE, ended)
    return write_summary(ended)
