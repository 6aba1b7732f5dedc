rule simulate_power:
    """How often the tests of the network find a homophily, in cohorts like this one."""
    input:
        creators="results/tables/creators.parquet",
        edges="results/tables/edges.parquet",
        clusters="results/map/clusters.parquet",
    output:
        "results/power.parquet",
    log:
        "results/logs/simulate_power.log",
    benchmark:
        "results/benchmarks/simulate_power.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 8
    params:
        options=STUDY.options("power"),
        alpha=STUDY.config.hypotheses.alpha,
        seed=STUDY.config.study.seed,
        version=STUDY.version("simulate_power"),
    shell:
        "exec python $ATLAS/simulate_power.py"
        " --creators-table {input.creators}"
        " --edges-table {input.edges}"
        " --clusters-table {input.clusters}"
        " --output {output}"
        " --alpha {params.alpha}"
        " --seed {params.seed}"
        " --processes {threads}"
        " --log {log}"
        " {params.options}"


rule plot_power:
    """Power against homophily, by the size of the cohort."""
    input:
        "results/power.parquet",
    output:
        report(
            "results/figures/power.png",
            caption="../report/power.rst",
            category="Hypotheses",
            labels={"figure": "power"},
        ),
        multiext("results/figures/power", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_power.log",
    benchmark:
        "results/benchmarks/plot_power.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_power"),
    shell:
        "exec python $ATLAS/plot_power.py"
        " --power {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
