"""The one list of stages: rules, pages and orders go by it."""

from __future__ import annotations

import re

import pytest

from common.config import parse_config
from common.stages import PROGRAMS, STAGES, folders, pipeline_order, programs
from study import CHECKOUT

RULE = re.compile(r"^ *rule (\w+):\n(.*?)(?=^ *rule |\Z)", re.MULTILINE | re.DOTALL)
MEASURED = {"description": {"backend": "measured"}}


def rules_with_manifests() -> list[tuple[str, str, str]]:
    """Stage, rule and program of each rule that writes a manifest."""
    found = []
    for path in sorted((CHECKOUT / "rules").glob("*.smk")):
        for name, body in RULE.findall(path.read_text(encoding="utf-8")):
            if manifest := re.search(r'manifest="results/(\w+)/', body):
                found.append((manifest[1], name, re.search(r"\$ATLAS/(\w+)\.py", body)[1]))  # type: ignore[index]
    return found


def test_every_rule_with_a_manifest_makes_a_stage_of_the_list_by_its_program() -> None:
    made = rules_with_manifests()
    assert {stage for stage, _, _ in made} == set(STAGES)
    for stage, rule, program in made:
        assert program in {PROGRAMS[stage], programs(parse_config(MEASURED, "x")).get(stage)}, rule


def test_the_tour_has_a_row_for_every_stage_with_its_rules_in_pipeline_order() -> None:
    rows = re.findall(r"^\| (\w+) \| (`.*?) \| `(\w+)/", (CHECKOUT / "docs/tour.md").read_text(), re.MULTILINE)
    assert [stage for stage, _, _ in rows] == list(STAGES)
    assert all(folder == stage for stage, _, folder in rows)
    named = {(stage, rule) for stage, cell, _ in rows for rule in re.findall(r"`(\w+)`", cell)}
    assert named == {(stage, rule) for stage, rule, _ in rules_with_manifests()}


@pytest.mark.parametrize(
    ("study", "left_out"), [({}, set()), (MEASURED, {"measures"}), ({"source": {"kind": "bundle"}}, set(STAGES))]
)
def test_a_study_runs_the_stages_of_the_list_in_their_order(study, left_out) -> None:
    config = parse_config(study, "x")
    assert list(programs(config)) == [stage for stage in STAGES if stage not in left_out]
    assert list(folders(config)) == list(programs(config))


def test_further_modalities_follow_the_chosen_one_and_unknown_names_come_last() -> None:
    found = {"embedding/image", "imported", "embedding", "video"}
    assert sorted(found, key=pipeline_order) == ["video", "embedding", "embedding/image", "imported"]
