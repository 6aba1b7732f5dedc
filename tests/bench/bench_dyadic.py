"""Time the permutations of the dyadic test against the usual MRQAP.

The usual way (as R's sna::netlm does it) is a linear regression with a column for each sender and each receiver, solved
anew for every permutation of the residual similarity. Ours is a score test of the logistic regression: the weighted
normal equations are factorised once, and each permutation costs a few passes over the matrix of pairs. The two answer
the same question with different models, so their statistics are not compared but their verdicts: both must find the
planted slope. One thread; the usual way makes fewer draws and its time is scaled up.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path[:0] = [str(Path(__file__).resolve().parents[number] / name) for number, name in ((2, "scripts"), (1, "unit"))]

from test_analysis_dyadic import cohort, matrix

from aims import report
from analysis.dyadic import dyadic_regression
from analysis.evidence import Study
from common.config import HypothesesSection


def usual_way(study: Study, draws: int, seed: int) -> float:
    """p value of a linear MRQAP with double semi-partial permutations, a least-squares problem for each."""
    follows = matrix(study)
    number = len(follows)
    rows, columns = np.nonzero(~np.eye(number, dtype=bool))
    directions = study.profiles / np.linalg.norm(study.profiles, axis=1, keepdims=True)
    similarity = directions @ directions.T
    others = np.column_stack([np.eye(number)[rows], np.eye(number)[columns][:, 1:], follows.T[rows, columns]])
    outcome = follows[rows, columns].astype(float)
    own = similarity[rows, columns]
    left = np.zeros((number, number))
    left[rows, columns] = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]

    def slope_over_error(values: np.ndarray) -> float:
        design = np.column_stack([values, others])
        found, squares, *_ = np.linalg.lstsq(design, outcome, rcond=None)
        rest = values - others @ np.linalg.lstsq(others, values, rcond=None)[0]
        return float(found[0] / np.sqrt(squares[0] / (len(outcome) - design.shape[1]) / (rest @ rest)))

    generator = np.random.default_rng(seed)
    observed = slope_over_error(left[rows, columns])
    drawn = []
    for _ in range(draws):
        order = generator.permutation(number)
        drawn.append(slope_over_error(left[np.ix_(order, order)][rows, columns]))
    return (sum(value >= observed for value in drawn) + 1) / (draws + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=100)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--usual-draws", type=int, default=20, help="draws of the usual way in a round [%(default)s]")
    parser.add_argument("--rounds", type=int, default=3, help="medians of these are compared [%(default)s]")
    arguments = parser.parse_args()
    study = cohort(arguments.creators, 1, slope=2.0)
    settings = HypothesesSection(draws=arguments.draws)
    ours_s, usual_s, p_values = [], [], []
    with threadpool_limits(1):
        for number in range(arguments.rounds):
            start = time.perf_counter()
            p_values.append(dyadic_regression(study, settings, number).p_value)
            middle = time.perf_counter()
            p_values.append(usual_way(study, arguments.usual_draws, number))
            usual_s.append((time.perf_counter() - middle) / arguments.usual_draws * arguments.draws)
            ours_s.append(middle - start)
    ours, usual = statistics.median(ours_s), statistics.median(usual_s)
    print(
        f"dyadic test: {arguments.creators} creators, {study.network.n_edges} edges, {arguments.draws} draws, 1 thread"
    )
    report(
        "dyadic test against a linear MRQAP solved anew for each draw",
        f"{usual / ours:.0f}x ({ours:.2f} s, {usual:.0f} s)",
    )
    large = cohort(401, 1, slope=2.0, mean_degree=12)
    start = time.perf_counter()
    dyadic_regression(large, HypothesesSection(draws=1000), 1)
    report("dyadic test, 401 creators, 1,000 draws, one thread", f"{time.perf_counter() - start:.1f} s")
    if max(p_values) > 0.05:
        sys.exit("dyadic test: a planted slope was not found")


if __name__ == "__main__":
    main()
