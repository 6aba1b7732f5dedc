"""Robustness: planted clusters are stable, structureless ones are not, and the figures say so."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.clusters import lopsided
from analysis.evidence import Hypothesis
from analysis.findings import as_markdown
from analysis.robustness import median_agreement, summarise, together, warning
from analysis.study_tables import read_decided
from common.config import ClusterGrid, ClusterSection, Config, ConfigError, HypothesesSection, parse_config
from common.parquet import build_table, write_table
from common.tables import CREATORS, ROBUSTNESS
from figures.page import style
from figures.robustness import robustness_figure

SMALL = ["--neighbours=8", "--min-dist=0", "--min-cluster-size=5", "--min-samples=3"]


def write_cohort(folder: Path, creators: int, groups: int, length: int = 24) -> list[str]:
    """Profiles in planted groups (0: without any), follows inside them; options of the programs."""
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(creators, length))
    if groups:
        vectors = 0.3 * vectors + generator.normal(size=(groups, length))[np.arange(creators) % groups]
    names = [f"c{number:03}" for number in range(creators)]
    rows = [
        {"creator_id": name, "n_embedded": 2, "profile": vector.tolist()}
        for name, vector in zip(names, vectors, strict=True)
    ]
    write_table(build_table(rows, CREATORS), folder / "creators.parquet")
    ends = [(a, b) for a in range(creators) for b in (a + 4, a + 8) if b < creators]
    edges = {"source_id": [names[a] for a, _ in ends], "target_id": [names[b] for _, b in ends]}
    pq.write_table(pa.table(edges), folder / "edges.parquet")
    return ["--creators", str(folder / "creators.parquet"), "--edges", str(folder / "edges.parquet")]


def program(name: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    module = importlib.import_module(name)
    monkeypatch.setattr("sys.argv", [name, *options])
    module.main(module.parse())


def robustness_of(folder: Path, groups: int, monkeypatch: pytest.MonkeyPatch, seeds: int = 4) -> dict[str, Any]:
    """Runs of the study's own settings and one variant, compared."""
    tables = write_cohort(folder, 60, groups)
    program("cluster_creators", monkeypatch, *tables[:2], "--output", str(folder / "clusters.parquet"), *SMALL)
    runs = ["--seeds", str(seeds), "--draws", "99"]
    for variant, changes in {"as_configured": [], "pca": ["--space=pca"]}.items():
        output = ["--output", str(folder / "runs" / f"{variant}.parquet")]
        program("repeat_clusters", monkeypatch, *tables, *output, *runs, *SMALL, *changes)
    program(
        "compare_runs", monkeypatch, *tables[:2], "--clusters", str(folder / "clusters.parquet"),
        "--runs", str(folder / "runs"), "--output", str(folder / "r.parquet"), "--json", str(folder / "r.json"),
        "--variants", json.dumps({"pca": {"space": "pca"}}),
    )  # fmt: skip
    found: dict[str, Any] = json.loads((folder / "r.json").read_text())
    assert pq.read_table(folder / "r.parquet").to_pylist() == found["variants"]
    assert [row["variant"] for row in found["variants"]] == ["as_configured", "pca"]
    return found


def test_planted_clusters_are_stable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = robustness_of(tmp_path, 4, monkeypatch)
    assert found["stable"] is True
    assert found["warning"] is None
    own, pca = found["variants"]
    assert (own["varied"], pca["varied"]) == ("seed and creators", "creators")
    assert (own["n_runs"], pca["n_runs"]) == (8, 4)
    assert own["ari_median"] == own["without_tenth_median"] == own["agreement"] == 1.0
    assert pca["ari_median"] is None  # nothing is drawn
    assert (own["clusters_low"], own["clusters_high"], own["noise_high"]) == (4.0, 4.0, 0.0)
    assert own["test"] == ["H1-degree", "H1-label"]
    assert own["supported"] == [1.0, 1.0]
    (run, *_) = pq.read_table(tmp_path / "runs/pca.parquet").to_pylist()
    assert run["labels"].count(None) == 6


