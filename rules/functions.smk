def manifests(stage):
    """The manifests of a stage, of all batches."""
    return expand(f"results/{stage}/{{batch}}.parquet", batch=list(STUDY.batches))


def source_digest(wildcards):
    """Changes when anything the source says of the batch's creators does; says nothing about them."""
    return STUDY.batches.get(wildcards.batch, "no creators")


def known_for_free(wildcards):
    """What a plan looks at: creators and videos, as far as nobody is asked or paid for them."""
    free = {"files": ["creators", "video"], "hikerapi": []}
    return [
        path
        for stage in free.get(STUDY.config.source.kind, ["creators"])
        if stage in STAGES
        for path in manifests(stage)
    ]


def imported_results(wildcards):
    """Where the source brings results of other programs along: what notes them; else nothing."""
    return STUDY.imports(wildcards.batch)


def errors_again(targets):
    """The targets, as an input function that has errors of another installation tried again, and lost files made."""

    def listed(wildcards):
        outdated = outdated_errors(Path("results"), STUDY.installation)
        workflow.dag.forcefiles.update(outdated + unfinished_page(Path("results")))
        workflow.dag.forcefiles.update(lost_files(targets))
        return targets

    return listed


def everything_again(wildcards):
    """All results, with the manifests forced that hold failures which may succeed on another try."""
    workflow.dag.forcefiles.update(transient_failures(Path("results")))
    workflow.dag.forcefiles.update(lost_files(MANIFESTS))
    return MANIFESTS + EVERYTHING


def partition(gpu):
    """The partition of a cluster's profile for jobs with a GPU, or for others; None where the profile names none."""
    given = workflow.resource_settings.default_resources or {}
    named = given.get("gpu_partition") if gpu else None
    named = named or given.get("slurm_partition")
    return getattr(named, "raw", named)


# Folders of the stages with one manifest per batch, in pipeline order.
STAGES = list(folders(STUDY.config).values())

# What each modality is embedded from, by option: manifests of the same batch.
EMBEDDED_FROM = {
    "text": {"description": "results/description/{batch}.parquet"},
    "image": {"frames": "results/frames/{batch}.parquet"},
    "text+image": {
        "text": "results/embedding/text/{batch}.parquet",
        "image": "results/embedding/image/{batch}.parquet",
    },
}


def embedded_from(wildcards):
    """What an embedding is made from."""
    return EMBEDDED_FROM[wildcards.modality].values()


def embedding_weights(wildcards):
    """The markers of the models that embed in a modality."""
    return [
        f"results/models/{name}.json"
        for name in STUDY.embedding(wildcards.modality).weights
    ]


def embedding_imports(wildcards):
    """Sources bring embeddings of descriptions along, no others."""
    return imported_results(wildcards) if wildcards.modality == "text" else []


def embedding_options(wildcards, input):
    """The settings of a modality, and what it is embedded from."""
    made_from = zip(EMBEDDED_FROM[wildcards.modality], input.made_from, strict=True)
    manifests = " ".join(f"--{name} {path}" for name, path in made_from)
    return f"{manifests} {STUDY.embedding_options(wildcards.modality)}"


def embedding_model(wildcards):
    """Whether a model is loaded: text+image is put together from what is there."""
    return 1 if STUDY.embedding(wildcards.modality).weights else 0


def embedding_gpu(wildcards):
    """Whether a model is loaded on a GPU."""
    return embedding_model(wildcards) if STUDY.config.embedding.device == "cuda" else 0


def embedding_partition(wildcards):
    """Where an embedding is made on a cluster."""
    return partition(gpu=embedding_gpu(wildcards))


def say_how_it_ended(finished):
    """Writes and prints what a run made, what failed and where to look; a failed run has a page, too, that says so."""
    jobs = [job for job in workflow.dag.jobs if is_current(job)]
    failed = [
        one
        for job in workflow.scheduler.failed
        for one in (job.jobs if job.is_group() else [job])
    ]
    try:
        # Heavy, and jobs on a cluster parse this file as well.
        from reporting.end import tell_end

        said = tell_end(
            STUDY.config,
            [str(path) for job in jobs for path in job.output],
            [
                (job.rule.name, dict(job.wildcards_dict), list(job.log))
                for job in failed
            ],
            [notice["text"] for notice in STUDY.notices],
            finished,
        )
    except Exception as error:  # what was made is there all the same
        said = f"The summary of this run could not be made ({type(error).__name__}: {error}); please report it"
    print(f"\n{said}", file=sys.stderr)


def is_current(job):
    """Whether a job's results are in step with the run: made by it, or found to be up to date."""
    return workflow.dag.finished(job) or not workflow.dag.needrun(job)


def keep_log_short():
    """Keeps Snakemake's blocks on each job out of the terminal; the file .snakemake/log has them, as do -n and -p."""
    settings = workflow.output_settings
    if settings.dryrun or settings.printshellcmds or settings.verbose:
        return
    for handler in workflow.logger_manager.logger.handlers:
        if handler.name == "DefaultStreamHandler":
            handler.addFilter(is_for_people)


# What Snakemake says besides: of each job what its block says, and of the machine what does not change.
EVENTS_OF_BLOCKS = ("JOB_INFO", "JOB_STARTED", "RESOURCES_INFO")
PREPARATIONS = re.compile(
    "Select jobs|Building DAG|Conda env|Assuming unrestricted|Using shell"
)


def is_for_people(record):
    """Whether a record of Snakemake's log tells people something that they do not see otherwise."""
    event = getattr(record, "event", None)
    if event is None:
        return PREPARATIONS.match(record.getMessage()) is None
    return event.name not in EVENTS_OF_BLOCKS


def imported_names(names):
    """What rules are called in the running workflow: another Snakefile may import them under other names, or not."""
    found = [workflow.modifier.avail_rulename(name) for name in names]
    return [name for name in found if name is not None]


def call_handlers_of_module():
    """Has Snakemake call the handlers of this workflow, after those of the Snakefile that uses it as a module.

    Snakemake leaves a module's handlers out. A Snakefile that sets handlers after it has taken the rules replaces these,
    and calls them by itself, as in `reel_atlas.onstart()`.
    """
    for name in ("onstart", "onsuccess", "onerror"):
        outer = getattr(workflow, f"_{name}")
        # Snakemake reads a module again for each rule that is changed; only the last reading's handlers are called.
        outer = getattr(outer, "outer", outer)

        def both(log, outer=outer, own=globals()[name]):
            outer(log)
            own()

        both.outer = outer
        setattr(workflow, f"_{name}", both)
