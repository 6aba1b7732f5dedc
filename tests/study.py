"""A study to run in a test: made in a temporary folder, outside the checkout, from the demo's real videos."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(CHECKOUT / "Snakefile")]
# Settings that run on any CPU; what a test does not set is as small as it can be.
SMALL = {
    "study": {"name": "tiny study", "synthetic": True, "batches": 2, "max_failed": 0.2},
    "source": {"files": {"videos": "videos"}},
    "transcript": {"model": "base", "beam_size": 1, "patience": 1.0},
    "music": {"backend": "none"},
    "context": {"backend": "none", "translate": "none", "languages": ["en", "es", "de", "fr"]},
    "description": {"backend": "measured"},
    "hypotheses": {"draws": 199, "resamples": 99, "splits": 1, "reference_draws": 19},
    "robustness": {"seeds": 2, "draws": 99, "variants": {}},
}
RESULTS = (
    *(f"results/tables/{table}.parquet" for table in ("reels", "creators", "follows", "edges", "status", "coverage")),
    *(f"results/tables/{table}.parquet" for table in ("measures", "creator_measures", "creators_flat", "distinctions")),
    "results/tables/creators_flat.csv",
    "results/map/coordinates.parquet",
    "results/map/clusters.parquet",
    "results/hypotheses.json",
    "results/figures/map.png",
    "results/figures/network.png",
    "results/index.html",
)


@dataclass(frozen=True)
class Study:
    """A study's folder and what can be done with it."""

    folder: Path

    @property
    def command(self) -> list[str]:
        """The plain command a user would give."""
        return [*SNAKEMAKE, "--configfile", "study.yaml", "--cores", "2"]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command."""
        return environment()

    def configure(self, **sections: dict[str, Any]) -> None:
        """Write study.yaml: SMALL with these sections' keys changed."""
        config = {name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in {**SMALL, **sections}}
        (self.folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def run(self, *arguments: str, succeeds: bool = True) -> str:
        """Run snakemake to its end; returns what it printed."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=900,
            check=False,
        )
        assert (done.returncode == 0) == succeeds, done.stdout[-6000:]
        return done.stdout

    def log(self) -> str:
        """What Snakemake wrote into the log of the last run: the blocks of its jobs, too."""
        return max((self.folder / ".snakemake/log").iterdir()).read_text()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table's rows."""
        rows: list[dict[str, Any]] = pq.read_table(self.folder / "results" / f"{table}.parquet").to_pylist()
        return rows

    def contents(self) -> dict[str, bytes]:
        """The results whose bytes must not depend on how a run went."""
        return {name: (self.folder / name).read_bytes() for name in RESULTS}

    def journal(self) -> list[dict[str, Any]]:
        """All lines of the journal."""
        files = sorted((self.folder / "results" / "journal").rglob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def computed(self) -> Counter[tuple[str, str]]:
        """How often each stage computed each reel, by (stage, reel_id)."""
        return Counter((line["stage"], line["reel_id"]) for line in self.journal() if not line["cached"])

    def descriptions(self) -> dict[str, bytes]:
        """Every file of the results of description, the manifests included."""
        folder = self.folder / "results"
        files = [path for path in (folder / "description").rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files if not path.name.startswith(".")}

    def own_models(self, make: dict[str, Callable[[Path], Path]], fetched: dict[str, Path]) -> dict[str, str]:
        """Put tiny models into the study's own folder of models, and links to real ones beside them.

        Args:
            make: what saves a tiny model in a folder, by its name.
            fetched: folders of real ones, by their names.

        Returns:
            The section `models` of the configuration.
        """
        entries = {}
        (self.folder / "models").mkdir()
        for name, save in make.items():
            files = {path.name: None for path in sorted(save(self.folder / "models" / name).iterdir())}
            entries[name] = {"repository": f"nobody/{name}", "licence": "none", "memory_mb": 10, "files": files}
        (self.folder / "models.yaml").write_text(yaml.safe_dump({"models": entries}))
        for name, folder in fetched.items():
            (self.folder / "models" / name).symlink_to(folder)
        return {"directory": "models", "registry": "models.yaml"}


def environment() -> dict[str, str]:
    """The environment of a user who has activated the project's environment."""
    found = dict(os.environ)
    found["PATH"] = f"{Path(sys.executable).parent}:{found['PATH']}"
    return found


def demo_handles() -> list[str]:
    """The demo's creators, sorted."""
    return sorted(path.name for path in (CHECKOUT / "data" / "demo" / "videos").iterdir())


def make_study(folder: Path, handles: list[str], reels: int = 2) -> Study:
    """A study of a few of the demo's creators, with the first reels of each."""
    for handle in handles:
        (folder / "videos" / handle).mkdir(parents=True)
        for video in sorted((CHECKOUT / "data" / "demo" / "videos" / handle).iterdir())[:reels]:
            shutil.copy(video, folder / "videos" / handle)
    study = Study(folder)
    study.configure()
    return study


def make_clone(folder: Path) -> Path:
    """A fresh clone of what is committed, with the work in progress on top."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        if name and ((CHECKOUT / name).is_file() or (CHECKOUT / name).is_symlink()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name, follow_symlinks=False)
    return folder
