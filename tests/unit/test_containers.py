"""Dockerfile and apptainer.def say the same, and nothing of a checkout goes into an image but what the workflow needs.

That the steps work is shown by `make test-container`.
"""

from __future__ import annotations

import ctypes
import json
import platform
import re
import shlex
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath
from sysconfig import get_paths

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from container.recipe import Ignore, RecipeError, read_definition, read_dockerfile
from study import CHECKOUT

DOCKERFILE = read_dockerfile((CHECKOUT / "Dockerfile").read_text())
HEADER, SECTIONS = read_definition((CHECKOUT / "apptainer.def").read_text())
IGNORE = Ignore((CHECKOUT / ".dockerignore").read_text())
CODE = "/opt/reel-atlas"
(INSTALL,) = [step.value for step in DOCKERFILE if "make install" in step.value]


def values(name: str) -> list[str]:
    return [step.value for step in DOCKERFILE if step.name == name]


def test_the_steps_are_the_same() -> None:
    # Docker has an instruction for the folder; after the last step it is that of the study.
    steps = [
        f"cd {step.value}" if step.name == "WORKDIR" else step.value
        for step in DOCKERFILE
        if step.name == "RUN" or (step.name == "WORKDIR" and step.value == CODE)
    ]
    assert steps == SECTIONS["post"]
    assert INSTALL.split(" && ")[0] == "PIP_NO_CACHE_DIR=1 make install"  # the lock, with its hashes


def test_tools_of_developers_stay_out_of_the_image() -> None:
    runtime, development = (CHECKOUT / "requirements.in").read_text().split("# development\n")
    tools = needed_by(development) - needed_by(runtime)  # black comes with snakefmt
    assert {"pytest", "ruff", "mypy", "black", "shfmt-py"} < tools
    assert set(INSTALL.partition(" uninstall --quiet --yes ")[2].split()) == tools


def names_in(requirements: str) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in requirements.splitlines()]
    return [canonicalize_name(Requirement(line).name) for line in lines if line]


def needed_by(requirements: str) -> set[str]:
    """The packages that these need, and what those need, without extras."""
    installed = {canonicalize_name(found.metadata["Name"]): found for found in distributions()}
    seen, left = set[str](), names_in(requirements)
    while left:
        name = left.pop()
        if name in installed and name not in seen:
            seen.add(name)
            further = map(Requirement, installed[name].requires or [])
            left += [canonicalize_name(one.name) for one in further if "extra" not in str(one.marker)]
    return seen


@pytest.mark.skipif(platform.machine() != "x86_64", reason="NVIDIA's packages are installed on x86-64")
def test_the_licences_are_those_of_what_is_in_the_image() -> None:
    (labels,) = [step.pairs for step in DOCKERFILE if step.name == "LABEL"]
    said = set(labels["org.opencontainers.image.licenses"].split(" AND "))
    assert "MIT" in said
    shown = subprocess.run([get_ffmpeg_exe(), "-version"], capture_output=True, text=True, check=True).stdout
    assert ("GPL-3.0-or-later" in said) == ("--enable-gpl" in shown and "--enable-version3" in shown)
    assert ("GPL-2.0-or-later" in said) == any(" ffmpeg " in step for step in values("RUN"))
    needed, left_out = needed_by((CHECKOUT / "requirements.in").read_text()), INSTALL.split()
    inside = [
        found.metadata
        for found in distributions()
        if (name := canonicalize_name(found.metadata["Name"])) in needed and name not in left_out
    ]
    stated = {f"{one.get('License-Expression')} {one.get('License')} {one.get_all('Classifier')}" for one in inside}
    for licence, words in (("LGPL-3.0-or-later", "LGPL"), ("LicenseRef-NVIDIA-Proprietary", "NVIDIA")):
        assert (licence in said) == any(words in text for text in stated), licence
    page = (CHECKOUT / "docs/containers.md").read_text()
    assert all(licence in page for licence in said)
    for package, library in (("PyAV", "av.libs"), ("OpenCV", "opencv_python_headless.libs")):
        (row,) = [line for line in page.splitlines() if f"ffmpeg of {package} (`{library}`)" in line]
        licences = re.findall(r"L?GPL-[\d.]+-or-later", row)
        assert licences == licences_of(files := Path(get_paths()["platlib"], library))
        assert set(licences) <= said
        assert [name for name in ("x264", "x265") if name in row] == [
            name for name in ("x264", "x265") if any(files.glob(f"lib{name}*"))
        ]


def licences_of(libraries: Path) -> list[str]:
    """What a package's own ffmpeg says of its licence, and what the authors of x264 and x265 beside it say."""
    import av
    import cv2  # loads, as av does, what the library needs

    assert av
    assert cv2
    (file,) = libraries.glob("libavcodec*")
    library = ctypes.CDLL(str(file))
    library.avcodec_license.restype = ctypes.c_char_p
    kind, version = re.match(r"(L?GPL) version ([\d.]+) or later", library.avcodec_license().decode()).groups()  # type: ignore[union-attr]
    licence = f"{kind}-{version if '.' in version else version + '.0'}-or-later"
    return [licence, *(["GPL-2.0-or-later"] if any(libraries.glob("libx26[45]*")) else [])]


