"""A test of your own: name this file in `hypotheses.own_tests` and it is reported like the others.

This one asks whether follows are returned more often inside clusters than between them. Copy it, change the question,
and keep what a reader needs: a null that could be true, a p value from it, the seed, and a reason where nothing can be
said. `analysis.evidence` describes the study that comes in and the result that goes out.
"""

import numpy as np

from analysis.evidence import NOT_SUPPORTED, NOT_TESTABLE, SUPPORTED, Hypothesis
from analysis.homophily import labelled_network, permutation_p


def test(study, settings, seed):
    network = labelled_network(study.network.sources, study.network.targets, study.clusters)
    n = network.n_creators
    returned = np.isin(network.sources * n + network.targets, network.targets * n + network.sources)
    about = {
        "id": "returned-follows",
        "question": "Are follows returned more often inside clusters than between them?",
        "null": "cluster labels are shuffled among the creators in clusters",
        "statistic": "share of follows inside clusters that are returned",
        "n_creators": n,
        "n_edges": network.n_edges,
    }
    if network.inside() in (0, network.n_edges):
        return Hypothesis(**about, verdict=NOT_TESTABLE, reason="all follows are inside clusters, or none is")

    def share(labels):
        inside = labels[network.sources] == labels[network.targets]
        return returned[inside].mean() if inside.any() else 0.0

    generator = np.random.default_rng(seed)
    observed = share(network.labels)
    drawn = np.array([share(generator.permutation(network.labels)) for _ in range(settings.draws)])
    p_value = permutation_p(observed, drawn)
    return Hypothesis(
        **about,
        verdict=SUPPORTED if p_value <= settings.alpha else NOT_SUPPORTED,
        reason=None,
        observed=float(observed),
        expected=float(drawn.mean()),
        effect=float(observed - drawn.mean()),
        p_value=p_value,
        n_draws=settings.draws,
        seed=seed,
    )
