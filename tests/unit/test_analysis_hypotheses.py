"""The tests together: reading a study, Holm, sensitivity, a researcher's own test, and the results in words."""

from __future__ import annotations

import importlib
import json
import shutil
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dyadic import dyadic_regression
from analysis.evidence import HYPOTHESES, SENSITIVITY, Hypothesis, Study
from analysis.findings import SYNTHETIC, as_markdown, paragraph
from analysis.hypotheses import as_json, holm, judge, null_distribution, own_test, run_tests
from analysis.network import network_of
from analysis.study_tables import read_study
from common.config import ConfigError, HypothesesSection
from common.parquet import TableError, build_table, write_table
from common.program import UserError
from common.tables import CREATORS, REELS

CHECKOUT = Path(importlib.import_module("common").__file__ or "").parents[2]
OWN = CHECKOUT / "config/own_test.example.py"
IDS = [
    "dyadic", "H1-dyadic", "H1-degree", "H1-label", "clusters-exist", "H2", "H3", "H2-original", "H3-original",
]  # fmt: skip
QUICK = HypothesesSection(draws=99, resamples=99, splits=1, reference_draws=19)


def result(name: str, p_value: float | None, verdict: str = "supported") -> Hypothesis:
    return Hypothesis(name, "Why?", "nothing is", "share", 10, 20, verdict, None, p_value=p_value)


def write_study(folder: Path, creators: int = 30, seed: int = 0) -> list[str]:
    """Two groups of creators with profiles, three reels each, who follow inside their group; options of the program."""
    generator = np.random.default_rng(seed)
    names = [f"c{number:02}" for number in range(creators)]
    groups = np.arange(creators) % 2
    reels, rows = [], []
    for name, group in zip(names, groups, strict=True):
        vectors = generator.normal(size=(3, 6)) * 0.4 + np.eye(6)[group]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        languages = {"speech_language": "en" if group else "es"}
        reels += [
            {"reel_id": f"{name}-{number}", "creator_id": name, "embedding": vector.tolist()} | languages
            for number, vector in enumerate(vectors)
        ]
        rows.append(
            {
                "creator_id": name, "handle": name, "n_embedded": 3, "profile": vectors.mean(axis=0).tolist(),
                "followers": 1000 + 10 * len(rows), "follows_status": "complete",
                "city": "Here" if len(rows) % 3 else "There", "website": f"https://example.org/{name}",
            }
        )  # fmt: skip
    chance = np.where(groups[:, None] == groups, 0.4, 0.05)
    edges = np.argwhere((generator.random((creators, creators)) < chance) & ~np.eye(creators, dtype=bool))
    write_table(build_table(rows, CREATORS, further=True), folder / "creators.parquet")
    write_table(build_table(reels, REELS), folder / "reels.parquet")
    pq.write_table(
        pa.table({"source_id": [names[a] for a, _ in edges], "target_id": [names[b] for _, b in edges]}),
        folder / "edges.parquet",
    )
    membership = (0.5 + generator.random(creators) / 2).tolist()
    clusters = {"creator_id": names, "cluster": groups.tolist(), "membership": membership}
    pq.write_table(pa.table(clusters), folder / "clusters.parquet")
    tables = ("creators", "edges", "clusters", "reels")
    return [part for name in tables for part in (f"--{name}", str(folder / f"{name}.parquet"))]


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, label: tuple[str, ...] = ()
) -> dict[str, dict[str, Any]]:
    """Run the program quickly; its results by id."""
    program = importlib.import_module("test_hypotheses")
    files = ["--output", str(folder / "h.json"), "--parquet", str(folder / "h.parquet")]
    files += [f"--{name}={folder / name}.parquet" for name in ("sensitivity", "effects", "similarity")]
    quick = ["--draws=199", "--resamples=99", "--splits=1", "--reference-draws=19", "--cluster-space=pca"]
    monkeypatch.setattr("sys.argv", ["test_hypotheses.py", *options, *files, *quick])
    program.main(program.parse())
    words = importlib.import_module("write_findings")
    inputs = ["--hypotheses", str(folder / "h.json"), "--sensitivity", str(folder / "sensitivity.parquet")]
    inputs += ["--robustness", str(folder / "r.json")] if (folder / "r.json").exists() else []
    monkeypatch.setattr("sys.argv", ["write_findings.py", *inputs, "--output", str(folder / "h.md"), *label])
    words.main(words.parse())
    results = json.loads((folder / "h.json").read_text())
    assert pq.read_table(folder / "h.parquet").to_pylist() == results
    assert all(list(row) == HYPOTHESES.names for row in results)
    return {row["id"]: row for row in results}


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_statsmodels_definition(p_values: list[float]) -> None:
    """Sorted p values times how many are left, never falling, at most 1."""
    found = holm(p_values)
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        assert found[place] == pytest.approx(largest, abs=1e-15)


