"""The recipe of the container, step by step in a Debian root, and what is run in it (`make test-container`).

There is no engine here: the image is a folder, and `docker run` and `apptainer run` are the commands of
docs/containers.md, taken apart and run in that folder with their mounts, user and arguments.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq
import pytest
from packaging.utils import canonicalize_name
from sklearn.metrics import adjusted_rand_score

from container.recipe import Ignore, read_definition, read_dockerfile
from container.root import PATH, Image, Mount, build, run, size
from study import CHECKOUT, SNAKEMAKE, Study, demo_handles, environment, make_study

log = logging.getLogger(__name__)
PAGE = (CHECKOUT / "docs" / "containers.md").read_text(encoding="utf-8")
MODELS = CHECKOUT / "data" / "models"
CODE = "/opt/reel-atlas"
SOMEBODY = 4242  # nobody whom the image knows


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder for 10 GB, removed whatever happens. What is mounted in it is mounted for one command only."""
    missing = [program for program in ("debootstrap", "unshare", "chroot") if not shutil.which(program)]
    if os.geteuid() != 0 or missing:
        pytest.fail(f"make test-container is run as root and needs debootstrap; missing here: {missing or 'root'}")
    with tempfile.TemporaryDirectory(prefix="reel-atlas-container-") as folder:
        if shutil.disk_usage(folder).free < 15e9:
            pytest.fail(f"make test-container needs 15 GB in {Path(folder).parent} (TMPDIR chooses another place)")
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def image(place: Path) -> Image:
    """The image for machines without a GPU: the one whose base can be made here."""
    root = place / "root"
    root.mkdir()
    recipe = read_dockerfile((CHECKOUT / "Dockerfile").read_text())
    ignore = Ignore((CHECKOUT / ".dockerignore").read_text())
    made = build(recipe, ignore, CHECKOUT, root, {"BASE": "debian:bookworm-slim"})
    sizes = size(root) / 1e9, size(root / f"{CODE[1:]}/.venv") / 1e9
    log.info("%.1f GB, %.1f GB of them the environment", *sizes)
    return made


@pytest.fixture(scope="module")
def outside(place: Path) -> Study:
    """The demo, run by this checkout with its own environment."""
    folder = demo_folder(place / "outside")
    command = [*SNAKEMAKE, "--cores", "2"]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=3600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Study(folder)


def demo_folder(folder: Path, owner: int = 0) -> Path:
    """A folder with the demo's data in it."""
    shutil.copytree(CHECKOUT / "data" / "demo", folder / "data" / "demo")
    return owned(folder, owner)


def owned(folder: Path, owner: int) -> Path:
    """A folder, after all in it was given to a user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner, follow_symlinks=False)
    return folder


def documented(start: str) -> str:
    """The command of docs/containers.md that begins so, with its continued lines."""
    (found,) = re.findall(rf"^    ({re.escape(start)}(?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    return found


def words(command: str, folder: Path) -> list[str]:
    """What an engine is told by a command that somebody gives in a folder."""
    say = """{ printf '%s\\0' "$@"; }"""
    engines = f"docker() {say}; apptainer() {say}; id() {{ echo {SOMEBODY}; }}"
    variables = {"PATH": PATH, "HOME": str(folder)}
    said = subprocess.run(
        ["bash", "-c", f"{engines}\n{command}"], cwd=folder, env=variables, capture_output=True, text=True, check=True
    )
    return said.stdout.split("\0")[:-1]


def options(of: str) -> argparse.ArgumentParser:
    """The options that the page gives to docker or apptainer; others end the test."""
    made = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    made.add_argument("verb", choices={"docker": ["run"], "apptainer": ["run", "exec"]}[of])
    for name in {"docker": ("--rm",), "apptainer": ("--nv", "--cleanenv")}[of]:
        made.add_argument(name, action="store_true")
    for name in {"docker": ("--gpus", "--user", "--entrypoint"), "apptainer": ("--pwd",)}[of]:
        made.add_argument(name)
    made.add_argument({"docker": "--volume", "apptainer": "--bind"}[of], dest="mounts", action="append", default=[])
    made.add_argument("--env-file", type=Path)
    made.add_argument("image")
    made.add_argument("arguments", nargs=argparse.REMAINDER)
    return made


def mounts(texts: list[str]) -> list[Mount]:
    """What is mounted, as `source:target` or `source:target:ro`."""
    parts = [text.split(":") for text in texts]
    assert all(Path(part[0]).is_absolute() and Path(part[0]).exists() for part in parts), texts
    return [Mount(Path(part[0]).resolve(), part[1], writable=part[2:] != ["ro"]) for part in parts]


def variables(file: Path | None) -> dict[str, str]:
    """What --env-file names."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines()) if file else {}


