"""The documentation says what the code does: keys, columns, reasons, links, commands."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
import tomllib

import jsonschema
import pytest
import yaml

from common.config import Config, parse_config
from common.states import FAILED, NOTED, SKIPPED
from document_config import PAGES
from study import CHECKOUT, environment

DOCS = [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").glob("*.md")), CHECKOUT / "data/demo/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_in_step_with_the_model(page: str) -> None:
    assert (CHECKOUT / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


@pytest.mark.parametrize("study", ["demo.yaml", "study.example.yaml"])
def test_studies_satisfy_the_schema(study: str) -> None:
    schema = yaml.safe_load((CHECKOUT / "config/schema.json").read_text())
    jsonschema.validate(yaml.safe_load((CHECKOUT / "config" / study).read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"study": {"nam": "x"}}, schema)


def test_every_reason_is_documented() -> None:
    text = (CHECKOUT / "docs/tour.md").read_text()
    for reason, facts in (NOTED | SKIPPED | FAILED).items():
        assert f"| `{reason}` | {facts.meaning} |" in text or reason in SKIPPED.keys() & FAILED.keys()
    assert {
        line.split("`")[1] for line in text.splitlines() if re.match(r"\| `\w+` \| .* \| (yes|no) \|", line)
    } == set(FAILED)


def test_every_section_is_documented() -> None:
    text = (CHECKOUT / "docs/configuration.md").read_text()
    assert all(f"\n## {section}\n" in text for section in Config.model_fields)


def test_the_studies_of_the_page_on_sources_are_valid() -> None:
    text = (CHECKOUT / "docs/sources.md").read_text(encoding="utf-8")
    studies = re.findall(r"\n    (source:\n(?:    .*\n)+)", text)
    assert {parse_config(yaml.safe_load(textwrap.dedent(f"    {study}")), "x").source.kind for study in studies} == {
        "hikerapi", "exports", "inst2txt",
    }  # fmt: skip


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_programs_and_targets_that_are_named_exist() -> None:
    for page in DOCS:
        text = page.read_text(encoding="utf-8")
        for program in re.findall(r"python ((?:scripts|data|tests)/[\w/]+\.py)", text):
            assert (CHECKOUT / program).is_file(), f"{page.name}: {program}"
        makefile = (CHECKOUT / "Makefile").read_text()
        for target in re.findall(r"(?:^    |`)make ([a-z-]+)(?=$|`)", text, re.MULTILINE):
            assert f"\n{target}:" in makefile, f"{page.name}: make {target}"


def test_every_fault_names_a_test_that_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", (CHECKOUT / "docs" / "faults.md").read_text())
    assert len(named) > 80
    for file, test in named:
        assert f"def {test}(" in (CHECKOUT / "tests/unit" / file).read_text(), f"{file}::{test}"


def test_make_help_lists_the_targets() -> None:
    done = subprocess.run(["make", "help"], cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=True)
    for target in ("demo", "test", "lint", "bench", "install"):
        assert re.search(rf"make {target}\s+\w", done.stdout)


def test_the_citation_is_of_this_version_and_the_references_are_whole() -> None:
    citation = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text())
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    released = f"\n## {citation['version']} ({citation['date-released']})\n"
    assert released in (CHECKOUT / "CHANGELOG.md").read_text(), "a year, for its BibTeX"
    codemeta = json.loads((CHECKOUT / "codemeta.json").read_text())
    same = {"version": "version", "datePublished": "date-released", "keywords": "keywords"}
    assert {name: codemeta[name] for name in same} == {
        name: citation[said] if said == "keywords" else str(citation[said]) for name, said in same.items()
    }
    assert codemeta["author"][0]["name"] == citation["authors"][0]["name"]
    assert " ".join(citation["abstract"].split()) == codemeta["description"]
    text = (CHECKOUT / "docs/references.bib").read_text()
    entries = re.split(r"^@", text, flags=re.MULTILINE)[1:]
    keys = [re.match(r"(article|misc|inproceedings)\{(\w+),\n", entry)[2] for entry in entries]  # type: ignore[index]
    assert len(keys) == len(set(keys)) > 15
    for entry in entries:
        assert entry.count("{") == entry.count("}"), entry
        assert all(re.search(rf"^  {name} +=", entry, re.MULTILINE) for name in ("author", "title", "year")), entry


def test_the_workflow_catalog_finds_what_its_standardised_form_asks_for() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (CHECKOUT / "workflow/Snakefile").is_file()
    assert (CHECKOUT / "config/README.md").is_file()
    assert yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["source"]["kind"] == "files"
    usage = yaml.safe_load((CHECKOUT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage == {"software-stack-deployment": {"conda": True}, "report": True}
    assert all(
        "conda:" in path.read_text() for path in (CHECKOUT / "rules").glob("*.smk") if "shell:" in path.read_text()
    )


def test_the_paper_about_the_workflow_has_its_parts_and_cites_what_is_there() -> None:
    text = (CHECKOUT / "docs/joss/paper.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    assert {"title", "tags", "authors", "date", "bibliography"} <= yaml.safe_load(head).keys()
    for part in ("Summary", "Statement of need", "State of the field", "References"):
        assert f"\n# {part}\n" in body
    cited = set(re.findall(r"@(\w+)", body))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", (CHECKOUT / "docs/joss/paper.bib").read_text(), re.MULTILINE))
    assert len(body.split()) < 1750, "what the journal takes"
