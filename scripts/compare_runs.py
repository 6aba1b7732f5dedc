"""Compare runs of the clustering, and the clusters with what is known of the creators anyway.

Are clusters, and the verdicts that rest on them, the same every time? Do they repeat a language or another category?
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.clusters import lopsided
from analysis.evidence import EXIST, NOT_SUPPORTED, read_hypotheses, too_few
from analysis.existence import one_cloud_warning
from analysis.known_categories import category_warning, known_categories
from analysis.profiles import OPTIONAL, profiles_of
from analysis.robustness import SEARCHED, median_agreement, summarise, warning
from analysis.stability import varied
from analysis.study_tables import creators_with_speech, read_clusters, read_reels, read_study
from common import program
from common.config import OWN_SETTINGS, ClusterSection, ClusterVariant, RobustnessSection
from common.files import replace_file
from common.options import add_section, read_section
from common.parquet import read_table, write_table
from common.program import UserError, log
from common.tables import CREATORS, KNOWN_CATEGORIES, ROBUSTNESS, RUNS

VERSION = "5"


def main(arguments: argparse.Namespace) -> None:
    settings = read_section(arguments, RobustnessSection)
    clustering = read_section(arguments, ClusterSection, "cluster")
    creator_ids = profiles_of(read_table(arguments.creators, CREATORS, OPTIONAL)).creator_ids
    clusters = read_clusters(arguments.clusters)
    labels = dict(zip(clusters["creator_id"].to_pylist(), clusters["cluster"].to_pylist(), strict=True))
    own = [labels.get(creator_id) for creator_id in creator_ids]
    rows: list[dict[str, Any]] = []
    for name in (OWN_SETTINGS, *settings.variants):
        variant = settings.variants.get(name, ClusterVariant())
        changes = variant.model_dump(exclude_none=True)
        runs = read_table(arguments.runs / f"{name}.parquet", RUNS).to_pylist()
        if any(len(run["labels"]) != len(creator_ids) for run in runs):
            raise UserError(
                f"{arguments.runs / name}.parquet: is of other creators than {arguments.creators}; run again"
            )
        kind = " and ".join(varied(variant.applied_to(clustering).for_cohort(len(creator_ids))))
        rows.append({"variant": name, "settings": json.dumps(changes), "varied": kind} | summarise(runs, own))
        log.info("%s: %d runs, median adjusted Rand index %s", name, len(runs), median_agreement(rows[-1]))
    untested = too_few(len(creator_ids))
    clusters = len({label for label in own if label not in (None, -1)})
    median = median_agreement(rows[0])
    unstable = warning(rows[0], settings.min_stability, untested, clusters)
    reels = None if arguments.reels is None else read_reels(arguments.reels)
    study = read_study(arguments.creators, None, arguments.clusters, reels)
    speech = None if reels is None else creators_with_speech(reels, study.network)
    categories = known_categories(study, speech)
    uneven = lopsided(np.array([label for label in own if label is not None], np.int64))
    one_cloud = None if arguments.hypotheses is None else read_existence(arguments.hypotheses)
    searched = SEARCHED if clustering.search and clusters else None
    warnings = [
        text
        for text in (
            one_cloud["warning"] if one_cloud and clusters else None,
            unstable,
            searched,
            f"{uneven}." if uneven else None,
            *map(category_warning, categories),
        )
        if text
    ]
    for text in warnings:
        log.warning("%s", text)
    found = {
        "median_ari": median,
        "min_stability": settings.min_stability,
        "stable": None if median is None or (searched and not unstable) else unstable is None,
        "searched": clustering.search,
        "clusters_exist": one_cloud,
        "not_testable": untested,
        "warning": " ".join(warnings) or None,
        "known_categories": categories,
        "variants": rows,
    }
    if arguments.categories is not None:
        write_table(pa.Table.from_pylist(categories, schema=KNOWN_CATEGORIES), arguments.categories)
    write_table(pa.Table.from_pylist(rows, schema=ROBUSTNESS), arguments.output)
    replace_file(arguments.json, (json.dumps(found, indent=2, allow_nan=False) + "\n").encode())


def read_existence(path: Path) -> dict[str, Any] | None:
    """Whether there are clusters at all, for the map: p value, verdict, and a warning where one cloud may be all.

    Args:
        path: hypotheses.json.

    Returns:
        None where the file has no such test.
    """
    found = next((result for result in read_hypotheses(path) if result.id == EXIST), None)
    if found is None:
        return None
    return {
        "p_value": found.p_value,
        "verdict": found.verdict,
        "warning": one_cloud_warning(found) if found.verdict == NOT_SUPPORTED else None,
    }


def parse() -> argparse.Namespace:
    parser = program.parser(__doc__)
    parser.add_argument("--creators", type=Path, required=True, metavar="FILE", help="creators.parquet with profiles")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE", help="the study's clusters.parquet")
    parser.add_argument("--reels", type=Path, metavar="FILE", help="reels.parquet: languages, speech")
    parser.add_argument("--hypotheses", type=Path, metavar="FILE", help="hypotheses.json: whether there are clusters")
    parser.add_argument("--runs", type=Path, required=True, metavar="FOLDER", help="tables of runs, one per variant")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="robustness.parquet to write")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="robustness.json to write")
    parser.add_argument("--categories", type=Path, metavar="FILE", help="also write clusters against known categories")
    add_section(parser, RobustnessSection)
    add_section(parser, ClusterSection, "cluster")
    return parser.parse_args()


if __name__ == "__main__":
    program.run(main, parse())
