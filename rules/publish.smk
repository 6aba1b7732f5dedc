rule publish_bundle:
    """What others may have of the study: tables with pseudonyms, a map, a datasheet, checksums."""
    input:
        expand("results/tables/{table}.parquet", table=STUDY_TABLES),
        expand("results/map/{table}.parquet", table=MAP_TABLES),
        "results/hypotheses.json",
        "results/robustness.json",
        "results/config.yaml",
        opt_out=STUDY.opt_out_list,
    output:
        "results/bundle/SHA256SUMS",
    log:
        "results/logs/publish_bundle.log",
    benchmark:
        "results/benchmarks/publish_bundle.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        options=STUDY.options("publish"),
        opt_out=lambda _, input: f"--opt-out {input.opt_out}" if input.opt_out else "",
        kind=STUDY.config.source.kind,
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("publish_bundle"),
    shell:
        "exec python $ATLAS/publish_bundle.py --results results --output results/bundle {params.opt_out}"
        " --kind-of-source {params.kind} --name {params.name:q} --synthetic {params.synthetic} --log {log} {params.options}"