def docker(image: Image, command: str, folder: Path) -> str:
    """Run a `docker run` in a folder."""
    said = options("docker").parse_args(words(command, folder))
    entrypoint = [said.entrypoint] if said.entrypoint else image.entrypoint
    return run(
        image,
        [*entrypoint, *(said.arguments or image.command)],
        environment=image.environment | variables(said.env_file),
        mounts=mounts(said.mounts),
        user=said.user,
    )


def apptainer(image: Image, command: str, folder: Path) -> str:
    """Run an `apptainer run` or `exec`: nothing of the image can be written, and the home folder is not there."""
    said = options("apptainer").parse_args(words(command, folder))
    assert said.cleanenv  # so that no variable of this machine is there
    _, sections = read_definition((CHECKOUT / "apptainer.def").read_text())
    # Apptainer adds whoever calls it to the image's list of users.
    users = folder / "passwd"
    listed = (image.root / "etc/passwd").read_text()
    users.write_text(f"{listed}somebody:x:{SOMEBODY}:{SOMEBODY}::/home/somebody:/bin/sh\n")
    script = "\n".join([*sections["environment"], *(sections["runscript"] if said.verb == "run" else ['exec "$@"'])])
    return run(
        image,
        ["/bin/sh", "-c", script, "runscript", *said.arguments],
        environment={"PATH": PATH, "HOME": "/home/somebody"} | variables(said.env_file),
        mounts=[Mount(users, "/etc/passwd"), *mounts(said.mounts)],
        user=f"{SOMEBODY}:{SOMEBODY}",
        workdir=PurePosixPath(said.pwd),
        read_only=True,
    )


