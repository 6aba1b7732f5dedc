def manifests(stage):
    """The manifests of a stage, of all batches."""
    return expand(f"results/{stage}/{{batch}}.parquet", batch=list(STUDY.batches))


def source_digest(wildcards):
    """Changes when anything the source says of the batch's creators does; says nothing about them."""
    return STUDY.batches.get(wildcards.batch, "no creators")


def imported_results(wildcards):
    """Where the source brings results of other programs along: what notes them; else nothing."""
    return STUDY.imports(wildcards.batch)


def everything_again(wildcards):
    """All results, with the manifests forced that hold failures which may pass."""
    workflow.dag.forcefiles.update(passing_failures(Path("results")))
    return rules.all.input


# Stages with one manifest per batch, in the order of the way of the data.
STAGES = [
    "creators",
    "video",
    "audio",
    "music",
    "transcript",
    "context",
    "frames",
    "description",
    *[f"embedding/{modality}" for modality in STUDY.config.embedding.modalities],
]
