"""Time the permutation test of H1-label against a plain Python loop on the same network."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from analysis.homophily import LabelledNetwork, draw_inside, labelled_network, null_moments

CLUSTERS = 12


def random_network(creators: int, edges: int) -> LabelledNetwork:
    """A random directed network without loops or duplicates, and random labels."""
    generator = np.random.default_rng(0)
    keys = np.unique(generator.integers(0, creators * creators, int(edges * 1.05) + 20))
    sources, targets = np.divmod(keys, creators)
    kept = np.sort(generator.permutation(np.flatnonzero(sources != targets))[:edges])
    return labelled_network(sources[kept], targets[kept], generator.integers(0, CLUSTERS, creators))


def plain_loop(network: LabelledNetwork, draws: int) -> list[int]:
    """The same test as it is usually written: shuffle a list, count in a loop."""
    shuffler = random.Random(0)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--creators", type=int, default=401)
    parser.add_argument("--edges", type=int, default=5_000)
    parser.add_argument("--draws", type=int, default=100_000)
    parser.add_argument("--loop-draws", type=int, default=1_000, help="draws of the plain loop; its time is scaled up")
    arguments = parser.parse_args()
    network = random_network(arguments.creators, arguments.edges)
    start = time.perf_counter()
    looped = np.array(plain_loop(network, arguments.loop_draws))
    loop_s = (time.perf_counter() - start) / arguments.loop_draws * arguments.draws
    start = time.perf_counter()
    drawn = draw_inside(network, arguments.draws, seed=0)
    vectorised_s = time.perf_counter() - start
    mean, variance = null_moments(network)
    print(f"permutation test: {network.n_creators} creators, {network.n_edges} edges, {arguments.draws} draws")
    print(f"  plain Python loop  {loop_s:8.2f} s (scaled from {arguments.loop_draws} draws; mean {looped.mean():.2f})")
    print(f"  vectorised         {vectorised_s:8.2f} s (mean {drawn.mean():.2f}, exact {mean:.2f})")
    print(f"  standard deviation {drawn.std():8.3f} (exact {variance**0.5:.3f})")
    print(f"  ratio              {loop_s / vectorised_s:8.1f} (aim: at least 50)")


if __name__ == "__main__":
    main()