def test_the_primary_test_is_a_gate_and_the_others_are_adjusted_together() -> None:
    family = HypothesesSection(family=["H1-dyadic", "H1-degree", "H2"])
    tests = [result("dyadic", 0.04), result("H1-dyadic", 0.03), result("H1-degree", 0.001), result("H1-label", 0.03)]
    found = judge([*tests, result("H2", None)], family)
    assert [row.p_adjusted for row in found] == [0.04, 0.04, 0.04, None, None]
    assert {row.verdict for row in found} == {"supported"}
    found = judge([result("dyadic", 0.06), *tests[1:]], family)
    assert [row.verdict for row in found] == ["not supported"] * 3 + ["supported"]
    assert [row.p_adjusted for row in found] == [0.06, 0.06, 0.06, None]
    found = judge([result("dyadic", 0.001), *tests[1:]], family)
    assert [row.p_adjusted for row in found] == [0.001, 0.03, 0.002, None]
    found = judge(tests[1:], family)  # a network without profiles has no primary test
    assert [row.p_adjusted for row in found] == [0.03, 0.002, None]
    found = judge([result("dyadic", 0.001, "not supported")], family)
    assert found[0].verdict == "not supported"  # its own threshold was not met


def test_tests_without_power_cost_the_others_nothing() -> None:
    tests = [result("dyadic", 0.001), result("H1-degree", 0.03), result("H2", 0.5, "not supported")]
    settings = HypothesesSection(family=["H1-degree", "H2"])
    assert [row.p_adjusted for row in judge(tests, settings)] == [0.001, 0.06, 0.5]
    assert [row.p_adjusted for row in judge(tests, settings, frozenset({"H2"}))] == [0.001, 0.03, None]
    circular = [*tests[:2], result("H2-original", 0.9, "as published (circular)")]
    named = HypothesesSection(family=["H1-degree", "H2-original"])
    assert [row.p_adjusted for row in judge(circular, named)] == [0.001, 0.03, None]