def test_structureless_vectors_are_not_stable_and_the_map_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = robustness_of(tmp_path, 0, monkeypatch, seeds=6)
    assert found["stable"] is False
    assert found["median_ari"] < 0.6
    assert "not stable" in found["warning"]
    tables = ["--creators", str(tmp_path / "creators.parquet")]
    program("map_creators", monkeypatch, *tables, "--output", str(tmp_path / "coordinates.parquet"))
    tables += [f"--{name}={tmp_path / name}.parquet" for name in ("coordinates", "clusters")]
    heights = []
    for name, options in {"plain": [], "warned": ["--robustness", str(tmp_path / "r.json")]}.items():
        program("plot_map", monkeypatch, *tables, "--output", str(tmp_path / f"{name}.png"), *options)
        heights.append(matplotlib.image.imread(tmp_path / f"{name}.png").shape[0])
    assert heights[1] > heights[0]  # two more lines below the title
    program(
        "plot_robustness", monkeypatch, "--robustness", str(tmp_path / "r.json"), "--output", str(tmp_path / "r.png")
    )
    assert matplotlib.image.imread(tmp_path / "r.png").std() > 0


def test_clusters_that_only_the_seed_leaves_alone_are_not_stable() -> None:
    """One cloud may be cut the same way for each seed, and another way without a tenth of the creators."""
    halves = [0, 0, 0, 0, 1, 1, 1, 1]
    cut_elsewhere = [[None, 0, 1, 1, 1, 0, 0, 1], [0, None, 1, 0, 1, 0, 1, 0], [1, 1, None, 0, 1, 1, 0, 0]]
    runs = [{"varied": "seed", "labels": halves, "test": [], "verdict": []}] * 3
    runs += [{"varied": "creators", "labels": labels, "test": [], "verdict": []} for labels in cut_elsewhere]
    found = summarise(runs, halves)
    assert found["ari_median"] == 1.0
    assert median_agreement(found) == found["without_tenth_median"] < 0.6
    said = str(warning(found, 0.6))
    assert "with another seed agree with a median adjusted Rand index of 1.00" in said
    assert "without a tenth of the creators agree" in said
    assert "at least 0.6 in both" in said


def test_whoever_searched_settings_is_told_that_stability_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = write_cohort(tmp_path, 40, 4)
    grid = ClusterGrid(
        dimensions=[5], neighbours=[8], min_cluster_size=[5], min_samples=[3], selection_method=["eom"]
    ).model_dump_json()
    search = ["--search=true", "--space=pca", f"--grid={grid}"]
    table = f"--search-table={tmp_path / 'search.parquet'}"
    outputs = [f"--output={tmp_path / 'clusters.parquet'}", f"--settings={tmp_path / 'settings.json'}", table]
    program("cluster_creators", monkeypatch, *tables[:2], *outputs, *search)
    assert read_decided(tmp_path / "settings.json") == ("Settings searched: the best of 1.")
    runs = f"--output={tmp_path / 'runs/as_configured.parquet'}"
    program("repeat_clusters", monkeypatch, *tables, runs, "--seeds=3", "--draws=99", *search, table)
    compared = ["--clusters", str(tmp_path / "clusters.parquet"), "--runs", str(tmp_path / "runs"), "--variants={}"]
    json_file = tmp_path / "r.json"
    compared += ["--output", str(tmp_path / "r.parquet"), "--json", str(json_file), "--cluster-search=true"]
    program("compare_runs", monkeypatch, *tables[:2], *compared)
    found = json.loads(json_file.read_text())
    assert (found["median_ari"], found["stable"], found["searched"]) == (1.0, None, True)
    assert "settings of these clusters were searched" in found["warning"]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0] * 94 + [1] * 6, "One cluster has 94 of the 100 creators"),
        ([-1] * 90 + [0] * 5 + [1] * 5, "90 of the 100 creators are in no cluster"),
        ([0] * 70 + [1] * 30, None),
        ([-1] * 100, None),  # another note says so
    ],
)
def test_clusters_of_nearly_all_or_nearly_none_are_noted(labels: list[int], said: str | None) -> None:
    assert (lopsided(np.array(labels)) or "").split(":")[0] == (said or "")


def test_agreement_is_about_who_is_together() -> None:
    assert together([0, 0, 1, 1], [1, 1, 0, 0]) == 1.0
    assert together([0, 0, 1, 1], [0, 1, 0, 1]) < 0.01
    assert together([0, 0, 1, 1, -1, -1], [0, 0, 1, 1, 0, 1]) < 1.0  # noise is together with nobody
    assert together([0, 0, 1, 1, -1, -1], [1, 1, 0, 0, -1, -1]) == 1.0
    assert together([0, 0, 1, 1, None], [1, 1, 0, None, 0]) == 1.0
    assert together([-1, -1, -1], [0, 0, 0]) is None
    assert together([-1] * 4, [0, 0, 1, 1]) == 0.0


