rule write_numbers:
    """The numbers that a manuscript quotes, and its table of the cohort."""
    input:
        tables=expand(
            "results/tables/{table}.parquet",
            table=["reels", "creators", "follows", "edges", "coverage"],
        ),
        clusters="results/map/clusters.parquet",
        hypotheses="results/hypotheses.json",
        robustness="results/robustness.json",
    output:
        json="results/paper/numbers.json",
        tex="results/paper/numbers.tex",
        cohort=report(
            "results/paper/cohort.csv",
            caption="../report/cohort.rst",
            category="Cohort",
            labels={"table": "cohort"},
        ),
        cohort_tex="results/paper/cohort.tex",
        coverage=report(
            "results/paper/coverage.csv",
            caption="../report/coverage.rst",
            category="Coverage",
            labels={"table": "coverage"},
        ),
    log:
        "results/logs/write_numbers.log",
    benchmark:
        "results/benchmarks/write_numbers.tsv"
    conda:
        "../envs/analysis.yaml"
    params:
        name=lambda _: STUDY.config.study.name,
        synthetic=str(STUDY.config.study.synthetic).lower(),
        version=STUDY.version("write_numbers"),
    shell:
        "exec python $ATLAS/write_numbers.py"
        " --results results"
        " --json {output.json}"
        " --tex {output.tex}"
        " --cohort {output.cohort}"
        " --coverage {output.coverage}"
        " --name {params.name:q}"
        " --synthetic {params.synthetic}"
        " --log {log}"


rule place_figure:
    """A figure beside the numbers of the paper."""
    input:
        "results/figures/{figure}.{kind}",
    output:
        "results/paper/{figure}.{kind}",
    log:
        "results/logs/place_figure/{figure}.{kind}.log",
    wildcard_constraints:
        kind="png|svg|pdf",
    conda:
        "../envs/analysis.yaml"
    shell:
        "cp {input} {output} 2> {log}"


rule write_captions:
    """The captions of all figures, for a manuscript."""
    input:
        expand("results/figures/{figure}.txt", figure=SHOWN),
    output:
        "results/paper/captions.md",
    log:
        "results/logs/write_captions.log",
    conda:
        "../envs/analysis.yaml"
    params:
        version=STUDY.version("write_captions"),
    shell:
        "exec python $ATLAS/write_captions.py"
        " --captions {input}"
        " --output {output}"
        " --log {log}"
