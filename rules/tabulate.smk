rule check_coverage:
    """What became of every reel in every stage; ends the run where too many failed."""
    input:
        manifests=[manifests(stage) for stage in STAGES],
    output:
        status="results/tables/status.parquet",
        coverage="results/tables/coverage.parquet",
    log:
        "results/logs/check_coverage.log",
    benchmark:
        "results/benchmarks/check_coverage.tsv"
    retries: 0
    conda:
        "../envs/analysis.yaml"
    params:
        max_failed=STUDY.config.study.max_failed,
        version=STUDY.version("check_coverage"),
        calls=STUDY.calls_option,
        notices=STUDY.notices_option,
        batches=" ".join(STUDY.batches),
        stages=" ".join(STAGES),
    shell:
        "exec python $ATLAS/check_coverage.py"
        " --results results"
        " --stages {params.stages}"
        " --batches {params.batches}"
        " --max-failed {params.max_failed}"
        " {params.calls}"
        " {params.notices}"
        " --status {output.status}"
        " --coverage {output.coverage}"
        " --log {log}"


rule build_tables:
    """The tables of reels, creators, follows, edges and measures."""
    input:
        status="results/tables/status.parquet",
    output:
        reels="results/tables/reels.parquet",
        measures="results/tables/measures.parquet",
        creators="results/tables/creators.parquet",
        creator_measures="results/tables/creator_measures.parquet",
        follows="results/tables/follows.parquet",
        edges="results/tables/edges.parquet",
    log:
        "results/logs/build_tables.log",
    benchmark:
        "results/benchmarks/build_tables.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("profile"),
        version=STUDY.version("build_tables"),
        modality=STUDY.config.embedding.modalities[0],
        batches=" ".join(STUDY.batches),
    shell:
        "exec python $ATLAS/build_tables.py"
        " --status {input.status}"
        " --creators results/creators"
        " --batches {params.batches}"
        " --modality {params.modality}"
        " --output results/tables"
        " --log {log}"
        " {params.options}"


rule delete_media:
    """Deletes downloaded videos after use, as study.retain_media_days says."""
    input:
        status="results/tables/status.parquet",
    output:
        "results/media.json",
    log:
        "results/logs/delete_media.log",
    conda:
        "../envs/media.yaml"
    params:
        days=STUDY.config.study.retain_media_days,
        due=STUDY.downloads_due(),
        version=STUDY.version("delete_media"),
    shell:
        "exec python $ATLAS/delete_media.py"
        " --status {input.status}"
        " --days {params.days}"
        " --store $STORE"
        " --output {output}"
        " --log {log}"


rule gather_reels:
    """A folder of links for each reel: everything that was made of it, in one place."""
    input:
        status="results/tables/status.parquet",
    output:
        # Not the folder: Snakemake would empty it, of people's files as well, before the job begins.
        touch("results/reels/.gathered"),
    log:
        "results/logs/gather_reels.log",
    conda:
        "../envs/analysis.yaml"
    shell:
        "exec python $ATLAS/gather_reels.py"
        " --status {input.status}"
        " --output results/reels"
        " --log {log}"


rule:
    """The folder of links as a target: it is no output, so that Snakemake never empties it."""
    name:
        "results/reels"
    input:
        "results/reels/.gathered",