def test_runs_without_clusters_have_no_agreement() -> None:
    runs = [{"varied": "seed", "labels": [-1, -1, -1], "test": ["H1-label"], "verdict": ["not testable"]}] * 3
    found = summarise(runs, [-1, -1, -1])
    assert found["ari_median"] is None
    assert found["agreement"] is None
    assert (found["clusters_high"], found["noise_low"], found["not_testable"]) == (0.0, 1.0, [1.0])
    assert warning(found | {"varied": "seed"}, 0.6) is None
    assert set(found) | {"variant", "settings", "varied"} == set(ROBUSTNESS.names)


def test_a_test_that_could_not_be_made_is_no_failed_test() -> None:
    """It once counted as "not supported": 0 % where nothing could be tested, too few elsewhere."""
    verdicts = [["not testable", "supported"], ["not testable", "not testable"], ["not testable", "not supported"]]
    both = ["H1-label", "H1-degree"]
    runs = [{"varied": "seed", "labels": [0, 0, 1, 1], "test": both, "verdict": pair} for pair in verdicts]
    found = summarise(runs, [0, 0, 1, 1]) | {"variant": "as_configured", "settings": "{}", "varied": "seed"}
    assert found["supported"] == [None, 0.5]
    assert found["not_testable"] == pytest.approx([1.0, 1 / 3])
    assert pa.Table.from_pylist([found], schema=ROBUSTNESS).to_pylist()[0]["supported"] == [None, 0.5]
    results = [
        Hypothesis(name, "Why?", "nothing is", "share", 4, 9, "supported", None) for name in ("H1-label", "H1-degree")
    ]
    page = as_markdown(
        results, [], {"warning": None, "variants": [found]}, HypothesesSection(), "study", synthetic=False
    )
    assert "0%" not in page.replace("50%", "")
    assert "settings of the clusters: as configured not testable." in page
    assert "as configured 50% (not testable in a further 33% of the runs)." in page


@pytest.mark.parametrize("supported", [[None, None], [None, 0.5], [0.0, 1.0]])
def test_the_figure_has_no_dot_for_a_test_that_could_not_be_made(supported: list[float | None]) -> None:
    row = dict.fromkeys(ROBUSTNESS.names) | {"variant": "as_configured", "varied": "seed", "n_runs": 3}
    row |= {"test": ["H1-label", "H1-degree"], "supported": supported}
    with style():
        figure = robustness_figure([row], 0.6, None, "study", synthetic=False)
    verdicts = figure.axes[3]
    dots = [100 * share for share in supported if share is not None]
    assert [line.get_xdata()[0] for line in verdicts.lines if len(line.get_xdata())] == dots
    said = {text.get_text() for text in verdicts.texts}
    assert said == {0: {"not testable"}, 1: {"H1-label: not testable"}, 2: set()}[len(dots)]
    assert [text.get_text() for text in verdicts.get_legend().get_texts()] == ["H1-label", "H1-degree"]


def test_the_study_is_its_own_first_variant() -> None:
    made = parse_config({"robustness": {"variants": {"tight": {"min_cluster_size": 4}}}}, "study.yaml")
    assert isinstance(made, Config)
    assert [*made.cluster_variants()] == ["as_configured", "tight"]
    assert made.cluster_variants()["tight"].min_cluster_size == 4
    with pytest.raises(ConfigError, match="as_configured: these are the study's own settings"):
        parse_config({"robustness": {"variants": {"as_configured": {}}}}, "study.yaml")
    with pytest.raises(ConfigError, match=r"robustness\.variants\.odd\.min_samples \(20\) is larger"):
        parse_config(
            {"cluster": {"min_cluster_size": 8}, "robustness": {"variants": {"odd": {"min_samples": 20}}}}, "study.yaml"
        )
    with pytest.raises(ConfigError, match="a b"):
        parse_config({"robustness": {"variants": {"a b": {}}}}, "study.yaml")


def test_variants_are_run_less_often_than_the_study_and_pca_has_dimensions_of_its_own() -> None:
    made = parse_config({"robustness": {"seeds": 6, "variant_seeds": 3}, "cluster": {"dimensions": 40}}, "study.yaml")
    assert [made.robustness.runs(name) for name in ("as_configured", "pca")] == [6, 3]
    sizes = {name: section.for_cohort(200).dimensions for name, section in made.cluster_variants().items()}
    assert sizes["as_configured"] == sizes["leaves"] == 40
    assert sizes["pca"] == 10
    spaces = {space: ClusterSection(space=space).for_cohort(200).dimensions for space in ("umap", "pca")}
    assert spaces == {"umap": 50, "pca": 10}
    assert made.hypotheses.clustering(made.cluster.for_cohort(200)).space == "pca"
