"""Hypotheses about the follow network: one function per test, one record per result.

A test takes a `Study` and the settings and returns a `Hypothesis`; `TESTS` lists them in the order of the report.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pyarrow as pa

from analysis.evidence import HYPOTHESES, Hypothesis, Study
from analysis.homophily_tests import label_homophily
from common.config import HypothesesSection

TESTS: tuple[Callable[[Study, HypothesesSection, int], Hypothesis], ...] = (label_homophily,)


def as_json(results: list[Hypothesis]) -> bytes:
    """Results as a JSON list, keys in the order of the table; a number that is missing is null, never NaN."""
    rows = [{name: asdict(result)[name] for name in HYPOTHESES.names} for result in results]
    return (json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_table(results: list[Hypothesis]) -> pa.Table:
    """Results as a table, in the order given."""
    return pa.Table.from_pylist([asdict(result) for result in results], schema=HYPOTHESES)
