rule plot_network:
    """The follow network, drawn on the map."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        edges="results/tables/edges.parquet",
        reels="results/tables/reels.parquet",
    output:
        report(
            "results/figures/network.png",
            caption="../report/network.rst",
            category="Map",
            labels={"figure": "network"},
        ),
        multiext("results/figures/network", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_network.log",
    benchmark:
        "results/benchmarks/plot_network.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_network"),
    shell:
        "exec python $ATLAS/plot_network.py"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --edges {input.edges}"
        " --reels {input.reels}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_mixing:
    """Follows from each cluster to each, beside how many chance gives."""
    input:
        creators="results/tables/creators.parquet",
        clusters="results/map/clusters.parquet",
        edges="results/tables/edges.parquet",
        names="results/map/cluster_names.parquet",
    output:
        report(
            "results/figures/mixing.png",
            caption="../report/mixing.rst",
            category="Hypotheses",
            labels={"figure": "mixing"},
        ),
        multiext("results/figures/mixing", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_mixing.log",
    benchmark:
        "results/benchmarks/plot_mixing.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_mixing"),
    shell:
        "exec python $ATLAS/plot_mixing.py"
        " --creators {input.creators}"
        " --clusters {input.clusters}"
        " --edges {input.edges}"
        " --names {input.names}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
