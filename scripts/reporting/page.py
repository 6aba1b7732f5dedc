"""The page of a study for people: one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pyarrow as pa
from PIL import Image

from analysis.evidence import NOT_SUPPORTED, NOT_TESTABLE, PRIMARY, SUPPORTED, Hypothesis
from analysis.findings import EFFECTS, SYNTHETIC, is_fewer, number
from common.config import SMALL_COHORT, Config, HypothesesSection
from common.files import replace_file
from common.stages import pipeline_order
from common.states import FAILED, NOTED, SKIPPED
from common.tables import COVERAGE, STATUS
from reporting.facts import cluster_sentence, cohort, counted, decided, finding, warnings
from reporting.methods import PROGRAM, methods, versions
from reporting.references import cited, read_references, with_citations
from reporting.results import Results
from reporting.summary import Ended, summary

HERE = Path(__file__).parent
CAPTIONS = HERE.parents[1] / "report"
WIDEST = 1400  # pixels of a figure on the page
FIGURES = {
    "map": "Map of the creators", "network": "Who follows whom", "mixing": "Follows between clusters",
    "similarity": "Similarity and follows",
    "hypotheses": "Tests", "robustness": "Other seeds and settings", "distinctions": "What distinguishes the clusters",
    "portraits": "Central reels", "reliability": "How many reels are enough", "coverage": "Coverage",
}  # fmt: skip
LINKS = {
    "atlas/index.html": "the interactive map, with every reel",
    "hypotheses.md": "each test in words and numbers",
    "tables/creators_flat.csv": "one row for each creator, for spreadsheets and statistics programs",
    "tables/reels.parquet": "one row for each reel; the other tables lie beside it",
    "paper/cohort.csv": "table 1 of a manuscript; the numbers that it quotes lie beside it",
    "config.yaml": "all settings",
}
MEASURED = (
    "Descriptions are written from measures of light, colour, motion and cutting: what is shown (people, places, "
    "things) is not in them."
)
BY_MODEL = (
    "Descriptions are written by a model, which can be wrong or biased: compare some of them with the reels before you "
    "rely on them."
)
OF_TESTS = [
    "An association is no cause: creators may follow whom they resemble, come to resemble whom they follow, or both "
    "may follow from something that was not measured.",
    "“No evidence” is not evidence of nothing: a small cohort shows strong effects only.",
]
OF_CLUSTERS = "An algorithm also finds clusters where there are none; that clusters are stable does not make them true."
# What the stages do, in words; the pages of Reel Atlas call them by their names.
STEPS = {
    "creators": "collected", "video": "video read", "audio": "sound taken out", "music": "music",
    "transcript": "speech to text", "context": "texts prepared", "frames": "frames taken",
    "measures": "frames measured", "description": "described in words", "embedding": "embedded",
}  # fmt: skip
ANSWERS = {SUPPORTED: "Yes", NOT_SUPPORTED: "No evidence"}


def study_page(ended: Ended) -> str:
    """The page as HTML.

    Args:
        ended: the run; of one that did not finish the page has what there is, and says so.
    """
    results, config = ended.results, ended.config
    references = read_references()
    told = methods(results, config) if ended.finished else []
    found = findings(results, config)
    style = (HERE / "page.css").read_text(encoding="utf-8").strip()
    policy = {
        "default-src": "'none'", "style-src": f"'sha256-{_digest(style)}'", "img-src": "data:", "base-uri": "'none'",
        "form-action": "'none'",
    }  # fmt: skip
    facts: dict[str, Any] = {
        "csp": "; ".join(f"{key} {value}" for key, value in policy.items()),
        "style": style,
        "name": config.study.name,
        "synthetic": config.study.synthetic,
        "finished": ended.finished,
        "ended": [] if ended.finished else summary(ended),
        "studied": studied(results, config),
        "found": found,
        "depends": [*finding(results, config.hypotheses)[1:], *in_plain_words(results)],
        "warnings": warnings(results, ended.notices) if ended.finished else [],
        "level": f"{config.hypotheses.confidence * 100:g} %",
        "tests": [test_row(one, config.hypotheses) for one in results.hypotheses() if not one.id.endswith("-original")],
        "clusters": cluster_rows(results),
        "figures": figures(results, config),
        "coverage": coverage_rows(results),
        "producers": producers(results),
        "models": models(results, config),
        "settings": settings(results, config),
        "versions": ", ".join(f"{name} {said}" for name, said in versions().items()),
        "limits": limits(results, config),
        "methods": [with_citations(text, references) for text in told],
        "references": cited(told, references),
        "links": [(name, text) for name, text in LINKS.items() if results.file(name)],
        "program": PROGRAM,
    }
    titles = {
        "studied": "Studied", "found": "Found", "figures": "Figures", "coverage": "Coverage", "made": "How it was made",
        "limits": "Limits", "methods": "Methods", "files": "Files",
    }  # fmt: skip
    empty = {
        part
        for part, of in {"figures": "figures", "coverage": "coverage", "methods": "methods", "files": "links"}.items()
        if not facts[of]
    }
    facts["sections"] = [item for item in titles.items() if item[0] not in empty]
    template = (HERE / "page.html").read_text(encoding="utf-8")
    return _templates().from_string(template).render(facts) + "\n"


def _templates() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def studied(results: Results, config: Config) -> list[str]:
    """Whom and what the study is about, in sentences."""
    size = cohort(results, results.manifests)
    said = [SYNTHETIC] if config.study.synthetic else []
    if size is None:
        return [*said, "The run ended before the creators and their reels were collected."]
    if size.embedded_reels == 0:
        return [*said, f"This study looks at {size}. What became of the reels stands below."]
    by_model = config.source.kind != "bundle" and config.description.backend != "measured"
    shown = " by a model that was shown its frames" if by_model else ""
    said.append(
        f"This study looks at {size}. Each reel was described in words{shown}, and the words became numbers, so that "
        "reels and creators can be compared. Creators whose reels are alike lie close together on the map."
    )
    numbers = results.json("paper/numbers.json")
    if numbers is not None and numbers["follows_inside"] is None:
        said.append("Whom the creators follow is not known, so nothing is said about follows.")
    elif numbers is not None:
        said.append(f"The creators follow each other {counted(numbers['follows_inside'], 'time')}.")
    return said


def findings(results: Results, config: Config) -> list[str]:
    """The finding, the clusters and what both rest on, in a sentence each; none where nothing was clustered."""
    size = cohort(results, results.manifests)
    found = [*finding(results, config.hypotheses)[:1], *filter(None, [cluster_sentence(results)])]
    if found and size is not None and size.embedded_reels is not None:
        found.append(
            f"This rests on {size.embedded_reels:,} of {counted(size.reels, 'reel')}, "
            f"by {size.embedded_creators:,} of {counted(size.creators, 'creator')}."
        )
    return found


def in_plain_words(results: Results) -> list[str]:
    """What the odds ratio of the primary test means, for readers who never met one; nothing where there is none."""
    return [
        "The odds ratio says how much: where two profiles are more similar by 0.1 (1 would be the same profile), the "
        f"odds that one creator follows the other are {number(result.effect)} times as large."
        for result in results.hypotheses()
        if result.id == PRIMARY and result.effect is not None
    ]


def test_row(result: Hypothesis, settings: HypothesesSection) -> dict[str, str]:
    """A row of the table of questions and answers."""
    answer = ANSWERS.get(result.verdict, result.verdict)
    if result.verdict == NOT_TESTABLE:
        answer = f"Could not be tested: {result.reason}."
    elif is_fewer(result, settings) and EFFECTS.get(result.id) != "rank correlation":
        answer = "No: fewer than expected"
    interval = f"{number(result.ci_low)} to {number(result.ci_high)}" if result.ci_low is not None else ""
    p = "" if result.p_value is None else number(result.p_value)
    return {
        "id": result.id,
        "question": result.question,
        "answer": answer,
        "Effect": "" if result.effect is None else number(result.effect),
        "what": EFFECTS.get(result.id, "") if result.effect is not None else "",
        "Interval": interval,
        "p": f"{p} ({number(result.p_adjusted)})" if result.p_adjusted is not None else p,
        "verdict": result.verdict,
    }


def cluster_rows(results: Results) -> list[tuple[int, str, int]]:
    """Number, name and creators of each cluster."""
    sizes = Counter(results.clusters() or [])
    return [(number, name, sizes[number]) for number, name in results.cluster_names().items()]


def figures(results: Results, config: Config) -> list[dict[str, Any]]:
    """The figures, with the captions of Snakemake's report."""
    params = SimpleNamespace(name=config.study.name, synthetic="false")  # the page itself says what is synthetic
    found = []
    empty = without_content(results)
    for name, title in FIGURES.items():
        path = None if name in empty else results.file(f"figures/{name}.png")
        if path is None:
            continue
        caption = (CAPTIONS / f"{name}.rst").read_text(encoding="utf-8")
        said = _templates().from_string(caption).render(snakemake=SimpleNamespace(params=params))
        picture, width, height = embedded(path)
        facts = {"picture": picture, "width": width, "height": height}
        found.append({"name": name, "title": title, "caption": " ".join(said.split()), **facts})
    return found


