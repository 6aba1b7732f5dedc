"""Time the edge swaps of H1-degree against a plain Python loop, and against networkx.

All three start from the same network, in one thread, and take turns; medians are compared. The plain loop attempts the
same swaps with a list and a set of edges. networkx's `directed_edge_swap` makes another kind of swap (along a path of
three edges) and does not say how many it attempted: what is compared with it is the swaps made. Ends with exit code 1
where one of them changes a degree, or adds a loop or a multiple edge.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import networkx as nx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from aims import report
from analysis.homophily import LabelledNetwork
from analysis.rewiring import rewire, rewired_inside
from bench_permutation import random_network

AIM_PER_S = 2e6

Edges = list[tuple[int, int]]


def plain_loop(edges: Edges, attempts: int, seed: int) -> tuple[Edges, int]:
    """Edge swaps as they are usually written; the network, and how many were made."""
    generator = random.Random(seed)
    edges, there, made = list(edges), set(edges), 0
    for _ in range(attempts):
        first, second = generator.randrange(len(edges)), generator.randrange(len(edges))
        (a, b), (c, d) = edges[first], edges[second]
        if a == d or c == b or (a, d) in there or (c, b) in there:
            continue
        there -= {(a, b), (c, d)}
        there |= {(a, d), (c, b)}
        edges[first], edges[second] = (a, d), (c, b)
        made += 1
    return edges, made


def same_degrees(edges: Edges, network: LabelledNetwork) -> bool:
    """Whether these are a network with the same degrees, without loops and multiple edges."""
    sources, targets = np.array(edges).T
    return (
        len(set(edges)) == network.n_edges
        and not (sources == targets).any()
        and bool((np.bincount(sources) == np.bincount(network.sources)).all())
        and bool((np.bincount(targets) == np.bincount(network.targets)).all())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=401)
    parser.add_argument("--edges", type=int, default=5_000)
    parser.add_argument("--draws", type=int, default=1_000, help="of a chain, 5 swaps an edge apart [%(default)s]")
    parser.add_argument("--loop-swaps", type=int, default=500_000, help="attempted by the plain loop [%(default)s]")
    parser.add_argument("--networkx-swaps", type=int, default=2_000, help="made by networkx [%(default)s]")
    parser.add_argument("--large-edges", type=int, default=5_000_000, help="of 100,000 creators; 0: none [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5, help="medians of these are compared [%(default)s]")
    arguments = parser.parse_args()
    network = random_network(arguments.creators, arguments.edges)
    edges = list(zip(network.sources.tolist(), network.targets.tolist(), strict=True))
    rewired_inside(network, 1, 1, seed=0)  # the first call compiles
    steps = 5 * network.n_edges
    attempted, accepted, looped, loop_made, networkx_made = ([] for _ in range(5))
    right = True
    for number in range(arguments.rounds):
        start = time.perf_counter()
        chain = rewired_inside(network, arguments.draws, steps, seed=number)
        seconds = time.perf_counter() - start
        attempted.append(arguments.draws * steps / seconds)
        accepted.append(attempted[-1] * chain.acceptance)
        start = time.perf_counter()
        swapped, made = plain_loop(edges, arguments.loop_swaps, seed=number)
        seconds = time.perf_counter() - start
        looped.append(arguments.loop_swaps / seconds)
        loop_made.append(made / seconds)
        graph = nx.DiGraph(edges)
        start = time.perf_counter()
        nx.directed_edge_swap(graph, nswap=arguments.networkx_swaps, max_tries=10**9, seed=number)
        networkx_made.append(arguments.networkx_swaps / (time.perf_counter() - start))
        sources, targets = rewire(network.sources, network.targets, network.n_creators, steps, seed=number)
        ours = list(zip(sources.tolist(), targets.tolist(), strict=True))
        right &= all(same_degrees(found, network) for found in (ours, swapped, list(graph.edges())))
    speed, loop_speed = statistics.median(attempted), statistics.median(looped)
    print(f"edge swaps: {network.n_creators} creators, {network.n_edges} edges, 1 thread")
    for name, values in (
        ("attempted by the chain", attempted),
        ("made by the chain", accepted),
        ("attempted by the plain loop", looped),
        ("made by the plain loop", loop_made),
        ("made by networkx", networkx_made),
    ):
        print(f"{name}: {statistics.median(values):,.0f} a second ({min(values):,.0f} to {max(values):,.0f})")
    report(
        "edge swaps attempted", f"{speed / 1e6:.1f} million a second", "at least 2 million", bool(speed >= AIM_PER_S)
    )
    report("edge swaps against a plain Python loop", f"{speed / loop_speed:.0f}x")
    against = statistics.median(accepted) / statistics.median(networkx_made)
    report("edge swaps made, against networkx", f"{against:,.0f}x")
    if arguments.large_edges:
        large = random_network(100_000, arguments.large_edges)
        print(f"edge swaps: {large.n_creators} creators, {large.n_edges} edges, 1 thread")
        start = time.perf_counter()
        rewired_inside(large, 1, 4 * large.n_edges, seed=0)
        speed = 4 * large.n_edges / (time.perf_counter() - start)
        report("the same, 5 million edges, setting up included", f"{speed / 1e6:.1f} million a second")
    if not right:
        sys.exit("edge swaps: a degree was changed, or an edge is there twice or is a loop")


if __name__ == "__main__":
    main()
