"""A study in a folder: `make study` and the commands of its README; other Snakefiles that use the workflow."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from study import CHECKOUT, SMALL, demo_handles, environment

MODULE = """
configfile: "{config}"
module atlas:
    snakefile: "{checkout}/Snakefile"
    config: config
{more}
use rule * from atlas{names}
"""


def shell(command: str, folder: Path, place: Path, succeeds: bool = True, **variables: str) -> str:
    """Run a command as a user does who has activated the environment of a checkout."""
    path = f"{place / '.venv/bin'}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env={**environment(), "PATH": path, **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == succeeds, f"{command}\n{done.stdout[-6000:]}"
    return done.stdout


def begin(folder: Path, checkout: Path, creators: int = 2, **sections: dict[str, Any]) -> str:
    """A study of some of the demo's creators, begun by `make study`; returns what it said."""
    said = shell(f'make study DIR="../{folder.name}"', checkout, checkout)
    for handle in demo_handles()[:creators]:
        (folder / "videos" / handle).mkdir()
        video = sorted((CHECKOUT / "data/demo/videos" / handle).iterdir())[0]
        shutil.copy(video, folder / "videos" / handle / "holiday by the sea.mp4")
    configure(folder / "study.yaml", sections)
    return said


def configure(path: Path, sections: dict[str, dict[str, Any]]) -> None:
    """Change keys of a study file."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config |= {name: {**config.get(name, {}), **keys} for name, keys in sections.items()}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def test_a_study_in_a_folder_of_its_own_goes_the_whole_way(checkout: Path) -> None:
    study = checkout.parent / "my stüdy"
    quick = {name: SMALL[name] for name in ("hypotheses", "robustness")}
    said = begin(
        study, checkout, study={"batches": 1, "synthetic": True}, publish={"kind": "full"},
        cluster={"min_cluster_size": 2, "min_samples": 1}, **quick,
    )  # fmt: skip
    assert f"{checkout}/.venv'/bin/activate\n  cd '{study}'\n  snakemake\n" in said
    assert "left as they are: study.yaml, Snakefile, README.md" in shell(
        'make study DIR="../my stüdy"', checkout, checkout
    )

    said = shell("snakemake", study, checkout)
    assert "jobid: " not in said.replace("Finished jobid: ", ""), "blocks are for the file of the log"
    assert re.search(r"^Cohort +2 creators with 2 reels; all could be analysed\.$", said, re.MULTILINE)
    assert re.search(r"^Look first +results/index\.html", said, re.MULTILINE)
    assert "- **Cohort**: 2 creators" in (study / "results/summary.md").read_text(encoding="utf-8")
    assert "This is a small cohort (2 creators)" in (study / "results/index.html").read_text(encoding="utf-8")
    reels = pq.read_table(study / "results/tables/reels.parquet").to_pylist()
    assert len(reels) == 2
    assert all(reel["description"] and reel["embedding"] for reel in reels)
    assert (study / "results/study.json").is_file(), "onstart"
    assert {path.name for path in study.iterdir()} == {
        "study.yaml", "Snakefile", "README.md", ".gitignore", "videos", "profiles", "slurm", "results", "data",
        ".snakemake", "models.lock.yaml",
    }  # fmt: skip

    table = (study / "README.md").read_text(encoding="utf-8").split("| command |")[1].split("\n\n")[0]
    commands = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(commands) == 11
    reel = reels[0]["reel_id"]
    for command in commands:
        if "slurm" in command:
            said = shell(f"{command} -n", study, checkout)
        else:
            said = shell(command.replace("REEL", reel), study, checkout, succeeds="--dry-run" not in command)
        if command in ("snakemake -n", "snakemake --cores 8", "snakemake retry", "snakemake --profile slurm"):
            # After redo, all that is missing is made again.
            assert ("Nothing to be done" in said) != ("slurm" in command), command
        if command.startswith("why"):
            assert "embedding: ok" in said
        if command.startswith("redo"):
            assert re.search(r"\d results of 1 reels forgotten", said)
        if command.startswith("purge"):
            assert "nobody to purge" in said
    assert (study / "results/report.zip").stat().st_size > 10_000
    assert (study / "results/paper/map.pdf").is_file()
    assert (study / "results/bundle/SHA256SUMS").is_file()

    # Elsewhere the study is named.
    assert "embedding: not made yet" in shell(f"why --study '../../my stüdy' {reel}", checkout / "scripts", checkout)


def test_dry_runs_of_what_people_do_with_the_folder(checkout: Path, tmp_path: Path) -> None:
    study = checkout.parent / "plain"
    begin(study, checkout, study={"batches": 1})
    home = {"HOME": str(checkout.parent), "XDG_CACHE_HOME": str(tmp_path)}

    def dry(arguments: str, folder: Path = study, succeeds: bool = True) -> str:
        return shell(f"snakemake -n {arguments}", folder, checkout, succeeds, **home)

    said = dry(f"-s '{study}/Snakefile' --directory '{study}' -p paper", folder=tmp_path)
    assert "--name plain" in said
    (tmp_path / "other.yaml").write_text("study: {seed: 9}\n")
    assert "--seed 9" in dry(f"-p --configfile '{tmp_path}/other.yaml'")
    said = dry(f"-p --configfile '{tmp_path}/other.yaml' --config 'study={{seed: 8}}'")
    assert "--seed 8" in said
    assert "--name plain" in said
    # A folder inside the checkout, of a checkout at home: nothing for --lint to find.
    shell("make study DIR=inside", checkout, checkout, **home)
    shutil.copytree(study / "videos", checkout / "inside/videos", dirs_exist_ok=True)
    assert 'Path("~/reel atlas")' in (checkout / "inside/Snakefile").read_text()
    assert "good condition" in shell("snakemake --lint", checkout / "inside", checkout, **home)
    # What is wrong is told with its place and the remedy.
    (study / "study.yaml").write_text("study: {nam: x}\n")
    assert "study.yaml: unknown key `study.nam`: did you mean `name`? (line 1)" in dry("", succeeds=False)
    snakefile = study / "Snakefile"
    text = snakefile.read_text(encoding="utf-8")
    snakefile.write_text(re.sub(r'Path\(".*"\)', 'Path("~/moved")', text), encoding="utf-8")
    said = dry("", succeeds=False)
    assert f"{checkout.parent}/moved: Reel Atlas is not there. Write its folder into the line `ATLAS = ...`" in said
    assert f"of {snakefile}" in said
    assert "Traceback" not in said


def test_another_snakefile_uses_the_workflow_under_other_names_beside_rules_of_its_own(
    checkout: Path, tmp_path: Path
) -> None:
    """The folder is laid out as snakedeploy does it; no video can be read in a hundredth of a second."""
    (tmp_path / "reel-atlas").symlink_to(checkout)
    config, snakefile = tmp_path / "config/config.yaml", tmp_path / "workflow/Snakefile"
    for path in (config, snakefile):
        path.parent.mkdir()
    shutil.copy(CHECKOUT / "config/study.example.yaml", config)
    configure(config, {"study": {"batches": 1, "max_failed": 1.0}, "video": {"timeout_s": 0.01}})
    handle = demo_handles()[0]
    shutil.copytree(CHECKOUT / "data/demo/videos" / handle, tmp_path / "videos" / handle)
    (tmp_path / "notes").mkdir()
    for name in ("one", "two"):
        (tmp_path / f"notes/{name}.txt").write_text(f"{name}\n")
    handlers = "onstart: print('OUTER START')\nonsuccess: print('OUTER END')"
    own = """
