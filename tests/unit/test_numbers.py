"""The numbers a manuscript quotes are those of the tables; TeX can read them."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from common.parquet import build_table, read_table, write_table
from common.tables import CLUSTERS, COVERAGE, CREATORS, EDGES, FOLLOWS, REELS
from figures.numbers import as_tex, in_words, macro
from write_numbers import main, parse

TESTED = {"observed": 0.6, "expected": 0.2, "effect": 3.0, "ci_low": 2.0, "ci_high": 4.0, "p_value": 9.999e-5,
          "p_adjusted": None, "n_draws": 10_000, "verdict": "not supported"}  # fmt: skip


@pytest.fixture
def results(tmp_path):
    """Three creators in one cluster, one in none, one without an embedding; five follows, one of them returned."""
    creators = [
        {"creator_id": name, "handle": name, "n_reels": 2, "n_embedded": int(name != "e"), "followers": followers,
         "follows_status": "complete" if name != "d" else "partial", "few_reels": name == "d"}
        for name, followers in zip("abcde", (10, 20, 30, 1000, None), strict=True)
    ]  # fmt: skip
    reels = [
        {"reel_id": f"{name}{number}", "creator_id": name, "duration_s": 5.0 + number, "embedding": [1.0],
         "speech_text": "x" if number else None}
        for name in "abcd" for number in (0, 1)
    ]  # fmt: skip
    edges = [{"source_id": source, "target_id": target} for source, target in ("ab", "ba", "ac", "ad", "bd")]
    clusters = [{"creator_id": name, "cluster": -1 if name == "d" else 0} for name in "abcd"]
    coverage = [
        {"stage": "video", "state": "ok", "reels": 8, "creators": 4},
        {"stage": "creators", "state": "ok", "reels": 8, "creators": 5},
        {"stage": "embedding/image", "state": "failed", "reason": "corrupt", "reels": 1, "creators": 0},
        {"stage": "embedding/image", "state": "failed", "reason": "timeout", "reels": 2, "creators": 0},
    ]
    tables = {
        "reels": (reels, REELS), "creators": (creators, CREATORS), "edges": (edges, EDGES),
        "coverage": (coverage, COVERAGE), "follows": ([{**edge, "in_cohort": True} for edge in edges] * 2, FOLLOWS),
    }  # fmt: skip
    for name, (rows, schema) in tables.items():
        write_table(build_table(rows, schema), tmp_path / f"tables/{name}.parquet")
    write_table(build_table(clusters, CLUSTERS), tmp_path / "map/clusters.parquet")
    (tmp_path / "hypotheses.json").write_text(json.dumps([{"id": "H1-label", **TESTED}]))
    (tmp_path / "robustness.json").write_text(json.dumps({"median_ari": None, "stable": False}))
    return tmp_path


def written(results, monkeypatch, synthetic: str = "false"):
    files = {name: results / f"numbers.{name}" for name in ("json", "tex")}
    options = [f"--{name}={path}" for name, path in files.items()]
    said = ["--name", r"50 % of $x_1$ & {y} \z", "--synthetic", synthetic]
    monkeypatch.setattr(
        "sys.argv",
        [
            "x",
            "--results",
            str(results),
            f"--cohort={results}/cohort.csv",
            f"--coverage={results}/coverage.csv",
            *options,
            *said,
        ],
    )
    main(parse())
    return json.loads(files["json"].read_text()), files["tex"].read_text()


def test_the_numbers_are_those_of_the_tables(results, monkeypatch):
    numbers, _ = written(results, monkeypatch)
    expected = {
        "creators": 5, "creators_embedded": 4, "creators_with_few_reels": 1, "follow_lists_complete": 4, "reels": 8,
        "reels_embedded": 8, "reels_with_speech": 4, "follows": 10, "follows_inside": 5, "network_density": 5 / 20,
        "network_reciprocity": 2 / 5, "clusters": 1, "creators_in_clusters": 3, "creators_in_no_cluster": 1,
        "cluster_0_creators": 3, "stage_video_ok": 8,
        "stage_creators_ok": 5, "stage_creators_reels_ok": 8, "stage_embedding_image_failed": 3,
        "robustness_median_ari": None,
        "robustness_stable": False, "hypothesis_h1_label_effect": 3.0, "hypothesis_h1_label_p_adjusted": None,
    }  # fmt: skip
    assert {name: numbers[name] for name in expected} == expected


@pytest.mark.parametrize("synthetic", ["true", "false"])
def test_tex_has_a_macro_for_every_number_and_names_of_letters(results, monkeypatch, synthetic):
    numbers, tex = written(results, monkeypatch, synthetic)
    macros = re.findall(r"^\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}$", tex, re.MULTILINE)
    assert len(macros) == len(dict(macros)) == len(numbers)
    assert len(macros) + 1 + (synthetic == "true") == len(tex.splitlines())
    said = dict(macros)
    assert said["atlasHypothesisHOneLabelPValue"] == "0.0001"
    assert said["atlasRobustnessMedianAri"] == "--"
    assert said["atlasSynthetic"] == ("synthetic data" if synthetic == "true" else "")
    assert said["atlasStudy"] == r"50 \% of \$x\_1\$ \& \{y\} \textbackslash{}z"
    assert ("SYNTHETIC" in tex) == (synthetic == "true")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1234567, "1{,}234{,}567"), (0.12345, "0.123"), (-3.2, "$-$3.20"), (12345.6, "12300"), (0.0, "0.00"), (3, "3"),
     (None, "--"), (float("nan"), "--"), (True, "yes"), (2500.0, "2{,}500")],
)  # fmt: skip
def test_numbers_in_words(value, said):
    assert in_words(value) == said


def change(results, table: str, schema, **columns) -> None:
    rows = read_table(results / f"tables/{table}.parquet", schema).to_pylist()
    write_table(build_table([row | columns for row in rows], schema), results / f"tables/{table}.parquet")


def test_speech_that_a_bundle_keeps_back_is_no_number(results, monkeypatch):
    coverage = read_table(results / "tables/coverage.parquet", COVERAGE).to_pylist()
    transcribed = [*coverage, {"stage": "transcript", "state": "ok", "reels": 4, "creators": 4}]
    write_table(build_table(transcribed, COVERAGE), results / "tables/coverage.parquet")
    assert written(results, monkeypatch)[0]["reels_with_speech"] == 4
    change(results, "reels", REELS, speech_text=None)
    numbers, tex = written(results, monkeypatch)
    assert numbers["reels_with_speech"] is None
    assert r"\newcommand{\atlasReelsWithSpeech}{--}" in tex
    assert set(pd.read_csv(results / "cohort.csv", index_col=0).loc["Reels with speech"]) == {"--"}
    write_table(build_table(coverage, COVERAGE), results / "tables/coverage.parquet")  # nobody spoke
    assert written(results, monkeypatch)[0]["reels_with_speech"] == 0


def test_follows_that_nobody_read_are_no_numbers(results, monkeypatch):
    for table, schema in (("edges", EDGES), ("follows", FOLLOWS)):
        write_table(build_table([], schema), results / f"tables/{table}.parquet")
    change(results, "creators", CREATORS, follows_status="unfetched")
    numbers, _ = written(results, monkeypatch)
    assert (numbers["follows"], numbers["follows_inside"], numbers["network_density"]) == (None, None, None)
    cohort = pd.read_csv(results / "cohort.csv", index_col=0)
    for end in ("Follows", "Followed"):
        assert set(cohort.loc[f"{end} inside the cohort, median (quartiles)"]) == {"--"}


def test_a_list_that_nobody_read_is_no_list_of_nobody(results, monkeypatch):
    rows = read_table(results / "tables/creators.parquet", CREATORS).to_pylist()
    for row in rows[2:]:  # those who follow nobody inside
        row["follows_status"] = "unfetched"
    write_table(build_table(rows, CREATORS), results / "tables/creators.parquet")
    written(results, monkeypatch)
    cohort = pd.read_csv(results / "cohort.csv", index_col=0)
    assert cohort.loc["Follows inside the cohort, median (quartiles)", "All"] == "2.5 (2.25, 2.75), 3 unknown"


def test_different_numbers_have_different_macros():
    names = ["cluster_1_creators", "cluster_11_creators", "hypothesis_h1_label_p_value", "hypothesis_h_one_p_value"]
    assert len({macro(name) for name in names}) == len(names)
    assert as_tex({"a": 1}, synthetic=False).endswith("\\newcommand{\\atlasA}{1}\n")


def test_the_table_of_the_cohort_has_a_column_for_each_cluster(results, monkeypatch):
    written(results, monkeypatch)
    table = pd.read_csv(results / "cohort.csv", index_col=0)
    assert list(table.columns) == ["All", "Cluster 0", "No cluster"]
    assert table.loc["Creators"].tolist() == ["5", "3", "2"]
    assert table.loc["Followers, median (quartiles)"].tolist() == [
        "25 (17.5, 272), 1 unknown", "20 (15, 25)", "1,000 (1,000, 1,000), 1 unknown",
    ]  # fmt: skip
    assert table.loc["Follow lists complete"].tolist() == ["4 (80%)", "3 (100%)", "1 (50%)"]
    tex = (results / "cohort.tex").read_text()
    assert tex.count("\\\\\n") == len(table) + 1
    assert {line.count("&") for line in tex.splitlines() if line.endswith("\\\\")} == {3}


def test_a_network_that_nobody_looked_at_has_no_density(results, monkeypatch):
    creators = read_table(results / "tables/creators.parquet", CREATORS).to_pylist()
    for row in creators:
        row["follows_status"] = "unfetched"
    write_table(build_table(creators, CREATORS), results / "tables/creators.parquet")
    write_table(build_table([], EDGES), results / "tables/edges.parquet")
    numbers, tex = written(results, monkeypatch)
    assert numbers["network_density"] is None
    assert "\\newcommand{\\atlasNetworkDensity}{--}" in tex
