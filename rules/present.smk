rule plot_map:
    """The map: one dot per creator, ellipses around clusters."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        robustness="results/robustness.json",
    output:
        "results/figures/map.png",
    log:
        "results/logs/plot_map.log",
    benchmark:
        "results/benchmarks/plot_map.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_map"),
    shell:
        "exec python $ATLAS/plot_map.py --creators {input.creators} --coordinates {input.coordinates}"
        " --clusters {input.clusters} --robustness {input.robustness} --output {output} --name {params.name:q} --synthetic {params.synthetic}"
        " --log {log}"


rule plot_network:
    """The follow network, drawn on the map."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        edges="results/tables/edges.parquet",
    output:
        "results/figures/network.png",
    log:
        "results/logs/plot_network.log",
    benchmark:
        "results/benchmarks/plot_network.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_network"),
    shell:
        "exec python $ATLAS/plot_network.py --creators {input.creators} --coordinates {input.coordinates}"
        " --clusters {input.clusters} --edges {input.edges} --output {output} --name {params.name:q}"
        " --synthetic {params.synthetic} --log {log}"


rule plot_hypotheses:
    """What was observed beside what the nulls give."""
    input:
        hypotheses="results/hypotheses.json",
        nulls="results/tables/nulls.parquet",
    output:
        "results/figures/hypotheses.png",
    log:
        "results/logs/plot_hypotheses.log",
    benchmark:
        "results/benchmarks/plot_hypotheses.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_hypotheses"),
    shell:
        "exec python $ATLAS/plot_hypotheses.py --hypotheses {input.hypotheses} --nulls {input.nulls} --output {output}"
        " --name {params.name:q} --synthetic {params.synthetic} --log {log}"


rule plot_similarity:
    """The probability of following against similarity."""
    input:
        "results/tables/similarity.parquet",
    output:
        "results/figures/similarity.png",
    log:
        "results/logs/plot_similarity.log",
    benchmark:
        "results/benchmarks/plot_similarity.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_similarity"),
    shell:
        "exec python $ATLAS/plot_similarity.py --similarity {input} --output {output} --name {params.name:q}"
        " --synthetic {params.synthetic} --log {log}"


rule plot_robustness:
    """Clusters and verdicts over many seeds and settings."""
    input:
        "results/robustness.json",
    output:
        "results/figures/robustness.png",
    log:
        "results/logs/plot_robustness.log",
    benchmark:
        "results/benchmarks/plot_robustness.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_robustness"),
    shell:
        "exec python $ATLAS/plot_robustness.py --robustness {input} --output {output} --name {params.name:q}"
        " --synthetic {params.synthetic} --log {log}"


rule plot_power:
    """Power against homophily, by the size of the cohort."""
    input:
        "results/power.parquet",
    output:
        "results/figures/power.png",
    log:
        "results/logs/plot_power.log",
    benchmark:
        "results/benchmarks/plot_power.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_power"),
    shell:
        "exec python $ATLAS/plot_power.py --power {input} --output {output} --name {params.name:q}"
        " --synthetic {params.synthetic} --log {log}"
