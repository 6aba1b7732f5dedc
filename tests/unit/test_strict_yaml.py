"""What a study file says and what is in force are the same: what YAML reads otherwise than people is an error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from common.config import ConfigError, read_config
from common.models import read_registry
from common.program import UserError
from common.strict_yaml import DEEPEST, StrictError, load_strictly
from snakefile.configuration import check_files
from study import CHECKOUT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study: {}\nselect: {latest: 9}\nselect: {latest: 5}", "line 3: `select` is already in line 2"),
        ("select:\n  latest: 9\n  min_followers: 1\n  latest: 5", "line 4: `select.latest` is already in line 2"),
        ("frames:\n  budget:\n  - frames: 3\n    frames: 4", "line 4: `frames.budget.0.frames` is already in line 3"),
        ("'study': {}\nstudy: {}", "line 2: `study` is already in line 1"),
        ('{"study": {"seed": 1,\n"seed": 2}}', "line 2: `study.seed` is already in line 1"),
        ("study: {seed: 010}", "line 1: `study.seed`: 010 is read as an octal number"),
        ("study: {seed: 0x1F}", "0x1F is read as a number that is not decimal"),
        ("study: {seed: 0b11}", "0b11 is read as a number that is not decimal"),
        ("a:\n  wait: 1:30", "line 2: `a.wait`: 1:30 is read as a number of base 60"),
        ("a: {wait: 1:30:00.5}", "is read as a number of base 60"),
        ("a: {n: 1_000}", "1_000 is read as a number with _ in it"),
        ("a: {n: .nan}", ".nan is read as no number to compute with"),
        ("a: {n: -.inf}", "-.inf is read as no number to compute with"),
        ("a: {n: [1, NaN]}", "line 1: `a.n.1`: NaN is read as no number to compute with"),
        ('{"a": {"n": Infinity}}', "Infinity is read as no number to compute with"),
        ("a: &one {x: 1}\nb:\n  <<: *one", "line 3: `b.<<` takes over keys from elsewhere; write them out"),
        ("on: {}", "line 1: the key `on` is read as true or false; put it in quotes"),
        ("a: {12: x}", "line 1: the key `a.12` is read as a number"),
        ("a: {2026-01-01: x}", "the key `a.2026-01-01` is read as timestamp"),
        ("a: {~: x}", "the key `a.~` is read as nothing"),
        ("a: !!python/name:os.system", "line 1: `a`: !! makes python/name:os.system of the text"),
        ("a: 1\n---\nb: 2", "not YAML: expected a single document"),
        (f"a: {'9' * 5000}", "line 1: `a`: a number of 5000 digits"),
        (
            "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)),
            "more than 100,000 values",
        ),
        (f"a: {'9' * 401}", "line 1: `a`: a number of 401 digits"),
        ('a: {n: !!int "010"}', "line 1: `a.n`: !! makes a number of the text '010'"),
        ('a: {n: !!bool "no"}', "line 1: `a.n`: !! makes true or false of the text 'no'"),
        ("a:\n  name: Study #2", "line 2: `a.name`: #2 is read as a comment; put Study #2 in quotes"),
        ("a: {n: 1.500}", "1.500 is read as a decimal number, and may stand for one of thousands"),
        ("a:\n  day: 2026-13-01", "line 2: `a.day`: 2026-13-01 is read as a date, and there is no such day"),
        ("a: [2026-02-30 10:00:00]", "line 1: `a.0`: 2026-02-30 10:00:00 is read as a date, and there is no such day"),
        ("a: 2026-01-01T25:00:00Z", "line 1: `a`: 2026-01-01T25:00:00Z is read as a date"),
        ("a: !!timestamp soon", "line 1: `a`: !! makes timestamp of the text 'soon'"),
        ("a: !!int many", "line 1: `a`: !! makes a number of the text 'many'"),
        ("a: !!bool maybe", "line 1: `a`: !! makes true or false of the text 'maybe'"),
        ("a: &x [*x]", f"more than {DEEPEST} levels"),
        ("[" * 60 + "]" * 60, f"more than {DEEPEST} levels"),
        ("[" * 20_000, "not YAML"),
    ],
)
def test_what_can_be_misunderstood_is_an_error_with_line_and_key(text, message):
    with pytest.raises(StrictError, match=re.escape(message)):
        load_strictly(text)


@pytest.mark.parametrize(
    "text",
    ["a: {n: 10, x: 0, y: 0.5, z: -3, t: '010', u: \"1:30\", v: yes, w: 2026-11-23}", "a: &one {x: 1}\nb: *one",
     '{\n\t"a": {"x": 1.5e3, "y": [true, null, "\\u00e9"]}\n}', "a: x:y\nb: nan.csv\nc: 10:a", "",
     "a: x # 2 of them\nb: y #two\nc: 'z #2' #3\nd: 7 #8\ne: [0.025, 12.25, 0.500]"],
)  # fmt: skip
def test_what_is_plain_is_read_as_usual(text):
    import yaml

    assert load_strictly(text).data == yaml.safe_load(text.replace("\t", " "))


def read(tmp_path: Path, text: str, name: str = "study.yaml") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_config(tmp_path / name)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("study:\n  name: no", "found False (line 2: no); put it in quotes if a text is meant"),
        ("study:\n  name: 2024-05-31", "(line 2: 2024-05-31); put it in quotes if a text is meant"),
        ("context:\n  languages:\n  - en\n  - no", "found False (line 4: no); put it in quotes if a text is meant"),
        ("study:\n\n  sede: 1", "did you mean `seed`? (line 3)"),
        ("map:\n  min_dist: 1e-5", "found '1e-5' (in YAML a text: write 1.0e-5) (line 2)"),
    ],
)
def test_a_value_of_another_kind_is_told_as_it_stands_in_the_file(tmp_path, text, end):
    assert read(tmp_path, text).endswith(end)


def test_json_files_are_read_alike(tmp_path):
    assert "`study` is already in line 1" in read(tmp_path, '{"study": {},\n "study": {"seed": 7}}', "study.json")
    (tmp_path / "study.json").write_text('{\n\t"study": {"seed": 7}\n}')
    assert read_config(tmp_path / "study.json").study.seed == 7


def test_a_list_of_models_is_read_as_strictly(tmp_path):
    text = (CHECKOUT / "config" / "models.yaml").read_text(encoding="utf-8")
    (tmp_path / "models.yaml").write_text(text + "\nmodels: {}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"models\.yaml: the list of models cannot be read: line \d+: `models` is al"):
        read_registry(tmp_path / "models.yaml")


def test_what_snakemake_read_is_compared_with_the_files(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.json"
    first.write_text("study: {seed: 1, name: x}\nmap: {neighbours: 9}\n")
    second.write_text(json.dumps({"study": {"seed": 2}}))
    names, given = [str(first), str(second)], {"study": {"seed": 2, "name": "x"}, "map": {"neighbours": 9}}
    check_files(names, given, {})
    check_files(names, {**given, "map": {"neighbours": 7}}, {"map": {"neighbours": "7"}})
    with pytest.raises(ConfigError, match=r"a\.yaml, .*b\.json: `study\.seed`: Snakemake has read something else"):
        check_files(names, {**given, "study": {"seed": 3, "name": "x"}}, {})
