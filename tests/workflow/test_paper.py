"""A paper's figures from a fresh checkout: a committed bundle in place of videos, models and a GPU."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
from sklearn.metrics import adjusted_rand_score

from common.files import file_sha256
from common.processor import same_instructions
from study import CHECKOUT, environment, make_clone

LARGEST = 6_000_000  # bytes of the committed bundle
# Of all that the paper's command makes. After a change on purpose: `cd results/paper && sha256sum *` in a clone.
SUMS = Path(__file__).parent / "truth" / "paper.sha256"
FIGURES = ("map", "network", "portraits", "hypotheses", "similarity", "robustness", "coverage")


def test_the_committed_bundle_is_small_whole_and_called_simulated() -> None:
    folder = CHECKOUT / "data" / "paper"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < LARGEST
    done = subprocess.run(
        ["python", CHECKOUT / "scripts/verify_bundle.py", folder], env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Simulated cohort (synthetic data): 401 creators, 2005 reels, 5038 follows" in done.stderr
    assert "Synthetic data" in (folder / "README.md").read_text()


def test_figures_and_numbers_are_made_from_a_fresh_checkout(tmp_path: Path) -> None:
    """By the command of the documentation, without models, store or videos."""
    clone = make_clone(tmp_path / "reel-atlas")
    text = (CHECKOUT / "docs/bundle.md").read_text()
    command = re.search(r"^    (snakemake .*--configfile=config/paper\.yaml .*)$", text, re.MULTILINE)
    assert command is not None
    shorter = command[1].replace("--cores 8", "--cores 2")  # more processes than cores only take turns
    done = subprocess.run(
        ["bash", "-c", shorter], cwd=clone, env=environment(), capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stderr[-6000:]
    paper = clone / "results" / "paper"
    assert {f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg", "pdf")} < {p.name for p in paper.iterdir()}
    numbers = json.loads((paper / "numbers.json").read_text())
    assert numbers["synthetic"]
    assert (numbers["creators"], numbers["reels"], numbers["follows_inside"]) == (401, 2005, 5038)
    assert numbers["hypothesis_h1_degree_verdict"] == numbers["hypothesis_dyadic_verdict"] == "supported"
    found = pq.read_table(clone / "results/map/clusters.parquet").sort_by("creator_id")["cluster"].to_pylist()
    planted = pq.read_table(clone / "data/paper/truth.parquet").sort_by("creator_id")["cluster"].to_pylist()
    assert adjusted_rand_score(found, planted) > 0.6
    assert not (clone / "data/store").exists()
    assert not (clone / "data/models").exists()
    if same_instructions():
        assert {path.name: file_sha256(path) for path in paper.iterdir()} == {
            name: digest for digest, name in map(str.split, SUMS.read_text().splitlines())
        }
