"""A Debian root file system (debootstrap) in which a Dockerfile's instructions are run, without a container engine.

Everything runs in namespaces of its own for mounts and processes: when a command ends, however it ends, its mounts and
all it started are gone, and the folder can be removed like any other.
"""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shlex
import shutil
import string
import subprocess
import sys
import time
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from container.recipe import Ignore, Instruction, RecipeError

log = logging.getLogger(__name__)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# In a root's /run, a file system of its own while a step is run: nothing of this machine is left in the root.
OF_THIS_MACHINE = Path("/run/this_machine")


@dataclass(frozen=True)
class Mount:
    """A file or folder of this machine, and where it is seen."""

    source: Path
    target: str
    writable: bool = False


@dataclass
class Image:
    """What an image says of the processes that are started in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    user: str = "root"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)


def build(recipe: list[Instruction], ignore: Ignore, context: Path, root: Path, arguments: dict[str, str]) -> Image:
    """Run a Dockerfile's instructions.

    Args:
        recipe: the instructions.
        ignore: .dockerignore.
        context: the folder whose files are copied.
        root: an empty folder, which becomes the root file system.
        arguments: what --build-arg says.
    """
    image = Image(root)
    given: dict[str, str] = {}
    for step in recipe:
        start = time.monotonic()
        value = string.Template(step.value).safe_substitute(image.environment | given)
        match step.name:
            case "ARG":
                name, _, default = value.partition("=")
                given[name] = arguments.get(name, default)
            case "FROM":
                bootstrap(value, root)
            case "LABEL":
                image.labels |= step.pairs
            case "ENV":
                image.environment |= Instruction("ENV", value).pairs
            case "WORKDIR":
                image.workdir /= value
                (root / image.workdir.relative_to("/")).mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = value.split()
                copy(sources, root / (image.workdir / target).relative_to("/"), ignore, context)
            case "RUN":
                settings, mounts = settings_of_this_machine(root.parent)
                run(image, ["/bin/sh", "-c", step.value], environment=image.environment | settings, mounts=mounts)
            case "USER":
                image.user = value
            case "ENTRYPOINT":
                image.entrypoint = json.loads(value)
            case "CMD":
                image.command = json.loads(value)
        log.info("%5.0f s  %s %s", time.monotonic() - start, step.name, step.value)
    return image


def bootstrap(base: str, root: Path) -> None:
    """Make the root file system that stands for an image of Debian, from the archive that this machine's apt uses."""
    found = re.fullmatch(r"debian:([a-z]+)-slim", base)
    if not found:
        raise RecipeError(f"FROM {base}: only debian:<release>-slim can be made here")
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    archives = [line.split()[2] for line in listed.splitlines() if line.startswith(f"Debian {found[1]} ")]
    command = ["debootstrap", "--variant=minbase", found[1], str(root), *archives[:1]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"debootstrap failed:\n{done.stdout[-3000:]}")


def copy(sources: list[str], target: Path, ignore: Ignore, context: Path) -> None:
    """Copy files into the root as COPY does, for its owner only: that is how a checkout may lie on a cluster."""
    for path in ignore.context(context):
        if any(path.is_relative_to(source) for source in sources):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(context / path, target / path)
            (target / path).chmod((target / path).stat().st_mode & 0o700)
            for folder in (target / path).parents:
                if folder == target:
                    break
                folder.chmod(0o700)