rule mine:
    input: "results/video/0.parquet"
    output: "mine.txt"
    shell: "files='notes/one.txt notes/two.txt'; cat $files notes/t*.txt > {output}"
"""
    base = MODULE.format(config="config/config.yaml", checkout="../reel-atlas", more=handlers, names=" as atlas_*")
    snakefile.write_text(base + own)
    said = shell("snakemake --cores 2 --keep-going mine.txt", tmp_path, checkout)
    assert re.search(r"^Failed +\d+ reels in the stage video: .*\(timeout\)", said, re.MULTILINE)
    assert (tmp_path / "mine.txt").read_text() == "one\ntwo\ntwo\n"
    assert "localrules directive" not in said
    assert (tmp_path / "results/study.json").is_file()
    assert said.index("OUTER START") < said.index("OUTER END") < said.index("snakemake retry")
    said = shell("snakemake -n atlas_retry", tmp_path, checkout)
    assert re.search(r"atlas_download_reels +1\n", said)
    # The whole study is the default target, and `all` may be left out.
    assert re.search(r"atlas_plot_map +1\n", shell("snakemake -n", tmp_path, checkout))
    snakefile.write_text(base.replace(" from atlas", " from atlas exclude all") + own)
    assert re.search(r"atlas_plot_map +1\n", shell("snakemake -n atlas_retry", tmp_path, checkout))


@pytest.mark.parametrize(
    ("more", "snakefile", "config", "message"),
    [
        ('    prefix: "inner"', "atlas/Snakefile", "config", "has a `prefix` or `replace_prefix`"),
        ("", "atlas/Snakefile", "{}", 'needs the lines `configfile: "study.yaml"`'),
        ("", "Snakefile.copy", "config", "this Snakefile needs the folders beside it"),
    ],
    ids=["a prefix for paths", "no configuration", "a copy of the Snakefile alone"],
)  # fmt: skip
def test_modules_that_cannot_work_are_refused_with_the_remedy(
    checkout: Path, tmp_path: Path, more: str, snakefile: str, config: str, message: str
) -> None:
    (tmp_path / "atlas").symlink_to(checkout)
    shutil.copy(CHECKOUT / "Snakefile", tmp_path / "Snakefile.copy")
    shutil.copy(CHECKOUT / "config/study.example.yaml", tmp_path / "study.yaml")
    text = MODULE.format(config="study.yaml", checkout="ATLAS", more=more, names="")
    text = text.replace("ATLAS/Snakefile", snakefile).replace("config: config", f"config: {config}")
    (tmp_path / "Snakefile").write_text(text)
    said = shell("snakemake -n", tmp_path, checkout, succeeds=False)
    assert message in said
    assert "Traceback" not in said


# What snakedeploy 0.15 writes (templates/use_module.smk.jinja), with a path in place of an address.
DEPLOYED = """
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare reel_atlas as a module
module reel_atlas:
    snakefile:
        "{clone}/workflow/Snakefile"
    config:
        config


# use all rules from reel_atlas
use rule * from reel_atlas
"""


def test_what_snakedeploy_writes_is_a_study(checkout: Path, tmp_path: Path) -> None:
    for copied in ("config", "profiles"):
        shutil.copytree(checkout / copied, tmp_path / copied)
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow/Snakefile").write_text(DEPLOYED.format(clone=checkout))
    handle = demo_handles()[0]
    shutil.copytree(CHECKOUT / "data/demo/videos" / handle, tmp_path / "videos" / handle)
    said = shell("snakemake -n", tmp_path, checkout)
    assert re.search(r"^plot_map +1\n(.*\n)*^whole_study +1\n", said, re.MULTILINE), "everything is the default"
    shell("snakemake --cores 1 results/creators/0.parquet", tmp_path, checkout)
    rows = pq.read_table(tmp_path / "results/creators/0.parquet").to_pylist()
    assert {row["creator_id"] for row in rows} == {handle}


def test_the_workflow_where_the_catalog_looks_for_it_makes_everything(checkout: Path) -> None:
    said = shell("snakemake -s workflow/Snakefile -n", checkout, checkout)
    assert re.search(r"^plot_map +1\n(.*\n)*^whole_study +1\n", said, re.MULTILINE)
