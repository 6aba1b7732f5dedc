"""What distinguishes the clusters: effects as in textbooks, the level under chance, and what is not testable."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import distinguish_clusters
from analysis.distinctions import Column, distinguish
from common.config import HypothesesSection
from common.parquet import build_table, read_table, write_table
from common.tables import CLUSTERS, CREATOR_MEASURES, CREATORS, DISTINCTIONS, REELS
from figures.distinctions import distinctions_figure
from figures.page import style

SETTINGS = HypothesesSection(draws=499, resamples=199)
CLUSTERS_OF = np.repeat([0, 1, 2, -1], [12, 10, 8, 6])


def numbers(shift: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=len(CLUSTERS_OF)) + shift * CLUSTERS_OF


def of(rows, name, cluster=None):
    return [row for row in rows if (row["column"], row.get("cluster")) == (name, cluster)]


def test_effects_and_differences_are_those_of_the_textbook():
    values = numbers(1.0)
    sex = ["f" if value > 1 else "m" for value in numbers(0.8, 2)]
    rows = distinguish([Column("measures", "a", values), Column("creators", "sex", sex)], CLUSTERS_OF, SETTINGS, 1)
    groups = [values[cluster == CLUSTERS_OF] for cluster in (0, 1, 2)]
    f = stats.f_oneway(*groups).statistic
    n, k = 30, 3
    (whole,) = of(rows, "a")
    assert whole["value"] == pytest.approx((k - 1) * (f - 1) / ((k - 1) * (f - 1) + n))
    assert whole["ci_low"] < whole["value"] < whole["ci_high"]
    assert (whole["n_creators"], whole["n_clusters"], whole["verdict"]) == (30, 3, "different")
    within = np.sqrt(sum(((group - group.mean()) ** 2).sum() for group in groups) / (n - k))
    others = np.concatenate(groups[1:])
    (first,) = of(rows, "a", 0)
    assert first["value"] == pytest.approx((groups[0].mean() - others.mean()) / within)
    counts = np.array([[sum(np.array(sex)[c == CLUSTERS_OF] == word) for word in "fm"] for c in (0, 1, 2)])
    phi = stats.chi2_contingency(counts, correction=False).statistic / n
    corrected = max(0, phi - (k - 1) * (2 - 1) / (n - 1)) / (min(k - (k - 1) ** 2 / (n - 1), 2 - 1 / (n - 1)) - 1)
    assert of(rows, "sex")[0]["value"] == pytest.approx(np.sqrt(corrected))
    share = {row["category"]: row["value"] for row in of(rows, "sex", 2)}
    assert share["f"] == pytest.approx(counts[2, 0] / 8 - counts[:2, 0].sum() / 22)
    assert share["f"] == pytest.approx(-share["m"])


def test_p_values_are_adjusted_for_the_columns_of_their_source_that_could_be_tested():
    columns = [Column("measures", f"m{n}", numbers(0.9 if n == 0 else 0, n)) for n in range(9)]
    columns += [Column("measures", "constant", np.ones(len(CLUSTERS_OF))), Column("creators", "age", numbers(0.9))]
    rows = distinguish(columns, CLUSTERS_OF, SETTINGS, 1)
    (first,), (age,) = of(rows, "m0"), of(rows, "age")
    assert first["n_adjusted"] == 9
    assert first["p_adjusted"] == pytest.approx(9 * first["p_value"])
    assert (age["n_adjusted"], age["p_adjusted"]) == (1, age["p_value"])


def test_without_differences_no_more_columns_are_found_than_chance_finds():
    columns = [Column("measures", f"m{n}", numbers(0, n)) for n in range(200)]
    rows = [row for row in distinguish(columns, CLUSTERS_OF, SETTINGS, 1) if row.get("p_value")]
    assert 2 <= sum(row["p_value"] <= 0.05 for row in rows) <= 20
    assert not any(row["verdict"] == "different" for row in rows)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.where(np.arange(36) < 16, 1.0, np.nan), "fewer than two clusters have 5 creators of whom it is known"),
        (np.full(36, 7.0), "it is the same for all creators"),
        (["same"] * 36, "it is the same for all creators"),
        ([str(n) for n in range(36)], "it has 30 categories, more than 20"),
        ([None] * 36, "fewer than two clusters have 5 creators of whom it is known"),
    ],
)
def test_what_cannot_be_compared_is_not_testable_and_says_why(values, reason):
    (row,) = distinguish([Column("creators", "x", values)], CLUSTERS_OF, SETTINGS, 1)
    assert (row["verdict"], row["reason"]) == ("not testable", reason)
    with style():
        drawn = pa.Table.from_pylist([row], schema=DISTINCTIONS).to_pylist()
        distinctions_figure(drawn, "A study", synthetic=False)


def test_followers_are_compared_by_their_logarithm():
    followers = 10 ** np.clip(3 + numbers(0.7), 1, 7)
    rows = distinguish([Column("creators", "followers", followers)], CLUSTERS_OF, SETTINGS, 1)
    assert of(rows, "followers")[0]["reason"] == "compared by its logarithm"
    logarithms = distinguish([Column("creators", "x", np.log1p(followers))], CLUSTERS_OF, SETTINGS, 1)
    assert of(rows, "followers")[0]["value"] == pytest.approx(logarithms[0]["value"])


def test_the_same_study_has_the_same_rows_whatever_other_columns_there_are():
    alone = distinguish([Column("creators", "age", numbers(0.5))], CLUSTERS_OF, SETTINGS, 3)
    beside = [Column("measures", "m", numbers(0.1, 4)), Column("creators", "age", numbers(0.5))]
    again = [row for row in distinguish(beside, CLUSTERS_OF, SETTINGS, 3) if row["column"] == "age"]
    assert again == alone


@pytest.mark.parametrize(("producer", "modality", "circular"), [
    ("measure_reels 1", "text", True), ("measure_reels 1", "image", False), ("describe_reels 1; llava", "text", False),
])  # fmt: skip
def test_measures_that_the_clusters_were_made_of_are_called_circular(tmp_path, producer, modality, circular):
    """Through the program: own columns of every type take part, in no cluster's creator none."""
    ids = [f"c{n:02d}" for n in range(36)]
    light, born = numbers(1.0), numbers(0.6, 5)
    tables = {
        "creators": ([{"creator_id": one, "region": "ns"[n % 2], "paid": n < 14, "age": float(born[n]), "inst2txt_x": n}
                      for n, one in enumerate(ids)], CREATORS),
        "clusters": ([{"creator_id": one, "cluster": int(CLUSTERS_OF[n])} for n, one in enumerate(ids)], CLUSTERS),
        "measures": ([{"creator_id": one, "light_lightness": float(light[n])} for n, one in enumerate(ids)],
                     CREATOR_MEASURES),
        "reels": ([{"reel_id": one, "creator_id": one, "description_producer": producer} for one in ids], REELS),
    }  # fmt: skip
    options = []
    for name, (rows, schema) in tables.items():
        write_table(build_table(rows, schema, further=name == "creators"), tmp_path / f"{name}.parquet")
        options += [f"--{name}", str(tmp_path / f"{name}.parquet")]
    options += ["--output", str(tmp_path / "d.parquet"), "--modality", modality, "--draws=199", "--resamples=99"]
    distinguish_clusters.main(distinguish_clusters.parse(options))
    rows = [row for row in read_table(tmp_path / "d.parquet", DISTINCTIONS).to_pylist() if row["cluster"] is None]
    found = {row["column"]: row for row in rows}
    assert found["light_lightness"]["circular"] is circular
    assert ("circular" in (found["light_lightness"]["reason"] or "")) == circular
    assert found["light_lightness"]["verdict"] == "different"
    assert found["texture_blur"]["verdict"] == "not testable"
    own = {name: row["kind"] for name, row in found.items() if row["source"] == "creators"}
    assert own == {"age": "number", "paid": "category", "region": "category"}
    assert not found["age"]["circular"]
