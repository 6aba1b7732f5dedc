rule map_creators:
    """Creators in two dimensions."""
    input:
        creators="results/tables/creators.parquet",
    output:
        "results/map/coordinates.parquet",
    log:
        "results/logs/map_creators.log",
    benchmark:
        "results/benchmarks/map_creators.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("map"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("map_creators"),
    shell:
        "exec python $ATLAS/map_creators.py --creators {input.creators} --output {output}"
        " --seed {params.seed} --log {log} {params.options}"


rule cluster_creators:
    """Communities of creators with similar profiles."""
    input:
        creators="results/tables/creators.parquet",
    output:
        "results/map/clusters.parquet",
    log:
        "results/logs/cluster_creators.log",
    benchmark:
        "results/benchmarks/cluster_creators.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("cluster"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("cluster_creators"),
    shell:
        "exec python $ATLAS/cluster_creators.py --creators {input.creators} --output {output}"
        " --seed {params.seed} --log {log} {params.options}"


rule test_hypotheses:
    """The clusters against the follow network."""
    input:
        creators="results/tables/creators.parquet",
        edges="results/tables/edges.parquet",
        clusters="results/map/clusters.parquet",
        reels="results/tables/reels.parquet",
        modalities=OTHER_MODALITIES,
    output:
        json="results/hypotheses.json",
        parquet="results/hypotheses.parquet",
        text="results/hypotheses.md",
        sensitivity="results/sensitivity.parquet",
        effects="results/tables/effects.parquet",
        similarity="results/tables/similarity.parquet",
    log:
        "results/logs/test_hypotheses.log",
    benchmark:
        "results/benchmarks/test_hypotheses.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 8
    params:
        options=STUDY.options("hypotheses"),
        clustering=STUDY.prefixed_options("cluster"),
        modalities=lambda _, input: (
            f"--modalities {input.modalities}" if input.modalities else ""
        ),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        own=STUDY.own_tests,
        seed=STUDY.config.study.seed,
        version=STUDY.version("test_hypotheses"),
    shell:
        "exec python $ATLAS/test_hypotheses.py --creators {input.creators} --edges {input.edges}"
        " --clusters {input.clusters} --reels {input.reels} {params.modalities} --output {output.json}"
        " --parquet {output.parquet} --text {output.text} --sensitivity {output.sensitivity}"
        " --effects {output.effects} --similarity {output.similarity}"
        " --name {params.name:q} --synthetic {params.synthetic} --seed {params.seed} --processes {threads}"
        " --log {log} {params.options} {params.clustering}"


rule compare_modalities:
    """Whether texts and pictures see the same neighbours and clusters, where more than one was embedded."""
    input:
        status="results/tables/status.parquet",
    output:
        compared="results/tables/modalities.parquet",
        profiles="results/map/modalities.parquet",
    log:
        "results/logs/compare_modalities.log",
    benchmark:
        "results/benchmarks/compare_modalities.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("cluster"),
        modalities=" ".join(STUDY.config.embedding.modalities),
        seed=STUDY.config.study.seed,
        version=STUDY.version("compare_modalities"),
    shell:
        "exec python $ATLAS/compare_modalities.py --status {input.status} --modalities {params.modalities}"
        " --output {output.compared} --profiles {output.profiles} --seed {params.seed} --log {log} {params.options}"


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
        "exec python $ATLAS/simulate_power.py --creators-table {input.creators} --edges-table {input.edges}"
        " --clusters-table {input.clusters} --output {output} --alpha {params.alpha} --seed {params.seed}"
        " --processes {threads} --log {log} {params.options}"
