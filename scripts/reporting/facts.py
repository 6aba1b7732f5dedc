"""What a run found and lost, each fact in one place for the lines at its end and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis.evidence import NOT_TESTABLE, PRIMARY
from analysis.findings import answer_sentences
from analysis.study_tables import read_decided
from common.config import HypothesesSection
from common.manifest import Row
from reporting.results import Results


@dataclass(frozen=True)
class Cohort:
    """How many creators and reels a study has, and how many of both have an embedding; None: not made by this run."""

    creators: int
    reels: int
    embedded_creators: int | None
    embedded_reels: int | None

    def __str__(self) -> str:
        said = f"{counted(self.creators, 'creator')} with {counted(self.reels, 'reel')}"
        if self.embedded_reels is None:
            return said
        if not self.embedded_reels:
            return f"{said}; none of the reels could be analysed"
        if (self.embedded_creators, self.embedded_reels) == (self.creators, self.reels):
            return f"{said}; all could be analysed"
        who = counted(self.embedded_creators or 0, "creator")
        return f"{said}; {self.embedded_reels:,} of these reels, by {who}, could be analysed"


def counted(number: int, what: str) -> str:
    """A number of things: "1 reel", "1,200 reels"."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def cohort(results: Results, rows: pa.Table) -> Cohort | None:
    """The study's size; None where the run did not come so far.

    Args:
        results: of the run.
        rows: its manifests (`Results.manifests`); a study that reads a bundle has none.
    """
    numbers = results.json("paper/numbers.json")
    if numbers is not None:
        return Cohort(*(numbers[name] for name in ("creators", "reels", "creators_embedded", "reels_embedded")))
    made = rows.filter(pc.equal(rows["state"], "ok"))
    listed = made.filter(pc.equal(made["stage"], "creators"))
    if not len(listed):
        return None
    embedded = made.filter(pc.equal(made["stage"], "embedding"))
    came_so_far = pc.any(pc.equal(rows["stage"], "embedding")).as_py()
    return Cohort(
        pc.count_distinct(listed["creator_id"]).as_py(),
        len(listed) - listed["reel_id"].null_count,
        pc.count_distinct(embedded["creator_id"]).as_py() if came_so_far else None,
        len(embedded) if came_so_far else None,
    )


def losses(rows: pa.Table) -> dict[tuple[str, str], list[Row]]:
    """What failed, by the stage where it first came up and the reason; the most frequent first."""
    # Later stages say `no_input` of what an earlier one lost.
    failed = rows.filter(pc.and_(pc.equal(rows["state"], "failed"), pc.not_equal(rows["reason"], "no_input")))
    found: dict[tuple[str, str], list[Row]] = {}
    for row in failed.to_pylist():
        found.setdefault((row["stage"], row["reason"]), []).append(Row(**row))
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def skipped(rows: pa.Table) -> dict[str, list[Row]]:
    """What the source names and the study could not take in, by reason; what the study did not choose is not meant."""
    of_source = rows.filter(pc.and_(pc.equal(rows["stage"], "creators"), pc.equal(rows["state"], "skipped")))
    found: dict[str, list[Row]] = {}
    for row in of_source.to_pylist():
        if row["reel_id"] is not None and row["reason"] not in ("not_selected", "not_needed"):
            found.setdefault(row["reason"], []).append(Row(**row))
    return dict(sorted(found.items()))


def cluster_sentence(results: Results) -> str | None:
    """How many clusters there are and whether they stay the same; None where the run made none."""
    clusters = results.clusters()
    if clusters is None:
        return None
    number = len({cluster for cluster in clusters if cluster >= 0})
    if not number:
        settings = results.json("map/settings.json")
        least = settings["fewest_creators"] if settings and settings["creators"] < settings["fewest_creators"] else 0
        why = f": clusters need at least {least}" if least else ""
        return f"No clusters were found among {counted(len(clusters), 'creator')}{why}."
    inside = len(clusters) - clusters.count(-1)
    who = f"{inside:,} of {counted(len(clusters), 'creator')}" if inside < len(clusters) else f"All {inside:,} creators"
    said = f"{who} are in {counted(number, 'cluster')}"
    robustness = results.json("robustness.json")
    if robustness is None:
        return f"{said}."
    if robustness["median_ari"] is None:
        return f"{said}; whether the clusters are stable could not be tested."
    agree = f"agree with a median adjusted Rand index of at least {robustness['median_ari']:.2f} (1: always the same)"
    if robustness["stable"] is None:
        return f"{said}; their settings were searched, so that it is no evidence of stability that other runs {agree}."
    stable = "stable" if robustness["stable"] else "not stable"
    runs = "runs with other seeds, and runs without a tenth of the creators,"
    return f"{said}; the clusters are {stable}: {runs} {agree}."


def finding(results: Results, settings: HypothesesSection) -> list[str]:
    """What the primary test found (`answer_sentences`); nothing where the run did not test."""
    primary = next((result for result in results.hypotheses() if result.id == PRIMARY), None)
    return [] if primary is None else answer_sentences(primary, results.sensitivity(), settings)


def decided(results: Results) -> str | None:
    """What a search or the size of the cohort decided (`auto`); None where neither decided anything."""
    path = results.file("map/settings.json")
    said = None if path is None else read_decided(path)
    return None if said and said.startswith("Clusters need") else said


def warnings(results: Results, notices: Sequence[str]) -> list[str]:
    """What limits the results, the gravest first.

    Args:
        results: of the run.
        notices: what in the source concerns nobody (`sources.joins.Notice`).
    """
    robustness = results.json("robustness.json") or {}
    primary = [result for result in results.hypotheses() if result.id == PRIMARY and result.verdict != NOT_TESTABLE]
    found = [robustness.get("warning"), *(result.reason for result in primary), *notices]
    return [text for text in found if text]
