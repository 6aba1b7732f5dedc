"""What docs/cluster.md shows: descriptions alone, compute nodes without a network, a partition for data transfer."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster_study import PATIENCE_S, ClusterStudy
from fake_service import TOKEN, Person, Service, demo_video
from slurm import wait_for
from study import CHECKOUT, Study

PAGE = (CHECKOUT / "docs/cluster.md").read_text(encoding="utf-8")
HANDLES = ["canary.ada", "canary_bob", "canary.eve", "canary_ian"]


def commands(word: str) -> list[str]:
    """The page's commands that begin with a word."""
    return re.findall(rf"^ +({word} .*)$", PAGE, re.MULTILINE)


def copy(command: str, source: Path, target: Path) -> None:
    """Run a page's rsync between two folders of this machine."""
    target.mkdir(exist_ok=True)
    options = [word for word in shlex.split(command) if word not in ("./", "cluster:mystudy/")]
    subprocess.run([*options, f"{source}/", f"{target}/"], check=True)


def test_descriptions_alone_with_data_copied_there_and_back(tmp_path, template, slurm, undisturbed):
    laptop = Study(shutil.copytree(template, tmp_path / "laptop", symlinks=True))
    there, back = commands("rsync")
    copy(there, laptop.folder, tmp_path / "cluster")
    cluster = ClusterStudy(tmp_path / "cluster", slurm=slurm)
    cluster.run("descriptions")
    assert {row["Comment"] for row in cluster.accounted()} == {"rule_describe_reels_wildcards_0"}
    copy(back, cluster.folder, laptop.folder)
    before = laptop.descriptions()
    assert before == undisturbed
    said = laptop.run()
    rules = set(re.findall(r"^(?:local)?rule (\w+):", said, re.MULTILINE))
    assert rules.isdisjoint(
        {"describe_reels", "sample_frames", "prepare_context", "download_reels", "collect_creators"}
    )
    assert {"embed_descriptions", "build_tables", "plot_map"} <= rules
    assert laptop.descriptions() == before
    assert set(laptop.computed().values()) == {1}


def test_offline_nodes_make_a_study_that_is_collected_from_the_internet(tmp_path, slurm, fetched, monkeypatch):
    """The service listens on the login node's loopback address, which no compute node reaches (see test_plain.py)."""
    service = Service(demo_video(CHECKOUT))
    people = [(9_000_001 + number, handle) for number, handle in enumerate(HANDLES)]
    for pk, handle in people:
        service.add(Person(pk, handle, follows=[one for one in people if one[0] != pk]), reels=4)
    study = ClusterStudy(tmp_path, slurm=slurm)
    (tmp_path / "creators.csv").write_text("".join(f"{handle}\n" for handle in HANDLES))
    monkeypatch.setenv("HIKERAPI_TOKEN", TOKEN)
    models = study.own_models({}, {name: fetched(name) for name in ("faster-whisper-base", "all-mpnet-base-v2")})
    study.configure(
        models={**models, "registry": None},
        study={"batches": 1, "max_failed": 0.3},
        source={"kind": "hikerapi", "snapshot": "2026-11-23"},
        select={"reels_per_creator": 2, "latest": 12, "max_following": 1001, "min_followers": 100},
        hikerapi={"creators": "creators.csv", "url": service.url, "calls_per_s": 200},
        video={"allow_private": True},
    )
    try:
        study.run("tables")
    finally:
        service.close()
    assert service.calls
    assert {row["n_embedded"] for row in study.rows("tables/creators")} == {2}
    assert len(study.rows("tables/edges")) == 12
    on_nodes = {row["Comment"] for row in study.accounted()}
    assert not [said for said in on_nodes if "collect" in said or "download" in said or "fetch" in said]
    assert {"rule_transcribe_speech_wildcards_0", "rule_embed_descriptions_wildcards_text_0"} <= on_nodes
    files = [path for path in study.folder.rglob("*") if path.is_file() and "models" not in path.parts]
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]


def test_a_rule_with_a_partition_of_its_own_becomes_a_job(study):
    shutil.rmtree(study.folder / "results/video")
    study.run("results/video/0.parquet", "--set-resources", "download_reels:slurm_partition=cpu", "--force")
    assert [row["Comment"] for row in study.accounted()] == ["rule_download_reels_wildcards_0"]
    assert "download_reels:\n  #   slurm_partition: transfer" in (CHECKOUT / "profiles/slurm/config.yaml").read_text()


def test_jobs_with_a_gpu_run_side_by_side(study, slurm):
    """On one machine profiles/default lets one of them run at a time; a cluster with two GPUs is not held back."""
    config = yaml.safe_load((study.folder / "study.yaml").read_text())
    config["study"]["batches"] = 3
    (study.folder / "study.yaml").write_text(yaml.safe_dump(config))
    ready = [f"results/{stage}/{batch}.parquet" for stage in ("frames", "context") for batch in range(3)]
    study.local().run(*ready)
    with study.running("descriptions") as run:
        wait_for("two jobs that describe reels", lambda: len(study.running_jobs()) == 2, PATIENCE_S)
        study.finish(run)
    assert set(study.described().values()) == {1}


def test_a_wrong_account_is_told_with_the_right_ones(study):
    profile = study.profile / "config.yaml"
    text = profile.read_text()
    said = study.run(
        "descriptions", "--default-resources", "slurm_account=nobody", "slurm_partition=cpu", "gpu_partition=gpu",
        succeeds=False,
    )  # fmt: skip
    assert "The given account nobody appears to be invalid" in said
    assert "atlas" in said
    assert not study.accounted()
    assert profile.read_text() == text


@pytest.mark.parametrize("command", commands("snakemake"))
def test_the_commands_of_the_page_are_understood(study, command):
    """As dry runs: what they do is tested above."""
    words = shlex.split(command.replace("~/reel-atlas", str(CHECKOUT)).replace("--unlock", ""))
    if "-s" not in words:
        words += ["-s", str(CHECKOUT / "Snakefile"), "--configfile", "study.yaml"]
    assert study.profile.is_dir()
    done = subprocess.run(
        ["python", "-m", *words, "--dry-run"], cwd=study.folder, env=study.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "command", re.findall(r"(?:`|^ +)((?:squeue|sinfo|sacctmgr|scontrol) [^`\n]+)", PAGE, re.MULTILINE)
)
def test_slurms_commands_of_the_page_are_understood(slurm, command):
    slurm.call(*shlex.split(command.replace("$USER", "root")))
