"""A bundle is data: nothing of it is run, followed, asked or obeyed, by whoever it was made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

import read_bundle
import verify_bundle
from bundle.contents import SCHEMAS, Note, write_bundle, write_sums
from common.config import ConfigError
from common.parquet import build_table, write_table
from common.program import UserError
from snakefile.study import Study
from study import CHECKOUT

ROWS = {
    "creators": [{"creator_id": "c1", "profile": [1.0, 0.0]}, {"creator_id": "c2", "profile": [0.0, 1.0]}],
    "reels": [{"creator_id": "c1", "reel_id": "r1"}],
    "follows": [{"source_id": "c1", "target_id": "c2", "in_cohort": True}],
    "edges": [{"source_id": "c1", "target_id": "c2"}],
    "status": [{"creator_id": "c1", "reel_id": "r1", "stage": "video", "state": "ok"}],
    "coverage": [],
    "measures": [{"creator_id": "c1", "reel_id": "r1", "light_lightness": 50.0}],
    "creator_measures": [{"creator_id": "c1", "light_lightness": 50.0}],
}
OWN = {"study": {"name": "mine"}, "source": {"kind": "bundle", "bundle": {"folder": "bundle"}}}


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small whole bundle in the folder where a study of it would be."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "bundle"
    write_bundle(folder, {name: build_table(ROWS[name], schema) for name, schema in SCHEMAS.items()}, Note("x", False))
    (folder / "README.md").write_text("What this is.\n")
    (folder / "study.yaml").write_text(yaml.safe_dump(OWN | {"hypotheses": {"own_tests": [], "draws": 99}}))
    write_sums(folder)
    return folder


def verify(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["verify", str(folder)])
    verify_bundle.main(verify_bundle.parse())


def read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["read", "--bundle", str(folder), "--output", str(folder.parent / "read")])
    read_bundle.main(read_bundle.parse())


def opened(names: list[str], **sections: object) -> Study:
    """The study as the Snakefile opens it."""
    for name in names:
        if name.endswith(".yaml"):
            Path(name).write_text(yaml.safe_dump(OWN | sections))
    return Study(CHECKOUT, OWN | sections, names)


HIDDEN_IN = {
    "a program": (lambda folder: (folder / "tests.py").write_text("print()"), r"tests\.py: is of a kind"),
    "a registry of models": (lambda folder: (folder / "models.yaml").write_text("{}"), r"models\.yaml: is of a kind"),
    "a pickle": (lambda folder: (folder / "model.pkl").write_bytes(b"\x80\x04."), r"model\.pkl: is of a kind"),
    "a pickle that is called a table": (
        lambda folder: (folder / "tables/more.parquet").write_bytes(b"\x80\x04."),
        r"more\.parquet: is not what its name says",
    ),
    "a program that is called a text": (
        lambda folder: (folder / "more.md").write_text("#!/bin/sh\n"),
        r"more\.md: is a program",
    ),
    "a text that is marked as a program": (
        lambda folder: (folder / "README.md").chmod(0o755),
        r"README\.md: is marked as a program",
    ),
    "secrets of its own": (lambda folder: (folder / ".env").write_text("OPENAI_API_KEY=x"), r"\.env: is of a kind"),
    "a link to a file": (lambda folder: (folder / "more.md").symlink_to("/etc/hostname"), r"more\.md: is a link to"),
    "a link to a folder": (lambda folder: (folder / "more").symlink_to("/etc"), r"more: is a link to /etc"),
    "a pipe": (lambda folder: os.mkfifo(folder / "more.md"), r"more\.md: is no file"),
    "a pipe in place of its note": (
        lambda folder: ((folder / "bundle.json").unlink(), os.mkfifo(folder / "bundle.json")),
        r"bundle\.json: is no file",
    ),
}


@pytest.mark.parametrize("what", HIDDEN_IN)
def test_a_bundle_with_files_of_another_kind_is_refused_even_if_the_checksums_list_them(
    what: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide, said = HIDDEN_IN[what]
    verify(bundle, monkeypatch)
    hide(bundle)
    if "pipe" not in what and "to a folder" not in what:
        write_sums(bundle)
    for check in (verify, read):
        with pytest.raises(UserError, match=said):
            check(bundle, monkeypatch)
    assert not (bundle.parent / "read").exists()


def test_what_file_managers_and_file_systems_do_to_a_bundle_is_no_fault(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / ".DS_Store").write_bytes(b"\0")
    (bundle / "tables" / "._edges.parquet").write_bytes(b"\0")
    (bundle / "Thumbs.db").write_bytes(b"\0")
    verify(bundle, monkeypatch)
    for path in bundle.rglob("*"):
        path.chmod(0o777)  # as on a disk without such marks
    read(bundle, monkeypatch)
    assert (bundle.parent / "read/edges.parquet").exists()


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"hypotheses": {"own_tests": ["bundle/tests.py"]}}, "hypotheses.own_tests"),
        ({"hypotheses": {"compare": {"other": "../results"}}}, "hypotheses.compare"),
        ({"names": {"backend": "openai", "endpoint": {"url": "http://192.0.2.1/v1", "model": "m"}}}, "names"),
        ({"models": {"registry": "bundle/models.md"}}, "models"),
        ({"description": {"prompt": "bundle/prompt.md"}}, "description"),
        ({"store": {"directory": "../store"}}, "store"),
        ({"study": {"opt_out": "bundle/people.md"}}, "study.opt_out"),
        ({"source": {"kind": "files", "files": {"videos": "../videos"}}}, "source"),
    ],
)
def test_the_study_file_of_a_bundle_names_no_programs_files_models_or_addresses(
    sections: dict[str, object], key: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "study.yaml").write_text(yaml.safe_dump(OWN | sections))
    write_sums(bundle)
    said = f"study.yaml: `{key}`: the study of a bundle says how the tables are analysed"
    for check in (verify, read):
        with pytest.raises(UserError, match=said):
            check(bundle, monkeypatch)
    with pytest.raises(ConfigError, match=said):  # whatever study reads the bundle: the copy of this one, too
        opened(["study.yaml"])


@pytest.mark.parametrize(
    "text",
    [
        "hypotheses: {own_tests: [tests.py]}\nhypotheses: {draws: 99}\n",
        "hypotheses: {own_tests: [tests.py], own_tests: []}\n",
        "x: &x {own_tests: [tests.py]}\nhypotheses: {<<: *x}\n",
        "hypotheses: {draws: 99\n",
        "hypotheses: {draws: 010}\n",
    ],
)
def test_a_bundle_s_study_file_that_can_be_read_in_two_ways_is_refused(
    text: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "study.yaml").write_text(yaml.safe_dump(OWN) + text)
    write_sums(bundle)
    for check in (verify, read):
        with pytest.raises(UserError, match=r"study\.yaml: is not the study of a bundle: (line [0-9]+|not YAML)"):
            check(bundle, monkeypatch)


@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("hypotheses.own_tests", lambda path: {"hypotheses": {"own_tests": [path]}}),
        ("models.registry", lambda path: {"models": {"registry": path}}),
        ("description.prompt", lambda path: {"description": {"prompt": path}}),
        ("hypotheses.compare.other", lambda path: {"hypotheses": {"compare": {"other": path}}}),
    ],
)
@pytest.mark.parametrize("path", ["bundle/README.md", "there/../bundle/README.md", "beside.md", "bundle/tables"])
def test_no_setting_of_a_study_names_a_file_of_its_bundle(
    key: str, sections: Callable[[str], dict[str, object]], path: str, bundle: Path
) -> None:
    (bundle.parent / "there").mkdir()
    (bundle.parent / "beside.md").symlink_to("bundle/README.md")
    with pytest.raises(ConfigError, match=rf"`{key}`: {path} is a file of the bundle bundle.*copy it to a folder"):
        opened(["study.yaml"], **sections(path))


def test_a_readers_own_files_are_not_the_bundles(bundle: Path) -> None:
    (bundle.parent / "tests.py").write_text("")
    study = opened(["study.yaml"], hypotheses={"own_tests": ["tests.py"]}, models={"registry": "own.yaml"})
    assert study.reads_bundle
    assert opened(["bundle/study.yaml"]).batches == {}
    with pytest.raises(ConfigError, match=r"other\.yaml: a file of the bundle is no study"):
        opened(["bundle/other.yaml"])
    with pytest.raises(ConfigError, match=r"README\.md: expected sections"):
        opened(["bundle/README.md"])


def test_tables_that_name_files_or_hold_objects_of_a_program_are_refused(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundle / "tables/status.parquet"
    whole = path.read_bytes()
    write_table(build_table([ROWS["status"][0] | {"path": "../private/frames.zip"}], SCHEMAS["status"]), path)
    write_sums(bundle)
    with pytest.raises(UserError, match=r"status\.parquet: path: names files"):
        read(bundle, monkeypatch)
    path.write_bytes(whole)
    creators = build_table(ROWS["creators"], SCHEMAS["creators"])
    write_table(creators.append_column("town", pa.array([b"\x80", b"\x04"])), bundle / "tables/creators.parquet")
    write_sums(bundle)
    with pytest.raises(UserError, match=r"creators\.parquet: column town is binary"):
        verify(bundle, monkeypatch)
