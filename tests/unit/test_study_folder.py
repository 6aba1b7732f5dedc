"""A study's folder: what begins one, what is never overwritten, and how programs find the study they are given."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import begin_study
import purge_creators
import redo
import why
from common.config import ConfigError, parse_config
from common.manifest import Row, write_manifest
from common.program import UserError
from common.states import OK
from common.store import Store, digest
from snakefile.configuration import config_files
from snakefile.study import Study
from study import CHECKOUT, environment, make_clone


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def begin(folder: str | Path) -> None:
    begin_study.main(begin_study.parse([str(folder)]))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["my study", "über ställe", "it's {mine}", 'a "quoted" one', "# 7: yes"])
def test_a_folder_of_any_name_gets_a_study_of_this_name(name):
    begin(name)
    text = Path(name, "study.yaml").read_text()
    config = parse_config(yaml.safe_load(text), "study.yaml")
    assert config.study.name == name
    assert (CHECKOUT / "config/schema.json").as_uri() in text
    assert Path(name, "videos").is_dir()
    assert Path(name, "slurm/config.yaml").read_text() == (CHECKOUT / "profiles/slurm/config.yaml").read_text()
    profile = yaml.safe_load(Path(name, "profiles/default/config.yaml").read_text())
    usual = yaml.safe_load((CHECKOUT / "profiles/default/config.yaml").read_text())
    assert profile == {**usual, "cores": "all"}
    readme = Path(name, "README.md").read_text()
    assert str(CHECKOUT) in readme
    assert "ATLAS_" not in readme
    ignored = Path(name, ".gitignore").read_text().split()
    assert {"/results/", "/videos/", "/data/", ".env", "*.csv"} <= set(ignored)


def test_what_is_in_a_folder_stays_as_it_is_and_is_named(capsys):
    mine = Path("mine")
    mine.mkdir()
    (mine / "study.yaml").write_text("study: {name: old}\n")
    (mine / "thesis.txt").write_text("dear diary")
    (mine / "README.md").symlink_to("nowhere")
    (mine / "videos").symlink_to("/another/disk")
    begin(mine)
    said = capsys.readouterr().out
    assert "left as they are: study.yaml, README.md\n" in said
    assert (mine / "study.yaml").read_text() == "study: {name: old}\n"
    assert (mine / "thesis.txt").read_text() == "dear diary"
    assert (mine / "README.md").readlink() == Path("nowhere")
    assert (mine / "videos").readlink() == Path("/another/disk")
    before = files(mine)
    begin(mine)
    assert "written: nothing" in capsys.readouterr().out
    assert files(mine) == before


def test_a_file_and_the_checkout_itself_are_refused(monkeypatch):
    Path("taken").write_text("")
    with pytest.raises(UserError, match="taken is a file: name a folder"):
        begin("taken")
    Path("link").symlink_to(CHECKOUT)
    with pytest.raises(UserError, match="is the folder of Reel Atlas itself"):
        begin("link")
    monkeypatch.setenv("HOME", str(Path().absolute()))
    begin("~/at home")
    assert Path("at home/Snakefile").is_file()


def test_a_checkout_at_home_is_named_from_home_on(monkeypatch):
    monkeypatch.setenv("HOME", str(Path().absolute()))
    assert begin_study.in_home(Path("code/reel-atlas").absolute()) == "~/code/reel-atlas"
    assert begin_study.in_home(Path("/opt/reel-atlas")) == "/opt/reel-atlas"


def test_git_ignores_a_study_inside_the_checkout_and_keeps_the_private_parts_of_another_out(tmp_path):
    clone = make_clone(tmp_path / "reel-atlas")

    def git(*arguments: str, folder: Path = clone) -> str:
        return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout

    program = ["python", str(clone / "scripts/begin_study.py")]
    for repository, study in ((clone, clone / "mine"), (tmp_path / "outside", tmp_path / "outside")):
        subprocess.run([*program, str(study)], check=True, env=environment(), capture_output=True)
        for name in ("videos/ada/one.mp4", "data/raw/x", "results/y", "creators.csv", ".env"):
            (study / name).parent.mkdir(parents=True, exist_ok=True)
            (study / name).write_text("")
        git("init", "--quiet", folder=repository)
    seen = git("status", "--porcelain", "--untracked-files=all").splitlines()
    assert "?? Snakefile" in seen
    assert not [line for line in seen if "mine" in line]
    assert set(git("status", "--porcelain", "--untracked-files=all", folder=tmp_path / "outside").split()) == {
        "??", "Snakefile", "study.yaml", "README.md", ".gitignore", "slurm", "profiles/default/config.yaml",
        "profiles/slurm/config.yaml",
    }  # fmt: skip


# --- programs and the study they are about --------------------------------------------------------------------------


def made_study(folder: Path, *reels: str) -> Store:
    """A study whose store has frames and a description of each reel; each has a manifest, the last reel others."""
    folder.mkdir()
    (folder / "study.yaml").write_text("store: {directory: a store}\n")
    store = Store(folder / "a store")
    for number, reel in enumerate(reels):
        facts = folder / f"results/creators/{number}/{reel}.json"
        facts.parent.mkdir(parents=True)
        facts.write_text(json.dumps({"reel_id": reel, "creator_id": "ada", "file": f"{reel} at sea.mp4"}))
        for stage in ("frames", "description"):
            with store.workspace() as workspace:
                (workspace / "0").mkdir()
                (workspace / "0/reel.txt").write_text(stage)
                store.publish(stage, digest(reel), workspace / "0", OK, "p 1", {})
            store.note_owner(stage, str(number), "ada", reel, digest(reel))
            (folder / "results" / stage).mkdir(exist_ok=True)
            write_manifest([Row("ada", reel, stage, "ok")], folder / f"results/{stage}/{number}.parquet")
    return store


def left(store: Store, reel: str) -> set[str]:
    """Stages of which there is a result of a reel."""
    return {stage for stage in ("frames", "description") if store.find(stage, digest(reel))}


def test_redo_forgets_what_was_made_of_a_reel_in_the_study_and_the_store_that_are_meant(capsys):
    store = made_study(Path("mine"), "r1", "r2")
    store = Store(store.root.absolute())
    manifests = Path("mine/results").absolute()
    redo.main(redo.parse(["r1 at sea.mp4", "--study=mine"]))
    assert "2 results of 1 reels forgotten" in capsys.readouterr().out
    assert (left(store, "r1"), left(store, "r2")) == (set(), {"frames", "description"})
    kept = {str(path.relative_to(manifests)) for path in manifests.rglob("*.parquet")}
    assert kept == {"frames/1.parquet", "description/1.parquet"}
    redo.main(redo.parse(["--reels", "r2", "--stage=frames"]))  # in the study's folder
    assert left(store, "r2") == {"description"}
    with pytest.raises(UserError, match="stage frames has no reel r2"):
        redo.main(redo.parse(["r2", "--stage=frames"]))
    with pytest.raises(UserError, match="the stages have no reel r3"):
        redo.main(redo.parse(["r3"]))


def test_redo_without_a_reel_forgets_nothing():
    made_study(Path("mine"), "r1")
    with pytest.raises(UserError, match="which reels"):
        redo.main(redo.parse(["--study=mine", "--stage=frames"]))


@pytest.mark.parametrize("program", [why, redo, purge_creators], ids=lambda module: module.__name__)
def test_a_folder_without_a_study_is_told_with_the_remedy(program):
    given = ["x"] if program is not purge_creators else []
    Path("empty").mkdir()
    with pytest.raises(UserError, match=r"/empty: no study here.*--study FOLDER"):
        program.main(program.parse([*given, "--study=empty"]))


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(UserError, match="--study nowhere: No such file or directory"):
        why.main(why.parse(["x", "--study=nowhere"]))


def test_the_study_as_it_is_now_comes_before_what_the_last_run_wrote(capsys):
    study = Path("mine")
    begin(study)
    (study / "results").mkdir()
    (study / "results/config.given.yaml").write_text("study: {nam: x}\n")
    with pytest.raises(UserError, match="no stage in results knows a reel x"):
        why.main(why.parse(["x", "--study=mine"]))
    os.chdir("..")
    (study / "study.yaml").unlink()
    with pytest.raises(ConfigError, match="did you mean `name`"):
        why.main(why.parse(["x", "--study=mine"]))
    os.chdir("..")
    with pytest.raises(UserError, match=r"no study here \(no file study.yaml\)"):
        purge_creators.main(purge_creators.parse(["--study=mine"]))


def test_a_purge_searches_what_people_wrote_into_the_study_and_not_what_make_study_wrote(capsys):
    """`reel_atlas` stands in the Snakefile: who is called so would otherwise never be purged."""
    begin("mine")
    folder = Path("mine").absolute()
    capsys.readouterr()
    purge_creators.main(purge_creators.parse(["--study=mine", "--handles=reel_atlas"]))
    assert "Snakefile" not in capsys.readouterr().out
    readme = folder / "README.md"
    readme.write_text(readme.read_text() + "ada_77.holiday was nice to us\n")
    with pytest.raises(UserError, match=r"still named in README\.md;"):
        purge_creators.main(purge_creators.parse([f"--study={folder}", "--handles=ada_77.holiday"]))


# --- the configuration that a Snakefile gets ------------------------------------------------------------------------


def workflow(configuration: dict, names: list[str], last: list[Path]) -> SimpleNamespace:
    """What is asked of Snakemake's workflow."""
    return SimpleNamespace(
        modifier_stack=[SimpleNamespace(globals={"config": configuration})],
        configfiles=names,
        config_settings=SimpleNamespace(configfiles=last),
    )


def test_files_of_the_command_line_come_after_those_of_the_snakefile():
    given: dict = {}
    assert config_files(workflow(given, ["other.yaml", "study.yaml"], [Path("other.yaml")]), given) == [
        "study.yaml", "other.yaml",
    ]  # fmt: skip
    assert config_files(workflow(given, ["study.yaml"], []), {"study": {}}) == []


def test_a_module_never_gets_the_demo(tmp_path):
    with pytest.raises(ConfigError, match="needs the lines `configfile:"):
        Study(CHECKOUT, {}, [], planned={"batches": {}, "number": 0, "notices": []}, is_module=True)
    own = {"study": {"name": "my own"}}
    study = Study(CHECKOUT, own, [], planned={"batches": {}, "number": 0, "notices": []}, is_module=True)
    assert study.config.study.name == "my own"
    assert study.config.source.files.videos == "videos"
