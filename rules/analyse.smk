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
    priority: 100
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("map"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("map_creators"),
    shell:
        "exec python $ATLAS/map_creators.py"
        " --creators {input.creators}"
        " --output {output}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"


rule cluster_creators:
    """Communities of creators with similar profiles."""
    input:
        creators="results/tables/creators.parquet",
    output:
        clusters="results/map/clusters.parquet",
        settings="results/map/settings.json",
        searched=SEARCHED,
    log:
        "results/logs/cluster_creators.log",
    benchmark:
        "results/benchmarks/cluster_creators.tsv"
    priority: 100
    conda:
        "../envs/analysis.yaml"
    params:
        searched=SEARCH_TABLE,
        options=STUDY.options("cluster"),
        seed=STUDY.config.study.seed,
        version=STUDY.version("cluster_creators"),
    shell:
        "exec python $ATLAS/cluster_creators.py"
        " --creators {input.creators}"
        " --output {output.clusters}"
        " --settings {output.settings}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"
        " {params.searched}"


rule name_clusters:
    """What each cluster is called, and its most central creator and reels."""
    input:
        reels="results/tables/reels.parquet",
        creators="results/tables/creators.parquet",
        clusters="results/map/clusters.parquet",
        given=STUDY.given_names,
    output:
        "results/map/cluster_names.parquet",
    log:
        "results/logs/name_clusters.log",
    benchmark:
        "results/benchmarks/name_clusters.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("names"),
        prompt=STUDY.naming_prompt,
        version=STUDY.version("name_clusters"),
    shell:
        "exec python $ATLAS/name_clusters.py"
        " --reels {input.reels}"
        " --creators {input.creators}"
        " --clusters {input.clusters}"
        " --output {output}"
        " --store $STORE"
        " --log {log}"
        " {params.options}"


rule flatten_creators:
    """One flat table of the creators, for R, Stata and pandas."""
    input:
        creators="results/tables/creators.parquet",
        coordinates="results/map/coordinates.parquet",
        clusters="results/map/clusters.parquet",
        names="results/map/cluster_names.parquet",
        edges="results/tables/edges.parquet",
        measures="results/tables/creator_measures.parquet",
    output:
        parquet="results/tables/creators_flat.parquet",
        csv="results/tables/creators_flat.csv",
    log:
        "results/logs/flatten_creators.log",
    benchmark:
        "results/benchmarks/flatten_creators.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        version=STUDY.version("flatten_creators"),
    shell:
        "exec python $ATLAS/flatten_creators.py"
        " --creators {input.creators}"
        " --coordinates {input.coordinates}"
        " --clusters {input.clusters}"
        " --names {input.names}"
        " --edges {input.edges}"
        " --measures {input.measures}"
        " --parquet {output.parquet}"
        " --csv {output.csv}"
        " --log {log}"


rule distinguish_clusters:
    """What distinguishes the clusters: measures and columns of the creators file."""
    input:
        creators="results/tables/creators.parquet",
        clusters="results/map/clusters.parquet",
        reels="results/tables/reels.parquet",
        measures="results/tables/creator_measures.parquet",
    output:
        "results/tables/distinctions.parquet",
    log:
        "results/logs/distinguish_clusters.log",
    benchmark:
        "results/benchmarks/distinguish_clusters.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("hypotheses"),
        modality=STUDY.config.embedding.modalities[0],
        seed=STUDY.config.study.seed,
        version=STUDY.version("distinguish_clusters"),
    shell:
        "exec python $ATLAS/distinguish_clusters.py"
        " --creators {input.creators}"
        " --clusters {input.clusters}"
        " --reels {input.reels}"
        " --measures {input.measures}"
        " --modality {params.modality}"
        " --output {output}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"


rule test_hypotheses:
    """The clusters against the follow network."""
    input:
        creators="results/tables/creators.parquet",
        edges="results/tables/edges.parquet",
        clusters="results/map/clusters.parquet",
        reels="results/tables/reels.parquet",
        modalities=OTHER_MODALITIES,
        searched=SEARCHED,
        compared=STUDY.compared_tables,
    output:
        json="results/hypotheses.json",
        parquet="results/hypotheses.parquet",
        sensitivity="results/sensitivity.parquet",
        effects="results/tables/effects.parquet",
        similarity="results/tables/similarity.parquet",
        nulls="results/tables/nulls.parquet",
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
        searched=SEARCH_TABLE,
        own=STUDY.own_tests,
        seed=STUDY.config.study.seed,
        version=STUDY.version("test_hypotheses"),
    shell:
        "exec python $ATLAS/test_hypotheses.py"
        " --creators {input.creators}"
        " --edges {input.edges}"
        " --clusters {input.clusters}"
        " --reels {input.reels}"
        " {params.modalities}"
        " --output {output.json}"
        " --parquet {output.parquet}"
        " --sensitivity {output.sensitivity}"
        " --effects {output.effects}"
        " --similarity {output.similarity}"
        " --nulls {output.nulls}"
        " --seed {params.seed}"
        " --processes {threads}"
        " --log {log}"
        " {params.options}"
        " {params.clustering}"
        " {params.searched}"


rule compare_modalities:
    """Whether texts and pictures see the same neighbours and clusters, where more than one was embedded."""
    input:
        status="results/tables/status.parquet",
        searched=SEARCHED,
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
        searched=SEARCH_TABLE,
        modalities=" ".join(STUDY.config.embedding.modalities),
        seed=STUDY.config.study.seed,
        version=STUDY.version("compare_modalities"),
    shell:
        "exec python $ATLAS/compare_modalities.py"
        " --status {input.status}"
        " --modalities {params.modalities}"
        " --output {output.compared}"
        " --profiles {output.profiles}"
        " --seed {params.seed}"
        " --log {log}"
        " {params.options}"
        " {params.searched}"


rule write_findings:
    """The results of the tests in plain English."""
    input:
        hypotheses="results/hypotheses.json",
        sensitivity="results/sensitivity.parquet",
        robustness="results/robustness.json",
    output:
        report(
            "results/hypotheses.md",
            caption="../report/findings.rst",
            category="Hypotheses",
            labels={"figure": "findings in words"},
        ),
    log:
        "results/logs/write_findings.log",
    benchmark:
        "results/benchmarks/write_findings.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("hypotheses"),
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("write_findings"),
    shell:
        "exec python $ATLAS/write_findings.py"
        " --hypotheses {input.hypotheses}"
        " --sensitivity {input.sensitivity}"
        " --robustness {input.robustness}"
        " --output {output}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
