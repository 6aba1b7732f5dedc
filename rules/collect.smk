rule write_config:
    """The resolved configuration: what was given, the defaults of all else, and a number for each `auto`."""
    input:
        settings="results/map/settings.json",
    output:
        report(
            "results/config.yaml",
            caption="../report/config.rst",
            category="Run",
            labels={"file": "configuration"},
        ),
    log:
        "results/logs/write_config.log",
    conda:
        "../envs/analysis.yaml"
    params:
        text=lambda _: STUDY.resolved,
        version=STUDY.version("write_config"),
    shell:
        "exec python $ATLAS/write_config.py"
        " --config {params.text:q}"
        " --settings {input.settings}"
        " --output {output}"
        " --log {log}"


rule fetch_model:
    """A model's weights, verified: from the hub, or from a mirror."""
    output:
        report(
            "results/models/{name}.json",
            caption="../report/models.rst",
            category="Run",
            labels={"file": "model {name}"},
        ),
    log:
        "results/logs/fetch_model/{name}.log",
    conda:
        "../envs/models.yaml"
    params:
        entry=lambda wildcards: STUDY.model_entry(wildcards.name),
        own=lambda _: STUDY.config.models.registry or [],
    shell:
        "exec env -u HF_HUB_OFFLINE python $ATLAS/fetch_model.py {wildcards.name}"
        " --marker {output}"
        " --registry $ATLAS/../config/models.yaml {params.own:q}"
        " --models $MODELS"
        " --log {log}"


rule cost:
    """What collecting from HikerAPI has cost so far, and what is left to pay; makes no call."""
    log:
        "results/logs/cost.log",
    conda:
        "../envs/media.yaml"
    params:
        kind=STUDY.source_options,
        options=STUDY.options("hikerapi", "select"),
    shell:
        "exec python $ATLAS/estimate_cost.py"
        " {params.kind}"
        " --log {log}"
        " {params.options}"


rule plan:
    """What is left to do: reels, minutes of video, time, hours of a GPU, paid requests, room on the disk."""
    input:
        known_for_free,
    log:
        "results/logs/plan.log",
    conda:
        "../envs/media.yaml"
    params:
        text=lambda _: STUDY.resolved,
        stages=" ".join(STAGES),
        models=" ".join(
            STUDY.models("transcript", "context", "description", "embedding")
        ),
    shell:
        "exec python $ATLAS/plan_study.py"
        " --config {params.text:q}"
        " --store $STORE"
        " --weights $MODELS"
        " --stages {params.stages}"
        " --models {params.models}"
        " --log {log}"


rule collect_creators:
    """Creators, reels and follow lists of one batch, from the study's source."""
    output:
        manifest="results/creators/{batch}.parquet",
    log:
        "results/logs/collect_creators/{batch}.log",
    benchmark:
        "results/benchmarks/collect_creators/{batch}.tsv"
    conda:
        "../envs/media.yaml"
    resources:
        calls_per_s=STUDY.calls_per_s,
    params:
        source=source_digest,
        batches=STUDY.n_batches,
        kind=STUDY.source_options,
        options=STUDY.options(STUDY.source_section, "select"),
        credentials=STUDY.has_credentials,
        private="--allow-private" if STUDY.config.video.allow_private else "",
        version=STUDY.version("collect_creators"),
    shell:
        "exec python $ATLAS/collect_creators.py"
        " {params.kind}"
        " --batch {wildcards.batch}"
        " --batches {params.batches}"
        " --manifest {output.manifest}"
        " --store $STORE"
        " --log {log}"
        " --pace {resources.calls_per_s}"
        " {params.private}"
        " {params.options}"


rule download_reels:
    """Each selected reel's video, downloaded or a link to the file people have, and checked to be one."""
    input:
        creators="results/creators/{batch}.parquet",
    output:
        manifest="results/video/{batch}.parquet",
    log:
        "results/logs/download_reels/{batch}.log",
    benchmark:
        "results/benchmarks/download_reels/{batch}.tsv"
    conda:
        "../envs/media.yaml"
    threads: 2
    resources:
        calls_per_s=STUDY.refresh_calls_per_s,
    params:
        kind=STUDY.source_options,
        options=STUDY.options("video"),
        refresh=STUDY.refresh_options,
        temporary=(
            "" if STUDY.config.study.retain_media_days is None else "--temporary-media"
        ),
        version=STUDY.version("download_reels"),
    shell:
        "exec python $ATLAS/download_reels.py"
        " --creators {input.creators}"
        " --manifest {output.manifest}"
        " --journal results/journal/video/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --workers {threads}"
        " --log {log}"
        " {params.kind}"
        " {params.options}"
        " {params.refresh}"
        " {params.temporary}"
        " --pace {resources.calls_per_s}"
