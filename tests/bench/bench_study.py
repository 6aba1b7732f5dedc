"""Time a study of 401 creators from its tables on: the first map, and everything.

The cohort is data/paper (401 creators, 5 reels each), the settings are the defaults, on two cores. The first study's
way is one script: UMAP and HDBSCAN once, k-means, and a scatter plot of the clusters. Ours also tests the clusters and
the hypotheses, repeats the clusters under six settings, and draws the other figures, an atlas and a page. Ends with
exit code 1 where a map was not made.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("scripts", "tests")]

from aims import report
from study import CHECKOUT, environment

MAP_S, ALL_S = 15, 120
STUDY = """
study: {name: Simulated cohort, synthetic: true}
source: {kind: bundle, bundle: {folder: data/paper}}
"""
FIRST_STUDY = """
import sys
import hdbscan, matplotlib, numpy as np, pyarrow.parquet as pq, umap
from sklearn.cluster import KMeans
matplotlib.use("Agg")
import matplotlib.pyplot as plt
profiles = np.array(pq.read_table(sys.argv[1]).column("profile").to_pylist(), np.float32)
reduced = umap.UMAP(n_components=50, n_neighbors=15, random_state=42).fit_transform(profiles)
labels = hdbscan.HDBSCAN(min_cluster_size=8, min_samples=4).fit_predict(reduced)
KMeans(5, n_init=10, random_state=42).fit(profiles)
places = umap.UMAP(n_neighbors=15, random_state=42).fit_transform(profiles)
plt.scatter(*places.T, c=labels)
plt.savefig(sys.argv[2], dpi=300)
"""


def snakemake(folder: Path, *targets: str) -> float:
    """Seconds that Snakemake took to make these files."""
    command = ["snakemake", "--snakefile", str(CHECKOUT / "Snakefile"), "--directory", str(folder), "--cores", "2"]
    command += ["--configfile", str(folder / "study.yaml"), "--quiet", *targets]
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environment(), cwd=folder, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY)
        (folder / "data").symlink_to(CHECKOUT / "data")
        snakemake(folder, "results/tables/reels.parquet")
        first = snakemake(folder, "results/map/preview.png")
        everything = first + snakemake(folder)
        start = time.perf_counter()
        creators = folder / "results/tables/creators.parquet"
        command = [sys.executable, "-c", FIRST_STUDY, str(creators), str(folder / "first.png")]
        subprocess.run(command, check=True, env=environment(), capture_output=True)
        script = time.perf_counter() - start
        made = [folder / "results/map/preview.png", folder / "results/figures/map.png", folder / "first.png"]
        if not all(path.is_file() for path in made):
            sys.exit("study: a map was not made")
    print("study: 401 creators, 5 reels each, from the tables on, two cores")
    report("the first map", f"{first:.0f} s", f"at most {MAP_S} s", first <= MAP_S)
    report(
        "everything: robustness, tests, figures, atlas, page",
        f"{everything:.0f} s",
        f"at most {ALL_S} s",
        everything <= ALL_S,
    )
    report("the first study's way to a map, in one script", f"{script:.0f} s")


if __name__ == "__main__":
    main()
