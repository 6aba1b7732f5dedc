"""The numbers of a run that a manuscript quotes, and its table of the cohort."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Number = float | int | str | bool | None
DIGITS = {"0": "Zero", "1": "One", "2": "Two", "3": "Three", "4": "Four", "5": "Five", "6": "Six", "7": "Seven",
          "8": "Eight", "9": "Nine"}  # fmt: skip
TEX = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """What the numbers are made of: the tables of the same names, and hypotheses.json and robustness.json."""

    reels: pd.DataFrame
    creators: pd.DataFrame
    follows: pd.DataFrame
    edges: pd.DataFrame
    coverage: pd.DataFrame
    clusters: pd.DataFrame
    hypotheses: list[dict[str, Any]]
    robustness: dict[str, Any]


def study_numbers(tables: Tables) -> dict[str, Number]:
    """Every number by its name, as in `hypothesis_h1_label_p_value`; None where there is none."""
    creators, edges, clusters = tables.creators, tables.edges, tables.clusters
    pairs = len(creators) * (len(creators) - 1)
    directed = set(zip(edges["source_id"], edges["target_id"], strict=True))
    returned = sum((target, source) in directed for source, target in directed)
    in_clusters = clusters[clusters["cluster"] >= 0]
    # Where nobody's follow list was read, a density of 0 would be a finding that nobody made.
    listed = bool(_has_list(tables).any())
    found: dict[str, Number] = {
        "creators": len(creators),
        "creators_embedded": int((creators["n_embedded"].fillna(0) > 0).sum()),
        "creators_with_few_reels": int(creators["few_reels"].fillna(value=False).astype(bool).sum()),
        "follow_lists_complete": int((creators["follows_status"] == "complete").sum()),
        "reels": len(tables.reels),
        "reels_embedded": int(tables.reels["embedding"].notna().sum()),
        "reels_with_speech": int(tables.reels["speech_text"].notna().sum()) if _has_speech(tables) else None,
        "follows": len(tables.follows) if listed else None,
        "follows_inside": len(edges) if listed else None,
        "network_density": len(edges) / pairs if pairs and listed else None,
        "network_reciprocity": returned / len(directed) if directed else None,
        "clusters": int(in_clusters["cluster"].nunique()),
        "creators_in_clusters": len(in_clusters),
        "creators_in_no_cluster": int((clusters["cluster"] < 0).sum()),
        "robustness_median_ari": tables.robustness["median_ari"],
        "robustness_stable": tables.robustness["stable"],
    }
    for cluster, size in in_clusters["cluster"].value_counts().sort_index().items():
        found[f"cluster_{cluster}_creators"] = int(size)
    for (stage, state), rows in tables.coverage.groupby(["stage", "state"]):
        reels = "stage_creators_reels" if stage == "creators" else f"stage_{_word(str(stage))}"
        found[f"{reels}_{state}"] = int(rows["reels"].sum())
        if stage == "creators":
            found[f"stage_creators_{state}"] = int(rows["creators"].sum())
    for result in tables.hypotheses:
        for name in ("observed", "expected", "effect", "ci_low", "ci_high", "p_value", "p_adjusted", "n_draws"):
            found[f"hypothesis_{_word(result['id'])}_{name}"] = result[name]
        found[f"hypothesis_{_word(result['id'])}_verdict"] = result["verdict"]
    return found


def _has_list(tables: Tables) -> pd.Series:
    """Of each creator, whether the accounts that it follows are known."""
    creators = tables.creators
    return creators["follows_status"].isin(["complete", "unknown", "partial"]) | creators["creator_id"].isin(
        tables.edges["source_id"]
    )


def _has_speech(tables: Tables) -> bool:
    """Whether the reels' speech is in the tables: a bundle without transcripts has none of what was transcribed."""
    coverage = tables.coverage
    transcribed = coverage.loc[(coverage["stage"] == "transcript") & (coverage["state"] == "ok"), "reels"].sum()
    return bool(tables.reels["speech_text"].notna().any() or not transcribed)


def as_tex(numbers: Mapping[str, Number], synthetic: bool) -> str:
    r"""A file of macros: \input{numbers.tex}, then \atlasCreators, \atlasHypothesisHOneLabelPValue, ...

    Names have letters only, as TeX wants; digits become words. A number that there is not becomes a dash.
    """
    lines = ["% Made by Reel Atlas from a run's tables; do not edit."]
    if synthetic:
        lines.append("% SYNTHETIC DATA: these numbers are about nobody.")
    values = {"synthetic": "synthetic data" if synthetic else "", **{name: in_words(v) for name, v in numbers.items()}}
    return "\n".join([*lines, *(f"\\newcommand{{\\{macro(name)}}}{{{said}}}" for name, said in values.items())]) + "\n"


