rule extract_audio:
    """The audio track of each reel as 16 kHz mono wav."""
    input:
        video="results/video/{batch}.parquet",
        imports=imported_results,
    output:
        manifest="results/audio/{batch}.parquet",
    log:
        "results/logs/extract_audio/{batch}.log",
    benchmark:
        "results/benchmarks/extract_audio/{batch}.tsv"
    conda:
        "../envs/media.yaml"
    threads: 2
    params:
        options=STUDY.options("audio"),
        version=STUDY.version("extract_audio"),
    shell:
        "exec python $ATLAS/extract_audio.py"
        " --video {input.video}"
        " --manifest {output.manifest}"
        " --journal results/journal/audio/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --log {log}"
        " {params.options}"


rule identify_music:
    """What music is in each reel (ACRCloud), and how much of its sound is speech and music."""
    input:
        audio="results/audio/{batch}.parquet",
        imports=imported_results,
    output:
        manifest="results/music/{batch}.parquet",
    log:
        "results/logs/identify_music/{batch}.log",
    benchmark:
        "results/benchmarks/identify_music/{batch}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 2
    params:
        options=STUDY.options("music"),
        credentials=STUDY.credentials("music"),
        version=STUDY.version("identify_music"),
    shell:
        "exec python $ATLAS/identify_music.py"
        " --audio {input.audio}"
        " --manifest {output.manifest}"
        " --journal results/journal/music/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --log {log}"
        " {params.options}"


rule transcribe_speech:
    """What is said in each reel, as spoken and in English (Whisper)."""
    input:
        audio="results/audio/{batch}.parquet",
        model=expand("results/models/{name}.json", name=STUDY.models("transcript")),
        imports=imported_results,
    output:
        manifest="results/transcript/{batch}.parquet",
    log:
        "results/logs/transcribe_speech/{batch}.log",
    benchmark:
        "results/benchmarks/transcribe_speech/{batch}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 4
    resources:
        model=1,
        gpu=1 if STUDY.config.transcript.device == "cuda" else 0,
        slurm_partition=partition(gpu=STUDY.config.transcript.device == "cuda"),
    params:
        options=STUDY.options("transcript"),
        version=STUDY.version("transcribe_speech"),
    shell:
        "exec python $ATLAS/transcribe_speech.py"
        " --audio {input.audio}"
        " --manifest {output.manifest}"
        " --journal results/journal/transcript/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --weights {input.model}"
        " --models $MODELS"
        " --log {log}"
        " {params.options}"


rule prepare_context:
    """Caption, speech and music of each reel: cleaned, in English, long texts condensed."""
    input:
        creators="results/creators/{batch}.parquet",
        transcript="results/transcript/{batch}.parquet",
        music="results/music/{batch}.parquet",
        model=expand("results/models/{name}.json", name=STUDY.models("context")),
    output:
        manifest="results/context/{batch}.parquet",
    log:
        "results/logs/prepare_context/{batch}.log",
    benchmark:
        "results/benchmarks/prepare_context/{batch}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 2
    resources:
        model=1 if STUDY.models("context") else 0,
        gpu=1 if STUDY.config.context.backend in ("transformers", "vllm") else 0,
        slurm_partition=partition(
            gpu=STUDY.config.context.backend in ("transformers", "vllm")
        ),
    params:
        options=STUDY.options("context"),
        credentials=STUDY.credentials("context"),
        version=STUDY.version("prepare_context"),
    shell:
        "exec python $ATLAS/prepare_context.py"
        " --creators {input.creators}"
        " --transcript {input.transcript}"
        " --music {input.music}"
        " --manifest {output.manifest}"
        " --journal results/journal/context/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --weights {input.model}"
        " --models $MODELS"
        " --log {log}"
        " {params.options}"


rule sample_frames:
    """Frames of each reel, chosen by scene from one decode of the video, and a contact sheet to look at."""
    input:
        video="results/video/{batch}.parquet",
        imports=imported_results,
    output:
        manifest="results/frames/{batch}.parquet",
    log:
        "results/logs/sample_frames/{batch}.log",
    benchmark:
        "results/benchmarks/sample_frames/{batch}.tsv"
    conda:
        "../envs/media.yaml"
    threads: 2
    params:
        options=STUDY.options("frames"),
        version=STUDY.version("sample_frames"),
    shell:
        "exec python $ATLAS/sample_frames.py"
        " --video {input.video}"
        " --manifest {output.manifest}"
        " --journal results/journal/frames/{wildcards.batch}.jsonl"
        " --store $STORE"
        " --imports results/creators/{wildcards.batch}/imports.jsonl"
        " --workers {threads}"
        " --log {log}"
        " {params.options}"
