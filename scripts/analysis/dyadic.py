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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from analysis.evidence import (
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Study,
    incomplete_lists,
    sentence,
)
from analysis.profiles import ROUNDING, FloatArray
from common.config import HypothesesSection

BoolArray = npt.NDArray[np.bool]

FEWEST_CREATORS = 10
# A dozen matrices of n x n numbers are held at once: 2.4 GB.
MOST_CREATORS = 5000
STEP = 0.1  # of similarity, for the odds ratio
NEWTON_STEPS = 60
TIED = 1e-9  # statistics that differ by less are the same but for the order of a sum
STEPPED = 1e-9  # change of the log-likelihood, relative, at which Newton's method has arrived
FEWEST_BINS, MOST_BINS, PAIRS_PER_BIN = 5, 20, 100


@dataclass(frozen=True)
class Dyads:
    """Ordered pairs (i, j) of n creators; matrices are (n, n), row i sends.

    Attributes:
        follows: whether i follows j.
        known: pairs whose outcome is known: not of a creator with herself, not of an unfetched follow list.
        similarity: cosine of the profiles.
        covariates: reciprocity and controls, (k, n, n).
        notes: what was left out of them, and why.
    """

    follows: BoolArray
    known: BoolArray
    similarity: FloatArray
    covariates: FloatArray
    notes: list[str]


