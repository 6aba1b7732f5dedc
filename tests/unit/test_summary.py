"""The lines at the end of a run: what there is, what failed and why, what was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.manifest import Row, write_manifest
from reporting.results import Results
from reporting.summary import MOST_LINES, Ended, FailedStep, as_text, summary, write_summary
from run_results import PRIMARY, config, rows, write_run


def told(ended: Ended) -> dict[str, list[str]]:
    """The texts of the lines by what these are about."""
    found: dict[str, list[str]] = {}
    for label, text in summary(ended):
        found.setdefault(label, []).append(text)
    return found


def test_a_run_is_told_with_counts_losses_clusters_and_the_finding(tmp_path):
    results = Results(write_run(tmp_path / "results", creators=10, failed=2))
    said = told(Ended(results, config()))
    assert said["Run"] == ["tiny study (synthetic data: it says nothing about real creators): the run finished."]
    assert said["Cohort"] == ["10 creators with 10 reels; 8 of these reels, by 8 creators, could be analysed."]
    assert said["Failed"] == [
        "2 reels in the stage video: the content cannot be decoded (corrupt): plain_0: reel r0; plain_1: reel r1."
    ]
    assert said["Clusters"] == [
        "All 10 creators are in 2 clusters; the clusters are stable: runs with other seeds, and runs without a tenth "
        "of the creators, agree with a median adjusted Rand index of at least 0.90 (1: always the same)."
    ]
    (finding,) = said["Finding"]
    assert finding.startswith("Creators follow those with similar profiles more often")
    assert "odds ratio 2.35 for 0.1 more similarity (95 % interval 1.5 to 3.5)" in finding
    assert finding.count(". ") == 0, "one sentence"


def test_what_all_failures_have_in_common_is_told_once(tmp_path):
    folder = write_run(tmp_path / "results")
    failed = rows("music", [("ada", f"v{number}", "failed", "no_credentials") for number in range(3)])
    write_manifest([replace(row, detail="KEY is not set") for row in failed], folder / "music/0.parquet")
    (said,) = told(Ended(Results(folder), config()))["Failed"]
    assert said.endswith("(no_credentials): KEY is not set: ada: reel v0; ada: reel v1; and 1 more.")


def test_what_the_source_names_and_the_study_could_not_take_in_is_told_by_name(tmp_path):
    folder = write_run(tmp_path / "results")
    assert "Skipped" not in told(Ended(Results(folder), config()))
    source = [
        ("ada", "m1", "missing_file", "gone.mp4"), ("bo", "m2", "missing_file", "lost.mov"),
        ("bo", "m3", "missing_file", "late.mov"), ("?unknown", "p1", "passed_over", "loose.mp4: in no folder"),
        ("ada", "n1", "not_selected", "day.mp4"),
    ]  # fmt: skip
    write_manifest(
        [Row(creator, reel, "creators", "skipped", reason, detail) for creator, reel, reason, detail in source],
        folder / "creators/1.parquet",
    )
    assert told(Ended(Results(folder), config()))["Skipped"] == [
        "4 reels of the source were not taken in: missing_file 3 (ada: reel m1: gone.mp4; bo: reel m2: lost.mov and "
        "1 more), passed_over 1 (?unknown: reel p1: loose.mp4: in no folder)."
    ]


def test_the_file_has_the_same_lines_and_no_name_becomes_markup_or_moves_the_cursor(tmp_path):
    results = Results(write_run(tmp_path / "results", failed=1, text="a\x1b[2J*b*\n<i>"))
    said = write_summary(Ended(results, config()))
    written = (tmp_path / "results/summary.md").read_text()
    assert "\x1b" not in said + written
    assert "a [2J*b* <i>_0" in said
    assert r"a \[2J\*b\* \<i>\_0" in written
    assert written.count("\n- **") == len(said.splitlines())


def test_however_much_there_is_to_say_it_is_fifteen_lines_at_most(tmp_path):
    results = Results(write_run(tmp_path / "results", creators=12, failed=1, warning="These are not stable."))
    for number, reason in enumerate(("timeout", "gone", "truncated", "empty")):
        batch = tmp_path / f"results/video/{number + 1}.parquet"
        write_manifest(rows("video", [("ada", f"v{number}", "failed", reason)]), batch)
    skipped = [("ada", f"s{number}", "skipped", ["missing_file", "passed_over"][number % 2]) for number in range(9)]
    write_manifest(rows("creators", skipped), tmp_path / "results/creators/1.parquet")
    steps = [FailedStep(f"step_{number}", None) for number in range(9)]
    ended = Ended(results, config(), False, steps, [f"notice {number}" for number in range(9)])
    said = told(ended)
    assert sum(map(len, said.values())) <= MOST_LINES
    assert said["Run"][0].endswith("the run did not finish: 9 steps failed.")
    assert said["Failed step"][1].startswith("8 more")
    assert said["Failed"][-1].startswith("3 more")
    assert len(said["Skipped"]) == 1
    assert said["Mind"][0] == "These are not stable."
    assert said["Source"][0].startswith("notice 0; notice 1;")
    assert "timeout: 1" in said["Try again"][0]


def test_all_counts_of_the_source_are_told_in_one_line(tmp_path):
    results = Results(write_run(tmp_path / "results"))
    notices = [f"{number} of 20 rows of reels.csv {'name no video' * 40}" for number in range(6)]
    (said,) = told(Ended(results, config(), notices=notices))["Source"]
    assert all(notice in said for notice in notices)
    assert said.endswith("(examples: results/logs/collect_creators).")


def test_what_an_earlier_run_left_is_not_told(tmp_path):
    """As after `snakemake tables` with other videos: clusters and tests are still those of the old ones."""
    folder = write_run(tmp_path / "results")
    said = told(Ended(Results(folder, {"creators/0.parquet", "video/0.parquet"}), config()))
    assert said.keys() == {"Run", "Cohort", "Look first"}
    assert said["Cohort"] == ["4 creators with 4 reels."]


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            "12:00:00 begun\n12:00:01 full:\n  no room on /x\n",
            "plot 1; the end of its log ({log}): full: no room on /x",
        ),
        ("", "plot 1; it ended without a word, as a program that is killed does ({log} is empty)"),
        (
            "12:00:01 plot.py failed; please report\nTraceback (most recent call last):\n  x\nKeyError: 'a'\n",
            "plot 1; the end of its log ({log}): plot.py failed; please report KeyError: 'a'",
        ),
    ],
    ids=["an error in words", "a killed program", "a defect"],
)
def test_of_a_step_that_failed_its_last_word_is_told(tmp_path, log, expected):
    path = tmp_path / "plot.log"
    path.write_text(log)
    assert str(FailedStep("plot 1", path)) == expected.format(log=path)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (["index.html", "atlas/index.html"], "index.html (open it in a browser)"),
        (["paper/numbers.json", "figures/map.png"], "paper"),
        (["map/clusters.parquet", "figures/map.png"], "figures/map.png"),
        ([], "logs"),
    ],
)
def test_the_place_to_look_first_is_one_that_this_run_made(tmp_path, made, expected):
    folder = write_run(tmp_path / "results")
    for name in ("index.html", "atlas/index.html"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    assert told(Ended(Results(folder, made), config()))["Look first"] == [f"{folder}/{expected}"]


def test_a_bundle_without_manifests_is_told_from_its_tables(tmp_path):
    folder = write_run(tmp_path / "results")
    current = {"paper/numbers.json", "map/clusters.parquet", "hypotheses.json", "sensitivity.parquet"}
    said = told(Ended(Results(folder, current), config(source={"kind": "bundle"})))
    assert said["Cohort"] == ["4 creators with 4 reels; all could be analysed."]
    assert said["Clusters"] == ["All 4 creators are in 2 clusters."]


@pytest.mark.parametrize("creators", [1, 2, 3])
def test_the_smallest_cohorts_say_why_there_is_nothing_to_find(tmp_path, creators):
    untested = replace(PRIMARY, verdict="not testable", reason=f"too few creators ({creators})", effect=None)
    results = Results(write_run(tmp_path / "results", creators=creators, tests=[untested], clusters=0))
    text = as_text(summary(Ended(results, config())))
    assert f"No clusters were found among {creators} creator" in text
    assert ": clusters need at least 6" in text
    assert f"could not be tested: too few creators ({creators})." in text