def macro(name: str) -> str:
    """The macro's name of a number: creators_in_clusters becomes atlasCreatorsInClusters."""
    spelled = "".join(f"_{DIGITS[letter]}_" if letter in DIGITS else letter for letter in name)
    return "atlas" + "".join(part[:1].upper() + part[1:] for part in spelled.split("_"))


def in_words(value: Number) -> str:
    """A number as a manuscript prints it: thousands apart, three digits that matter, no exponent."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "--"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return "".join(TEX.get(letter, letter) for letter in value)
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 100):
        return f"{int(value):,}".replace(",", "{,}").replace("-", "$-$")
    said = np.format_float_positional(value, precision=3, unique=False, fractional=False, trim="k")
    return said.removesuffix(".").replace("-", "$-$")


def cohort_table(tables: Tables) -> pd.DataFrame:
    """Table 1: the cohort, and each of its clusters, one column each; medians with quartiles, counts with shares."""
    creators = tables.creators.merge(tables.clusters[["creator_id", "cluster"]], on="creator_id", how="left")
    edges = tables.edges
    follows = edges["source_id"].value_counts()
    followed = edges["target_id"].value_counts()
    listed = _has_list(tables).to_numpy()
    creators["follows_inside"] = creators["creator_id"].map(follows).fillna(0).where(listed)
    creators["followed_inside"] = creators["creator_id"].map(followed).fillna(0 if listed.any() else np.nan)
    columns = {"All": creators}
    for cluster in sorted(creators.loc[creators["cluster"] >= 0, "cluster"].dropna().unique()):
        columns[f"Cluster {int(cluster)}"] = creators[creators["cluster"] == cluster]
    outside = creators[~(creators["cluster"] >= 0)]
    if len(outside):
        columns["No cluster"] = outside
    described = {name: _column(members, tables.reels, _has_speech(tables)) for name, members in columns.items()}
    return pd.DataFrame(described)


def table_as_tex(table: pd.DataFrame, synthetic: bool) -> str:
    """A table of texts for a manuscript, in the style of the package booktabs."""
    rows = [" & ".join(["", *map(in_words, table.columns)])]
    rows += [
        " & ".join(map(in_words, (str(name), *values)))
        for name, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    head, *body = (f"{row} \\\\" for row in rows)
    lines = [f"\\begin{{tabular}}{{l{'r' * table.shape[1]}}}", "\\toprule", head, "\\midrule", *body, "\\bottomrule"]
    return "\n".join(["% SYNTHETIC DATA"] * synthetic + [*lines, "\\end{tabular}"]) + "\n"


def _column(creators: pd.DataFrame, reels: pd.DataFrame, has_speech: bool) -> pd.Series:
    own = reels[reels["creator_id"].isin(creators["creator_id"])]
    return pd.Series(
        {
            "Creators": f"{len(creators):,}",
            "Reels": f"{len(own):,}",
            "Reels of a creator, median (quartiles)": _quartiles(creators["n_reels"]),
            "Followers, median (quartiles)": _quartiles(creators["followers"]),
            "Follows inside the cohort, median (quartiles)": _quartiles(creators["follows_inside"]),
            "Followed inside the cohort, median (quartiles)": _quartiles(creators["followed_inside"]),
            "Follow lists complete": _share(creators["follows_status"] == "complete"),
            "Duration of a reel in s, median (quartiles)": _quartiles(own["duration_s"]),
            "Reels with speech": _share(own["speech_text"].notna()) if has_speech else "--",
            "Spread of a creator's reels, median (quartiles)": _quartiles(creators["profile_spread"]),
        }
    )


def _quartiles(values: pd.Series) -> str:
    known = values.dropna()
    if not len(known):
        return "--"
    low, middle, high = (_short(float(known.quantile(share))) for share in (0.25, 0.5, 0.75))
    return f"{middle} ({low}, {high})" + (f", {len(values) - len(known)} unknown" if len(known) < len(values) else "")


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"


def _share(holds: pd.Series) -> str:
    return f"{int(holds.sum()):,} ({holds.mean():.0%})" if len(holds) else "--"


def _word(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower())
