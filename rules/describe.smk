if STUDY.config.description.backend == "measured":

    rule measure_reels:
        """What each reel looks like, measured in its frames and put into words."""
        input:
            frames="results/frames/{batch}.parquet",
            imports=imported_results,
        output:
            manifest="results/description/{batch}.parquet",
            files=directory("results/description/{batch}"),
        log:
            "results/logs/measure_reels/{batch}.log",
        benchmark:
            "results/benchmarks/measure_reels/{batch}.tsv"
        conda:
            "../envs/media.yaml"
        threads: 2
        params:
            options=STUDY.options("description"),
            version=STUDY.version("measure_reels"),
        shell:
            "exec python $ATLAS/measure_reels.py --frames {input.frames} --manifest {output.manifest}"
            " --journal results/journal/description/{wildcards.batch}.jsonl --store $STORE"
            " --imports results/creators/{wildcards.batch}/imports.jsonl --workers {threads}"
            " --log {log} {params.options}"

else:

    rule describe_reels:
        """What each reel shows, in the words of a model that looks at its frames."""
        input:
            frames="results/frames/{batch}.parquet",
            context="results/context/{batch}.parquet",
            model=expand("results/models/{name}.json", name=STUDY.models("description")),
            imports=imported_results,
        output:
            manifest="results/description/{batch}.parquet",
            files=directory("results/description/{batch}"),
        log:
            "results/logs/describe_reels/{batch}.log",
        benchmark:
            "results/benchmarks/describe_reels/{batch}.tsv"
        conda:
            "../envs/models.yaml"
        threads: 2
        resources:
            model=1 if STUDY.models("description") else 0,
            gpu=1 if STUDY.models("description") else 0,
        params:
            options=STUDY.options("description"),
            prompt=STUDY.prompt,
            credentials=STUDY.has_secret("OPENAI_API_KEY"),
            version=STUDY.version("describe_reels"),
        shell:
            "exec python $ATLAS/describe_reels.py --frames {input.frames} --context-manifest {input.context}"
            " --manifest {output.manifest}"
            " --journal results/journal/description/{wildcards.batch}.jsonl --store $STORE"
            " --imports results/creators/{wildcards.batch}/imports.jsonl --workers {threads}"
            " --weights {input.model} --models $MODELS --log {log} {params.options}"


rule embed_descriptions:
    """Each description as a unit vector (sentence-transformers)."""
    input:
        description="results/description/{batch}.parquet",
        model=expand("results/models/{name}.json", name=STUDY.models("embedding")),
        imports=imported_results,
    output:
        manifest="results/embedding/text/{batch}.parquet",
        files=directory("results/embedding/text/{batch}"),
    log:
        "results/logs/embed_descriptions/{batch}.log",
    benchmark:
        "results/benchmarks/embed_descriptions/{batch}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 4
    resources:
        model=1,
    params:
        options=STUDY.options("embedding"),
        version=STUDY.version("embed_descriptions"),
    shell:
        "exec python $ATLAS/embed_descriptions.py --description {input.description} --manifest {output.manifest}"
        " --journal results/journal/embedding/text/{wildcards.batch}.jsonl --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl --workers {threads}"
        " --weights {input.model} --models $MODELS --log {log} {params.options}"
