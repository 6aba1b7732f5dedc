if STUDY.config.description.backend == "measured":

    rule measure_reels:
        """What each reel looks like, measured in its frames and put into words."""
        input:
            frames="results/frames/{batch}.parquet",
            imports=imported_results,
        output:
            manifest="results/description/{batch}.parquet",
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
            "exec python $ATLAS/measure_reels.py"
            " --frames {input.frames}"
            " --manifest {output.manifest}"
            " --journal results/journal/description/{wildcards.batch}.jsonl"
            " --store $STORE"
            " --imports results/creators/{wildcards.batch}/imports.jsonl"
            " --workers {threads}"
            " --log {log}"
            " {params.options}"

else:

    rule measure_frames:
        """What each reel looks like, measured in its frames, beside what the model says."""
        input:
            frames="results/frames/{batch}.parquet",
        output:
            manifest="results/measures/{batch}.parquet",
        log:
            "results/logs/measure_frames/{batch}.log",
        benchmark:
            "results/benchmarks/measure_frames/{batch}.tsv"
        conda:
            "../envs/media.yaml"
        threads: 2
        params:
            options=STUDY.options("measures"),
            version=STUDY.version("measure_reels"),
        shell:
            "exec python $ATLAS/measure_reels.py"
            " --stage measures"
            " --frames {input.frames}"
            " --manifest {output.manifest}"
            " --journal results/journal/measures/{wildcards.batch}.jsonl"
            " --store $STORE"
            " --workers {threads}"
            " --log {log}"
            " {params.options}"

    rule describe_reels:
        """What each reel shows, in the words of a model that looks at its frames."""
        input:
            frames="results/frames/{batch}.parquet",
            context="results/context/{batch}.parquet",
            model=expand("results/models/{name}.json", name=STUDY.models("description")),
            imports=imported_results,
        output:
            manifest="results/description/{batch}.parquet",
        log:
            "results/logs/describe_reels/{batch}.log",
        benchmark:
            "results/benchmarks/describe_reels/{batch}.tsv"
        conda:
            "../envs/models.yaml"
        threads: 4
        resources:
            model=1 if STUDY.models("description") else 0,
            gpu=1 if STUDY.models("description") else 0,
            slurm_partition=partition(gpu=bool(STUDY.models("description"))),
        params:
            options=STUDY.options("description"),
            prompt=STUDY.prompt,
            credentials=STUDY.credentials("description"),
            version=STUDY.version("describe_reels"),
        shell:
            "exec python $ATLAS/describe_reels.py"
            " --frames {input.frames}"
            " --context-manifest {input.context}"
            " --manifest {output.manifest}"
            " --journal results/journal/description/{wildcards.batch}.jsonl"
            " --store $STORE"
            " --imports results/creators/{wildcards.batch}/imports.jsonl"
            " --workers {threads}"
            " --weights {input.model}"
            " --models $MODELS"
            " --log {log}"
            " {params.options}"


rule embed_descriptions:
    """Each reel as a unit vector: its description, its frames, or both."""
    input:
        made_from=embedded_from,
        model=embedding_weights,
        imports=embedding_imports,
    output:
        manifest="results/embedding/{modality}/{batch}.parquet",
    log:
        "results/logs/embed_descriptions/{modality}/{batch}.log",
    benchmark:
        "results/benchmarks/embed_descriptions/{modality}/{batch}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 4
    resources:
        model=embedding_model,
        gpu=embedding_gpu,
        slurm_partition=embedding_partition,
    params:
        options=embedding_options,
        version=STUDY.version("embed_descriptions"),
    shell:
        "exec python $ATLAS/embed_descriptions.py"
        " --manifest {output.manifest}"
        " --journal results/journal/embedding/{wildcards.modality}/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --weights {input.model}"
        " --models $MODELS"
        " --log {log}"
        " {params.options}"
