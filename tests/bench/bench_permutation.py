"""Time the permutation test of H1-label against a plain Python loop on the same network.

Both run in one thread and count the same thing: the edges inside labels, under labels shuffled anew for each draw.
They take turns, and medians are compared. The loop makes fewer draws, as each takes it as long as the one before; its
time is scaled up. Ends with exit code 1 where one of the two misses the null distribution's exact mean or standard
deviation.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from aims import report
from analysis.homophily import LabelledNetwork, draw_inside, labelled_network, null_moments

CLUSTERS = 12


def random_network(creators: int, edges: int) -> LabelledNetwork:
    """A random directed network without loops or duplicates, and random labels."""
    generator = np.random.default_rng(0)
    keys = np.unique(generator.integers(0, creators * creators, int(edges * 1.05) + 20))
    sources, targets = np.divmod(keys, creators)
    kept = np.sort(generator.permutation(np.flatnonzero(sources != targets))[:edges])
    return labelled_network(sources[kept], targets[kept], generator.integers(0, CLUSTERS, creators))


def plain_loop(network: LabelledNetwork, draws: int, seed: int) -> list[int]:
    """The same test as it is usually written: shuffle a list, count in a loop."""
    shuffler = random.Random(seed)
    labels = network.labels.tolist()
    edges = list(zip(network.sources.tolist(), network.targets.tolist(), strict=True))
    counts = []
    for _ in range(draws):
        shuffler.shuffle(labels)
        inside = 0
        for source, target in edges:
            if labels[source] == labels[target]:
                inside += 1
        counts.append(inside)
    return counts


def follows_null(counts: npt.NDArray[np.int64], network: LabelledNetwork) -> bool:
    """Whether mean and standard deviation are the exact ones, give or take five standard errors."""
    mean, variance = null_moments(network)
    deviation, draws = variance**0.5, len(counts)
    near = abs(counts.mean() - mean) <= 5 * deviation / draws**0.5
    return bool(near and abs(counts.std() - deviation) <= 5 * deviation / (2 * draws) ** 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=401)
    parser.add_argument("--edges", type=int, default=5_000)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument(
        "--loop-draws", type=int, default=2_000, help="draws of the plain loop in a round [%(default)s]"
    )
    parser.add_argument("--rounds", type=int, default=7, help="medians of these are compared [%(default)s]")
    arguments = parser.parse_args()
    network = random_network(arguments.creators, arguments.edges)
    draw_inside(network, 256, seed=0)  # the first call pages the code in
    loop_s, vectorised_s, looped = [], [], []
    for number in range(arguments.rounds):
        start = time.perf_counter()
        looped += plain_loop(network, arguments.loop_draws, seed=number)
        middle = time.perf_counter()
        drawn = draw_inside(network, arguments.draws, seed=number)
        loop_s.append((middle - start) / arguments.loop_draws * arguments.draws)
        vectorised_s.append(time.perf_counter() - middle)
    counted = np.array(looped)
    mean, variance = null_moments(network)
    print(
        f"permutation test: {network.n_creators} creators, {network.n_edges} edges, {arguments.draws} draws, 1 thread"
    )
    print(f"exact null distribution: mean {mean:.2f}, standard deviation {variance**0.5:.3f}")
    for name, seconds, counts in (("plain loop", loop_s, counted), ("vectorised", vectorised_s, drawn)):
        print(
            f"{name}: {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}); "
            f"mean {counts.mean():.2f}, standard deviation {counts.std():.3f} of {len(counts)} draws"
        )
    ratio = statistics.median(loop_s) / statistics.median(vectorised_s)
    report("permutation test against a plain Python loop", f"{ratio:.0f}x", "at least 50x", ratio >= 50)
    if not (follows_null(counted, network) and follows_null(drawn, network)):
        sys.exit("permutation test: the draws do not follow the exact null distribution")


if __name__ == "__main__":
    main()