def test_a_whole_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = write_study(tmp_path, seed=2)
    row = {"variant": "few_neighbours", "n_runs": 50, "test": ["H1-degree"], "supported": [0.98], "not_testable": [0.0]}
    (tmp_path / "r.json").write_text(json.dumps({"warning": "These clusters are not stable.", "variants": [row]}))
    found = run(tmp_path, monkeypatch, *options, label=("--name", "Two groups", "--synthetic", "true"))
    assert list(found) == IDS
    # Groups and languages are the same here: what the label test alone calls supported, the language explains.
    assert found["H1-label"]["verdict"] == "supported"
    assert found["dyadic"]["verdict"] == "not supported"
    assert "the shared cluster is fully explained by the other terms" in found["H1-dyadic"]["reason"]
    for name in ("H1-label", "H1-degree", "dyadic"):
        assert found[name]["ci_low"] < found[name]["effect"] < found[name]["ci_high"]
    assert found["H1-degree"]["p_value"] == 0.005
    assert found["H1-degree"]["p_adjusted"] == found["dyadic"]["p_value"]
    assert found["H1-degree"]["verdict"] == "not supported"
    assert {name for name, row in found.items() if row["p_adjusted"] is not None} == {"dyadic", "H1-degree", "H2", "H3"}
    assert all(row["reason"] for row in found.values() if row["verdict"] == "not testable")
    assert found["H2-original"]["verdict"] in ("as published (circular)", "not testable")
    text = (tmp_path / "h.md").read_text()
    assert SYNTHETIC in text
    assert "**These clusters are not stable.**" in text
    assert "shares of 50 runs with other seeds and settings of the clusters: few neighbours 98%." in text
    assert all(f"## {name}: {row['verdict']}\n" in text for name, row in found.items() if "original" not in name)
    assert text.index("There is no evidence that similar profiles go with follows") < text.index("## dyadic")
    assert "Without what is known of the creators, the odds ratio is" in text
    assert text.index("## As first published, circular") > text.index("## H3:")
    varied = pq.read_table(tmp_path / "sensitivity.parquet")
    assert varied.schema == SENSITIVITY
    rows = {(row["variant"], row["id"]): row for row in varied.to_pylist()}
    assert rows["without controls", "dyadic"]["verdict"] == "supported"
    assert rows["without controls", "H1-dyadic"]["verdict"] == "supported"
    assert {"swaps within the same language", "with 3 latent factors of the follow network"} <= {
        name for name, _ in rows
    }
    effects = {(row["measure"], row["cluster"]): row for row in pq.read_table(tmp_path / "effects.parquet").to_pylist()}
    assert effects["assortativity", None]["value"] > 0.3
    assert ("coleman", 0) in effects
    curve = pq.read_table(tmp_path / "similarity.parquet").to_pylist()
    assert sum(row["n_follows"] for row in curve) == found["dyadic"]["n_edges"]


