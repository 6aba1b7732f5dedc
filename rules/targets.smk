TABLES = expand(
    "results/tables/{table}.parquet",
    table=["reels", "creators", "follows", "edges", "status", "coverage"],
)
MAP = expand("results/map/{table}.parquet", table=["coordinates", "clusters"])
FIGURES = expand("results/figures/{figure}.png", figure=["map", "network"])


localrules:
    all,
    tables,
    map,
    figures,
    descriptions,
    fetch_models,
    retry,


rule all:
    """The whole study: tables, map, clusters, hypotheses, figures, and a folder of links for each reel."""
    default_target: True
    input:
        TABLES,
        MAP,
        FIGURES,
        "results/hypotheses.json",
        "results/config.yaml",
        "results/reels",


rule tables:
    """The tables of reels, creators, follows and states."""
    input:
        TABLES,


rule map:
    """Coordinates and clusters of the creators, and the map."""
    input:
        MAP,
        "results/figures/map.png",


rule figures:
    """All figures."""
    input:
        FIGURES,


rule descriptions:
    """The description of every reel."""
    input:
        manifests("description"),


rule fetch_models:
    """The weights of every model the study uses."""
    input:
        expand("results/models/{name}.json", name=[STUDY.model("transcript"), STUDY.model("embedding")]),


rule retry:
    """Everything, with reels taken up again whose failure may pass (timeout, out_of_memory, ...)."""
    input:
        everything_again,
