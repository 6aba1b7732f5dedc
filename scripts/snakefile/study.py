"""What the Snakefile needs to know of a study. Imports stay light: every cluster job parses the Snakefile again."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import yaml

from bundle.study_file import check_remakeable, check_study
from common.another_try import read_failures
from common.belonging import check_belonging
from common.config import (
    ClusterVariant,
    Config,
    ConfigError,
    Modality,
    OneEmbedding,
    Places,
    Section,
    parse_config,
    read_content,
)
from common.files import file_sha256, replace_file
from common.machine import Process
from common.mishaps import explain_mishap
from common.models import read_registry
from common.options import section_options
from common.processor import same_instructions
from common.program import UserError
from common.prompts import description_prompt, read_prompt
from common.secrets import ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET, HIKERAPI_TOKEN, OPENAI_API_KEY, secret
from common.stages import programs
from common.states import INSTALLATION, TRANSIENT
from common.store import ARTIFACT, digest
from common.strict_yaml import StrictError, differences, load_strictly
from common.suffixes import VIDEO_SUFFIXES
from sources.hikerapi import LEDGER
from sources.registry import RAW, SECTIONS, WITH_RESULTS, open_source
from sources.source import batch_of

NOTE = "bundle.json"  # as in bundle/contents.py, which imports what is heavy
# Keys of a source that are paths.
PATHS = ("videos", "creators", "reels", "follows", "folder", "database")
UNFINISHED = b'content="unfinished"'  # in the head of the page (reporting/page.html)
RUN = "ATLAS_RUN"  # variable that tells jobs the record of their run
BACKEND_SECRETS = {
    "acrcloud": (ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET),
    "acrcloud-fingerprint": (ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET),
    "openai": (OPENAI_API_KEY,),
}


class Study:
    """A study's configuration, source and places.

    Args:
        checkout: folder of the Snakefile.
        given: the merged configuration that Snakemake read.
        names: the configuration files that were given.
        planned: with what the run was planned (`plan`), for a process that makes one job of it.
        overrides: what --config said.
        is_module: another Snakefile uses the workflow as a module; the demo is never meant then.

    Attributes:
        batches: that have creators, each with a digest of all that the source says of them.
        n_batches: over how many the creators are spread; some may have none.
        notices: what in the source concerns nobody; counts without names.
    """

    def __init__(
        self,
        checkout: Path,
        given: dict[str, Any],
        names: list[str],
        planned: dict[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        is_module: bool = False,
    ) -> None:
        self.checkout, self.files = checkout, names
        places: Places = {}
        if names:
            data, self.name = given, ", ".join(os.path.relpath(name) for name in names)
            places = check_files(names, given, overrides or {})
        elif is_module:
            data, self.name = given, "`config:` of the module"
            if not given:
                raise ConfigError(
                    "the module of Reel Atlas got no study: the Snakefile that uses it needs the lines "
                    '`configfile: "study.yaml"` and, in the module, `config: config`'
                )
        else:
            # The demo is loaded only when no other study is given, and never merged with one.
            demo = read_content(checkout / "config" / "demo.yaml")
            data, self.name = demo.data, "config/demo.yaml"
            for section, values in given.items():  # --config on the command line
                data[section] = {**data.get(section, {}), **values} if isinstance(values, dict) else values
        self.config: Config = parse_config(data, self.name, places)
        videos = Path(self.config.source.files.videos)
        if not (names or is_module) and self.config.source.kind == "files" and not videos.is_dir():
            raise ConfigError(
                f"{videos}: no such folder here. No study was given, so the demo study was assumed; give yours with "
                "--configfile STUDY.yaml, begin one in the checkout (make study DIR=FOLDER), or run the demo there"
            )
        self.batches: dict[str, str] = {}
        self.n_batches = 1
        self.notices: list[dict[str, Any]] = []
        if planned is not None:
            self.batches, self.n_batches, self.notices = (planned[name] for name in ("batches", "number", "notices"))
        elif not self.reads_bundle:
            self._read_source()
        elif not Path(self.bundle, NOTE).is_file():
            raise ConfigError(f"source.bundle.folder: {self.bundle}: no bundle there (no {NOTE} in it)")
        else:
            check_study(self.config, self.files)
            check_remakeable(Path(self.bundle))

    @property
    def plan(self) -> dict[str, Any]:
        """What the run's jobs on a cluster need not find out again, and must not find out otherwise."""
        return {"batches": self.batches, "number": self.n_batches, "notices": self.notices}

    def _read_source(self) -> None:
        members: dict[int, list[str]] = defaultdict(list)
        source = open_source(self.section(self.source_section), self.config.source.snapshot)
        found = source.members()
        self.n_batches = self.config.study.n_batches(len(found))
        for handle, state in found.items():
            members[batch_of(handle, self.n_batches)].append(state)
        self.batches = {str(batch): digest(sorted(members[batch])) for batch in sorted(members)}
        for notice in source.notices():
            self.notices.append(notice.counts())
            print(f"source: {notice}", file=sys.stderr)  # noqa: T201 (before anything runs, in a dry run, too)

    @property
    def reads_bundle(self) -> bool:
        """Whether the study's tables come from a bundle, so that no stage is run."""
        return self.config.source.kind == "bundle"

    @property
    def bundle(self) -> str:
        """Folder of the bundle."""
        return self.config.source.bundle.folder

    @property
    def online_programs(self) -> list[str]:
        """Rules whose jobs need the internet: a compute node of a cluster may have none."""
        stages = programs(self.config)
        if not stages:
            return []
        asking = [
            stage for stage in ("context", "description") if getattr(self.section(stage), "backend", "") == "openai"
        ]
        return ["fetch_model", *(stages[stage] for stage in ("creators", "video", "music", *asking))]

    @property
    def source_section(self) -> str:
        """Name of the section that describes the source."""
        return "hikerapi" if self.asks_service else f"source.{self.config.source.kind}"

    @property
    def asks_service(self) -> bool:
        """Whether the source is a service that is paid by the call."""
        return self.config.source.kind == "hikerapi"

    @property
    def source_options(self) -> str:
        """Which source collect_creators.py is to ask."""
        source = self.config.source
        return f"--source={source.kind}" + (f" --snapshot={source.snapshot}" if source.snapshot else "")

    @property
    def notices_option(self) -> Callable[[Any], str]:
        """What check_coverage repeats of the source; a function for params, as in `options`."""
        text = f"--notices={shlex.quote(json.dumps(self.notices))}" if self.notices else ""
        return lambda _: text

    @property
    def calls_option(self) -> str:
        """Where calls to a paid source are counted, for the coverage report; nothing for other sources."""
        return f"--calls={RAW}/hikerapi/{self.config.source.snapshot}/{LEDGER}" if self.asks_service else ""

    @property
    def has_credentials(self) -> bool | None:
        """Whether the source's token is there; None where it needs none. The token itself goes nowhere."""
        return bool(secret(HIKERAPI_TOKEN)) if self.asks_service else None

    @property
    def prompt(self) -> str:
        """Digest of what the description model is asked."""
        return digest(description_prompt(self.config.description))

    @property
    def opt_out_list(self) -> list[str]:
        """The list of people who opted out; one that is named and not there is missed by the rule that reads it."""
        listed = self.config.study.opt_out
        return [] if listed is None else [listed]

    @property
    def naming_prompt(self) -> str | None:
        """Digest of what a language model is asked for a cluster's name; None where none is asked."""
        return digest(read_prompt(None, "name")) if self.config.names.backend == "openai" else None

    def credentials(self, stage: str) -> bool | None:
        """Whether the secrets of a stage's backend are there: with them, what failed without is taken up."""
        names = BACKEND_SECRETS.get(getattr(self.section(stage), "backend", ""))
        return None if names is None else all(secret(name) for name in names)

    @property
    def calls_per_s(self) -> int:
        """What collect_creators takes of the resource `calls_per_s`: all but what refreshing links may need."""
        return max(1, self.config.hikerapi.calls_per_s - 3) if self.asks_service else 0

    @property
    def refresh_calls_per_s(self) -> int:
        """What download_reels takes of the resource `calls_per_s`."""
        return 1 if self.asks_service else 0

    def downloads_due(self) -> int:
        """Downloads that are older than study.retain_media_days, deleted or not: more of them means work to do."""
        days = self.config.study.retain_media_days
        if days is None:
            return 0
        oldest = time.time() - days * 86_400
        entries = Path(self.config.store.directory).glob("download/*/*")
        ages = (
            [v.stat().st_mtime for s in VIDEO_SUFFIXES if (v := entry / f"{ARTIFACT}{s}").exists()] for entry in entries
        )
        return sum(not times or times[0] <= oldest for times in ages)

    @property
    def refresh_options(self) -> Callable[[Any], str]:
        """How download_reels asks the source for fresh links."""
        text = section_options(self.config.hikerapi, "hikerapi") if self.asks_service else ""
        return lambda _: text

    def imports(self, batch: str) -> list[str]:
        """A manifest that stages look into first: of a source that brings results along, else none."""
        return [f"results/creators/{batch}.parquet"] if self.config.source.kind in WITH_RESULTS else []

    def section(self, name: str) -> Section:
        """A section of the configuration, by its path (`source.files`)."""
        found: Any = self.config
        for part in name.split("."):
            found = getattr(found, part)
        section: Section = found
        return section

    def options(self, *names: str) -> Callable[[Any], str]:
        """Sections as options of a program, as a function for params: in a string, {braces} would be wildcards."""
        text = " ".join(section_options(self.section(name)) for name in names)
        return lambda _: text

    def prefixed_options(self, name: str, unused: Collection[str] = ()) -> Callable[[Any], str]:
        """A section as options that begin with its name, for a program that takes several.

        Args:
            name: of the section.
            unused: keys that change nothing in this program's results; they stand at their defaults, so that another
                value of them makes nothing again.
        """
        section = self.section(name)
        usual = type(section)()
        text = section_options(section.model_copy(update={key: getattr(usual, key) for key in unused}), name)
        return lambda _: text

    @property
    def cluster_variants(self) -> list[str]:
        """Names of the settings of `cluster` whose runs are compared."""
        return list(self.config.cluster_variants())

    def variant_changes(self, name: str) -> str:
        """What one of them changes, as JSON."""
        variant = self.config.robustness.variants.get(name, ClusterVariant())
        return json.dumps(variant.model_dump(exclude_none=True))

    @property
    def compared_tables(self) -> list[str]:
        """What is read of the other runs that hypotheses.compare names."""
        folders = self.config.hypotheses.compare.values()
        return [f"{folder}/{table}.parquet" for folder in folders for table in ("tables/creators", "map/clusters")]

    @property
    def own_tests(self) -> list[str]:
        """Digests of the files with the researcher's own tests; a file that is not there is told by the program."""
        paths = [Path(name) for name in self.config.hypotheses.own_tests]
        return [digest(path.read_text(encoding="utf-8")) if path.is_file() else "missing" for path in paths]

    def embedding(self, modality: Modality) -> OneEmbedding:
        """The settings of one modality of the section `embedding`."""
        return self.config.embedding.only(modality)

    def embedding_options(self, modality: Modality) -> str:
        """These settings as options, and the rows' name of a modality that is not the chosen one."""
        chosen = modality == self.config.embedding.modalities[0]
        return section_options(self.embedding(modality)) + ("" if chosen else f" --rows embedding/{modality}")

    def version(self, program: str) -> str:
        """The VERSION constant of a program."""
        text = (self.checkout / "scripts" / f"{program}.py").read_text(encoding="utf-8")
        found = re.search(r'^VERSION = "([^"]+)"$', text, re.MULTILINE)
        if not found:
            raise ConfigError(f"scripts/{program}.py has no VERSION")
        return found[1]

    def models(self, *stages: str) -> list[str]:
        """Names of the models that stages use, as in config/models.yaml; none where a bundle has what they made."""
        if self.reads_bundle:
            return []
        registry = read_registry(*self.registries)
        found = []
        for stage in stages:
            for name in self.section(stage).weights:
                if name not in registry:
                    raise ConfigError(
                        f"{self.name}: `{stage}` asks for the model {name}, which is neither in config/models.yaml nor "
                        "in models.registry; known: " + ", ".join(registry)
                    )
                found.append(name)
        return found

    def model_entry(self, name: str) -> str:
        """What config/models.yaml says of a model, for a rule's params."""
        return digest(read_registry(*self.registries)[name].model_dump())

    @property
    def registries(self) -> list[Path]:
        """Files that say where models come from: the checkout's, and the study's own."""
        own = self.config.models.registry
        return [self.checkout / "config" / "models.yaml", *([Path(own)] if own else [])]

    @property
    def models_directory(self) -> str:
        """Folder of the weights; the checkout's own unless the study names one."""
        return self.config.models.directory or str(self.checkout / "data" / "models")

    @cached_property
    def installation(self) -> str:
        """The programs' code, the Python and the packages, as the rows of errors name them."""
        return installation(self.checkout)

    @property
    def resolved(self) -> str:
        """The whole configuration with its defaults, as YAML; `auto` where the tables of the cohort must decide."""
        found = self.config.model_dump(mode="json")
        found["study"]["batches"] = self.n_batches
        return yaml.safe_dump(found, sort_keys=False, allow_unicode=True)

    def environment(self, own_python: bool) -> str:
        """Shell lines that every rule starts with.

        Args:
            own_python: programs run with the interpreter that runs Snakemake (not with a conda environment's).
        """
        variables = {
            "ATLAS": str(self.checkout / "scripts"),
            "STORE": self.config.store.directory,
            "MODELS": self.models_directory,
            "NUMBA_CACHE_DIR": str(_numba_cache(self.checkout)),
            "HF_HUB_OFFLINE": "1",
            "PYTHONUTF8": "1",
            INSTALLATION: self.installation,
            # Threads that wait for each other soon leave the core to other jobs: three torch programs with two threads
            # each took a third of the time so on two cores, and one alone took no longer.
            "GOMP_SPINCOUNT": "1000",
            **same_instructions(),
        }
        lines = [f"export {name}={_quote(value)};" for name, value in variables.items()]
        if own_python:
            lines.append(f"export PATH={_quote(str(Path(sys.executable).parent))}:$PATH;")
        # Without word splitting and patterns a checkout or a store may lie in a folder with spaces in its name.
        # The programs replace the shell, so its parent is theirs: they see by it whether Snakemake died before them.
        lines.append("export ATLAS_PARENT=$PPID;")
        return "set -f -euo pipefail; IFS=; " + " ".join(lines) + " "


