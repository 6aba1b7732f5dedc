"""Names of clusters: words that others have not, each creator counting equally, whatever the order."""

from __future__ import annotations

import json
import math
import random
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.cluster_names import characteristic_words, most_central, name_of, names_apart, words_in
from common.parquet import build_table, write_table
from common.program import UserError
from common.tables import CLUSTERS, CREATORS, REELS
from fake_endpoint import Endpoint
from name_clusters import main, parse


def test_words_are_brought_to_their_dictionary_form_and_silent_ones_left_out():
    said = words_in("The VIDEO shows muted colours; Shadows in a low-key scene, 3 women... and its shadow")
    assert set(said) == {"mute", "colour", "shadow", "low-key"}
    assert words_in("") == words_in("¡!¿ 123 🎬") == {}


def test_the_weight_is_the_log_odds_ratio_with_an_informative_prior():
    """By hand: in cluster 0 both creators use `neon`, and `grey` in half of the reels of one and all of the other."""
    descriptions = {"a": ["neon grey", "neon"], "b": ["neon grey"], "c": ["grey"], "d": ["grey pastel", "grey"]}
    found = characteristic_words(descriptions, {0: ["a", "b"], 1: ["c", "d"]})
    # Uses of all words: 3.5 in cluster 0, 2.5 in cluster 1; neon 2 and 0, grey 1.5 and 2, pastel 0 and 0.5.
    prior = 3.0  # as much as a cluster of average size; a third of it is neon's
    here, elsewhere = 2 + prior / 3, 0 + prior / 3
    ratio = math.log(here / (3.5 + prior - here)) - math.log(elsewhere / (2.5 + prior - elsewhere))
    assert dict(found[0]) == pytest.approx({"neon": ratio / math.sqrt(1 / here + 1 / elsewhere)})
    assert [word for word, _ in found[1]] == ["grey"]  # `pastel` is one creator's


def test_a_word_that_all_use_alike_names_nobody_and_creators_in_no_cluster_are_others():
    light = {"a": ["light neon"], "b": ["light neon"], "c": ["light pale"], "d": ["light pale"], "e": ["light pulse"]}
    found = characteristic_words(light, {0: ["a", "b"], 1: ["c", "d"]})
    assert [[word for word, _ in found[cluster]] for cluster in (0, 1)] == [["neon"], ["pale"]]
    alone = characteristic_words(light, {0: ["a", "b"]})
    assert [word for word, _ in alone[0]] == ["neon"]


def test_where_nobody_is_outside_the_words_that_most_use_are_taken():
    found = characteristic_words({"a": ["grey neon"], "b": ["neon"], "c": ["neon grey"]}, {0: ["a", "b", "c"]})
    assert [word for word, _ in found[0]] == ["neon", "grey"]
    assert characteristic_words({"a": ["neon"], "b": ["neon"], "c": ["neon"]}, {0: ["a", "b"], 1: ["c"]})[0] == [
        ("neon", 2.0)
    ]


def test_a_word_is_in_the_names_of_a_third_of_the_clusters_at_most():
    words = {cluster: [("light", 9.0 - cluster), (f"own{cluster}", 1.0)] for cluster in range(6)}
    names = names_apart(words)
    assert [cluster for cluster, name in names.items() if "light" in name] == [0, 1]
    assert names[5] == "own5"
    assert names_apart({0: [("light", 2.0)], 1: [("light", 1.0)]}) == {0: "light", 1: "cluster 1"}


def test_neither_many_reels_nor_the_order_count():
    descriptions = {f"c{n}": ["calm blue" if n < 3 else "neon pulse"] for n in range(6)}
    members = {0: ["c0", "c1", "c2"], 1: ["c3", "c4", "c5"]}
    found = characteristic_words(descriptions, members)
    shuffled = list(descriptions.items())
    random.Random(1).shuffle(shuffled)
    again = characteristic_words(
        {name: texts * (50 if name == "c0" else 1) for name, texts in shuffled},
        {1: ["c5", "c3", "c4"], 0: ["c2", "c0", "c1"]},
    )
    assert again == found
    assert [word for word, _ in found[0]] == ["blue", "calm"]  # as heavy as each other: by alphabet


