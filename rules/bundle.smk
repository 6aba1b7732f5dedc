rule read_bundle:
    """The tables of a bundle, checked."""
    input:
        f"{STUDY.bundle}/bundle.json",
        f"{STUDY.bundle}/SHA256SUMS",
        expand(
            "{folder}/tables/{table}.parquet", folder=STUDY.bundle, table=STUDY_TABLES
        ),
    output:
        expand("results/tables/{table}.parquet", table=STUDY_TABLES + MEASURE_TABLES),
    log:
        "results/logs/read_bundle.log",
    benchmark:
        "results/benchmarks/read_bundle.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        bundle=lambda _: STUDY.bundle,
        options=STUDY.options("profile"),
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("read_bundle"),
    shell:
        "exec python $ATLAS/read_bundle.py"
        " --bundle {params.bundle:q}"
        " --output results/tables"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