def installation(checkout: Path) -> str:
    """Twelve hex digits that change with the programs' code, the Python and the installed packages."""
    programs = sorted((checkout / "scripts").rglob("*.py"))
    packages = sorted(f"{package.name}=={package.version}" for package in distributions())
    return digest([[file_sha256(path) for path in programs], packages, sys.version])[:12]


def _numba_cache(checkout: Path) -> Path:
    """The checkout's, so that each study does not compile anew; the study's own where the checkout is read-only."""
    shared = checkout / "data" / "numba"
    nearest = next(folder for folder in (shared, *shared.parents) if folder.exists())
    return shared if os.access(nearest, os.W_OK) else Path("data/numba").absolute()


def _quote(text: str) -> str:
    # Snakemake formats the prefix, too: braces must be doubled.
    return "'" + text.replace("'", "'\\''").replace("{", "{{").replace("}", "}}") + "'"


def transient_failures(results: Path) -> list[str]:
    """Manifests with failures that may succeed on another try; `snakemake retry` makes them again."""
    return [path.as_posix() for path, _ in read_failures(results, TRANSIENT, "reason")]


def outdated_errors(results: Path, present: str) -> list[str]:
    """Manifests with an `error` that other code, another Python or other packages left; every run makes them again.

    Args:
        results: folder of the study's results.
        present: today's `installation`; the rows of errors end with theirs.
    """
    return [
        path.as_posix()
        for path, rows in read_failures(results, ["error"], "producer")
        if not all(str(producer).endswith(present) for (producer,) in rows)
    ]


