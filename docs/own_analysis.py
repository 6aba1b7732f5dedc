"""An analysis of one's own: do creators follow inside their cluster? The study's H1-label again, in plain pandas.

    python docs/own_analysis.py            # in a study's directory, after snakemake

The `# %%` lines make cells of it in Jupyter, VS Code and Spyder.
"""

# %% The tables of the study
import json
from pathlib import Path

import numpy as np
import pandas as pd

results = Path("results")
creators = pd.read_parquet(results / "tables/creators.parquet")
edges = pd.read_parquet(results / "tables/edges.parquet")
clusters = pd.read_parquet(results / "map/clusters.parquet")
names = pd.read_parquet(results / "map/cluster_names.parquet").set_index("cluster")["name"]
print(f"{len(creators)} creators, {len(edges)} follows, {clusters['cluster'].max() + 1} clusters")

# %% Each follow with the clusters of both ends; creators in no cluster (-1) are left out
cluster = clusters.set_index("creator_id")["cluster"]
ends = pd.DataFrame({"from": edges["source_id"].map(cluster), "to": edges["target_id"].map(cluster)})
ends = ends[(ends["from"] >= 0) & (ends["to"] >= 0)].astype(int)
observed = (ends["from"] == ends["to"]).mean()

# %% Who follows whom, by cluster
table = pd.crosstab(ends["from"].map(names), ends["to"].map(names))
print(table.to_string())

# %% What clusters of these sizes would give by chance: labels shuffled among the creators in clusters
inside = cluster[cluster >= 0]
sources, targets = inside.index.get_indexer(edges["source_id"]), inside.index.get_indexer(edges["target_id"])
known = (sources >= 0) & (targets >= 0)
random = np.random.default_rng(1)
shuffled = np.array(
    [
        (labels[sources[known]] == labels[targets[known]]).mean()
        for labels in (random.permutation(inside.to_numpy()) for _ in range(2000))
    ]
)
p_value = (1 + (shuffled >= observed).sum()) / (1 + len(shuffled))
print(f"share of follows inside clusters: {observed:.4f}; by chance {shuffled.mean():.3f}; p {p_value:.4f}")

# %% The same as the workflow's own test says
own = next(test for test in json.loads((results / "hypotheses.json").read_text()) if test["id"] == "H1-label")
print(
    f"hypotheses.json:                  {own['observed']:.4f}; by chance {own['expected']:.3f}; p {own['p_value']:.4f}"
)
