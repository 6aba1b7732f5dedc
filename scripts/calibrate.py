"""Measure the level of the tests: how often each rejects at 5 % in synthetic cohorts without anything to find.

Writes a page with the rates beside the exact binomial band of a test that keeps its level.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from dataclasses import dataclass
from pathlib import Path

from analysis.simulation import CohortSection
from analysis.trials import Trial, band, conclusion, rejections, run_trial, tests_by_id
from common import program
from common.config import ClusterSettings, HypothesesSection
from common.files import replace_file

VERSION = "2"
ALPHA, COVERAGE = 0.05, 0.99
# With 199 draws (39 reference cohorts), p <= 0.05 has a probability of exactly 10 / 200 (2 / 40) under the null.
SETTINGS = HypothesesSection(alpha=ALPHA, draws=199, reference_draws=39, splits=2, resamples=99, dimensions=5)
# Enough follows that ties, which count against the hypothesis, are few.
NETWORKS = CohortSection(creators=100, clusters=4, size_ratio=3.0, mean_degree=12.0)
# Clusters small enough for HDBSCAN to find some in nearly every cohort.
FOUND = ClusterSettings(space="pca", dimensions=5, min_cluster_size=4, min_samples=2, kmeans=1)
STRUCTURELESS = CohortSection(creators=120, clusters=0, reels_per_creator=6, mean_degree=8.0)
NAMES_OF_PROFILE_TESTS = ("H2", "H3", "clusters-exist")


@dataclass(frozen=True)
class Null:
    """One kind of cohort without anything to find.

    Attributes:
        name: short.
        meaning: in words, for the page.
        cohort: settings.
    """

    name: str
    meaning: str
    cohort: CohortSection


NULLS = (
    Null("popularity independent", "four communities, follows know nothing of them", NETWORKS),
    Null(
        "popularity tied",
        "the same, but log popularity correlates with the community (0.8); the largest one is the most popular",
        NETWORKS.model_copy(update={"popularity_by_cluster": 0.8}),
    ),
    Null(
        "follows returned",
        "as the first, but the odds of a follow are five times larger where it is returned",
        NETWORKS.model_copy(update={"reciprocity": 5.0}),
    ),
)
UNCLUSTERED = Null("structureless", "no communities: creators vary continuously", STRUCTURELESS)

PAGE = """# Calibration

<!-- Made by scripts/calibrate.py; do not edit (make calibrate). -->

Does each test reject in 5 % of cohorts, where there is nothing to find? Synthetic cohorts, `hypotheses.alpha` =
{alpha}, each test's own p value. The band is the exact binomial one: a test whose level is 5 % has its number of
rejections inside with a probability of at least 99 %. `above`: the test finds what is not there. `below`: it is
cautious. Cohorts in which a test is not testable do not count. How to read this: [the
analysis](analysis.md#power-and-calibration).

{table}

{kinds}

The H1 tests take the planted communities as clusters, so that the rate says something of the null alone. The other
tests find clusters (PCA to {dimensions} dimensions, `min_cluster_size` {size}, `min_samples` {samples}).
{draws} permutations, {references} reference cohorts, {splits} halvings. Profiles are bags of random word vectors.

Made by (not run in the tests: it takes some fifteen minutes; they run it with a few cohorts):

    python scripts/calibrate.py --cohorts {cohorts} --split-cohorts {split} --seed {seed} --output docs/calibration.md
"""
HEADER = ("cohorts", "test", "tested", "rejected", "rate", "99 % band", "conclusion")


def main(arguments: argparse.Namespace) -> None:
    ids = tests_by_id()
    of_profiles = tuple(name for name in ids if name.startswith(NAMES_OF_PROFILE_TESTS))
    of_networks = tuple(name for name in ids if name not in of_profiles)
    planned = [(null, Trial(null.cohort, of_networks, SETTINGS), arguments.cohorts) for null in NULLS]
    planned.append((UNCLUSTERED, Trial(UNCLUSTERED.cohort, of_profiles, SETTINGS, FOUND), arguments.split_cohorts))
    rows = [HEADER, ("---",) * len(HEADER)]
    for kind, (null, trial, number) in enumerate(planned):
        found = []
        for values in run_trial(trial, (arguments.seed, kind), number, arguments.processes):
            found.append(values)
            if len(found) % max(1, number // 10) == 0:
                program.log.info("%s: %d of %d cohorts", null.name, len(found), number)
        rows += [measured(null.name, test, [values[test] for values in found]) for test in trial.tests]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    kinds = "\n".join(
        f"- *{null.name}*: {null.meaning} ({null.cohort.creators} creators, {null.cohort.mean_degree:g} follows each)."
        for null, *_ in planned
    )
    page = PAGE.format(
        alpha=ALPHA, table=table, kinds=kinds, dimensions=FOUND.dimensions,
        size=FOUND.min_cluster_size, samples=FOUND.min_samples, draws=SETTINGS.draws,
        references=SETTINGS.reference_draws, splits=SETTINGS.splits, cohorts=arguments.cohorts,
        split=arguments.split_cohorts, seed=arguments.seed,
    )  # fmt: skip
    replace_file(arguments.output, page.encode())


def measured(null: str, test: str, values: list[float | None]) -> tuple[str, ...]:
    """A test's row of the table."""
    tested, rejected = rejections(values, ALPHA)
    if not tested:
        row = (null, test, "0", "-", "-", "-", "not testable")
    else:
        limits = band(tested, ALPHA, COVERAGE)
        row = (
            null, test, f"{tested:,}", f"{rejected:,}", percent(rejected, tested),
            f"{limits[0]} to {limits[1]} ({percent(limits[0], tested)} to {percent(limits[1], tested)})",
            conclusion(rejected, limits),
        )  # fmt: skip
    program.log.info(" | ".join(row))
    return row


def percent(part: int, whole: int) -> str:
    """A share in per cent."""
    return f"{100 * part / whole:.1f} %"


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="page to write (Markdown)")
    parser.add_argument("--cohorts", type=int, default=1000, metavar="N", help="of each kind, for the networks [1000]")
    parser.add_argument(
        "--split-cohorts", type=int, default=200, metavar="N", help="for H2, H3 and the originals [200]"
    )
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of every random step [42]")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes; no result depends on it [1]")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