def unfinished_page(results: Path) -> list[str]:
    """The page, where a run that did not finish left it; the next run makes it again."""
    page = results / "index.html"
    try:
        with page.open("rb") as file:
            return [page.as_posix()] if UNFINISHED in file.read(2000) else []
    except OSError:
        return []


class LockOwner:
    """Who holds Snakemake's lock on a study's directory, so that a lock left by a killed run can be cleared.

    Snakemake's own lock does not say whose it is. Every run that may take it first leaves a record here; the lock is
    stale when every record is of a process that is known to have ended (`Process.is_dead`).

    Args:
        directory: the study's `.snakemake` folder.
    """

    def __init__(self, directory: Path) -> None:
        self.locks = directory / "locks"
        self.records = directory / "owners"
        self.process = Process.this()
        self.mine = self.records / f"{self.process.name}.json"

    def enter(self, plan: dict[str, Any], unlock: bool = False) -> None:
        """Record this process, and clear the lock where all that could hold it are dead.

        Args:
            plan: of the study, for this run's jobs on a cluster (`planned_run`).
            unlock: the user says that no other run is alive (`snakemake --unlock`).
        """
        self.records.mkdir(parents=True, exist_ok=True)
        # A run before may have had the same number: its record is read before it is replaced.
        others = [path for path in self.records.glob("*.json") if path != self.mine or _is_dead(path)]
        replace_file(self.mine, json.dumps({**asdict(self.process), "plan": plan}).encode())
        os.environ[RUN] = str(self.mine)
        dead = [path for path in others if path == self.mine or _is_dead(path, elsewhere=unlock)]
        if len(dead) == len(others) and others:
            shutil.rmtree(self.locks, ignore_errors=True)
        for path in dead:
            if path != self.mine:
                path.unlink(missing_ok=True)

    def leave(self) -> None:
        """Remove this process's record."""
        self.mine.unlink(missing_ok=True)