def test_forms_of_a_word_count_as_one_and_the_usual_one_is_shown():
    found = characteristic_words(
        {"a": ["shadows"], "b": ["a shadow"], "c": ["shadows"], "d": ["sun"]}, {0: list("abc"), 1: ["d"]}
    )
    assert [word for word, _ in found[0]] == ["shadows"]
    assert [word for word, _ in found[1]] == ["sun"]  # a cluster of one has the words of one


def test_the_most_central_come_first_and_ties_by_id():
    vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert most_central(["b", "a", "c", "d"], vectors, np.array([1.0, 0.1])) == ["a", "b", "c", "d"]


def test_a_cluster_without_words_has_its_number():
    assert name_of(3, []) == "cluster 3"
    assert name_of(3, ["a", "b", "c", "d"]) == "a, b, c"


def write_tables(folder, rows):
    """Tables of creators with one reel each, a cluster and a description; the options that name them."""
    profile = {"a": [1.0, 0.0], "b": [0.9, 0.1], "c": None, "d": [0.0, 1.0]}
    write_table(
        build_table([{"creator_id": c, "handle": c, "profile": profile[c]} for c, _, _ in rows], CREATORS),
        folder / "creators.parquet",
    )
    reels = [{"reel_id": f"{c}1", "creator_id": c, "description": text, "embedding": profile[c]} for c, _, text in rows]
    write_table(build_table(reels, REELS), folder / "reels.parquet")
    write_table(
        build_table([{"creator_id": c, "cluster": k} for c, k, _ in rows], CLUSTERS), folder / "clusters.parquet"
    )
    files = [
        part for name in ("reels", "creators", "clusters") for part in (f"--{name}", str(folder / f"{name}.parquet"))
    ]
    return [*files, "--output", str(folder / "names.parquet")]


def test_the_table_names_each_cluster_and_not_the_noise(tmp_path, monkeypatch):
    """Creators without a description or a profile, a cluster of those alone, and names that look like markup."""
    rows = [("a", 0, "neon <script>"), ("b", 0, "neon"), ("c", 1, None), ("d", -1, "calm")]
    monkeypatch.setattr("sys.argv", ["x", *write_tables(tmp_path, rows)])
    main(parse())
    first, second = pq.read_table(tmp_path / "names.parquet").to_pylist()
    assert (first["cluster"], first["name"], first["words"]) == (0, "neon", ["neon"])
    assert first["medoid"] in {"a", "b"}
    assert sorted(first["central_reels"]) == ["a1", "b1"]
    assert (second["cluster"], second["name"], second["words"], second["medoid"], second["central_reels"]) == (
        1, "cluster 1", [], None, [],
    )  # fmt: skip