def differing_packages(image: Image) -> list[str]:
    """Packages of the image that this environment has in another version, or not at all."""
    command = ["python", "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    inside = json.loads(run(image, command, environment=image.environment, mounts=[]))
    here = {canonicalize_name(found.name): found.version for found in distributions()}
    return sorted(
        f"{package['name']} {package['version']}"
        for package in inside
        if package["name"] != "pip" and here.get(canonicalize_name(package["name"])) != package["version"]
    )


def difference(one: Path, other: Path) -> str:
    """Which columns of two tables differ, and in how many rows."""
    if one.suffix != ".parquet":
        return one.name
    tables = [pq.read_table(path) for path in (one, other)]
    rows = {
        name: sum(a != b for a, b in zip(*(table.column(name).to_pylist() for table in tables), strict=True))
        for name in tables[0].column_names
    }
    return f"{one.name}: { ({name: number for name, number in rows.items() if number}) }"


def assert_same_results(image: Image, inside: Study, outside: Study) -> None:
    """A run in the image and one outside made the same; where the same packages made them, the same bytes."""
    tables = sorted(path.name for path in (outside.folder / "results" / "tables").glob("*.parquet"))
    assert sorted(path.name for path in (inside.folder / "results" / "tables").glob("*.parquet")) == tables
    found, expected = (
        [(row["stage"], row["reel_id"]) for row in study.rows("tables/status") if row["state"] == "ok"]
        for study in (inside, outside)
    )
    assert len(expected) > 800
    assert found == expected
    clusters, others = (study.rows("map/clusters") for study in (inside, outside))
    assert [row["creator_id"] for row in clusters] == [row["creator_id"] for row in others]
    assert adjusted_rand_score(*([row["cluster"] for row in rows] for rows in (others, clusters))) == 1.0
    if differing := differing_packages(image):  # another Python: the lock has other versions for it
        log.warning("not compared byte for byte, as packages differ: %s", ", ".join(differing))
    else:
        made = inside.contents()
        changed = [name for name, content in outside.contents().items() if made[name] != content]
        assert not changed, [difference(inside.folder / name, outside.folder / name) for name in changed]


def test_what_is_in_the_image(image: Image) -> None:
    assert image.user not in {"root", "0", ""}
    assert not list((image.root / "opt/reel-atlas/data/models").iterdir())
    text = run(
        image,
        ["bash", "-c", "id --user; pwd; command -v snakemake; ffprobe -version | head -1; python -m pip check"],
        environment=image.environment,
        mounts=[],
    )
    uid, workdir, snakemake, ffprobe, check = text.splitlines()
    assert int(uid) >= 1000
    assert (workdir, snakemake) == ("/study", f"{CODE}/.venv/bin/snakemake")
    assert ffprobe.startswith("ffprobe version")
    assert check == "No broken requirements found."


def test_users_can_read_all_of_it_and_write_nothing(image: Image) -> None:
    for condition in ("! -readable", "-writable ! -type l"):
        found = run(
            image,
            ["sh", "-c", f"find {CODE} /study {condition}"],
            environment=image.environment,
            mounts=[],
            user=f"{SOMEBODY}:{SOMEBODY}",
        )
        assert found == ""


def test_without_models_a_user_is_told_what_to_do(image: Image, place: Path) -> None:
    folder = place / "without_models"
    make_study(folder, demo_handles()[:1], reels=1)
    owned(folder, SOMEBODY)
    command = [*image.entrypoint, "--configfile", "study.yaml", "--cores", "1", "fetch_models"]
    seen = [Mount(folder, "/study", writable=True)]
    with pytest.raises(AssertionError, match=r"models cannot be written to.*mount one there"):
        run(image, command, environment=image.environment, mounts=seen, user=f"{SOMEBODY}:{SOMEBODY}")


def test_docker_run_of_the_demo_makes_what_a_run_outside_makes(image: Image, outside: Study, place: Path) -> None:
    folder = demo_folder(place / "docker_demo", SOMEBODY)
    (folder / "data" / "models").symlink_to(MODELS)
    command = documented("docker run --rm --user")
    assert "reel-atlas" in words(command, folder)[-1]  # no arguments: the image's own command
    docker(image, command, folder)
    assert_same_results(image, Study(folder), outside)


def test_make_demo_in_a_copy_of_the_images_checkout(image: Image, outside: Study, place: Path) -> None:
    folder = place / "make_demo"
    shutil.copytree(image.root / CODE[1:], folder, ignore=shutil.ignore_patterns(".venv"))
    (folder / ".venv").symlink_to(f"{CODE}/.venv")
    uid = int(run(image, ["id", "--user"], environment=image.environment, mounts=[]))
    owned(folder, uid)
    said = run(
        image,
        ["make", "demo", "CORES=2"],
        environment=image.environment,
        mounts=[Mount(folder, "/study", writable=True), Mount(MODELS, "/study/data/models")],
    )
    assert "The demo study is done" in said
    assert "pip install" not in said  # the environment is the image's
    assert_same_results(image, Study(folder), outside)


@pytest.mark.parametrize(
    ("engine", "start", "look"),
    [
        (docker, "docker run --rm --gpus all", "docker run --rm --entrypoint python"),
        (apptainer, "apptainer run --nv", "apptainer exec"),
    ],
    ids=["docker", "apptainer"],
)
def test_a_study_with_its_mounts(image: Image, outside: Study, place: Path, engine, start: str, look: str) -> None:
    """As a user whom the image does not know, and who may not write to the models (`outside` has fetched them)."""
    home = place / engine.__name__
    study = make_study(home / "mystudy", demo_handles()[:2], reels=1)
    (home / "models").symlink_to(MODELS)
    (home / "atlas.env").write_text("HIKERAPI_TOKEN=a-secret-that-is-nowhere-else\n")
    owned(home / "mystudy", SOMEBODY)
    command = documented(start)
    assert '"$HOME/atlas.env"' in command
    engine(image, command.replace("--cores 8", "--cores 2"), home)
    reels = study.rows("tables/reels")
    assert len(reels) == 2
    assert all(reel["description"] and reel["embedding"] for reel in reels)
    assert not {path.stat().st_uid for path in (study.folder / "results").rglob("*")} - {SOMEBODY}
    written = [path for path in study.folder.rglob("*") if path.is_file()]
    assert not [path for path in written if b"a-secret-that" in path.read_bytes()]
    reel = reels[0]["reel_id"]
    assert "embedding: ok" in engine(image, documented(look).replace("REEL", reel), home)
