"""Reel Atlas: from creators and their reels to an evidence-backed map of aesthetic communities.

`snakemake --cores 8` makes everything; see docs/tour.md for the targets.
"""

import atexit
import re
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

# Where this file lies. `workflow.basedir` is the folder of the outer Snakefile where a study uses this one as a module.
CHECKOUT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if not (CHECKOUT / "scripts").is_dir():
    raise WorkflowError(
        f"{CHECKOUT}: this Snakefile needs the folders beside it (scripts, rules, config, ...). Clone the repository "
        "onto this machine, and have `snakefile:` in your module name the Snakefile in the clone by its path"
    )
sys.path.insert(0, str(CHECKOUT / "scripts"))

import environment

try:
    from common.belonging import record_belonging, record_given
    from common.stages import folders
    from snakefile.again import (
        lost_files,
        outdated_errors,
        transient_failures,
        unfinished_page,
    )
    from snakefile.configuration import config_files
    from snakefile.opening import open_study
    from snakefile.run_lock import LockOwner, planned_run
    from snakefile.slurm import end_left_over_jobs
except ImportError as error:  # a Snakemake of another environment
    raise WorkflowError(f"{error}. {environment.remedy()}") from None

min_version("9.27")

IS_MODULE = not workflow.modifier.is_main_snakefile()
if IS_MODULE and workflow.modifier.modify_path("results/x") != "results/x":
    raise WorkflowError(
        "the module of Reel Atlas has a `prefix` or `replace_prefix`: its programs write into results, data and "
        ".snakemake of the folder where snakemake runs. Take it away, and give each study a folder of its own"
    )

STUDY = open_study(
    CHECKOUT,
    config,
    config_files(workflow, config),
    overrides=workflow.config_settings.config,
    planned=None if workflow.is_main_process else planned_run(),
    is_module=IS_MODULE,
    typed=workflow.config_settings.config_args,
)

if workflow.is_main_process:
    LOCK_OWNER = LockOwner(Path(".snakemake"))
    LOCK_OWNER.enter(STUDY.plan, unlock="--unlock" in sys.argv)
    atexit.register(LOCK_OWNER.leave)

# --sdm conda brings its own interpreter; otherwise programs run with the one that runs Snakemake.
USES_CONDA = "conda" in str(
    getattr(workflow.deployment_settings, "deployment_method", "")
)
shell.executable("bash")
# A shell of this file's own: rules beside those of this module keep Snakemake's.
shell = type("shell", (shell,), {})
shell.prefix(STUDY.environment(own_python=not USES_CONDA))


wildcard_constraints:
    batch=r"\d+",
    modality=r"text|image|text\+image",
    variant=r"\w+",


# On one machine these keep models and GPU jobs from running side by side; on a cluster they hold per job.
resource_scopes:
    gpu="local",
    model="local",


# --resources on the command line replaces every limit in the profile; put back those it did not name.
if workflow.is_main_process:
    profile = CHECKOUT / "profiles" / "default" / "config.yaml"
    for name, limit in yaml.safe_load(profile.read_text())["resources"].items():
        if name not in workflow.global_resources:
            workflow.register_resource(name, limit)
    # A study's profile gives this machine's cores, which are no limit to jobs on a cluster.
    if workflow.resource_settings.nodes is not None:
        workflow.register_resource("_cores", sys.maxsize)
    pace = workflow.global_resources["calls_per_s"].value
    workflow.register_resource(
        "calls_per_s", min(pace, STUDY.config.hikerapi.calls_per_s)
    )


# What cluster.search tried and chose.
SEARCHED = ["results/map/search.parquet"] if STUDY.config.cluster.search else []
SEARCH_TABLE = f"--search-table {SEARCHED[0]}" if SEARCHED else ""
# Profiles and clusters of the modalities beside the chosen one.
SEVERAL_MODALITIES = len(STUDY.config.embedding.modalities) > 1
OTHER_MODALITIES = ["results/map/modalities.parquet"] if SEVERAL_MODALITIES else []


STUDY_TABLES = ["reels", "creators", "follows", "edges", "status", "coverage"]
# What the frames look like; a bundle may lack them, and its reader's are empty then.
MEASURE_TABLES = ["measures", "creator_measures"]
MAP_TABLES = ["coordinates", "clusters", "cluster_names"]
# A bundle has no measures, so what distinguishes its clusters is made where the study is.
DISTINCTIONS = ["distinctions"] if not STUDY.reads_bundle else []
SHOWN = [
    "map",
    "network",
    "mixing",
    "portraits",
    "hypotheses",
    "similarity",
    "robustness",
    "reliability",
    "coverage",
    *DISTINCTIONS,
]


report: "report/workflow.rst"


include: "rules/functions.smk"
include: "rules/collect.smk"
include: "rules/perceive.smk"
include: "rules/describe.smk"


if STUDY.reads_bundle:

    include: "rules/bundle.smk"

else:

    include: "rules/tabulate.smk"


include: "rules/analyse.smk"
include: "rules/robustness.smk"
include: "rules/power.smk"
include: "rules/follows.smk"
include: "rules/present.smk"
include: "rules/paper.smk"
include: "rules/publish.smk"
include: "rules/export.smk"