def planned_run() -> dict[str, Any] | None:
    """The plan (`Study.plan`) of the run that this process makes a job of; None where it is unknown.

    On a cluster each job reads the Snakefile anew. It need not read the whole source again, and must not come to other
    batches than the run whose part it is.
    """
    record = Path(os.environ.get(RUN, ""))
    plan: dict[str, Any] | None = json.loads(record.read_bytes())["plan"] if record.is_file() else None
    return plan


def running_elsewhere(directory: Path) -> bool:
    """Whether a run that is alive, or may be on another machine, has a record here.

    Args:
        directory: the study's `.snakemake` folder.
    """
    return any(not _is_dead(record) for record in (directory / "owners").glob("*.json"))


def _is_dead(record: Path, elsewhere: bool = False) -> bool:
    """Whether a record is of a process that has ended.

    Args:
        record: its file.
        elsewhere: what to think of a process that cannot be seen from here.
    """
    try:
        fields = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):  # just removed by its owner, or torn when the machine lost its power
        return True
    except OSError:  # of somebody whose files are closed to us
        return False
    try:
        process = Process(*(fields[name] for name in Process.__annotations__))
    except (KeyError, TypeError):  # of another version, which knows its processes by other marks
        return elsewhere
    return process.is_dead() or (elsewhere and not process.is_visible())