def settings_of_this_machine(folder: Path) -> tuple[dict[str, str], list[Mount]]:
    """What apt and pip need to work as they do outside: variables, and files that are mounted.

    Args:
        folder: for the files that are written.
    """
    acquire = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    (folder / "apt.conf").write_text("".join(f"{li}\n" for li in acquire.splitlines() if li.startswith("Acquire::")))
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    mounts: dict[str, Mount] = {}

    def seen_inside(value: str) -> str:
        """A setting whose paths lead to where the files of this machine are mounted."""

        def mounted(match: re.Match[str]) -> str:
            path = Path(match[0])
            if not path.exists() or len(path.parts) < 3:
                return match[0]
            # An index on the disk has the files beside it, and links that say where they are: it keeps its place.
            is_index = value[: match.start()].endswith("file://")
            source, target = (path.parent, str(path.parent)) if is_index else (path, f"{OF_THIS_MACHINE}{path}")
            mounts[target] = Mount(source.resolve(), target)
            return match[0] if is_index else target

        return re.sub(r"(?:(?<=file://)|(?<![\w/:.]))/[^\s:]+", mounted, value)

    config = RawConfigParser()
    variables = {}
    for line in listed.splitlines():
        key, _, written = line.partition("=")
        section, _, name = key.rpartition(".")
        value = seen_inside(str(ast.literal_eval(written)))
        if section == ":env:":
            variables[f"PIP_{name.upper().replace('-', '_')}"] = value
        else:
            if not config.has_section(section):
                config.add_section(section)
            config.set(section, name, value)
    with (folder / "pip.conf").open("w", encoding="utf-8") as file:
        config.write(file)
    for name, variable in (("apt.conf", "APT_CONFIG"), ("pip.conf", "PIP_CONFIG_FILE")):
        mounts[name] = Mount(folder / name, f"{OF_THIS_MACHINE}/{name}")
        variables[variable] = mounts[name].target
    return variables, list(mounts.values())


def run(
    image: Image,
    command: list[str],
    *,
    environment: dict[str, str],
    mounts: list[Mount],
    user: str | None = None,
    workdir: PurePosixPath | None = None,
    read_only: bool = False,
) -> str:
    """Run a command in the root as an engine would: it is process 1, and sees of this machine what is mounted.

    Args:
        image: the image.
        command: the command.
        environment: all variables that it has.
        mounts: what is mounted.
        user: `name`, or `uid:gid`; the image's where none is given.
        workdir: where it starts; the image's where none is given.
        read_only: whether the root cannot be written, as Apptainer has it.

    Returns:
        What it printed.
    """
    root, asked = str(image.root), user or image.user
    lines = [
        # Another mount of the same folder, which can be made read-only alone.
        f"mount --bind {q(root)} {q(root)}",
        *([f"mount -o remount,bind,ro {q(root)}"] if read_only else []),
        f"mount -t proc proc {q(root)}/proc",
        f"mount -t sysfs -o ro sysfs {q(root)}/sys",
        f"mount -t tmpfs -o mode=755 dev {q(root)}/dev",
        f"mkdir {q(root)}/dev/shm",
        f"mount -t tmpfs -o mode=1777,size=64m shm {q(root)}/dev/shm",  # the size that Docker gives
        f"ln -s /proc/self/fd {q(root)}/dev/fd",
        *(bind(Mount(Path("/dev") / name, f"/dev/{name}", True), root) for name in ("null", "zero", "full", "urandom")),
        bind(Mount(Path("/dev/urandom"), "/dev/random", True), root),
        f"mount -t tmpfs run {q(root)}/run",
        f"mount -t tmpfs -o mode=1777 tmp {q(root)}/tmp",
        *(bind(mount, root) for mount in mounts),
        'exec chroot "$@"',
    ]
    userspec = f"--userspec={asked}" if ":" in asked else f"--userspec={asked}:"
    variables = [f"{name}={value}" for name, value in environment.items()]
    done = subprocess.run(
        [
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
            "sh", "-ec", "\n".join(lines), "sh", userspec, root,
            "env", "-i", f"--chdir={workdir or image.workdir}", *variables, *command,
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=3600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout[-8000:]}"
    return done.stdout


q = shlex.quote


def bind(mount: Mount, root: str) -> str:
    """Shell lines that mount a file or folder of this machine below the root; the place is made where it is missing."""
    target = Path(root + mount.target)
    folder = target if mount.source.is_dir() else target.parent
    lines = [
        f"mkdir -p {q(str(folder))}",
        f"[ -e {q(str(target))} ] || : > {q(str(target))}",
        f"mount --bind {q(str(mount.source))} {q(str(target))}",
        *([] if mount.writable else [f"mount -o remount,bind,ro {q(str(target))}"]),
    ]
    return "\n".join(lines)


def size(root: Path) -> int:
    """Bytes that a root takes, each file counted once."""
    seen = {(s.st_dev, s.st_ino): s.st_blocks * 512 for s in (os.lstat(p) for p in root.rglob("*"))}
    return sum(seen.values())
