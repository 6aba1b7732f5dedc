"""The demo study on a cluster whose compute nodes are offline, from a clone, with the command that users give."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict

import pytest
import yaml

import tiny_models
from cluster_study import ClusterStudy
from slurm import ACCOUNT
from study import CHECKOUT, RESULTS, SMALL, Study, environment, make_clone

# What each job asks SLURM for at its first attempt: memory (MB) and time (minutes), as profiles/slurm says.
DEFAULT = (4000, 60)
ASKED = {
    "describe_reels": (32000, 480),
    "transcribe_speech": (8000, 240),
    "prepare_context": (16000, 240),
    "embed_descriptions": (8000, 120),
    "sample_frames": (4000, 240),
}
PER_BATCH = [*ASKED, "extract_audio", "measure_frames"]
ONCE = [
    "check_coverage", "build_tables", "map_creators", "cluster_creators", "test_hypotheses", "repeat_clusters",
    "compare_runs", "distinguish_clusters",
]  # fmt: skip
ONLINE = ["collect_creators", "download_reels", "identify_music", "fetch_model"]
# Done in seconds, after which a job in the queue would only be waited for.
SHORT = [
    "write_config",
    "write_findings",
    "gather_reels",
    "compare_losses",
    "measure_reliability",
    "preview_map",
    "plot_mixing",
    "plot_map",
    "plot_network",
    "plot_hypotheses",
    "build_page",
    "plot_coverage",
    "plot_portraits",
    "name_clusters",
    "plot_similarity",
    "plot_robustness",
]


class Clone(ClusterStudy):
    """The demo in a clone of its own."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "snakemake", *super().command[3:][2:]]


class Local(Study):
    """The same on one machine."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--cores", "2"]


def prepare(study: Study, fetched) -> None:
    """The demo with one reel of each creator, described by a tiny model of the real class."""
    config = yaml.safe_load((study.folder / "config/demo.yaml").read_text())
    (study.folder / "data/numba").symlink_to(CHECKOUT / "data/numba")  # what Numba compiled before
    models = study.own_models(
        {"tiny-llava": lambda folder: tiny_models.llava_next_video(folder, window=4096)},
        {name: fetched(name) for name in ("faster-whisper-base", "all-mpnet-base-v2")},
    )
    described = {
        "backend": "transformers", "model": "tiny-llava", "quantization": "none", "dtype": "float32",
        "max_new_tokens": 24,
    }  # fmt: skip
    changed = {
        "study": {**config["study"], "batches": 2}, "select": {"reels_per_creator": 1}, "models": models,
        "description": described, "hypotheses": SMALL["hypotheses"], "robustness": SMALL["robustness"],
    }  # fmt: skip
    (study.folder / "study.yaml").write_text(yaml.safe_dump({**config, **changed}))


@pytest.fixture(scope="module")
def study(tmp_path_factory, slurm, fetched) -> Clone:
    """Run on the cluster."""
    made = Clone(make_clone(tmp_path_factory.mktemp("cluster") / "reel-atlas"), slurm=slurm)
    prepare(made, fetched)
    made.run()
    return made


@pytest.fixture(scope="module")
def jobs(study) -> dict[str, list[dict[str, str]]]:
    """What SLURM's accounting says of the jobs of each rule."""
    found = defaultdict(list)
    for row in study.accounted():
        (rule,) = re.findall(r"^rule_([a-z_]+?)(?:_wildcards_|$)", row["Comment"])
        found[rule].append(row)
    return found


def test_the_describing_jobs_had_a_gpu_on_a_gpu_node_and_no_other_had(jobs):
    for rule, rows in jobs.items():
        for row in rows:
            on_gpu = (row["Partition"], row["NodeList"], "gres/gpu=1" in row["AllocTRES"])
            assert on_gpu == (("gpu", "gpu1", True) if rule == "describe_reels" else ("cpu", "cpu1", False)), row


def test_each_job_ran_once_and_succeeded(jobs):
    assert {row["State"] for rows in jobs.values() for row in rows} == {"COMPLETED"}
    assert {rule: len(rows) for rule, rows in jobs.items()} == {
        **dict.fromkeys(PER_BATCH, 2), **dict.fromkeys(ONCE, 1)
    }  # fmt: skip


def test_what_needs_the_internet_did_not_go_through_slurm(jobs, study):
    on_the_login_node = {*ONLINE, *SHORT}
    assert not on_the_login_node & set(jobs)
    logs = study.folder / "results/logs"
    ran = {path.relative_to(logs).parts[0].removesuffix(".log") for path in logs.rglob("*.log")}
    assert on_the_login_node <= ran


def test_memory_time_and_account_were_passed(jobs):
    for rule, rows in jobs.items():
        for row in rows:
            asked = (int(row["ReqMem"].removesuffix("M")), int(row["TimelimitRaw"]))
            assert asked == ASKED.get(rule, DEFAULT), row
            assert row["Account"] == ACCOUNT


def test_a_job_says_which_rule_and_batch_it_is_of(jobs):
    assert {row["Comment"] for row in jobs["describe_reels"]} == {f"rule_describe_reels_wildcards_{n}" for n in (0, 1)}


def test_the_compute_nodes_were_offline(slurm, tmp_path):
    """A job reaches neither the internet nor what listens on the login node's loopback address."""
    said = tmp_path / "said"
    probe = "ip route; cat /etc/hostname >/dev/null; (echo > /dev/tcp/192.0.2.1/80) 2>&1"
    slurm.call("sbatch", "--wait", "--mem=100", "--time=1", f"--output={said}", "--wrap", f"bash -c '{probe} || true'")
    text = said.read_text()
    assert "default" not in text
    assert "unreachable" in text


def test_the_results_are_those_of_one_machine_byte_for_byte(study, tmp_path_factory, fetched):
    local = Local(make_clone(tmp_path_factory.mktemp("local") / "reel-atlas"))
    prepare(local, fetched)
    local.run()
    here, there = local.contents(), study.contents()
    assert [name for name in RESULTS if here[name] != there[name]] == []
    assert {row["state"] for row in study.rows("tables/status") if row["stage"] == "description"} == {"ok"}
    assert study.computed() == local.computed()
    assert set(study.computed().values()) == {1}


def test_planning_needs_no_slurm(study, tmp_path):
    """On a machine without SLURM's commands, a dry run tells what would be submitted."""
    (tmp_path / "bash").symlink_to(shutil.which("bash"))
    (tmp_path / "which").symlink_to(shutil.which("which"))
    done = subprocess.run(
        [*study.command, "--dry-run", "--forceall"], cwd=study.folder, env={**environment(), "PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "describe_reels" in done.stdout
    assert "slurm_partition=gpu" in done.stdout
