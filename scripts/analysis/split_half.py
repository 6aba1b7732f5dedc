"""H2 and H3: are creators amid their cluster more firmly in it, and those between clusters less?

As published (`density_original`, `separation_original`) both compare a vector with itself: HDBSCAN's membership and the
distances it is compared with come from the same profiles. The valid tests (`density`, `separation`) cluster on half of
each creator's reels, measure distances on the other half, and ask whether the correlation is larger than in one cloud
without clusters of nearly the same covariance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.clusters import density_clusters
from analysis.evidence import (
    AS_PUBLISHED,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    SUPPORTED,
    Hypothesis,
    Reels,
    Study,
    sentence,
    too_few,
)
from analysis.homophily import permutation_p
from analysis.mixing import errors_on_each_side
from analysis.network import IntArray
from analysis.profiles import FloatArray, Profiles
from analysis.streams import Stream, random_stream
from common.config import ClusterSettings, HypothesesSection
from common.processes import in_processes

# Fewest creators for a correlation and its interval (Fisher's z has variance 1 / (n - 3)).
FEWEST_CREATORS = 4
# Profiles are float32: cosine distances that agree to this many decimals are equal, and rank as ties.
DECIMALS = 9
CIRCULAR = "circular: membership and distance are computed from the same profiles; read {valid}, which is not"


@dataclass(frozen=True)
class Question:
    """What H2 and H3 differ in.

    Attributes:
        name: H2 or H3.
        question: in words.
        measured: what membership is correlated with.
        sign: of the correlation that is expected, -1 or 1.
        fewest_clusters: for the measure to exist.
        measure: (profiles, clusters, settings) -> (n,), NaN for a creator it does not exist for.
    """

    name: str
    question: str
    measured: str
    sign: int
    fewest_clusters: int
    measure: Callable[[FloatArray, IntArray, HypothesesSection], FloatArray]


def neighbour_distances(profiles: FloatArray, clusters: IntArray, nearest: int) -> FloatArray:
    """Mean cosine distance of each creator to the nearest members of the own cluster.

    Args:
        profiles: (n, d).
        clusters: (n,); negative: noise.
        nearest: how many members; where a cluster has fewer others, all of them.

    Returns:
        (n,), 0 to 2; NaN for noise and for a creator alone in a cluster.
    """
    found = np.full(len(profiles), np.nan)
    for cluster in np.unique(clusters[clusters >= 0]):
        members = np.flatnonzero(clusters == cluster)
        number = min(nearest, len(members) - 1)
        if number:
            distances = _cosine_distances(profiles[members], profiles[members])
            np.fill_diagonal(distances, np.inf)
            found[members] = np.sort(distances, axis=1)[:, :number].mean(axis=1).round(DECIMALS)
    return found


def centroid_ratios(profiles: FloatArray, clusters: IntArray) -> FloatArray:
    """Cosine distance to the nearest other cluster's centroid over that to the own centroid.

    Args:
        profiles: (n, d).
        clusters: (n,); negative: noise.

    Returns:
        (n,), not negative; infinite for a creator who lies on the own centroid; NaN for noise, for a creator alone in a
        cluster (who is its centroid), for one who lies on two centroids, and where there are fewer than two clusters.
    """
    found = np.full(len(profiles), np.nan)
    labels = np.unique(clusters[clusters >= 0])
    if len(labels) < 2:
        return found
    centroids = np.stack([profiles[clusters == label].mean(axis=0) for label in labels])
    sizes = np.array([(clusters == label).sum() for label in labels])
    inside = np.flatnonzero(clusters >= 0)
    own = np.searchsorted(labels, clusters[inside])
    distances = _cosine_distances(profiles[inside], centroids)
    rows = np.arange(len(inside))
    own_distances = distances[rows, own]
    distances[rows, own] = np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = distances.min(axis=1) / own_distances
    found[inside] = np.where(sizes[own] > 1, ratios, np.nan)
    return found


def _cosine_distances(first: FloatArray, second: FloatArray) -> FloatArray:
    from sklearn.metrics.pairwise import cosine_distances

    distances: FloatArray = cosine_distances(first, second).round(DECIMALS)
    return distances


DENSITY = Question(
    name="H2",
    question="Are creators amid close neighbours of their own cluster more firmly in it?",
    measured="mean cosine distance to the {nearest} nearest members of the own cluster (all of a smaller cluster)",
    sign=-1,
    fewest_clusters=1,
    measure=lambda profiles, clusters, settings: neighbour_distances(profiles, clusters, settings.nearest),
)
SEPARATION = Question(
    name="H3",
    question="Are creators between two clusters less firmly in their own?",
    measured="cosine distance to the nearest other cluster's centroid over that to the own centroid",
    sign=1,
    fewest_clusters=2,
    measure=lambda profiles, clusters, _: centroid_ratios(profiles, clusters),
)
QUESTIONS = (DENSITY, SEPARATION)


def rank_correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Spearman's rho over the creators who have both numbers; ties get their mean rank.

    Args:
        first: (n,), NaN where there is no number.
        second: the same.

    Returns:
        rho; None where fewer than FEWEST_CREATORS have both, or all have the same.
    """
    from scipy.stats import rankdata

    both = ~(np.isnan(first) | np.isnan(second))
    if both.sum() < FEWEST_CREATORS or _constant(first[both]) or _constant(second[both]):
        return None
    ranks = rankdata([first[both], second[both]], axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    return float(centred[0] @ centred[1] / np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1])))


