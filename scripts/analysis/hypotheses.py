"""The tests of a study: which there are, how they are judged together, and how far verdicts depend on choices.

A test takes a `Study`, the settings and a seed, and returns a `Hypothesis`; `TESTS` lists them in the order of the
report. A researcher's own test is a function of the same form in a file of its own (`own_test`).
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.evidence import (
    HYPOTHESES,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Study,
    incomplete_lists,
    sentence,
)
from analysis.homophily import (
    LabelledNetwork,
    draw_inside,
    expected_share,
    labelled_network,
    null_moments,
    permutation_p,
)
from common.config import ConfigError, HypothesesSection
from common.program import UserError, log
from common.tables import STRING

Test = Callable[[Study, HypothesesSection, int], Hypothesis]

SENSITIVITY = pa.schema([("variant", STRING), *HYPOTHESES])


def label_homophily(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H1-label: share of follow edges inside clusters, noise left out, against shuffled cluster labels (one-sided)."""
    network = labelled_network(study.network.sources, study.network.targets, study.clusters)
    limits = incomplete_lists(study.follows_status)
    obstacle = _obstacle(study, network)
    asked = Hypothesis(
        id="H1-label",
        question="Do creators follow creators of their own cluster more often than cluster sizes alone would give?",
        null="cluster labels are shuffled among the creators in clusters; the follow network stays as it is",
        statistic="share of follow edges inside clusters, creators in no cluster left out",
        n_creators=network.n_creators,
        n_edges=network.n_edges,
        verdict=NOT_TESTABLE,
        reason=sentence(obstacle, limits),
    )
    if obstacle:
        return asked
    inside = network.inside()
    p_value = permutation_p(inside, draw_inside(network, settings.draws, seed))
    observed, expected = inside / network.n_edges, expected_share(network.sizes)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        observed=observed,
        expected=expected,
        effect=observed / expected,
        p_value=p_value,
        n_draws=settings.draws,
        seed=seed,
    )


TESTS: tuple[Test, ...] = (label_homophily,)


def run_tests(study: Study, settings: HypothesesSection, seed: int, own: Sequence[Test] = ()) -> list[Hypothesis]:
    """All tests, and the researcher's own after them, judged together.

    Raises:
        ConfigError: hypotheses.family names a test that there is not, or two tests have the same id.
    """
    results = [test(study, settings, seed) for test in (*TESTS, *own)]
    ids = [result.id for result in results]
    for twice in {name for name in ids if ids.count(name) > 1}:
        raise ConfigError(f"hypotheses.own_tests: there is more than one test with the id {twice}; rename yours")
    for unknown in sorted(set(settings.family) - set(ids)):
        raise ConfigError(f"hypotheses.family: there is no test {unknown}; tests here: {', '.join(ids)}")
    return judge(results, settings)


def judge(results: list[Hypothesis], settings: HypothesesSection) -> list[Hypothesis]:
    """Adjust the p values of the family (Holm 1979) and take back support that does not stand the adjustment.

    Tests of the family that could not be made do not count. Tests outside of it keep their verdict.
    """
    in_family = [result for result in results if result.id in settings.family and result.p_value is not None]
    adjusted = dict(
        zip(
            (result.id for result in in_family),
            holm([result.p_value for result in in_family if result.p_value is not None]),
            strict=True,
        )
    )
    return [
        replace(
            result,
            p_adjusted=adjusted[result.id],
            verdict=NOT_SUPPORTED if adjusted[result.id] > settings.alpha else result.verdict,
        )
        if result.id in adjusted
        else result
        for result in results
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values of Holm's step-down procedure (Holm 1979), in the order given."""
    order = np.argsort(p_values, kind="stable")
    number = len(p_values)
    adjusted = np.empty(number)
    steps = [p_values[place] * (number - rank) for rank, place in enumerate(order)]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if steps else []
    return [float(value) for value in adjusted]


def own_test(path: Path) -> Test:
    """The function `test` of a researcher's own file.

    Raises:
        UserError: the file is not there, cannot be run, or has no function `test`; also when it fails later.
    """
    specification = importlib.util.spec_from_file_location(f"own_test_{path.stem}", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise UserError(f"{path}: no such Python file; see hypotheses.own_tests")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        log.exception("%s", path)
        raise UserError(f"{path}: cannot be run: {type(error).__name__}: {error}") from None
    if not callable(getattr(module, "test", None)):
        raise UserError(f"{path}: has no function test(study, settings, seed); docs/analysis.md has an example")

    def test(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
        try:
            result = module.test(study, settings, seed)
        except Exception as error:
            log.exception("%s", path)
            raise UserError(f"{path}: the test failed: {type(error).__name__}: {error}") from None
        if not isinstance(result, Hypothesis):
            raise UserError(f"{path}: test() gave {type(result).__name__}, not a Hypothesis")
        return result

    return test


def sensitivity(study: Study, others: dict[str, Study], settings: HypothesesSection, seed: int) -> list[dict[str, Any]]:
    """The tests of the network again, under other choices: does a verdict depend on them?

    Args:
        study: as it was tested.
        others: the same creators seen otherwise (another modality, another run), by a name.
        settings: of the tests.
        seed: as in the main analysis.

    Returns:
        Rows of the table of sensitivity. P values are those of each test alone: these rows ask nothing new.
    """
    variants = {**_variants(study), **others}
    return [
        {"variant": name} | asdict(test(variant, settings, seed))
        for name, variant in variants.items()
        for test in NETWORK_TESTS
    ]


NETWORK_TESTS: tuple[Test, ...] = (label_homophily,)


def _variants(study: Study) -> dict[str, Study]:
    """Choices that a study leaves open, where they make a difference."""
    found: dict[str, Study] = {}
    incomplete = np.array([status not in (None, "complete") for status in study.follows_status], bool)
    if incomplete.any():
        found["complete follow lists only"] = study.only(~incomplete)
    if study.few_reels is not None and study.few_reels.any():
        found["creators with few reels left out"] = study.only(~study.few_reels)
    return found


def _obstacle(study: Study, network: LabelledNetwork) -> str | None:
    """Why shuffling labels could not tell anything, or None."""
    checks = (
        (study.network.n_creators == 0, "the cohort is empty"),
        (study.network.n_edges == 0, "there are no follow edges between creators of the cohort"),
        (network.n_creators == 0, "no creator is in a cluster: all are noise or were not clustered"),
        (len(network.sizes) < 2, "there are fewer than two clusters"),
        (network.sizes.max(initial=0) < 2, "no cluster has two creators"),
        (network.n_edges == 0, "there are no follow edges between creators in clusters"),
        (null_moments(network)[1] == 0, "every shuffle of the labels gives the same share"),
    )
    return next((reason for failed, reason in checks if failed), None)


def as_json(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Rows as a JSON list, keys in the order of the table; a number that is missing is null, never NaN."""
    ordered = [{name: row.get(name) for name in schema.names} for row in rows]
    return (json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
