"""Dockerfile, .dockerignore and apptainer.def, read as far as this project's use them; anything else is an error."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

INSTRUCTIONS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "LABEL", "RUN", "USER", "WORKDIR"}
SECTIONS = {"arguments", "environment", "files", "labels", "post", "runscript"}


class RecipeError(Exception):
    """A recipe uses what is not read here."""


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined."""

    name: str
    value: str

    @property
    def pairs(self) -> dict[str, str]:
        """The names and values of ENV and LABEL."""
        return dict(word.split("=", 1) for word in shlex.split(self.value))


def read_dockerfile(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, in their order."""
    found = []
    for line in joined_lines(text):
        name, _, value = line.partition(" ")
        if name not in INSTRUCTIONS or (name in {"COPY", "RUN", "FROM"} and value.startswith("--")):
            raise RecipeError(f"not read here: {line}")
        found.append(Instruction(name, value.strip()))
    return found


def joined_lines(text: str) -> list[str]:
    """Lines without comments, those that end with a backslash joined with the next."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\s*\\\n\s*", " ", kept).splitlines()
    return [line.strip() for line in lines if line.strip()]


def read_definition(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Header and sections of an Apptainer definition file; the lines of a section like those of a Dockerfile."""
    header, *parts = re.split(r"^%", text, flags=re.MULTILINE)
    sections = {}
    for part in parts:
        name, _, body = part.partition("\n")
        if name not in SECTIONS:
            raise RecipeError(f"not read here: %{name}")
        sections[name] = joined_lines(body)
    return dict(line.split(": ", 1) for line in joined_lines(header)), sections


class Ignore:
    """What .dockerignore leaves of a folder: what is named (`*`, then `!path`), without some names (`**/name`).

    Args:
        text: of the file.
    """

    def __init__(self, text: str) -> None:
        patterns = joined_lines(text)
        everything, *others = patterns
        self.kept = [pattern[1:] for pattern in others if pattern.startswith("!")]
        self.dropped = {pattern[3:] for pattern in others if pattern.startswith("**/")}
        # The last pattern that fits decides: what is dropped everywhere must come after what is kept.
        written = ["*", *(f"!{path}" for path in self.kept), *(p for p in others if p.startswith("**/"))]
        if everything != "*" or patterns != written or any(re.search(r"[*?\[\\]", path) for path in self.kept):
            raise RecipeError(".dockerignore: only `*`, then `!path`, then `**/name` are read here")

    def keeps(self, path: PurePosixPath) -> bool:
        """Whether a file goes into the image; its path is relative to the folder."""
        named = any(path.is_relative_to(kept) for kept in self.kept)
        return named and not self.dropped & set(path.parts)

    def context(self, folder: Path) -> list[PurePosixPath]:
        """The files of a folder that go into the image, sorted."""
        below: Iterable[Path] = (
            file
            for kept in map(folder.joinpath, self.kept)
            for file in ([kept] if kept.is_file() else kept.rglob("*"))
            if file.is_file()
        )
        return sorted(path for file in below if self.keeps(path := PurePosixPath(file.relative_to(folder).as_posix())))
