"""What the Snakefile needs to know of a study."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import yaml

from bundle.study_file import check_remakeable, check_study
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
from common.files import file_sha256
from common.handles import batch_of
from common.models import read_registry
from common.options import section_options
from common.processor import same_instructions
from common.prompts import description_prompt, read_prompt
from common.secrets import ACRCLOUD_ACCESS_KEY, ACRCLOUD_ACCESS_SECRET, HIKERAPI_TOKEN, OPENAI_API_KEY, secret
from common.stages import programs
from common.states import INSTALLATION
from common.store import ARTIFACT, digest
from common.suffixes import VIDEO_SUFFIXES
from snakefile.configuration import check_files
from snakefile.shell import numba_cache, prefix
from sources.hikerapi import LEDGER
from sources.registry import RAW, WITH_RESULTS, open_source

NOTE = "bundle.json"  # as in bundle/contents.py, which imports what is heavy
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
        """Whether the source's token is set; None where it needs none. The token itself goes nowhere."""
        return bool(secret(HIKERAPI_TOKEN)) if self.asks_service else None

    @property
    def prompt(self) -> str:
        """Digest of what the description model is asked."""
        return digest(description_prompt(self.config.description))

    @property
    def opt_out_list(self) -> list[str]:
        """The list of people who opted out: a rule input, so that Snakemake stops if the file does not exist."""
        listed = self.config.study.opt_out
        return [] if listed is None else [listed]

    @property
    def naming_prompt(self) -> str | None:
        """Digest of what a language model is asked for a cluster's name; None where none is asked."""
        return digest(read_prompt(None, "name")) if self.config.names.backend == "openai" else None

    def credentials(self, stage: str) -> bool | None:
        """Whether the stage's credentials are set (None: it needs none).

        A rule param, so that reels that failed without them are retried once they are.
        """
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
        """Number of downloads past study.retain_media_days, deleted or not.

        A rule param: when it grows, delete_media runs again.
        """
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
        """What a variant of the settings of `cluster` changes, as JSON."""
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
        """The settings of one modality as options, and the rows' name of a modality that is not the chosen one."""
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
            "NUMBA_CACHE_DIR": str(numba_cache(self.checkout)),
            "HF_HUB_OFFLINE": "1",
            "PYTHONUTF8": "1",
            INSTALLATION: self.installation,
            # Threads that wait for each other soon leave the core to other jobs: three torch programs with two threads
            # each took a third of the time so on two cores, and one alone took no longer.
            "GOMP_SPINCOUNT": "1000",
            **same_instructions(),
        }
        return prefix(variables, own_python)


def installation(checkout: Path) -> str:
    """Twelve hex digits that change with the programs' code, the Python and the installed packages."""
    programs = sorted((checkout / "scripts").rglob("*.py"))
    packages = sorted(f"{package.name}=={package.version}" for package in distributions())
    return digest([[file_sha256(path) for path in programs], packages, sys.version])[:12]
