"""The results of the tests in plain English, written from their numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from analysis.evidence import NOT_TESTABLE, Hypothesis
from common.config import HypothesesSection

# What the column `effect` of a test is.
EFFECTS = {
    "H1-label": "observed over expected",
    "H1-degree": "observed over expected",
    "dyadic": "odds ratio for 0.1 more cosine similarity",
    "H2-original": "rank correlation",
    "H2": "rank correlation",
    "H3-original": "rank correlation",
    "H3": "rank correlation",
}
SYNTHETIC = "These results are of synthetic data: they say nothing about real creators."


def as_markdown(
    results: Sequence[Hypothesis],
    sensitivity: Sequence[dict[str, Any]],
    robustness: dict[str, Any] | None,
    settings: HypothesesSection,
    name: str,
    synthetic: bool,
) -> str:
    """A page with a paragraph for each test."""
    family = [result.id for result in results if result.p_adjusted is not None]
    lines = [f"# {' '.join(name.split())}: what the tests say", ""]
    lines += [f"**{SYNTHETIC}**", ""] if synthetic else []
    lines += [_how(family, settings), ""]
    if robustness and robustness["warning"]:
        lines += [f"**{robustness['warning']}**", ""]
    verdicts = defaultdict(list)
    for row in sensitivity:
        verdicts[row["id"]].append((row["variant"], row["verdict"]))
    for result in results:
        lines += [f"## {result.id}: {result.verdict}", "", paragraph(result, settings), ""]
        if verdicts[result.id]:
            shown = "; ".join(f"{variant}: {verdict}" for variant, verdict in verdicts[result.id])
            lines += [f"Under other choices, each tested alone: {shown}.", ""]
        held = _held(result.id, robustness)
        if held:
            lines += [held, ""]
    return "\n".join(lines)


def paragraph(result: Hypothesis, settings: HypothesesSection) -> str:
    """One test in words.

    Args:
        result: of the test.
        settings: for the level of intervals and tests.
    """
    said = [result.question]
    who = f"{result.n_creators:,} creators" + (f" and {result.n_edges:,} follow edges" if result.n_edges else "")
    if result.verdict == NOT_TESTABLE:
        return " ".join([*said, f"This could not be tested with {who}: {result.reason}."])
    said.append(f"With {who}, the {result.statistic} was {_number(result.observed)}")
    if result.expected is not None:
        said[-1] += f"; {_number(result.expected)} would be expected if {result.null}"
    said[-1] += "."
    if result.effect is not None:
        interval = ""
        if result.ci_low is not None and result.ci_high is not None:
            level = f"{settings.confidence * 100:g} % interval"
            interval = f" ({level} {_number(result.ci_low)} to {_number(result.ci_high)})"
        said.append(f"Effect, {EFFECTS.get(result.id, 'as the test defines it')}: {_number(result.effect)}{interval}.")
    said.append(f"{_p_value(result)}: {result.verdict}.")
    if result.reason:
        said.append(f"Note: {result.reason}.")
    return " ".join(said)


def _held(name: str, robustness: dict[str, Any] | None) -> str | None:
    """In how many of the runs with other seeds and settings the test was supported."""
    variants = [row for row in robustness["variants"] if name in row["test"]] if robustness else []
    if not variants:
        return None
    shown = ", ".join(f"{row['variant'].replace('_', ' ')} {_share(row, row['test'].index(name))}" for row in variants)
    runs = sum(row["n_runs"] for row in variants)
    return f"Supported, alone, in these shares of {runs} runs with other seeds and settings of the clusters: {shown}."


def _share(variant: dict[str, Any], place: int) -> str:
    """How often a test was supported; runs in which it could not be made count as neither."""
    supported, untested = variant["supported"][place], variant["not_testable"][place]
    if supported is None:
        return "not testable"
    return f"{supported:.0%}" + (f" (not testable in a further {untested:.0%} of the runs)" if untested else "")


def _how(family: list[str], settings: HypothesesSection) -> str:
    threshold = (
        f"A test is supported where its p value is at most {settings.alpha:g}, H2 and H3 also need a correlation of at "
        f"least {settings.min_correlation:g} in the expected direction"
    )
    if not family:
        return f"{threshold}. No test of the family could be made."
    together = f"p values of {', '.join(family)} are adjusted together (Holm 1979)"
    return f"{threshold}; {together}. All p values are one-sided. docs/analysis.md says what each test can show."


def _p_value(result: Hypothesis) -> str:
    text = f"p = {_number(result.p_value)}" + (f" from {result.n_draws:,} draws" if result.n_draws else "")
    return text if result.p_adjusted is None else f"{text}, adjusted {_number(result.p_adjusted)}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"
