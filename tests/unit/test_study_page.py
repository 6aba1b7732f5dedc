"""The page of a study for people, as a file: what it says, and nothing that a browser would run or load."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from reporting.methods import PROGRAM, methods
from reporting.page import study_page, write_page
from reporting.references import cited, read_references, with_citations
from reporting.results import Results
from reporting.summary import Ended, FailedStep
from run_results import PRIMARY, config, write_run
from snakefile.again import unfinished_page
from study import CHECKOUT

HOSTILE = "</style><script>alert(1)</script><img src=x onerror='y'>"


class Reader(HTMLParser):
    """The tags of a page, its texts, and what stands in `style`."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.style = ""
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):  # noqa: ARG002 (the base class names it)
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.style += data
        else:
            self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def text_of(page: str) -> str:
    return " ".join(" ".join(read(page).texts).split())


def test_names_of_strangers_are_text_and_the_policy_allows_its_own_style_only(tmp_path):
    tests = [replace(PRIMARY, reason=HOSTILE), replace(PRIMARY, id=HOSTILE, question=HOSTILE, verdict=HOSTILE)]
    results = Results(write_run(tmp_path / "results", tests=tests, text="<b>odd</b>", warning=HOSTILE))
    page = study_page(Ended(results, config(study={"name": HOSTILE}), notices=[HOSTILE]))
    reader = read(page)
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(reader.style.encode()).digest()).decode()
    assert policy is not None
    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:" in policy
    assert not {"script", "iframe", "link"} & {tag for tag, _ in reader.tags}
    assert "<b>odd" not in page
    assert not [a for _, a in reader.tags if any(name.startswith("on") or name == "style" for name in a)]
    assert all((a["src"] or "").startswith("data:image/webp") for t, a in reader.tags if t == "img")
    links = [a["href"] or "" for t, a in reader.tags if t == "a"]
    assert all(re.match(r"#[\w-]+$|[\w/]+\.\w+$", link) for link in links)
    assert page.count("&lt;script&gt;alert(1)") >= 6


def test_the_page_says_what_was_found_before_how(tmp_path):
    robust = replace(PRIMARY, id="H1-new", question="Is it new?", verdict="supported", effect=None, p_value=0.2)
    fewer = replace(PRIMARY, id="H1-degree", question="Fewer?", verdict="not supported", p_value=0.99)
    old = replace(PRIMARY, id="H2-original", question="As published?")
    results = Results(write_run(tmp_path / "results", failed=1, tests=[PRIMARY, robust, fewer, old], text="neon"))
    text = text_of(study_page(Ended(results, config())))
    parts = [
        "What was studied", "4 creators with 4 reels", "What was found", "Creators follow those with similar profiles",
        "All 4 creators are in 2 clusters; the clusters are stable", "This rests on 3 of 4 reels, by 3 of 4 creators.",
        "are 2.35 times as large", "Do creators follow those with similar profiles? dyadic Yes 2.35",
        "1.5 to 3.5 0.01 (0.02) supported", "Is it new?", "Fewer?", "No: fewer than expected", "0 neon 2",
        "Map of the creators.", "the content cannot be decoded: 1 reel", "How it was made", "Methods, to copy",
        "Mölder et al. 2021", "References", "doi:",
    ]  # fmt: skip
    assert "SYNTHETIC DATA" in text
    text = text[text.index(parts[0]) :]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "As published?" not in text


@pytest.mark.parametrize("creators", [1, 2, 3])
def test_the_smallest_cohorts_have_a_true_page(tmp_path, creators):
    untested = replace(
        PRIMARY,
        verdict="not testable",
        reason="too few creators",
        effect=None,
        ci_low=None,
        p_value=None,
        p_adjusted=None,
    )
    results = Results(write_run(tmp_path / "results", creators=creators, tests=[untested], clusters=0))
    text = text_of(study_page(Ended(results, config(study={"synthetic": False}))))
    assert "SYNTHETIC" not in text
    assert "could not be tested: too few creators." in text
    assert "Could not be tested: too few creators. – – – not testable" in text
    assert "clusters need at least 6" in text
    assert "Whom the creators follow is not known, so nothing is said about follows." in text
    assert f"This is a small cohort ({creators} creator" in text
    assert "no clusters were sought (6 are needed)" in text


