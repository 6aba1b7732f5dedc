"""envs/*.yaml: the versions of requirements.lock, and all that the rules' programs import."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from study import CHECKOUT

SCRIPTS = CHECKOUT / "scripts"
ENVIRONMENTS = sorted((CHECKOUT / "envs").glob("*.yaml"))
(LISTED,) = re.findall(r"^PYTHONS := (.+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
PYTHONS = LISTED.split()
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.9", "sys_platform": "linux", "extra": ""}
SUPPORTED = ">=3.11,<3.14"
RULE = re.compile(r"^ *rule (\w+):$(.*?)(?=^ *rule |\Z)", re.MULTILINE | re.DOTALL)


def locked(python: str = "3.11") -> dict[str, str]:
    """The version of each package that the lock file gives to a Python on Linux."""
    of_python = {**default_environment(), **PYTHON, "python_version": python, "python_full_version": f"{python}.9"}
    versions: dict[str, str] = {}
    for line in (CHECKOUT / "requirements.lock").read_text().splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate(of_python):
                name = canonicalize_name(requirement.name)
                assert name not in versions, f"{name} is locked twice for Python {python}"
                versions[name] = str(requirement.specifier).removeprefix("==")
    return versions


def packages(environment: Path) -> dict[str, str]:
    """The packages that an environment installs with pip, and their versions."""
    (listed,) = [entry["pip"] for entry in dependencies(environment) if isinstance(entry, dict)]
    pinned = dict(requirement.split("==") for requirement in listed)
    return {canonicalize_name(name): version for name, version in pinned.items()}


def dependencies(environment: Path) -> list:
    return yaml.safe_load(environment.read_text())["dependencies"]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_versions_are_those_of_the_lock(environment):
    versions = locked()
    assert packages(environment)
    for name, version in packages(environment).items():
        assert versions[name] == version, f"{environment.name}: {name}"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_the_python_is_the_one_the_project_supports(environment):
    assert f"python{SUPPORTED}" in dependencies(environment)


def test_all_places_name_the_same_pythons():
    supported = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert supported == SUPPORTED
    assert [version for version in map("3.{}".format, range(5, 20)) if version in SpecifierSet(supported)] == PYTHONS
    words = "Python 3.11, 3.12 or 3.13"
    assert " ".join(PYTHONS) == "3.11 3.12 3.13", "then also the words in README and docs"
    for page in ("README.md", "docs/cluster.md", "docs/containers.md"):
        assert words in (CHECKOUT / page).read_text(), page


def test_every_python_gets_the_same_versions():
    newest = locked(PYTHONS[-1])
    for python in PYTHONS[:-1]:
        versions = locked(python)
        assert {name: versions[name] for name in newest} == newest
        # What newer Pythons have in their standard library.
        assert versions.keys() - newest.keys() <= {"importlib-metadata", "zipp", "lazy-importer"}


def check_python(folder: Path, python: str, version: str, *programs: str, system: str = "Linux") -> tuple[int, str]:
    """Run make's check of a Python where only these programs are on PATH; exit status and what it said."""
    for name, said in {**dict.fromkeys(programs, "exit 0"), "uname": f"echo {system}"}.items():
        (folder / name).write_text(f"#!/bin/sh\n{said}\n")
        (folder / name).chmod(0o755)
    (folder / "sed").symlink_to(str(shutil.which("sed")))
    done = subprocess.run(
        ["/bin/sh", CHECKOUT / "envs" / "check_python.sh"],
        env={"PATH": str(folder), "python": python, "version": version, "supported": LISTED},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("python", "version", "there", "said"),
    [
        (
            "python3",
            "3.14",
            ["python3.12", "python3.11"],
            "python3 is Python 3.14. Name another: make PYTHON=python3.12",
        ),
        ("python3", "3.9", [], "then name it: make PYTHON=python3.13"),
        ("python3", "3.13t", ["python3.13"], "make PYTHON=python3.13"),  # without the GIL: no wheels
        ("python7", "", ["python3.11"], "python7 is no Python 3 that runs. Name another: make PYTHON=python3.11"),
    ],
)
def test_a_python_that_is_not_supported_is_refused_in_one_line(tmp_path, python, version, there, said):
    status, line = check_python(tmp_path, python, version, *there)
    assert status == 1
    assert line.startswith("Reel Atlas runs on Python 3.11, 3.12, 3.13, and ")
    assert line.endswith(f"{said}\n")
    assert line.count("\n") == 1