def test_the_files_are_the_same() -> None:
    copied = dict(line.split() for line in SECTIONS["files"])
    assert copied == {path: f"{CODE}/{path}" for path in IGNORE.kept}


def test_base_and_labels_are_the_same() -> None:
    assert HEADER == {"Bootstrap": "docker", "From": "{{ BASE }}"}
    assert values("FROM") == ["${BASE}"]
    assert values("ARG") == SECTIONS["arguments"]
    (labels,) = [step.pairs for step in DOCKERFILE if step.name == "LABEL"]
    assert labels == dict(line.split(" ", 1) for line in SECTIONS["labels"])
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    said = {name.removeprefix("org.opencontainers.image."): text for name, text in labels.items()}
    assert said["version"] == project["version"]
    assert project["license"] in said["licenses"].split(" AND ")
    assert said["description"] == project["description"]


def test_what_is_started_is_the_same() -> None:
    (entrypoint,), (command,) = values("ENTRYPOINT"), values("CMD")
    default, start = SECTIONS["runscript"]
    assert shlex.split(start) == ["exec", *json.loads(entrypoint), "$@"]
    assert shlex.split(default.partition("set -- ")[2]) == json.loads(command)
    (variables,) = [step.pairs for step in DOCKERFILE if step.name == "ENV"]
    exported = dict(re.findall(r"^export (\w+)=(.*)$", "\n".join(SECTIONS["environment"]), re.MULTILINE))
    # Apptainer has the home folder and the name of whoever calls it.
    assert exported == {name: value for name, value in variables.items() if name not in {"HOME", "USER"}}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="CTranslate2 has CUDA on x86-64 only")
def test_the_base_has_the_cuda_that_ctranslate2_looks_for() -> None:
    import ctranslate2

    (library,) = Path(ctranslate2.__file__).parent.with_name("ctranslate2.libs").glob("libctranslate2*")
    (needed,) = set(re.findall(rb"libcublas\.so\.(\d+)", library.read_bytes()))
    (base,) = values("ARG")
    assert re.fullmatch(rf"BASE=nvidia/cuda:{needed.decode()}\.\d+\.\d+-runtime-ubuntu24\.04", base)


def test_all_that_the_workflow_needs_goes_in() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    tracked = [PurePosixPath(line) for line in listed.splitlines()]
    needed = [path for path in tracked if path.parts[0] in {"scripts", "rules", "envs", "profiles", "Snakefile"}]
    needed += [path for path in tracked if path.is_relative_to("config/prompts") or path.is_relative_to("data/demo")]
    assert len(needed) > 200
    assert not [path for path in needed if not IGNORE.keeps(path)]
    for path in IGNORE.kept:
        assert (CHECKOUT / path).exists(), path
    for step in values("COPY"):
        *sources, _ = step.split()
        assert all(source == "." or IGNORE.keeps(PurePosixPath(source)) for source in sources)


def test_nothing_else_goes_in(tmp_path: Path) -> None:
    for name in ("Snakefile", "scripts/why.py", "data/demo/reels.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    kept = IGNORE.context(tmp_path)
    assert [str(path) for path in kept] == ["Snakefile", "data/demo/reels.csv", "scripts/why.py"]
    for name in (
        ".env", ".git/config", ".venv/bin/python", "config/creators.csv", "data/models/m/model.safetensors",
        "data/raw/hikerapi/x.jsonl", "data/store/a", "mystudy/.env", "mystudy/videos/a/b.mp4", "models.lock.yaml",
        "results/tables/reels.parquet", "scripts/__pycache__/why.pyc", "data/demo_of_mine/a.mp4",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert IGNORE.context(tmp_path) == kept


@pytest.mark.parametrize("line", ["ADD . /", "RUN --mount=type=secret make", "COPY --from=x a b", "VOLUME /x", "run x"])
def test_instructions_that_are_not_read_are_errors(line: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(line)):
        read_dockerfile(f"FROM x\n{line}\n")


@pytest.mark.parametrize("text", ["!a", ".venv", "*\n!a*", "*\na", "*\n**/x\n!a"])
def test_patterns_that_are_not_read_are_errors(text: str) -> None:
    with pytest.raises(RecipeError, match=r"\.dockerignore"):
        Ignore(text)


def test_sections_that_are_not_read_are_errors() -> None:
    with pytest.raises(RecipeError, match="setup"):
        read_definition("Bootstrap: docker\n%setup\n    true\n")


def test_continued_lines_are_one_instruction() -> None:
    (step,) = read_dockerfile('# a comment\nENV A="x y" \\\n    # another\n    B=z\n')
    assert step.pairs == {"A": "x y", "B": "z"}


def test_the_page_says_of_every_command_whether_it_is_run() -> None:
    page = (CHECKOUT / "docs" / "containers.md").read_text()
    blocks = re.findall(r"\n((?:    \S.*\n(?:    .*\n)*)|```bash\n(?:.*\n)*?```\n)\n(.+)\n", page)
    assert len(blocks) == 11
    for block, after in blocks:
        assert re.match(r"\*(Run|Not run|The steps)", after), block
