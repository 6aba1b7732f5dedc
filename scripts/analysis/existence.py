"""Are there clusters at all? HDBSCAN cuts one cloud into clusters, too.

The statistic is how far the clusters of a cohort stay the same without a tenth of its creators, times the share of the
creators that are in clusters: two clusters of few may be the same in every part of one cloud. It is compared with that
of cohorts without clusters: the same profiles, multiplied by a random rotation of the creators that keeps their mean
and covariance (`analysis.split_half.rotated`).
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.clusters import hdbscan_of, reduced_profiles, too_small
from analysis.evidence import EXIST, NOT_SUPPORTED, NOT_TESTABLE, SUPPORTED, Hypothesis, Study, sentence, too_few
from analysis.homophily import permutation_p
from analysis.profiles import FloatArray, Profiles
from analysis.split_half import rotated
from analysis.stability import LEFT_OUT, labels_of_all, together
from analysis.streams import Stream, random_stream
from common.config import ClusterSettings, HypothesesSection
from common.processes import in_processes

# Parts of a cohort whose clusters are compared, each without another tenth.
PARTS = 5


def clusters_exist(study: Study, settings: HypothesesSection, seed: int) -> Hypothesis:
    """`clusters-exist`: the stability of clusters against that in cohorts of one cloud (one-sided).

    Args:
        study: profiles, clustering and processes are looked at; its clusters are not.
        settings: reference_draws, space, dimensions, alpha.
        seed: not negative.
    """
    clustering = settings.clustering(study.clustering)
    asked = Hypothesis(
        id=EXIST,
        question="Are there clusters of profiles at all, rather than one cloud that is cut up?",
        null="profiles were one cloud, of the same lengths and nearly the same mean and covariance (rotated cohorts, "
        "Langsrud 2005)",
        statistic=f"mean adjusted Rand index of the clusters of {PARTS} parts of the cohort, each without another "
        f"tenth, times the share of creators in clusters ({_space(clustering)}),",
        n_creators=study.n_profiles,
        n_edges=0,
        verdict=NOT_TESTABLE,
        reason=None,
    )
    if study.profiles is None:
        return replace(asked, reason="there are no profiles")
    vectors = study.profiles[~np.isnan(study.profiles).any(axis=1)]
    profiles = _profiles(vectors)
    obstacle = too_few(len(profiles), "with a profile") or too_small(profiles, clustering)
    if 1 / (settings.reference_draws + 1) > settings.alpha:
        few = f"{settings.reference_draws} reference cohorts are too few for hypotheses.alpha = {settings.alpha}"
        obstacle = sentence(obstacle, f"{few}: raise hypotheses.reference_draws")
    if obstacle:
        return replace(asked, reason=obstacle)
    with threadpool_limits(1):
        # The same lengths, distances and angles, with one coordinate for each creator at most.
        cloud = np.asarray(np.linalg.qr(vectors.T, mode="r")).T[None, None]
    draws = [(cloud, draw, clustering, seed) for draw in (None, *range(settings.reference_draws))]
    observed, *drawn = in_processes(_stability_of, draws, study.processes)
    under_null = np.array(drawn)
    p_value = permutation_p(observed, under_null)
    return replace(
        asked,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        observed=observed,
        expected=float(under_null.mean()),
        p_value=p_value,
        n_draws=len(under_null),
        seed=seed,
        under_null=under_null,
    )


def one_cloud_warning(result: Hypothesis) -> str:
    """What to say wherever clusters are shown, of a test that did not find any.

    Args:
        result: of `clusters_exist`.
    """
    return (
        f"That there are clusters, rather than one cloud that is cut up, was not supported (clusters-exist, "
        f"p = {result.p_value:.2g}). Do not name or count them."
    )


def _stability_of(cloud: FloatArray, draw: int | None, clustering: ClusterSettings, seed: int) -> float:
    """The statistic of a cohort, (1, 1, n, k): as observed (draw None) or of a reference cohort."""
    with threadpool_limits(1):
        if draw is not None:
            cloud = rotated(cloud, random_stream(seed, Stream.ONE_CLOUD, draw))
        return stability(cloud[0, 0], clustering, seed)


def stability(vectors: FloatArray, clustering: ClusterSettings, seed: int) -> float:
    """Mean adjusted Rand index of the clusters of parts of the creators, times the share of creators in clusters.

    Two parts without clusters count as 0.

    Args:
        vectors: (n, d) profiles.
        clustering: settings.
        seed: who is left out depends on it and on n alone; of UMAP.
    """
    number = len(vectors)
    reduced = reduced_profiles(_profiles(vectors), clustering, seed)
    if reduced is None:  # UMAP gave no finite coordinates
        return 0.0
    found = []
    for part in range(PARTS):
        generator = random_stream(seed, Stream.PARTS, part)
        kept = np.sort(generator.choice(number, number - round(LEFT_OUT * number), replace=False))
        found.append(labels_of_all(kept, hdbscan_of(reduced[kept], clustering).labels_, number))
    agreement = np.mean([together(one, other) or 0.0 for one, other in itertools.combinations(found, 2)])
    inside = np.mean([label >= 0 for labels in found for label in labels if label is not None])
    return float(agreement * inside)


def _profiles(vectors: FloatArray) -> Profiles:
    return Profiles([f"{place:09}" for place in range(len(vectors))], vectors.astype(np.float32))


def _space(clustering: ClusterSettings) -> str:
    if clustering.space == "cosine":
        return "cosine distances"
    return f"{clustering.dimensions} {'UMAP dimensions' if clustering.space == 'umap' else 'principal components'}"
