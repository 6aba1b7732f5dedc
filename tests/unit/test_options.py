"""Options: a section survives the way from the study file through the shell to a program; every program has --help."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import Field

from common.config import Config, ConfigError, Section
from common.options import add_section, read_section, section_options
from snakefile.study import Study
from sources.registry import SECTIONS
from study import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
PROGRAMS = sorted(path.name for path in SCRIPTS.glob("*.py"))
RULE = re.compile(r"^ *rule (\w+):$(.*?)(?=^ *rule |\Z)", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"STUDY\.options\(([^)]*)\)")


class Everything(Section):
    """One field of each kind that a configuration has."""

    text: str = Field("words", description="Any text.")
    maybe: str | None = Field(None, description="Text or nothing.")
    number: float = Field(1.0, description="A number with 100 % precision.")
    whole: int | None = Field(3, description="A whole number.")
    switch: bool = Field(True, description="Yes or no.")
    words: list[str] = Field(["a"], description="Texts.")
    choice: Literal["none", "some"] = Field("none", description="One of two.")


def back(options: list[str], model: type[Section]) -> Section:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_section(parser, model)
    return read_section(parser.parse_args(options), model)


# What YAML, JSON, argparse and the shell would each like to make something else of.
AWKWARD = [
    *("", " ", " x ", "null", "~", "true", "no", "1", "1e3", "1e-05", "NaN", ".inf", "0x1f", "1_000", "12:30:45"),
    *("2024-05-31", "-x", "--text", "-1", "it's", '"', "'", "a'b\"c", "$HOME", "`id`", "{braces}", "[x", "{x", "a: b"),
    *("a #b", "#b", "&x", "*x", "!x", "!!", "%x", "@x", "|", ">", "a\nb", "\n", "a\tb", "\x7f", "\x85", "\u2028"),
    *("\ufeff", "\u200f", "😀", "😀: x", "日本語", "\\", "\\n", "- x", "? x", "---", "...", "<<", "=", "a=b", "\r\n"),
]
# No process can be given a null byte, whatever the quoting.
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(AWKWARD)
sections = st.builds(
    Everything,
    text=texts,
    maybe=st.none() | texts,
    number=st.floats(allow_nan=False),
    whole=st.none() | st.integers(),
    switch=st.booleans(),
    words=st.lists(texts, max_size=3),
    choice=st.sampled_from(["none", "some"]),
)


@hypothesis_settings(max_examples=300, deadline=None)
@given(sections)
@example(Everything(number=1e-05))
@example(Everything(number=-1e22, whole=-1))
@example(Everything(text="\0", maybe="--"))
@example(Everything(text="2024-13-45", maybe="!!timestamp x"))
def test_any_section_survives_the_way_to_a_program(section):
    options = section_options(section)
    assert "\0" not in options
    assert back(shlex.split(options), Everything) == section


def test_awkward_texts_survive_a_real_shell():
    sections = [Everything(text=text, maybe=text, words=AWKWARD) for text in AWKWARD]
    script = "".join(f"printf '%s\\0' {section_options(section)}\n" for section in sections)
    shown = subprocess.run(["bash"], input=script.encode(), capture_output=True, check=True).stdout.decode()
    words = shown.removesuffix("\0").split("\0")
    fields = len(Everything.model_fields)
    assert len(words) == len(sections) * fields
    for number, section in enumerate(sections):
        assert back(words[number * fields : (number + 1) * fields], Everything) == section


@pytest.mark.parametrize("name", list(Config.model_fields))
def test_the_defaults_of_every_section_survive(name):
    section = getattr(Config(), name)
    if name == "source":
        section = section.files
    assert back(shlex.split(section_options(section)), type(section)) == section


def test_options_that_are_not_given_have_their_defaults():
    assert back([], Everything) == Everything()
    assert back(["--number", "2", "--switch", "no"], Everything) == Everything(number=2.0, switch=False)


def test_text_given_by_hand_is_taken_as_it_stands():
    assert back(["--text", "[old] videos", "--maybe", "a: b: c"], Everything).text == "[old] videos"
    assert back(["--text=-x"], Everything) == Everything(text="-x")


@pytest.mark.parametrize("text", ["010", "1:30", "1_000", "0x1F", "1.500"])
def test_a_number_given_by_hand_is_read_as_strictly_as_in_a_study_file(text):
    with pytest.raises(ConfigError, match=f"^--number: {text} is read as "):
        back([f"--number={text}"], Everything)


@pytest.mark.parametrize("text", ["#2", "videos #2", "010", "1:30"])
def test_a_text_that_yaml_would_change_survives(text):
    assert back(shlex.split(section_options(Everything(text=text))), Everything).text == text


def test_plain_words_and_numbers_stay_readable():
    options = section_options(Everything(text="data/my videos", words=["en", "fr"]))
    assert "--text='data/my videos'" in options
    assert "--number=1.0 --whole=3 --switch=true" in options
    assert """--words='["en", "fr"]'""" in options


@pytest.mark.parametrize(
    "given", ["--number=much", "--switch=7", "--whole=2.5", "--choice=all", "--words=en", "--text=5"]
)
def test_a_wrong_option_is_named(given):
    name = given[2:].split("=")[0]
    with pytest.raises(ConfigError, match=f"options: `{name}`"):
        back([given], Everything)


def test_the_help_shows_defaults_and_descriptions():
    parser = argparse.ArgumentParser()
    add_section(parser, Everything)
    text = " ".join(parser.format_help().split())
    assert "--number VALUE A number with 100 % precision. [1.0]" in text
    assert "--maybe VALUE Text or nothing. [null]" in text


def help_of(program: str, *arguments: str) -> tuple[str, float]:
    """A program's --help, and the seconds of processor time it took (waiting for other tests does not count)."""
    read, write = os.pipe()
    child = subprocess.Popen([sys.executable, str(SCRIPTS / program), *arguments, "--help"], stdout=write, stderr=write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, text
    return text, usage.ru_utime + usage.ru_stime


def sections_of(program: str) -> list[str]:
    """The sections that the rules hand to a program."""
    name = program.removesuffix(".py")
    found = []
    for path in sorted((CHECKOUT / "rules").glob("*.smk")):
        for _, body in RULE.findall(path.read_text()):
            if f"/{name}.py" in body:
                found += [quoted.strip(" \"'") for call in OPTIONS.findall(body) for quoted in call.split(",")]
                found += ["embedding"] if "options=embedding_options" in body else []  # those of one modality
    return ["source.files" if path == "STUDY.source_section" else path for path in found]


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_collector_takes_the_settings_of_each_kind_of_source(kind):
    text, _ = help_of("collect_creators.py", "--source", kind)
    assert all(f"--{name.replace('_', '-')} VALUE" in text for name in SECTIONS[kind].model_fields)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_has_a_quick_help_with_all_its_settings(program):
    assert "pars" in (SCRIPTS / program).read_text(), "running it would do its work"
    text, seconds = help_of(program)
    assert text.startswith("usage: ")
    assert len(text.split("\n\n")) > 2, "a program says what it does"
    assert seconds < 3
    for path in sections_of(program):
        section = Config()
        for part in path.split("."):
            section = getattr(section, part)
        for name in type(section).model_fields:
            assert f"--{name.replace('_', '-')} VALUE" in text


def test_the_rules_hand_over_every_section_that_has_a_program():
    handed = {path.split(".")[0] for program in PROGRAMS for path in sections_of(program)}
    # study: parts of it are options of their own; models, store: folders.
    assert handed == set(Config.model_fields) - {"study", "models", "store"}


def test_a_program_ends_with_one_line_for_each_wrong_setting(tmp_path):
    options = ["--frames", "x.parquet", "--manifest", str(tmp_path / "0.parquet"), "--timeout-s", "soon"]
    command = [sys.executable, str(SCRIPTS / "measure_reels.py"), *options, "--memory-mb", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.findall(r"options: `(\w+)`", done.stderr) == ["timeout_s", "memory_mb"]
    assert len(done.stderr.splitlines()) == 2


def test_settings_that_a_program_does_not_use_change_nothing_for_it():
    """What Snakemake sees as params: another family of tests must not make 50 runs of each variant again."""
    usual, other = (
        Study(CHECKOUT, {"hypotheses": changes}, [])
        for changes in ({}, {"family": ["dyadic"], "splits": 3, "alpha": 0.01})
    )
    unused = ["family", "splits"]
    text = other.prefixed_options("hypotheses", unused)(None)
    assert "--hypotheses-alpha=0.01" in text
    assert text.replace("alpha=0.01", "alpha=0.05") == usual.prefixed_options("hypotheses", unused)(None)
    assert text != other.prefixed_options("hypotheses")(None)