def _constant(values: FloatArray) -> bool:
    return bool((values == values[0]).all())  # ratios may be infinite, where a range would be NaN


def fisher_interval(rho: float, number: int, confidence: float) -> tuple[float, float]:
    """Interval of Spearman's rho: Fisher's z with the standard error of Bonett & Wright (2000).

    The variance of z is (1 + rho^2 / 2) / (n - 3).

    Args:
        rho: -1 to 1.
        number: of creators, more than 3.
        confidence: level.
    """
    if abs(rho) >= 1:
        return rho, rho
    half = errors_on_each_side(confidence) * np.sqrt((1 + rho**2 / 2) / (number - 3))
    return float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half))


def density_original(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H2 as published: distance to the nearest members of the own cluster against membership (circular)."""
    del seed  # nothing is drawn
    return _as_published(DENSITY, study, settings)


def separation_original(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H3 as published: distance to other clusters over distance to the own against membership (circular)."""
    del seed
    return _as_published(SEPARATION, study, settings)


def _as_published(question: Question, study: Study, settings: HypothesesSection) -> Hypothesis:
    from scipy.stats import spearmanr

    circular = CIRCULAR.format(valid=question.name)
    asked = Hypothesis(
        id=f"{question.name}-original",
        question=question.question,
        null="ranks of the two had nothing to do with each other (t approximation)",
        statistic="rank correlation (Spearman) of membership and "
        f"{question.measured.format(nearest=settings.nearest)}, creators in no cluster left out,",
        n_creators=0,
        n_edges=0,
        verdict=NOT_TESTABLE,
        reason=circular,
    )
    if study.profiles is None or study.membership is None:
        missing = "profiles" if study.profiles is None else "strength of membership of the clusters"
        return replace(asked, reason=sentence(f"the tables have no {missing}", circular))
    known = ~np.isnan(study.profiles).any(axis=1) & ~np.isnan(study.membership)
    clusters = np.where(known, study.clusters, -1)
    numbers = len(np.unique(clusters[clusters >= 0]))
    measured = np.full(len(known), np.nan)
    measured[known] = question.measure(study.profiles[known], clusters[known], settings)
    taking_part = ~np.isnan(measured)
    inside, number = int((clusters >= 0).sum()), int(taking_part.sum())
    left_out = f"{inside - number} creators are left out: alone in a cluster, or on two centroids at once"
    rho = rank_correlation(study.membership, measured)
    obstacles = (
        (inside == 0, "no creator with a profile is in a cluster"),
        (numbers < question.fewest_clusters, "there are fewer than two clusters"),
        (too_few(number) is not None, too_few(number, "in clusters")),
        (rho is None, "all creators have the same membership, or the same distance"),
    )
    obstacle = next((reason for failed, reason in obstacles if failed), None)
    limits = left_out if number < inside and numbers >= question.fewest_clusters else None
    asked = replace(asked, n_creators=number, reason=sentence(obstacle, limits, circular))
    if obstacle or rho is None:
        return asked
    # Against -1 times what is expected to fall, both tests ask for a large correlation.
    expected_to_rise = question.sign * measured[taking_part]
    p_value = float(spearmanr(study.membership[taking_part], expected_to_rise, alternative="greater").pvalue)
    low, high = fisher_interval(rho, number, settings.confidence)
    found = replace(asked, observed=rho, expected=0.0, effect=rho, ci_low=low, ci_high=high, p_value=p_value)
    return replace(found, verdict=AS_PUBLISHED)


def _verdict(question: Question, rho: float, p_value: float, settings: HypothesesSection) -> str:
    """Both the p value and the size of the correlation count."""
    return SUPPORTED if p_value <= settings.alpha and question.sign * rho >= settings.min_correlation else NOT_SUPPORTED


@dataclass
class _Latest:
    """The last pair of results: the two tests share their clusterings, and are called one after the other."""

    reels: Reels | None = None
    asked: tuple[object, ...] = ()
    results: tuple[Hypothesis, Hypothesis] | None = None


_latest = _Latest()


def density(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H2, valid: clusters from half of each creator's reels, distances from the other half (`split_half_tests`)."""
    return _shared(study, settings, seed)[0]


def separation(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """H3, valid: as `density`, with the distance to other clusters over that to the own."""
    return _shared(study, settings, seed)[1]


def _shared(study: Study, settings: HypothesesSection, seed: int) -> tuple[Hypothesis, Hypothesis]:
    # All that the results depend on. The table of reels is compared by identity: it is large, and kept alive here.
    asked = (study.network.n_creators, study.clustering, settings, seed)
    if _latest.results is None or _latest.reels is not study.reels or _latest.asked != asked:
        _latest.results = split_half_tests(study, settings, seed)
        _latest.reels, _latest.asked = study.reels, asked
    return _latest.results


def split_half_tests(study: Study, settings: HypothesesSection, seed: int) -> tuple[Hypothesis, Hypothesis]:
    """H2 and H3 on halves of the reels, against cohorts without clusters.

    Each creator's reels are halved at random, settings.splits times. Profiles of the first halves are clustered as the
    study's profiles are, but in settings.space; profiles of the second halves give the distances. The reference cohorts
    are the same halves, multiplied by a random rotation of the creators that keeps their mean (rotation test, Langsrud
    2005, Statistics and Computing 15, 53-60): the covariance within and between halves stays, clusters do not. The
    rotated profiles then get the lengths of the profiles, because means of unit vectors lie close to a sphere and
    normal ones do not; this changes mean and covariance a little. How well the level holds is a matter of simulation
    (docs/analysis.md).

    Args:
        study: reels, clustering and processes are looked at.
        settings: splits, reference_draws, space, dimensions, nearest, min_correlation, resamples, confidence, alpha.
        seed: not negative.

    Returns:
        H2 and H3.
    """
    counts = np.bincount(study.reels.owners, minlength=study.network.n_creators) if study.reels is not None else None
    number = 0 if counts is None else int((counts >= 2).sum())
    asked = tuple(_asked(question, settings, number) for question in QUESTIONS)
    if counts is None or study.reels is None:
        return _untestable(asked, "the table of reels was not given (--reels)")
    left_out = None
    if number < study.network.n_creators:
        left_out = f"{study.network.n_creators - number} creators with fewer than two embedded reels are left out"
    if few_creators := too_few(number, "with two embedded reels"):
        return _untestable(asked, few_creators, left_out)
    clustering = settings.clustering(study.clustering)
    halves = np.stack([profiles_of_halves(study.reels, seed, split) for split in range(settings.splits)])
    observed = _scored(halves, None, clustering, settings, seed)
    correlated = correlations(observed)
    if np.isnan(correlated).any():
        return _untestable(
            asked,
            f"halves of the reels never give two clusters (cluster.min_cluster_size = "
            f"{study.clustering.min_cluster_size}, {number} creators)",
            left_out,
        )
    reference = np.stack([correlations(scores) for scores in _reference(halves, study, settings, seed)])
    intervals = _intervals(observed, settings, seed)
    few = int(np.isnan(observed[:, 0]).all(axis=1).sum())
    scarce = f"{few} of {settings.splits} halvings do not give two clusters and do not count" if few else None
    first, second = (
        _judged(
            replace(asked[place], reason=sentence(scarce, left_out)),
            question,
            float(correlated[place]),
            reference[:, place],
            intervals[place],
            settings,
            seed,
        )
        for place, question in enumerate(QUESTIONS)
    )
    return first, second


def _asked(question: Question, settings: HypothesesSection, number: int) -> Hypothesis:
    return Hypothesis(
        id=question.name,
        question=question.question,
        null="profiles were one cloud without clusters, of the same lengths and nearly the same mean and covariance "
        "within and between the halves (rotated cohorts, Langsrud 2005)",
        statistic="rank correlation (Spearman) of membership in clusters of one half of the reels and "
        f"{question.measured.format(nearest=settings.nearest)} in the other half, mean of {settings.splits} halvings,",
        n_creators=number,
        n_edges=0,
        verdict=NOT_TESTABLE,
        reason=None,
    )


def _untestable(asked: tuple[Hypothesis, ...], *reasons: str | None) -> tuple[Hypothesis, Hypothesis]:
    first, second = (replace(one, reason=sentence(*reasons)) for one in asked)
    return first, second


def _judged(
    asked: Hypothesis,
    question: Question,
    rho: float,
    reference: FloatArray,
    interval: tuple[float, float],
    settings: HypothesesSection,
    seed: int,
) -> Hypothesis:
    """Compare with those reference cohorts that have clusters: whether there are clusters is another question.

    Given that they have some, the observed cohort and they are still exchangeable, so the p value keeps its level among
    cohorts that can be tested. Were the others compared as correlations of 0, a cohort would be called associated for
    having clusters at all.
    """
    compared = reference[~np.isnan(reference)]
    alone = len(reference) - len(compared)
    limit = f"{alone} of {len(reference)} reference cohorts do not give two clusters and are not compared"
    asked = replace(
        asked,
        reason=sentence(limit if alone else None, asked.reason),
        observed=rho,
        effect=rho,
        ci_low=interval[0],
        ci_high=interval[1],
        n_draws=len(compared),
        seed=seed,
    )
    if 1 / (len(compared) + 1) > settings.alpha:
        few = f"{len(compared)} reference cohorts are too few for hypotheses.alpha = {settings.alpha}"
        return replace(asked, reason=sentence(f"{few}: raise hypotheses.reference_draws", asked.reason))
    p_value = permutation_p(question.sign * rho, question.sign * compared)
    return replace(
        asked,
        verdict=_verdict(question, rho, p_value, settings),
        expected=float(compared.mean()),
        p_value=p_value,
        under_null=compared,
    )


def profiles_of_halves(reels: Reels, seed: int, split: int, stream: Stream = Stream.HALVES) -> FloatArray:
    """Profiles of two random halves of the reels of each creator who has at least two.

    Args:
        reels: embedded reels, sorted by creator.
        seed: not negative.
        split: which halving of this seed.
        stream: of random numbers.

    Returns:
        (2, n, k): of an odd number of reels the first half has one more. Coordinates are turned within each half so
        that k = min(n, d); lengths, distances and angles between creators of the same half stay as they are.
    """
    counts = np.bincount(reels.owners)
    taking_part = counts[reels.owners] >= 2
    owners, vectors = reels.owners[taking_part], reels.vectors[taking_part]
    keys = random_stream(seed, stream, split).random(len(owners))
    order = np.lexsort((keys, owners))
    _, starts, sizes = np.unique(owners, return_index=True, return_counts=True)
    ranks = np.arange(len(owners)) - np.repeat(starts, sizes)
    first = ranks < np.repeat((sizes + 1) // 2, sizes)
    # Sorted by creator, then half, each half of a creator is one stretch; reels inside it in the order of the table, so
    # that equal halves have equal sums.
    middles = starts + (sizes + 1) // 2
    order = order[np.lexsort((order, ~first, owners))]
    stretches = np.stack([starts, middles], axis=1).ravel()
    sums = np.add.reduceat(vectors[order].astype(np.float64), stretches, axis=0)
    means = (
        sums.reshape(len(starts), 2, -1) / np.stack([middles - starts, sizes - middles + starts], axis=1)[:, :, None]
    )
    with threadpool_limits(1):
        # A = (QR)^T = R^T Q^T: the rows of R^T are the profiles in another orthonormal basis of the space they span.
        return np.stack([np.asarray(np.linalg.qr(half.T, mode="r")).T for half in means.transpose(1, 0, 2)])


def rotation(number: int, generator: np.random.Generator) -> FloatArray:
    """A random orthogonal matrix, (n, n), uniform among those that leave the vector of ones as it is.

    Multiplied by it from the left, profiles of n creators (rows) keep their mean and their covariance.
    """
    from scipy.linalg import helmert
    from scipy.stats import ortho_group

    basis = helmert(number)  # (n - 1, n), orthonormal, each row orthogonal to the ones
    turned: FloatArray = basis.T @ ortho_group.rvs(number - 1, random_state=generator) @ basis + 1 / number
    return turned


def rotated(halves: FloatArray, generator: np.random.Generator) -> FloatArray:
    """A cohort without clusters: the same rotation of the creators for all halves, then the profiles' own lengths.

    Args:
        halves: (splits, 2, n, k).
        generator: gives the rotation.
    """
    turned: FloatArray = rotation(halves.shape[2], generator) @ halves
    lengths, turned_lengths = (np.linalg.norm(cloud, axis=3, keepdims=True) for cloud in (halves, turned))
    scaled: FloatArray = turned * (lengths / np.maximum(turned_lengths, np.finfo(np.float64).tiny))
    return scaled


def _scored(
    halves: FloatArray, draw: int | None, clustering: ClusterSettings, settings: HypothesesSection, seed: int
) -> FloatArray:
    """Membership by one half and measures by the other: (splits, 1 + questions, n), NaN where a creator is noise.

    Args:
        halves: (splits, 2, n, k).
        draw: number of the reference cohort; None: the halves as they are.
        clustering: how the first halves are clustered.
        settings: of the measures.
        seed: of the rotation, and of every clustering.
    """
    with threadpool_limits(1):  # sums over several threads differ in the last bits, which UMAP amplifies
        if draw is not None:
            halves = rotated(halves, random_stream(seed, Stream.ROTATIONS, draw))
        return np.stack([_scores(first, second, clustering, settings, seed) for first, second in halves])


def _scores(
    first: FloatArray, second: FloatArray, clustering: ClusterSettings, settings: HypothesesSection, seed: int
) -> FloatArray:
    creator_ids = [f"{place:09}" for place in range(len(first))]  # only the numbers of clusters depend on them
    found = density_clusters(Profiles(creator_ids, first.astype(np.float32)), clustering, seed)
    scores = np.full((1 + len(QUESTIONS), len(first)), np.nan)
    inside = found.clusters >= 0
    if len(np.unique(found.clusters[inside])) >= 2:
        scores[0, inside] = found.membership[inside]
        for place, question in enumerate(QUESTIONS, 1):
            scores[place] = question.measure(second, found.clusters, settings)
    return scores


def _reference(halves: FloatArray, study: Study, settings: HypothesesSection, seed: int) -> list[FloatArray]:
    clustering = settings.clustering(study.clustering)
    draws = [(halves, draw, clustering, settings, seed) for draw in range(settings.reference_draws)]
    return list(in_processes(_scored, draws, study.processes))


def correlations(scores: FloatArray) -> FloatArray:
    """Mean rank correlation of membership with each measure, over the splits that have one.

    Args:
        scores: (splits, 1 + questions, n), the first of each split is membership.

    Returns:
        (questions,), NaN where no split has one.
    """
    found = np.array([[rank_correlation(split[0], measured) for measured in split[1:]] for split in scores], np.float64)
    known = ~np.isnan(found)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, found, 0.0).sum(axis=0) / known.sum(axis=0))


def _intervals(scores: FloatArray, settings: HypothesesSection, seed: int) -> list[tuple[float, float]]:
    """Percentile interval of each mean correlation: creators resampled, the same ones in all splits."""
    generator = random_stream(seed, Stream.RESAMPLES)
    number = scores.shape[2]
    resampled = np.stack(
        [correlations(scores[:, :, generator.integers(0, number, number)]) for _ in range(settings.resamples)]
    )
    tail = (1 - settings.confidence) / 2
    low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