def test_names_that_people_gave_stand_whatever_the_number_of_the_cluster(tmp_path, monkeypatch):
    (tmp_path / "names.csv").write_text("creator;name\n@B;Neon nights\n", encoding="utf-8")
    for cluster, other in ((0, 1), (1, 0)):
        rows = [("a", cluster, "neon"), ("b", cluster, "neon"), ("c", other, "pale"), ("d", other, "pale")]
        given = f"--given={tmp_path / 'names.csv'}"
        monkeypatch.setattr("sys.argv", ["x", *write_tables(tmp_path, rows), given])
        main(parse())
        made = {row["cluster"]: row for row in pq.read_table(tmp_path / "names.parquet").to_pylist()}
        assert (made[cluster]["name"], made[cluster]["named_by"], made[cluster]["words"]) == (
            "Neon nights", "given", ["neon"],
        )  # fmt: skip
        assert (made[other]["name"], made[other]["named_by"]) == ("pale", "words")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("nobody,Neon", "line 2: nobody is no creator of this study"),
        ("d,Calm", "line 2: d is in no cluster by now"),
        ("a,Neon\nb,Pulse", "line 3: b is in the cluster that line 2 calls 'Neon'"),
        ("a,", "line 2: each line needs a creator and the name"),
        (f"a,{'long ' * 20}", "line 2: the name has 99 letters"),
    ],
)
def test_a_given_name_that_names_no_cluster_stops_the_run_at_its_line(lines, expected, tmp_path, monkeypatch):
    (tmp_path / "names.csv").write_text(f"creator,name\n{lines}\n", encoding="utf-8")
    rows = [("a", 0, "neon"), ("b", 0, "neon"), ("c", 1, None), ("d", -1, "calm")]
    monkeypatch.setattr("sys.argv", ["x", *write_tables(tmp_path, rows), f"--given={tmp_path / 'names.csv'}"])
    with pytest.raises(UserError, match=re.escape(expected)):
        main(parse())
    assert not (tmp_path / "names.parquet").exists()


ROWS = [("a", 0, "neon street"), ("b", 0, "neon street"), ("c", 1, "pale sky"), ("d", -1, "calm")]


@pytest.fixture
def endpoint():
    server = Endpoint(lambda question: '"Neon nights"\n' if "neon" in question else "**Pale mornings.**")
    yield server
    server.close()


def by_model(folder, server, monkeypatch):
    settings = json.dumps({"url": server.url, "model": "namer-1", "attempts": 1})
    options = ["--backend=openai", f"--endpoint={settings}", "--store", str(folder / "store")]
    monkeypatch.setattr("sys.argv", ["x", *write_tables(folder, ROWS), *options])
    main(parse())
    return pq.read_table(folder / "names.parquet").to_pylist()


def test_a_language_model_names_the_clusters_and_the_words_stay(tmp_path, monkeypatch, endpoint):
    first, second = by_model(tmp_path, endpoint, monkeypatch)
    assert [(row["name"], row["named_by"]) for row in (first, second)] == [
        ("Neon nights", "namer-1"), ("Pale mornings", "namer-1"),
    ]  # fmt: skip
    assert first["words"] == ["neon", "street"]
    asked = next(text for body in endpoint.asked if "neon" in (text := body["messages"][-1]["content"]))
    assert "Words: neon, street.\nVideo: neon street" in asked
    assert "calm" not in asked  # of a creator in no cluster


@pytest.mark.parametrize("answer", ["A " + "long " * 20 + "story", "***"])
def test_an_answer_that_is_no_name_stops_the_run(answer, tmp_path, monkeypatch, endpoint):
    endpoint.answers = lambda _: answer
    with pytest.raises(UserError, match=r"cluster 0: namer-1 answers .*names\.backend: words"):
        by_model(tmp_path, endpoint, monkeypatch)
    assert not (tmp_path / "names.parquet").exists()


def test_one_useless_answer_costs_no_other_name_a_second_payment(tmp_path, monkeypatch, endpoint):
    endpoint.answers = lambda question: "Neon nights" if "neon" in question else "***"
    with pytest.raises(UserError, match=r"cluster 1: .*The names of 1 other clusters are kept"):
        by_model(tmp_path, endpoint, monkeypatch)
    endpoint.answers = lambda _: "Pale mornings"
    assert [row["name"] for row in by_model(tmp_path, endpoint, monkeypatch)] == ["Neon nights", "Pale mornings"]
    assert len(endpoint.asked) == 3
    by_model(tmp_path, endpoint, monkeypatch)
    assert len(endpoint.asked) == 3, "nothing is left to ask"


def test_an_endpoint_that_does_not_answer_is_no_reason_to_fall_back(tmp_path, monkeypatch, endpoint):
    endpoint.close()
    with pytest.raises(UserError, match=r"gives no name \(unavailable"):
        by_model(tmp_path, endpoint, monkeypatch)