def dyadic_regression(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """`dyadic`: similarity beyond activity, popularity and reciprocity; the primary result, as it needs no clusters."""
    return _test(study, settings, seed, controls=False)


def with_controls(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis | None:
    """The same with controls: shared categories, difference in followers. None where the study has no such columns."""
    if not study.categories and study.followers is None:
        return None
    return _test(study, settings, seed, controls=True)


def similarity_curve(study: Study, settings: HypothesesSection, seed: int) -> list[dict[str, Any]]:
    """Probability of following against similarity, in bins with equally many pairs.

    Intervals come from resampling creators: a pair of creators drawn a and b times counts a * b times.

    Returns:
        Rows of the table of similarity, by rising similarity; none where no pair is known. `expected` is what activity,
        popularity and reciprocity give without similarity; None where that model cannot be fitted.
    """
    study, _ = _placed(study, controls=False)
    if study.profiles is None or not FEWEST_CREATORS <= study.network.n_creators <= MOST_CREATORS:
        return []
    dyads = _dyads(study, controls=False)
    pairs = dyads.known if study.network.directed else np.triu(dyads.known)
    rows, columns = np.nonzero(pairs)
    if not len(rows):
        return []
    similarity, follows = dyads.similarity[rows, columns], dyads.follows[rows, columns]
    model, _ = _fit_null(dyads)
    expected = None if model is None else np.where(model.informative, model.expected, dyads.follows)[rows, columns]
    number = int(np.clip(len(rows) // PAIRS_PER_BIN, FEWEST_BINS, MOST_BINS))
    inner = np.unique(np.quantile(similarity, np.arange(1, number) / number))
    bins = np.searchsorted(inner, similarity, side="right")
    shares = _resampled_shares(study.network.n_creators, rows, columns, bins, follows, len(inner) + 1, settings, seed)
    tail = (1 - settings.confidence) / 2 * 100
    found = []
    for place in np.unique(bins):
        own = bins == place
        drawn = shares[:, place][np.isfinite(shares[:, place])]
        low, high = np.percentile(drawn, [tail, 100 - tail]).tolist() if len(drawn) else (None, None)
        found.append(
            {
                "similarity_low": float(similarity[own].min()),
                "similarity_high": float(similarity[own].max()),
                "similarity_mean": float(similarity[own].mean()),
                "n_pairs": int(own.sum()),
                "n_follows": int(follows[own].sum()),
                "share": float(follows[own].mean()),
                "ci_low": low,
                "ci_high": high,
                "expected": None if expected is None else float(expected[own].mean()),
            }
        )
    return found


def _resampled_shares(
    creators: int,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    bins: npt.NDArray[np.intp],
    follows: BoolArray,
    number: int,
    settings: HypothesesSection,
    seed: int,
) -> FloatArray:
    """Shares of pairs that follow, (resamples, bins), NaN where a resample has no pair of a bin."""
    generator = np.random.default_rng([seed, 12])
    shares = np.empty((settings.resamples, number))
    for resample in shares:
        times = np.bincount(generator.integers(0, creators, creators), minlength=creators).astype(float)
        weights = times[rows] * times[columns]
        pairs = np.bincount(bins, weights, number)
        with np.errstate(invalid="ignore"):
            resample[:] = np.bincount(bins, weights * follows, number) / pairs
    return shares


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
    study, notes = _placed(study, controls)
    number = study.network.n_creators
    asked = replace(asked, n_creators=number, n_edges=study.network.n_edges, reason=sentence(*notes, limits))
    obstacle = _obstacle(study)
    if obstacle:
        return replace(asked, reason=sentence(obstacle, *notes, limits))
    dyads = _dyads(study, controls)
    counted = dyads.follows & dyads.known
    edges = int(counted.sum()) // (1 if study.network.directed else 2)
    asked = replace(asked, n_edges=edges, reason=sentence(*notes, *dyads.notes, limits))
    model, obstacle = _fit_null(dyads)
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


def _placed(study: Study, controls: bool) -> tuple[Study, list[str]]:
    """The study of creators who have a direction (and, with controls, a known number of followers); who is left out."""
    if study.profiles is None:
        return study, []
    with np.errstate(invalid="ignore"):
        placed = np.linalg.norm(study.profiles, axis=1) > 0  # False for NaN, too
    notes = [f"{int((~placed).sum())} creators without a profile are left out"] if not placed.all() else []
    if controls and study.followers is not None:
        known = study.followers > 0
        unknown = int((placed & ~known).sum())
        notes += [f"{unknown} creators with unknown numbers of followers are left out"] if unknown else []
        placed &= known
    return study.only(placed), notes


def _obstacle(study: Study) -> str | None:
    number = study.network.n_creators
    checks = (
        (study.profiles is None, "there are no profiles"),
        (number < FEWEST_CREATORS, f"{number} creators with a profile are too few: {FEWEST_CREATORS} are needed"),
        (number > MOST_CREATORS, f"{number} creators are more than {MOST_CREATORS}: the pairs do not fit into memory"),
        (study.network.n_edges == 0, "there are no follow edges between creators with a profile"),
        (study.network.directed and _all_returned(study), "every follow is returned: test pairs, with --undirected"),
    )
    return next((reason for failed, reason in checks if failed), None)


def _all_returned(study: Study) -> bool:
    number, (sources, targets) = study.network.n_creators, (study.network.sources, study.network.targets)
    return bool(np.isin(sources * number + targets, targets * number + sources).all())


def _dyads(study: Study, controls: bool) -> Dyads:
    number, profiles = study.network.n_creators, np.asarray(study.profiles)
    directions = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    similarity = directions @ directions.T
    follows = np.zeros((number, number), bool)
    follows[study.network.sources, study.network.targets] = True
    known = ~np.eye(number, dtype=bool)
    covariates, notes = [], []
    if study.network.directed:
        unfetched = np.array([status == "unfetched" for status in study.follows_status] or [False] * number)
        known &= ~unfetched[:, None]
        # Of an unfetched list nobody knows what it returns: 0 for all who follow her, and her effect as receiver
        # takes that up.
        covariates.append(follows.T & ~unfetched[None, :])
        if unfetched.any():
            notes.append(f"what {int(unfetched.sum())} creators with unfetched lists follow counts as unknown")
    else:
        follows |= follows.T
    if controls:
        covariates += [(codes[:, None] == codes) & (codes[:, None] >= 0) for codes in study.categories.values()]
        if study.followers is not None:
            size = np.log10(study.followers)
            covariates.append(np.abs(size[:, None] - size))
    shaped = np.array(covariates, float).reshape(len(covariates), number, number)
    return Dyads(follows, known, similarity, shaped, notes)


@dataclass(frozen=True)
class NullModel:
    """The logistic regression without similarity.

    Attributes:
        informative: (n, n) pairs that can say something: senders and receivers with some, but not all follows.
        expected: (n, n) fitted probabilities.
        covariates: (k, n, n) those that could be fitted.
    """

    informative: BoolArray
    expected: FloatArray
    covariates: FloatArray


def _fit_null(dyads: Dyads) -> tuple[NullModel | None, str | None]:
    """The null model, or why it cannot be fitted."""
    informative, covariates = _informative(dyads)
    if not informative.any():
        return None, "too few creators both follow and are followed to tell activity, popularity and similarity apart"
    fitted = _logistic(dyads.follows, informative, covariates)
    if fitted is None:
        return None, "the regression without similarity does not converge: a term separates follows from other pairs"
    return NullModel(informative, fitted[0], covariates), None


def _informative(dyads: Dyads) -> tuple[BoolArray, FloatArray]:
    """Pairs whose outcome the effects of sender, receiver and binary covariates leave open, and those covariates.

    Who follows nobody has an effect of minus infinity: her pairs fit perfectly and say nothing of similarity.
    """
    informative, covariates = dyads.known.copy(), list(dyads.covariates)
    while True:
        before = informative.sum()
        for axis in (1, 0):
            follows, pairs = (dyads.follows & informative).sum(axis), informative.sum(axis)
            informative &= np.expand_dims((follows > 0) & (follows < pairs), axis)
        for covariate in list(covariates):
            if not np.isin(covariate, (0, 1)).all():
                continue
            for value in (0, 1):
                own = informative & (covariate == value)
                follows = int(dyads.follows[own].sum())
                if own.any() and follows in (0, own.sum()):  # perfectly fitted as well
                    informative &= ~own
            if len(np.unique(covariate[informative])) < 2:
                covariates = [other for other in covariates if other is not covariate]
        if informative.sum() == before:
            return informative, np.array(covariates, float).reshape(len(covariates), *informative.shape)


class _Effects:
    """Weighted least squares on sender effects, receiver effects and covariates.

    The sender effects are eliminated by hand (their block is diagonal), so that what is solved has one row for each
    receiver and covariate.
    """

    def __init__(self, weights: FloatArray, covariates: FloatArray) -> None:
        from scipy.linalg import cho_factor

        self.weights, self.covariates = weights, covariates
        rows, columns = weights.sum(axis=1), weights.sum(axis=0)
        self.inverse = np.divide(1.0, rows, out=np.zeros_like(rows), where=rows > 0)
        weighted = weights * covariates
        self.by_row = weighted.sum(axis=2)  # (k, n)
        # One receiver is the reference: a constant could go to the senders as well as to the receivers.
        self.receivers = np.flatnonzero(columns > 0)[1:]
        shares = weights * self.inverse[:, None]
        between = np.diag(columns) - weights.T @ shares
        mixed = weighted.sum(axis=1).T - shares.T @ self.by_row.T  # (n, k)
        own = np.einsum("kij,lij->kl", weighted, covariates) - (self.by_row * self.inverse) @ self.by_row.T
        whole = np.block(
            [[between[np.ix_(self.receivers, self.receivers)], mixed[self.receivers]], [mixed[self.receivers].T, own]]
        )
        # Terms that say the same (two names of one city) share their effect.
        whole[np.diag_indices_from(whole)] *= 1 + 1e-10
        whole[np.diag_indices_from(whole)] += 1e-12 * max(float(np.abs(np.diag(whole)).max(initial=0.0)), 1e-300)
        self.factor = cho_factor(whole, lower=True, check_finite=False)

    def solve(self, by_row: FloatArray, by_column: FloatArray, by_covariate: FloatArray) -> tuple[FloatArray, ...]:
        """Effects of senders (n,), receivers (n,), covariates (k,) for these weighted sums of the right-hand side."""
        from scipy.linalg import cho_solve

        shares = self.inverse * by_row
        right = np.concatenate(
            [(by_column - self.weights.T @ shares)[self.receivers], by_covariate - self.by_row @ shares]
        )
        solved = cho_solve(self.factor, right, check_finite=False)
        receivers = np.zeros(len(shares))
        receivers[self.receivers] = solved[: len(self.receivers)]
        slopes = solved[len(self.receivers) :]
        senders = self.inverse * (by_row - self.weights @ receivers - self.by_row.T @ slopes)
        return senders, receivers, slopes

    def project(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What of a matrix (n, n) these effects do not explain, and the slopes of the covariates."""
        weighted = self.weights * values
        slopes = np.einsum("kij,ij->k", self.covariates, weighted)
        senders, receivers, slopes = self.solve(weighted.sum(axis=1), weighted.sum(axis=0), slopes)
        left = values - senders[:, None] - receivers
        for slope, covariate in zip(slopes, self.covariates, strict=True):
            left -= slope * covariate
        return left, slopes


def _logistic(
    follows: BoolArray, informative: BoolArray, covariates: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Logistic regression on senders, receivers and covariates: probabilities (n, n), slopes (k,).

    Probabilities are 0 outside the informative pairs; None where Newton's method does not converge.
    """
    from scipy.linalg import LinAlgError
    from scipy.special import expit

    outcome = np.where(informative, follows, 0.0)
    start = outcome.sum() / informative.sum()
    linear = np.full(follows.shape, np.log(start / (1 - start)))
    likelihood = _log_likelihood(outcome, linear, informative)
    slopes = np.zeros(len(covariates))
    for _ in range(NEWTON_STEPS):
        expected = np.where(informative, expit(linear), 0.0)
        left = outcome - expected
        try:
            effects = _Effects(expected * (1 - expected), covariates)
        except LinAlgError:
            return None
        gradient = np.einsum("kij,ij->k", covariates, left)
        senders, receivers, steeper = effects.solve(left.sum(axis=1), left.sum(axis=0), gradient)
        step = senders[:, None] + receivers + np.einsum("k,kij->ij", steeper, covariates)
        size = 1.0
        while (after := _log_likelihood(outcome, linear + size * step, informative)) < likelihood - 1e-12 * abs(
            likelihood
        ):
            size /= 2
            if size < 1e-6:
                return None
        linear, slopes = linear + size * step, slopes + size * steeper
        if after - likelihood <= STEPPED * abs(likelihood) and np.abs(step[informative]).max() < 1e-4:
            return np.where(informative, expit(linear), 0.0), slopes
        likelihood = after
    return None


def _log_likelihood(outcome: FloatArray, linear: FloatArray, informative: BoolArray) -> float:
    return float(np.where(informative, outcome * linear - np.logaddexp(0.0, linear), 0.0).sum())


class _Score:
    """The studentised score of similarity under the null model, for the similarities as they are and permuted."""

    def __init__(self, dyads: Dyads, model: NullModel) -> None:
        self.left = np.where(model.informative, dyads.follows - model.expected, 0.0)
        self.effects = _Effects(model.expected * (1 - model.expected), model.covariates)
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
    fitted = _logistic(dyads.follows, model.informative, covariates)
    if fitted is None:
        return None
    expected, slopes = fitted
    weights = expected * (1 - expected)
    own, _ = _Effects(weights, model.covariates).project(dyads.similarity)
    information = float((weights * own**2).sum())
    left = np.where(model.informative, dyads.follows - expected, 0.0)
    error = float(np.sqrt(_pairwise_variance(left * own))) / information
    reach = float(norm.ppf((1 + confidence) / 2)) * error
    slope = float(slopes[-1])
    effect, low, high = np.exp(STEP * np.array([slope, slope - reach, slope + reach])).tolist()
    return effect, low, high
