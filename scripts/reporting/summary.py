"""The lines at the end of a run: what there is, what failed and why, what was found, and where to look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.another_try import left_to_retry
from common.config import Config
from common.files import replace_file
from common.manifest import Row
from common.named import Names
from common.states import FAILED
from reporting.facts import cluster_sentence, cohort, counted, decided, finding, losses, skipped, warnings
from reporting.results import Results

SUMMARY, PAGE = "summary.md", "index.html"
MOST_LINES = 15
MOST_STEPS, MOST_REASONS, MOST_WARNINGS = 2, 3, 2
EXAMPLES = 2  # reels or creators that are named for a reason
LONGEST = 400  # characters of what a program or a source says
# Where to look first, in this order; the folder of a file that is no picture or page.
LOOK_AT = {
    PAGE: "open it in a browser", "atlas/index.html": "open it in a browser", "paper/numbers.json": "",
    "bundle/SHA256SUMS": "", "export/csv/reels.csv": "", "figures/map.png": "", "tables/reels.parquet": "",
}  # fmt: skip
# The time before each line of a program's log.
TIME = re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE)
Lines = list[tuple[str, str]]


@dataclass(frozen=True)
class FailedStep:
    """A job that failed.

    Attributes:
        name: of the rule, with its batch or other wildcards.
        log: what the program wrote; None where the rule has none.
    """

    name: str
    log: Path | None

    def __str__(self) -> str:
        if self.log is None:
            return f"{self.name}: see above"
        said = self.log.read_text(encoding="utf-8", errors="replace") if self.log.is_file() else ""
        last = TIME.split(said)[-1].strip().splitlines()
        if not last:
            return f"{self.name}; it ended without a word, as a program that is killed does ({self.log} is empty)"
        # Below a traceback stands what it was.
        what = f"{last[0]} {last[-1]}" if "Traceback" in said else " ".join(last)
        return f"{self.name}; the end of its log ({self.log}): {shortened(what)}"


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        results: of the run.
        config: of the study.
        finished: whether all steps succeeded.
        failed: the steps that did not.
        notices: what in the source concerns nobody (`sources.joins.Notice`).
    """

    results: Results
    config: Config
    finished: bool = True
    failed: Sequence[FailedStep] = ()
    notices: Sequence[str] = ()


def summary(ended: Ended) -> Lines:
    """At most MOST_LINES lines, each with what it is about."""
    results, rows = ended.results, ended.results.manifests
    synthetic = " (synthetic data: it says nothing about real creators)" if ended.config.study.synthetic else ""
    how = "finished"
    if not ended.finished:
        how = f"did not finish: {counted(len(ended.failed), 'step')} failed" if ended.failed else "was stopped"
    size = cohort(results, rows)
    said = finding(results, ended.config.hypotheses)[:1]
    lines: Lines = [("Run", f"{ended.config.study.name}{synthetic}: the run {how}.")]
    lines += _few("Failed step", [str(step) for step in ended.failed], MOST_STEPS, "their logs are in results/logs")
    lines += [("Cohort", f"{size}.")] if size else []
    lines += _failures(results, losses(rows))
    lines += _skipped(results, skipped(rows))
    clusters = [text for text in (cluster_sentence(results), decided(results)) if text]
    lines += [("Clusters", " ".join(clusters))] if clusters else []
    lines += [("Finding", said[0])] if said else []
    listed = [shortened(text) for text in warnings(results, ())]
    lines += _few("Mind", listed, MOST_WARNINGS, "see results/hypotheses.md and results/robustness.json")
    if ended.notices:  # all of them: what concerns nobody may be what matters most
        lines.append(("Source", f"{'; '.join(ended.notices)} (examples: results/logs/collect_creators)."))
    if hint := left_to_retry(results.folder):
        lines.append(("Try again", hint))
    return [*lines, ("Look first", look_first(ended))]


def _failures(results: Results, lost: dict[tuple[str, str], list[Row]]) -> Lines:
    names = Names(results.folder / "creators")
    said = []
    for (stage, reason), rows in lost.items():
        reels = counted(len(rows), "creator" if rows[0].reel_id is None else "reel")
        cause = f"{FAILED[reason].meaning} ({reason})"
        examples = [shortened(names.of_row(row)) for row in rows[:EXAMPLES]]
        if len(rows) > 1 and len({row.detail for row in rows}) == 1 and rows[0].detail:
            cause += f": {shortened(rows[0].detail)}"
            examples = [names.of(row.creator_id, row.reel_id) for row in rows[:EXAMPLES]]
        more = f"; and {len(rows) - EXAMPLES:,} more" if len(rows) > EXAMPLES else ""
        said.append(f"{reels} in the stage {stage}: {cause}: {'; '.join(examples)}{more}.")
    return _few("Failed", said, MOST_REASONS, "results/tables/status.parquet and results/logs have all")


def _skipped(results: Results, found: dict[str, list[Row]]) -> Lines:
    """One line with the files of the source that were not taken in, by name."""
    names = Names(results.folder / "creators")
    said = []
    for reason, rows in found.items():
        more = f" and {len(rows) - EXAMPLES:,} more" if len(rows) > EXAMPLES else ""
        examples = "; ".join(shortened(names.of_row(row)) for row in rows[:EXAMPLES])
        said.append(f"{reason} {len(rows):,} ({examples}{more})")
    total = counted(sum(map(len, found.values())), "reel")
    return [("Skipped", f"{total} of the source were not taken in: {', '.join(said)}.")] if said else []


def _few(label: str, texts: list[str], most: int, where: str) -> Lines:
    """A line for each text; where there are too many, the last line says how many more there are."""
    if len(texts) > most:
        texts = [*texts[: most - 1], f"{len(texts) - most + 1} more: {where}."]
    return [(label, text) for text in texts]


def look_first(ended: Ended) -> str:
    """The file or folder that tells most of what the run made, or why it failed."""
    if not ended.finished:
        again = "give the same command again: what was computed is kept."
        return f"the failed steps above; mend the cause, then {again}" if ended.failed else again
    found = next((name for name in LOOK_AT if ended.results.file(name)), None)
    if found is None:
        return f"{ended.results.folder}/logs"
    path = ended.results.folder / found
    place = path if path.suffix in (".html", ".png") else path.parent
    return f"{place} ({LOOK_AT[found]})" if LOOK_AT[found] else str(place)


def plain(text: str) -> str:
    """A text on one line, without signs that a terminal would obey."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def shortened(text: str) -> str:
    """The beginning of a text of somebody else, on one line."""
    said = plain(text)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}..."


def as_text(lines: Lines) -> str:
    """The lines for a terminal."""
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {plain(text)}" for label, text in lines)


def as_markdown(lines: Lines) -> str:
    """The same as a list in Markdown."""
    escaped = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_<[]"})
    listed = [f"- **{label}**: {plain(text).translate(escaped)}" for label, text in lines]
    return "\n".join(["# What the run made", "", *listed, ""])


def write_summary(ended: Ended) -> str:
    """Write results/summary.md; returns the same lines for a terminal."""
    lines = summary(ended)
    replace_file(ended.results.folder / SUMMARY, as_markdown(lines).encode())
    return as_text(lines)