def retyped(given: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the types that command-line values mean.

    Snakemake reads nested values of --config as text ({seed: 7} becomes {"seed": "7"}).
    """
    found = dict(given)
    for key, value in overrides.items():
        if isinstance(value, dict):
            found[key] = retyped(found.get(key) or {}, value)
        elif isinstance(value, str):
            try:
                found[key] = yaml.safe_load(value)
            except (yaml.YAMLError, ValueError):  # text that only looks like YAML
                found[key] = value
            else:
                _refuse_traps(key, value)
    return found


def _refuse_traps(key: str, value: str) -> None:
    try:
        load_strictly(value)
    except StrictError as error:
        raise ConfigError(f"--config: {key}: {error}") from None


def config_files(workflow: Any, given: dict[str, Any]) -> list[str]:
    """The files that a configuration was read from, later ones before earlier ones.

    Args:
        workflow: Snakemake's.
        given: the configuration that the Snakefile got.

    Returns:
        Files that a Snakefile names (`configfile:`), then those of --configfile, which change what the former say.
        Nothing where a Snakefile that uses the workflow as a module has made its configuration in another way.
    """
    if given is not workflow.modifier_stack[0].globals["config"]:
        return []
    last = [str(name) for name in workflow.config_settings.configfiles]
    return [name for name in map(str, workflow.configfiles) if name not in last] + last


def check_files(names: list[str], given: Mapping[str, Any], overrides: Mapping[str, Any]) -> Places:
    """Read the configuration files again, strictly, and compare what they say with what Snakemake read.

    Args:
        names: the files, later ones before earlier ones.
        given: the configuration that is in force.
        overrides: what --config said.

    Returns:
        Where in the file each key is, if there is one file; nothing for several.

    Raises:
        ConfigError: a file can be misunderstood, or something else is in force than it says.
    """
    from snakemake.utils import update_config

    contents = [read_content(Path(name), os.path.relpath(name)) for name in names]
    said: dict[str, Any] = {}
    for name, content in zip(names, contents, strict=True):
        if not isinstance(content.data, dict | None):
            raise ConfigError(f"{os.path.relpath(name)}: expected sections like `study:` and `source:`")
        update_config(said, content.data or {})
    update_config(said, overrides)
    differing = differences(retyped(said, dict(overrides)), given)
    if differing:
        raise ConfigError(
            f"{', '.join(os.path.relpath(name) for name in names)}: {', '.join(f'`{key}`' for key in differing)}: "
            "Snakemake has read something else than the file says; write it in plain YAML, without templates"
        )
    return contents[0].places if len(contents) == 1 else {}


def open_study(
    checkout: Path,
    given: dict[str, Any],
    names: list[str],
    overrides: dict[str, Any],
    planned: dict[str, Any] | None,
    is_module: bool = False,
    typed: Iterable[str] = (),
) -> Study:
    """The study that a Snakefile is run for; ends Snakemake with one clear message where it cannot be used.

    Args:
        checkout: folder of the Snakefile.
        given: the merged configuration that Snakemake read.
        names: the configuration files that were given.
        overrides: what --config said.
        planned: see `Study`.
        is_module: see `Study`.
        typed: the same as it was typed (`section={key: value}`), in which a key may stand twice.
    """
    from snakemake.exceptions import WorkflowError

    try:
        for text in typed:
            section, _, value = text.partition("=")
            _refuse_traps(section, value.strip("'\""))  # as Snakemake does
        study = Study(checkout, retyped(given, overrides), names, planned, overrides, is_module)
        if planned is None:
            check_belonging(study.config)
        return study
    except (ConfigError, UserError) as error:
        raise WorkflowError(f"{error}{_meant_directory(given, names)}") from None
    except Exception as error:
        if mishap := explain_mishap(error):
            raise WorkflowError(mishap) from None
        raise


def _meant_directory(given: Mapping[str, Any], names: list[str]) -> str:
    """The option that was forgotten, where files of the source are not here but beside the study file; else nothing.

    Args:
        given: the configuration.
        names: the configuration files that were given.
    """
    source = given.get("source") or {}
    kind = source.get("kind", "files") if isinstance(source, dict) else ""
    section = SECTIONS.get(kind)
    if not names or section is None:
        return ""
    own = (given if kind == "hikerapi" else source).get(kind) or {}
    usual = section().model_dump() | (own if isinstance(own, dict) else {})
    beside = Path(names[-1]).absolute().parent
    places = [Path(usual[key]) for key in PATHS if isinstance(usual.get(key), str)]
    if not any((beside / place).exists() and not place.exists() for place in places):
        return ""
    return (
        f". Paths are relative to the study's directory, which is {Path.cwd()} unless another is given; the study's "
        f"files lie in {beside}: add --directory {shlex.quote(str(beside))}"
    )
