"""Test clusters and profiles against the follow network.

Any network with group labels can be tested: the tables of creators, edges and clusters need an id and a number only.
Tests that need profiles, or the reels behind them, say what they miss.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from analysis.effects import homophily_effects
from analysis.evidence import HYPOTHESES, SENSITIVITY, Study, incomplete_lists
from analysis.hypotheses import as_json, null_distribution, own_test, run_tests, sensitivity
from analysis.profiles import OPTIONAL
from analysis.search import chosen_settings
from analysis.similarity import similarity_curve
from analysis.study_tables import profiles_in, read_clusters, read_study, with_clusters
from common import program
from common.config import ClusterSection, HypothesesSection
from common.files import replace_file
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.tables import CREATORS, EFFECTS, MODALITY_PROFILES, NULLS, SIMILARITY

VERSION = "9"


def main(arguments: argparse.Namespace) -> None:
    # Tests run on threads and processes of their own. Those of the libraries would wait for one another, and what is
    # computed would depend on how many cores there are.
    with threadpool_limits(1):
        test_study(arguments)


def test_study(arguments: argparse.Namespace) -> None:
    """Read the tables, make the tests, write what they found."""
    settings = read_section(arguments, HypothesesSection)
    if 1 / (settings.draws + 1) > settings.alpha:
        program.log.warning(
            "hypotheses.draws = %d cannot give a p value as small as hypotheses.alpha = %s: raise draws",
            settings.draws,
            settings.alpha,
        )
    own = [own_test(Path(name)) for name in settings.own_tests]
    study = read_study(
        arguments.creators,
        arguments.edges,
        arguments.clusters,
        arguments.reels,
        directed=not arguments.undirected,
        controls=settings.controls,
    )
    section = chosen_settings(read_section(arguments, ClusterSection, "cluster"), arguments.search_table)
    study = replace(study, clustering=section.for_cohort(study.n_profiles), processes=arguments.processes)
    for limit in (study.network.left_out(), incomplete_lists(study.follows_status)):
        if limit:
            program.log.warning("%s: %s", arguments.edges, limit)
    results = run_tests(study, settings, arguments.seed, own)
    for result in results:
        program.log.info(
            "%s: %s (observed %s, expected %s, p %s)%s",
            result.id,
            result.verdict,
            *("-" if value is None else f"{value:.4g}" for value in (result.observed, result.expected, result.p_value)),
            f": {result.reason}" if result.reason else "",
        )
    varied = sensitivity(study, other_views(study, arguments, settings), settings, arguments.seed)
    rows = [asdict(result) for result in results]
    replace_file(arguments.output, as_json(rows, HYPOTHESES))
    if arguments.parquet is not None:
        write_table(pa.Table.from_pylist(rows, schema=HYPOTHESES), arguments.parquet)
    if arguments.sensitivity is not None:
        write_table(pa.Table.from_pylist(varied, schema=SENSITIVITY), arguments.sensitivity)
    if arguments.effects is not None:
        degree = next(result for result in results if result.id == "H1-degree")
        measured = homophily_effects(study, settings, arguments.seed, degree)
        write_table(pa.Table.from_pylist(measured, schema=EFFECTS), arguments.effects)
    if arguments.nulls is not None:
        binned = [row for result in results for row in null_distribution(result)]
        write_table(pa.Table.from_pylist(binned, schema=NULLS), arguments.nulls)
    if arguments.similarity is not None:
        curve = similarity_curve(study, settings, arguments.seed)
        write_table(pa.Table.from_pylist(curve, schema=SIMILARITY), arguments.similarity)


def other_views(study: Study, arguments: argparse.Namespace, settings: HypothesesSection) -> dict[str, Study]:
    """The same creators as other modalities, and other runs of the study, see them."""
    found = {}
    if arguments.modalities is not None:
        table = read_table(arguments.modalities, MODALITY_PROFILES)
        for modality in sorted(set(table.column("modality").to_pylist())):
            seen = table.filter(pc.equal(table.column("modality"), modality))
            found[f"modality {modality}"] = with_clusters(
                replace(study, profiles=profiles_in(seen, study.network), reels=None), seen
            )
    for name, folder in settings.compare.items():
        creators = read_table(Path(folder) / "tables/creators.parquet", CREATORS, OPTIONAL)
        clusters = read_clusters(Path(folder) / "map/clusters.parquet")
        found[name] = with_clusters(replace(study, profiles=profiles_in(creators, study.network), reels=None), clusters)
    return found


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet: creator_id")
    parser.add_argument("--edges", type=Path, required=True, metavar="FILE", help="edges.parquet: source_id, target_id")
    parser.add_argument(
        "--clusters", type=Path, required=True, metavar="FILE", help="clusters.parquet: cluster of each"
    )
    parser.add_argument("--reels", type=Path, metavar="FILE", help="reels.parquet: embeddings, for H2 and H3")
    parser.add_argument("--undirected", action="store_true", help="edges have no direction")
    parser.add_argument("--modalities", type=Path, metavar="FILE", help="profiles and clusters of other modalities")
    parser.add_argument("--search-table", type=Path, metavar="FILE", help="what cluster.search chose")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="hypotheses.json to write")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="also write the results as a table")
    parser.add_argument("--sensitivity", type=Path, metavar="FILE", help="also write the tests under other choices")
    parser.add_argument("--effects", type=Path, metavar="FILE", help="also write sizes of homophily with intervals")
    parser.add_argument("--nulls", type=Path, metavar="FILE", help="also write how the statistics lie under the nulls")
    parser.add_argument("--similarity", type=Path, metavar="FILE", help="also write following against similarity")
    parser.add_argument("--seed", type=int, default=42, metavar="N", help="seed of every random step [42]")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes; no result depends on it [1]")
    add_section(parser, HypothesesSection)
    add_section(parser, ClusterSection, "cluster")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