# List the manifests as targets: Snakemake does not rebuild a deleted intermediate file while its products exist, and
# redo.py works by deleting manifests.
MANIFESTS = [path for stage in STAGES for path in manifests(stage)]
CURRENT_MANIFESTS = errors_again(MANIFESTS)
TABLES = expand(
    "results/tables/{table}.parquet",
    table=STUDY_TABLES
    + MEASURE_TABLES
    + (["modalities"] if SEVERAL_MODALITIES else []),
)
# Tables that are made of the map.
OF_CLUSTERS = expand(
    "results/tables/{table}.parquet",
    table=["creators_flat", "reliability", "losses"] + DISTINCTIONS,
)
MAP = expand("results/map/{table}.parquet", table=MAP_TABLES)
FIGURES = expand("results/figures/{figure}.png", figure=SHOWN)
PAPER = [
    "results/paper/numbers.json",
    "results/paper/cohort.csv",
    "results/paper/captions.md",
    *[
        figure.replace("figures", "paper").replace("png", kind)
        for figure in FIGURES
        for kind in ("png", "svg", "pdf")
    ],
]


LOCAL_RULES = [
    "all",
    "tables",
    "map",
    "robustness",
    "figures",
    "descriptions",
    "fetch_models",
    "paper",
    "atlas",
    "build_atlas",
    "build_page",
    "publish",
    "publish_bundle",
    "export",
    "export_csv",
    "export_network",
    "export_4cat",
    "export_sqlite",
    "flatten_creators",
    "power",
    "retry",
    "write_config",
    "write_numbers",
    "place_figure",
    "name_clusters",
    "cost",
    "plan",
    "gather_reels",
    "write_findings",
    "compare_losses",
    "measure_reliability",
    "preview_map",
    "plot_map",
    "plot_network",
    "plot_mixing",
    "write_captions",
    "plot_hypotheses",
    "plot_coverage",
    "plot_portraits",
    "plot_similarity",
    "plot_distinctions",
    "plot_robustness",
    "plot_reliability",
    "plot_power",
]


# Besides, what needs the internet runs where Snakemake runs, on a cluster its login node, unless the profile gives it a
# partition. (The directive `localrules:` would not know the rules of a module under their new names.)
workflow.localrules(
    *imported_names(LOCAL_RULES),
    *[
        name
        for name in imported_names(STUDY.online_programs)
        if "slurm_partition"
        not in workflow.resource_settings.overwrite_resources.get(name, {})
    ],
)


# Note whose results these are, and cancel jobs left over from a killed run, or two runs would do the same work.
onstart:
    # An earlier run's summary must not stand if this run is killed.
    Path("results/summary.md").unlink(missing_ok=True)
    record_belonging(STUDY.config)
    record_given(STUDY.resolved)
    on_slurm = workflow.executor_plugin.name == "slurm"
    end_left_over_jobs(
        Path(".snakemake"),
        workflow.scheduler._executor.run_uuid if on_slurm else None,
    )


onsuccess:
    say_how_it_ended(True)


onerror:
    say_how_it_ended(False)


if IS_MODULE:
    call_handlers_of_module()

if workflow.is_main_process:
    keep_log_short()


# Everything that the whole study makes, beside the manifests.
EVERYTHING = [
    *TABLES,
    *MAP,
    "results/map/preview.png",
    *OF_CLUSTERS,
    *FIGURES,
    "results/hypotheses.json",
    "results/hypotheses.md",
    "results/paper/numbers.json",
    "results/atlas/index.html",
    "results/index.html",
    "results/config.yaml",
    *([] if STUDY.reads_bundle else ["results/reels/.gathered"]),
    *([] if STUDY.config.study.retain_media_days is None else ["results/media.json"]),
]


rule all:
    """The whole study: tables, map, clusters, hypotheses, figures, and a folder of links for each reel."""
    default_target: True
    input:
        CURRENT_MANIFESTS,
        EVERYTHING,


rule tables:
    """The tables of reels, creators, follows and states."""
    input:
        CURRENT_MANIFESTS,
        TABLES,


rule map:
    """Coordinates and clusters of the creators, and the map."""
    input:
        CURRENT_MANIFESTS,
        MAP,
        "results/map/preview.png",
        "results/figures/map.png",


rule robustness:
    """Clusters and verdicts over many seeds and settings."""
    input:
        CURRENT_MANIFESTS,
        "results/figures/robustness.png",


rule figures:
    """All figures."""
    input:
        CURRENT_MANIFESTS,
        FIGURES,


rule paper:
    """What a manuscript takes: figures in three formats, its numbers, its table of the cohort."""
    input:
        CURRENT_MANIFESTS,
        PAPER,


rule atlas:
    """The interactive atlas."""
    input:
        CURRENT_MANIFESTS,
        "results/atlas/index.html",


rule export:
    """The tables for other programs: CSV, SQLite, GEXF, GraphML, embedding-atlas, 4CAT."""
    input:
        CURRENT_MANIFESTS,
        "results/export/csv/reels.csv",
        "results/export/network.gexf",
        "results/export/4cat.csv",
        "results/export/reels_atlas.parquet",
        "results/export/instagram_data.db",


rule publish:
    """A bundle for others, as the section `publish` says."""
    input:
        CURRENT_MANIFESTS,
        "results/bundle/SHA256SUMS",


rule descriptions:
    """The description of every reel."""
    input:
        errors_again(manifests("description")),


rule fetch_models:
    """The weights of every model the study uses."""
    input:
        expand(
            "results/models/{name}.json",
            name=STUDY.models("transcript", "context", "description", "embedding"),
        ),


rule power:
    """How often the tests of the network find a homophily in simulated cohorts like this one."""
    input:
        CURRENT_MANIFESTS,
        "results/power.parquet",
        "results/figures/power.png",


rule retry:
    """Everything; takes up reels whose failure may succeed on another try (timeout, out_of_memory, ...)."""
    input:
        everything_again,
