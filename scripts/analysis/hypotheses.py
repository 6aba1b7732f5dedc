"""The tests of a study: which there are, how they are judged together, and how far verdicts depend on choices.

A test takes a `Study`, the settings and a seed, and returns a `Hypothesis`; `TESTS` lists them in the order of the
report. A researcher's own test is a function of the same form in a file of its own (`own_test`).
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.dyadic import cluster_regression, cluster_test, dyadic_regression, profile_test
from analysis.evidence import (
    AS_PUBLISHED,
    HYPOTHESES,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    PRIMARY,
    VERDICTS,
    Hypothesis,
    Study,
    holm,
    is_incomplete,
)
from analysis.existence import clusters_exist
from analysis.homophily_tests import degree_homophily, label_homophily, with_singletons
from analysis.split_half import density, density_original, separation, separation_original
from common.config import ConfigError, HypothesesSection
from common.program import UserError, log

Test = Callable[[Study, HypothesesSection, int], Hypothesis]

TESTS: tuple[Test, ...] = (
    dyadic_regression,
    cluster_regression,
    degree_homophily,
    label_homophily,
    clusters_exist,
    density,
    separation,
    density_original,
    separation_original,
)
MOST_BINS = 40  # of a distribution under the null
CLUSTER_TESTS: tuple[Test, ...] = (cluster_regression, degree_homophily, label_homophily)
# Draws of a row of sensitivity: it is read for its odds ratio and for p near 0.05, not for a small p.
SENSITIVITY_DRAWS = 1999
# Factors of the follow network that stand for confounders which nobody measured.
LATENT = (3, 6)


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
    return judge(results, settings, without_power(settings))


def without_power(settings: HypothesesSection) -> frozenset[str]:
    """Ids of tests that find nothing whatever the truth is (docs/calibration.md): they cost the others no p value."""
    return frozenset({"H2", "H3"}) if settings.space == "umap" else frozenset()


def judge(
    results: list[Hypothesis], settings: HypothesesSection, powerless: frozenset[str] = frozenset()
) -> list[Hypothesis]:
    """Adjust the p values, and take back support that does not stand the adjustment.

    The primary test is a gate: it is judged at alpha, alone. The other tests of the family are adjusted together (Holm
    1979), and none is supported unless the primary one is. Where that could not be made, there is no gate. Tests that
    could not be made, or that have no power, do not count; tests outside of the family keep their verdict.

    Args:
        results: of the tests.
        settings: family and alpha.
        powerless: ids of tests without power.
    """
    made = {
        result.id: result.p_value
        for result in results
        if result.p_value is not None and result.verdict not in (NOT_TESTABLE, AS_PUBLISHED)
    }
    gate = made.get(PRIMARY, 0.0)
    others = [name for name in made if name in settings.family and name != PRIMARY and name not in powerless]
    together = holm([made[name] for name in others])
    adjusted = {name: max(gate, p_value) for name, p_value in zip(others, together, strict=True)}
    if PRIMARY in made:
        adjusted[PRIMARY] = gate
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
        return _plain(result, path)

    return test


def _plain(result: Hypothesis, path: Path) -> Hypothesis:
    """The result with Python's own numbers for numpy's, and None for NaN, as the files have them.

    Raises:
        UserError: a field has a value of another kind than `Hypothesis` says; before the results are written.
    """
    changed: dict[str, Any] = {}
    for field in HYPOTHESES:
        value = getattr(result, field.name)
        value = value.item() if isinstance(value, np.generic) else value
        value = None if isinstance(value, float) and not math.isfinite(value) else value
        try:
            changed[field.name] = pa.scalar(value, field.type).as_py()
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
            raise UserError(f"{path}: {field.name} of the Hypothesis is {value!r}, not {field.type}") from None
    if changed["verdict"] not in VERDICTS:
        known = ", ".join(map(repr, VERDICTS[:-1]))
        raise UserError(f"{path}: the verdict is {changed['verdict']!r}, not {known} or {VERDICTS[-1]!r}")
    return replace(result, **changed)


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
    some = settings.model_copy(update={"draws": min(settings.draws, SENSITIVITY_DRAWS)})
    rows = [
        ("noise kept as clusters of one", test(with_singletons(study), some, seed))
        for test in CLUSTER_TESTS
        if (study.clusters < 0).any()
    ]
    for name, variant in {**_variants(study), **others}.items():
        rows += [(name, test(variant, some, seed)) for test in (dyadic_regression, *CLUSTER_TESTS)]
    if study.has_controls:
        rows += [("without controls", test(study, some, seed, controls=False)) for test in (profile_test, cluster_test)]
    rows += [
        (f"swaps within the same {name}", degree_homophily(study, some, seed, strata=name)) for name in study.categories
    ]
    rows += [
        (
            f"with {rank} latent factors of the follow network",
            profile_test(study, some, seed, controls=study.has_controls, latent=rank),
        )
        for rank in LATENT
    ]
    return [{"variant": name} | asdict(result) for name, result in rows]


def _variants(study: Study) -> dict[str, Study]:
    """Choices that a study leaves open, where they make a difference."""
    found: dict[str, Study] = {}
    incomplete = np.array([is_incomplete(status) for status in study.follows_status], bool)
    if incomplete.any():
        found["complete follow lists only"] = study.only(~incomplete)
    if study.few_reels is not None and study.few_reels.any():
        found["creators with few reels left out"] = study.only(~study.few_reels)
    return found


def null_distribution(result: Hypothesis) -> list[dict[str, Any]]:
    """How the statistic lies under the null: rows of the table NULLS, equally wide; none where nothing was drawn.

    Shares of a number of edges lie on a grid: each bin has the same number of its points, or bins would be high and
    low for that alone. A statistic that is not defined is in no bin.
    """
    drawn = np.empty(0) if result.under_null is None else result.under_null
    values = np.unique(drawn[np.isfinite(drawn)])
    if not len(values):
        return []
    step = float(np.diff(values).min()) if len(values) > 1 else 1.0
    extent = float(np.ptp(values)) + step
    width = step * math.ceil(extent / step / min(MOST_BINS, math.ceil(math.sqrt(len(drawn)))))
    edges = values[0] - step / 2 + width * np.arange(math.ceil(extent / width - 1e-9) + 1)
    counts, _ = np.histogram(drawn, edges)
    return [
        {"id": result.id, "statistic_low": low, "statistic_high": high, "n_draws": count}
        for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    ]


def as_json(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Rows as a JSON list, keys in the order of the table; a number that is missing is null, never NaN."""
    ordered = [{name: row.get(name) for name in schema.names} for row in rows]
    return (json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