def test_rows_in_any_order_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for seed in (None, 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        options = write_study(folder, 16)
        for name in ("creators", "edges", "clusters", "reels") if seed else ():
            table = pq.read_table(folder / f"{name}.parquet")
            order = np.random.default_rng(seed).permutation(len(table))
            pq.write_table(table.take(order), folder / f"{name}.parquet")
        run(folder, monkeypatch, *options)
        files = ("h.json", "h.md", "sensitivity.parquet", "effects.parquet", "similarity.parquet")
        written.append([(folder / name).read_bytes() for name in files])
    assert written[0] == written[1]


def test_without_profiles_the_others_are_not_testable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = write_study(tmp_path)
    table = pq.read_table(tmp_path / "creators.parquet").select(["creator_id"])
    pq.write_table(table, tmp_path / "creators.parquet")
    found = run(tmp_path, monkeypatch, *options[:6])
    assert [found[name]["verdict"] for name in IDS] == ["not testable", *["supported"] * 3, *["not testable"] * 5]
    assert "profile" in found["dyadic"]["reason"]
    assert "reels" in found["H2"]["reason"]


def test_an_undirected_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = write_study(tmp_path)
    found = run(tmp_path, monkeypatch, *options, "--undirected")
    pairs = pq.read_table(tmp_path / "edges.parquet").to_pylist()
    assert found["H1-label"]["n_edges"] == len({frozenset(row.values()) for row in pairs})
    assert [found[name]["p_value"] for name in ("H1-degree", "H1-label")] == [0.005, 0.005]
    assert "returned" not in found["dyadic"]["question"]


def test_sensitivity_looks_at_incomplete_lists_few_reels_and_other_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = write_study(tmp_path)
    table = pq.read_table(tmp_path / "creators.parquet").to_pylist()
    for number, row in enumerate(table):
        row |= {"follows_status": "partial" if number == 3 else "complete", "few_reels": number == 5}
    write_table(build_table(table, CREATORS, further=True), tmp_path / "creators.parquet")
    for name, place in {"creators": "tables", "clusters": "map"}.items():
        (tmp_path / "other" / place).mkdir(parents=True)
        shutil.copy(tmp_path / f"{name}.parquet", tmp_path / "other" / place)
    found = run(tmp_path, monkeypatch, *options, "--compare", json.dumps({"pictures alone": str(tmp_path / "other")}))
    rows = pq.read_table(tmp_path / "sensitivity.parquet").to_pylist()
    sizes = {(row["variant"], row["id"]): row["n_creators"] for row in rows}
    assert sizes["complete follow lists only", "H1-degree"] == 29
    assert sizes["creators with few reels left out", "dyadic"] == 29
    same = next(row for row in rows if row["variant"] == "pictures alone" and row["id"] == "H1-label")
    assert same["p_value"] == found["H1-label"]["p_value"]
    assert all(row["p_adjusted"] is None for row in rows)
    assert "pictures alone: supported" in (tmp_path / "h.md").read_text()


def test_a_test_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = write_study(tmp_path)
    found = run(tmp_path, monkeypatch, *options, "--own-tests", json.dumps([str(OWN)]))
    own = found["returned-follows"]
    assert own["verdict"] in ("supported", "not supported")
    assert f"## returned-follows: {own['verdict']}" in (tmp_path / "h.md").read_text()
    family = json.dumps(["returned-follows", "dyadic"])
    found = run(tmp_path, monkeypatch, *options, "--own-tests", json.dumps([str(OWN)]), "--family", family)
    assert found["returned-follows"]["p_adjusted"] is not None


OWN_RESULT = """
import numpy as np
from analysis.evidence import Hypothesis
def test(study, settings, seed):
    about = dict(id="own", question="?", null="n", statistic="s", n_creators=3, n_edges=np.int64(2), reason=None)
    return Hypothesis(**about | {changed})
"""


def test_numbers_of_ones_own_test_may_be_numpys(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN_RESULT.replace("{changed}", "dict(verdict='supported', observed=np.float32(0.5), "
                                       "effect=np.nan, p_value=np.float64(0.01))"))  # fmt: skip
    empty = pa.table({"creator_id": pa.array([], pa.string())})
    edges = pa.table({name: pa.array([], pa.string()) for name in ("source_id", "target_id")})
    study = Study(network_of(empty, edges), np.empty(0, np.int64))
    row = json.loads(as_json([asdict(own_test(path)(study, QUICK, 1))], HYPOTHESES))[0]
    assert (row["n_edges"], row["observed"], row["effect"], row["p_value"]) == (2, 0.5, None, 0.01)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (OWN_RESULT.replace("{changed}", "dict(verdict='yes')"), "the verdict is 'yes', not 'supported'"),
        (OWN_RESULT.replace("{changed}", "dict(verdict='supported', p_value='low')"), "p_value of the Hypothesis is"),
        (None, "no such Python file"),
        ("def test(:", "cannot be run: SyntaxError"),
        ("x = 1", "has no function test"),
        ("def test(study, settings, seed): return 1", "gave int, not a Hypothesis"),
        ("def test(study, settings, seed): return 1 / 0", "the test failed: ZeroDivisionError"),
    ],
)
def test_a_wrong_test_of_ones_own_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_text(content)
    empty = pa.table({"creator_id": pa.array([], pa.string())})
    edges = pa.table({name: pa.array([], pa.string()) for name in ("source_id", "target_id")})
    study = Study(network_of(empty, edges), np.empty(0, np.int64))
    with pytest.raises(UserError, match=message):
        own_test(path)(study, QUICK, 1)


