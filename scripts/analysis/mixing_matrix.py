"""The mixing matrix: how many edges lead from each group to each, beside how many activity and popularity give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.network import IntArray
from analysis.profiles import FloatArray


@dataclass(frozen=True)
class MixingMatrix:
    """Edges between k groups, from the group of a row to the group of a column.

    Attributes:
        observed: (k, k) numbers of edges.
        expected: (k, k) numbers of edges when each end is tied to any creator in proportion to degree (the
            configuration model, Newman 2003, "Mixing patterns in networks"), nobody to her- or himself. They have the
            same sum as the observed ones.
    """

    observed: FloatArray
    expected: FloatArray


def mixing_matrix(labels: IntArray, sources: IntArray, targets: IntArray, groups: int) -> MixingMatrix:
    """The matrix of a network with directed edges.

    Args:
        labels: (n,) group of each creator, from 0 to k - 1; negative: in none, whose edges are left out.
        sources: (m,) where each edge begins, in labels.
        targets: (m,) where each edge ends.
        groups: k.
    """
    kept = (labels[sources] >= 0) & (labels[targets] >= 0)
    sources, targets = sources[kept], targets[kept]
    observed = np.zeros((groups, groups))
    np.add.at(observed, (labels[sources], labels[targets]), 1)
    sent, received = (np.bincount(ends, minlength=len(labels)).astype(float) for ends in (sources, targets))
    grouped = labels >= 0
    itself = np.bincount(labels[grouped], (sent * received)[grouped], groups)
    pairs = np.outer(observed.sum(axis=1), observed.sum(axis=0)) - np.diag(itself)
    total = pairs.sum()
    return MixingMatrix(observed, pairs * (observed.sum() / total) if total else np.zeros_like(pairs))