def test_another_system_and_a_python_without_venv_are_refused_in_one_line(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    status, line = check_python(tmp_path / "a", "python3", "3.12", "python3", system="Darwin")
    assert (status, line.count("\n")) == (1, 1)
    assert "a container" in line
    no_venv = tmp_path / "b" / "no_venv"
    no_venv.write_text("#!/bin/sh\nexit 1\n")
    no_venv.chmod(0o755)
    status, line = check_python(tmp_path / "b", str(no_venv), "3.12")
    assert (status, line.count("\n")) == (1, 1)
    assert "python3.12-venv" in line
    assert check_python(tmp_path / "c", "python3", "3.12", "python3") == (0, "")


def imports(program: Path) -> set[str]:
    """Third-party modules that a program imports, anywhere in it or in the project's modules that it imports."""
    found: set[str] = set()
    seen: set[Path] = set()
    left = [program]
    while left:
        module = left.pop()
        seen.add(module)
        for name in imported_names(module):
            path = SCRIPTS / name.replace(".", "/")
            own = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]
            left += [file for file in own if file not in seen]
            top = name.split(".")[0]
            ours = (SCRIPTS / top).is_dir() or (SCRIPTS / f"{top}.py").exists()
            if not ours and top not in sys.stdlib_module_names:
                found.add(top)
    return found


@cache
def imported_names(module: Path) -> list[str]:
    """The names that a file imports, of modules and (as it may be one) of what is taken from them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module.parent.relative_to(SCRIPTS).parts if node.level else ()
            source = ".".join([*package[: len(package) + 1 - node.level], *filter(None, [node.module])])
            names += [source, *(f"{source}.{alias.name}" for alias in node.names)]
    return names


def installed_with(names: set[str]) -> set[str]:
    """Packages and all that they bring along."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        for text in requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({**default_environment(), **PYTHON}):
                names |= {canonicalize_name(requirement.name)} - found
    return found


def rules() -> list[tuple[str, str, str]]:
    """Rule, program and environment."""
    found = []
    for path in sorted((CHECKOUT / "rules").glob("*.smk")):
        for name, body in RULE.findall(path.read_text()):
            program, environment = re.search(r"\$ATLAS/(\w+)\.py", body), re.search(r'"\.\./envs/(\w+)\.yaml"', body)
            if program and environment:
                found.append((name, program[1], environment[1]))
    return found


@pytest.mark.parametrize(("rule", "program", "environment"), rules())
def test_an_environment_has_all_that_its_programs_import(rule, program, environment):
    available = installed_with(set(packages(CHECKOUT / "envs" / f"{environment}.yaml")))
    distributions = packages_distributions()
    for module in imports(SCRIPTS / f"{program}.py"):
        names = {canonicalize_name(name) for name in distributions[module]}
        assert names & available, f"rule {rule}: {program}.py imports {module}, which envs/{environment}.yaml lacks"


def test_every_environment_is_used_and_every_program_of_a_rule_has_one():
    found = rules()
    assert {environment for _, _, environment in found} == {path.stem for path in ENVIRONMENTS}
    assert {program for _, program, _ in found} <= {path.stem for path in SCRIPTS.glob("*.py")}
    assert len(found) >= 15


def test_no_module_of_ours_hides_one_of_a_library() -> None:
    """Programs have `scripts` before the libraries on their path: a folder `tabulate` there broke PyTorch."""
    own = {path.stem for path in (CHECKOUT / "scripts").iterdir() if path.suffix in ("", ".py")} - {"__pycache__"}
    assert own & {"common", "analysis"}
    hidden = own & (set(packages_distributions()) | set(sys.stdlib_module_names))
    assert hidden == set()
