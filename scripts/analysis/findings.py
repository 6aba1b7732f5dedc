"""The results of the tests in plain English, written from their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.evidence import AS_PUBLISHED, NOT_TESTABLE, PRIMARY, SUPPORTED, Hypothesis
from common.config import HypothesesSection

# What the column `effect` of a test is.
EFFECTS = {
    "dyadic": "odds ratio for 0.1 more cosine similarity",
    "H1-dyadic": "odds ratio for the same cluster",
    "H1-degree": "observed over expected",
    "H1-label": "observed over expected",
    "H2": "rank correlation",
    "H3": "rank correlation",
    "H2-original": "rank correlation",
    "H3-original": "rank correlation",
}
# Tests of pairs: the odds ratio says how much; the studentised score hardly grows any more where there is much.
PAIRS = ("dyadic", "H1-dyadic")
WITHOUT = "without controls"
# Above this share of pairs that follow, an odds ratio is no risk ratio any more (VanderWeele 2017, Biometrics 73).
RARE = 0.15
SYNTHETIC = "These results are of synthetic data: they say nothing about real creators."


def as_markdown(
    results: Sequence[Hypothesis],
    sensitivity: Sequence[dict[str, Any]],
    robustness: dict[str, Any] | None,
    settings: HypothesesSection,
    name: str,
    synthetic: bool,
) -> str:
    """A page that begins with the answer, and has a paragraph for each test.

    Args:
        results: of the tests.
        sensitivity: rows of the table of sensitivity.
        robustness: robustness.json; None where it was not made.
        settings: of the tests.
        name: the study's.
        synthetic: whether its data are.
    """
    lines = [f"# {' '.join(name.split())}: what the tests say", ""]
    lines += [f"**{SYNTHETIC}**", ""] if synthetic else []
    primary = next((result for result in results if result.id == PRIMARY), None)
    if primary is not None:
        lines += [answer(primary, sensitivity, settings), ""]
    if robustness and robustness["warning"]:
        lines += [f"**{robustness['warning']}**", ""]
    lines += [_how(results, settings), ""]
    for result in results:
        if result.verdict != AS_PUBLISHED and not result.id.endswith("-original"):
            lines += [f"## {result.id}: {result.verdict}", ""]
            lines += _about(result, sensitivity, robustness, settings)
    published = [result for result in results if result.id.endswith("-original")]
    if published:
        lines += ["## As first published, circular", "", CIRCULAR, ""]
        for result in published:
            lines += [f"### {result.id}", "", paragraph(result, settings), ""]
    return "\n".join(lines)


CIRCULAR = (
    "In these two, membership and distance are computed from the same profiles: they correlate whatever the truth is. "
    "They are shown for comparison with the first study, and are evidence of nothing."
)


def answer(primary: Hypothesis, sensitivity: Sequence[dict[str, Any]], settings: HypothesesSection) -> str:
    """What the primary test found, in one to three sentences; see `answer_sentences`."""
    return " ".join(answer_sentences(primary, sensitivity, settings))


def answer_sentences(
    primary: Hypothesis, sensitivity: Sequence[dict[str, Any]], settings: HypothesesSection
) -> list[str]:
    """What the primary test found: the finding, then what it depends on.

    Args:
        primary: the result of the primary test.
        sensitivity: rows of the table of sensitivity; the row without controls stands beside a result with controls.
        settings: for the level of intervals.
    """
    if primary.verdict == NOT_TESTABLE:
        return [f"Whether creators follow those with similar profiles could not be tested: {primary.reason}."]
    bare = next((row for row in sensitivity if row["id"] == PRIMARY and row["variant"] == WITHOUT), None)
    explained = "activity, popularity, returned follows" + (" and what is known of the creators" if bare else "")
    size = f"odds ratio {number(primary.effect)} for 0.1 more similarity{_interval(primary, settings)}"
    if primary.verdict == SUPPORTED:
        said = [f"Creators follow those with similar profiles more often than {explained} let expect: {size}."]
    elif is_fewer(primary, settings):
        said = [f"Creators follow those with similar profiles less often than {explained} let expect: {size}."]
    else:
        said = [f"There is no evidence that similar profiles go with follows beyond {explained}: {size}."]
    if bare is None:
        said.append(
            "Nothing is known of these creators that could be held constant, such as a language or a city: this is an "
            "association of similarity and follows, which a shared language would give as well."
        )
    elif bare["verdict"] != NOT_TESTABLE:
        said.append(
            f"Without what is known of the creators, the odds ratio is {number(bare['effect'])} ({bare['verdict']})."
        )
    return said


def is_fewer(result: Hypothesis, settings: HypothesesSection) -> bool:
    """Whether follows are fewer than expected: as small a statistic is as rare as a large one that is supported."""
    return result.p_value is not None and result.p_value >= 1 - settings.alpha


def _about(
    result: Hypothesis,
    sensitivity: Sequence[dict[str, Any]],
    robustness: dict[str, Any] | None,
    settings: HypothesesSection,
) -> list[str]:
    """The lines on a test: what was found, under other choices, and in other runs."""
    lines = [paragraph(result, settings), ""]
    others = [row for row in sensitivity if row["id"] == result.id]
    if others:
        shown = "; ".join(f"{row['variant']}: {row['verdict']}{_odds(row)}" for row in others)
        lines += [f"Under other choices, each tested alone: {shown}.", ""]
    held = _held(result.id, robustness)
    return lines + ([held, ""] if held else [])


def _odds(row: dict[str, Any]) -> str:
    return f" (odds ratio {number(row['effect'])})" if row["id"] in PAIRS and row["effect"] is not None else ""


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
    what = EFFECTS.get(result.id, "as the test defines it")
    if result.id in PAIRS and result.effect is not None:
        said += [f"With {who}, the {what} is {number(result.effect)}{_interval(result, settings)}.", _e_value(result)]
    else:
        said.append(f"With {who}, the {result.statistic} was {number(result.observed)}")
        if result.expected is not None:
            said[-1] += f"; {number(result.expected)} would be expected if {result.null}"
        said[-1] += "."
        if result.effect is not None:
            said.append(f"Effect, {what}: {number(result.effect)}{_interval(result, settings)}.")
    if is_fewer(result, settings):
        # The correlation of H2 is expected to be negative: on its other side it is higher.
        lower = result.observed is None or result.expected is None or result.observed <= result.expected
        said.append(f"It is {'lower' if lower else 'higher'} than expected.")
    said.append(f"{_p_value(result)}: {result.verdict}.")
    if result.reason:
        said.append(f"Note: {result.reason}.")
    return " ".join(part for part in said if part)


def _interval(result: Hypothesis, settings: HypothesesSection) -> str:
    if result.ci_low is None or result.ci_high is None:
        return ""
    level = f"{settings.confidence * 100:g} % interval"
    return f" ({level} {number(result.ci_low)} to {number(result.ci_high)})"


def _e_value(result: Hypothesis) -> str:
    """How strong an unmeasured confounder would have to be (VanderWeele & Ding 2017, Ann. Intern. Med. 167)."""
    if result.verdict != SUPPORTED or not result.effect or not result.ci_low or result.ci_low <= 1:
        return ""
    pairs = result.n_creators * (result.n_creators - 1)
    rare = result.n_edges < RARE * pairs
    values = [e_value(ratio if rare else ratio**0.5) for ratio in (result.effect, result.ci_low)]
    return (
        f"E-value {number(values[0])} (at the interval's lower end {number(values[1])}): to explain this "
        "result, a cause that nobody measured would have to make similarity and follows both at least this many "
        "times as likely."
    )


def e_value(ratio: float) -> float:
    """The E-value of a risk ratio above 1."""
    return float(ratio + (ratio * (ratio - 1)) ** 0.5)


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


def _how(results: Sequence[Hypothesis], settings: HypothesesSection) -> str:
    """The rule by which the tests are judged together, with the ids that it was applied to."""
    adjusted = [result.id for result in results if result.p_adjusted is not None]
    if not adjusted:
        return "No test of the family could be made."
    family = [name for name in adjusted if name != PRIMARY]
    rule = f"A test is supported where its p value is at most {settings.alpha:g}. "
    if PRIMARY in adjusted:
        rule += f"The primary test, {PRIMARY}, is judged alone, and no other is supported unless it is. "
    if family:
        rule += f"The p values of {', '.join(family)} are adjusted together (Holm 1979). "
    if {"H2", "H3"} & set(family):
        rule += (
            f"H2 and H3 also need a correlation of at least {settings.min_correlation:g} in the expected direction. "
        )
    return f"{rule}All p values are one-sided. docs/analysis.md says what each test can show."


def _p_value(result: Hypothesis) -> str:
    text = f"p = {number(result.p_value)}" + (f" from {result.n_draws:,} draws" if result.n_draws else "")
    return text if result.p_adjusted is None else f"{text}, adjusted {number(result.p_adjusted)}"


def number(value: float | None) -> str:
    """A number with three digits that count."""
    return "unknown" if value is None else f"{value:.3g}"
