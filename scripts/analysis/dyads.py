"""Pairs of creators, and the logistic regression of follows on senders, receivers and covariates of the pair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.evidence import Study
from analysis.profiles import FloatArray

BoolArray = npt.NDArray[np.bool]

# Share of creators with unknown numbers of followers up to which these are left out.
MOST_UNKNOWN = 0.1
# A dozen matrices of n x n numbers are held at once: 2.4 GB.
MOST_CREATORS = 5000
NEWTON_STEPS = 60
STEPPED = 1e-9  # change of the log-likelihood, relative, at which Newton's method has arrived


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


def placed(study: Study, controls: bool) -> tuple[Study, list[str]]:
    """The study of creators who have a direction (and, with controls, known numbers); who is left out."""
    if study.profiles is None:
        return study, []
    with np.errstate(invalid="ignore"):
        kept = np.linalg.norm(study.profiles, axis=1) > 0  # False for NaN, too
    notes = [f"{int((~kept).sum())} creators without a profile are left out"] if not kept.all() else []
    some, further = with_known_numbers(study.only(kept)) if controls else (study.only(kept), [])
    return some, notes + further


def with_known_numbers(study: Study) -> tuple[Study, list[str]]:
    """The study of creators of whom the numbers are known that are controls; who is left out, and which is no control.

    Where a number is unknown for more than a tenth, those who are left would be another cohort: it is then no control.
    """
    notes = []
    numbers = dict(study.numbers) if study.followers is None else {"followers": study.followers, **study.numbers}
    left_out = np.zeros(study.network.n_creators, bool)
    for name, values in list(numbers.items()):
        unknown = ~(values > 0) if name == "followers" else np.isnan(values)
        if unknown.sum() > MOST_UNKNOWN * len(unknown):
            notes.append(
                f"the difference in {name} is no control: unknown for {unknown.sum()} of {len(unknown)} creators"
            )
            del numbers[name]
        elif unknown.any():
            notes.append(f"{unknown.sum()} creators with unknown {name} are left out")
            left_out |= unknown
    kept = replace(study, followers=numbers.pop("followers", None), numbers=numbers)
    return (kept.only(~left_out) if left_out.any() else kept), notes


def cosines(profiles: FloatArray) -> FloatArray:
    """Cosine similarity of profiles (n, d) that are not zero: (n, n)."""
    directions = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    similarity: FloatArray = directions @ directions.T
    return similarity


def dyads_of(study: Study, similarity: FloatArray, controls: bool, latent: int = 0) -> Dyads:
    """The pairs of a study's creators.

    Args:
        study: n creators.
        similarity: (n, n).
        controls: with shared categories and the difference in followers as covariates.
        latent: number of latent factors of the follow network that become one covariate.
    """
    number = study.network.n_creators
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
        for values in study.numbers.values():
            own = values / (values.std() or 1.0)  # seconds since 1970 beside zeros and ones would be hard to fit
            covariates.append(np.abs(own[:, None] - own))
    if latent:
        covariates.append(latent_factors(follows, latent))
    shaped = np.array(covariates, float).reshape(len(covariates), number, number)
    return Dyads(follows, known, similarity, shaped, notes)


def latent_factors(follows: BoolArray, rank: int) -> FloatArray:
    """What the first singular vectors of the follow network say of each pair, (n, n).

    Rows and columns are centred first, so that activity and popularity are no factors. The factors stand for whatever
    blocks the network has: also for a confounder that nobody measured (the idea of Hoff 2005, JASA 100).
    """
    from scipy.sparse.linalg import svds

    matrix = follows.astype(float)
    centred = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    rank = min(rank, len(matrix) - 2)
    # A fixed start: ARPACK would draw one.
    left, strengths, right = svds(centred, k=rank, v0=np.linspace(1, 2, len(matrix)))
    found: FloatArray = (left * strengths) @ right
    return found


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


def fit_null(dyads: Dyads) -> tuple[NullModel | None, str | None]:
    """The null model, or why it cannot be fitted."""
    informative, covariates = _informative(dyads)
    if not informative.any():
        return None, "too few creators both follow and are followed to tell activity, popularity and similarity apart"
    fitted = logistic_regression(dyads.follows, informative, covariates)
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


class PairEffects:
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


def logistic_regression(
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
            effects = PairEffects(expected * (1 - expected), covariates)
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