def test_a_study_in_which_every_video_failed_says_so(tmp_path):
    results = Results(write_run(tmp_path / "results", failed=4, tests=[], clusters=0))
    text = text_of(study_page(Ended(results, config())))
    assert "4 creators with 4 reels; none of the reels could be analysed" in text
    assert "was described" not in text[: text.index("How it was made", 300)]
    assert "4 of 4 reels did not go into the analysis" in text
    assert "the content cannot be decoded: 4 reels" in text


def test_the_page_of_a_run_that_failed_is_made_again_by_the_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = write_run(tmp_path / "results", failed=2)
    page = results / "index.html"
    assert unfinished_page(results) == []
    current = {"creators/0.parquet", "video/0.parquet"}
    write_page(page, Ended(Results(results, current), config(), False, [FailedStep("check_coverage", None)]))
    text = text_of(page.read_text())
    assert "RUN NOT FINISHED" in text
    assert "the run did not finish: 1 step failed." in text
    assert "Nothing yet: the run ended before anything was clustered or tested." in text
    assert "video read video 2 0 2 the content cannot be decoded: 2 reels" in text
    assert "Methods" not in text, "nobody should copy them"
    assert unfinished_page(results) == [page.as_posix()]
    write_page(page, Ended(Results(results), config()))
    assert unfinished_page(results) == []


def test_the_program_shows_what_belongs_to_the_run_and_gives_the_same_bytes(tmp_path):
    results = write_run(tmp_path / "results")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config().model_dump(mode="json")))
    command = [sys.executable, CHECKOUT / "scripts/build_page.py", "--results", results, "--config", "config.yaml"]
    made = [results / name for name in ("paper/numbers.json", "map/clusters.parquet", "robustness.json")]
    for number in range(2):
        subprocess.run([*command, "--made", *made, "--output", f"{number}.html"], cwd=tmp_path, check=True)
    page = (tmp_path / "0.html").read_text()
    assert page == (tmp_path / "1.html").read_text()
    assert "4 creators are in 2 clusters" in page
    assert "odds ratio" not in page, "hypotheses.json is of an earlier run"


def test_every_citation_of_any_study_has_its_reference(tmp_path):
    results = Results(write_run(tmp_path / "results"))
    references = read_references()
    assert len(references) == (CHECKOUT / "docs/references.bib").read_text().count("\n@")
    model = {"backend": "transformers"}
    studies = [
        config(),
        config(description=model, context=model, transcript={"backend": "openai-whisper", "model": "medium"}),
        config(
            description={"backend": "openai", "endpoint": {"model": "m"}},
            embedding={"modality": "image"},
            music={"backend": "acrcloud"},
        ),
        config(source={"kind": "bundle"}),
    ]
    for study in studies:
        told = methods(results, study)
        text = with_citations(" ".join(told), references)
        assert "[@" not in text
        assert [one.short for one in cited(told, references)] == sorted(
            (one.short for one in cited(told, references)), key=str.casefold
        )
    assert "Whisper" not in " ".join(methods(results, studies[-1])), "a bundle's reels were transcribed elsewhere"
    assert "Llama" not in text
    assert "Zhang et al. 2024" in with_citations(" ".join(methods(results, studies[1])), references)


def test_references_are_without_tex_and_name_their_place():
    references = read_references()
    assert str(references["langsrud2005rotation"]) == (
        "Langsrud, Øyvind (2005). Rotation tests. Statistics and Computing, 15(1), 53–60. doi:10.1007/s11222-005-4789-5"
    )
    assert references["moelder2021snakemake"].authors[0] == "Mölder"
    assert references["hubert1985rand"].short == "Hubert & Arabie 1985"
    assert not [one for one in references.values() if re.search(r"[{}\\]", str(one))]


def test_the_version_is_that_of_the_project():
    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"] == PROGRAM
