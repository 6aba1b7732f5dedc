"""Who follows whom, pair by pair: does similarity of profiles say more than activity, popularity and reciprocity?

A logistic regression over ordered pairs of creators, with an effect of each sender and of each receiver. The effect of
similarity is tested by its studentised score, with double semi-partial permutations (Dekker, Krackhardt & Snijders
2007, Psychometrika 72): what is left of the similarities after the other terms is permuted among the creators, rows and
columns together, so that dependence within rows and columns stays as it is. Studentising by the variance that allows
for dependence of pairs with a creator in common (Aronow, Samii & Assenova 2015, Political Analysis 23) keeps the level
where only the mean of similarity is unrelated to follows (arXiv:2411.00947).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.dyads import (
    MOST_CREATORS,
    Dyads,
    NullModel,
    PairEffects,
    dyads_of,
    fit_null,
    logistic_regression,
    placed,
)
from analysis.evidence import (
    FEWEST_CREATORS,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Study,
    incomplete_lists,
    sentence,
    too_few,
    too_incomplete,
)
from analysis.profiles import ROUNDING, FloatArray
from common.config import HypothesesSection

STEP = 0.1  # of similarity, for the odds ratio
TIED = 1e-9  # statistics that differ by less are the same but for the order of a sum


def dyadic_regression(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """`dyadic`: similarity beyond activity, popularity and reciprocity; the primary result, as it needs no clusters."""
    return _test(study, settings, seed, controls=False)


def with_controls(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis | None:
    """The same with controls: shared categories, difference in followers. None where the study has no such columns."""
    if not study.categories and study.followers is None:
        return None
    return _test(study, settings, seed, controls=True)


def _test(study: Study, settings: HypothesesSection, seed: int, controls: bool) -> Hypothesis:
    limits = incomplete_lists(study.follows_status)
    asked = Hypothesis(
        id="dyadic",
        question="Do creators follow those with similar profiles more often than their activity, the others' "
        "popularity and returned follows explain?"
        if study.network.directed
        else "Are creators with similar profiles tied more often than their numbers of ties explain?",
        null="similarity says nothing beyond these: what is left of it is permuted among the creators",
        statistic="studentised score of cosine similarity in a logistic regression with "
        + ("effects of senders, receivers and reciprocity" if study.network.directed else "an effect of each creator")
        + f"{' and of ' + ', '.join(_control_names(study)) if controls else ''}",
        n_creators=0,
        n_edges=0,
        verdict=NOT_TESTABLE,
        reason=None,
    )
    study, notes = placed(study, controls)
    number = study.network.n_creators
    asked = replace(asked, n_creators=number, n_edges=study.network.n_edges, reason=sentence(*notes, limits))
    obstacle = _obstacle(study) or too_incomplete(study.follows_status, settings.max_incomplete)
    if obstacle:
        return replace(asked, reason=sentence(obstacle, *notes, limits))
    dyads = dyads_of(study, controls)
    counted = dyads.follows & dyads.known
    edges = int(counted.sum()) // (1 if study.network.directed else 2)
    asked = replace(asked, n_edges=edges, reason=sentence(*notes, *dyads.notes, limits))
    model, obstacle = fit_null(dyads)
    if model is None:
        return replace(asked, reason=sentence(obstacle, *notes, *dyads.notes, limits))
    notes += [f"{name} is left out: it is the same for all pairs that can tell" for name in _lost(study, dyads, model)]
    asked = replace(asked, reason=sentence(*notes, *dyads.notes, limits))
    score = _Score(dyads, model)
    if score.explained:
        return replace(asked, reason=sentence("similarity is fully explained by the other terms", *notes, limits))
    observed = score(score.remainder)
    drawn = score.permuted(settings.draws, seed, study.processes)
    # Permutations that give the same similarities again count, as does one whose statistic is not defined (NaN).
    p_value = (int((~(drawn < observed - TIED)).sum()) + 1) / (len(drawn) + 1)
    ratio = _odds_ratio(dyads, model, settings.confidence)
    effect, low, high = ratio or (None, None, None)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        reason=sentence(
            None if ratio else "the odds ratio cannot be estimated: similarity separates follows from the other pairs",
            *notes, *dyads.notes, limits,
        ),
        observed=observed,
        expected=float(drawn.mean()),
        effect=effect,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        n_draws=settings.draws,
        seed=seed,
        under_null=drawn,
    )  # fmt: skip


def _control_names(study: Study) -> list[str]:
    names = [f"the same {name}" for name in study.categories]
    return names + ["the difference in followers"] * (study.followers is not None)


def _lost(study: Study, dyads: Dyads, model: NullModel) -> list[str]:
    """Names of the covariates that could not be fitted."""
    names = [*(["the returned follow"] if study.network.directed else []), *_control_names(study)]
    return [
        name
        for name, covariate in zip(names, dyads.covariates, strict=False)  # without controls, the first alone
        if not any(np.array_equal(covariate, kept) for kept in model.covariates)
    ]


def _obstacle(study: Study) -> str | None:
    number = study.network.n_creators
    checks = (
        (study.profiles is None, "there are no profiles"),
        (number < FEWEST_CREATORS, too_few(number, "with a profile")),
        (number > MOST_CREATORS, f"{number} creators are more than {MOST_CREATORS}: the pairs do not fit into memory"),
        (study.network.n_edges == 0, "there are no follow edges between creators with a profile"),
        (study.network.directed and _all_returned(study), "every follow is returned: test pairs, with --undirected"),
    )
    return next((reason for failed, reason in checks if failed), None)


def _all_returned(study: Study) -> bool:
    number, (sources, targets) = study.network.n_creators, (study.network.sources, study.network.targets)
    return bool(np.isin(sources * number + targets, targets * number + sources).all())


class _Score:
    """The studentised score of similarity under the null model, for the similarities as they are and permuted."""

    def __init__(self, dyads: Dyads, model: NullModel) -> None:
        self.left = np.where(model.informative, dyads.follows - model.expected, 0.0)
        self.effects = PairEffects(model.expected * (1 - model.expected), model.covariates)
        left, slopes = self.effects.project(dyads.similarity)
        weights = self.effects.weights
        spread = dyads.similarity[model.informative].std()
        self.explained = bool((weights * left**2).sum() <= weights.sum() * (ROUNDING * max(spread, ROUNDING)) ** 2)
        # Sender and receiver effects need not be taken out: permuted, they are such effects again.
        self.remainder = dyads.similarity - np.einsum("k,kij->ij", slopes, model.covariates)

    def __call__(self, similarity: FloatArray) -> float:
        """Score over its standard error."""
        scores = self.left * self.effects.project(similarity)[0]
        return float(scores.sum() / np.sqrt(_pairwise_variance(scores)))

    def permuted(self, draws: int, seed: int, threads: int) -> FloatArray:
        """The statistic with creators permuted, (draws,); draw i depends on the seed and on i alone."""

        def permute(draw: int) -> float:
            order = np.random.default_rng([seed, 11, draw]).permutation(len(self.left))
            return self(self.remainder[np.ix_(order, order)])

        # numpy works outside of Python's lock; its own threads would only wait for each other here.
        with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
            return np.array(list(pool.map(permute, range(draws))))


def _pairwise_variance(scores: FloatArray) -> float:
    """Variance of the sum of the scores (n, n) where pairs with a creator in common depend on each other.

    At least what it would be if only i to j and j to i did.
    """
    pairs = scores + scores.T
    alone = float((pairs**2).sum()) / 2
    return max(float((pairs.sum(axis=1) ** 2).sum()) - alone, alone)


def _odds_ratio(dyads: Dyads, model: NullModel, confidence: float) -> tuple[float, float, float] | None:
    """Odds ratio for 0.1 more similarity, its interval's ends; None where similarity separates follows from others."""
    from scipy.stats import norm

    covariates = np.concatenate([model.covariates, dyads.similarity[None]])
    fitted = logistic_regression(dyads.follows, model.informative, covariates)
    if fitted is None:
        return None
    expected, slopes = fitted
    weights = expected * (1 - expected)
    own, _ = PairEffects(weights, model.covariates).project(dyads.similarity)
    information = float((weights * own**2).sum())
    left = np.where(model.informative, dyads.follows - expected, 0.0)
    error = float(np.sqrt(_pairwise_variance(left * own))) / information
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    slope = float(slopes[-1])
    effect, low, high = np.exp(STEP * np.array([slope, slope - reach, slope + reach])).tolist()
    return effect, low, high
