rule repeat_clusters:
    """The clusters again with many seeds, under one variant of the settings."""
    input:
        creators="results/tables/creators.parquet",
        edges="results/tables/edges.parquet",
        searched=SEARCHED,
    output:
        "results/robustness/{variant}.parquet",
    log:
        "results/logs/repeat_clusters/{variant}.log",
    benchmark:
        "results/benchmarks/repeat_clusters/{variant}.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("cluster"),
        changes=lambda wildcards: STUDY.variant_changes(wildcards.variant),
        searched=SEARCH_TABLE,
        # Of the tests' settings, those that the verdicts of single runs do not depend on make nothing again.
        tests=STUDY.prefixed_options(
            "hypotheses",
            unused=[
                "draws",
                "family",
                "confidence",
                "resamples",
                "splits",
                "reference_draws",
                "space",
                "dimensions",
                "controls",
                "own_tests",
                "compare",
            ],
        ),
        seed=STUDY.config.study.seed,
        seeds=lambda wildcards: STUDY.config.robustness.runs(wildcards.variant),
        draws=STUDY.config.robustness.draws,
        version=STUDY.version("repeat_clusters"),
    shell:
        "exec python $ATLAS/repeat_clusters.py"
        " --creators {input.creators}"
        " --edges {input.edges}"
        " --output {output}"
        " --seed {params.seed}"
        " --seeds {params.seeds}"
        " --draws {params.draws}"
        " --log {log}"
        " {params.options}"
        " {params.tests}"
        " --changes {params.changes:q}"
        " {params.searched}"


rule compare_runs:
    """Whether clusters and verdicts are the same with other seeds and settings."""
    input:
        creators="results/tables/creators.parquet",
        clusters="results/map/clusters.parquet",
        reels="results/tables/reels.parquet",
        hypotheses="results/hypotheses.json",
        runs=expand(
            "results/robustness/{variant}.parquet", variant=STUDY.cluster_variants
        ),
    output:
        table="results/robustness.parquet",
        json="results/robustness.json",
        categories="results/tables/known_categories.parquet",
    log:
        "results/logs/compare_runs.log",
    benchmark:
        "results/benchmarks/compare_runs.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("robustness"),
        clustering=STUDY.prefixed_options("cluster"),
        version=STUDY.version("compare_runs"),
    shell:
        "exec python $ATLAS/compare_runs.py"
        " --creators {input.creators}"
        " --clusters {input.clusters}"
        " --reels {input.reels}"
        " --hypotheses {input.hypotheses}"
        " --runs results/robustness"
        " --output {output.table}"
        " --json {output.json}"
        " --categories {output.categories}"
        " --log {log}"
        " {params.options}"
        " {params.clustering}"


rule compare_losses:
    """Whether what was lost was lost alike in all clusters, languages and sizes."""
    input:
        creators="results/tables/creators.parquet",
        reels="results/tables/reels.parquet",
        clusters="results/map/clusters.parquet",
    output:
        "results/tables/losses.parquet",
    log:
        "results/logs/compare_losses.log",
    benchmark:
        "results/benchmarks/compare_losses.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        seed=STUDY.config.study.seed,
        version=STUDY.version("compare_losses"),
    shell:
        "exec python $ATLAS/compare_losses.py"
        " --creators {input.creators}"
        " --reels {input.reels}"
        " --clusters {input.clusters}"
        " --output {output}"
        " --seed {params.seed}"
        " --log {log}"


rule measure_reliability:
    """How well reels measure a creator."""
    input:
        creators="results/tables/creators.parquet",
        reels="results/tables/reels.parquet",
        hypotheses="results/hypotheses.json",
    output:
        "results/tables/reliability.parquet",
    log:
        "results/logs/measure_reliability.log",
    benchmark:
        "results/benchmarks/measure_reliability.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("hypotheses"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("measure_reliability"),
    shell:
        "exec python $ATLAS/measure_reliability.py"
        " --creators {input.creators}"
        " --reels {input.reels}"
        " --hypotheses {input.hypotheses}"
        " --output {output}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"


rule plot_robustness:
    """Clusters and verdicts over many seeds and settings."""
    input:
        "results/robustness.json",
    output:
        report(
            "results/figures/robustness.png",
            caption="../report/robustness.rst",
            category="Robustness",
            labels={"figure": "robustness"},
        ),
        multiext("results/figures/robustness", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_robustness.log",
    benchmark:
        "results/benchmarks/plot_robustness.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_robustness"),
    shell:
        "exec python $ATLAS/plot_robustness.py"
        " --robustness {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"


rule plot_reliability:
    """How many reels are enough."""
    input:
        "results/tables/reliability.parquet",
    output:
        report(
            "results/figures/reliability.png",
            caption="../report/reliability.rst",
            category="Robustness",
            labels={"figure": "reliability"},
        ),
        multiext("results/figures/reliability", ".svg", ".pdf", ".txt"),
    log:
        "results/logs/plot_reliability.log",
    benchmark:
        "results/benchmarks/plot_reliability.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("figures"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("plot_reliability"),
    shell:
        "exec python $ATLAS/plot_reliability.py"
        " --reliability {input}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