def test_the_family_names_tests_that_there_are(tmp_path: Path) -> None:
    write_study(tmp_path, 8)
    study = read_study(*(tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters")))
    with pytest.raises(ConfigError, match=r"hypotheses\.family: there is no test H9; tests here: dyadic"):
        run_tests(study, replace_family(["H9"]), 1)


def replace_family(names: list[str]) -> HypothesesSection:
    return HypothesesSection(**QUICK.model_dump() | {"family": names})


def test_controls_are_the_columns_that_creators_can_share(tmp_path: Path) -> None:
    write_study(tmp_path)
    paths = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters", "reels")]
    study = read_study(*paths)
    assert list(study.categories) == ["city", "language"]
    assert len(set(study.categories["language"])) == 2
    assert study.followers is not None
    unknown = pq.read_table(paths[0]).drop_columns("followers")
    pq.write_table(unknown.append_column("followers", pa.nulls(30, pa.int64())), tmp_path / "unknown.parquet")
    assert read_study(tmp_path / "unknown.parquet", *paths[1:]).followers is None
    assert list(read_study(*paths, controls=["website"]).categories) == ["website"]
    with pytest.raises(TableError, match="has no column colour; it has city, language, website"):
        read_study(*paths, controls=["colour"])


def test_controls_that_are_numbers_or_dates_count_by_their_difference(tmp_path: Path) -> None:
    write_study(tmp_path)
    paths = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters")]
    creators = pq.read_table(paths[0])
    day = datetime(2024, 5, 31, tzinfo=UTC)
    columns = {
        "age": [30, None] * 15, "joined": [day.date()] * 30, "seen": [day] * 30, "paid": [True, False] * 15,
    }  # fmt: skip
    for name, values in columns.items():
        creators = creators.append_column(name, pa.array(values))
    pq.write_table(creators, paths[0])
    study = read_study(*paths, controls=["age", "joined", "paid", "seen"])
    assert list(study.categories) == ["paid"]
    assert study.numbers["age"][0] == 30
    assert np.isnan(study.numbers["age"]).sum() == 15
    assert study.numbers["joined"][0] * 86400 == study.numbers["seen"][0] == day.timestamp()
    assert list(read_study(*paths).categories) == ["city", "paid"]
    assert not read_study(*paths).numbers


def test_a_column_of_lists_is_no_category(tmp_path: Path) -> None:
    write_study(tmp_path)
    paths = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters")]
    creators = pq.read_table(paths[0])
    tags = pa.array([["a", "b"], ["c"], None] * 10)
    pq.write_table(creators.append_column("tags", tags).append_column("place", pa.array([{"x": 1}] * 30)), paths[0])
    assert list(read_study(*paths).categories) == ["city"]


def test_followers_that_nobody_knows_are_no_control(tmp_path: Path) -> None:
    write_study(tmp_path)
    paths = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters")]
    creators = pq.read_table(paths[0])
    unknown = pa.nulls(len(creators), creators.column("followers").type)
    pq.write_table(creators.set_column(creators.column_names.index("followers"), "followers", unknown), paths[0])
    found = dyadic_regression(read_study(*paths), QUICK, 1)
    assert found.n_creators == 30
    assert found.p_value is not None
    assert found.statistic.endswith("reciprocity and of the same city")


def test_a_reel_that_stands_twice_is_refused(tmp_path: Path) -> None:
    write_study(tmp_path)
    paths = [tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters", "reels")]
    reels = pq.read_table(paths[3])
    pq.write_table(pa.concat_tables([reels, reels.slice(4, 1)]), paths[3])
    with pytest.raises(TableError, match="reel c01-1 of creator c01 has more than one row"):
        read_study(*paths)


def test_some_creators_of_a_study(tmp_path: Path) -> None:
    write_study(tmp_path)
    study = read_study(*(tmp_path / f"{name}.parquet" for name in ("creators", "edges", "clusters", "reels")))
    kept = np.arange(30) % 5 > 0
    part = study.only(kept)
    assert part.network.creator_ids.to_pylist() == [f"c{number:02}" for number in np.flatnonzero(kept)]
    names = np.array(study.network.creator_ids.to_pylist())
    before = {
        (names[a], names[b])
        for a, b in zip(study.network.sources, study.network.targets, strict=True)
        if kept[a] and kept[b]
    }
    names = names[kept]
    assert {(names[a], names[b]) for a, b in zip(part.network.sources, part.network.targets, strict=True)} == before
    assert part.reels is not None
    assert np.bincount(part.reels.owners).tolist() == [3] * 24
    assert part.profiles is not None
    np.testing.assert_allclose(part.reels.vectors[3:6].mean(axis=0), part.profiles[1], rtol=1e-5)
    assert len(part.categories["city"]) == len(part.follows_status) == 24


def test_a_test_that_could_not_be_made_does_not_fail_by_its_p_value() -> None:
    """A researcher's own test may give a number with the verdict that it means nothing."""
    made = judge([result("H1-degree", 0.001), result("H2", 0.9, "not testable")], HypothesesSection())
    assert [(one.verdict, one.p_adjusted) for one in made] == [("supported", 0.001), ("not testable", None)]


def test_a_paragraph_says_what_the_numbers_say() -> None:
    made = replace(
        result("H1-degree", 0.0012), observed=0.61, expected=0.25, effect=2.44, ci_low=1.9, ci_high=3.05,
        p_adjusted=0.0048, n_draws=9999, reason="2 of 10 creators' follow lists are not complete (2 partial)",
    )  # fmt: skip
    assert paragraph(made, HypothesesSection()) == (
        "Why? With 10 creators and 20 follow edges, the share was 0.61; 0.25 would be expected if nothing is. "
        "Effect, observed over expected: 2.44 (95 % interval 1.9 to 3.05). "
        "p = 0.0012 from 9,999 draws, adjusted 0.0048: supported. "
        "Note: 2 of 10 creators' follow lists are not complete (2 partial)."
    )
    untested = replace(made, verdict="not testable", reason="there are fewer than two clusters")
    assert paragraph(untested, HypothesesSection()) == (
        "Why? This could not be tested with 10 creators and 20 follow edges: there are fewer than two clusters."
    )


def test_the_page_says_every_threshold() -> None:
    made = replace(result("H2", 0.01, "not supported"), observed=-0.1, effect=-0.1, p_adjusted=0.01)
    page = as_markdown([made], [], None, HypothesesSection(min_correlation=0.3), "study", synthetic=False)
    assert "H2 and H3 also need a correlation of at least 0.3 in the expected direction" in page


@pytest.mark.parametrize("draws", [1, 19, 999, 100_000])
def test_every_draw_is_in_a_bin_of_the_null_distribution(draws):
    """Shares of 404 edges, as H1 draws them: bins have equally many grid points, so none is high for that alone."""
    counts = np.random.default_rng(1).integers(50, 150, draws)
    rows = null_distribution(Hypothesis(**ASKED, under_null=counts / 404))
    assert sum(row["n_draws"] for row in rows) == draws
    assert 1 <= len(rows) <= 40
    grid = np.arange(50, 150) / 404
    points = [int(((grid >= row["statistic_low"]) & (grid < row["statistic_high"])).sum()) for row in rows]
    assert draws < 999 or len(set(points[:-1])) == 1
    assert rows[0]["statistic_low"] <= counts.min() / 404
    assert rows[-1]["statistic_high"] >= counts.max() / 404


def test_a_statistic_that_is_not_defined_is_in_no_bin():
    assert null_distribution(Hypothesis(**ASKED)) == []
    assert null_distribution(Hypothesis(**ASKED, under_null=np.array([np.nan]))) == []
    (row,) = null_distribution(Hypothesis(**ASKED, under_null=np.array([np.nan, 2.0, 2.0])))
    assert row["n_draws"] == 2
    assert row["statistic_low"] < 2 < row["statistic_high"]


ASKED = {
    "id": "x", "question": "", "null": "", "statistic": "", "n_creators": 1, "n_edges": 1, "verdict": "supported",
    "reason": None,
}  # fmt: skip
