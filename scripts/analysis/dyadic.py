"""Who follows whom, pair by pair: does similarity of profiles say more than activity, popularity and reciprocity?

A logistic regression over ordered pairs of creators, with an effect of each sender and of each receiver. The effect of
similarity is tested by its studentised score, with double semi-partial permutations (Dekker, Krackhardt & Snijders
2007, Psychometrika 72): what is left of the similarities after the other terms is permuted among the creators, rows and
columns together, so that dependence within rows and columns stays as it is. Studentising by the variance that allows
for dependence of pairs with a creator in common (Aronow, Samii & Assenova 2015, Political Analysis 23) keeps the level
where only the mean of similarity is unrelated to follows (arXiv:2411.00947).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.dyads import (
    MOST_CREATORS,
    Dyads,
    NullModel,
    PairEffects,
    cosines,
    dyads_of,
    fit_null,
    logistic_regression,
    placed,
    with_known_numbers,
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
from analysis.homophily_tests import clustered, nothing_to_compare
from analysis.mixing import errors_on_each_side
from analysis.profiles import ROUNDING, FloatArray
from analysis.streams import Stream, random_stream
from common.config import HypothesesSection

# Pairs that are permuted in all draws together, and the draws that are made whatever the size of the cohort.
MOST_PERMUTED, FEWEST_DRAWS = 2_500_000_000, 1999
STEP = 0.1  # of similarity, for the odds ratio
TIED = 1e-9  # statistics that differ by less are the same but for the order of a sum


def dyadic_regression(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """`dyadic`: similarity of profiles beyond activity, popularity, reciprocity and the study's controls.

    It is the primary test, as it needs no clusters. Where the study has no controls, similarity and follows may be
    associated by way of anything that moves both: a language, a city.
    """
    return profile_test(study, settings, seed, controls=study.has_controls)


def cluster_regression(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """`H1-dyadic`: the same, with "in the same cluster" in place of similarity; creators in no cluster are left out.

    Permuting creators keeps the follow network whole, with its triangles and its elites that follow elites.
    """
    return cluster_test(study, settings, seed, controls=study.has_controls)


def profile_test(
    study: Study, settings: HypothesesSection, seed: int, *, controls: bool, latent: int = 0
) -> Hypothesis:
    """The test of similar profiles.

    Args:
        study: with profiles.
        settings: of the tests.
        seed: not negative.
        controls: whether shared categories and the difference in followers are held constant.
        latent: number of latent factors of the follow network that are held constant, too.
    """
    directed = study.network.directed
    asked = _asked(
        "dyadic",
        "Do creators follow those with similar profiles more often than their activity, the others' popularity and "
        "returned follows explain?"
        if directed
        else "Are creators with similar profiles tied more often than their numbers of ties explain?",
        "cosine similarity",
    )
    placed_study, notes = placed(study, controls)
    obstacle = None
    if placed_study.profiles is None:
        obstacle = "there are no profiles"
    elif placed_study.network.n_creators < FEWEST_CREATORS:
        obstacle = too_few(placed_study.network.n_creators, "with a profile")

    def similarity() -> FloatArray:
        return cosines(np.asarray(placed_study.profiles))

    return _tested(asked, placed_study, obstacle, notes, similarity, PROFILES, settings, seed, controls, latent)


def cluster_test(study: Study, settings: HypothesesSection, seed: int, *, controls: bool) -> Hypothesis:
    """The test of shared clusters.

    Args:
        study: with clusters; creators in no cluster are left out.
        settings: of the tests.
        seed: not negative.
        controls: as for `profile_test`.
    """
    asked = _asked(
        "H1-dyadic",
        "Do creators follow those of their own cluster more often than their activity, the others' popularity and "
        "returned follows explain?"
        if study.network.directed
        else "Are creators of one cluster tied more often than their numbers of ties explain?",
        "being in the same cluster",
    )
    inside, notes, obstacle = _in_clusters(study, controls)

    def similarity() -> FloatArray:
        same: FloatArray = (inside.clusters[:, None] == inside.clusters).astype(float)
        return same

    return _tested(asked, inside, obstacle, notes, similarity, CLUSTERS, settings, seed, controls)


def p_value_of_each_cluster(study: Study, settings: HypothesesSection, seed: int) -> dict[int, float | None]:
    """One-sided p values of `cluster_test` for the pairs inside each cluster against all other pairs, with controls.

    None where a cluster could not be tested, as one that nobody follows.
    """
    inside, _, obstacle = _in_clusters(study, study.has_controls)
    clusters = [int(cluster) for cluster in np.unique(study.clusters) if cluster >= 0]
    found: dict[int, float | None] = dict.fromkeys(clusters)
    if obstacle or _obstacle(inside) or too_incomplete(inside.follows_status, settings.max_incomplete):
        return found
    number = inside.network.n_creators
    dyads = dyads_of(inside, np.zeros((number, number)), study.has_controls)
    model, _ = fit_null(dyads)
    if model is None:
        return found
    for cluster in clusters:
        member = inside.clusters == cluster
        score = _Score(replace(dyads, similarity=np.outer(member, member).astype(float)), model)
        observed = score(score.remainder)
        if not score.explained and np.isfinite(observed):
            place = replace(CLUSTERS, place=cluster)
            found[cluster] = _p_value(observed, score.permuted(settings.draws, seed, study.processes, place))
    return found


def _in_clusters(study: Study, controls: bool) -> tuple[Study, list[str], str | None]:
    """The study of creators in clusters who can take part, who else is left out, and why nothing can be tested."""
    inside = study.only(study.clusters >= 0)
    some, notes = with_known_numbers(inside) if controls else (inside, [])
    obstacle = nothing_to_compare(study, clustered(some)) or too_few(some.network.n_creators, "in clusters")
    return some, notes, obstacle


@dataclass(frozen=True)
class _Kind:
    """What differs between the tests of pairs.

    Attributes:
        stream: of random numbers, and `place` in it.
        step: of similarity, for the odds ratio.
        similar: words for pairs with much of it.
    """

    stream: Stream
    step: float
    similar: str
    place: int | None = None


PROFILES = _Kind(Stream.PAIRS, STEP, "similarity")
CLUSTERS = _Kind(Stream.CLUSTER_PAIRS, 1.0, "the shared cluster")


def _asked(name: str, question: str, what: str) -> Hypothesis:
    return Hypothesis(
        id=name,
        question=question,
        null=f"{what.rstrip(',')} says nothing beyond these: what is left of it is permuted among the creators",
        statistic=f"studentised score of {what}",
        n_creators=0,
        n_edges=0,
        verdict=NOT_TESTABLE,
        reason=None,
    )


def _tested(
    asked: Hypothesis,
    study: Study,
    obstacle: str | None,
    notes: list[str],
    similarity: Callable[[], FloatArray],
    kind: _Kind,
    settings: HypothesesSection,
    seed: int,
    controls: bool,
    latent: int = 0,
) -> Hypothesis:
    """The answer of a test of pairs; its study has only creators who can take part."""
    limits = incomplete_lists(study.follows_status)
    directed = study.network.directed
    held = [
        *_control_names(study, controls),
        *([f"{latent} latent factors of the follow network"] if latent else []),
    ]
    terms = "effects of senders, receivers and reciprocity" if directed else "an effect of each creator"
    asked = replace(
        asked,
        statistic=f"{asked.statistic} in a logistic regression with {terms}"
        + (f" and of {', '.join(held)}" if held else ""),
        n_creators=study.network.n_creators,
        n_edges=study.network.n_edges,
    )
    obstacle = obstacle or _obstacle(study) or too_incomplete(study.follows_status, settings.max_incomplete)
    if obstacle:
        return replace(asked, reason=sentence(obstacle, *notes, limits))
    dyads = dyads_of(study, similarity(), controls, latent)
    counted = dyads.follows & dyads.known
    asked = replace(asked, n_edges=int(counted.sum()) // (1 if directed else 2))
    model, obstacle = fit_null(dyads)
    if model is None:
        return replace(asked, reason=sentence(obstacle, *notes, *dyads.notes, limits))
    names = [*(["the returned follow"] if directed else []), *held]
    notes = notes + [
        f"{name} is left out: it is the same for all pairs that can tell" for name in lost(dyads, model, names)
    ]
    score = _Score(dyads, model)
    if score.explained:
        return replace(asked, reason=sentence(f"{kind.similar} is fully explained by the other terms", *notes, limits))
    observed = score(score.remainder)
    if not np.isfinite(observed):
        return replace(asked, reason=sentence("too few follows: the score has no variance", *notes, limits))
    draws = enough_draws(settings.draws, len(dyads.follows))
    if draws < settings.draws:
        notes.append(f"{draws:,} of {settings.draws:,} draws are made: the cohort is large, and p keeps its level")
    drawn = score.permuted(draws, seed, study.processes, kind)
    p_value = _p_value(observed, drawn)
    ratio = _odds_ratio(dyads, model, settings.confidence, kind.step)
    effect, low, high = ratio or (None, None, None)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        reason=sentence(
            None
            if ratio
            else f"the odds ratio cannot be estimated: {kind.similar} separates follows from the other pairs",
            *notes, *dyads.notes, limits,
        ),
        observed=observed,
        expected=float(np.nanmean(drawn)) if np.isfinite(drawn).any() else None,
        effect=effect,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        n_draws=draws,
        seed=seed,
        under_null=drawn,
    )  # fmt: skip


def enough_draws(draws: int, creators: int) -> int:
    """How many permutations are made: fewer in large cohorts, whose time grows with the pairs.

    A permutation test keeps its level with any number of draws; with fewer, p is less fine (Phipson & Smyth 2010).
    """
    return min(draws, max(FEWEST_DRAWS, MOST_PERMUTED // creators**2))


def _p_value(observed: float, drawn: FloatArray) -> float:
    """One-sided; permutations that give the same again count, as does one whose statistic is not defined (NaN)."""
    return (int((~(drawn < observed - TIED)).sum()) + 1) / (len(drawn) + 1)


def _control_names(study: Study, controls: bool) -> list[str]:
    if not controls:
        return []
    names = [f"the same {name}" for name in study.categories]
    names += ["the difference in followers"] * (study.followers is not None)
    return names + [f"the difference in {name}" for name in study.numbers]


def lost(dyads: Dyads, model: NullModel, names: list[str]) -> list[str]:
    """Names of the covariates that could not be fitted."""
    return [
        name
        for name, covariate in zip(names, dyads.covariates, strict=True)
        if not any(np.array_equal(covariate, kept) for kept in model.covariates)
    ]


def _obstacle(study: Study) -> str | None:
    number = study.network.n_creators
    checks = (
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
        with np.errstate(divide="ignore", invalid="ignore"):  # NaN where nothing varies
            return float(scores.sum() / np.sqrt(_pairwise_variance(scores)))

    def permuted(self, draws: int, seed: int, threads: int, kind: _Kind = PROFILES) -> FloatArray:
        """The statistic with creators permuted, (draws,); draw i depends on the seed and on i alone."""
        # Here, because numba loads slowly.
        from analysis.permuted_scores import PermutedScores

        place = () if kind.place is None else (kind.place,)

        def permute(draws: Iterable[int]) -> list[float]:
            scores = PermutedScores(self.left, self.effects, self.remainder)
            orders = (random_stream(seed, kind.stream, *place, draw).permutation(len(self.left)) for draw in draws)
            return [scores(order) for order in orders]

        # The loops work outside of Python's lock; numpy's own threads would only wait for each other here.
        with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
            parts = pool.map(permute, np.array_split(np.arange(draws), threads))
            return np.array([score for part in parts for score in part])


def _pairwise_variance(scores: FloatArray) -> float:
    """Variance of the sum of the scores (n, n) where pairs with a creator in common depend on each other.

    At least what it would be if only i to j and j to i did.
    """
    pairs = scores + scores.T
    alone = float((pairs**2).sum()) / 2
    return max(float((pairs.sum(axis=1) ** 2).sum()) - alone, alone)


def _odds_ratio(dyads: Dyads, model: NullModel, confidence: float, step: float) -> tuple[float, float, float] | None:
    """Odds ratio for a step of similarity, its interval's ends; None where similarity separates follows from others."""
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
    reach = errors_on_each_side(confidence) * error
    slope = float(slopes[-1])
    effect, low, high = np.exp(step * np.array([slope, slope - reach, slope + reach])).tolist()
    return effect, low, high
