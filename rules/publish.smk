# What a bundle has as it was made, because its reader may not be able to make it again.
FINDINGS = [
    *["hypotheses.json", "hypotheses.md", "robustness.json", "sensitivity.parquet"],
    *[f"tables/{table}.parquet" for table in ("effects", "similarity", "nulls")],
]
PUBLISHED_FIGURES = ["hypotheses", "similarity", "robustness", "coverage"]


rule publish_bundle:
    """What others may have of the study: groups of creators, findings, figures, a datasheet, checksums."""
    input:
        expand("results/tables/{table}.parquet", table=STUDY_TABLES + MEASURE_TABLES),
        expand("results/map/{table}.parquet", table=MAP_TABLES),
        expand("results/{finding}", finding=FINDINGS),
        expand("results/figures/{figure}.png", figure=PUBLISHED_FIGURES),
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
        "exec python $ATLAS/publish_bundle.py"
        " --results results"
        " --output results/bundle"
        " {params.opt_out}"
        " --kind-of-source {params.kind}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"
        " {params.options}"