def without_content(results: Results) -> set[str]:
    """Figures that only say why there is nothing to see; the table of the tests says the same."""
    tested = {result.id for result in results.hypotheses() if result.verdict != NOT_TESTABLE}
    runs = sum(row["n_runs"] for row in (results.json("robustness.json") or {"variants": []})["variants"])
    follows = (results.json("paper/numbers.json") or {}).get("follows_inside")
    nobody = not results.clusters()
    empty = {
        "map": nobody, "portraits": nobody, "network": nobody or not follows,
        "mixing": nobody or not follows,
        "similarity": PRIMARY not in tested, "hypotheses": not tested, "robustness": not runs,
        "distinctions": not results.cluster_names(),
    }  # fmt: skip
    return {name for name, nothing in empty.items() if nothing}


def embedded(path: Path) -> tuple[str, int, int]:
    """A figure as a data URI (WebP) of at most WIDEST pixels, with its width and height."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((WIDEST, 10 * WIDEST), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}", *picture.size


def coverage_rows(results: Results) -> list[dict[str, Any]]:
    """A row for each stage: reels made, skipped and failed, and why."""
    table = results.table("tables/coverage.parquet", COVERAGE)
    counts = _counted_manifests(results.manifests) if table is None else table.to_pylist()
    meanings = NOTED | SKIPPED | FAILED
    found = []
    for stage in sorted({row["stage"] for row in counts}, key=pipeline_order):
        own = [row for row in counts if row["stage"] == stage]
        states = {
            state: sum(row["reels"] for row in own if row["state"] == state) for state in ("ok", "skipped", "failed")
        }
        why = [
            f"{meanings[row['reason']].meaning}: {_units(row)}"
            for row in sorted(own, key=lambda row: (-row["reels"], str(row["reason"])))
            if row["reason"] in meanings and (row["reels"] or row["creators"])
        ]
        found.append(
            {"stage": stage, "step": STEPS.get(stage.partition("/")[0], stage), **states, "why": "; ".join(why)}
        )
    return found


def _units(row: dict[str, Any]) -> str:
    return counted(row["reels"], "reel") if row["reels"] else counted(row["creators"], "creator")


def _counted_manifests(rows: pa.Table) -> list[dict[str, Any]]:
    """The same counts from manifests, of a run that ended before the table of coverage was made."""
    reels: Counter[tuple[str, str, str | None]] = Counter()
    creators: Counter[tuple[str, str, str | None]] = Counter()
    for row in rows.select(["stage", "state", "reason", "reel_id"]).to_pylist():
        key = row["stage"], row["state"], row["reason"]
        (creators if row["reel_id"] is None else reels)[key] += 1
    return [
        {"stage": stage, "state": state, "reason": reason, "reels": reels[key], "creators": creators[key]}
        for key in {**reels, **creators}
        for stage, state, reason in [key]
    ]


def producers(results: Results) -> list[tuple[str, str, str, int]]:
    """Step, stage, program with model, and number of reels of everything that was made."""
    table = results.table("tables/status.parquet", STATUS)
    rows = [] if table is None else table.select(["stage", "producer", "state", "reel_id"]).to_pylist()
    counts = Counter(
        (row["stage"], row["producer"]) for row in rows if row["state"] == "ok" and row["reel_id"] and row["producer"]
    )
    ordered = sorted(counts.items(), key=lambda item: (pipeline_order(item[0][0]), -item[1], item[0][1]))
    return [
        (STEPS.get(stage.partition("/")[0], stage), stage, producer, number) for (stage, producer), number in ordered
    ]


def models(results: Results, config: Config) -> list[str]:
    """The models whose weights were loaded, with where these came from."""
    names = dict.fromkeys(
        name
        for section in (config.transcript, config.context, config.description, config.embedding)
        for name in section.weights
    )
    said = []
    for name in names:
        marker = results.json(f"models/{name}.json")
        if marker is not None:
            revision = "" if marker["source"].startswith("packages:") else f", revision {marker['revision']}"
            said.append(f"{name}, from {marker['source']}{revision}")
    return said


def settings(results: Results, config: Config) -> list[tuple[str, str]]:
    """The settings that matter most, in words; links lead to all."""
    hypotheses = config.hypotheses
    found = [
        ("Source", config.source.kind),
        ("Seed", str(config.study.seed)),
        (
            "Tests",
            f"{hypotheses.draws:,} draws, level {hypotheses.alpha:g}, {hypotheses.confidence * 100:g} % intervals",
        ),
    ]
    if config.source.kind != "bundle":
        description = config.description.backend
        found[1:1] = [
            ("Speech", f"{config.transcript.backend}, model {config.transcript.model}"),
            (
                "Descriptions",
                description if description == "measured" else f"{description}, {config.description.model}",
            ),
            ("Embeddings", f"{', '.join(config.embedding.modalities)}: {', '.join(config.embedding.weights)}"),
        ]
    used = (results.json("map/settings.json") or {}).get("cluster")
    if used:
        keys = ("space", "dimensions", "neighbours", "min_dist", "min_cluster_size", "min_samples", "selection_method")
        found.append(("Clusters", ", ".join(f"{key} {used[key]}" for key in keys)))
    chosen = decided(results)
    return [*found, ("Decided by the size of the cohort", chosen)] if chosen else found


def limits(results: Results, config: Config) -> list[str]:
    """What the study cannot say."""
    size = cohort(results, results.manifests)
    said = ["The data are synthetic: nothing here is about real creators."] if config.study.synthetic else []
    if size is not None and size.creators < SMALL_COHORT:
        said.append(
            f"This is a small cohort ({counted(size.creators, 'creator')}): clusters are a proposal to look at, and a "
            "test finds only strong effects."
        )
    if size is not None and size.embedded_reels is not None and size.embedded_reels < size.reels:
        said.append(
            f"{size.reels - size.embedded_reels:,} of {counted(size.reels, 'reel')} did not go into the analysis; "
            "losses are seldom random. See what became of the reels."
        )
    if config.source.kind != "bundle":
        said.append(MEASURED if config.description.backend == "measured" else BY_MODEL)
    if results.hypotheses():
        said += OF_TESTS
    if results.cluster_names():
        said.append(OF_CLUSTERS)
    if results.file("figures/map.png"):
        said.append("The axes of the map have no meaning, and distances between far groups say little.")
    return said


def write_page(path: Path, ended: Ended) -> int:
    """Write the page; returns its size in bytes."""
    content = study_page(ended).encode("utf-8", "replace")
    replace_file(path, content)
    return len(content)
